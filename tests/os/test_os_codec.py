"""Actions of the desktop are parsed, never run; screens are compared without clocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from os_screens import FRAME, row, screen

from nextstate.domains.os import codec, grammar
from nextstate.domains.os.makers import BUTTONS
from nextstate.domains.os.render import render
from nextstate.domains.os.steps import (
    Button,
    Click,
    Hold,
    Hotkey,
    Keys,
    Move,
    Scroll,
    Step,
    Wait,
    Word,
)
from nextstate.errors import ActionError

PARSED = {
    "pyautogui.click(10, 20)": Click(10, 20),
    "pyautogui.click(x=10, y=20, button='right')": Click(10, 20, 1, "right"),
    "pyautogui.click((10.9, -20))": Click(10, -20),
    "pyautogui.click([10, 20], clicks=2, interval=0.25)": Click(10, 20, 2),
    "pyautogui.click()": Click(),
    "pyautogui.click(5000, 90000)": Click(5000, 90000),
    "pyautogui.doubleClick(1, 2)": Click(1, 2, 2),
    "pyautogui.tripleClick(1, 2)": Click(1, 2, 3),
    "pyautogui.rightClick(1, 2)": Click(1, 2, 1, "right"),
    "pyautogui.middleClick(1, 2)": Click(1, 2, 1, "middle"),
    "pyautogui.click(1, 2, button=pyautogui.RIGHT)": Click(1, 2, 1, "right"),
    "pyautogui.moveTo(1, 2, 0.5, pyautogui.easeInQuad)": Move(1, 2),
    "pyautogui.moveRel(-5, 0)": Move(-5, 0, relative=True),
    "pyautogui.move(0, yOffset=7)": Move(0, 7, relative=True),
    "pyautogui.dragTo(1, 2, duration=1, button='left')": Move(1, 2, button="left"),
    "pyautogui.dragRel(3, 4, button='middle')": Move(3, 4, relative=True, button="middle"),
    "pyautogui.mouseDown(button='left')": Button(down=True),
    "pyautogui.mouseUp(1, 2)": Button(False, 1, 2),
    "pyautogui.scroll(-3)": Scroll(-3),
    "pyautogui.scroll(3, x=4, y=5)": Scroll(3, 4, 5),
    "pyautogui.hscroll(2, 4, 5)": Scroll(2, 4, 5, horizontal=True),
    "pyautogui.write('a\\nB')": Keys(("a", "enter", "B")),
    "pyautogui.typewrite(['a', 'Esc', 'left'], interval=0.1)": Keys(("a", "escape", "left")),
    "pyautogui.press('Return')": Keys(("enter",)),
    "pyautogui.press(['up', 'del'], presses=2)": Keys(("up", "delete", "up", "delete")),
    "pyautogui.hotkey('ctrl', 'C')": Hotkey(("ctrl", "C")),
    "pyautogui.hotkey(['ctrl', 'c'])": Hotkey(("ctrl", "c")),
    "pyautogui.keyDown('shift')": Hold(True, "shift"),
    "pyautogui.keyUp(key='shift')": Hold(False, "shift"),
    "time.sleep(1)": Wait(1.0),
    "pyautogui.sleep(0.5)": Wait(0.5),
    " WAIT\n": Word("WAIT"),
}


@pytest.mark.parametrize("action", PARSED)
def test_an_action_says_what_it_does(action: str) -> None:
    assert grammar.parse(action) == (PARSED[action],)


def test_several_statements_are_several_steps_and_imports_are_none() -> None:
    action = "import pyautogui, time\n# first\npyautogui.click(1, 2); pyautogui.write('x')\ntime.sleep(1)"
    assert grammar.parse(action) == (Click(1, 2), Keys(("x",)), Wait(1.0))


WRONG = {
    "": "empty",
    "import pyautogui": "only imports",
    "pyautogui.clik(1, 2)": "did you mean pyautogui.click",
    "click(1, 2)": "did you mean pyautogui.click",
    "pyautogui.click(1, 2, buton='left')": "did you mean 'button'",
    "pyautogui.click(1, 2, button='lef')": "did you mean 'left'",
    "pyautogui.click(1, 2, x=3)": "'x' twice",
    "pyautogui.click(*[1, 2])": "literal",
    "pyautogui.click(**{'x': 1})": "behind **",
    "pyautogui.click('ok.png')": "give coordinates",
    "pyautogui.click(True, 2)": "must be a number",
    "pyautogui.click(1e400, 2)": "must be a number",
    "pyautogui.click(1, 2, clicks=-1)": "0 to 1000",
    "pyautogui.press('a', presses=10**9)": "literal",
    "pyautogui.press('a', presses=1001)": "0 to 1000",
    "pyautogui.scroll()": "needs the argument 'clicks'",
    "pyautogui.write(5)": "text or a list",
    "pyautogui.hotkey()": "at least one key",
    "pyautogui.write('x' * 9)": "literal",
    "pyautogui.write(f'{1}')": "literal",
    "pyautogui.screenshot()": "unknown function",
    "time.sleep(-1)": "negative",
    "time.time()": "did you mean time.sleep",
    "os.system('ls')": "unknown function os.system",
    "__import__('os').system('ls')": "only functions of pyautogui",
    "import os\npyautogui.click(1, 2)": "imports 'os'",
    "for i in range(3): pyautogui.press('a')": "is no call",
    "x = pyautogui.click(1, 2)": "is no call",
    "pyautogui.click(1, 2)\nDONE": "whole action",
    "pyautogui.click(1,": "not Python",
    "done": "is no call",
}


@pytest.mark.parametrize("action", WRONG)
def test_a_wrong_action_is_told_what_is_wrong_with_it(action: str) -> None:
    with pytest.raises(ActionError) as caught:
        codec.validate(action)
    assert WRONG[action] in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("action", ["((((" * 250, "[" * 100_000, "-" * 100_000 + "1", "pyautogui.click(1)\n" * 2_000])
def test_nesting_and_length_are_refused(action: str) -> None:
    with pytest.raises(ActionError):
        codec.validate(action)


numbers = st.none() | st.integers(-(10**9), 10**9)
buttons = st.sampled_from(BUTTONS)
named = st.sampled_from(["enter", "tab", "escape", "f5", "ctrl", "left", "backspace"])
characters = st.characters(blacklist_categories=["Cs", "Cc"])
keys = named | characters
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Click, numbers, numbers, st.integers(0, 1000), buttons),
    st.builds(Move, numbers, numbers, st.booleans(), st.none() | buttons),
    st.builds(Button, st.booleans(), numbers, numbers, buttons),
    st.builds(Scroll, st.integers(-99, 99), numbers, numbers, st.booleans()),
    st.builds(Keys, st.lists(keys, max_size=8).map(tuple)),
    st.builds(Keys, st.text(characters, max_size=20).map(tuple)),
    st.builds(Hotkey, st.lists(keys, min_size=1, max_size=4).map(tuple)),
    st.builds(Hold, st.booleans(), keys),
    st.builds(Wait, st.floats(0, 10**9)),
)


@given(st.lists(steps, min_size=1, max_size=5).map(tuple))
def test_what_is_rendered_parses_to_the_same_steps(some: tuple[Step, ...]) -> None:
    assert grammar.parse(render(some)) == some


@given(st.sampled_from(sorted(PARSED)))
def test_rendering_twice_is_rendering_once(action: str) -> None:
    once = render(grammar.parse(action))
    assert render(grammar.parse(once)) == once


@given(st.text(max_size=200))
def test_any_text_parses_or_raises_an_action_error(text: str) -> None:
    try:
        codec.validate(text)
    except ActionError:
        return
    assert grammar.parse(text)


def test_the_clock_of_a_panel_is_masked_and_a_time_in_a_list_is_not() -> None:
    def clocks(time: str) -> str:
        label, date = row("label", time), row("menu", f"Mon 3 Nov {time}")
        return screen(FRAME, label, date, row("table-cell", "12:00"), row("label", "starts at 9:15"))

    assert codec.canonical(clocks("9:41")) == codec.canonical(clocks("21:07"))
    assert "12:00" in codec.canonical(clocks("9:41"))
    assert "9:15" in codec.canonical(clocks("9:41"))
    assert codec.canonical("9:41\n") == "9:41\n", "only tables are screens"

"""The desktop domain as a whole: promises, checks, failures, pictures."""

from __future__ import annotations

import pytest
from os_screens import BODY, FILE, FRAME, LETTERS, NAME, SAVE, row, screen

from nextstate.conform import check
from nextstate.domain import Determined, find
from nextstate.domain.edits import GUIDE
from nextstate.types import Query, Setup, Turn

OS = find("os")
MENU = screen(FRAME, FILE + "selected", row("menu-item", "New", "(0, 40) (100, 20)"), NAME, SAVE, BODY)
ERROR = row("alert", "Error", "(100, 100) (200, 100)", state="active,modal")


def query(action: str, before: str = LETTERS) -> Query:
    return Query("os", Setup(initial_state=before), (), action)


def test_the_domain_keeps_every_promise() -> None:
    assert check(OS).broken == ()


def test_the_prompts_explain_the_reply_and_differ_in_length() -> None:
    assert GUIDE in OS.prompt
    assert GUIDE in OS.prompts["long"]
    assert len(OS.prompt) < 5_000 < len(OS.prompts["long"])


def test_the_kernel_answers_half_of_the_examples_and_is_right_about_each() -> None:
    assert OS.kernel is not None
    kernel, said, turns = OS.kernel(), [], 0
    for example in OS.examples():
        state = kernel.open(example.setup)
        for turn in example.turns:
            found = kernel.step(state, turn.action)
            turns += 1
            said += [found.observation == turn.observation] if isinstance(found, Determined) else []
            state = kernel.absorb(state, turn.action, turn.observation)
    assert all(said)
    assert len(said) >= turns / 2


def test_the_examples_show_no_ops_and_a_failure() -> None:
    turns = [turn for example in OS.examples() for turn in example.turns]
    assert sum(turn.meta.get("unchanged") is True for turn in turns) >= 8
    assert sum("Cannot add" in turn.observation for turn in turns) == 1


BAD = {
    "well_formed": ("WAIT", LETTERS, LETTERS + "\nlabel\tx"),
    "elements_have_places": ("WAIT", LETTERS, screen(FRAME, row("label", "x", "(0, 0) (0, 10)"))),
    "states_are_known": ("WAIT", LETTERS, screen(FRAME, row("label", "x", state="focused,active"))),
    "one_window_is_active": ("WAIT", LETTERS, screen(FRAME, row("dialog", "d", state="active"))),
    "windows_come_first": ("WAIT", LETTERS, screen(NAME, FRAME)),
    "escape_closes_a_menu": ("pyautogui.press('esc')", MENU, MENU),
    "no_reply_tags": ("WAIT", LETTERS, screen(FRAME, row("label", "</predicted_observation>"))),
    "disabled_stays": (
        "pyautogui.click(5, 5)",
        screen(FRAME, row("check-box", "x", state="disabled")),
        screen(FRAME, row("check-box", "x", state="checked,disabled")),
    ),
}


@pytest.mark.parametrize("name", OS.checks)
def test_a_check_sees_what_it_is_for(name: str) -> None:
    action, before, after = BAD[name]
    assert OS.checks[name](query(action, before), after) is False
    assert OS.checks[name](query(action, before), before) is not False or name == "escape_closes_a_menu"


@pytest.mark.parametrize("name", OS.checks)
def test_no_check_judges_a_text_in_another_form(name: str) -> None:
    assert OS.checks[name](query("WAIT", "RootWebArea 'x'"), "RootWebArea 'x'") in (None, True)


def test_a_new_message_of_failure_is_a_failed_action() -> None:
    failed = OS.failed
    assert failed is not None
    told = screen(FRAME, ERROR, row("label", "The disk is full."))
    unable = screen(FRAME, row("dialog", ""), row("label", "Unable to save"))
    assert failed(query("pyautogui.click(1, 1)"), told) is True
    assert failed(query("pyautogui.click(1, 1)"), unable) is True
    assert failed(query("pyautogui.click(1, 1)"), MENU) is False
    assert failed(query("pyautogui.click(1, 1)"), LETTERS) is None
    assert failed(query("pyautogui.moveTo(1, 1)", told), told.replace("disk", "floppy")) is True
    after = Query("os", Setup(initial_state=LETTERS), (Turn("WAIT", told),), "pyautogui.moveTo(1, 1)")
    assert failed(after, told + "\n" + NAME) is False, "the message was there before"


def test_a_picture_has_a_box_for_each_element_and_menus_on_top() -> None:
    assert OS.picture is not None
    page = OS.picture(MENU)
    assert page.count("menu-item") >= 1
    assert "Letters" in page
    assert "one / two" in page
    assert "not &lt;a&gt; table" in OS.picture("not <a> table")


def test_edits_bring_back_the_screen() -> None:
    asked = query("pyautogui.click(20, 30)")
    reply = OS.write(asked, MENU)
    assert OS.read(asked, reply) == MENU
    assert len(reply) < len(MENU) / 2

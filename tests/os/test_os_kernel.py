"""The desktop kernel answers what the screens so far determine, and refuses the rest with a reason."""

from __future__ import annotations

import pytest
from os_screens import BODY, FILE, FRAME, KERNEL, LETTERS, NAME, SAVE, opened, refused, row, screen, shown

from nextstate.domain import Determined, Unknown
from nextstate.domains.os import table

ITEMS = (
    row("menu-item", "New", "(0, 40) (100, 20)"),
    row("menu-item", "Revert", "(0, 60) (100, 20)", state="disabled"),
)
MENU = screen(FRAME, FILE + "selected", *ITEMS, NAME, SAVE, BODY.removesuffix("focused"))
"""The editor with its menu open: nothing has the focus."""
OPEN = ("pyautogui.click(20, 30)", MENU)
BOX = row("dialog", "About", "(100, 100) (200, 100)", state="active,modal")
OK = row("push-button", "OK", "(150, 170) (100, 20)", state="focused")
DIALOG = screen(FRAME.removesuffix("active"), FILE, NAME, SAVE, BODY.removesuffix("focused"), BOX, OK)


@pytest.mark.parametrize(
    "action",
    [
        "WAIT",
        "DONE",
        "FAIL",
        "time.sleep(2)",
        "pyautogui.moveTo(5, 5)",
        "pyautogui.moveRel(5, 5)",
        "pyautogui.scroll(-3, 20, 30)",
        "pyautogui.scroll(0)",
        "pyautogui.click(220, 70)",
        "pyautogui.click(20, 290)",
        "pyautogui.doubleClick(20, 290)",
        "pyautogui.click(1, 1, clicks=0)",
        "pyautogui.hotkey('ctrl', 'c')",
        "pyautogui.hotkey('ctrl', 'a')",
        "pyautogui.press('home')",
        "pyautogui.press('escape')",
        "pyautogui.write('')",
        "pyautogui.moveTo(5, 5)\ntime.sleep(1)\npyautogui.scroll(2, 20, 30)",
    ],
)
def test_what_changes_nothing_shows_the_same_screen(action: str) -> None:
    assert shown(opened(), action) == LETTERS


REFUSED = {
    "pyautogui.rightClick(20, 290)": "another click on a text",
    "pyautogui.click(20, 30)": "a menu whose items were not seen",
    "pyautogui.click(2000, 30)": "a click where nothing is known to be",
    "pyautogui.dragTo(5, 5)": "something is dragged",
    "pyautogui.keyDown('shift')": "a key is held down",
    "pyautogui.mouseDown(5, 5)": "buttons or keys are held",
    "pyautogui.hotkey('ctrl', 'q')": "a keyboard shortcut",
    "pyautogui.press('f2')": "a key in a text field",
    "pyautogui.write('x')": "the caret's place is not known",
    "clik(1)": "the action does not parse",
}


@pytest.mark.parametrize("action", REFUSED)
def test_what_is_not_determined_is_refused_with_a_reason(action: str) -> None:
    assert refused(opened(), action).reason == REFUSED[action]


def test_the_facts_name_what_is_pointed_at_what_has_the_focus_and_what_is_typed() -> None:
    assert "Under the pointer: menu\tFile" in refused(opened(), "pyautogui.click(20, 30)").facts
    facts = refused(opened(), "pyautogui.hotkey('ctrl', 'q')").facts
    assert "Has the focus: text" in facts
    assert "'ctrl' 'q'" in facts
    assert "did you mean pyautogui.click" in refused(opened(), "clik(1)").facts


def test_a_click_on_a_field_of_the_active_window_takes_the_focus() -> None:
    assert shown(opened(), "pyautogui.click(20, 70)") == LETTERS.replace(NAME, NAME + "focused").replace(
        BODY, BODY.removesuffix("focused")
    )
    behind = LETTERS.replace(FRAME, FRAME.removesuffix("active"))
    assert refused(opened(behind), "pyautogui.click(20, 70)").reason == "a click on a text"


def test_a_disabled_element_of_another_window_is_not_said_to_stay() -> None:
    behind = LETTERS.replace(FRAME, FRAME.removesuffix("active"))
    assert refused(opened(behind), "pyautogui.click(220, 70)")


@pytest.mark.parametrize("focus", ["table-cell", "spin-button"])
def test_the_focus_of_a_list_or_a_number_does_not_move_for_sure(focus: str) -> None:
    here = screen(FRAME, NAME, row(focus, "7", "(0, 100) (50, 20)", state="focused"))
    assert refused(opened(here), "pyautogui.click(20, 70)").reason == "a click on a text"


class TestMenus:
    def test_escape_shows_the_screen_below_the_menu(self) -> None:
        assert shown(opened(LETTERS, OPEN), "pyautogui.press('escape')") == LETTERS

    def test_a_click_beside_the_menu_shows_the_screen_below_it_and_does_nothing_else(self) -> None:
        assert shown(opened(LETTERS, OPEN), "pyautogui.click(20, 290)") == LETTERS
        assert shown(opened(LETTERS, OPEN), "pyautogui.click(20, 30)") == LETTERS

    def test_a_menu_opened_again_on_the_same_screen_shows_the_same_items(self) -> None:
        again = opened(LETTERS, OPEN, ("pyautogui.press('escape')", LETTERS))
        assert shown(again, "pyautogui.click(20, 30)") == MENU

    def test_a_menu_opened_on_another_screen_may_show_other_items(self) -> None:
        other = LETTERS.replace("one", "uno")
        again = opened(LETTERS, OPEN, ("pyautogui.press('escape')", other))
        assert refused(again, "pyautogui.click(20, 30)").reason == "a menu whose items were not seen"

    def test_an_item_lies_above_what_it_covers(self) -> None:
        assert refused(opened(LETTERS, OPEN), "pyautogui.click(20, 70)").reason == "an item of a menu was chosen"

    def test_a_menu_that_was_open_at_first_closes_to_nobody_knows_what(self) -> None:
        assert "not seen" in refused(opened(MENU), "pyautogui.press('escape')").reason

    @pytest.mark.parametrize("action", ["pyautogui.press('down')", "pyautogui.write('n')", "pyautogui.moveTo(20, 45)"])
    def test_keys_and_the_pointer_in_a_menu_are_not_computed(self, action: str) -> None:
        assert refused(opened(LETTERS, OPEN), action)

    def test_a_button_that_opened_a_menu_has_the_focus_when_it_closes(self) -> None:
        button, item = (
            row("toggle-button", "Store", "(300, 60) (50, 30)"),
            row("menu-item", "Here", "(300, 90) (50, 20)"),
        )
        here = screen(FRAME, NAME + "focused", button)
        menu = screen(FRAME.removesuffix("active"), NAME, button, item)
        state = opened(here, ("pyautogui.click(310, 70)", menu))
        assert shown(state, "pyautogui.click(20, 70)") == screen(FRAME, NAME, button + "focused")


class TestDialogs:
    STATE = opened(LETTERS, ("pyautogui.hotkey('ctrl', 'i')", DIALOG))

    def test_escape_shows_the_screen_below_the_dialog(self) -> None:
        assert shown(self.STATE, "pyautogui.press('escape')") == LETTERS

    def test_a_screen_that_changed_behind_the_dialog_does_not_come_back(self) -> None:
        changed = KERNEL.absorb(self.STATE, "WAIT", DIALOG.replace("one", "uno"))
        assert "not known" in refused(changed, "pyautogui.press('escape')").reason

    def test_the_button_that_opened_the_dialog_has_the_focus_when_it_closes(self) -> None:
        button = row("push-button", "Help", "(300, 60) (50, 30)")
        here, after = (
            screen(FRAME, NAME + "focused", button),
            screen(FRAME.removesuffix("active"), NAME, button, BOX, OK),
        )
        state = opened(here, ("pyautogui.click(310, 70)", after))
        assert shown(state, "pyautogui.press('escape')") == screen(FRAME, NAME, button + "focused")
        other = screen(FRAME, NAME + "focused", button.replace("push-button", "label"))
        state = opened(
            other, ("pyautogui.click(310, 70)", after.replace(button, button.replace("push-button", "label")))
        )
        assert refused(state, "pyautogui.press('escape')")

    def test_a_window_that_pops_up_may_close_at_any_click(self) -> None:
        popped = LETTERS + "\n" + row("window", "", "(300, 200) (50, 50)", state="modal")
        assert refused(opened(popped), "pyautogui.click(220, 70)")
        assert refused(opened(popped), "pyautogui.click(20, 70)")

    def test_a_field_that_searches_takes_escape_itself(self) -> None:
        found = row("text", "Search", "(150, 120) (100, 20)", text="x", state="focused")
        state = opened(LETTERS, ("pyautogui.hotkey('ctrl', 'i')", DIALOG.replace(OK, found)))
        assert "searches" in refused(state, "pyautogui.press('escape')").reason


class TestSwitches:
    OFF = row("check-box", "News", "(0, 60) (60, 20)")
    WEEKLY = row("check-box", "Weekly", "(80, 60) (60, 20)", state="disabled")
    BEFORE = screen(FRAME, OFF, WEEKLY)
    ON = screen(FRAME, OFF + "checked,focused", WEEKLY.removesuffix("disabled"))
    CLICK = "pyautogui.click(10, 70)"

    def test_the_first_switching_may_do_anything(self) -> None:
        assert refused(opened(self.BEFORE), self.CLICK).reason == "a click on a check-box"

    def test_switching_back_undoes_what_switching_did(self) -> None:
        back = screen(FRAME, self.OFF + "focused", self.WEEKLY)
        assert shown(opened(self.BEFORE, (self.CLICK, self.ON)), self.CLICK) == back
        assert shown(opened(self.BEFORE, (self.CLICK, self.ON)), self.CLICK, self.CLICK) == self.ON

    def test_nothing_is_undone_where_something_else_changed_since(self) -> None:
        since = self.ON.replace(self.WEEKLY.removesuffix("disabled"), self.WEEKLY.replace("disabled", "checked"))
        state = opened(self.BEFORE, (self.CLICK, self.ON), ("pyautogui.click(90, 70)", since))
        assert refused(state, self.CLICK)


CELLS = {"A1": (0, 0), "B1": (50, 0), "A2": (0, 20), "B2": (50, 20)}


class TestSheets:
    def sheet(self, focus: str) -> str:
        cells = (
            row("table-cell", name, f"({x}, {y}) (50, 20)", state="focused" if name == focus else "")
            for name, (x, y) in CELLS.items()
        )
        return screen(FRAME, *cells, row("text", "", "(0, 200) (60, 20)", text=focus))

    @pytest.mark.parametrize(
        ("action", "cell"),
        [
            ("pyautogui.press('right')", "B1"),
            ("pyautogui.press(['down', 'right'])", "B2"),
            ("pyautogui.click(60, 30)", "B2"),
            ("pyautogui.hotkey('ctrl', 'home')", "A1"),
        ],
    )
    def test_the_focus_and_the_name_box_go_to_another_cell(self, action: str, cell: str) -> None:
        assert shown(opened(self.sheet("A1")), action) == self.sheet(cell)

    def test_moves_off_the_screen_and_moves_while_a_cell_is_edited_are_refused(self) -> None:
        assert refused(opened(self.sheet("B1")), "pyautogui.press('right')")
        assert refused(opened(self.sheet("A1")), "pyautogui.press('up')")
        editing = opened(self.sheet("A1"), ("pyautogui.doubleClick(10, 10)", self.sheet("A1")))
        assert refused(editing, "pyautogui.press('right')").reason == "a cell is being edited"


def test_a_key_that_changed_nothing_changes_nothing_again() -> None:
    here = screen(FRAME, row("push-button", "Run", "(0, 60) (60, 20)", state="focused"))
    assert refused(opened(here), "pyautogui.press('f5')")
    assert shown(opened(here, ("pyautogui.press('f5')", here)), "pyautogui.press('f5')") == here
    assert refused(opened(here, ("pyautogui.write('a')", here)), "pyautogui.write('a')")


def test_nothing_is_computed_while_something_is_held() -> None:
    state = opened(LETTERS, ("pyautogui.keyDown('shift')", LETTERS))
    assert "held" in refused(state, "pyautogui.press('home')").reason
    assert shown(KERNEL.absorb(state, "pyautogui.keyUp('shift')", LETTERS), "pyautogui.press('home')") == LETTERS


def test_a_table_without_states_is_only_still() -> None:
    bare = "\n".join(line.rpartition("\t")[0] for line in LETTERS.split("\n"))
    assert bare.startswith(table.HEADER + "\n")
    assert shown(opened(bare), "pyautogui.moveTo(1, 1)") == bare
    assert refused(opened(bare), "pyautogui.click(20, 290)").reason == "the screen does not show states"


@pytest.mark.parametrize("text", ["", "RootWebArea 'x'", LETTERS + "\nbroken row", "tag\tname\ttext\nframe\ta\tb"])
def test_a_screen_in_another_form_is_unknown_and_may_be_followed_by_one_that_is_known(text: str) -> None:
    state = opened(text)
    assert isinstance(KERNEL.step(state, "pyautogui.moveTo(1, 1)"), Unknown)
    assert shown(KERNEL.absorb(state, "WAIT", LETTERS), "pyautogui.moveTo(1, 1)") == LETTERS


def test_the_pointer_is_where_it_was_left() -> None:
    state = opened(LETTERS, ("pyautogui.moveTo(220, 70)", LETTERS))
    assert shown(state, "pyautogui.click()") == LETTERS
    assert refused(opened(), "pyautogui.click()").reason == "a click where nothing is known to be"


def test_the_state_after_an_answer_is_the_state_after_seeing_it() -> None:
    for action in ("pyautogui.click(20, 70)", "pyautogui.hotkey('ctrl', 'end')\npyautogui.press('home')"):
        found = KERNEL.step(opened(), action)
        assert isinstance(found, Determined)
        assert KERNEL.absorb(opened(), action, found.observation) == found.state


class TestScrollBars:
    BAR = row("scroll-bar", "", "(385, 100) (15, 200)")
    HERE = screen(FRAME, FILE, NAME + "focused", BAR)
    ON_IT = ("pyautogui.click(390, 150)", HERE)

    def test_one_that_the_pointer_leaves_or_enters_may_look_different(self) -> None:
        assert (
            refused(opened(self.HERE, self.ON_IT), "pyautogui.moveTo(5, 5)").reason == "the pointer leaves a scroll bar"
        )
        assert refused(opened(self.HERE), "pyautogui.moveTo(390, 150)").reason == "the pointer moves onto a scroll bar"

    def test_a_screen_with_the_pointer_on_one_does_not_come_back(self) -> None:
        menu = screen(FRAME, FILE + "selected", *ITEMS, NAME, self.BAR)
        state = opened(self.HERE, self.ON_IT, ("pyautogui.click(20, 30)", menu))
        assert "not seen" in refused(state, "pyautogui.press('escape')").reason
        assert shown(opened(self.HERE, ("pyautogui.click(20, 30)", menu)), "pyautogui.press('escape')") == self.HERE

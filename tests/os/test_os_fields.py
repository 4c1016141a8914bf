"""Typed text goes where the caret is known to be, and the title is marked as it was seen to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from os_screens import BODY, FRAME, KERNEL, LETTERS, NAME, opened, refused, row, screen, shown

from nextstate.domain import Determined, State
from nextstate.domains.os.kernel.typing import decoded, encoded

END = ("pyautogui.hotkey('ctrl', 'end')", LETTERS)
STARRED = FRAME.replace("Letters", "*Letters")


def letters(text: str, *, frame: str = STARRED, focus: str = "focused") -> str:
    """The editor with another text."""
    shown = BODY.replace("one\\ntwo\\n", text).removesuffix("focused") + focus
    return LETTERS.replace(FRAME, frame).replace(BODY, shown)


FIRST = ("pyautogui.write('x')", letters("one\\ntwo\\nx"))
"""The first edit: the caret was at the end, and the title got a star."""
TYPING = opened(LETTERS, END, FIRST)


def text_after(state: State, *actions: str) -> str:
    """The text of the editor after some actions."""
    return shown(state, *actions).split("\n")[-1].split("\t")[2]


def test_the_first_edit_is_refused_for_nobody_knows_what_the_element_and_the_title_do() -> None:
    assert refused(opened(LETTERS, END), "pyautogui.write('x')").reason == "whether the element takes text is not known"


def test_typed_text_goes_to_the_caret() -> None:
    assert shown(TYPING, "pyautogui.write('yz')") == letters("one\\ntwo\\nxyz")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["home", "a"], "one\\ntwo\\nax"),
        (["left", "a"], "one\\ntwo\\nax"),
        (["left", "left", "left", "a"], "one\\ntwao\\nx"),
        (["home", "left", "end", "a"], "one\\ntwoa\\nx"),
        (["left", "right", "a"], "one\\ntwo\\nxa"),
        (["backspace"], "one\\ntwo\\n"),
        (["backspace", "backspace"], "one\\ntwo"),
        (["home", "delete", "delete"], "one\\ntwo\\n"),
        (["enter", "a"], "one\\ntwo\\nx\\na"),
        (["tab", "a"], "one\\ntwo\\nx a"),
    ],
)
def test_keys_move_the_caret_and_take_characters_away(keys: list[str], text: str) -> None:
    assert text_after(TYPING, f"pyautogui.press({keys!r})") == text


def test_typing_replaces_what_is_selected() -> None:
    assert text_after(TYPING, "pyautogui.hotkey('ctrl', 'a')", "pyautogui.write('new')") == "new"


def test_what_was_copied_is_pasted() -> None:
    copied = ("pyautogui.hotkey('ctrl', 'a')", "pyautogui.hotkey('ctrl', 'c')", "pyautogui.press('right')")
    assert text_after(TYPING, *copied, "pyautogui.hotkey('ctrl', 'v')") == "one\\ntwo\\nxone\\ntwo\\nx"
    assert (
        text_after(TYPING, *copied, "pyautogui.press('backspace')", "pyautogui.hotkey('ctrl', 'v')").count("one") == 2
    )
    assert refused(TYPING, "pyautogui.hotkey('ctrl', 'v')").reason == "the clipboard is not known"


def test_what_is_selected_can_be_cut() -> None:
    dialog = TestDialogs().dialog("ab")
    state = opened(dialog, ("pyautogui.hotkey('ctrl', 'a')", dialog))
    assert shown(state, "pyautogui.hotkey('ctrl', 'x')") == TestDialogs().dialog("")
    assert shown(state, "pyautogui.hotkey('ctrl', 'x')", "pyautogui.hotkey('ctrl', 'v')") == dialog


def test_cutting_nothing_changes_nothing() -> None:
    assert shown(TYPING, "pyautogui.hotkey('ctrl', 'x')") == letters("one\\ntwo\\nx")


def test_a_saved_title_is_marked_again_by_the_next_edit() -> None:
    saved = letters("one\\ntwo\\nx", frame=FRAME)
    state = KERNEL.absorb(TYPING, "pyautogui.hotkey('ctrl', 's')", saved)
    assert shown(state, "pyautogui.write('y')") == letters("one\\ntwo\\nxy")


def test_a_title_that_was_seen_to_stay_stays() -> None:
    state = opened(LETTERS, END, (FIRST[0], letters("one\\ntwo\\nx", frame=FRAME)))
    assert shown(state, "pyautogui.write('y')") == letters("one\\ntwo\\nxy", frame=FRAME)


def test_a_click_below_the_last_line_puts_the_caret_at_the_end_and_one_into_the_text_does_not() -> None:
    state = KERNEL.absorb(TYPING, "pyautogui.press('home')", letters("one\\ntwo\\nx"))
    assert text_after(state, "pyautogui.click(20, 280)", "pyautogui.write('y')") == "one\\ntwo\\nxy"
    found = KERNEL.step(state, "pyautogui.click(20, 110)")
    assert isinstance(found, Determined)
    assert refused(found.state, "pyautogui.write('y')").reason == "the caret's place is not known"


def test_a_click_elsewhere_that_left_the_focus_leaves_no_known_caret() -> None:
    state = KERNEL.absorb(TYPING, "pyautogui.click(395, 295)", letters("one\\ntwo\\nx"))
    state = KERNEL.absorb(state, "pyautogui.click(300, 5)", letters("one\\ntwo\\nx"))
    assert refused(state, "pyautogui.write('y')").reason == "the caret's place is not known"


def test_the_caret_is_learned_from_where_typed_text_appeared() -> None:
    inserted = letters("one\\nfour two\\nx")
    state = KERNEL.absorb(opened(letters("one\\ntwo\\nx")), "pyautogui.write('four ')", inserted)
    assert text_after(state, "pyautogui.write('!')") == "one\\nfour !two\\nx"


def test_a_caret_that_may_be_in_two_places_is_not_known() -> None:
    state = KERNEL.absorb(opened(letters("bb\\n")), "pyautogui.write('b')", letters("bbb\\n"))
    assert refused(state, "pyautogui.write('c')").reason == "the caret's place is not known"


def test_a_line_that_begins_with_spaces_may_be_continued_with_spaces() -> None:
    state = opened(letters("a\\n"), ("pyautogui.hotkey('ctrl', 'end')", letters("a\\n")))
    state = KERNEL.absorb(state, "pyautogui.write('  x')", letters("a\\n  x"))
    assert "indented" in refused(state, "pyautogui.press('enter')").reason


@pytest.mark.parametrize(
    "keys", ["pyautogui.press('up', presses=2)", "pyautogui.write('a<b')", "pyautogui.press('f2')"]
)
def test_keys_whose_effect_depends_on_the_element_are_refused(keys: str) -> None:
    assert refused(TYPING, keys)


class TestDialogs:
    BOX = row("dialog", "Name", "(100, 100) (200, 100)", state="active,modal")

    def dialog(self, text: str, *more: str, name: str = "") -> str:
        field = row("text", name, "(110, 120) (180, 30)", text=text, state="focused")
        return screen(FRAME.removesuffix("active"), NAME, self.BOX, field, *more)

    def test_an_empty_field_takes_what_is_typed(self) -> None:
        assert shown(opened(self.dialog("")), "pyautogui.write('ab')") == self.dialog("ab")

    def test_a_filled_field_of_a_new_dialog_is_selected(self) -> None:
        state = opened(screen(FRAME, NAME + "focused"), ("pyautogui.press('f2')", self.dialog("New Folder")))
        assert shown(state, "pyautogui.write('ab')") == self.dialog("ab")

    def test_of_a_name_with_a_suffix_nobody_knows_what_is_selected(self) -> None:
        state = opened(screen(FRAME, NAME + "focused"), ("pyautogui.press('f2')", self.dialog("a.txt")))
        assert refused(state, "pyautogui.write('ab')").reason == "the caret's place is not known"

    def test_a_field_that_may_enable_a_button_or_filter_a_list_is_refused(self) -> None:
        disabled = row("push-button", "OK", "(110, 160) (50, 20)", state="disabled")
        listed = row("table-cell", "Harbour", "(110, 160) (50, 20)")
        assert "enable" in refused(opened(self.dialog("", disabled)), "pyautogui.write('ab')").reason
        assert "filter" in refused(opened(self.dialog("", listed)), "pyautogui.write('ab')").reason
        assert "filter" in refused(opened(self.dialog("", name="Search")), "pyautogui.write('ab')").reason

    def test_enter_and_tab_leave_a_field_of_one_line(self) -> None:
        for key in ("enter", "tab"):
            assert refused(opened(self.dialog("")), f"pyautogui.press({key!r})").reason == "a key that leaves the field"

    def test_digits_replace_a_selected_number_and_nothing_else_is_computed_there(self) -> None:
        def number(text: str) -> str:
            field = row("spin-button", "", "(110, 120) (180, 30)", text=text, state="focused")
            return screen(FRAME.removesuffix("active"), NAME, self.BOX, field)

        state = opened(screen(FRAME, NAME + "focused"), ("pyautogui.hotkey('ctrl', 'l')", number("1")))
        assert shown(state, "pyautogui.write('25')") == number("25")
        for action in ("pyautogui.write('x')", "pyautogui.hotkey('ctrl', 'home')", "pyautogui.press('up')"):
            assert refused(state, action).reason == "a step in a field for numbers"


@given(
    st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\\") | st.just("\n"), max_size=99)
)
def test_a_text_comes_back_from_its_cell(text: str) -> None:
    assert decoded(encoded(text)) == text


def test_a_cell_with_a_backslash_is_not_followed() -> None:
    assert decoded("a\\b") is None
    odd = letters("a\\b\\n")
    assert refused(opened(odd, ("pyautogui.hotkey('ctrl', 'end')", odd)), "pyautogui.write('x')")


def test_a_password_is_not_shown_as_it_is_typed() -> None:
    box = row("dialog", "Log in", "(100, 100) (200, 100)", state="active")
    here = screen(box, row("password-text", "", "(110, 120) (180, 30)", state="focused"))
    assert refused(opened(here), "pyautogui.write('x')").reason == "a field that hides its text"

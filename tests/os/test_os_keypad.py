"""Clicks on a keypad are computed as a pocket calculator does, for whole numbers only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from os_screens import FRAME, KERNEL, opened, refused, row, screen, shown

from nextstate.domain import Determined, State

KEYS = [*"0123456789", "+", "-", "*", "/", "=", "AC", "C", "+/-", "<-", ".", "sqrt"]
AT = {name: (10 + 20 * (number % 8), 100 + 20 * (number // 8)) for number, name in enumerate(KEYS)}


def pad(text: str = "0", focus: str = "") -> str:
    """A calculator that shows a number."""
    display = row("text", "", "(0, 40) (300, 30)", text=text, state="" if focus else "focused")
    keys = (
        row("toggle-button", name, f"({x - 10}, {y - 10}) (20, 20)", state="focused" if name == focus else "")
        for name, (x, y) in AT.items()
    )
    return screen(FRAME, display, *keys)


def click(name: str) -> str:
    return f"pyautogui.click{AT[name]}"


def display(screen: str) -> str:
    return screen.split("\n")[2].split("\t")[2]


def pressed(*names: str) -> str:
    return display(shown(opened(pad()), *map(click, names)))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("7", "7"),
        ("0 5", "5"),
        ("1 2 3", "123"),
        ("1 2 +", "12"),
        ("1 2 + 3", "3"),
        ("1 2 + 3 4 =", "46"),
        ("9 - 1 2 =", "-3"),
        ("1 5 * 8 0 =", "1200"),
        ("8 / 4 =", "2"),
        ("1 + 2 = 5", "5"),
        ("1 + 2 = * 4 =", "12"),
        ("1 2 AC", "0"),
        ("1 2 +/-", "-12"),
        ("1 2 <-", "1"),
        ("1 <-", "0"),
    ],
)
def test_whole_numbers_are_computed(keys: str, text: str) -> None:
    assert pressed(*keys.split()) == text


def test_the_key_takes_the_focus() -> None:
    assert shown(opened(pad()), click("7")) == pad("7", "7")


@pytest.mark.parametrize("keys", ["7 / 2 =", "1 + 2 +", "2 sqrt", "1 .", "7 / 0 =", "1 + 2 +/- =", "5 C + 1 ="])
def test_what_calculators_do_not_agree_on_is_refused(keys: str) -> None:
    *before, last = keys.split()
    state: State = opened(pad())
    for name in before:
        found = KERNEL.step(state, click(name))
        if not isinstance(found, Determined):
            return
        state = found.state
    assert refused(state, click(last)).reason == "a key of a keypad whose effect is not known"


def test_numbers_grow_to_what_every_display_can_show() -> None:
    assert pressed(*"123456789") == "123456789"
    full = opened(pad(), *((click(d), pad("123456789"[: n + 1], d)) for n, d in enumerate("123456789")))
    assert refused(full, click("1"))


def test_the_keyboard_is_not_followed_and_the_next_result_is_not_known() -> None:
    assert refused(opened(pad()), "pyautogui.write('1+2')").reason == "typing into a keypad"
    state = opened(pad(), ("pyautogui.write('1+2')", pad("2")))
    assert refused(state, click("="))


def test_a_click_that_got_lost_is_as_if_it_had_not_been() -> None:
    state = opened(pad(), (click("7"), pad("7", "7")), (click("1"), pad("7", "7")))
    assert shown(state, click("2")) == pad("72", "2")


def test_without_all_ten_digits_there_is_no_keypad() -> None:
    few = "\n".join(line for line in pad().split("\n") if not line.startswith("toggle-button\t3"))
    assert refused(opened(few), click("7")).reason == "a click on a toggle-button"


whole = st.integers(0, 9999)


@given(whole, st.sampled_from("+-*"), whole)
def test_sums_are_right(left: int, operation: str, right: int) -> None:
    result = {"+": left + right, "-": left - right, "*": left * right}[operation]
    assert pressed(*str(left), operation, *str(right), "=") == str(result)


def test_an_operation_may_wait_behind_a_number_that_was_there_at_first() -> None:
    assert refused(opened(pad("104")), click("+"))
    assert refused(opened(pad("104")), click("7"))

"""Screens and actions of any form and size are taken, in bounded time, and give no wrong answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from os_screens import FRAME, LETTERS, row, screen

from nextstate.domain import Determined, Unknown, find
from nextstate.domains.os import table
from nextstate.domains.os.kernel import OsKernel
from nextstate.types import Query, Setup

OS = find("os")
KERNEL = OsKernel()
Result = TypeVar("Result")
LINE = row("push-button", "1", "(5, 5) (20, 20)")
SCREENS = {
    "a million rows": table.HEADER_WITH_STATE + "\n\t\t\t\t\t\t\t" * 1_000_000,
    "as many rows as are read": screen(FRAME, *[LINE] * (table.MAX_ROWS - 1)),
    "one long cell": screen(FRAME, row("text", "", "(0, 0) (90, 90)", "ab " * 300_000, "focused")),
    "many lines in a cell": screen(FRAME, row("text", "", "(0, 0) (90, 90)", "\\n" * 400_000, "focused")),
    "a row without columns": LETTERS + "\nx",
    "a row with too many columns": LETTERS + "\tx",
    "an empty row": LETTERS + "\n",
    "negative sizes": screen(FRAME, row("push-button", "x", "(5, 5) (-20, -20)"), row("text", "", "(-5, 5) (-1, 1)")),
    "numbers that are none": screen(FRAME, row("push-button", "x", "(5, 5) (1e9, 99999999999999)")),
    "equal rows": screen(FRAME, *[row("text", "", "(0, 0) (50, 50)", "x", "focused")] * 50),
    "only windows": screen(*[FRAME] * 3_000),
    "only menus": screen(FRAME, *[row("menu", "x", "(5, 5) (20, 20)", state="selected")] * 3_000),
    "two headers": table.HEADER + "\n" + LETTERS,
    "control characters": LETTERS.replace("one", "\x00\x1b[31m\u202e\udc80"),
    "markup": LETTERS.replace("one", "<script>alert(1)</script>"),
}
ACTIONS = (
    "pyautogui.click(10, 10)",
    "pyautogui.write('" + "ab" * 9_000 + "')",
    "pyautogui.press('escape')",
    "pyautogui.hotkey('ctrl', 'v')",
    "pyautogui.scroll(1, 10, 10)\n" * 900,
)


def timed(call: Callable[[], Result]) -> Result:
    started = time.perf_counter()
    result = call()
    assert time.perf_counter() - started < 2.0
    return result


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_is_taken_in_bounded_time(name: str) -> None:
    text = SCREENS[name]
    state = timed(lambda: KERNEL.open(Setup(initial_state=text)))
    for action in ACTIONS:
        found = timed(lambda action=action: KERNEL.step(state, action))  # type: ignore[misc]
        assert isinstance(found, Determined | Unknown)
        assert not isinstance(found, Unknown) or len(found.facts) <= 2_000
        timed(lambda action=action: KERNEL.absorb(state, action, text + "\n" + LINE))  # type: ignore[misc]


@pytest.mark.parametrize("name", SCREENS)
def test_checks_pictures_and_canonical_forms_take_every_screen(name: str) -> None:
    text, query = SCREENS[name], Query("os", Setup(initial_state=LETTERS), (), "pyautogui.click(10, 10)")
    assert OS.picture is not None
    assert OS.failed is not None
    picture, failed = OS.picture, OS.failed
    for one in (*OS.checks.values(), failed):
        assert timed(lambda one=one: one(query, text)) in (True, False, None)  # type: ignore[misc]
    assert "<script>" not in str(timed(lambda: picture(text)))
    once = str(timed(lambda: OS.canonical(text)))
    assert OS.canonical(once) == once


@pytest.mark.parametrize(
    "name", ["a million rows", "a row without columns", "a row with too many columns", "two headers"]
)
def test_a_table_that_is_broken_or_too_long_is_not_read(name: str) -> None:
    assert table.read(SCREENS[name]) is None


cells = st.text(st.characters(blacklist_characters="\t\n", blacklist_categories=["Cs"]), max_size=8)
points = st.integers(-30, 120)
places = st.builds("({}, {})".format, points, points)
states = st.lists(st.sampled_from(["focused", "checked", "selected", "active", "disabled"]), max_size=3).map(",".join)
tags = st.sampled_from("frame dialog menu menu-item text check-box push-button table-cell label spin-button".split())
tables = st.lists(st.tuples(tags, cells, cells, cells, cells, places, places, states).map("\t".join), max_size=12).map(
    lambda rows: screen(*rows)
)
moves = st.sampled_from(
    [
        "pyautogui.click(20, 20)",
        "pyautogui.click(60, 60)",
        "pyautogui.write('a b')",
        "pyautogui.press('escape')",
        "pyautogui.press('backspace')",
        "pyautogui.hotkey('ctrl', 'a')",
        "pyautogui.hotkey('ctrl', 'v')",
        "pyautogui.scroll(1, 20, 20)",
    ]
)


@given(st.lists(st.tuples(moves, tables), min_size=1, max_size=4), tables)
def test_the_kernel_follows_any_tables_and_answers_with_tables(turns: list[tuple[str, str]], first: str) -> None:
    state = KERNEL.open(Setup(initial_state=first))
    for action, shown in turns:
        found = KERNEL.step(state, action)
        if isinstance(found, Determined):
            assert table.read(found.observation) is not None
            assert KERNEL.absorb(state, action, found.observation) == found.state
        state = KERNEL.absorb(state, action, shown)
        assert state.screen == shown


@given(tables, points, points)
def test_what_is_hit_holds_the_point_and_nothing_smaller_on_its_layer_does(text: str, x: int, y: int) -> None:
    found = table.read(text)
    assert found is not None
    assert found.text == text
    hit = found.hit(x, y)
    holding = [row.box for row in found.rows if row.box is not None and row.box.holds(x, y)]
    assert (hit is None) == (not holding)
    if hit is not None:
        box = found.rows[hit].box
        assert box is not None
        assert box.holds(x, y)

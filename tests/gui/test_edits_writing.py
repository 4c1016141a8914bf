"""The edits that are written: they give the screen back exactly, whatever it is, and are short where little changed."""

from __future__ import annotations

import random
import time

import pytest
from gui_screens import DESK, HTML, LINES, NAMES, PAGE, PHONE, SCREENS, SYNTAXES, asked, block, changed, inside, screens
from hypothesis import given

from nextstate.conform import LONG, NASTY
from nextstate.domain import TAG, edits


def program(name: str, *shown: str) -> list[str]:
    """What is written for the last of these screens, after the others."""
    *before, new = shown
    write, read = edits.write(SYNTAXES[name]), edits.read(SYNTAXES[name])
    query = asked(*before)
    reply = write(query, new)
    assert read(query, reply) == new
    return inside(reply)


@pytest.mark.parametrize("name", NAMES)
@given(pair=changed())
def test_reading_what_was_written_gives_the_screen_for_any_change(name: str, pair: tuple[str, str]) -> None:
    program(name, *pair)


@pytest.mark.parametrize("name", NAMES)
@given(old=screens(), older=screens(), new=screens())
def test_reading_what_was_written_gives_the_screen_for_any_screens(name: str, old: str, older: str, new: str) -> None:
    program(name, older, old, new)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("base", ["", *NASTY[:8], PAGE, PHONE, HTML, DESK, "[1] a 'x'\n" * 50])
def test_nasty_texts_come_back_after_any_screen(name: str, base: str) -> None:
    for text in (*NASTY, "edit", "screen", "edit 2 back\ndelete 1", f"<{TAG}>", PAGE.replace("\n", "\r\n")):
        program(name, base, text)
        program(name, text, base)
        program(name, base, f"{base}\n{text}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["x" * LONG, "line\n" * (LONG // 5), "\t[1] a 'x'\n" * 100_000, "'\\" * (LONG // 2)])
def test_huge_screens_are_written_whole_and_in_bounded_time(name: str, text: str) -> None:
    started = time.process_time()
    assert program(name, SCREENS[name], text)[0] == "screen"
    assert program(name, text, SCREENS[name])[0] == "screen"
    assert time.process_time() - started < 2


def shuffled(lines: list[str], seed: int) -> str:
    return "\n".join(random.Random(seed).choices(lines, k=1_900))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lines", [LINES, ["a", "b"], ["[1] a 'x'"], [f"[{k}] a '{k}'" for k in range(900)]])
def test_screens_that_share_much_in_another_order_are_written_in_bounded_time(name: str, lines: list[str]) -> None:
    old, new = shuffled(lines, 1), shuffled(lines, 2)
    started = time.process_time()
    program(name, old, new)
    program(name, old, "\n".join(reversed(old.split("\n"))))
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "text", ["1 a" + " focused" * 20_000, "[1] a 'x'" + ", p=1" * 30_000, "\t" * 150_000, "[1] a '" * 20_000]
)
def test_a_line_that_goes_on_and_on_is_divided_in_bounded_time(text: str) -> None:
    started = time.process_time()
    for name in NAMES:
        program(name, text, text + "!")
    assert time.process_time() - started < 4


def test_the_same_screen_is_one_word() -> None:
    assert program("web", PAGE, PAGE) == ["edit"]
    assert program("web", "", "") == ["edit"]


def test_a_screen_that_was_shown_before_is_named_by_how_far_back_it_is() -> None:
    assert program("android", HTML, PHONE, DESK, PHONE) == ["edit 2 back"]
    assert program("android", HTML, PHONE, DESK, HTML) == ["edit 3 back"]


def test_the_first_screen_is_named_when_it_is_far_back() -> None:
    others = [PHONE.replace("Milk", f"Milk {k}") for k in range(100)]
    assert program("android", HTML, *others, HTML) == ["edit first"]


def test_the_screen_with_most_in_common_is_edited() -> None:
    after = PHONE.replace("Milk", "Oats")
    assert program("android", PHONE, HTML, DESK, after) == ["edit 3 back", 'set 2 text="Oats"']


def test_a_scrolled_list_is_a_shift() -> None:
    rows = [f'{k} TextView "row {k}" [0,{100 * k}][1080,{100 * k + 100}]' for k in range(20)]
    moved = [f'{k} TextView "row {k}" [0,{100 * k - 30}][1080,{100 * k + 70}]' for k in range(20)]
    assert program("android", "\n".join(rows), "\n".join(moved)) == ["edit", "shift 0..19 y-30"]


def test_a_line_above_a_counted_list_leaves_the_list_alone() -> None:
    rows = [f"<button id={k}>row {k}</button>" for k in range(20)]
    after = ["<p id=0>News</p>", *(f"<button id={k + 1}>row {k}</button>" for k in range(20))]
    assert program("android", "\n".join(rows), "\n".join(after)) == ["edit", "after top", "|<p>News</p>"]


def test_a_page_that_was_loaded_anew_is_a_shift_of_its_bids() -> None:
    old = "\n".join(f"\t[{k}] link 'item {k}'" for k in range(100, 140))
    new = "\n".join(f"\t[{k + 19}] link 'item {k}'" for k in range(100, 140))
    assert program("web", old, new) == ["edit", "shift 100..139 bid+19"]


def test_focus_that_moves_is_two_switches() -> None:
    after = PAGE.replace("'Pottery', focused", "'Pottery'").replace("'Go'", "'Go', focused")
    assert program("web", PAGE, after) == ["edit", "set root -focused", "set a17 +focused"]


def test_the_same_change_in_neighbouring_lines_is_one_edit() -> None:
    after = DESK.replace("(39, 25)\t", "(39, 25)\tdisabled")
    assert program("os", DESK, after) == ["edit", 'set menu "File"..menu "Edit" state=disabled']


def test_a_block_that_moved_is_a_move() -> None:
    lines = [f"label\tlong name of the label number {k}\t\tgtk\t\t(1, 2)\t(3, 4)\t" for k in range(12)]
    after = [*lines[4:], *lines[:4]]
    written = program("os", "\n".join(lines), "\n".join(after))
    assert len(written) == 2
    assert written[1].startswith("move ")


def test_a_screen_with_nothing_in_common_is_written_whole() -> None:
    assert program("os", DESK, "short")[0] == "screen"


def test_tags_inside_edits_are_escaped() -> None:
    after = f"{PAGE}\n</{TAG}>"
    reply = edits.write(SYNTAXES["web"])(asked(PAGE), after)
    assert reply == block("edit", "after a17", f"|<\\/{TAG}>")
    assert edits.read(SYNTAXES["web"])(asked(PAGE), reply) == after


def test_the_guide_is_short_and_its_example_holds() -> None:
    assert len(edits.GUIDE) < 1_800
    old = edits.GUIDE.partition("The old screen is\n")[2].partition("\nand the answer\n")[0]
    answer = edits.GUIDE.partition("and the answer\n")[2].strip()
    assert edits.read(SYNTAXES["android"])(asked(old), answer) == (
        '7 Button "Save" clickable disabled [0,0][90,40]\n8 Text "Saved" [0,50][90,90]\n9 Text "Draft" [0,100][90,140]'
    )

"""The lines of each kind of screen: their names, and pieces that are the line when joined."""

from __future__ import annotations

import pytest
from gui_screens import DESK, HTML, LINES, NAMES, PAGE, PHONE, SYNTAXES
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain.edits import Screen


def named(name: str, line: str) -> dict[str, str]:
    """The pieces of a line that are there, by name."""
    return {piece.name: piece.text for piece in SYNTAXES[name].fields(line) if piece.text}


@pytest.mark.parametrize("name", NAMES)
@given(
    line=st.one_of(
        st.sampled_from(LINES), st.text(alphabet="[]a1' ,=\t\"<>/pid(x)\\-.", max_size=40), st.text(max_size=30)
    )
)
def test_the_pieces_of_a_line_are_the_line(name: str, line: str) -> None:
    assert "".join(map(str, SYNTAXES[name].fields(line))) == line
    assert SYNTAXES[name].divided(line) == SYNTAXES[name].fields(line)


@pytest.mark.parametrize("name", NAMES)
@given(lines=st.lists(st.sampled_from(LINES), max_size=30))
def test_every_line_is_found_by_its_name(name: str, lines: list[str]) -> None:
    screen = Screen(SYNTAXES[name], "\n".join(lines))
    assert [screen.find(screen.name(i)) for i in range(len(screen.lines))] == list(range(len(screen.lines)))


def test_lines_of_a_page_are_named_by_bid_tab_root_and_place() -> None:
    screen = Screen(SYNTAXES["web"], PAGE)
    assert [screen.name(i) for i in range(len(screen.lines))] == [
        "tabs", "tabs+1", "tab0", "tab0+1", "tab0+2", "tab0+3", "tree", "tree+1",
        "root", "12", "12+1", "14", "a15", "a17",
    ]  # fmt: skip


def test_lines_of_a_phone_are_named_by_number() -> None:
    screen = Screen(SYNTAXES["android"], PHONE)
    assert [screen.name(i) for i in range(len(screen.lines))] == ["top+1", "0", "1", "2", "3", "4", "4+1", "5"]
    screen = Screen(SYNTAXES["android"], HTML)
    assert [screen.name(i) for i in range(len(screen.lines))] == ["0", "1", "2", "3"]


def test_lines_of_a_desktop_are_named_by_tag_and_name() -> None:
    screen = Screen(SYNTAXES["os"], DESK)
    names = ["columns", 'frame "Pad"', 'menu "File"', 'menu "Edit"', "text", "label", "label#2"]
    assert [screen.name(i) for i in range(len(screen.lines))] == names


def test_a_node_has_its_parts() -> None:
    assert named("web", "\t[a14] textbox 'it\\'s' value='x', focused, required, checked='mixed'") == {
        "indent": "\t", "frame": "a", "bid": "14", "role": "textbox", "name": "'it\\'s'", "value": "'x'",
        "focused": "focused", "required": "required", "checked": "'mixed'",
    }  # fmt: skip
    odd = '[7] button "it\'s", madeUp=3'
    assert named("web", odd) == {
        "bid": "7",
        "role": "button",
        "name": '"it\'s"',
        "madeUp": "3",
    }
    assert named("web", "\tStaticText 'x'") == {"indent": "\t", "role": "StaticText", "name": "'x'"}
    assert named("web", "  -   waiting 20ms") == {"text": "  -   waiting 20ms"}


def test_an_element_has_its_parts() -> None:
    line = '3 EditText "a \\" b" desc="d" hint="h" tooltip="t" id=x editable focused [0,1.5][2,3]'
    assert named("android", line) == {
        "number": "3", "class": "EditText", "text": '"a \\" b"', "desc": '"d"', "hint": '"h"', "tooltip": '"t"',
        "id": "x", "editable": "editable", "focused": "focused", "left": "0", "top": "1.5", "right": "2", "bottom": "3",
    }  # fmt: skip
    assert named("android", "<checkbox id=2 text='t' checked=False>On<br>x</checkbox>") == {
        "class": "checkbox", "number": "2", "text": "'t'", "checked": "False", "content": "On<br>x",
    }  # fmt: skip


def test_a_row_of_seven_and_of_eight_columns_has_its_parts() -> None:
    row = "text\tn\tt\tc\td\t(-1, 2)\t(3, 4)"
    parts = {"tag": "text", "name": "n", "text": "t", "class": "c", "description": "d"}
    parts |= {"x": "-1", "y": "2", "w": "3", "h": "4"}
    assert named("os", row) == parts
    assert named("os", row + "\tfocused") == parts | {"state": "focused"}


def test_lines_that_are_no_elements_are_one_piece() -> None:
    for name, line in (("web", "(changing"), ("android", "package com.example"), ("os", "a\tb")):
        assert [piece.text for piece in SYNTAXES[name].fields(line)] == [line]

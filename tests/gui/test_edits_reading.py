"""What edits say, one by one, and what is said about edits that do not fit."""

from __future__ import annotations

import time

import pytest
from gui_screens import DESK, HTML, NAMES, PAGE, PHONE, SYNTAXES, asked, block, edited, screens
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import TAG, edits
from nextstate.errors import ReplyError

read = edits.read(SYNTAXES["android"])


def test_a_line_is_deleted_and_those_below_count_on() -> None:
    shown = edited("android", PHONE, "delete 2").split("\n")
    assert shown[3:] == [
        '2 TextView "Bread" id=row [0,420][1080,540]',
        '3 TextView "Salt" id=row [0,540][1080,660]',
        "package com.android.systemui",
        '4 TextView "9:41" id=clock [50,1][148,128]',
    ]


def test_a_range_is_deleted() -> None:
    assert edited("android", PHONE, "delete 1..5") == 'package com.example.notes\n0 TextView "Notes" [42,148][175,233]'


def test_new_lines_get_the_number_that_follows_and_those_below_count_on() -> None:
    shown = edited("android", PHONE, "after 3", '| TextView "Tea" id=row [0,540][1080,660]', "shift 4 y+120").split(
        "\n"
    )
    assert shown[5:7] == [
        '4 TextView "Tea" id=row [0,540][1080,660]',
        '5 TextView "Salt" id=row [0,660][1080,780]',
    ]
    assert shown[-1].startswith('6 TextView "9:41"')


def test_a_new_line_may_bring_its_own_number() -> None:
    shown = edited("android", PHONE, "after 5", "|9 Button [1,2][3,4]", "| Button [5,6][7,8]").split("\n")
    assert shown[-2:] == ["9 Button [1,2][3,4]", "10 Button [5,6][7,8]"]


def test_html_lines_are_counted_too() -> None:
    shown = edited("android", HTML, "after 0", " | <p>no edit</p>".strip(), "set 2 checked=True", "set 1 text='Order'")
    assert shown.split("\n")[1:4] == [
        " <p id=1>no edit</p>",
        " <button id=2 text='Order'></button>",
        " <checkbox id=3 checked=True>Dark</checkbox>",
    ]


def test_lines_are_inserted_above_everything_and_below_everything() -> None:
    assert edited("os", "a\nb", "after top", "|x", "after end", "|y", "|") == "x\na\nb\ny\n"


def test_lines_are_replaced() -> None:
    shown = edited("web", PAGE, "replace 12..14", "|\t[13] link 'Bowls'").split("\n")
    assert shown[9:12] == ["\t[13] link 'Bowls'", "\t[a15] checkbox 'In stock', checked='false'", "\t[a17] button 'Go'"]


def test_lines_are_moved_with_their_changes() -> None:
    shown = edited("web", PAGE, "move 12..12+1 after a17", "set 12+1 name='Mugs'").split("\n")
    assert shown[-3:] == ["\t[a17] button 'Go'", "\t[12] link 'Cups', url='/cups'", "\t\tStaticText 'Mugs'"]


def test_parts_of_a_line_are_set_and_switched() -> None:
    program = ("set 14 -required value='jug'", "set a15 checked='true'", "set a15 +focused", "set root -focused")
    shown = edited("web", PAGE, *program, "set tab0+1 title=Jugs").split("\n")
    assert shown[3] == "  Title: Jugs"
    assert shown[8] == "RootWebArea 'Pottery', url='http://shop.test/'"
    assert shown[11:13] == [
        "\t[14] textbox 'Search' value='jug'",
        "\t[a15] checkbox 'In stock', focused, checked='true'",
    ]


def test_a_range_is_set_where_the_lines_have_that_part() -> None:
    shown = edited("web", PAGE, "set 12..a17 disabled=True")
    assert shown.count(", disabled=True") == 5
    assert edited("os", DESK, 'set menu "File"..menu "Edit" state=selected').count("\tselected") == 2


def test_numbers_of_a_range_are_shifted() -> None:
    shown = edited("android", PHONE, "shift 2..4 y-120 x+8").split("\n")
    assert shown[3] == '2 TextView "Milk" id=row [8,180][1088,300]'
    assert edited("web", PAGE, "shift 12..a17 bid+19").count("[a36] button") == 1


def test_what_is_set_holds_over_what_is_shifted() -> None:
    shown = edited("os", DESK, 'shift menu "File"..label#2 y+5', "set label#2 y=0")
    assert "(49, 45)" in shown
    assert "(90, 0)" in shown


def test_the_second_line_of_a_name_is_addressed_by_its_number() -> None:
    assert "Col 7" in edited("os", DESK, "set label#2 text=Col 7")
    with pytest.raises(ReplyError, match="'label#3'"):
        edited("os", DESK, "set label#3 text=Col 7")


def test_text_that_is_set_keeps_its_blanks() -> None:
    assert "\ta = b  \tgtk" in edited("os", DESK, "set text text=a = b  ")


def test_an_untouched_screen_stays_byte_by_byte() -> None:
    odd = "\r\n\x00[x\u2028\ud800\n\t\n"
    assert edited("web", odd) == odd
    assert edited("web", odd, "", "  ") == odd


def test_the_first_line_says_which_screen_is_edited() -> None:
    query = asked("first", "second", "third")
    assert read(query, block("edit", "after end", "|x")) == "third\nx"
    assert read(query, block("edits 1 back")) == "third"
    assert read(query, block("edit 2 back")) == "second"
    assert read(query, block("edit 3 back")) == read(query, block("edit first")) == "first"
    with pytest.raises(ReplyError, match="no screen 4 back, only 3"):
        read(query, block("edit 4 back"))


def test_a_block_without_a_form_is_the_whole_screen() -> None:
    assert read(asked(PHONE), block("0 Button", "edit")) == "0 Button\nedit"
    assert read(asked(PHONE), block("screen", "edit", "x")) == "edit\nx"
    assert read(asked(PHONE), f"<{TAG}>\nscreen</{TAG}>") == ""
    assert read(asked(PHONE), block("", "0 Button", "")) == "\n0 Button\n"


def test_the_form_may_stand_below_a_blank_line_and_before_a_colon() -> None:
    assert read(asked("a"), block("", "edit:", "after top+1", "|b")) == "a\nb"
    assert read(asked("a"), block("", "screen:", "b")) == "b"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("delete a77", "no lines 'a77' on the screen that is edited; the nearest address is 'a17'"),
        ("delete 12..a77", "no lines 'a77'"),
        ("delete a17..12", "end before they begin"),
        ("delete 12+99", "no lines '12[+]99'"),
        ("delete", "no lines ''"),
        ("after 12", "nothing to insert after '12'"),
        ("replace 12", "nothing to put in place of '12'"),
        ("move 12 after b3", "no lines 'b3'"),
        ("move b3 after 12", "no lines 'b3'"),
        ("move 12", "does not say where to"),
        ("set 12 colour=red", "has no 'colour' to set; it has indent, frame, bid, role, name, url"),
        ("set 12 nam='x'", "has no 'nam' to set; did you mean 'name'?"),
        ("set 12", "cannot be read; write: set A NAME=TEXT"),
        ("set b3 name='x'", "no lines 'b3'"),
        ("shift 12 bid+x", "cannot be read; write a whole number"),
        ("shift 12 bid+1.5", "cannot be read; write a whole number"),
        ("shift 12 y+3", "'y' is no number that can be shifted; there are bid"),
        ("erase 12", "begins with none of the words after, delete"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_with_what_to_do(edit: str, said: str) -> None:
    with pytest.raises(ReplyError, match=said):
        edited("web", PAGE, edit)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (("delete 12", "delete top+10"), "takes away the line '12', which an edit before it took away"),
        (("delete 12", "replace 12..14", "|x"), "takes away the line '12'"),
        (("delete 12", "move 12 after 14"), "takes away the line '12'"),
        (("set 12 name='a'", "set 12 name='b'"), "'name' of the line '12' is set twice"),
        (("shift 12..14 bid+1", "shift 14..a15 bid+1"), "'bid' of the line '14' is shifted twice"),
        (("set 12 name='x'", "delete 12"), "another edit takes the line away"),
        (("|x",), "stands before any edit"),
        (("delete 12", "|x"), "belong to after or replace"),
    ],
)
def test_edits_that_overlap_are_refused(program: tuple[str, ...], said: str) -> None:
    with pytest.raises(ReplyError, match=said):
        edited("web", PAGE, *program)


def test_edits_of_a_screen_that_is_too_long_are_refused() -> None:
    with pytest.raises(ReplyError, match="too long for edits"):
        edited("os", "line\n" * 5_000, "delete end")
    with pytest.raises(ReplyError, match="more than 20,000 lines of edits"):
        edited("os", DESK, *["after top", *["|"] * 20_000])


@pytest.mark.parametrize("name", NAMES)
@given(screen=screens(), program=st.lists(st.text(alphabet="adelstrf 0123.+-#=|\t\r\n\ud800", max_size=30), max_size=5))
def test_any_reply_gives_a_screen_or_a_reply_error(name: str, screen: str, program: list[str]) -> None:
    words = ("delete", "after", "replace", "set", "shift", "move")
    reply = block("edit", *(f"{words[k % 6]} {line}" for k, line in enumerate(program)))
    try:
        assert isinstance(edits.read(SYNTAXES[name])(asked(screen), reply), str)
    except ReplyError as error:
        assert str(error)


@pytest.mark.parametrize(
    "line",
    [
        "|",
        "set 1 " + "a b " * 60,
        "set " + ".." * 80 + " a=b",
        "delete " + "1+" * 60,
        "move 1 after " * 20,
        "shift 12 " + "x+1 " * 50,
    ],
)
def test_long_replies_are_read_in_bounded_time(line: str) -> None:
    reply = block("edit", "after top", *[line] * (1_000_000 // len(line)))
    started = time.process_time()
    with pytest.raises(ReplyError):
        edits.read(SYNTAXES["web"])(asked(PAGE * 20), reply)
    assert time.process_time() - started < 2

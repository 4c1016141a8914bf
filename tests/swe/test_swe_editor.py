"""Views and edits of known text, in layouts and words that the session has shown."""

from __future__ import annotations

import pytest
from swe_walk import ALIVE, answer, bash, call, editor, why_not

from nextstate.types import Setup

PATH = "/repo/jar.py"
LINES = [f"line {n}" for n in range(1, 21)]
TEXT = "\n".join(LINES) + "\n"
HEAD = f"Here's the result of running `cat -n` on {PATH}:\n"


def cat_n(lines: list[str], first: int = 1) -> str:
    return "".join(f"{n:>6}\t{line}\n" for n, line in enumerate(lines, first))


CREATED = (editor("create", PATH, file_text=TEXT), f"File created successfully at: {PATH}")
VIEWED = (editor("view", PATH, view_range=[2, 4]), HEAD + cat_n(LINES[1:4], 2))


def edited(first: int, lines: list[str]) -> str:
    """The reply to a replacement: three lines before, four after, and one number more."""
    head = f"The file {PATH} has been edited. Here's the result of running `cat -n` on a snippet of {PATH}:\n"
    rows = cat_n([*lines, ""], first)
    return head + rows + "Review the changes and make sure they are as expected. Edit the file again if necessary."


def replaced(old: str, new: str) -> str:
    return editor("str_replace", PATH, old_str=old, new_str=new)


EDITED = (replaced("line 10\n", "line ten\n"), edited(7, [*LINES[6:9], "line ten", *LINES[10:15]]))


def test_a_view_of_what_was_created_is_laid_out_as_seen() -> None:
    found = answer(ALIVE, [CREATED, VIEWED], editor("view", PATH, view_range=[18, 20]))
    assert found == HEAD + cat_n(LINES[17:20], 18)


def test_a_layout_that_was_not_seen_is_not_guessed() -> None:
    reason, _ = why_not(ALIVE, [CREATED], editor("view", PATH))
    assert reason == "how this tool shows a file"


def test_lines_shown_in_two_views_are_shown_together() -> None:
    parts = [(editor("view", PATH, view_range=[a, b]), HEAD + cat_n(LINES[a - 1 : b], a)) for a, b in ((5, 8), (9, 12))]
    assert answer(ALIVE, parts, editor("view", PATH, view_range=[6, 11])) == HEAD + cat_n(LINES[5:11], 6)
    assert answer(ALIVE, parts, editor("view", PATH, view_range=[6, 13])) is None


def test_an_edit_is_answered_with_the_lines_around_it() -> None:
    found = answer(ALIVE, [CREATED, EDITED], replaced("line 12\n", "twelve\nand a half\n"))
    after = [*LINES[8:9], "line ten", "line 11", "twelve", "and a half", *LINES[12:17]]
    assert found == edited(9, after)


def test_an_edit_moves_the_lines_that_a_view_shows() -> None:
    grown = (replaced("line 5\n", "line 5\nmore\n"), edited(2, [*LINES[1:5], "more", *LINES[5:10]]))
    found = answer(ALIVE, [CREATED, VIEWED, grown], editor("view", PATH, view_range=[5, 7]))
    assert found == HEAD + cat_n(["line 5", "more", "line 6"], 5)


REFUSED = (
    replaced("nothing", "x"),
    f"ERROR:\nNo replacement was performed, old_str `nothing` did not appear verbatim in {PATH}.",
)


def test_text_that_is_not_there_is_refused_in_the_words_seen() -> None:
    found = answer(ALIVE, [CREATED, REFUSED], replaced("also nothing", "y"))
    assert found == REFUSED[1].replace("nothing", "also nothing")


def test_text_that_stands_twice_is_refused_with_its_lines() -> None:
    said = "ERROR:\nNo replacement was performed. Multiple occurrences of old_str `{}` in lines {}. Make it unique."
    seen = (replaced("line 2", "x"), said.format("line 2", [2, 20]))
    found = answer(ALIVE, [CREATED, seen], replaced("line 1\n", "x"))
    assert found is None  # it stands once
    assert answer(ALIVE, [CREATED, seen], replaced("ne 2", "x")) == said.format("ne 2", [2, 20])


def test_an_edit_of_a_file_known_in_part_is_not_judged_but_learned() -> None:
    part = (editor("view", PATH, view_range=[5, 12]), HEAD + cat_n(LINES[4:12], 5))
    assert answer(ALIVE, [part, EDITED], replaced("line 6\n", "six\n")) is None
    found = answer(ALIVE, [part, EDITED], editor("view", PATH, view_range=[9, 11]))
    assert found == HEAD + cat_n(["line 9", "line ten", "line 11"], 9)


def test_an_edit_seen_through_the_editor_is_seen_by_the_shell_and_the_reverse() -> None:
    assert answer(ALIVE, [CREATED, EDITED], bash("sed -n '10p' jar.py")) == "line ten\n"
    history = [CREATED, VIEWED, (bash("sed -i '3d' jar.py"), "")]
    assert answer(ALIVE, history, editor("view", PATH, view_range=[2, 4])) == HEAD + cat_n(
        ["line 2", "line 4", "line 5"], 2
    )


def test_an_edit_can_be_taken_back() -> None:
    words = f"Last edit to {PATH} undone successfully."
    other = "/repo/lid.py"
    undone = [
        (editor("create", other, file_text="a\n"), f"File created successfully at: {other}"),
        (editor("str_replace", other, old_str="a", new_str="b"), "The file has been edited."),
        (editor("undo_edit", other), words.replace(PATH, other)),
    ]
    assert answer(ALIVE, [*undone, CREATED, EDITED], editor("undo_edit", PATH)) == words
    history = [*undone, CREATED, VIEWED, EDITED, (editor("undo_edit", PATH), words)]
    assert answer(ALIVE, history, editor("view", PATH, view_range=[10, 10])) == HEAD + cat_n(["line 10"], 10)


def test_a_missing_argument_is_refused_as_before() -> None:
    said = "ERROR:\nParameter `old_str` is required for command: str_replace."
    action = editor("str_replace", PATH)
    assert answer(ALIVE, [(action, said)], editor("str_replace", "/repo/other.py")) == said


@pytest.mark.parametrize(
    ("name", "key", "shown"),
    [
        ("Read", "file_path", "".join(f"{n}\t{line}\n" for n, line in enumerate([*LINES, ""], 1))[:-1]),
        ("read", "filePath", "<content>\n" + "".join(f"{n}: {line}\n" for n, line in enumerate(LINES, 1)) + "\n(end)"),
    ],
)
def test_other_layouts_are_learned_as_well(name: str, key: str, shown: str) -> None:
    history = [(call(name, **{key: PATH}), shown), (bash("sed -i 's/line 7$/seven/' jar.py"), "")]
    assert answer(ALIVE, history, call(name, **{key: PATH})) == shown.replace("line 7", "seven")


def test_files_shown_without_numbers_are_known() -> None:
    written = [
        (call("write_file", path="/w/a.txt", content="one\ntwo\nthree"), "OK"),
        (call("read_file", path="/w/a.txt"), "one\ntwo\nthree"),
        (call("str_replace", path="/w/a.txt", old_str="two", new_str="2"), "OK"),
    ]
    assert answer(Setup(), written, call("read_file", path="/w/a.txt")) == "one\n2\nthree"
    assert answer(Setup(), written, call("str_replace", path="/w/a.txt", old_str="one", new_str="1")) == "OK"


def test_the_same_view_again_shows_the_same() -> None:
    said = "some viewer's own words 17 / 4"
    action = call("Read", file_path="/x/unknown.bin")
    assert answer(ALIVE, [(action, said)], action) == said


def test_a_folder_is_listed_anew_after_a_change() -> None:
    listing = (editor("view", "/repo"), "Here's the files and directories up to 2 levels deep in /repo:\n/repo/a.py")
    assert answer(ALIVE, [listing], listing[0]) == listing[1]
    assert answer(ALIVE, [listing, (bash("mv a.py b.py"), "")], listing[0]) is None


def test_a_window_tells_lines_and_length() -> None:
    shown = (
        "[File: /repo/w.py (150 lines total)]\n(49 more lines above)\n50:def f():\n51:    pass\n(99 more lines below)\n"
    )
    assert answer(ALIVE, [(bash("open w.py 50"), shown)], bash("sed -n '50,51p' w.py")) == "def f():\n    pass\n"


@pytest.mark.parametrize(
    "shown", ["x" * 900_000, "     1\ta\n" * 60_000, "\x00\ufffd\ud800", "[File: a (9 lines total)]\n" * 9_000]
)
def test_odd_observations_are_taken(shown: str) -> None:
    answer(
        ALIVE,
        [(editor("view", PATH), shown), (replaced("a", "b"), shown), (bash("open a"), shown)],
        editor("view", PATH),
    )

"""Folders that are listed as text, texts that were moved, and what a kernel must not take for granted."""

from __future__ import annotations

from mcp_kernel_worlds import KERNEL, after, call, said

from nextstate.types import Setup, Tool

CONTENT = {"type": "object", "properties": {"content": {"type": "string"}}}
PATH = {"type": "object", "properties": {"path": {"type": "string"}}}
SETUP = Setup(
    tools=(
        Tool("list_directory", "List the names in a directory.", PATH, CONTENT),
        Tool("read_text_file", "Read the contents of a file as text.", PATH, CONTENT),
        Tool("write_file", "Create a file or overwrite it with new content.", {"type": "object"}),
        Tool("create_directory", "Create a directory.", PATH),
        Tool("move_file", "Move a file or a directory.", {"type": "object"}),
    )
)
LISTED = (call("list_directory", path="/w"), "[FILE] a.txt\n[DIR] sub")
WROTE = (call("write_file", path="/w/c.txt", content="new\n"), "Successfully wrote to /w/c.txt")
MADE = (call("create_directory", path="/w/made"), "Successfully created directory /w/made")
MOVED = (
    call("move_file", source="/w/c.txt", destination="/w/sub/d.txt"),
    "Successfully moved /w/c.txt to /w/sub/d.txt",
)


def test_a_listing_holds_what_was_written_made_and_moved_since() -> None:
    state = after(SETUP, LISTED, WROTE, MADE)
    assert said(state, "list_directory", path="/w") == "[FILE] a.txt\n[FILE] c.txt\n[DIR] made\n[DIR] sub"
    state = after(SETUP, LISTED, WROTE, MADE, MOVED)
    assert said(state, "list_directory", path="/w") == "[FILE] a.txt\n[DIR] made\n[DIR] sub"


def test_a_folder_that_was_not_listed_is_not_known() -> None:
    assert said(after(SETUP, LISTED, WROTE), "list_directory", path="/w/sub") is None
    assert said(after(SETUP, WROTE), "list_directory", path="/w") is None


def test_a_folder_made_where_nothing_was_holds_what_was_written_into_it() -> None:
    into = (call("write_file", path="/w/made/x", content=""), "Successfully wrote to /w/made/x")
    assert said(after(SETUP, LISTED, MADE, into), "list_directory", path="/w/made") == "[FILE] x"
    assert said(after(SETUP, MADE, into), "list_directory", path="/w/made") is None, "it may have been there before"


def test_an_unsorted_listing_does_not_tell_where_a_new_name_stands() -> None:
    unsorted = (call("list_directory", path="/w"), "[FILE] b\n[FILE] a")
    assert said(after(SETUP, unsorted, WROTE), "list_directory", path="/w") is None


def test_a_moved_text_is_read_at_its_new_place() -> None:
    read = (call("read_text_file", path="/w/a.txt"), "one\n")
    assert said(after(SETUP, LISTED, read, WROTE, MOVED), "read_text_file", path="/w/sub/d.txt") == "new\n"


def test_a_file_of_which_nothing_is_known_may_be_there() -> None:
    missing = [(call("read_text_file", path=f"/w/{name}"), f"ENOENT: no such file, open '/w/{name}'") for name in "xy"]
    assert said(after(SETUP, *missing), "read_text_file", path="/w/z") is None
    listed = after(SETUP, LISTED, *missing)
    assert said(listed, "read_text_file", path="/w/z") == "ENOENT: no such file, open '/w/z'"


def test_a_refusal_outside_says_nothing_of_a_folder_that_is_there() -> None:
    denied = (call("write_file", path="/etc/x", content="no"), "Access denied: /etc/x")
    state = after(SETUP, LISTED, WROTE, denied)
    assert said(state, "write_file", path="/w/e.txt", content="x") == "Successfully wrote to /w/e.txt"
    assert said(state, "write_file", path="/opt/e.txt", content="x") is None


def test_what_a_sentence_quotes_is_data() -> None:
    state = after(Setup(), (call("create_branch", branch="topic"), "Created branch 'topic' from 'main'"))
    assert said(state, "create_branch", branch="other") is None


def test_a_name_that_stands_in_a_text_is_not_new() -> None:
    shown = (call("get_status"), "On branch main, with n.txt untracked")
    added = (call("add_files", files=["n.txt"]), "Files staged")
    assert said(after(Setup(), shown, added), "add_files", files=["zz.txt"]) is None


def test_numbers_in_a_sentence_are_made_anew_once_two_prove_where_they_stand() -> None:
    first = (call("get_sum", a=1, b=2), "The sum of 1 and 2 is 3.")
    second = (call("get_sum", a=30, b=12), "The sum of 30 and 12 is 42.")
    assert said(after(Setup(), first), "get_sum", a=5, b=70) is None
    assert said(after(Setup(), first, second), "get_sum", a=5, b=70) == "The sum of 5 and 70 is 75."


def test_the_same_call_again_is_told_apart_from_what_is_derived() -> None:
    state = after(SETUP, LISTED)
    assert KERNEL.again(state, LISTED[0]) == LISTED[1]
    assert KERNEL.again(after(SETUP, LISTED, WROTE), LISTED[0]) is None
    assert KERNEL.again(state, "no call") is None

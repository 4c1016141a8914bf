"""Files and folders that the facts give, and what calls make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import TEXT, after, call, said, tool

from nextstate.domains.mcp.kernel import tree
from nextstate.domains.mcp.kernel.given import Given
from nextstate.types import Setup


def _file(text: str) -> dict[str, Any]:
    return {"kind": "file", "body": text}


def _folder(**nodes: Any) -> dict[str, Any]:
    return {"kind": "folder", "nodes": nodes}


FACTS = {"disk": {"home": _folder(notes=_file("one\ntwo\nthree"), short=_file("b a"), work=_folder(plan=_file("x")))}}
SHOWN = {"type": "object", "properties": {"file_body": TEXT}}
TOOLS = (
    tool("go", {"folder": TEXT}, None, "Change the current folder to this one."),
    tool("reads", {"file": TEXT}, SHOWN, "Display a file of the current folder."),
    tool("sorts", {"file": TEXT}, {"properties": {"sorted_body": TEXT}}, "Display the sorted lines of a file."),
    tool("ends", {"file": TEXT, "count": {"type": "integer"}}, {"properties": {"lines": TEXT}}, "Show the last lines."),
    tool(
        "seeks",
        {"file": TEXT, "piece": TEXT},
        {"properties": {"found": {"type": "array"}}},
        "Search for the lines that contain a piece of text.",
    ),
    tool("lists", {}, {"properties": {"files": {"type": "array"}}}, "List the current directory."),
    tool("moves", {"source": TEXT, "destination": TEXT}, None, "Move a file or folder."),
    tool("copies", {"source": TEXT, "destination": TEXT}, None, "Copy a file or folder."),
    tool("writes", {"body": TEXT, "file": TEXT}, None, "Write a body to a file."),
    tool("makes", {"folder": TEXT}, None, "Create a folder."),
    tool("removes", {"file": TEXT}, None, "Remove a file or folder."),
    tool("zips", {"file": TEXT}, None, "Compress a file."),
)
PAIR = {"properties": {"differences": TEXT}}
MORE = (
    tool("compares", {"one": TEXT, "other": TEXT}, PAIR, "Compare two files of the current folder."),
    tool("creates", {"file": TEXT}, {"type": "object", "properties": {}}, "Create a file."),
    tool("makes_folder", {"folder": TEXT}, {"type": "object", "properties": {}}, "Create a folder."),
)
SETUP = Setup(tools=TOOLS, facts=FACTS)
WIDER = Setup(tools=(*TOOLS, *MORE), facts=FACTS)
TWO = {"disk": {"left": _folder(pot=_file("tea")), "right": _folder(cup=_file("milk"), deep=_folder(pan=_file("oil")))}}


def _did(*turns: tuple[str, dict[str, str]]) -> Any:
    return after(SETUP, *((call(name, **arguments), "ok") for name, arguments in turns))


def test_a_file_of_the_current_folder_is_shown() -> None:
    assert json.loads(said(_did(), "reads", file="notes") or "") == {"file_body": "one\ntwo\nthree"}
    assert said(_did(), "reads", file="plan") is None


def test_another_folder_has_other_files() -> None:
    state = _did(("go", {"folder": "work"}))
    assert json.loads(said(state, "reads", file="plan") or "") == {"file_body": "x"}
    assert said(state, "reads", file="notes") is None
    assert said(_did(("go", {"folder": "work"}), ("go", {"folder": ".."})), "reads", file="notes")


def test_one_line_is_its_own_sorted_text_and_several_are_not() -> None:
    assert json.loads(said(_did(), "sorts", file="short") or "") == {"sorted_body": "b a"}
    assert said(_did(), "sorts", file="notes") is None


def test_the_last_lines_are_shown() -> None:
    assert json.loads(said(_did(), "ends", file="notes", count=2) or "") == {"lines": "two\nthree"}
    assert said(_did(), "ends", file="notes", count=0) is None


def test_lines_with_a_piece_of_text_are_found_where_case_does_not_matter() -> None:
    assert json.loads(said(_did(), "seeks", file="notes", piece="t") or "") == {"found": ["two", "three"]}
    assert said(_did(), "seeks", file="notes", piece="T") is None
    assert said(_did(), "seeks", file="notes", piece="t.*") is None


def test_names_are_listed_where_their_order_does_not_matter() -> None:
    assert json.loads(said(_did(), "lists") or "") == {"files": ["notes", "short", "work"]}
    assert said(_did(("makes", {"folder": "attic"})), "lists") is None
    assert json.loads(said(_did(("makes", {"folder": "zoo"})), "lists") or "")["files"][-1] == "zoo"


def test_what_was_written_is_shown() -> None:
    state = _did(("writes", {"body": "new", "file": "fresh"}))
    assert json.loads(said(state, "reads", file="fresh") or "") == {"file_body": "new"}


def test_what_was_written_to_a_file_with_text_is_unknown() -> None:
    assert said(_did(("writes", {"body": "new", "file": "short"})), "reads", file="short") is None


def test_a_moved_file_is_where_it_was_moved_to() -> None:
    state = _did(("moves", {"source": "notes", "destination": "work"}))
    assert said(state, "reads", file="notes") is None
    assert said(
        _did(("moves", {"source": "notes", "destination": "work"}), ("go", {"folder": "work"})), "reads", file="notes"
    )
    assert said(_did(("moves", {"source": "notes", "destination": "other"})), "reads", file="other")


def test_a_copied_folder_holds_what_the_first_one_holds() -> None:
    state = _did(("copies", {"source": "work", "destination": "again"}), ("go", {"folder": "again"}))
    assert said(state, "reads", file="plan")


def test_what_was_removed_is_gone_with_all_below_it() -> None:
    assert said(_did(("removes", {"file": "work"}), ("go", {"folder": "work"})), "reads", file="plan") is None


@pytest.mark.parametrize(
    "write",
    [
        ("zips", {"file": "short"}),
        ("go", {"folder": "nowhere"}),
        ("moves", {"source": "nothing", "destination": "work"}),
        ("makes", {"folder": "work"}),
        ("removes", {"file": ".."}),
    ],
)
def test_after_a_call_that_is_not_understood_nothing_is_known(write: tuple[str, dict[str, str]]) -> None:
    assert said(_did(write), "reads", file="notes") is None


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"disk": {"home": {"a": 1}}},
        {"disk": {"home": {"kind": "folder", "nodes": {"a": {"kind": "file", "body": ["x"]}}}}},
        {"disk": {"home": _folder(a=_file("x"))}, "tape": {"reel": _folder(a=_file("y"))}},
        {"disk": {"home": _folder(a=_file("x"), b={"kind": "file", "content": "y"})}},
    ],
)
def test_facts_without_one_tree_of_files_give_none(facts: Any) -> None:
    assert tree.given(Given.of(facts)) == ()


def test_which_of_several_folders_is_the_current_one_is_told_by_calls() -> None:
    setup = Setup(tools=TOOLS, facts=TWO)
    assert said(after(setup), "reads", file="cup") is None
    listed = (call("lists"), json.dumps({"files": ["cup", "deep"]}))
    assert json.loads(said(after(setup, listed), "reads", file="cup") or "") == {"file_body": "milk"}
    gone = (call("go", folder="deep"), "ok")
    assert json.loads(said(after(setup, gone), "reads", file="pan") or "") == {"file_body": "oil"}


def test_a_list_of_other_names_than_the_known_ones_leaves_nothing_known() -> None:
    other = (call("lists"), json.dumps({"files": ["else"]}))
    assert said(after(SETUP, other), "reads", file="notes") is None


def test_only_files_with_the_same_text_are_known_not_to_differ() -> None:
    copied = (call("copies", source="short", destination="twin"), "ok")
    assert json.loads(said(after(WIDER, copied), "compares", one="short", other="twin") or "") == {"differences": ""}
    assert said(after(WIDER, copied), "compares", one="short", other="notes") is None


def test_the_file_that_is_searched_may_be_named_last() -> None:
    assert json.loads(said(after(SETUP), "seeks", piece="two", file="notes") or "") == {"found": ["two"]}
    assert json.loads(said(after(SETUP), "seeks", piece="ten", file="notes") or "") == {"found": []}


def test_what_stands_under_a_name_tells_which_earlier_call_was_alike() -> None:
    moved = (call("moves", source="notes", destination="work"), "notes went to work")
    assert said(after(SETUP, moved), "moves", source="short", destination="work") == "short went to work"
    assert said(after(SETUP, moved), "moves", source="short", destination="new") is None


def test_going_to_a_folder_again_shows_what_it_showed_before() -> None:
    there = (call("go", folder="work"), '{"folder": "work"}')
    back = (call("go", folder=".."), "{}")
    assert said(after(SETUP, there, back), "go", folder="work") == '{"folder": "work"}'


def test_a_tool_that_declares_no_result_shows_nothing_like_another_one() -> None:
    made = (call("makes_folder", folder="new"), "null")
    assert said(after(WIDER, made), "creates", file="list") == "null"
    assert said(after(WIDER, made), "creates", file="notes") is None
    assert said(after(WIDER, (made[0], '"done"')), "creates", file="list") is None


def test_a_large_tree_in_a_long_session_is_followed_in_bounded_time() -> None:
    files = {f"f{number}": _file("x") for number in range(4_000)}
    setup = Setup(tools=WIDER.tools, facts={"disk": {"home": _folder(**files)}})
    turns = [(call("creates", file=f"g{number}"), "null") for number in range(300)]
    state = after(setup, *turns)
    assert said(state, "reads", file="f7") is None
    assert said(state, "creates", file="h") == "null"


def test_a_text_is_written_into_an_empty_file_as_into_a_new_one() -> None:
    made = (call("creates", file="list"), "null")
    written = (call("writes", body="some tea", file="list"), "null")
    assert said(after(WIDER, made, written), "writes", body="no milk", file="other") == "null"
    assert said(after(WIDER, made, written), "writes", body="no milk", file="notes") is None

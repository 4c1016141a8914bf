"""Tool calls of all dialects become operations, and observations are compared without what no model can know."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import calls
from nextstate.domains.swe import codec
from nextstate.domains.swe import operations as op
from nextstate.errors import ActionError

DIALECTS = [
    ("bash", {"command": "ls"}, op.Run("ls")),
    ("execute_bash", {"command": "y", "is_input": "true"}, op.Run("y", typed=True)),
    ("execute_bash", {"command": "ls", "is_input": "false"}, op.Run("ls")),
    ("Bash", {"command": "make", "description": "build"}, op.Run("make")),
    ("bash", {"command": "view"}, op.Run("view")),
    ("execute_ipython_cell", {"code": "1 + 1"}, op.Python("1 + 1")),
    ("str_replace_editor", {"command": "view", "path": "/a.py"}, op.View("/a.py")),
    ("str_replace_editor", {"command": "view", "path": "/a.py", "view_range": [3, 9]}, op.View("/a.py", 3, 9)),
    ("str_replace_editor", {"command": "view", "path": "/a.py", "view_range": [3, -1]}, op.View("/a.py", 3, None)),
    ("str_replace_based_edit_tool", {"command": "create", "path": "/a", "file_text": "x"}, op.Create("/a", "x")),
    (
        "str_replace_editor",
        {"command": "str_replace", "path": "/a", "old_str": "x", "new_str": "y"},
        op.Replace("/a", (op.Swap("x", "y"),)),
    ),
    ("str_replace_editor", {"command": "str_replace", "path": "/a"}, op.Incomplete("str_replace", "old_str", "/a")),
    (
        "str_replace_editor",
        {"command": "insert", "path": "/a", "insert_line": 2, "new_str": "z"},
        op.Insert("/a", 2, "z"),
    ),
    ("str_replace_editor", {"command": "undo_edit", "path": "/a"}, op.Undo("/a")),
    ("Read", {"file_path": "/a", "offset": 10, "limit": 5}, op.View("/a", 10, 14)),
    ("read", {"filePath": "/a"}, op.View("/a")),
    ("read_file", {"path": "/a", "start_line": 1, "end_line": 20}, op.View("/a", 1, 20)),
    ("Write", {"file_path": "/a", "content": "x"}, op.Create("/a", "x")),
    (
        "Edit",
        {"file_path": "/a", "old_string": "x", "new_string": "", "replace_all": True},
        op.Replace("/a", (op.Swap("x", "", everywhere=True),)),
    ),
    (
        "MultiEdit",
        {"file_path": "/a", "edits": [{"old_string": "x", "new_string": "y"}, {"old_string": "1", "new_string": "2"}]},
        op.Replace("/a", (op.Swap("x", "y"), op.Swap("1", "2"))),
    ),
    ("Glob", {"pattern": "**/*.py", "path": "/r"}, op.FindFiles("**/*.py", "/r")),
    ("Grep", {"pattern": "def", "path": "/r", "glob": "*.py"}, op.SearchText("def", "/r", "*.py")),
    ("LS", {"path": "/r"}, op.ListFiles("/r")),
    ("open", {"path": "a.py", "line_number": 7}, op.Open("a.py", 7)),
    ("goto", {"line_number": 70}, op.Move(70)),
    ("scroll_down", {}, op.Move(windows=1)),
    ("create", {"filename": "a.py"}, op.NewFile("a.py")),
    ("edit", {"start_line": 1, "end_line": 2, "replacement_text": "x"}, op.ReplaceLines("", 1, 2, "x")),
    ("edit", {"search": "x", "replace": "y"}, op.Replace("", (op.Swap("x", "y"),))),
    ("find_file", {"file_name": "a.py", "dir": "src"}, op.FindFiles("a.py", "src")),
    ("search_dir", {"search_term": "x", "dir": "src"}, op.SearchText("x", "src")),
    ("submit", {}, op.Submit()),
    ("bash", {"command": "open main.py 12"}, op.Open("main.py", 12)),
    ("bash", {"command": "edit 3:4\n    x = 1\nend_of_edit"}, op.ReplaceLines("", 3, 4, "    x = 1")),
    ("bash", {"command": "create new.py"}, op.NewFile("new.py")),
    ("bash", {"command": "open x; ls"}, op.Run("open x; ls")),
    ("think", {"thought": "hm"}, op.Other("think", {"thought": "hm"})),
]


@pytest.mark.parametrize(("name", "arguments", "wanted"), DIALECTS)
def test_a_dialect_shows_in_name_and_arguments(name: str, arguments: dict[str, object], wanted: op.Operation) -> None:
    action = json.dumps({"name": name, "arguments": arguments})
    codec.validate(action)
    assert codec.parse(action) == wanted


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("", "empty"),
        ("ls -la", "not JSON"),
        ('["ls"]', "object"),
        ('{"arguments": {}}', "'name'"),
        ('{"name": "bash", "arguments": {"command": ["ls"]}}', "must be a text, got list"),
        ('{"name": "bash", "arguments": {"command": "  "}}', "empty"),
        ('{"name": "bash", "arguments": {"command": "a\\u0000b"}}', "NUL"),
        ('{"name": "e", "arguments": {"command": "insert", "path": "/a", "insert_line": "two"}}', "whole number"),
        ('{"name": "e", "arguments": {"command": "view", "path": "/a", "view_range": 3}}', "list of two"),
    ],
)
def test_what_no_tool_takes_is_refused_with_the_reason(action: str, words: str) -> None:
    with pytest.raises(ActionError, match=words):
        codec.validate(action)


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused_by_name(text: str) -> None:
    for action in (text, json.dumps({"name": "edit", "arguments": {"path": text, "old_str": text, "new_str": text}})):
        with contextlib.suppress(ActionError):
            codec.parse(action)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda x: st.lists(x, max_size=3)
)


@given(
    st.dictionaries(st.sampled_from(["command", "path", "old_str", "edits", "view_range", "pattern", "code"]), _JSON)
)
def test_odd_arguments_still_make_some_operation(arguments: dict[str, object]) -> None:
    assert codec.parse(calls.render("str_replace_editor", arguments)) is not None  # type: ignore[arg-type]


def test_durations_addresses_and_temporary_names_are_masked() -> None:
    one = "<f at 0x7f00aa11bb22>\n/tmp/tmpab12cd34/x\n====== 3 passed in 0.04s ======\nRan 2 tests in 0.001s\n"
    two = "<f at 0x7f99ffeedd00>\n/tmp/tmpzz98yx76/x\n===== 3 passed in 10.40s =====\nRan 2 tests in 2.500s\n"
    assert codec.canonical(one) == codec.canonical(two)
    assert codec.canonical("4 passed") != codec.canonical("3 passed")
    assert codec.canonical("flags = 0x7f00aa11bb22") != codec.canonical("flags = 0x7f00aa11bb23")


@given(st.text(max_size=500))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = codec.canonical(text)
    assert codec.canonical(once) == once

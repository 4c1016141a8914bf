"""The executable checks: what they demand, and what they leave open."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import TAG, calls
from nextstate.domains.mcp.checks import CHECKS
from nextstate.types import Query, Setup, Tool, Turn

NOTE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "title": {"type": "string"}},
    "required": ["id", "title"],
}
ONE = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
TOOLS = (
    Tool("get_note", "", ONE, NOTE),
    Tool("update_note", "", {"type": "object", "properties": {"id": {"type": "integer"}, "title": {"type": "string"}}}),
    Tool("read_file", "", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}, NOTE),
    Tool("describe", "", {"type": "object"}, {"type": "object", "properties": {"id": {"type": "integer"}}}),
    Tool("list_notes", "", {"type": "object", "properties": {"limit": {"type": ["integer", "null"]}}}),
)


def turn(name: str, arguments: dict[str, Any], shown: Any) -> Turn:
    return Turn(calls.render(name, arguments), shown if isinstance(shown, str) else json.dumps(shown))


def says(
    check: str, name: str, arguments: dict[str, Any], shown: Any, *history: Turn, tools: Any = TOOLS
) -> bool | None:
    asked = turn(name, arguments, shown)
    return CHECKS[check](Query("mcp", Setup(tools=tools), history, asked.action), asked.observation)


# well_formed

GOOD = turn("get_note", {"id": 1}, {"id": 1, "title": "a"})


def test_a_result_that_meets_the_output_schema_is_well_formed() -> None:
    assert says("well_formed", "get_note", {"id": 1}, {"id": 1, "title": "a"}) is True


@pytest.mark.parametrize("shown", [{"id": 1}, {"id": "1", "title": "a"}])
def test_a_result_with_keys_of_the_schema_that_breaks_it_is_not(shown: Any) -> None:
    assert says("well_formed", "get_note", {"id": 1}, shown) is False


@pytest.mark.parametrize("shown", ["a note", [1], {"other": 1}])
def test_another_text_is_wrong_only_where_the_same_tool_shows_its_structure(shown: Any) -> None:
    assert says("well_formed", "get_note", {"id": 1}, shown) is None
    assert says("well_formed", "read_file", {"path": "a"}, shown, GOOD) is None
    assert says("well_formed", "get_note", {"id": 1}, shown, GOOD) is False


def test_a_file_server_may_show_text_in_spite_of_its_schema() -> None:
    before = turn("read_file", {"path": "a"}, '{"json": "in a file"}')
    assert says("well_formed", "read_file", {"path": "b"}, "plain text", before) is None


@pytest.mark.parametrize("shown", ["Error: no note 1", {"error": "no note 1"}, "", "null"])
def test_an_error_and_nothing_have_no_form_to_keep(shown: Any) -> None:
    assert says("well_formed", "get_note", {"id": 1}, shown, GOOD) is None


def test_a_schema_that_requires_nothing_is_only_a_description() -> None:
    assert says("well_formed", "describe", {}, {"id": "seven"}) is None
    assert says("well_formed", "describe", {}, {"id": 7}) is True


@pytest.mark.parametrize(
    ("earlier", "shown", "verdict"),
    [
        ([{"a": 1}, {"a": 2}], {"b": 3}, True),
        ([{"a": 1}, {"a": 2}], [3], False),
        ([{"a": 1}, {"a": 2}], "three", False),
        ([{"a": 1}, {"a": 2}], '{"a": "cut o', None),
        ([{"a": 1}, {"a": 2}], "{not json}", False),
        ([[1], [2]], [3], True),
        ([{"a": 1}], [3], None),
        ([{"a": 1}, [2]], [3], None),
        (["one", "two"], {"a": 3}, None),
        ([{"a": 1}, {"error": "x"}], [3], None),
    ],
)
def test_without_a_schema_two_results_settle_the_form(earlier: list[Any], shown: Any, verdict: bool | None) -> None:
    history = [turn("list_notes", {}, one) for one in earlier]
    assert says("well_formed", "list_notes", {}, shown, *history) is verdict


def test_what_is_read_or_run_may_have_any_form() -> None:
    history = [turn("cat", {"path": "a.json"}, {"a": 1}) for _ in range(3)]
    assert says("well_formed", "cat", {"path": "b.txt"}, "plain", *history) is None


# Calls that must fail


def test_a_tool_that_is_not_declared_must_fail() -> None:
    assert says("undeclared_tool_fails", "drop", {}, "Unknown tool: drop") is True
    assert says("undeclared_tool_fails", "drop", {}, {"dropped": 3}) is False
    assert says("undeclared_tool_fails", "drop", {}, "") is None
    assert says("undeclared_tool_fails", "get_note", {}, "Error: x") is None


def test_nothing_follows_where_no_tools_or_only_found_ones_are_declared() -> None:
    assert says("undeclared_tool_fails", "drop", {}, {"dropped": 3}, tools=()) is None
    assert says("undeclared_tool_fails", "files.drop", {}, {"dropped": 3}) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("get_note", {}), ("get_note", {"id": None}), ("get_note", {"id": [1]}), ("update_note", {"title": {"a": 1}})],
)
def test_arguments_that_cannot_fit_must_fail(name: str, arguments: dict[str, Any]) -> None:
    assert says("impossible_arguments_fail", name, arguments, {"id": 1, "title": "a"}) is False
    assert says("impossible_arguments_fail", name, arguments, "Error: it does not fit") is True


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_note", {"id": "1"}),
        ("get_note", {"id": 1, "more": 2}),
        ("update_note", {"id": None}),
        ("list_notes", {"limit": None}),
        ("other", {}),
    ],
)
def test_arguments_that_some_server_forgives_are_left_open(name: str, arguments: dict[str, Any]) -> None:
    assert says("impossible_arguments_fail", name, arguments, {"id": 1}) is None


# What was asked for is what is shown


@pytest.mark.parametrize(
    ("arguments", "shown", "verdict"),
    [
        ({"id": 1}, {"id": 1}, True),
        ({"id": "1"}, {"id": 1}, True),
        ({"order_id": "#W1"}, {"order_id": "#W2"}, False),
        ({"orderId": 4}, {"orderId": 5}, False),
        ({"id": 1}, {"id": {"new": 2}}, None),
        ({"name": "a"}, {"name": "b"}, None),
        ({"paid": 1}, {"paid": 2}, None),
        ({"id": 1}, [{"id": 2}], None),
        ({"id": 1}, {"error": "none", "id": 2}, None),
    ],
)
def test_the_thing_shown_is_the_thing_asked_for(arguments: Any, shown: Any, verdict: bool | None) -> None:
    assert says("identity_is_kept", "get_note", arguments, shown) is verdict


@pytest.mark.parametrize("name", ["copy_note", "get_next_note", "create_note", "get_note_author", "notes.get_parent"])
def test_a_tool_may_show_another_thing_than_the_one_in_the_call(name: str) -> None:
    assert says("identity_is_kept", name, {"id": 1}, {"id": 2}) is None


@pytest.mark.parametrize(
    ("arguments", "shown", "verdict"),
    [
        ({"limit": 2}, [1, 2], True),
        ({"limit": 2}, [1, 2, 3], False),
        ({"max_results": 1}, {"total": 9, "notes": [{"a": 1}, {"a": 2}]}, False),
        ({"limit": 1}, {"notes": [{"a": 1}, {"a": 2}], "tags": []}, None),
        ({"limit": 1}, {"point": [1, 2]}, None),
        ({"limit": 0}, [1], None),
        ({"limit": True}, [1, 2], None),
        ({"limit": 2, "page_size": 3}, [1, 2, 3], None),
        ({}, [1], None),
    ],
)
def test_a_list_is_not_longer_than_its_limit(arguments: Any, shown: Any, verdict: bool | None) -> None:
    assert says("limit_is_respected", "list_notes", arguments, shown) is verdict


WROTE = turn("update_note", {"id": 1, "title": "new"}, {"id": 1, "title": "new", "pinned": False})


@pytest.mark.parametrize(
    ("name", "arguments", "shown", "verdict"),
    [
        ("get_note", {"id": 1}, {"id": 1, "title": "new", "pinned": False, "size": 3}, True),
        ("get_note", {"id": 1}, {"id": 1, "title": "old", "pinned": False}, False),
        ("get_note", {"id": 1}, {"id": 1, "title": "new", "pinned": True}, True),
        ("getNote", {"note_id": 1}, {"id": 1, "title": "old"}, False),
        ("notes.read-note", {"id": "1"}, {"id": 1, "title": "new"}, True),
        ("get_note", {"id": 2}, {"id": 2, "title": "old"}, None),
        ("get_note", {"id": 1, "version": 3}, {"id": 1, "title": "old"}, None),
        ("find_note", {"id": 1}, {"id": 1, "title": "old"}, None),
        ("get_note", {"id": 1}, "new", None),
    ],
)
def test_what_was_just_written_is_read(name: str, arguments: Any, shown: Any, verdict: bool | None) -> None:
    assert says("written_is_read", name, arguments, shown, WROTE) is verdict


def test_a_write_that_failed_or_lies_further_back_says_nothing() -> None:
    asked = ("written_is_read", "get_note", {"id": 1}, {"id": 1, "title": "old"})
    assert says(*asked, turn("update_note", {"id": 1}, {"error": "locked", "id": 1, "title": "new"})) is None
    assert says(*asked, WROTE, turn("list_notes", {}, [])) is None
    assert says(*asked) is None


def test_the_tags_of_our_reply_do_not_stand_in_a_result_unless_they_were_there_before() -> None:
    assert says("no_reply_tags", "get_note", {}, f"<{TAG}>") is False
    assert says("no_reply_tags", "get_note", {}, "a note") is True
    assert says("no_reply_tags", "get_note", {"about": f"<{TAG}>"}, f"<{TAG}>") is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_every_check_answers_for_any_text(action: str, observation: str) -> None:
    query = Query("mcp", Setup(tools=TOOLS), (Turn(action, observation), WROTE), action)
    for check in CHECKS.values():
        assert check(query, observation) in (True, False, None)


ODD_TOOLS = (
    Tool("t", "", {"required": "id", "properties": 3}, {"type": "no such type", "required": ["id"]}),
    Tool("u", "", {"properties": {"a": True, "b": {"type": ["x"]}}, "required": [1, None]}, {"$ref": "http://x/y"}),
)


@pytest.mark.parametrize("name", ["t", "u"])
def test_broken_schemas_demand_nothing(name: str) -> None:
    for check in CHECKS:
        assert says(check, name, {"a": None, "b": []}, {"x": 1}, tools=ODD_TOOLS) is not False


def test_long_results_take_little_time() -> None:
    shown = json.dumps({"notes": [{"id": n} for n in range(60_000)]})
    history = [turn("list_notes", {}, "[]") for _ in range(200)]
    for check in CHECKS:
        started = time.perf_counter()
        says(check, "list_notes", {"limit": 3}, shown, *history)
        assert time.perf_counter() - started < 2

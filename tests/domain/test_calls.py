"""Tool calls are read strictly, written one way, and checked against the tools that a set-up declares."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import calls
from nextstate.errors import ActionError
from nextstate.types import Setup, Tool

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NUMBER = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}


@given(st.text(min_size=1).filter(str.strip), st.dictionaries(st.text(), JSON, max_size=5))
def test_a_call_is_read_as_it_was_written(name: str, arguments: dict[str, object]) -> None:
    try:
        written = calls.render(name, arguments)  # type: ignore[arg-type]
        written.encode()
    except UnicodeEncodeError:
        return
    assert calls.parse(written) == calls.Call(name, arguments)  # type: ignore[arg-type]


@given(st.text())
def test_any_text_is_a_call_or_an_action_error(text: str) -> None:
    try:
        assert calls.parse(text).name
    except ActionError as error:
        assert len(str(error)) < 500


def test_missing_arguments_are_none() -> None:
    assert calls.parse('{"name": "list"}') == calls.Call("list", {})
    assert calls.parse('{"name": "list", "arguments": null}') == calls.Call("list", {})


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("", "the action is empty"),
        ("ls -la", "the action is not JSON"),
        ("[]", "got an array"),
        ('{"arguments": {}}', "needs a 'name'"),
        ('{"name": "  "}', "needs a 'name'"),
        ('{"name": "a", "arguments": [1]}', "must be an object, got an array"),
        ('{"name": "a", "arguments": "x"}', "must be an object, got a string"),
        ('{"name": "a", "input": {}}', "not also 'input'"),
        ('{"name": "a", "arguments": {"x": NaN}}', "NaN is no number"),
        ('{"name": "a", "arguments": {"x": 1e999}}', "beyond every number"),
        ('{"name": "a", "arguments": {"x": "\ud800"}}', "not JSON"),
        ('{"name": "a", "arguments": ' + '{"a":' * 200 + "1" + "}" * 200 + "}", "nested more than 100 deep"),
        ('{"name": "a", "arguments": {"x": "' + "y" * calls.MAX_ACTION + '"}}', "at most 1000000 are taken"),
    ],
)
def test_what_is_no_call_is_an_error_that_says_why(action: str, said: str) -> None:
    with pytest.raises(ActionError, match=said):
        calls.parse(action)


@pytest.mark.parametrize("text", ["[" * 900_000, '{"a":' * 180_000, '{"name": "' + "\\" * 900_000])
def test_hostile_texts_are_refused_in_bounded_time(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ActionError):
        calls.parse(text)
    assert time.perf_counter() - started < 2


def test_a_tool_that_is_not_declared_is_named_with_the_nearest_one() -> None:
    setup = Setup(tools=(Tool("read_file"), Tool("write_file")))
    assert calls.declared(setup, "read_file") == Tool("read_file")
    assert calls.declared(setup, "raed_file") is None
    assert calls.undeclared(setup, "raed_file") == "no tool 'raed_file' is declared; did you mean 'read_file'?"
    assert calls.undeclared(Setup(), "x") == "no tool 'x' is declared"


def test_problems_of_arguments_are_told_in_the_words_of_the_schema_library() -> None:
    assert calls.problems(NUMBER, {"n": 3}) == ()
    assert calls.problems(NUMBER, {}) == ("'n' is a required property",)
    assert calls.problems(NUMBER, {"n": "3"}) == ("'3' is not of type 'integer'",)
    assert calls.problems({}, {"anything": 1}) == ()


@pytest.mark.parametrize(
    "schema",
    [{"type": "no such type"}, {"$ref": "https://example.org/x.json"}, {"$ref": "#/nowhere"}, {"required": 3}],
)
def test_a_schema_that_is_broken_or_refers_outside_demands_nothing(schema: dict[str, object]) -> None:
    assert calls.problems(schema, {"n": 1}) == ()  # type: ignore[arg-type]


def test_a_schema_that_refers_to_itself_without_end_demands_nothing() -> None:
    assert calls.problems({"$ref": "#"}, json.loads("[]")) == ()

"""Tools as Python functions."""

from __future__ import annotations

import inspect
import typing
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.adapters import signatures
from nextstate.types import Tool

names = st.text(min_size=1, max_size=8)
plain = st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean")])
schemas: st.SearchStrategy[dict[str, Any]] = st.recursive(
    plain | st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True).map(lambda words: {"enum": words}),
    lambda inner: (
        inner.map(lambda items: {"type": "array", "items": items})
        | inner.map(lambda value: {"type": "object", "additionalProperties": value})
        | st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
        | st.dictionaries(names, inner, max_size=2).map(lambda members: {"type": "object", "properties": members})
    ),
    max_leaves=6,
)


def made(tool: Tool) -> tuple[Any, list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def call(self: object, arguments: dict[str, Any]) -> str:
        heard.append(arguments)
        return "shown"

    return type("Kind", (), {"method": signatures.function(tool, call)})().method, heard


@given(st.dictionaries(names, schemas, max_size=5), st.data())
def test_any_tool_becomes_a_function_that_hands_on_what_it_is_given(
    members: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    needed = data.draw(st.lists(st.sampled_from(sorted(members)), unique=True)) if members else []
    method, heard = made(Tool("any tool", "About it.", {"properties": members, "required": needed}))
    parameters = inspect.signature(method).parameters
    assert len(parameters) == len(members)
    assert [one.default is inspect.Parameter.empty for one in parameters.values()].count(True) == len(needed)
    assert typing.get_type_hints(method).keys() == parameters.keys() | {"return"}
    assert method(**dict.fromkeys(parameters, 1)) == "shown"
    assert heard == [dict.fromkeys(sorted(members, key=lambda name: name not in needed), 1)]
    section = (inspect.getdoc(method) or "").split("Args:\n")
    assert len(section) == (2 if members else 1)
    if members:
        told = [line.split(":")[0].strip() for line in section[1].split("\n\nReturns:")[0].split("\n")]
        assert told == list(parameters)


@pytest.mark.parametrize(
    ("schema", "hint"),
    [
        ({"type": "string"}, str),
        ({"type": "array"}, list),
        ({"type": "array", "items": {"type": "integer"}}, list[int]),
        ({"type": "object", "additionalProperties": {"type": "number"}}, dict[str, float]),
        ({"type": ["string", "null"]}, str | None),
        ({"type": "integer", "nullable": True}, int | None),
        ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, str | bool),
        ({"enum": ["a", 1, None]}, Literal["a", 1, None]),
        ({"const": "a"}, Literal["a"]),
        ({"enum": [[1]]}, Any),
        ({"$ref": "#/$defs/x"}, Any),
        ({}, Any),
        (True, Any),
    ],
)
def test_an_annotation_says_what_the_schema_says(schema: object, hint: object) -> None:
    assert signatures.annotation(schema) == hint


def test_what_an_annotation_cannot_say_stands_in_the_description() -> None:
    members = {
        "plain": {"type": "string", "description": "As it is."},
        "bounded": {"type": "integer", "minimum": 1, "description": "Some."},
        "nested": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}},
    }
    doc = signatures.docstring(Tool("t"), members)
    assert "    plain: As it is.\n" in doc
    assert '    bounded: Some. JSON Schema: {"type": "integer", "minimum": 1}\n' in doc
    assert '    nested: nested JSON Schema: {"type": "array", "items"' in doc


def test_names_that_python_does_not_take_are_changed_and_stay_apart() -> None:
    wanted = ["a-b", "a_b", "from", "self", "1st", "", "é", "a b"]
    found = signatures.identifiers(wanted)
    assert found == ["a_b", "a_b_", "from_", "self_", "_1st", "_", "_" + "_", "a_b__"]
    assert all(name.isidentifier() for name in found)

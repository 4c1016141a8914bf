"""Tool calls as actions: JSON on one line, ``{"name": ..., "arguments": {...}}``.

Shared by the domains whose actions are tool calls, and by whoever checks a call against the tools that a set-up
declares. Schemas are JSON Schema, 2020-12 unless a schema says otherwise, as in the Model Context Protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domain.strict_json import MAX_DEPTH, deep, finite, no_constant
from nextstate.errors import ActionError, nearest_name

if TYPE_CHECKING:
    from nextstate.types import Action, Json, Setup, Tool

MAX_ACTION = 1_000_000
"""Characters of one call."""
MAX_DIGITS = 4_300
"""Digits of a whole number, as many as Python reads."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. ``arguments`` holds what was given, in its order."""

    name: str
    arguments: Mapping[str, Json]


def parse(action: Action) -> Call:
    """The call that an action is; raises :class:`ActionError` where it is none.

    An object without ``arguments`` calls with none; a ``null`` counts as none. What else stands in the object is an
    error, and so is a name or a text that is no Unicode.
    """
    if len(action) > MAX_ACTION:
        raise ActionError(f"the action has {len(action)} characters; at most {MAX_ACTION} are taken")
    value = _object(action)
    name, arguments = value.get("name"), value.get("arguments")
    if not isinstance(name, str) or not name.strip():
        raise ActionError("a tool call needs a 'name' that is a string: " + EXAMPLE)
    arguments = {} if arguments is None else arguments
    if not isinstance(arguments, dict):
        raise ActionError(f"'arguments' of the call of {name[:80]!r} must be an object, got {_kind(arguments)}")
    if more := value.keys() - {"name", "arguments"}:
        raise ActionError(f"a tool call has 'name' and 'arguments', not also {sorted(more)[0][:80]!r}")
    return Call(name, arguments)


def call_of(action: Action) -> Call | None:
    """The call that an action is; ``None`` where it is none."""
    try:
        return parse(action)
    except ActionError:
        return None


EXAMPLE = '{"name": "list_files", "arguments": {"path": "/"}}'


def _object(action: Action) -> dict[str, Any]:
    if not action.strip():
        raise ActionError("the action is empty; give a tool call: " + EXAMPLE)
    try:
        value = json.loads(action, parse_constant=no_constant, parse_float=finite, parse_int=_whole)
        _encoded(action, value)
    except RecursionError:
        raise ActionError(f"the tool call is nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:
        raise ActionError(f"the action is not JSON: {str(error)[:200]}; give a tool call: {EXAMPLE}") from None
    if not isinstance(value, dict):
        raise ActionError(f"a tool call is a JSON object, got {_kind(value)}: {EXAMPLE}")
    if deep(value):
        raise ActionError(f"the tool call is nested more than {MAX_DEPTH} deep")
    return value


def _whole(number: str) -> int:
    if len(number) <= MAX_DIGITS:
        return int(number)
    raise ValueError(f"a number of {len(number)} digits; at most {MAX_DIGITS} are taken")


def _encoded(action: str, value: object) -> None:
    """Raises :class:`ValueError` for half of a surrogate pair, as it stands or escaped."""
    try:
        action.encode()
        if "\\u" in action:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no text") from None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def render(name: str, arguments: Mapping[str, Json]) -> Action:
    """The text of a call, the same for equal calls: one line, with a space after each comma and colon."""
    return json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)


def declared(setup: Setup, name: str) -> Tool | None:
    """The tool called ``name`` that the set-up declares; ``None`` where it declares none of that name."""
    return next((tool for tool in setup.tools if tool.name == name), None)


def properties(schema: Mapping[str, Json]) -> dict[str, Any]:
    """The members of an object that its schema declares, with the schema of each; empty where it declares none."""
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def undeclared(setup: Setup, name: str) -> str:
    """A sentence about a tool that is not declared, with the nearest name that is."""
    near = nearest_name(name, (tool.name for tool in setup.tools))
    hint = f"; did you mean {near!r}?" if near else ""
    return f"no tool {name[:80]!r} is declared{hint}"


def problems(schema: Mapping[str, Json], value: Any) -> tuple[str, ...]:
    """What of ``value`` breaks a JSON Schema, in the words of the ``jsonschema`` library, the most relevant first.

    Empty where nothing does. A schema that is itself broken, refers to anything outside itself or takes too long to
    check demands nothing (`schemas`).
    """
    if not schema:
        return ()
    from nextstate.domain.schemas import errors

    return tuple(error.message for error in errors(schema, value))

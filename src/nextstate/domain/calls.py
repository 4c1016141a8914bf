"""Tool calls as actions: JSON on one line, ``{"name": ..., "arguments": {...}}``.

Shared by the domains whose actions are tool calls, and by whoever checks a call against the tools that a set-up
declares. Schemas are JSON Schema, 2020-12 unless a schema says otherwise, as in the Model Context Protocol.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.errors import ActionError, nearest_name

if TYPE_CHECKING:
    from nextstate.types import Action, Json, Setup, Tool

MAX_ACTION = 1_000_000
"""Characters of one call."""
MAX_DEPTH = 100
"""Objects and arrays inside each other."""


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


EXAMPLE = '{"name": "list_files", "arguments": {"path": "/"}}'


def _object(action: Action) -> dict[str, Any]:
    if not action.strip():
        raise ActionError("the action is empty; give a tool call: " + EXAMPLE)
    try:
        value = json.loads(action, parse_constant=_no_constant, parse_float=_finite)
        action.encode()
    except (ValueError, RecursionError) as error:
        raise ActionError(f"the action is not JSON: {str(error)[:200]}; give a tool call: {EXAMPLE}") from None
    if not isinstance(value, dict):
        raise ActionError(f"a tool call is a JSON object, got {_kind(value)}: {EXAMPLE}")
    if _deep(value):
        raise ActionError(f"the tool call is nested more than {MAX_DEPTH} deep")
    return value


def _deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(number: str) -> float:
    if math.isfinite(value := float(number)):
        return value
    raise ValueError(f"{number[:40]} is beyond every number of JSON")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def render(name: str, arguments: Mapping[str, Json]) -> Action:
    """The text of a call, the same for equal calls: one line, with a space after each comma and colon."""
    return json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)


def declared(setup: Setup, name: str) -> Tool | None:
    """The tool called ``name`` that the set-up declares; ``None`` where it declares none of that name."""
    return next((tool for tool in setup.tools if tool.name == name), None)


def undeclared(setup: Setup, name: str) -> str:
    """A sentence about a tool that is not declared, with the nearest name that is."""
    near = nearest_name(name, (tool.name for tool in setup.tools))
    hint = f"; did you mean {near!r}?" if near else ""
    return f"no tool {name[:80]!r} is declared{hint}"


def problems(schema: Mapping[str, Json], value: Any) -> tuple[str, ...]:
    """What of ``value`` breaks a JSON Schema, in the words of the ``jsonschema`` library, the most relevant first.

    Empty where nothing does. A schema that is itself broken, or refers to anything outside itself, demands nothing.
    """
    if not schema:
        return ()
    from jsonschema import SchemaError
    from jsonschema.exceptions import relevance
    from jsonschema.validators import Draft202012Validator, validator_for
    from jsonschema_specifications import REGISTRY as SPECIFICATIONS
    from referencing.exceptions import Unresolvable

    kind = validator_for(dict(schema), default=Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
        validator = kind(dict(schema), registry=SPECIFICATIONS)  # a registry that fetches nothing
        found = sorted(validator.iter_errors(value), key=relevance, reverse=True)
    except (SchemaError, Unresolvable, RecursionError, ValueError):
        return ()
    return tuple(error.message for error in found)

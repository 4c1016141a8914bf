"""Counts of the lines, words or characters of a file that the facts give (`tree`).

The declaration must tell what is counted: a field for the number and, where the unit is one of several, a field or the
description of an argument that lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import choices, shown, tree
from nextstate.domains.mcp.kernel.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State
    from nextstate.types import Tool

_UNITS: dict[str, Callable[[str], int]] = {
    "lines": lambda text: text.count("\n") + 1,
    "words": lambda text: len(text.split()),
    "characters": len,
}


def find(state: State, call: Call) -> str | None:
    """The count that a call asks for, of a text of one or more characters that does not end in a line end."""
    tool = state.tools.get(call.name)
    profile = state.profile(call.name)
    if tool is None or not profile.effect.reads or not profile.about & {"count", "counts", "number"}:
        return None
    fields = _fields(tool)
    unit = _unit(tool, call)
    text = _text(state, call)
    if fields is None or unit is None or not text or text.endswith("\n"):
        return None  # tools differ in whether a line end begins another line
    number, told = fields
    value = {number: _UNITS[unit](text)}
    return shown.written(value | {told: unit} if told else value, state.like(call.name))


def _fields(tool: Tool) -> tuple[str, str] | None:
    """The names of the fields of the number and of its unit, which may be missing."""
    schemas = calls.properties(tool.output_schema)
    numbers = [name for name, one in schemas.items() if isinstance(one, dict) and one.get("type") == "integer"]
    units = [name for name, one in schemas.items() if isinstance(one, dict) and set(choices.listed(one)) >= {*_UNITS}]
    if len(numbers) != 1 or len(numbers) + len(units) != len(schemas):
        return None
    return numbers[0], units[0] if units else ""


def _unit(tool: Tool, call: Call) -> str | None:
    """The unit that an argument, or its default, names or begins to name; else the only one that is declared."""
    schemas = calls.properties(tool.input_schema)
    choosing = [name for name, one in schemas.items() if set(words(str(one))) >= {*_UNITS}]
    if not choosing:
        told = set(_UNITS) & set(words(tool.description[:500]))
        return told.pop() if len(told) == 1 and len(call.arguments) == 1 else None
    given = call.arguments.get(choosing[0], schemas[choosing[0]].get("default"))
    if len(choosing) > 1 or not isinstance(given, str) or not given or len(call.arguments) > 2:
        return None
    meant = [unit for unit in _UNITS if unit.startswith(given)]
    return meant[0] if len(meant) == 1 else None


def _text(state: State, call: Call) -> str | None:
    """The text of the only file that the arguments name."""
    world = tree.known(state, call)
    if world is None:
        return None
    ways = [world.at(one) for one in call.arguments.values() if isinstance(one, str)]
    texts = [text for way in ways if way is not None and (text := world.nodes.get(way)) is not None]
    return texts[0] if len(texts) == 1 else None

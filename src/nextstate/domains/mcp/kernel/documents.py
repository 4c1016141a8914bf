"""Reads of files and folders that the facts give (`tree`): a file's text, and the names in the current folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import shown, tree
from nextstate.domains.mcp.kernel.words import words

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State
    from nextstate.domains.mcp.kernel.tree import Tree

_PLAIN = frozenset("file text content contents data body of the".split())


def find(state: State, call: Call) -> str | None:
    """What a read of a file or of the current folder shows, where one field is declared for it."""
    profile = state.profile(call.name)
    tool = state.tools.get(call.name)
    properties: Any = tool.output_schema.get("properties") if tool else None
    if not profile.effect.reads or not isinstance(properties, dict) or len(properties) != 1:
        return None
    ((field, schema),) = properties.items()
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind not in ("string", "array") or (world := tree.known(state, call)) is None:
        return None
    value = _text(world, call, field) if kind == "string" else _names(world, call, field, profile.about)
    return (
        None if value is None else shown.written({field: value}, next((one.shown for one in state.of(call.name)), None))
    )


def _text(world: Tree, call: Call, field: str) -> str | None:
    """The text of the file that the call names; of one line, it is also its sorted, first and last part."""
    own = set(words(field))
    if len(call.arguments) != 1 or world.field not in own:
        return None
    (name,) = call.arguments.values()
    way = world.at(name) if isinstance(name, str) else None
    text = world.nodes.get(way) if way is not None else None
    if not text or (own - _PLAIN and "\n" in text):
        return None
    return text


def _names(world: Tree, call: Call, field: str, about: frozenset[str]) -> list[str] | None:
    """The names in the current folder, where it does not matter in which order and whether hidden ones are shown."""
    if not ({"current", "directory"} <= about or {"current", "folder"} <= about) or len(call.arguments) > 1:
        return None
    if not all(isinstance(value, bool) for value in call.arguments.values()) or not set(words(field)) & _LISTED:
        return None
    names = world.names()
    return names if names == sorted(names) and not any(name.startswith(".") for name in names) else None


_LISTED = frozenset("content contents files entries names items children".split())

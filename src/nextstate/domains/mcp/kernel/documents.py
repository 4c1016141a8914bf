"""Reads of files and folders that the facts give (`tree`): a file's text or lines, and the names in the current folder.

The declaration must tell what is shown: one field, and what of the file or folder stands in it.
"""

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
    properties = state.fields(call.name)
    if not profile.effect.reads or len(properties) != 1:
        return None
    ((field, schema),) = properties.items()
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind not in ("string", "array") or (world := tree.known(state, call)) is None:
        return None
    if kind == "string":
        value: Any = _text(world, call, field, profile.about)
    else:
        value = _matching(world, call, profile.about) or _names(world, call, field, profile.about)
    return None if value is None else shown.written({field: value}, state.like(call.name))


def _text(world: Tree, call: Call, field: str, about: frozenset[str]) -> str | None:
    """The text of the file that the call names, or its last or first lines; one line is also its sorted text."""
    own = set(words(field))
    given = list(call.arguments.values())
    text = _file(world, given[0]) if given else None
    if not text:
        return None
    if len(given) == 1 and world.field in own:
        return text if own <= _PLAIN or "\n" not in text else None
    if len(given) == 2 and own & _LINES and about & _LINES and isinstance(given[1], int):
        return _part(text, given[1], about)
    return None


def _file(world: Tree, name: Any) -> str | None:
    way = world.at(name) if isinstance(name, str) else None
    return world.nodes.get(way) if way is not None else None


def _part(text: str, count: int, about: frozenset[str]) -> str | None:
    """The last or the first lines of a text that does not end in a line end, which some tools drop."""
    lines = text.split("\n")
    if isinstance(count, bool) or count < 1 or text.endswith("\n") or len(about & {"last", "first"}) != 1:
        return None
    return "\n".join(lines[-count:] if "last" in about else lines[:count])


def _matching(world: Tree, call: Call, about: frozenset[str]) -> list[str] | None:
    """The lines of a file that hold a plain piece of text, where upper and lower case make no difference."""
    given = list(call.arguments.values())
    if len(given) != 2 or "lines" not in about or not about & _HOLD or not isinstance(given[1], str):
        return None
    text, piece = _file(world, given[0]), given[1]
    if not text or not piece.strip() or not all(one.isalnum() or one == " " for one in piece):
        return None
    lines = text.split("\n")
    found = [line for line in lines if piece in line]
    return found if found and found == [line for line in lines if piece.lower() in line.lower()] else None


_LINES = frozenset("line lines part".split())
_HOLD = frozenset("contain contains containing match matches matching".split())


def _names(world: Tree, call: Call, field: str, about: frozenset[str]) -> list[str] | None:
    """The names in the current folder, where it does not matter in which order and whether hidden ones are shown."""
    if not ({"current", "directory"} <= about or {"current", "folder"} <= about) or len(call.arguments) > 1:
        return None
    if not all(isinstance(value, bool) for value in call.arguments.values()) or not set(words(field)) & _LISTED:
        return None
    names = world.names()
    return names if names == sorted(names) and not any(name.startswith(".") for name in names) else None


_LISTED = frozenset("content contents files entries names items children".split())

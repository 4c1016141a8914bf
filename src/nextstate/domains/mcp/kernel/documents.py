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
    files, rest = _named(world, call)
    if kind == "string":
        value: Any = _text(world, files, rest, field, profile.about)
    else:
        value = _matching(files, rest, profile.about)
        value = _names(world, call, field, profile.about) if value is None else value
    return None if value is None else shown.written({field: value}, state.like(call.name))


def _named(world: Tree, call: Call) -> tuple[list[str], list[Any]]:
    """The texts of the files that the arguments name, and the other arguments."""
    files, rest = [], []
    for value in call.arguments.values():
        way = world.at(value) if isinstance(value, str) else None
        text = world.nodes.get(way) if way is not None else None
        if text is None:
            rest.append(value)
        else:
            files.append(text)
    return files, rest


def _text(world: Tree, files: list[str], rest: list[Any], field: str, about: frozenset[str]) -> str | None:
    """The text of the file that the call names, or its last or first lines; one line is also its sorted text.

    Two files with the same text do not differ.
    """
    own = set(words(field))
    if len(files) == 2 and not rest and own & _DIFFERENCES and about & {"compare", "compares", "diff"}:
        return "" if files[0] == files[1] else None
    if len(files) != 1 or not files[0]:
        return None
    (text,) = files
    if not rest and world.field in own:
        return text if own <= _PLAIN or "\n" not in text else None
    if len(rest) == 1 and own & _LINES and about & _LINES and isinstance(rest[0], int):
        return _part(text, rest[0], about)
    return None


_DIFFERENCES = frozenset("diff difference differences".split())


def _part(text: str, count: int, about: frozenset[str]) -> str | None:
    """The last or the first lines of a text that does not end in a line end, which some tools drop."""
    lines = text.split("\n")
    if isinstance(count, bool) or count < 1 or text.endswith("\n") or len(about & {"last", "first"}) != 1:
        return None
    return "\n".join(lines[-count:] if "last" in about else lines[:count])


def _matching(files: list[str], rest: list[Any], about: frozenset[str]) -> list[str] | None:
    """The lines of a file that hold a plain piece of text, where upper and lower case make no difference."""
    if len(files) != 1 or len(rest) != 1 or "lines" not in about or not about & _HOLD or not isinstance(rest[0], str):
        return None
    text, piece = files[0], rest[0]
    if not piece.strip() or not all(one.isalnum() or one == " " for one in piece):
        return None
    lines = text.split("\n")
    found = [line for line in lines if piece in line]
    return found if found == [line for line in lines if piece.lower() in line.lower()] else None


_LINES = frozenset("line lines part".split())
_HOLD = frozenset("contain contains containing match matches matching".split())


def _names(world: Tree, call: Call, field: str, about: frozenset[str]) -> list[str] | None:
    """The names in the current folder, where it does not matter in which order and whether hidden ones are shown."""
    names = world.names()
    told = tree.lists_here(about, call, field) and names == sorted(names)
    return names if told and not any(name.startswith(".") for name in names) else None

"""How the lines of a web page's text are named and divided, for replies that are edits."""

from __future__ import annotations

import re
from itertools import islice, pairwise

from nextstate.domain.edits import Piece, Syntax

PROPERTIES = (
    "live", "focused", "atomic", "busy", "relevant", "disabled", "invalid", "autocomplete", "hasPopup",
    "multiselectable", "required", "orientation", "valuemin", "valuemax", "valuetext", "checked", "expanded", "pressed",
    "selected", "modal", "keyshortcuts", "describedby", "owns", "controls", "labelledby", "url",
)  # fmt: skip
"""Properties of a node in the order in which Chrome gives them."""

MAX_PROPERTIES = 40
"""With more of them, a node's properties are one piece."""

FLAGS = frozenset(("focused", "atomic", "required"))
"""Properties that are there or not, without a value."""

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NODE = re.compile(
    rf"(?P<indent>\t*)(?:\[(?P<frame>[A-Za-z]*)(?P<bid>\d*)\] )?(?P<role>[A-Za-z]\w*)(?: (?P<name>{_QUOTED}))?"
    rf"(?: value=(?P<value>{_QUOTED}))?(?P<rest>(?:, \w+(?:=(?:{_QUOTED}|[^\s,'\"]+))?)*)"
)
_PROPERTY = re.compile(rf", (?P<name>\w+)(?P<given>=(?P<text>{_QUOTED}|[^\s,'\"]+))?")
_TAB = re.compile(r"(?P<lead>Tab )(?P<number>\d+)(?P<rest>(?: \(active tab\))?)")
_ABOUT = re.compile(r"  (?P<name>Title|URL): ", re.ASCII)
_ID = re.compile(r"\t*\[(\w+)\] ")
_SECTIONS = {"# Currently open tabs": "tabs", "# Current page Accessibility Tree": "tree"}


def key(line: str) -> str:
    """The bid of a node, ``root`` for the root of a page, ``tab0`` for a tab, ``error`` for an action's message."""
    if found := _ID.match(line):
        return found[1]
    if line.lstrip("\t").startswith("RootWebArea "):
        return "root"
    if found := _TAB.fullmatch(line):
        return f"tab{found['number']}"
    if line == "# Error message from last action":
        return "error"
    return _SECTIONS.get(line, "")


def fields(line: str) -> tuple[Piece, ...]:
    """A node: indent, frame and bid, role, name, value and properties; of a tab its title or address."""
    if found := _ABOUT.match(line):
        return (Piece(found["name"].lower(), found[0], line[found.end() :]),)
    if found := _TAB.fullmatch(line):
        return (Piece("tab", "Tab ", found["number"]), Piece("active", "", found["rest"]))
    node = _NODE.fullmatch(line)
    if node is None:
        return (Piece("text", "", line),)
    given = node["bid"] is not None
    return (
        Piece("indent", "", node["indent"]),
        Piece("frame", "[", node["frame"] if given else None),
        Piece("bid", "", node["bid"] if given else None),
        Piece("role", "] " if given else "", node["role"]),
        Piece("name", " ", node["name"]),
        Piece("value", " value=", node["value"]),
        *_properties(node["rest"]),
    )


def _properties(text: str) -> tuple[Piece, ...]:
    """The properties that are there, and, in between, those that could be."""
    if not text:
        return _ABSENT
    there = [_piece(one) for one in islice(_PROPERTY.finditer(text), MAX_PROPERTIES + 1)]
    if len(there) > MAX_PROPERTIES:
        return (Piece("properties", "", text),)
    ranks = [_RANKS.get(piece.name, -1) for piece in there]
    if -1 in ranks or any(one >= other for one, other in pairwise(ranks)):
        return tuple(there)
    pieces = list(_ABSENT)
    for rank, piece in zip(ranks, there, strict=True):
        pieces[rank] = piece
    return tuple(pieces)


def _piece(found: re.Match[str]) -> Piece:
    name = found["name"]
    return Piece(name, ", ", name) if found["given"] is None else Piece(name, f", {name}=", found["text"])


_RANKS = {name: rank for rank, name in enumerate(PROPERTIES)}
_ABSENT = tuple(Piece(name, ", " if name in FLAGS else f", {name}=", None) for name in PROPERTIES)

SYNTAX = Syntax(key, fields, groups=(("bid", ("bid",)),), kind="role")

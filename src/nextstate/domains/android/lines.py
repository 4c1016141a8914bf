"""How the lines of an Android screen are named and divided, for replies that are edits: both text forms."""

from __future__ import annotations

import re

from nextstate.domain.edits import Piece, Syntax

FLAGS = (
    "clickable", "long-clickable", "checkable", "checked", "editable", "focusable", "focused", "scrollable", "selected",
    "password", "disabled", "invisible",
)  # fmt: skip
"""States of an element, in the order in which a line shows them."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(
    rf"(?P<number>\d+)? (?P<class>\S+)(?: (?P<text>{_STRING}))?(?: desc=(?P<desc>{_STRING}))?"
    rf"(?: hint=(?P<hint>{_STRING}))?(?: tooltip=(?P<tooltip>{_STRING}))?(?: id=(?P<id>\S+))?"
    rf"(?P<flags>(?: (?:{'|'.join(FLAGS)}))*)"
    r"(?: \[(?P<left>-?[\d.]+),(?P<top>-?[\d.]+)\]\[(?P<right>-?[\d.]+),(?P<bottom>-?[\d.]+)\])?"
)
_HTML = re.compile(
    r"(?P<indent> *)<(?P<class>\w+)(?: id=(?P<number>\d+))?(?: text=(?P<text>'[^']*'))?(?: checked=(?P<checked>\w+))?"
    r"(?P<blank> ?)>(?P<content>.*)</(?P=class)>"
)
_HTML_ID = re.compile(r" *<\w+ id=(\d+)[ >]")
_ID = re.compile(r"(\d+) ")


def key(line: str) -> str:
    """The number of the element."""
    found = _ID.match(line) or _HTML_ID.match(line)
    return found[1] if found else ""


def fields(line: str) -> tuple[Piece, ...]:
    """The parts of an element, of either text form."""
    row = _ELEMENT.fullmatch(line)
    if row and (row["number"] or row["left"]):
        return _element(row)
    if row := _HTML.fullmatch(line):
        return _html(row)
    return (Piece("line", "", line),)


def _element(row: re.Match[str]) -> tuple[Piece, ...]:
    flags = row["flags"].split()
    corners = zip(("left", "top", "right", "bottom"), (" [", ",", "][", ","), strict=True)
    return (
        Piece("number", "", row["number"]),
        Piece("class", " ", row["class"]),
        Piece("text", " ", row["text"]),
        *(Piece(name, f" {name}=", row[name]) for name in ("desc", "hint", "tooltip", "id")),
        *_flags(flags),
        *(Piece(name, lead, row[name]) for name, lead in corners),
        Piece("", "]", None if row["left"] is None else ""),
    )


def _flags(flags: list[str]) -> tuple[Piece, ...]:
    """The flags in their order, also those that do not hold; in another order only those that do."""
    if flags != [flag for flag in FLAGS if flag in flags]:
        return tuple(Piece(flag, " ", flag) for flag in flags)
    return tuple(_HOLDS[flag] if flag in flags else _ABSENT[flag] for flag in FLAGS)


_HOLDS = {flag: Piece(flag, " ", flag) for flag in FLAGS}
_ABSENT = {flag: Piece(flag, " ", None) for flag in FLAGS}


def _html(row: re.Match[str]) -> tuple[Piece, ...]:
    return (
        Piece("indent", "", row["indent"]),
        Piece("class", "<", row["class"]),
        Piece("number", " id=", row["number"]),
        Piece("text", " text=", row["text"]),
        Piece("checked", " checked=", row["checked"]),
        Piece("", row["blank"] + ">", ""),
        Piece("content", "", row["content"]),
        Piece("", f"</{row['class']}>", ""),
    )


SYNTAX = Syntax(
    key,
    fields,
    groups=(("number", ("number",)), ("x", ("left", "right")), ("y", ("top", "bottom"))),
    counted="number",
    kind="class",
)

"""How the lines of an accessibility table are named and divided, for replies that are edits."""

from __future__ import annotations

import json
import re

from nextstate.domain.edits import Piece, Syntax

_ROW = re.compile(
    r"(?P<tag>[^\t]*)\t(?P<name>[^\t]*)\t(?P<text>[^\t]*)\t(?P<class>[^\t]*)\t(?P<description>[^\t]*)"
    r"\t\((?P<x>-?\d+), (?P<y>-?\d+)\)\t\((?P<w>-?\d+), (?P<h>-?\d+)\)(?:\t(?P<state>[^\t]*))?"
)
_LEADS = (
    ("tag", ""), ("name", "\t"), ("text", "\t"), ("class", "\t"), ("description", "\t"), ("x", "\t("), ("y", ", "),
    ("w", ")\t("), ("h", ", "),
)  # fmt: skip


def key(line: str) -> str:
    """The tag and, where there is one, the name as a JSON string: ``push-button "OK"``; ``columns`` for the header."""
    tag, _, rest = line.partition("\t")
    name = rest.partition("\t")[0]
    if not rest or not tag:
        return ""
    if line.startswith("tag\tname\ttext"):
        return "columns"
    return f"{tag} {json.dumps(name, ensure_ascii=False)}" if name else tag


def fields(line: str) -> tuple[Piece, ...]:
    """The columns of a row; of position and size the numbers."""
    row = _ROW.fullmatch(line)
    if row is None:
        return (Piece("line", "", line),)
    pieces = [Piece(name, lead, row[name]) for name, lead in _LEADS]
    return (*pieces, Piece("", ")", ""), Piece("state", "\t", row["state"]))


SYNTAX = Syntax(key, fields, groups=(("x", ("x",)), ("y", ("y",)), ("w", ("w",)), ("h", ("h",))), kind="tag")

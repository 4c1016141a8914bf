"""How the command line program shows rows in its output modes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined

Row = Sequence[Any]
COLUMNAR = frozenset(("column", "box", "table", "markdown"))
_NEEDS_QUOTE = re.compile(r"[^!#$%&(-~]")


@dataclass(slots=True)
class Style:
    """What ``.mode``, ``.headers``, ``.separator`` and ``.nullvalue`` set."""

    mode: str = "list"
    headers: bool = False
    headers_set: bool = False
    column: str = "|"
    row: str = "\n"
    null: str = ""
    table: str = "table"
    real: Callable[[float, int], str] = field(default=lambda value, digits: repr(value))
    """A number as the engine shows it with so many digits."""


def shown(value: Any, style: Style) -> str | None:
    """A value as text; ``None`` for NULL."""
    if value is None or isinstance(value, str):
        text: str | None = value
    elif isinstance(value, float):
        text = style.real(value, 15)
    elif isinstance(value, bytes):
        try:
            text = value.partition(b"\0")[0].decode()
        except UnicodeDecodeError:
            raise Undetermined("bytes that are no text") from None
    else:
        text = str(value)
    return None if text is None else text.partition("\0")[0]


def rows_of(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    """The pieces of text that show ``rows``, one or more for every row."""
    if style.mode in COLUMNAR:
        return _columns(style, names, list(rows))
    return _MODES[style.mode](style, names, rows)


def _list(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    first = True
    for row in rows:
        if first and style.headers:
            yield style.column.join(names) + style.row
        first = False
        cells = (shown(value, style) for value in row)
        yield style.column.join(style.null if cell is None else cell for cell in cells) + style.row


def _csv(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    first = True
    for row in rows:
        if first and style.headers:
            yield style.column.join(_quoted_csv(style, name) for name in names) + style.row
        first = False
        yield style.column.join(_quoted_csv(style, shown(value, style)) for value in row) + style.row


def _quoted_csv(style: Style, text: str | None) -> str:
    if text is None:
        return style.null
    if not text or _NEEDS_QUOTE.search(text) or (style.column and style.column in text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _line(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    if any(not name.isascii() for name in names):
        raise Undetermined("the width of a name")
    width = max([5, *map(len, names)])
    between = ""
    for row in rows:
        cells = [shown(value, style) for value in row]
        yield between + "".join(
            f"{name:>{width}} = {style.null if cell is None else cell}{style.row}"
            for name, cell in zip(names, cells, strict=True)
        )
        between = style.row


def _json(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    before = "["
    for row in rows:
        pairs = (f"{_json_text(name)}:{_json_value(style, value)}" for name, value in zip(names, row, strict=True))
        yield before + "{" + ",".join(pairs) + "}"
        before = ",\n"
    if before != "[":
        yield "]\n"


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json_value(style: Style, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return _number(style, value)
    if isinstance(value, bytes):
        raise Undetermined("bytes in JSON")
    return _json_text(value) if isinstance(value, str) else str(value)


def _number(style: Style, value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    return style.real(value, 20)


def literal(style: Style, value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return _number(style, value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        if "\n" in value or "\r" in value or "\0" in value:
            raise Undetermined("how a text over several lines is quoted")
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _quote(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    first = True
    for row in rows:
        if first and style.headers:
            yield style.column.join(literal(style, name) for name in names) + style.row
        first = False
        yield style.column.join(literal(style, value) for value in row) + style.row


def _insert(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    columns = f"({','.join(identifier(name) for name in names)})" if style.headers else ""
    for row in rows:
        values = ",".join(literal(style, value) for value in row)
        yield f"INSERT INTO {identifier(style.table)}{columns} VALUES({values});\n"


def _html(style: Style, names: Sequence[str], rows: Iterable[Row]) -> Iterable[str]:
    first = True
    for row in rows:
        if first and style.headers:
            yield "<TR>" + "".join(f"<TH>{_escaped(name)}</TH>\n" for name in names) + "</TR>\n"
        first = False
        cells = (shown(value, style) for value in row)
        yield "<TR>" + "".join(f"<TD>{_escaped(style.null if c is None else c)}</TD>\n" for c in cells) + "</TR>\n"


def _escaped(text: str) -> str:
    for mark, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(mark, code)
    return text


_MODES: dict[str, Callable[[Style, Sequence[str], Iterable[Row]], Iterable[str]]] = {
    "list": _list, "tabs": _list, "ascii": _list, "csv": _csv, "line": _line, "json": _json, "quote": _quote,
    "insert": _insert, "html": _html,
}  # fmt: skip


# -- columns --------------------------------------------------------------------------------------------------


def _columns(style: Style, names: Sequence[str], rows: list[Row]) -> Iterable[str]:
    if not rows:
        return
    cells = [[_cell(style, value) for value in row] for row in rows]
    heads = [_cell(style, name) for name in names]
    widths = [max(len(head), *(len(row[at]) for row in cells)) for at, head in enumerate(heads)]
    if style.mode == "column":
        if style.headers:
            yield _joined(heads, widths, "  ")
            yield "  ".join("-" * width for width in widths) + "\n"
        for row in cells:
            yield _joined(row, widths, "  ")
        return
    yield from _framed(style.mode, heads, cells, widths)


def _joined(cells: Sequence[str], widths: Sequence[int], between: str) -> str:
    return between.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + "\n"


def _cell(style: Style, value: Any) -> str:
    text = shown(value, style)
    text = style.null if text is None else text
    if any(not ch.isprintable() or ord(ch) > 0x2FF for ch in text) or len(text) > 200:
        raise Undetermined("the width of a cell")
    return text


def _framed(mode: str, heads: list[str], cells: list[list[str]], widths: list[int]) -> Iterable[str]:
    def rule(left: str, line: str, cross: str, right: str) -> str:
        return left + cross.join(line * (width + 2) for width in widths) + right + "\n"

    bar = "│" if mode == "box" else "|"
    if mode == "box":
        yield rule("┌", "─", "┬", "┐")
    elif mode == "table":
        yield rule("+", "-", "+", "+")
    titles = (_centered(head, width) for head, width in zip(heads, widths, strict=True))
    yield f"{bar} " + f" {bar} ".join(titles) + f" {bar}\n"
    if mode == "box":
        yield rule("├", "─", "┼", "┤")
    elif mode == "table":
        yield rule("+", "-", "+", "+")
    else:
        yield rule("|", "-", "|", "|")
    for row in cells:
        yield f"{bar} " + _joined(row, widths, f" {bar} ").rstrip("\n") + f" {bar}\n"
    if mode == "box":
        yield rule("└", "─", "┴", "┘")
    elif mode == "table":
        yield rule("+", "-", "+", "+")


def _centered(text: str, width: int) -> str:
    left = (width - len(text)) // 2
    return " " * left + text + " " * (width - len(text) - left)


# -- names ----------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEYWORDS = frozenset(
    """abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade
    case cast check collate column commit conflict constraint create cross current current_date current_time
    current_timestamp database default deferrable deferred delete desc detach distinct do drop each else end escape
    except exclude exclusive exists explain fail filter first following for foreign from full generated glob group
    groups having if ignore immediate in index indexed initially inner insert instead intersect into is isnull join
    key last left like limit match materialized natural no not nothing notnull null nulls of offset on or order others
    outer over partition plan pragma preceding primary query raise range recursive references regexp reindex release
    rename replace restrict returning right rollback row rows savepoint select set table temp temporary then ties to
    transaction trigger unbounded union unique update using vacuum values view virtual when where window with
    without""".split()
)


def identifier(name: str) -> str:
    """A name as SQL, quoted where that is needed."""
    if _PLAIN.match(name) and name.lower() not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'

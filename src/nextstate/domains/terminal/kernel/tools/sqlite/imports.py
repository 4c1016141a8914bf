"""``.import``: a table from a file of separated values."""

from __future__ import annotations

import csv
import io
import sqlite3
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import FsError, Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.sqlite.shell import Shell


def import_file(shell: Shell, args: list[str]) -> int:
    """``.import [--csv] [--skip N] FILE TABLE``; rows of another length than the table are undetermined."""
    as_csv, skip = shell.style.mode == "csv", 0
    operands: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg.lstrip("-") == "csv" and arg.startswith("-"):
            as_csv = True
        elif arg.lstrip("-") == "skip" and arg.startswith("-") and left and left[0].isdigit():
            skip = int(left.pop(0))
        elif arg.startswith("-") or len(operands) == 2:
            raise Undetermined(f".import {arg}")
        else:
            operands.append(arg)
    if len(operands) != 2 or operands[0].startswith("|"):
        raise Undetermined("what is imported")
    try:
        text = shell.call.read_text(operands[0])
    except FsError:
        shell.known()
        shell.warn(f'Error: cannot open "{operands[0]}"\n')
        return 1
    rows = _rows(shell, text, as_csv)[skip:]
    if shell.style.mode == "csv" and shell.style.row == "\r\n":
        shell.style.row = "\n"
    _insert(shell, operands[1], rows)
    return 0


def _rows(shell: Shell, text: str, as_csv: bool) -> list[list[str]]:
    if as_csv:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    column, row = shell.style.column, shell.style.row
    if len(column) != 1 or row != "\n" or '"' in text:
        raise Undetermined("how values are separated")
    lines = text.split("\n")
    return [line.split(column) for line in (lines[:-1] if lines[-1] == "" else lines)]


def _insert(shell: Shell, table: str, rows: list[list[str]]) -> None:
    engine = shell.engine
    quoted = '"' + table.replace('"', '""') + '"'
    known = engine.plain("select count(*) from pragma_table_info(?)", (table,))[0][0]
    if not known:
        known = _create(shell, quoted, rows)
        rows = rows[1:]
    if any(len(row) != known for row in rows):
        raise Undetermined("rows of another length")
    marks = ",".join("?" * known)
    engine.wrote = True
    try:
        engine.db.execute("BEGIN")
        engine.db.executemany(f"INSERT INTO {quoted} VALUES({marks})", rows)
        engine.db.execute("COMMIT")
    except sqlite3.Error:
        raise Undetermined("an import that fails") from None
    engine.check()


def _create(shell: Shell, quoted: str, rows: list[list[str]]) -> int:
    """The first row names the columns."""
    if not rows:
        raise Undetermined("an import of nothing")
    names = rows[0]
    plain = all(name and '"' not in name and name.strip() == name for name in names)
    if not plain or len({name.lower() for name in names}) < len(names):
        raise Undetermined("odd names of columns")
    columns = f'"{names[0]}" TEXT'
    for at, name in enumerate(names[1:], 1):
        columns += f',{" " if at % 4 else chr(10) + " "}"{name}" TEXT'
    shell.engine.execute(f"CREATE TABLE {quoted}(\n{columns})")
    return len(names)

"""The command line program itself: statements are run and shown, errors are worded, input is split into statements."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.sqlite.engine import VERSION, Engine
from nextstate.domains.terminal.kernel.tools.sqlite.modes import Style, rows_of
from nextstate.domains.terminal.kernel.tools.sqlite.places import place

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call

MAX_OUT = 1_000_000
BUFFER = 4096
"""Bytes that the C library collects before it writes to anything that is no terminal."""


_OURS = frozenset(("string or blob too big", "out of memory", "not authorized", "interrupted", "database is locked"))
"""Errors that come from our own limits."""


class Failed(Exception):
    """A statement failed: the phase (``in prepare`` or ``stepping``), the message behind it, and the result code."""

    def __init__(self, phase: str, message: str, code: int) -> None:
        super().__init__(message)
        self.phase, self.message, self.code = phase, message, code


class Shell:
    """One run of the program."""

    def __init__(self, call: Call, database: str) -> None:
        self.call, self.database = call, database
        self.style = Style(real=self.real)
        self.bail = False
        self.echo = False
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.both: list[str] = []
        self.held: list[str] = []
        self.target = ""
        """The file that ``.output`` names, and whether it is for one command only."""
        self.once = False
        self.size = 0
        self.opened: Engine | None = None

    # -- output -----------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_OUT:
            raise Undetermined("much output")
        if self.target:
            self.call.tree.write(self.target, text.encode(), append=True)
            return
        self.stdout.append(text)
        self.held.append(text)

    def warn(self, text: str) -> None:
        if sum(len(piece.encode()) for piece in self.held) > BUFFER:
            raise Undetermined("the order of much output and of errors")
        self.stderr.append(text)
        self.both.append(text)

    def flush(self) -> None:
        self.both += self.held
        self.held = []

    def out(self, code: int) -> Out:
        self.flush()
        stdout, stderr = "".join(self.stdout), "".join(self.stderr)
        return Out(stdout, stderr, code, "".join(self.both) if stdout and stderr else None)

    # -- the database -----------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        if self.opened is None:
            name = self.database
            path = "" if name in ("", ":memory:") else self.call.path(name)
            if name.startswith(("file:", "sqlite:")):
                raise Undetermined("a database that is named by a URI")
            try:
                self.opened = Engine(self.call, path)
            except FsError:
                raise CannotOpen(name) from None
        return self.opened

    def real(self, value: float, digits: int) -> str:
        """A number as the engine writes it."""
        return str(self.engine.plain(f"select printf('%!.{digits}g', ?)", (value,))[0][0])

    def known(self) -> None:
        """Raises unless the program's messages are those of the engine that computes."""
        parts = self.call.facts.get("sqlite3", "").split(".")
        if parts[:2] != [str(number) for number in VERSION]:
            raise Undetermined("how this version words an error")

    # -- statements -------------------------------------------------------------------------------------------

    def run(self, sql: str) -> None:
        """Runs all statements of a text; raises :class:`Failed` at the first that fails."""
        rest = sql.lstrip(" \t\n\r\f\v")
        while rest:
            statement, behind = first_statement(rest)
            if not is_empty(statement):
                self.one(statement, rest)
            rest = behind.lstrip(" \t\n\r\f\v")

    def one(self, statement: str, rest: str) -> None:
        engine = self.engine
        if re.match(r"\s*vacuum\s*;?\s*\Z", statement, re.I) and not engine.db.in_transaction:
            return
        if re.match(r"[\s;]*explain\b", statement, re.I):
            self.explain(statement)
            return
        try:
            cursor = engine.execute(statement)
        except sqlite3.Error as error:
            raise self.failure(error, statement, rest) from None
        if cursor.description is not None:
            names = [column[0] for column in cursor.description]
            try:
                for piece in rows_of(self.style, names, cursor):
                    self.say(piece)
            except sqlite3.Error as error:
                engine.check()
                raise self.failure(error, statement, rest) from None
        engine.check()

    def explain(self, statement: str) -> None:
        """``EXPLAIN QUERY PLAN`` as a tree."""
        if not re.match(r"\s*explain\s+query\s+plan\s+select\b", statement, re.I):
            raise Undetermined("how a query would be executed")
        self.known()
        try:
            rows = self.engine.execute(statement).fetchall()
        except sqlite3.Error:
            raise Undetermined("a plan that fails") from None
        below: dict[int, list[tuple[int, str]]] = {}
        for number, parent, _, detail in rows:
            below.setdefault(parent, []).append((number, detail))

        def show(parent: int, indent: str) -> None:
            children = below.get(parent, [])
            for number, detail in children:
                last = number == children[-1][0]
                self.say(f"{indent}{'`--' if last else '|--'}{detail}\n")
                show(number, indent + ("   " if last else "|  "))

        if rows:
            self.say("QUERY PLAN\n")
            show(0, "")

    def failure(self, error: sqlite3.Error, statement: str, rest: str) -> Failed:
        """The error as the program words it."""
        self.known()
        code = getattr(error, "sqlite_errorcode", 1) & 0xFF
        message = str(error)
        if not hasattr(error, "sqlite_errorcode") or message in _OURS:
            raise Undetermined(f"how the program words {message}")
        shown = message + (f" ({code})" if code > 1 else "")
        if self._is_prepared(statement, message):
            return Failed("stepping", shown, code)
        return Failed("in prepare", shown + context(self, statement, rest, message), code)

    def _is_prepared(self, statement: str, message: str) -> bool:
        """Whether the engine could prepare a statement that failed."""
        return self.complaint(statement) != message

    def complaint(self, statement: str) -> str | None:
        """What the engine says when it prepares a statement."""
        try:
            self.engine.db.execute(f"EXPLAIN {without_blanks(statement)}")
        except sqlite3.Error as error:
            return str(error)
        return None

    # -- input ------------------------------------------------------------------------------------------------

    def read(self, text: str) -> int:
        """Runs lines of input as the program does; gives the number of errors."""
        from nextstate.domains.terminal.kernel.tools.sqlite.dots import command

        errors = 0
        for line, sql in Lines(text):
            if errors and self.bail:
                break
            self.flush()
            if sql.startswith("."):
                if self.echo:
                    self.say(f"{sql}\n")
                code = command(self, sql)
                if code == 2:
                    break
                errors += code != 0
            elif not sql.startswith("#"):
                errors += self._from_input(sql, line)
                if self.once:
                    self.target, self.once = "", False
        return errors

    def _from_input(self, sql: str, line: int) -> int:
        if self.echo:
            self.say(f"{sql}\n")
        try:
            self.run(sql)
        except Failed as failed:
            kind = "Parse error" if failed.phase == "in prepare" else "Runtime error"
            self.warn(f"{kind} near line {line}: {failed.message}\n")
            return 1
        return 0


class CannotOpen(Exception):
    """The database could not be opened; the argument is its name."""


class Lines:
    """Splits input into commands that begin with a dot and texts of whole statements, with their line numbers."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[tuple[int, str]]:
        sql, start, scan = "", 0, Scan()
        lines = self.text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for number, line in enumerate(lines, 1):
            line = line.removesuffix("\r")
            if not scan.wait and line.strip().lower() in ("go", "/"):
                raise Undetermined("another way to end a statement")
            scan.line(line)
            if scan.blank and not sql:
                scan = Scan()
                continue
            if line[:1] in (".", "#") and not sql:
                yield number, line
                scan = Scan()
                continue
            if sql:
                sql += "\n" + line
            else:
                sql, start = line.lstrip(" \t\f\v\r"), number
            if scan.ends and sqlite3.complete_statement(sql):
                yield start, sql
                sql, scan = "", Scan()
            elif scan.blank:
                sql, scan = "", Scan()
        if sql:
            yield start, sql


class Scan:
    """What the program notes of the lines of a statement: open quotes and comments, and whether it ends in ``;``."""

    def __init__(self) -> None:
        self.wait = ""
        self.dark = False
        self.semi = False

    @property
    def blank(self) -> bool:
        return not self.dark and not self.wait

    @property
    def ends(self) -> bool:
        return self.dark and self.semi and not self.wait

    def line(self, text: str) -> None:
        at = 0
        while at < len(text):
            ch = text[at]
            at += 1
            if self.wait:
                at = self._waiting(text, at, ch)
            elif ch in " \t\f\v\r\n":
                continue
            elif ch == "-" and text[at : at + 1] == "-":
                return
            elif ch == ";":
                self.semi = True
            elif ch == "/" and text[at : at + 1] == "*":
                self.wait, at = "*", at + 1
            else:
                if ch in "['\"`":
                    self.wait = "]" if ch == "[" else ch
                self.semi, self.dark = False, True

    def _waiting(self, text: str, at: int, ch: str) -> int:
        if ch != self.wait:
            return at
        following = text[at : at + 1]
        if ch == "*":
            if following == "/":
                self.wait = ""
                return at + 1
        elif ch != "]" and following == ch:
            return at + 1
        else:
            self.wait = ""
        return at


_PIECE = re.compile(r"'(?:[^']|'')*'?|\"(?:[^\"]|\"\")*\"?|`[^`]*`?|\[[^\]]*\]?|--[^\n]*|/\*.*?(?:\*/|\Z)|;|.", re.S)


def first_statement(sql: str) -> tuple[str, str]:
    """The first statement of a text with its ``;`` (and empty ones before it), and what follows it."""
    start = None
    for piece in _PIECE.finditer(sql):
        if start is None:
            start = None if _is_blank(piece[0]) else piece.start()
        elif piece[0] == ";" and sqlite3.complete_statement(sql[start : piece.end()]):
            return sql[: piece.end()], sql[piece.end() :]
    return sql, ""


def _is_blank(piece: str) -> bool:
    return piece.isspace() or piece == ";" or piece.startswith(("--", "/*"))


def without_blanks(statement: str) -> str:
    """The statement without what is empty before it."""
    start = next((piece.start() for piece in _PIECE.finditer(statement) if not _is_blank(piece[0])), 0)
    return statement[start:]


def is_empty(statement: str) -> bool:
    return all(_is_blank(piece[0]) for piece in _PIECE.finditer(statement))


def context(shell: Shell, statement: str, rest: str, message: str) -> str:
    """The lines that show the place of an error, if the engine knows it."""
    at = place(shell, statement, message)
    if at is None:
        return ""
    offset, shown = len(rest[:at].encode()), rest.encode()
    if not rest[:200].isascii():
        raise Undetermined("the place of an error in a text that is not ASCII")
    if offset > 50:
        shown, offset = shown[offset - 50 :], 50
    line = re.sub(r"\s", " ", shown[:78].decode())
    if offset < 25:
        return f"\n  {line}\n  {' ' * offset}^--- error here"
    return f"\n  {line}\n  {' ' * (offset - 14)}error here ---^"

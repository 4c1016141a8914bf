"""The real engine on a database in memory: it reaches no other file, and its work is bounded.

Functions that depend on the clock or on chance are replaced by ones that notice it. The file in the tree holds the
image as ``opaque``: the real file has the same tables but not the same bytes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import MAX_FILE, Errno, File, FsError, Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call

WORK = 3_000_000
"""Steps of the engine's virtual machine; about half a second."""
EVERY = 1_000
LENGTH = 2_000_000
"""Bytes of one value."""
VERSION = sqlite3.sqlite_version_info[:2]

_TIMES = "date time datetime julianday strftime unixepoch".split()
_VOLATILE = {
    "random": 0, "randomblob": 1, "current_timestamp": 0, "current_date": 0, "current_time": 0, "sqlite_version": 0,
    "sqlite_source_id": 0, "load_extension": -1, "sqlite_compileoption_used": 1, "sqlite_compileoption_get": 1,
}  # fmt: skip
_PRAGMAS = frozenset(
    """table_info table_xinfo index_list index_info index_xinfo foreign_key_list foreign_keys foreign_key_check
    integrity_check quick_check user_version application_id case_sensitive_like defer_foreign_keys synchronous
    recursive_triggers cache_size temp_store""".split()
)
"""Settings and questions that concern only the database itself."""
_HIDDEN = re.compile(
    r"\b(readfile|writefile|lsmode|edit|regexp|regexpi|sha3|sha3_query|fsdir|zipfile|decimal\w*|ieee754\w*|"
    r"generate_series|base64|base85|completion|sqlar_\w+|shell_\w+|strtod|dtostr|stmt|uint|usleep|vacuum|attach|detach|edit)\b",
    re.I,
)
"""What only the command line program knows, and statements that reach other files."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a database file holds."""

    data: bytes


class Engine:
    """One open database. ``path`` is empty for one that lives in memory only."""

    def __init__(self, call: Call, path: str) -> None:
        self.call, self.path = call, path
        self.reason = ""
        """Why nothing is determined any more, noticed inside a callback of the engine."""
        self.left = WORK
        self.wrote = False
        self.aside: sqlite3.Connection | None = None
        self.db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0, check_same_thread=False)
        if not hasattr(self.db, "deserialize"):
            raise Undetermined("this Python cannot load a database")
        image = self._image()
        if image:
            self.db.deserialize(image)
        self._prepare()

    def _image(self) -> bytes:
        if not self.path:
            return b""
        tree = self.call.tree
        node = tree.lookup(self.path)
        if node is None:
            tree.parent_for(tree.resolve(self.path))  # raises when it could not be created
            return b""
        if not isinstance(node, File) or (node.content is None and not isinstance(node.opaque, Image)):
            raise Undetermined(f"the content of {self.path} was never shown")
        if not (tree.allowed(node.mode, 0o400) and tree.allowed(node.mode, 0o200)):
            raise FsError(Errno.ACCES, self.path)
        image = node.opaque.data if isinstance(node.opaque, Image) else node.content or b""
        if image[18:19] == b"\2":
            raise Undetermined("a database with a write-ahead log")
        return image

    def _prepare(self) -> None:
        db = self.db
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LENGTH)
        db.set_authorizer(self._allow)
        db.set_progress_handler(self._work, EVERY)
        for name in _TIMES:
            db.create_function(name, -1, self._time(name), deterministic=True)
        for name, count in _VOLATILE.items():
            db.create_function(name, count, self._noticed(name))

    def _aside(self) -> sqlite3.Connection:
        """A second database, whose functions are the engine's own."""
        if self.aside is None:
            self.aside = sqlite3.connect(":memory:", check_same_thread=False)
        return self.aside

    def close(self) -> None:
        self.db.set_authorizer(None)
        self.db.close()
        if self.aside is not None:
            self.aside.close()

    # -- callbacks --------------------------------------------------------------------------------------------

    def _refuse(self, reason: str) -> None:
        self.reason = self.reason or reason

    def _work(self) -> int:
        self.left -= EVERY
        if self.left < 0:
            self._refuse("the query takes more steps than are computed")
            return 1
        return 0

    def _allow(self, action: int, first: str | None, second: str | None, *_: Any) -> int:
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            self._refuse("another database")
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() not in _PRAGMAS:
            self._refuse(f"PRAGMA {first}")
            return sqlite3.SQLITE_DENY
        if action not in _READING:
            self.wrote = True
        return sqlite3.SQLITE_OK

    def _noticed(self, name: str) -> Callable[..., None]:
        def volatile(*_: Any) -> None:
            self._refuse(f"{name}() is not determined by the history")

        return volatile

    def _time(self, name: str) -> Callable[..., Any]:
        def calculate(*args: Any) -> Any:
            texts = [arg.lower() for arg in args if isinstance(arg, str)]
            first = args[1:2] if name == "strftime" else args[:1]
            if not first or any(text.strip() in ("now", "localtime", "utc") for text in texts):
                self._refuse("the clock")
                return None
            marks = ",".join("?" * len(args))
            try:
                return self._aside().execute(f"select {name}({marks})", args).fetchone()[0]
            except sqlite3.Error:
                self._refuse(f"how {name}() fails")
                return None

        return calculate

    # -- statements -------------------------------------------------------------------------------------------

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        """Runs one statement up to its first row; fails as the engine does or with :class:`Undetermined`."""
        if _HIDDEN.search(_without_texts(statement)):
            raise Undetermined("what only the command line program knows")
        try:
            return self.db.execute(statement, values)
        except (sqlite3.ProgrammingError, sqlite3.Warning) as error:
            raise Undetermined(f"a statement that Python refuses: {error}") from None
        except (sqlite3.Error, OverflowError):
            self.check()
            raise

    def check(self) -> None:
        """Raises what a callback noticed."""
        if self.reason:
            raise Undetermined(self.reason)

    def plain(self, sql: str, values: Any = ()) -> list[Any]:
        """A query of our own."""
        return self.db.execute(sql, values).fetchall()

    # -- the file ---------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes what was committed into the tree."""
        self.check()
        if self.db.in_transaction:
            self.db.rollback()
        if not self.path:
            return
        tree = self.call.tree
        there = tree.lookup(self.path)
        if there is not None and not self.wrote:
            return
        self.db.set_authorizer(None)  # the engine asks for the number of pages
        try:
            image = self.db.serialize() if self.wrote else b""
        except sqlite3.OperationalError:
            image = b""  # nothing was ever written
        if len(image) > MAX_FILE:
            raise Undetermined("a large database")
        tree.write(self.path, b"", mode=0o644 & ~self.call.umask)
        if image:
            real = tree.resolve(self.path)
            entry = tree.entry(real)
            if isinstance(entry, File):
                tree.put(real, replace(entry, content=None, opaque=Image(image)))


_READING = frozenset(
    (sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_PRAGMA,
     sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT)
)  # fmt: skip
_TEXT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.S)


def _without_texts(sql: str) -> str:
    return _TEXT.sub(" ", sql)

"""Sessions on disk: a tree of turns in SQLite, so that forks share their past and no acknowledged step is ever lost.

A turn stands once, under a key that is a hash of its parent's key and of what led to it; a session is a row that points
to its last turn. :meth:`Tree.write` returns when its rows are committed, in one transaction with whatever else was
written in the same round of the event loop (group commit). A transaction takes tens of microseconds a step, less than
handing it to a thread and back would; what may take long, moving the write-ahead log into the file, a thread does.
With SQLite's write-ahead log and ``synchronous=NORMAL`` a commit survives the death of the process; a power cut may
take the last moments, never the file. Rows are written whole, so writing one twice does no harm.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, TypeAlias

from nextstate.data import store
from nextstate.errors import DataError, NextstateError, UsageError
from nextstate.types import Turn

VERSION = 1
"""Of the layout; kept in the file's ``user_version``."""
MOVE = 64 * 2**20
"""Bytes of the write-ahead log from which on it is moved into the file."""

SCHEMA = """
CREATE TABLE worlds (key BLOB PRIMARY KEY, scenario BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE turns (
    key BLOB NOT NULL UNIQUE, parent BLOB NOT NULL, action TEXT NOT NULL, observation TEXT NOT NULL, meta TEXT NOT NULL
);
CREATE TABLE facts (key BLOB PRIMARY KEY, turn BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, world BLOB NOT NULL, domain TEXT NOT NULL,
    scenario TEXT NOT NULL, model TEXT NOT NULL, seed INTEGER NOT NULL, instruction TEXT NOT NULL, head BLOB NOT NULL,
    turns INTEGER NOT NULL, parent TEXT, family TEXT NOT NULL, limits TEXT NOT NULL, tokens INTEGER NOT NULL,
    bytes INTEGER NOT NULL, seconds REAL NOT NULL, created REAL NOT NULL, touched REAL NOT NULL, ending TEXT
);
CREATE INDEX sessions_of_owner ON sessions (owner, created, id);
CREATE INDEX sessions_of_family ON sessions (family);
CREATE INDEX open_sessions ON sessions (owner) WHERE ending IS NULL AND kind = 'session';
CREATE TABLE owners (
    owner TEXT PRIMARY KEY, sessions INTEGER NOT NULL, steps INTEGER NOT NULL, tokens INTEGER NOT NULL,
    bytes INTEGER NOT NULL, seconds REAL NOT NULL
) WITHOUT ROWID;
"""

Write: TypeAlias = "tuple[str, tuple[object, ...]]"
"""One of :data:`WRITES` and its values."""

WALK = """
WITH RECURSIVE walk (key, depth) AS (
    SELECT ?, 0 UNION ALL SELECT turns.parent, depth + 1 FROM turns JOIN walk ON turns.key = walk.key
)
"""


NODE = "turns.key, turns.parent, action, observation, meta"
"""The columns that make a :class:`Node`."""
OPEN = "ending IS NULL AND kind = 'session'"
"""Of a session that has not ended."""


@dataclass(slots=True)
class Row:
    """A session as it stands in the file; ``head`` is the key of its last turn, ``ending`` why it takes no more.

    ``kind`` is ``session`` or ``snapshot``; ``parent`` is the session that it was forked from and ``family`` the first
    of that line. ``tokens``, ``bytes`` and ``seconds`` were spent in it; ``created`` and ``touched`` are in seconds
    since 1970. ``limits`` is JSON.
    """

    id: str
    owner: str
    kind: str
    world: bytes
    domain: str
    scenario: str
    model: str
    seed: int
    instruction: str
    head: bytes
    turns: int
    parent: str | None
    family: str
    limits: str
    tokens: int
    bytes: int
    seconds: float
    created: float
    touched: float
    ending: str | None = None


@dataclass(slots=True)
class Spent:
    """What an owner has used since the file was made: sessions, steps answered, tokens, bytes, seconds of waiting."""

    sessions: int = 0
    steps: int = 0
    tokens: int = 0
    bytes: int = 0
    seconds: float = 0.0

    def add(self, used: Spent, times: int = 1) -> None:
        """Count ``used`` too; -1 ``times`` takes it back."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + times * getattr(used, one.name))


def _upsert(table: str, key: str, columns: Sequence[str]) -> str:
    """Writes a row whole. One that is there is changed in place, which touches no index that need not change."""
    changed = ", ".join(f"{one} = excluded.{one}" for one in columns if one != key)
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {changed}"


WRITES = {
    "world": "INSERT OR IGNORE INTO worlds VALUES (?, ?)",
    "turn": "INSERT OR IGNORE INTO turns VALUES (?, ?, ?, ?, ?)",
    "fact": "INSERT OR IGNORE INTO facts VALUES (?, ?)",
    "session": _upsert("sessions", "id", [one.name for one in fields(Row)]),
    "idle": f"UPDATE sessions SET ending = 'idle' WHERE {OPEN} AND touched < ?",
    "owner": _upsert("owners", "owner", ["owner", *(one.name for one in fields(Spent))]),
}
"""The statements, in the order in which a transaction runs them."""


@dataclass(frozen=True, slots=True)
class Node:
    """A turn in the tree; ``parent`` is the key of the turn before it, or of the world."""

    key: bytes
    parent: bytes
    turn: Turn


class StoreFailed(NextstateError):
    """A write could not be committed (a full disk, for instance), and is not kept; or a damaged file cannot be read."""


class Tree:
    """The file. Reads are quick and done at once; :meth:`write` is awaited. One process has it open at a time.

    Without a ``path`` the tree stands in a temporary folder and goes with the process.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nextstate-") if path is None else None
        self.file = Path(path) if path is not None else Path(self._folder.name if self._folder else ".") / "tree.sqlite"
        self.log = Path(f"{self.file}-wal")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.file)
        try:
            self._file = _opened(self.file)
        except UsageError:
            self._lock.close()
            raise
        self._waiting: list[_Waiting] = []
        self._moving: asyncio.Future[None] | None = None
        self._closed = False

    # Writing

    async def write(self, *rows: Write) -> None:
        """Commit ``rows`` together. Raises :class:`StoreFailed`."""
        if self._closed:
            raise StoreFailed(f"{self.file} is closed")
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._flush)
        one = _Waiting(rows, loop.create_future())
        self._waiting.append(one)
        await one.done

    @property
    def waiting(self) -> int:
        """Writes that wait for their transaction."""
        return len(self._waiting)

    async def aclose(self) -> None:
        """Commit what waits and close the file."""
        if not self._closed:
            self._closed = True
            self._flush()
            if self._moving is not None:
                await self._moving
            self._file.close()
            self._lock.close()
            if self._folder:
                self._folder.cleanup()

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        failure: Exception | None = None
        try:
            _commit(self._file, batch)
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            failure = StoreFailed(f"the step could not be kept: {error}")
        for one in batch:
            if one.done.cancelled():
                continue
            if failure is None:
                one.done.set_result(None)
            else:
                one.done.set_exception(failure)
        if self._moving is None and not self._closed and _size(self.log) > MOVE:
            self._moving = asyncio.ensure_future(self._move())

    async def _move(self) -> None:
        """Move the log into the file, most of it in a thread; the last bit here, so that the log begins anew."""
        try:
            await asyncio.to_thread(_moved, self.file)
            self._file.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            pass  # nothing is lost: the log goes on, and the next commit tries again
        finally:
            self._moving = None

    # Reading

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        """Raises :class:`StoreFailed` where the file is damaged."""
        try:
            return self._file.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.file.name} cannot be read: {error}") from None

    def _one(self, query: str, values: tuple[object, ...] = ()) -> Any:
        found = self._rows(query, values)
        return found[0] if found else None

    def session(self, id: str) -> Row | None:
        """The session called ``id``."""
        found = self._one("SELECT * FROM sessions WHERE id = ?", (text(id),))
        return Row(*found) if found else None

    def sessions(self, owner: str, limit: int, before: Row | None = None) -> list[Row]:
        """The owner's sessions and snapshots, newest first; ``before`` is the last one of the page in front."""
        newest = (before.created, before.id) if before else (float("inf"), "")
        query = (
            "SELECT * FROM sessions WHERE owner = ? AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?"
        )
        return [Row(*found) for found in self._rows(query, (owner, *newest, limit))]

    def open_sessions(self, owner: str, since: float) -> int:
        """How many sessions of the owner have no ending, and were touched ``since`` (in seconds since 1970)."""
        query = f"SELECT count(*) FROM sessions WHERE owner = ? AND {OPEN} AND touched >= ?"
        return int(self._one(query, (owner, since))[0])

    def world(self, key: bytes) -> bytes | None:
        """The scenario of a world, a line of a trajectory file."""
        found = self._one("SELECT scenario FROM worlds WHERE key = ?", (key,))
        return found[0] if found else None

    def turn(self, key: bytes) -> Turn | None:
        """The turn under ``key``."""
        query = "SELECT action, observation, meta FROM turns WHERE key = ?"
        found = self._one(query, (key,))
        return _turn(*found) if found else None

    def fact(self, key: bytes) -> bytes | None:
        """The key of the turn that showed a fact first."""
        found = self._one("SELECT turn FROM facts WHERE key = ?", (key,))
        return found[0] if found else None

    def path(self, head: bytes) -> list[Node]:
        """The turns from the first one down to ``head``."""
        query = f"{WALK} SELECT {NODE} FROM walk JOIN turns ON turns.key = walk.key ORDER BY depth DESC"
        return [_node(*found) for found in self._rows(query, (head,))]

    def parted(self, one: bytes, other: bytes, most: int) -> tuple[list[Node], list[Node]] | None:
        """The turns of two branches of a world since they parted; ``None`` where that is more than ``most`` ago."""
        ours, theirs = self._up(one, most), self._up(other, most)
        known = set(ours)
        shared = next((key for key in theirs if key in known), None)
        if shared is None:
            return None
        ours, theirs = ours[: ours.index(shared)], theirs[: theirs.index(shared)]
        return self._nodes(ours), self._nodes(theirs)

    def _up(self, head: bytes, most: int) -> list[bytes]:
        """The keys from ``head`` up, ``most`` turns at most, and the world's where that is reached."""
        return [bytes(key) for (key,) in self._rows(f"{WALK} SELECT key FROM walk LIMIT ?", (head, most + 1))]

    def _nodes(self, keys: list[bytes]) -> list[Node]:
        """The turns under ``keys``, which stand from the last one up, the first one first."""
        query = f"SELECT {NODE} FROM turns WHERE key = ?"
        return [_node(*self._one(query, (key,))) for key in reversed(keys)]

    def ancestor(self, head: bytes, up: int) -> bytes:
        """The key that stands ``up`` turns above ``head``; raises :class:`DataError` where there is none."""
        found = self._one(f"{WALK} SELECT key FROM walk WHERE depth = ?", (head, up))
        if found is None:
            raise DataError(f"no turn stands {up} turns above {head.hex()}", where=str(self.file))
        return bytes(found[0])

    def family(self, owner: str, family: str, limit: int) -> tuple[list[Row], list[Node]]:
        """The sessions of a family, oldest first, and the turns that lead to them; at most ``limit`` of each."""
        query = "SELECT * FROM sessions WHERE family = ? AND owner = ? ORDER BY created, id LIMIT ?"
        rows = [Row(*found) for found in self._rows(query, (family, owner, limit))]
        walk = f"""WITH RECURSIVE walk (key) AS (
                SELECT head FROM sessions WHERE family = ? AND owner = ?
                UNION SELECT turns.parent FROM turns JOIN walk ON turns.key = walk.key
            )
            SELECT {NODE} FROM walk JOIN turns ON turns.key = walk.key ORDER BY turns.rowid LIMIT ?"""
        return rows, [_node(*found) for found in self._rows(walk, (family, owner, limit))]

    def owners(self) -> Iterator[tuple[str, Spent]]:
        """Every owner and what it has used."""
        for owner, *spent in self._rows("SELECT * FROM owners"):
            yield owner, Spent(*spent)

    def totals(self) -> tuple[int, int]:
        """How many open sessions and how many turns the file holds."""
        opened, turns = self._one(f"SELECT (SELECT count(*) FROM sessions WHERE {OPEN}), max(rowid) FROM turns")
        return int(opened), int(turns or 0)


# Rows to write

_session_values = attrgetter(*(one.name for one in fields(Row)))
_spent_values = attrgetter(*(one.name for one in fields(Spent)))


def world_row(key: bytes, scenario: bytes) -> Write:
    return "world", (key, scenario)


def turn_row(node: Node) -> Write:
    turn = node.turn
    meta = json.dumps(dict(turn.meta), ensure_ascii=True)
    return "turn", (node.key, node.parent, text(turn.action), text(turn.observation), meta)


def fact_row(key: bytes, turn: bytes) -> Write:
    return "fact", (key, turn)


def session_row(row: Row) -> Write:
    return "session", _session_values(row)


def owner_row(owner: str, spent: Spent) -> Write:
    return "owner", (owner, *_spent_values(spent))


def idle_row(touched_before: float) -> Write:
    """Ends every session that was not touched since ``touched_before``, seconds since 1970."""
    return "idle", (touched_before,)


def hashed(*parts: bytes) -> bytes:
    """A key: 16 bytes of the SHA-256 of ``parts``, each behind its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()[:16]


def text(text: str) -> str:
    """``text`` as UTF-8 can hold it: half of a surrogate pair becomes U+FFFD, as in a trajectory file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return store.utf8(text).decode()
    return text


def encoded(text: str) -> bytes:
    """``text`` for a key."""
    return text.encode("utf-8", "surrogatepass")


# The file


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    rows: Iterable[Write]
    done: asyncio.Future[None]


def _commit(connection: sqlite3.Connection, batch: list[_Waiting]) -> None:
    values: dict[str, list[tuple[object, ...]]] = {kind: [] for kind in WRITES}
    for one in batch:
        for kind, row in one.rows:
            values[kind].append(row)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for kind, rows in values.items():
            if rows:
                connection.executemany(WRITES[kind], rows)


def _moved(file: Path) -> None:
    connection = sqlite3.connect(file)
    try:
        for _ in range(2):  # the second time, what was written during the first
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()


def _size(file: Path) -> int:
    try:
        return os.stat(file).st_size  # noqa: PTH116 - in each transaction, and several times as fast as Path.stat
    except OSError:
        return 0


def _node(key: bytes, parent: bytes, *turn: str) -> Node:
    return Node(key, parent, _turn(*turn))


def _turn(action: str, observation: str, meta: str) -> Turn:
    return Turn(action, observation, json.loads(meta))


def _locked(path: Path) -> IO[str]:
    lock = Path(f"{path}.lock").open("a")  # noqa: SIM115 - it is open as long as the tree is
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise UsageError(f"{path} is in use by another process; give each server a store of its own") from None
    return lock


def _opened(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be opened as a store of sessions: {error}") from None
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -16000")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise UsageError(f"{path} is no store of sessions: {error}") from None
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA journal_size_limit = 0")  # one that begins anew is cut, else it looks full for ever
    if version not in (0, VERSION):
        connection.close()
        raise UsageError(f"{path} has layout {version}; this version of nextstate reads layout {VERSION}")
    return connection

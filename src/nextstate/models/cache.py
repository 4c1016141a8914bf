"""Calls kept on disk under the hash of what was asked, so that no question is paid for twice."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nextstate import __version__
from nextstate.domain import find
from nextstate.errors import DataError, UsageError
from nextstate.models import base, keys, language
from nextstate.models.language import Reply
from nextstate.types import Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nextstate.domain import Domain
    from nextstate.models.language import LanguageModel, Messages
    from nextstate.types import Query, WorldModel

log = logging.getLogger(__name__)

SCHEMA = "CREATE TABLE IF NOT EXISTS calls (key BLOB PRIMARY KEY, prediction TEXT NOT NULL) WITHOUT ROWID"

T = TypeVar("T", Prediction, Reply)
M = TypeVar("M", "WorldModel", "LanguageModel")


class _Calls(Generic[T]):
    """Answers by key, on disk; provider errors are not kept.

    Concurrent equal calls share one, and a caller that is cancelled does not take the call away from the others. The
    file may be shared by processes, and a killed process leaves it whole.
    """

    def __init__(
        self, path: str | Path, encode: Callable[[T], dict[str, Any]], decode: Callable[[dict[str, Any]], T]
    ) -> None:
        self.hits = self.misses = 0
        self._encode: Callable[[T], dict[str, Any]] = encode
        self._decode: Callable[[dict[str, Any]], T] = decode
        self._db = _open(Path(path))
        self._running: dict[bytes, asyncio.Task[T]] = {}

    async def once(self, key: bytes, ask: Callable[[], Awaitable[T]]) -> T:
        """What was answered under ``key``, or what ``ask`` answers now."""
        if (kept := self._get(key)) is not None:
            self.hits += 1
            return kept
        task = self._running.get(key)
        if task is None:
            self.misses += 1
            task = self._running[key] = asyncio.create_task(self._ask(key, ask))
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Stop calls that nobody waits for any more, and close the file."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._db.close()

    async def _ask(self, key: bytes, ask: Callable[[], Awaitable[T]]) -> T:
        answer = await ask()
        if answer.outcome is not Outcome.PROVIDER_ERROR:
            self._put(key, answer)
        return answer

    def _finished(self, key: bytes, task: asyncio.Task[T]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # seen here, in case every caller was cancelled

    def _get(self, key: bytes) -> T | None:
        try:
            row = self._db.execute("SELECT prediction FROM calls WHERE key = ?", (key,)).fetchone()
            return None if row is None else self._decode(json.loads(row[0]))
        except (sqlite3.Error, ValueError, TypeError, DataError) as error:
            log.warning("call cache: a row cannot be read and is asked again: %s", error)
            return None

    def _put(self, key: bytes, answer: T) -> None:
        row = json.dumps(self._encode(answer))
        try:
            self._db.execute("INSERT OR REPLACE INTO calls VALUES (?, ?)", (key, row))
        except sqlite3.Error as error:  # an answer that cannot be kept is still an answer
            log.warning("call cache: an answer could not be kept: %s", error)


class _Keeping(Generic[M, T]):
    """What both models around a file of calls have in common."""

    inner: M
    _calls: _Calls[T]

    @property
    def hits(self) -> int:
        """Questions answered from the file."""
        return self._calls.hits

    @property
    def misses(self) -> int:
        """Questions that ``inner`` was asked."""
        return self._calls.misses

    @property
    def fingerprint(self) -> str:
        """The inner model's: a cache changes no answer."""
        return base.fingerprint(self.inner)

    async def aclose(self) -> None:
        """Stop calls that nobody waits for any more, close the file and the inner model."""
        await self._calls.aclose()
        await base.close(self.inner)


class Cached(_Keeping["WorldModel", Prediction]):
    """``inner``, asked once per distinct question: set-up, history, action, notes, seed, and the versions in play.

    A hit is the stored prediction unchanged; its tokens and seconds are those of the call that made it. Provider errors
    are not kept. Concurrent identical queries share one call, and a caller that is cancelled does not take the call
    away from the others. The file may be shared by processes, and a killed process leaves it whole.
    """

    def __init__(self, inner: WorldModel, path: str | Path, *, domain_of: Callable[[str], Domain] = find) -> None:
        self.inner = inner
        self.name = inner.name
        self._domain_of = domain_of
        self._calls = _Calls(path, base.encode, base.decode)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return await self._calls.once(self._key(query, seed), lambda: self.inner.predict(query, seed=seed))

    def _key(self, query: Query, seed: int | None) -> bytes:
        try:
            domain = self._domain_of(query.domain).version
        except UsageError:  # the inner model says it better
            domain = ""
        versions = [__version__, domain, self.fingerprint]
        return keys.digest(versions, keys.state_key(query, answers=True).hex(), query.action, query.notes, seed)


class CachedReplies(_Keeping["LanguageModel", Reply]):
    """A language model, asked once per distinct conversation and seed; otherwise like :class:`Cached`."""

    def __init__(self, inner: LanguageModel, path: str | Path) -> None:
        self.inner = inner
        self.name = inner.name
        self._calls = _Calls(path, language.encode, language.decode)

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        key = keys.digest("reply", self.fingerprint, [dict(message) for message in messages], seed)
        return await self._calls.once(key, lambda: self.inner.complete(messages, seed=seed))


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=10, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(SCHEMA)
    except (sqlite3.Error, OSError) as error:
        raise UsageError(f"{path} cannot be used as a call cache: {error}; name another file") from error
    return db

"""Whose turn it is in a session: one thing after the other, whatever surface it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nextstate.sim.sessions import Busy

T = TypeVar("T")

MOST_WAITING = 64
"""Calls of one session that may wait for those in front of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A session and its owner."""

    owner: str
    session: str


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    inside: int = 0


class Queues:
    """One thing at a time in each place, in the order of arrival.

    An agent may call several tools at once, and a world takes one step after the other.
    """

    def __init__(self) -> None:
        self._queues: dict[Place, _Queue] = {}
        self._running: set[asyncio.Task[Any]] = set()

    async def next(self, place: Place, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` when it is its turn. Whoever stops waiting before it began takes it back; later it is finished.

        Raises :class:`Busy` where too many wait.
        """
        queue = self._queues.setdefault(place, _Queue())
        if queue.inside > MOST_WAITING:
            raise Busy(place.session)
        queue.inside += 1
        try:
            await queue.lock.acquire()
        except asyncio.CancelledError:
            self._leave(place, queue)
            raise
        task = asyncio.ensure_future(self._work(place, queue, work))
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def _work(self, place: Place, queue: _Queue, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        finally:
            queue.lock.release()
            self._leave(place, queue)

    def _leave(self, place: Place, queue: _Queue) -> None:
        queue.inside -= 1
        if not queue.inside:
            self._queues.pop(place, None)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # it counts as seen, for perhaps nobody waits any more

"""Work of which much is under way at once, none of which may end the run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from nextstate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

T = TypeVar("T")


async def each(items: Iterable[T], do: Callable[[T], Awaitable[None]], workers: int) -> None:
    """``do`` every item, ``workers`` of them at once, begun in order.

    The first error ends the work and is raised. Raises :class:`UsageError` for less than one worker.
    """
    if workers < 1:
        raise UsageError(f"the concurrency is {workers}; give at least 1")
    every = list(items)
    waiting = iter(every)
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(workers, len(every))):
                tasks.create_task(_work(waiting, do))
    except ExceptionGroup as errors:  # no sandbox, a full disk; the first one is the cause
        raise errors.exceptions[0] from None


async def _work(waiting: Iterator[T], do: Callable[[T], Awaitable[None]]) -> None:
    for item in waiting:
        await do(item)

"""Many rows under way at once, each worker with a group of rows; and rows that are to be asked once more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from nextstate.data.lines import replacing
from nextstate.errors import UsageError
from nextstate.eval import journal
from nextstate.eval.working import each

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
    from pathlib import Path

T = TypeVar("T")

WORKERS = 64
"""Rows under way at once unless it is said otherwise."""


async def each_group(groups: Iterable[Sequence[T]], do: Callable[[T], Awaitable[None]], workers: int) -> None:
    """``do`` every item of ``groups``, the items of one group one after another, ``workers`` groups at once.

    The first error ends the work and is raised. Raises :class:`UsageError` for less than one worker.
    """

    async def work(group: Sequence[T]) -> None:
        for item in group:
            await do(item)
            await asyncio.sleep(0)  # who answers without waiting must not keep the others from their turn

    await each(groups, work, workers)


def forget(folder: Path, outcomes: Container[str]) -> int:
    """Take the finished rows that ended in one of ``outcomes`` out of a stage's folder; says how many there were.

    The next start asks them again. The file is replaced at once, so a kill leaves the old one or the new one. Raises
    :class:`UsageError` while somebody writes there, and :class:`DataError` for a broken line.
    """
    import fcntl

    path = folder / journal.ROWS
    if not path.exists():
        return 0
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder}: another run is writing here; wait, or use another folder") from None
        gone = 0
        with replacing(path) as draft, draft.open("wb") as kept:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n") and journal.parse(line, f"{path}:{number}").get("outcome") in outcomes:
                    gone += 1
                else:
                    kept.write(line)
    return gone

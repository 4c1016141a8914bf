"""Listening while a model writes (:data:`nextstate.models.base.heard`), for whoever tells a client of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

from nextstate.models.base import heard


@contextlib.contextmanager
def hearing(take: Callable[[str], object]) -> Iterator[None]:
    """Give ``take`` each piece of what is written by a model that is asked inside, or by a task that begins inside.

    ``take`` is called in this event loop, also where a model runs in a thread and speaks from there.
    """
    loop, here = asyncio.get_running_loop(), threading.get_ident()

    def hear(piece: str) -> None:
        if threading.get_ident() == here:
            take(piece)
        else:
            loop.call_soon_threadsafe(take, piece)

    token = heard.set(hear)
    try:
        yield
    finally:
        heard.reset(token)


def kept(pieces: asyncio.Queue[str]) -> Callable[[str], None]:
    """What puts pieces into a queue as long as there is room; what does not fit is left out."""

    def keep(piece: str) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            pieces.put_nowait(piece)

    return keep

"""A step as server-sent events (HTML Standard, section 9.2): what the model writes, as it writes it.

Events: ``started``, ``delta`` (a further piece of the model's raw ``text``; with ``reset`` it begins anew, and what was
heard before no longer counts), and at the end ``observation`` (the step) or ``error`` (the problem); their data is JSON
on one line. While nothing happens a comment is sent now and then, for proxies close connections that are silent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nextstate.errors import NextstateError
from nextstate.serve.hearing import hearing
from nextstate.serve.rest.operations import encoded, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nextstate.sim.sessions import Sessions, Step
    from nextstate.types import Action

HEARTBEAT = 15.0
"""Seconds between two comments."""


async def events(sessions: Sessions, owner: str, id: str, action: Action) -> AsyncIterator[bytes]:
    """Begin the step and return its events. What is refused at once is raised, so that the status can tell it.

    The step is finished and kept whether or not anybody reads the events.
    """
    view = await sessions.view(owner, id)
    said: asyncio.Queue[str | None] = asyncio.Queue()
    with hearing(said.put_nowait):
        task = asyncio.create_task(sessions.step(owner, id, action))
    task.add_done_callback(lambda _: said.put_nowait(None))
    await asyncio.sleep(0)
    if task.done() and task.exception() is not None:
        await task
    first = {"session": id, "index": view.turns, "domain": view.domain, "model": view.model}
    return _told(task, said, _event("started", first))


async def _told(task: asyncio.Task[Step], said: asyncio.Queue[str | None], first: bytes) -> AsyncIterator[bytes]:
    yield first
    written = False
    async for text in _heard(said):
        if text is None:
            yield b": waiting\n\n"
        elif text or written:
            written = bool(text)
            yield _event("delta", {"text": text, "reset": not text})
    try:
        yield _event("observation", await task)
    except NextstateError as error:
        yield _event("error", told(error))


async def _heard(said: asyncio.Queue[str | None]) -> AsyncIterator[str | None]:
    """What was said, piece by piece, until ``None`` comes; ``None`` where nothing was for long."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                text = await said.get()
        except TimeoutError:
            yield None
            continue
        if text is None:
            return
        yield text


def _event(name: str, data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encoded(data))

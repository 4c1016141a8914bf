"""A step as server-sent events (HTML Standard, section 9.2): what the model writes, as it writes it.

Events: ``started``, ``delta`` (a further piece of the model's raw text), and at the end ``observation`` (the step) or
``error`` (the problem); their data is JSON on one line. While nothing happens a comment is sent now and then, for
proxies close connections that are silent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nextstate.errors import NextstateError
from nextstate.models.base import heard
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
    task = asyncio.create_task(_step(sessions, owner, id, action, said))
    task.add_done_callback(lambda _: said.put_nowait(None))
    await asyncio.sleep(0)
    if task.done() and task.exception() is not None:
        await task
    first = {"session": id, "index": view.turns, "domain": view.domain, "model": view.model}
    return _told(task, said, _event("started", first))


async def _step(sessions: Sessions, owner: str, id: str, action: Action, said: asyncio.Queue[str | None]) -> Step:
    loop = asyncio.get_running_loop()

    def hear(text: str) -> None:
        loop.call_soon_threadsafe(said.put_nowait, text)  # a model that runs in a thread speaks from there

    heard.set(hear)
    return await sessions.step(owner, id, action)


async def _told(task: asyncio.Task[Step], said: asyncio.Queue[str | None], first: bytes) -> AsyncIterator[bytes]:
    yield first
    while (text := await _next(said)) is not None:
        yield _event("delta", {"text": text}) if text else b": waiting\n\n"
    try:
        yield _event("observation", await task)
    except NextstateError as error:
        yield _event("error", told(error))


async def _next(said: asyncio.Queue[str | None]) -> str | None:
    """What was said since; empty where nothing was for long, ``None`` after the last."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            text = await said.get()
    except TimeoutError:
        return ""
    while text is not None and not said.empty():
        more = said.get_nowait()
        if more is None:
            said.put_nowait(None)
            break
        text += more
    return text


def _event(name: str, data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encoded(data))

"""A server in the running event loop, on a free port of this machine: for tests, benchmarks and notebooks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nextstate.models.fakes import Scripted
from nextstate.serve.app import SURFACES, build, server
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.gate import Gate
from nextstate.serve.service import Service
from nextstate.sim.sessions import Sessions
from nextstate.sim.tree import Tree

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from nextstate.types import WorldModel


def echo() -> WorldModel:
    """A scripted world that shows each action again: instant, and easy to tell from any other."""
    return Scripted(lambda query: f"{len(query.history)}: {query.action}")


def service_of(
    models: Mapping[str, WorldModel] | None = None,
    *,
    catalogue: Catalogue | None = None,
    gate: Gate | None = None,
    store: Path | None = None,
    **options: Any,
) -> Service:
    """A service on ``store``, or on a temporary one; ``options`` go to :class:`~nextstate.sim.sessions.Sessions`."""
    sessions = Sessions(models or {"scripted": echo()}, Tree(store), **options)
    return Service(sessions, catalogue or Catalogue.of(), gate or Gate())


@contextlib.asynccontextmanager
async def served(
    service: Service | None = None, *more: ModuleType, surfaces: Iterable[str] = SURFACES, **options: Any
) -> AsyncIterator[str]:
    """The address of a running server, ``http://127.0.0.1:PORT``; ``options`` go to :func:`service_of`."""
    service = service or service_of(**options)
    try:
        async with listening(build(service, *more, surfaces=surfaces)) as address:
            yield address
    finally:
        await service.sessions.aclose()


@contextlib.asynccontextmanager
async def listening(application: ASGIApp) -> AsyncIterator[str]:
    """The address at which ``application`` is served until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else small answers wait 40 ms for an ACK
        running = server(application, signals=False)
        task = asyncio.create_task(running.serve([listener]))
        try:
            await running.listening.wait()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            await task

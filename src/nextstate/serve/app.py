"""The one process: every surface on one set of sessions, behind one gate.

A surface is a module with ``routes(service)`` and, where something must run beside the requests, ``running(service)``,
an async context manager. Paths: ``/v1`` REST and the OpenAI-compatible API, ``/s/{session}/...`` what one session is
reached by (MCP, search engines' APIs, a terminal), the OpenEnv wire at the root.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from nextstate.errors import NextstateError
from nextstate.serve import mcp, openai, openenv, pty, rest, search
from nextstate.serve.bounds import Bounds
from nextstate.serve.problems import problem, status

if TYPE_CHECKING:
    import socket

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from nextstate.serve.service import Service

SURFACES = {one.__name__.rpartition(".")[2]: one for one in (rest, openenv, mcp, openai, search, pty)}
"""The surfaces by name, in the order in which their routes are tried."""


def build(service: Service, *more: ModuleType, surfaces: Iterable[str] = SURFACES) -> ASGIApp:
    """The application: ``surfaces`` of this package, then ``more``, all behind the gate."""
    service.sessions.on_step = service.gate.metrics.step
    modules = [*(SURFACES[name] for name in surfaces), *more]
    routes: list[BaseRoute] = [route for one in modules for route in one.routes(service)]
    application = Starlette(
        routes=routes,
        lifespan=_lifespan(service, [one.running for one in modules if hasattr(one, "running")]),
        exception_handlers={NextstateError: _told, HTTPException: _missed},
    )
    application.router.redirect_slashes = False
    return service.gate.wrap(application)


def _lifespan(service: Service, running: Iterable[Callable[[Service], Any]]) -> Callable[[Starlette], Any]:
    @contextlib.asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for one in running:
                await stack.enter_async_context(one(service))
            yield

    return lifespan


async def _told(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NextstateError)
    return JSONResponse(problem(error), status(error))


async def _missed(request: Request, error: Exception) -> JSONResponse:
    """No route fits, or none with this method; other answers of Starlette's own are worded alike."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "bad_method"}.get(error.status_code, "bad_request")
    told = {"error": {"code": code, "message": f"{error.detail}; /openapi.json tells what there is"}}
    return JSONResponse(told, error.status_code, headers=error.headers)


class Server(uvicorn.Server):
    """uvicorn, that says when it listens and leaves signals to whoever runs it, if so told."""

    def __init__(self, config: uvicorn.Config, *, signals: bool = True) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As in uvicorn, but what was caught is not raised again: whoever runs the server closes what it has opened."""
        if not self._signals:
            yield
            return
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def server(application: ASGIApp, *, signals: bool = True, host: str = "127.0.0.1", port: int = 0) -> Server:
    """A server for ``application``. It waits a few seconds for requests that are under way when it is told to stop."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        access_log=False,
        proxy_headers=False,
        log_level="warning",
        server_header=False,
        ws_max_size=Bounds().message,
        ws_ping_interval=KEEP_ALIVE,
        ws_ping_timeout=KEEP_ALIVE,
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=65_536,
    )
    return Server(config, signals=signals)


KEEP_ALIVE = 75
"""Seconds for which a connection without a request is kept, as web servers commonly do."""

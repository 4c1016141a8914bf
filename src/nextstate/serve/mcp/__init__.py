"""MCP: every session as a server of the Model Context Protocol, in both of its eras, and its controls as another one.

``/s/{session}/mcp`` is what an agent is given, ``/s/{session}/control/mcp`` is for whoever runs the agent. There is no
address without a session: protocol 2026-07-28 has no sessions of its own, so nothing would say which world a message is
for. A client that can only be given an address opens its session with it (`http`). :func:`serve_stdio` is the same over
standard input and output.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.routing import Route

from nextstate.serve.mcp import agent, control
from nextstate.serve.mcp.http import Endpoint, Running, manager
from nextstate.serve.mcp.stdio import serve_stdio

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service

__all__ = ["routes", "running", "serve_stdio"]

_RUNNING: dict[Service, Running] = {}
"""What runs now, by what it runs for."""


def routes(service: Service) -> list[BaseRoute]:
    """The addresses of every session; they answer while :func:`running` does."""

    def now() -> Running:
        return _RUNNING[service]

    return [
        Route("/s/{sid}/mcp", Endpoint(service, now)),
        Route("/s/{sid}/control/mcp", Endpoint(service, now, control=True)),
    ]


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """What must run beside the requests."""
    sessions, queues = service.sessions, service.queues
    async with (
        manager(agent.server_of(sessions, queues)) as agents,
        manager(agent.server_of(sessions, queues), streams=True) as telling,
        manager(control.server_of(sessions, queues)) as controls,
    ):
        _RUNNING[service] = Running(agents, telling, controls)
        try:
            yield
        finally:
            del _RUNNING[service]

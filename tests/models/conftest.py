"""A server on loopback that plays an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Played:
    """What the server was asked, and the handler that answers; ``base`` is its base address."""

    def __init__(self) -> None:
        self.base = ""
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[web.Request] = []
        self.peers: set[object] = set()
        self.answers: list[Handler] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Each request gets the next handler; the last one stays."""
        self.requests.append(request)
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        self.bodies.append(await request.json())
        handler = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await handler(request)


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    server = Played()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.base = f"http://{host}:{port}/v1"
    yield server
    await runner.cleanup()

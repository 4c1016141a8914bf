"""A client of a running server, for the tests of the REST surface."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp

from nextstate import domain
from nextstate.serve.testing import served, service_of

if TYPE_CHECKING:
    from nextstate.serve.service import Service

SHELL = f"terminal/{domain.find('terminal').examples()[0].id}"
TOOLED = domain.find("mcp").examples()[0]


class Client:
    """Sends requests with one key, or none, and wants the status that it is told."""

    def __init__(self, http: aiohttp.ClientSession, key: str = "") -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def text(self, method: str, path: str, status: int = 200, **options: Any) -> tuple[str, Any]:
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.http.request(method, path, headers=headers, **options) as answer:
            text = await answer.text()
            assert answer.status == status, (answer.status, text)
            return text, answer.headers

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        if body is not None:
            options["json"] = body
        return json.loads((await self.text(method, path, status, **options))[0])

    async def session(self, scenario: Any = SHELL, **more: Any) -> str:
        made = await self.ask("POST", "/v1/sessions", {"scenario": scenario, **more}, 201)
        return f"/v1/sessions/{made['id']}"

    async def step(self, session: str, action: str, status: int = 200, **more: Any) -> Any:
        return await self.ask("POST", f"{session}/step", {"action": action, **more}, status)


@contextlib.asynccontextmanager
async def client(service: Service | None = None, **options: Any) -> AsyncIterator[Client]:
    """A client of a server that runs as long as it is used; ``options`` make its service."""
    service = service or service_of(**options)
    async with served(service, surfaces=("rest",)) as url, aiohttp.ClientSession(url) as http:
        yield Client(http)


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, data); comments are left out."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]

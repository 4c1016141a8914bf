"""A real MCP server, recorded while it is used: a proxy that stands in front of it and looks like it.

Whatever a client asks goes to the server as it is, and the server's answer goes to the client as it is: tools,
resources and their templates, prompts, completion, logging, progress, cancellation, changes of lists. Client and
server may speak different eras of the protocol (`mcp_wire`). Every answer is written down before it is passed on
(`mcp_book`), without secrets; the client gets it with them.

What the server asks of its client (sampling, elicitation, roots) is not passed on: the server sees a client that
cannot do these.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp_types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    REQUEST_TIMEOUT,
    Implementation,
    LoggingMessageNotification,
    PromptListChangedNotification,
    Request,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
    ToolListChangedNotification,
)
from pydantic import RootModel, ValidationError

from mcp import MCPError
from nextstate.data import store
from nextstate.record import mcp
from nextstate.record.mcp_book import Book
from nextstate.record.mcp_wire import About, Asked, Front, bare, stdio

if TYPE_CHECKING:
    from mcp.client.session import IncomingMessage
    from mcp.shared.dispatcher import ProgressFnT

    from mcp import Client
    from nextstate.record.mcp import Server
    from nextstate.types import Json, Tool

LONGEST = 3600.0
"""Seconds that an answer may take; a client gives up sooner, and its cancellation is passed on."""
_CHANGES = (
    LoggingMessageNotification,
    ToolListChangedNotification,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
)
"""What a server announces by itself, which is passed on."""


class _Raw(RootModel[dict[str, Any]]):
    """A result as it came."""


@dataclass(slots=True)
class Proxy:
    """The server behind, what is written down, and the side that clients see."""

    client: Client
    book: Book
    front: Front | None = None

    async def answer(self, asked: Asked) -> dict[str, Any]:
        """What the server answers, once it is written down."""
        began, clock = time.time(), time.perf_counter()

        def times() -> dict[str, Json]:
            return {"t": round(began, 3), "seconds": round(time.perf_counter() - clock, 4)}

        try:
            result = await self.request(asked.method, asked.params, asked.progress if asked.follows else None)
        except MCPError as error:
            self._failed(asked, error, times())
            await self.book.save()
            raise MCPError(error.code, error.message, error.data) from None
        except anyio.get_cancelled_exc_class():
            self._unanswered(asked, "cancelled")
            raise
        if asked.method == "tools/call":
            self.book.called(*_call(asked), bare(result), times())
        else:
            self.book.exchanged(asked.method, asked.params, {"result": bare(result)}, times())
        await self.book.save()
        return result

    def _failed(self, asked: Asked, error: MCPError, times: dict[str, Json]) -> None:
        if error.code in (REQUEST_TIMEOUT, CONNECTION_CLOSED):
            self._unanswered(asked, "timeout" if error.code == REQUEST_TIMEOUT else "closed")
        elif asked.method == "tools/call":
            self.book.refused(*_call(asked), error.code, error.message, error.data, times)
        else:
            told = error.error.model_dump(mode="json", exclude_none=True)
            self.book.exchanged(asked.method, asked.params, {"error": told}, times)

    def _unanswered(self, asked: Asked, ending: str) -> None:
        if asked.method == "tools/call":
            self.book.unanswered(*_call(asked), ending)

    async def request(self, method: str, params: dict[str, Any], progress: ProgressFnT | None = None) -> dict[str, Any]:
        """The server's result, as it came. Raises :class:`MCPError`."""
        request = Request[dict[str, Any], str](method=method, params=dict(params))
        try:
            return (await self.client.session.send_request(request, _Raw, progress_callback=progress)).root
        except ValidationError as error:
            raise MCPError(INTERNAL_ERROR, f"the server's result of {method} is malformed: {error}"[:2_000]) from None

    async def tools(self) -> list[Tool]:
        """The tools that the server has now; the pages of its list are written down."""
        found: list[Tool] = []
        params: dict[str, Any] = {}
        for _ in range(mcp.PAGES if self.client.server_capabilities.tools is not None else 0):
            page = bare(await self.request("tools/list", params))
            self.book.exchanged("tools/list", params, {"result": page}, {"t": round(time.time(), 3)})
            found += [store.decode_tool(_declaration(tool)) for tool in page.get("tools", ())]
            if not (cursor := page.get("nextCursor")):
                break
            params = {"cursor": cursor}
        return found

    async def hear(self, message: IncomingMessage) -> None:
        """Pass on what the server announces; a changed list of tools is read and written down."""
        if isinstance(message, _CHANGES) and self.front is not None:
            if isinstance(message, ToolListChangedNotification):
                with contextlib.suppress(MCPError):  # it has gone since; the client will see that itself
                    self.book.declared(await self.tools())
                    await self.book.save()
            await self.front.notify(message)


def _call(asked: Asked) -> tuple[str, dict[str, Any]]:
    return str(asked.params.get("name")), dict(asked.params.get("arguments") or {})


def _declaration(tool: dict[str, Any]) -> Any:
    """A tool of ``tools/list`` as the file keeps it; its hints stand in the exchange."""
    return {key: tool[key] for key in ("name", "description", "inputSchema", "outputSchema") if tool.get(key)}


@contextlib.asynccontextmanager
async def proxied(server: Server, out: Path, *, mode: str = "auto") -> AsyncIterator[Proxy]:
    """A proxy in front of ``server`` that writes to ``out``; its ``front`` is to be served.

    ``mode`` is the era of the protocol in which the server is spoken to: ``legacy``, or ``auto`` for the newest.

    A command gets the whole environment of this process, as it would from the client in whose configuration it stood.
    Raises :class:`~nextstate.errors.UsageError` where no server answers, and for a file that is no ``.jsonl``.
    """
    made: list[Proxy] = []

    async def heard(message: IncomingMessage) -> None:
        for proxy in made:
            await proxy.hear(message)

    inherited = replace(server, env={**os.environ, **server.env})
    async with mcp.connected(inherited, sys.stderr, seconds=LONGEST, heard=heard, mode=mode) as client:
        info = client.server_info or Implementation(name="anonymous", version="")
        about = About(info, client.server_capabilities, client.instructions, client.protocol_version)
        proxy = Proxy(client, Book(out, about.stored()))
        proxy.front = Front(about, proxy.answer)
        if server.url and client.server_capabilities.tools is not None:
            await client.list_tools()  # tells the SDK which arguments go into headers, too
        proxy.book.declared(await proxy.tools())
        await proxy.book.save()
        made.append(proxy)
        try:
            async with _listening(client):
                yield proxy
        finally:
            with anyio.CancelScope(shield=True):
                await proxy.book.save()  # calls that were cancelled since are told, too


@contextlib.asynccontextmanager
async def _listening(client: Client) -> AsyncIterator[None]:
    """In the newer era a server announces changes only to those that ask for them."""
    able = client.server_capabilities
    tools = bool(able.tools and able.tools.list_changed)
    prompts = bool(able.prompts and able.prompts.list_changed)
    resources = bool(able.resources and able.resources.list_changed)
    async with contextlib.AsyncExitStack() as stack:
        if client.session.discover_result is not None and (tools or prompts or resources):
            asked = client.listen(
                tools_list_changed=tools, prompts_list_changed=prompts, resources_list_changed=resources
            )
            with contextlib.suppress(MCPError):  # it says that it can, and cannot: then nobody hears of changes
                await stack.enter_async_context(asked)
        yield


async def serve(server: Server, out: Path, *, port: int | None, say: Callable[[str], None]) -> Book:
    """Stand in front of ``server`` until the client leaves, or on ``port`` until the process is told to end.

    On standard input and output, the server is spoken to in the era in which the client speaks.
    """
    if port is not None:
        async with proxied(server, out) as proxy:
            assert proxy.front is not None
            await proxy.front.http(port, lambda url: say(f"recording at {url}"))
            return proxy.book
    async with stdio() as client, proxied(server, out, mode="auto" if client.modern else "legacy") as proxy:
        assert proxy.front is not None
        await proxy.front.serve(client)
        return proxy.book

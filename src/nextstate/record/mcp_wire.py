"""The side of an MCP proxy that clients see: one server whose every request is answered by whoever is behind it.

Results stay the JSON that they are, so that nothing of them is lost on the way. Between the protocol's eras they are
translated: since 2026-07-28 a result says how it ended (``resultType``), for how long it may be kept (``ttlMs``,
``cacheScope``) and who gave it (``_meta``); before, it says none of these. Specification: modelcontextprotocol.io,
revisions 2025-11-25 and 2026-07-28, as the package ``mcp-types`` has them.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.message import SessionMessage
from mcp.shared.subscriptions import event_from_wire
from mcp_types import Implementation, JSONRPCRequest, ServerCapabilities
from mcp_types.methods import CACHEABLE_METHODS
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.session import ServerSession
    from mcp.shared._stream_protocols import ReadStream, WriteStream
    from mcp_types import ServerNotification

    from nextstate.types import Json

SERVER_INFO = "io.modelcontextprotocol/serverInfo"
"""The key of ``_meta`` under which a result says who gave it."""
_OWN_KEYS = frozenset(
    f"io.modelcontextprotocol/{name}" for name in ("protocolVersion", "clientInfo", "clientCapabilities", "logLevel")
)
"""Keys of a request's ``_meta`` that speak of the connection on which it came."""
ITSELF = frozenset(("initialize", "server/discover", "ping", "subscriptions/listen"))
"""Requests that this side answers itself: they speak of the connection."""
LOOPBACK = "127.0.0.1"
MAX_CLIENTS = 100
"""Clients over HTTP that are told of changes; of more, the ones that came last."""


@dataclass(frozen=True, slots=True)
class About:
    """What a server says of itself: its name and version, what it can do, and how it is used."""

    info: Implementation
    capabilities: ServerCapabilities
    instructions: str | None = None
    protocol: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> About:
        """The inverse of :meth:`stored`; raises :class:`pydantic.ValidationError` for what is no such thing."""
        return cls(
            Implementation.model_validate(stored.get("info") or {"name": "recorded", "version": ""}),
            ServerCapabilities.model_validate(stored.get("capabilities") or {}),
            stored.get("instructions"),
            str(stored.get("protocol") or ""),
        )

    def stored(self) -> dict[str, Json]:
        """The same as JSON."""
        info = self.info.model_dump(mode="json", by_alias=True, exclude_none=True)
        capabilities = self.capabilities.model_dump(mode="json", by_alias=True, exclude_none=True)
        told = {"instructions": self.instructions} if self.instructions is not None else {}
        return {"info": info, "protocol": self.protocol, "capabilities": capabilities, **told}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a client. ``params`` have what belongs to its connection taken off; ``session`` leads back to it."""

    method: str
    params: dict[str, Any]
    session: ServerSession
    follows: bool
    """Whether the client wants to hear of progress."""

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Tell the client how far its request is; nothing is sent to one that did not ask for it."""
        await self.session.report_progress(progress, total, message)


Answer = Callable[[Asked], Awaitable[dict[str, Any]]]
"""The result of a request; raises :class:`mcp.MCPError` for an error of JSON-RPC."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client on standard input and output that has asked its first question; ``modern`` tells its era."""

    reads: ReadStream[SessionMessage | Exception]
    writes: WriteStream[SessionMessage]
    modern: bool


@contextlib.asynccontextmanager
async def stdio() -> AsyncIterator[Caller]:
    """The client on standard input and output, once it has sent a request; what it sent is read again from there."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reads, writes), anyio.create_task_group() as tasks:
        first: list[SessionMessage | Exception] = []
        async for message in reads:
            first.append(message)
            if isinstance(message, SessionMessage) and isinstance(message.message, JSONRPCRequest):
                break
        send, again = anyio.create_memory_object_stream[SessionMessage | Exception](len(first))
        tasks.start_soon(_relay, first, reads, send)
        yield Caller(again, writes, any(map(_modern, first)))
        tasks.cancel_scope.cancel()


async def _relay(
    first: list[SessionMessage | Exception],
    reads: ReadStream[SessionMessage | Exception],
    send: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    async with send:
        for message in first:
            await send.send(message)
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens any more
            async for message in reads:
                await send.send(message)


def _modern(message: SessionMessage | Exception) -> bool:
    """Whether a request carries the envelope that every one has since 2026-07-28."""
    inner = message.message if isinstance(message, SessionMessage) else None
    if not isinstance(inner, JSONRPCRequest) or inner.method == "initialize":
        return False
    meta = (inner.params or {}).get("_meta")
    return isinstance(meta, dict) and "io.modelcontextprotocol/protocolVersion" in meta


class Front:
    """A server for clients of both eras, on standard input and output or over HTTP, that asks ``answer``."""

    def __init__(self, about: About, answer: Answer) -> None:
        self.about = about
        self._answer = answer
        self._bus = InMemorySubscriptionBus()
        self._clients: deque[ServerSession] = deque(maxlen=MAX_CLIENTS)
        """Those of the older era, which hear of changes without asking."""
        self.server = _Server(about, ListenHandler(self._bus))
        self.server.middleware.append(self._middle)

    async def serve(self, caller: Caller) -> None:
        """Serve one client until it leaves."""
        await self.server.run(caller.reads, caller.writes, self.server.create_initialization_options())

    async def http(self, port: int, ready: Callable[[str], None]) -> None:
        """Serve clients on this machine until the process is told to end; ``ready`` is told the address.

        Port 0 is any free one. Raises :class:`OSError` where the port is taken.
        """
        import uvicorn

        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((LOOPBACK, port))
            ready(f"http://{LOOPBACK}:{listening.getsockname()[1]}/mcp")
            app = self.server.streamable_http_app(host=LOOPBACK)
            await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[listening])

    async def notify(self, notification: ServerNotification) -> None:
        """Pass what a server announces on to every client that is there."""
        params = notification.model_dump(mode="json", by_alias=True, exclude_none=True).get("params")
        if (event := event_from_wire(notification.method, params)) is not None:
            await self._bus.publish(event)
        for session in list(self._clients):
            with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await session.send_notification(notification)

    async def _middle(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        if ctx.method == "notifications/initialized" and not modern:
            self._clients.append(ctx.session)
        if ctx.request_id is None or ctx.method in ITSELF:
            return await call_next(ctx)
        follows = "progressToken" in ((ctx.params or {}).get("_meta") or {})
        result = await self._answer(Asked(ctx.method, _own(ctx.params), ctx.session, follows))
        return dressed(result, ctx.method, modern, self.about)


def _own(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters without what speaks of the connection, and without the token of its progress."""
    found = dict(params or {})
    meta = found.pop("_meta", None)
    if isinstance(meta, dict) and (
        kept := {key: value for key, value in meta.items() if key not in _OWN_KEYS and key != "progressToken"}
    ):
        found["_meta"] = kept
    return found


def bare(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what only the newer era says; a result that asks for more (``input_required``) keeps it."""
    found = {key: value for key, value in result.items() if key not in ("ttlMs", "cacheScope")}
    if found.get("resultType") == "complete":
        del found["resultType"]
    meta = found.get("_meta")
    if isinstance(meta, dict) and SERVER_INFO in meta:
        del found["_meta"]
        if rest := {key: value for key, value in meta.items() if key != SERVER_INFO}:
            found["_meta"] = rest
    return found


def dressed(result: Mapping[str, Any], method: str, modern: bool, about: About) -> dict[str, Any]:
    """A result as clients of the era expect it; what it says itself stays."""
    if not modern:
        return bare(result)
    hints = {"ttlMs": 0, "cacheScope": "private"} if method in CACHEABLE_METHODS else {}
    info = about.info.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"resultType": "complete", **hints, **result, "_meta": {SERVER_INFO: info, **(result.get("_meta") or {})}}


class _Server(Server[dict[str, Any]]):
    """The SDK's server, which says of itself what another one says."""

    def __init__(self, about: About, listen: ListenHandler) -> None:
        info = about.info
        super().__init__(
            info.name,
            version=info.version,
            title=info.title,
            description=info.description,
            instructions=about.instructions,
            website_url=info.website_url,
            icons=info.icons,
            on_subscriptions_listen=listen,
        )
        self._about = about

    def get_capabilities(self, *args: Any, **options: Any) -> ServerCapabilities:
        return self._about.capabilities

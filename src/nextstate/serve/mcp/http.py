"""One session's end of streamable HTTP: which session is in the address, never in the protocol.

Each message is one POST with one answer in JSON, or in a stream where a client asks for progress. So it is in both eras
of the protocol: that of 2026-07-28, which knows no sessions, and those before it, whose ``initialize`` is answered and
whose sessions are not opened. There is no stream of the server's own (GET) and no session to end (DELETE).

An address with ``?scenario=NAME`` opens the session that it names when it is first used, with ``seed`` and ``model``
from there as well; so a client that only takes an address gets a world of its own. A session that is there goes on, and
is refused where it is of another scenario.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import orjson
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import INVALID_REQUEST, PARSE_ERROR
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nextstate.domain import find
from nextstate.domain.calls import declared
from nextstate.errors import NextstateError, UsageError
from nextstate.serve.mcp.errors import told
from nextstate.serve.mcp.place import KEY
from nextstate.serve.mcp.progress import asked
from nextstate.serve.problems import owner, status
from nextstate.serve.queues import Place
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from starlette.types import Message, Receive, Scope, Send

    from nextstate.serve.service import Service
    from nextstate.types import Json

_schema: ContextVar[Mapping[str, Json] | None] = ContextVar("schema", default=None)
"""What the tool takes that is being called, for the check of ``Mcp-Param-*`` headers by the library."""


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """What runs beside the requests: the library's handlers, for agents and for the controls.

    ``telling`` is for agents that ask to be told of progress: their answers are streams of server-sent events.
    """

    agent: StreamableHTTPSessionManager
    telling: StreamableHTTPSessionManager
    control: StreamableHTTPSessionManager


@asynccontextmanager
async def manager(server: Server[Any], *, streams: bool = False) -> AsyncIterator[StreamableHTTPSessionManager]:
    """The library's handler of HTTP for ``server``, while it runs. It keeps nothing between two messages."""
    server.get_tool_input_schema = lambda name: _schema.get()
    made = StreamableHTTPSessionManager(server, json_response=not streams, stateless=True)
    async with made.run():
        yield made


class Endpoint:
    """The raw ASGI application behind an address ``/s/{session}/...``; ``running`` gives what runs for the service."""

    def __init__(self, service: Service, running: Callable[[], Running], *, control: bool = False) -> None:
        self._service = service
        self._running = running
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        message = _message(request, body)
        refusal = message if isinstance(message, Response) else await self._refusal(request, message)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await _answered(self._handler(request, message), scope, _again(body), receive, send)

    def _handler(self, request: Request, message: Any) -> StreamableHTTPSessionManager:
        running = self._running()
        if self._control:
            return running.control
        return running.telling if _wants_progress(request, message) else running.agent

    async def _refusal(self, request: Request, message: Mapping[str, Any]) -> Response | None:
        """What is answered where the session is not there; ``None`` where it is, and its place is noted then."""
        try:
            place = await self._place(request)
            _schema.set(await self._input_schema(place, message))
        except NextstateError as error:
            return JSONResponse(_envelope(message.get("id"), told(error)), status(error))
        request.scope[KEY] = place
        return None

    async def _place(self, request: Request) -> Place:
        place = Place(owner(request), request.path_params["sid"])
        wanted = request.query_params.get("scenario")
        try:
            view = await self._service.sessions.view(place.owner, place.session)
        except NoSuchSession:
            if wanted is None:
                raise
            return await self._service.queues.next(place, lambda: self._opened(place, request))
        if wanted is not None and wanted != view.scenario:
            raise UsageError(f"the session {view.id!r} is of the scenario {view.scenario[:80]!r}; use another id")
        return place

    async def _opened(self, place: Place, request: Request) -> Place:
        """``place`` with the session that its address asks for; whoever came second finds it there."""
        asked = request.query_params
        scenario = self._service.catalogue.find(asked["scenario"])
        try:
            await self._service.sessions.view(place.owner, place.session)
        except NoSuchSession:
            model, seed = asked.get("model", ""), _seed(asked.get("seed", "0"))
            await self._service.sessions.create(place.owner, scenario, model=model, seed=seed, id=place.session)
        return place

    async def _input_schema(self, place: Place, message: Mapping[str, Any]) -> Mapping[str, Json] | None:
        params = message.get("params")
        if message.get("method") != "tools/call" or not isinstance(params, dict):
            return None
        name = params.get("name")
        scenario = await self._service.sessions.scenario(place.owner, place.session)
        tool = declared(scenario.setup, name) if isinstance(name, str) else None
        return tool.input_schema if tool is not None else find(scenario.domain).tool(scenario.setup).input_schema


def _message(request: Request, body: bytes) -> dict[str, Any] | Response:
    """The message that a request brings, or what is answered to one that brings none."""
    if request.method != "POST":
        words = "each message is a POST; there is no stream to GET and no session to DELETE"
        return _error(405, INVALID_REQUEST, words, headers={"Allow": "POST"})
    try:
        message = orjson.loads(body)
    except ValueError as error:
        return _error(400, PARSE_ERROR, f"the body is not JSON: {str(error)[:200]}")
    if not isinstance(message, dict):
        return _error(400, INVALID_REQUEST, "a body is one JSON-RPC message, an object; batches are not taken")
    return message


def _wants_progress(request: Request, message: Mapping[str, Any]) -> bool:
    """Whether a call asks to be told of progress by a client that takes a stream."""
    params = message.get("params")
    given = message.get("method") == "tools/call" and isinstance(params, dict) and asked(params.get("_meta"))
    return given and "text/event-stream" in request.headers.get("accept", "")


def _seed(text: str) -> int:
    try:
        return int(text[:20])
    except ValueError:
        raise UsageError(f"the seed {text[:40]!r} is no whole number") from None


def _error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(_envelope(None, {"code": code, "message": message}), status, headers)


def _envelope(id: object, error: Mapping[str, Any]) -> dict[str, Any]:
    known = isinstance(id, str | int) and not isinstance(id, bool)
    return {"jsonrpc": "2.0", "id": id if known else None, "error": dict(error)}


def _again(body: bytes) -> list[Message]:
    return [{"type": "http.request", "body": body, "more_body": False}]


async def _answered(
    handler: StreamableHTTPSessionManager, scope: Scope, read: list[Message], receive: Receive, send: Send
) -> None:
    """Let ``handler`` answer a body that was read, as long as the client is there.

    A client cancels a request by leaving: a step that was not begun is not taken then, one that was begun is finished.
    """
    gone = asyncio.Event()

    async def replayed() -> Message:
        if read:
            return read.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def watch(cancelled: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        cancelled.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch, group.cancel_scope)
        await handler.handle_request(scope, replayed, send)
        group.cancel_scope.cancel()

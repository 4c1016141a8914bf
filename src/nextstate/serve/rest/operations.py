"""What an operation of the REST surface is, and how a request becomes a call of it: plain ASGI, for steps are many."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from nextstate.data import store
from nextstate.errors import NextstateError
from nextstate.serve.problems import Refused, owner_of, problem, status

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from nextstate.serve.rest.shapes import In
    from nextstate.serve.service import Service
    from nextstate.types import Json

JSON = "application/json"
EVENTS = "text/event-stream"
MAX_FIELDS = 20
"""Fields of a query."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read. ``body`` and ``query`` are what the operation names, ``path`` the parts of the path."""

    service: Service
    owner: str
    path: Mapping[str, str]
    body: Any = None
    query: Any = None
    streams: bool = False
    """Whether the client asks for server-sent events."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``body`` is text that is sent as it is, or a value that becomes JSON."""

    body: Any
    media: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes in pieces, as server-sent events."""

    pieces: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the table of routes, from which both the routes and the OpenAPI document are made.

    ``body`` and ``query`` are what the request is read into, ``result`` the shape of the answer, where it is JSON;
    ``problems`` are the codes of what may go wrong beside a bad request.
    """

    method: str
    path: str
    name: str
    summary: str
    act: Callable[[Call], Awaitable[Answer | Stream]]
    body: type[In] | None = None
    query: type[In] | None = None
    result: type | None = None
    media: tuple[str, ...] = (JSON,)
    status: int = 200
    problems: tuple[str, ...] = ()
    example: Mapping[str, Json] = field(default_factory=dict)


class Conflict(Refused):
    """A step was to have an index that the session's next one has not."""

    def __init__(self, turn: int, turns: int) -> None:
        super().__init__(409, "conflict", f"turn {turn} was asked for, but the session has {turns} turns")
        self.turns = turns


class Endpoint:
    """The operations of one path."""

    def __init__(self, service: Service, operations: Mapping[str, Operation]) -> None:
        self.service = service
        self.operations = dict(operations)
        self._allow = ", ".join(sorted(self.operations))
        self._decoders = {
            method: msgspec.json.Decoder(one.body) for method, one in operations.items() if one.body is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = self.operations.get(method)
        if operation is None:
            fault = Refused(405, "bad_method", f"{scope['method'][:20]} is not answered here, but {self._allow}")
            await _send(send, fault.status, problem(fault), headers=((b"allow", self._allow.encode()),))
            return
        try:
            answer = await operation.act(await self._call(operation, scope, receive))
        except NextstateError as error:
            await _send(send, status(error), told(error))
            return
        if isinstance(answer, Stream):
            await _stream(send, answer)
        else:
            await _send(send, operation.status, answer.body, answer.media, answer.headers)

    async def _call(self, operation: Operation, scope: Scope, receive: Receive) -> Call:
        body = query = None
        streams = False
        if operation.body is not None:
            kind = b""
            for name, value in scope["headers"]:
                if name == b"content-type":
                    kind = value
                elif name == b"accept":
                    streams = EVENTS.encode() in value
            body = self._body(operation, await _whole(receive), kind)
        if operation.query is not None:
            query = _query(operation.query, scope["query_string"])
        elif scope["query_string"]:
            _query(_Nothing, scope["query_string"])
        return Call(self.service, owner_of(scope), scope["path_params"], body, query, streams)

    def _body(self, operation: Operation, text: bytes, kind: bytes) -> Any:
        if text and kind and kind.partition(b";")[0].strip().lower() != JSON.encode():
            raise Refused(415, "bad_media", f"the body must be {JSON}; say so in Content-Type")
        try:
            return self._decoders[operation.method].decode(text or b"{}")
        except msgspec.ValidationError as error:
            raise _bad(f"the body does not fit: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise _bad(f"the body is no JSON: {error}") from None


class _Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A query without fields."""


def _bad(message: str) -> Refused:
    return Refused(400, "bad_request", message[:1_000])


async def _whole(receive: Receive) -> bytes:
    """The body. The gate has read and bounded it, so this is one message."""
    message: Message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body


def _query(shape: type[Any], text: bytes) -> Any:
    try:
        pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        if len(fields := dict(pairs)) < len(pairs):
            raise _bad("a field of the query stands there twice")
        return msgspec.convert(fields, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _bad(f"the query does not fit: {error}") from None
    except ValueError as error:
        raise _bad(f"the query cannot be read: {error}") from None


def told(error: NextstateError) -> dict[str, Any]:
    """An error as the JSON of an answer."""
    found = problem(error)
    if isinstance(error, Conflict):
        found["error"]["turns"] = error.turns
    return found


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def encoded(value: Any) -> bytes:
    """``value`` as JSON, on one line. Lone surrogates, which have no UTF-8, become U+FFFD."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return store.dump(msgspec.to_builtins(value, enc_hook=_plain))


async def _send(
    send: Send, code: int, body: Any, media: str = JSON, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    if isinstance(body, str):
        data = store.utf8(body)
    else:
        data = body if isinstance(body, bytes) else encoded(body)
    fields = [(b"content-type", media.encode()), (b"content-length", b"%d" % len(data)), *headers]
    await send({"type": "http.response.start", "status": code, "headers": fields})
    await send({"type": "http.response.body", "body": data})


async def _stream(send: Send, stream: Stream) -> None:
    """Send what comes; a client that has gone away is no reason to stop, for the step is finished anyway."""
    fields = [(b"content-type", EVENTS.encode()), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    async for piece in stream.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})

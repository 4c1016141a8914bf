"""What passes a gate: answers with header fields for safety, messages of WebSockets, refusals, bodies read whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from nextstate.serve.bounds import Bounds, too_deep
from nextstate.serve.problems import Refused, problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from nextstate.serve.keys import Key, Keys

PROTOCOL = "nextstate"
"""The subprotocol that a WebSocket is accepted with, where its client names a key in another one."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Header fields of every answer that does not set them itself."""


class Slow(Refused):
    """The key asks more often than it may."""

    def __init__(self, wait: float) -> None:
        super().__init__(429, "too_many_requests", f"the key may ask again in {wait:.3g} s")
        self.wait = wait


def too_large(bounds: Bounds) -> Refused:
    """The refusal of a body that is longer than it may be."""
    return Refused(413, "too_large", f"the body is longer than {bounds.body} bytes")


async def whole(receive: Receive, bounds: Bounds) -> Message:
    """The body in one message, or the message that the client has gone away. Raises :class:`Refused`."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return message
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > bounds.body:
            raise too_large(bounds)
        more = message.get("more_body", False)
    return {"type": "http.request", "body": parts[0] if len(parts) == 1 else b"".join(parts), "more_body": False}


def again(message: Message, receive: Receive) -> Receive:
    """``message``, and then what ``receive`` gives."""
    waiting = [message]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


class Answer:
    """What an application answers, with the header fields for safety; it ends when its key is revoked."""

    __slots__ = ("_keys", "_send", "ended", "key", "status")

    def __init__(self, keys: Keys | None, send: Send) -> None:
        self._keys, self._send = keys, send
        self.key: Key | None = None
        self.status = 0
        self.ended = False

    async def send(self, message: Message) -> None:
        if self.ended:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = _safe(message.get("headers", ()))
        elif message.get("more_body") and self.key is not None and self.status == 200 and self._revoked():
            # The application learns it as it learns that a client has gone away.
            self.ended = True
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _revoked(self) -> bool:
        return self._keys is not None and self.key is not None and not self._keys.holds(self.key)


def _safe(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = list(headers)
    names = {name for name, _ in own}
    own += [field for field in SECURITY if field[0] not in names]
    return own


class Socket:
    """The messages of a WebSocket: bounded, not too many a second, and none after its key is revoked."""

    __slots__ = ("_bounds", "_closed", "_keys", "_receive", "_scope", "_send", "_wait", "key", "status")

    def __init__(
        self,
        keys: Keys | None,
        bounds: Bounds,
        wait: Callable[[Key], float],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._keys, self._bounds, self._wait = keys, bounds, wait
        self._scope, self._receive, self._send = scope, receive, send
        self._closed = False
        self.key: Key | None = None
        self.status = 1006

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.receive":
            text = message.get("text")
            data = message.get("bytes") or b"" if text is None else text.encode("utf-8", "surrogatepass")
            if len(data) > self._bounds.message or (text is not None and too_deep(data)):
                return await self._close(1009, "the message is too long or its JSON nested too deeply")
            if self.key is not None and await self._stopped(self.key):
                return await self._close(1008, "the key was revoked")
        elif message["type"] == "websocket.disconnect":
            self.status = message.get("code", 1005)
        return message

    async def send(self, message: Message) -> None:
        if self._closed:
            return
        kind = message["type"]
        if kind == "websocket.accept":
            self.status = 101
            if message.get("subprotocol") is None and PROTOCOL in self._scope["subprotocols"]:
                message["subprotocol"] = PROTOCOL
        elif kind == "websocket.close":
            self._closed, self.status = True, message.get("code", 1000)
        elif kind == "websocket.send" and self._revoked():
            await self._close(1008, "the key was revoked")
            return
        await self._send(message)

    async def _stopped(self, key: Key) -> bool:
        """Whether the key is revoked, after waiting until it may send another message."""
        while (wait := self._wait(key)) and not self._revoked():  # noqa: ASYNC110 - nobody tells when it may
            await asyncio.sleep(wait)
        return self._revoked()

    def _revoked(self) -> bool:
        return self._keys is not None and self.key is not None and not self._keys.holds(self.key)

    async def _close(self, code: int, reason: str) -> Message:
        if not self._closed:
            self._closed, self.status = True, code
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        return {"type": "websocket.disconnect", "code": code, "reason": reason}


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    body = msgspec.json.encode(problem(refused))
    await send({"type": "http.response.start", "status": refused.status, "headers": _fields(scope, refused, body)})
    await send({"type": "http.response.body", "body": body})


async def refuse_socket(scope: Scope, receive: Receive, send: Send, refused: Refused) -> None:
    """Answer the opening handshake with the refusal, where the server can; else close it."""
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    body = msgspec.json.encode(problem(refused))
    headers = _safe(_fields(scope, refused, body))
    await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _fields(scope: Scope, refused: Refused, body: bytes) -> list[tuple[bytes, bytes]]:
    fields = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if isinstance(refused, Slow):
        fields.append((b"retry-after", str(int(refused.wait) + 1).encode()))
    if refused.status == 401:
        html = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
        fields.append((b"www-authenticate", b'Basic realm="nextstate", charset="UTF-8"' if html else b"Bearer"))
    if refused.status in (408, 413):
        fields.append((b"connection", b"close"))  # the rest of the body is not read
    return fields

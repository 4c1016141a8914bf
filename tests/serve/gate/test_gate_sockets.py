"""WebSockets behind the gate: who may open one, what may be said, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from nextstate.serve.bounds import Bounds
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys


class Opened:
    """A WebSocket to an application that says again whatever it hears."""

    def __init__(self, gate: Gate, *, between: Any = None) -> None:
        self.gate, self.between = gate, between
        self.owner = ""
        self.sent: list[dict[str, Any]] = []

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        self.owner = scope["owner"]
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message.get("text")})

    async def __call__(
        self, messages: Iterable[Any] = (), headers: Any = (), subprotocols: Iterable[str] = (), origin: bytes = b""
    ) -> list[str]:
        waiting: list[Any] = [{"type": "websocket.connect"}]
        waiting += [{"type": "websocket.receive", **one} for one in messages] + [{"type": "websocket.disconnect"}]
        scope = {
            "type": "websocket",
            "path": "/ws",
            "raw_path": b"/ws",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:1"), *headers, *([(b"origin", origin)] if origin else [])],
            "subprotocols": list(subprotocols),
            "extensions": {"websocket.http.response": {}},
        }

        async def receive() -> Any:
            message = waiting.pop(0)
            if self.between is not None and message["type"] == "websocket.receive":
                self.between()
            return message

        async def send(message: Any) -> None:
            self.sent.append(message)

        await self.gate.wrap(self._echo)(scope, receive, send)
        return [one["type"].removeprefix("websocket.") for one in self.sent]

    @property
    def last(self) -> dict[str, Any]:
        return self.sent[-1]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json")


async def test_a_key_opens_a_socket_in_a_header_or_a_subprotocol(keys: Keys) -> None:
    secret = keys.new("ann")
    one = Opened(Gate(keys))
    assert await one([{"text": "a"}], headers=[(b"authorization", f"Bearer {secret}".encode())]) == ["accept", "send"]
    assert one.owner == "ann"
    two = Opened(Gate(keys))
    await two(subprotocols=["nextstate", f"bearer.{secret}"])
    assert (two.owner, two.sent[0]["subprotocol"]) == ("ann", "nextstate")


async def test_without_a_key_the_handshake_is_refused(keys: Keys) -> None:
    keys.new("ann")
    for subprotocols in ([], ["nextstate"], ["bearer.ns_wrong"], ["bearer."]):
        one = Opened(Gate(keys))
        assert (await one(subprotocols=subprotocols))[0] == "http.response.start"
        assert one.sent[0]["status"] == 401
        assert json.loads(one.sent[1]["body"])["error"]["code"] == "unauthorized"


async def test_a_page_of_another_origin_opens_no_socket() -> None:
    for origin in (b"http://evil.example", b"null", b"http://127.0.0.1:2"):
        one = Opened(Gate())
        await one(origin=origin)
        assert one.sent[0]["status"] == 403
    one = Opened(Gate())
    assert await one([{"text": "a"}], origin=b"http://127.0.0.1:1") == ["accept", "send"]


@pytest.mark.parametrize("message", [{"text": "x" * 11}, {"bytes": b"x" * 11}, {"text": "\u00e9" * 6}])
async def test_a_message_that_is_too_long_ends_the_socket(message: Any) -> None:
    one = Opened(Gate(bounds=Bounds(message=10)))
    assert await one([{"text": "short"}, message, {"text": "more"}]) == ["accept", "send", "close"]
    assert one.last["code"] == 1009


async def test_a_message_that_is_nested_too_deeply_ends_the_socket() -> None:
    one = Opened(Gate())
    assert await one([{"text": "[" * 200}]) == ["accept", "close"]


async def test_a_socket_ends_when_its_key_is_revoked(keys: Keys) -> None:
    secret, said = keys.new("ann"), []

    def between() -> None:
        said.append(1)
        if len(said) == 2:
            keys.revoke("ann")

    one = Opened(Gate(keys), between=between)
    assert await one([{"text": "a"}, {"text": "b"}], subprotocols=[f"bearer.{secret}"]) == ["accept", "send", "close"]
    assert one.last["code"] == 1008


async def test_a_revoked_key_hears_nothing_more(keys: Keys) -> None:
    secret, sent = keys.new("ann"), []

    async def tells(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        keys.revoke("ann")
        await send({"type": "websocket.send", "text": "news"})

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {
        "type": "websocket",
        "path": "/",
        "query_string": b"",
        "headers": [(b"x-api-key", secret.encode())],
        "subprotocols": [],
    }
    await Gate(keys).wrap(tells)(scope, asyncio.Event().wait, send)
    assert sent == ["websocket.accept", "websocket.close"]


async def test_messages_that_come_too_fast_wait(keys: Keys) -> None:
    # The clock stands still, so that only waiting lets a message through: each wait moves it on.
    now, secret = [0.0], keys.new("ann", rate=4.0)

    async def waits(seconds: float) -> None:
        now[0] += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nextstate.serve.messages.asyncio.sleep", waits)
        one = Opened(Gate(keys, clock=lambda: now[0]))
        assert (await one([{"text": "a"}] * 12, subprotocols=[f"bearer.{secret}"])).count("send") == 12
    assert now[0] >= 2.0

"""Whatever is sent: an answer below 500 in bounded time, and a session that goes on."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import flight_desk
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from nextstate.serve.gate import Gate
from nextstate.serve.testing import served, service_of

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "2027-01-01", "", "x")
METHODS = (
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    *("tools/call",) * 5,
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "subscriptions/listen",
    "prompts/list",
    "completion/complete",
    "logging/setLevel",
    "tasks/get",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "",
    "x/y",
)
NAMES = (
    "search-flights",
    "count",
    "read",
    "fail",
    "unfit",
    "break",
    "fork",
    "rewind",
    "view",
    "instruct",
    "snapshot",
    "",
)
PATHS = ("/s/desk/mcp", "/s/desk/control/mcp", "/s/nobody/mcp", "/s/desk/mcp?scenario=x&seed=y", "/s/%00/mcp")

STREAM = "application/json, text/event-stream"
"""What a client accepts that takes a stream; only it is answered with one, where it asks for progress."""

texts = some.text(some.characters(), max_size=20) | some.sampled_from(["\ud800", "\x00", "=?base64?!?=", "null"])
numbers = some.integers() | some.floats() | some.sampled_from([2**63, -(2**64), 10**400, 1e308])
values = some.recursive(
    some.none() | some.booleans() | numbers | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
metas = some.fixed_dictionaries(
    {},
    optional={
        "io.modelcontextprotocol/protocolVersion": some.sampled_from(VERSIONS) | values,
        "io.modelcontextprotocol/clientCapabilities": some.just({}) | values,
        "io.modelcontextprotocol/clientInfo": some.just({"name": "n", "version": "1"}) | values,
        "progressToken": some.integers() | values,
    },
)
params = some.fixed_dictionaries(
    {},
    optional={
        "_meta": metas | values,
        "name": some.sampled_from(NAMES) | values,
        "arguments": some.dictionaries(some.sampled_from(["legs", "turns", "at", "seed", "model", "a"]), values)
        | values,
        "uri": some.just("nextstate://session") | values,
        "cursor": values,
        "protocolVersion": some.sampled_from(VERSIONS) | values,
        "capabilities": some.just({}) | values,
        "clientInfo": some.just({"name": "n", "version": "1"}) | values,
        "requestId": values,
        "level": values,
        "task": values,
        "ref": values,
        "argument": values,
    },
)
arguments = some.dictionaries(some.sampled_from(["legs", "turns", "at", "seed", "model", "instruction", "a"]), values)
called = some.fixed_dictionaries(
    {"name": some.sampled_from(NAMES), "arguments": arguments | some.just({})},
    optional={"_meta": some.sampled_from([{"progressToken": 1}, {"progressToken": "x"}, {"progressToken": None}])},
)
messages = some.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": some.just("2.0") | values,
        "id": some.integers() | texts | values,
        "method": some.sampled_from(METHODS) | values,
        "params": params | values,
        "result": values,
        "error": values,
    },
)


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()


bodies = (
    messages.map(_written)
    | some.lists(messages, max_size=3).map(_written)
    | values.map(_written)
    | some.binary(max_size=60)
    | some.tuples(messages.map(_written), some.integers(0, 400)).map(lambda both: both[0][: both[1]])
    | some.sampled_from(
        [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, b'"' + b"x" * 5_000_000, b"\xff\xfe{", b""]
    )
)
headers = some.fixed_dictionaries(
    {},
    optional={
        "MCP-Protocol-Version": some.sampled_from(VERSIONS),
        "Mcp-Method": some.sampled_from(METHODS),
        "Mcp-Name": some.sampled_from((*NAMES, "=?base64?!?=", "=?base64?Y291bnQ=?=")),
        "Mcp-Param-Legs": some.sampled_from(["x", ""]),
        "Mcp-Session-Id": some.sampled_from(["x", ""]),
        "Last-Event-ID": some.just("1"),
        "Accept": some.sampled_from(
            [STREAM, "*/*", "application/json", "text/event-stream", "", "application/json;q=x"]
        ),
        "Content-Type": some.sampled_from(["application/json", "text/plain", "application/json; charset=latin-1", ""]),
    },
)
methods = some.sampled_from(["POST"] * 12 + ["GET", "DELETE", "PUT", "HEAD"])


class Server:
    """A live server in a thread of its own, and one connection to it."""

    def __init__(self) -> None:
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(30)

    async def _serve(self) -> None:
        service = service_of({"scripted": flight_desk.model()}, gate=Gate())
        async with served(service, surfaces=("mcp",)) as url:
            await flight_desk.session(service, "desk")
            self.port = int(url.rsplit(":", 1)[1])
            self._ready.set()
            await asyncio.to_thread(self._over.wait)

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionError:
            assert len(body) > 4 * 2**20, "only what is too large is not read to its end"
            return 413, b""
        finally:
            connection.close()

    def close(self) -> None:
        self._over.set()
        self._thread.join(30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def complete(message: dict[str, Any], headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """A message that agrees with its headers, so that it comes further."""
    version = "2026-07-28"
    known = {"io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {}}
    given = message.get("params")
    given = given if isinstance(given, dict) else {}
    meta = given.get("_meta")
    meta = {**(meta if isinstance(meta, dict) else {}), **known}
    whole = {"jsonrpc": "2.0", "id": 1, **message, "params": {**given, "_meta": meta}}
    method, name = whole.get("method"), given.get("uri" if whole.get("method") == "resources/read" else "name")
    fitting = {"MCP-Protocol-Version": version, "Accept": STREAM, "Content-Type": "application/json"}
    for header, value in (("Mcp-Method", method), ("Mcp-Name", name)):
        if isinstance(value, str) and value.isascii() and value.isprintable():
            fitting[header] = value
    return _written(whole), {**headers, **fitting}


def answered(server: Server, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
    """The property: an answer that says what it is, and is no failure of the server's."""
    status, text = server.ask(method, path, body, {"Content-Type": "application/json", "Accept": "*/*", **headers})
    assert 200 <= status < 500, (status, text[:300])
    if text.startswith(b"event: message"):
        text = text[text.index(b"data: ") + 6 :].strip()
    if text and text[:1] in (b"{", b"["):
        told = json.loads(text)
        assert "error" in told or "result" in told
        assert told.get("error", {}).get("code") not in (0, -32603), text[:500]
    else:
        assert status not in (200, 500), text[:200]


FUZZED = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZED
@given(methods, some.sampled_from(PATHS), bodies, headers)
def test_any_frame_is_answered(server: Server, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
    answered(server, method, path, body, headers)


@FUZZED
@given(some.sampled_from(PATHS[:2]), messages | called.map(lambda it: {"method": "tools/call", "params": it}), headers)
def test_any_message_of_the_newer_era_is_answered(
    server: Server, path: str, message: dict[str, Any], headers: dict[str, str]
) -> None:
    body, fitting = complete(message, headers)
    answered(server, "POST", path, body, fitting)


@FUZZED
@given(some.sampled_from(PATHS[:2]), some.sampled_from(METHODS), params | called, some.sampled_from(VERSIONS[:4]))
def test_any_parameters_of_the_older_era_are_answered(
    server: Server, path: str, method: str, params: dict[str, Any], version: str
) -> None:
    body = _written({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    answered(server, "POST", path, body, {"MCP-Protocol-Version": version, "Accept": STREAM})


def test_after_all_that_the_server_answers_as_before(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    body = _written({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    status, text = server.ask("POST", "/s/desk/mcp", body, {"Content-Type": "application/json", "Accept": "*/*"})
    assert status == 200
    assert len(json.loads(text)["result"]["tools"]) == len(flight_desk.TOOLS)

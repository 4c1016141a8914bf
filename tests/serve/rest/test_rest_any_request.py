"""Whatever is sent, no answer is a failure of the server, and every refusal has its shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_client import SHELL

from nextstate import domain
from nextstate.data import store
from nextstate.models.grounded import Grounded
from nextstate.serve.app import build
from nextstate.serve.rest import shapes
from nextstate.serve.rest.openapi import document
from nextstate.serve.rest.table import OPERATIONS
from nextstate.serve.testing import echo, service_of

SESSION = "given"
quiet = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Server:
    """The application, called without a network in a loop of its own."""

    runner: asyncio.Runner
    app: Any

    def ask(self, method: str, path: str, query: str = "", body: bytes = b"") -> tuple[int, bytes]:
        async def call() -> list[Any]:
            sent: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "method": method,
                "path": path,
                "raw_path": quote(path).encode(),
                "query_string": query.encode("latin-1", "replace"),
                "headers": [(b"host", b"localhost"), (b"content-length", b"%d" % len(body))],
            }
            await self.app(scope, receive, send)
            return sent

        sent = self.runner.run(call())
        return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with asyncio.Runner() as runner:

        async def begin() -> Any:
            service = service_of({"grounded": Grounded(echo())})
            await service.sessions.create("local", service.catalogue.find(SHELL), id=SESSION)
            return service

        service = runner.run(begin())
        yield Server(runner, build(service, surfaces=("rest",)))
        runner.run(service.sessions.aclose())


texts = st.text(max_size=20) | st.sampled_from(["", SESSION, SHELL, "ls", "cd /; cat $(", "{}", "\x00", "grounded"])
numbers = st.integers(-3, 5) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
NAMES = sorted(
    {one.encode_name for kind in vars(shapes).values() if isinstance(kind, type) and issubclass(kind, shapes.In)
     for one in msgspec.structs.fields(kind)}
)  # fmt: skip
bodies = st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=4) | values


def check(status: int, text: bytes) -> None:
    assert status < 500, text
    if status >= 400:
        msgspec.json.decode(text, type=shapes.Error)


@quiet
@given(
    st.sampled_from(OPERATIONS),
    texts,
    st.dictionaries(st.sampled_from(NAMES) | texts, texts | st.integers(-1, 10).map(str), max_size=3),
    bodies,
)
def test_a_request_of_the_right_form_never_fails(
    server: Server, operation: Any, name: str, query: dict[str, str], body: Any
) -> None:
    path = operation.path.replace("{id}", name or SESSION).replace("{name}", name)
    fields = "&".join(f"{quote(key)}={quote(value)}" for key, value in query.items())
    check(*server.ask(operation.method, path, fields, json.dumps(body).encode() if operation.body else b""))


@quiet
@given(st.sampled_from([one for one in OPERATIONS if one.body]), st.binary(max_size=60))
def test_bytes_of_any_kind_never_fail(server: Server, operation: Any, body: bytes) -> None:
    check(*server.ask(operation.method, operation.path.replace("{id}", SESSION), "", body))


@quiet
@given(st.data())
def test_a_scenario_of_any_kind_is_refused_or_can_be_stepped(server: Server, data: Any) -> None:
    """Facts, tools and turns that are nearly those of an example, read by a kernel that trusted them."""
    example = data.draw(st.sampled_from([one for name in domain.names() for one in domain.find(name).examples()]))
    kept = json.loads(json.dumps(store.encode(example), default=dict))
    setup, turns = kept["setup"], kept["turns"][:2]
    setup["facts"] = bent(data, setup["facts"])
    for tool in setup["tools"][:1]:
        tool["inputSchema"] = bent(data, tool.get("inputSchema", {}))
    for turn in turns:
        turn["observation"] = data.draw(st.just(turn["observation"]) | texts)
    made = {"scenario": {"domain": example.domain, "setup": setup, "turns": turns}}
    status, text = server.ask("POST", "/v1/sessions", "", json.dumps(made).encode())
    check(status, text)
    if status != 201:
        return
    path = f"/v1/sessions/{json.loads(text)['id']}"
    for action in (example.turns[0].action, example.turns[-1].action, data.draw(texts)):
        check(*server.ask("POST", f"{path}/step", "", json.dumps({"action": action}).encode()))
    for look in ("facts", "tools", "trajectory", "branches", "picture"):
        check(*server.ask("GET", f"{path}/{look}"))


def bent(data: Any, facts: dict[str, Any]) -> dict[str, Any]:
    """``facts`` with a value or two of another kind."""
    for name in data.draw(st.lists(st.sampled_from(sorted(facts)), max_size=2)) if facts else ():
        facts[name] = data.draw(values)
    return facts


def test_the_document_tells_of_every_operation_and_every_reference_is_there() -> None:
    told = document(OPERATIONS)
    assert told["openapi"] == "3.1.0"
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert sorted(names) == sorted(one.name for one in OPERATIONS) and len(set(names)) == len(names)
    text = json.dumps(told)
    known = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert references <= known and "nextstate." not in text
    assert told["paths"]["/healthz"]["get"]["security"] == []


def test_every_example_of_the_document_fits_its_shape() -> None:
    for one in OPERATIONS:
        if one.example and one.body is not None:
            msgspec.convert(dict(one.example), one.body)

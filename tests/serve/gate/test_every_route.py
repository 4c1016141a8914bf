"""Without a key nothing but health answers, on every route of the whole application, over HTTP and WebSocket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from nextstate import ui
from nextstate.serve.app import build
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.testing import service_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Peeking(Gate):
    """A gate that shows what it stands in front of."""

    application: Any = None

    def wrap(self, application: Any) -> Any:
        self.application = application
        return super().wrap(application)


def leaves(routes: Any, above: str = "") -> list[tuple[str, str]]:
    found = []
    for route in routes:
        path = above + re.sub(r"{[^}]*}", "x", getattr(route, "path", ""))
        if isinstance(route, Mount):
            found += [("http", f"{path}/x"), *leaves(route.routes, path)]
        elif isinstance(route, WebSocketRoute):
            found.append(("websocket", path))
        else:
            assert isinstance(route, Route), f"a kind of route that this test does not know: {route!r}"
            found.append(("http", path))
    return found


async def answered(app: Any, kind: str, path: str, method: str, headers: Any = ()) -> int:
    """The status of the answer; 101 for a WebSocket that is accepted."""
    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    if kind == "http":
        scope["method"] = method
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"} if kind == "websocket" and not sent else {"type": f"{kind}.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0].get("status", 101 if sent[0]["type"] == "websocket.accept" else 1008)
    return status


async def test_without_a_key_nothing_but_health_answers(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    keys.new("ann")
    gate = Peeking(keys)
    service = service_of(gate=gate)
    app = build(service, ui)
    routes = leaves(gate.application.routes)
    assert {kind for kind, _ in routes} == {"http", "websocket"} and len(routes) > 30
    open_to_all = set()
    for kind, path in routes:
        for method in METHODS if kind == "http" else ("GET",):
            for headers in ((), [(b"authorization", b"Bearer ns_" + b"A" * 43)]):
                if (status := await answered(app, kind, path, method, headers)) != 401:
                    open_to_all.add((method, path, status))
    assert {(method, path) for method, path, _ in open_to_all} == {
        (method, path) for method in ("GET", "HEAD") for path in ("/healthz", "/health")
    }
    assert ("GET", "/healthz", 200) in open_to_all
    assert ("GET", "/health", 200) in open_to_all
    await service.sessions.aclose()


@pytest.mark.parametrize("path", ["/", "/x", "/v1/../healthz", "/healthz/x", "/%2e", "//", "/static/..", ""])
async def test_paths_that_are_no_route_tell_nothing_either(tmp_path: Path, path: str) -> None:
    service = service_of(gate=Gate(Keys(tmp_path / "keys.json")))
    assert await answered(build(service, ui), "http", path, "GET") == 401
    await service.sessions.aclose()

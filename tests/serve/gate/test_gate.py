"""The gate lets in who may come in, and nothing that is too much."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate.errors import UsageError
from nextstate.serve.bounds import Bounds, Bucket, too_deep
from nextstate.serve.gate import Gate, loopback, opened
from nextstate.serve.keys import Keys

Headers = Iterable[tuple[bytes, bytes]]


class Asked:
    """A request through a gate to an application that tells what it got."""

    def __init__(self, gate: Gate, application: Any = None) -> None:
        self.gate = gate
        self.seen: list[dict[str, Any]] = []
        self._application = application or self._tell

    async def _tell(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive() if scope["method"] == "POST" else {}
        self.seen.append({"owner": scope["owner"], "body": message.get("body", b"")})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"in"})

    async def __call__(
        self,
        method: str = "GET",
        path: str = "/x",
        headers: Headers = (),
        body: Iterable[bytes] = (),
        host: bytes = b"127.0.0.1:8321",
        query: bytes = b"",
    ) -> tuple[int, dict[str, str], bytes]:
        parts = list(body)
        messages = [
            {"type": "http.request", "body": part, "more_body": i < len(parts) - 1} for i, part in enumerate(parts)
        ]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"host", host), *headers],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.gate.wrap(self._application)(scope, receive, send)
        start = sent[0]
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], told, b"".join(one.get("body", b"") for one in sent[1:])


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json")


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {secret}".encode())]


def code(body: bytes) -> str:
    found: str = json.loads(body)["error"]["code"]
    return found


async def test_without_keys_everybody_on_this_machine_is_local() -> None:
    ask = Asked(Gate())
    assert (await ask())[0] == 200 and ask.seen[0]["owner"] == "local"


@pytest.mark.parametrize("host", [b"localhost:1", b"LOCALHOST", b"127.0.0.1", b"[::1]:8321"])
async def test_a_server_without_keys_answers_to_names_of_this_machine(host: bytes) -> None:
    assert (await Asked(Gate())(host=host))[0] == 200


@pytest.mark.parametrize("host", [b"", b"evil.example", b"localhost.evil.example", b"127.0.0.1.evil.example:8321"])
async def test_a_server_without_keys_does_not_answer_to_foreign_names(host: bytes) -> None:
    status, _, body = await Asked(Gate())(host=host)
    assert (status, code(body)) == (421, "bad_host")


async def test_further_names_can_be_allowed() -> None:
    assert (await Asked(Gate(hosts=["Box.example"]))(host=b"box.example:80"))[0] == 200


def test_a_server_that_others_can_reach_is_not_opened_without_keys(keys: Keys) -> None:
    keys.new("ann")
    for host in ("0.0.0.0", "::", "192.168.1.2", "box.example", ""):
        with pytest.raises(UsageError, match="keys"):
            opened(host, None)
        assert opened(host, keys).keys is keys
    assert all(map(loopback, ("127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]")))


def test_a_server_is_not_opened_with_keys_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        opened("127.0.0.1", Keys(tmp_path / "none"))


@pytest.mark.parametrize(
    "headers",
    [
        [],
        bearer("ns_wrong"),
        bearer(""),
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"\xff\xfe")],
        [(b"authorization", b"Basic !!!")],
        [(b"x-api-key", b"ns_wrong")],
    ],
)
async def test_with_keys_nobody_comes_in_without_one(keys: Keys, headers: Headers) -> None:
    keys.new("ann")
    ask = Asked(Gate(keys))
    status, told, body = await ask(headers=headers)
    assert (status, code(body), told["www-authenticate"]) == (401, "unauthorized", "Bearer")
    assert ask.seen == []


WAYS: list[Callable[[str], tuple[bytes, bytes]]] = [
    lambda secret: (b"authorization", f"Bearer {secret}".encode()),
    lambda secret: (b"authorization", f"bearer   {secret}".encode()),
    lambda secret: (b"x-api-key", secret.encode()),
    lambda secret: (b"authorization", b"Basic " + base64.b64encode(f"anybody:{secret}".encode())),
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_key_may_come_in_several_ways(keys: Keys, way: Callable[[str], tuple[bytes, bytes]]) -> None:
    ask = Asked(Gate(keys))
    secret = keys.new("ann")
    assert (await ask(headers=[way(secret)]))[0] == 200
    assert ask.seen[0]["owner"] == "ann"


async def test_a_browser_is_asked_for_its_key(keys: Keys) -> None:
    _, told, _ = await Asked(Gate(keys))(headers=[(b"accept", b"text/html,*/*")])
    assert told["www-authenticate"].startswith("Basic")


async def test_health_needs_no_key_but_nothing_else_of_it_is_open(keys: Keys) -> None:
    ask = Asked(Gate(keys))
    assert (await ask(path="/healthz"))[0] == 200
    assert (await ask("POST", "/healthz"))[0] == 401
    for path in ("/healthz/", "//healthz", "/healthz/../v1/sessions", "/Healthz"):
        assert (await ask(path=path))[0] == 401


async def test_a_revoked_key_stops_at_the_next_request(keys: Keys) -> None:
    ask, secret = Asked(Gate(keys)), keys.new("ann")
    assert (await ask(headers=bearer(secret)))[0] == 200
    keys.revoke("ann")
    assert (await ask(headers=bearer(secret)))[0] == 401


async def test_an_answer_that_streams_ends_when_its_key_is_revoked(keys: Keys) -> None:
    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        keys.revoke("ann")
        await send({"type": "http.response.body", "body": b"two", "more_body": True})
        await send({"type": "http.response.body", "body": b"three"})

    secret = keys.new("ann")
    assert (await Asked(Gate(keys), streams)(headers=bearer(secret)))[2] == b"one"


async def test_a_rate_is_kept_and_says_when_to_come_again(keys: Keys) -> None:
    now = [0.0]
    ask, secret = Asked(Gate(keys, clock=lambda: now[0])), keys.new("ann", rate=2.0)
    other = keys.new("ben", rate=2.0)
    assert [(await ask(headers=bearer(secret)))[0] for _ in range(3)] == [200, 200, 429]
    status, told, body = await ask(headers=bearer(secret))
    assert (status, code(body), told["retry-after"]) == (429, "too_many_requests", "1")
    assert (await ask(headers=bearer(other)))[0] == 200
    now[0] = 0.5
    assert [(await ask(headers=bearer(secret)))[0] for _ in range(2)] == [200, 429]


@settings(deadline=None)
@given(st.floats(0.1, 50), st.lists(st.floats(0, 2), max_size=60))
def test_a_bucket_lets_no_more_through_than_its_rate_and_one_burst(rate: float, waits: list[float]) -> None:
    now, through = 0.0, 0
    bucket = Bucket(rate, now)
    for wait in waits:
        now += wait
        asked = bucket.wait(now)
        through += asked == 0.0
        assert asked >= 0.0
    assert through <= max(rate, 1.0) + now * rate + 1e-6


async def test_a_body_that_is_too_long_is_refused_with_and_without_its_length() -> None:
    ask = Asked(Gate(bounds=Bounds(body=10)))
    told = [(b"content-length", b"11")]
    chunked = [(b"transfer-encoding", b"chunked")]
    assert (await ask("POST", headers=told, body=[b"x" * 11]))[0] == 413
    assert (await ask("POST", headers=chunked, body=[b"x" * 6, b"x" * 5]))[0] == 413
    assert (await ask("POST", headers=chunked, body=[b"x" * 11]))[0] == 413
    assert (await ask("POST", headers=[(b"content-length", b"5")], body=[b"x" * 11]))[0] == 413
    assert ask.seen == []
    assert (await ask("POST", headers=chunked, body=[b"x" * 6, b"y" * 4]))[0] == 200
    assert ask.seen[0]["body"] == b"xxxxxxyyyy"


async def test_a_body_that_does_not_come_is_given_up() -> None:
    ask = Asked(Gate(bounds=Bounds(body_seconds=0.01)))
    status, _, body = await ask("POST", headers=[(b"content-length", b"5")])
    assert (status, code(body)) == (408, "too_slow")


async def test_json_that_is_nested_too_deeply_is_refused() -> None:
    ask = Asked(Gate())
    deep = b"[" * 101 + b"]" * 101
    assert (await ask("POST", headers=[(b"content-length", b"202")], body=[deep]))[0] == 400
    assert (await ask("POST", headers=[(b"content-length", b"200")], body=[deep[1:-1]]))[0] == 200


async def test_too_much_of_a_head_is_refused() -> None:
    ask = Asked(Gate())
    assert (await ask(path="/" + "x" * 9_000))[0] == 414
    assert (await ask(query=b"x" * 9_000))[0] == 414
    assert (await ask(headers=[(b"x", b"y")] * 100))[0] == 431
    assert (await ask(headers=[(b"x", b"y" * 40_000)]))[0] == 431


json_values = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, max_examples=40)
@given(json_values, st.integers(0, 130))
def test_depth_is_counted_as_a_parser_counts_it(value: Any, more: int) -> None:
    def depth(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    for _ in range(more):
        value = [value, ']]}\\"']
    assert too_deep(json.dumps(value).encode()) == (depth(value) > 100)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
async def test_a_page_of_another_origin_changes_nothing(method: str) -> None:
    ask = Asked(Gate())
    for origin in (b"http://evil.example", b"null", b"http://127.0.0.1:1", b"https://127.0.0.1:83210", b"ftp://x", b""):
        status, _, body = await ask(method, headers=[(b"origin", origin)], body=[b""])
        assert (status, code(body)) == (403, "bad_origin")
    assert (await ask(method, headers=[(b"origin", b"http://127.0.0.1:8321")], body=[b""]))[0] == 200


async def test_no_answer_lets_other_origins_read_it() -> None:
    for method in ("GET", "OPTIONS"):
        _, told, _ = await Asked(Gate())(method, headers=[(b"origin", b"http://evil.example")])
        assert not [name for name in told if name.startswith("access-control")]


async def test_every_answer_carries_the_headers_for_safety(keys: Keys) -> None:
    for answer in (await Asked(Gate())(), await Asked(Gate(keys))()):
        told = answer[1]
        assert "default-src 'none'" in told["content-security-policy"]
        assert "frame-ancestors 'none'" in told["content-security-policy"]
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "no-referrer"
        assert told["cross-origin-opener-policy"] == "same-origin"


async def test_a_policy_that_an_application_sets_stays() -> None:
    async def framed(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-security-policy", b"sandbox")]}
        )
        await send({"type": "http.response.body", "body": b""})

    assert (await Asked(Gate(), framed)())[1]["content-security-policy"] == "sandbox"


async def test_the_access_log_holds_no_secret_no_query_and_no_body(keys: Keys) -> None:
    lines: list[str] = []
    ask, secret = Asked(Gate(keys, log=lines.append)), keys.new("ann")
    await ask("POST", headers=[*bearer(secret), (b"content-length", b"6")], body=[b"secret"], query=b"q=hidden")
    await ask(headers=bearer("ns_wrong"), query=b"key=hidden")
    first, second = map(json.loads, lines)
    assert (first["method"], first["status"], first["owner"]) == ("POST", 200, "ann") and first["ms"] >= 0
    assert (second["status"], second["owner"]) == (401, None)
    assert not [word for word in (secret, "hidden", '"secret', "ns_wrong") if word in "".join(lines)]


async def test_a_body_that_breaks_off_is_no_request() -> None:
    reached: list[object] = []
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": b'{"turns', "more_body": True}, {"type": "http.disconnect"}]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        reached.append(await receive())

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"20")]
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "headers": headers}
    await Gate().wrap(application)(scope, receive, send)
    assert (sent[0]["status"], reached) == (400, [])

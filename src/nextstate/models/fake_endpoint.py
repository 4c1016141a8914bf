"""A scripted OpenAI-compatible chat server on loopback: deterministic replies, a latency, failures on demand.

    python -m nextstate.models.fake_endpoint --port 8000 --latency 1.0 --fail 429:0.05 --fail torn:0.01

It serves ``POST /v1/chat/completions`` (whole, or in pieces where ``"stream": true`` asks for them), ``GET /v1/models``
and ``GET /counts``. A model whose name holds ``judge`` answers with the marks of a judge, every other one with a tagged
observation; both follow from a hash of the messages alone. The counts say how often each request (:func:`request_hash`)
came in and was answered, and how many were under way at once. In Python a function of the request may give the replies,
and the server is an async context manager.

Failures are drawn from the request and the number of its attempt, so a run can be repeated: ``429`` (with
``Retry-After``), ``500``, ``torn`` (the connection ends in the middle of the body) and ``malformed`` (200 with broken
JSON). The tokens of the usage are a quarter of the characters; as cached count those of the longest sequence of
messages that an earlier request began with, as in a prefix cache that never forgets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from nextstate.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from aiohttp import web

    Answer: TypeAlias = Callable[[Mapping[str, Any]], str]
    """The reply to a request's body."""

Failure = Literal["429", "500", "torn", "malformed"]
FAILURES: tuple[Failure, ...] = ("429", "500", "torn", "malformed")

PIECE = 8
"""Characters of a piece of a streamed reply."""

MAX_BODY = 64 << 20
"""The longest request that is read, in bytes."""


def request_hash(messages: Sequence[Mapping[str, str]]) -> str:
    """The 16 hexadecimal digits by which the server counts requests: of the messages, whatever the other settings."""
    return sha256(json.dumps(messages, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def scripted(body: Mapping[str, Any]) -> str:
    """An observation between tags, or the marks of a judge when the model's name holds ``judge``."""
    seed = request_hash(body["messages"])
    if "judge" not in str(body.get("model")):
        return f"<predicted_observation>\nobservation {seed}\n</predicted_observation>"
    names = ("format", "factuality", "consistency", "realism", "quality")
    marks = {name: 1 + int(digit, 16) % 5 for name, digit in zip(names, seed, strict=False)}
    return json.dumps(marks)


class FakeEndpoint:
    """The server. ``latency`` and ``retry_after`` are seconds, ``failures`` the share of calls that end in each way.

    Until it is entered it listens nowhere; ``port`` 0 takes a free one, and ``url`` is then the base address.
    """

    def __init__(
        self,
        answer: Answer = scripted,
        *,
        latency: float = 0.0,
        failures: Mapping[Failure, float] | None = None,
        retry_after: float = 0.0,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        self.failures: Mapping[Failure, float] = failures or {}
        for name in self.failures:
            if name not in FAILURES:
                raise unknown_name("failure", name, FAILURES)
        self.url = ""
        self.received: Counter[str] = Counter()
        """How often each request came in."""
        self.answered: Counter[str] = Counter()
        """How often each request was answered whole."""
        self.failed: Counter[str] = Counter()
        """How often each failure was played."""
        self.at_once = self.most_at_once = 0
        self._answer, self._latency, self._retry_after = answer, latency, retry_after
        self._seed, self._port = seed, port
        self._beginnings: set[bytes] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> FakeEndpoint:
        from aiohttp import web

        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/counts", self._counts)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def counts(self) -> dict[str, Any]:
        """What ``GET /counts`` answers: calls in all, by request, by failure, and the most under way at once."""
        return {
            "calls": self.received.total(),
            "answered": self.answered.total(),
            "most_at_once": self.most_at_once,
            "failures": dict(self.failed),
            "requests": {
                name: {"received": times, "answered": self.answered[name]} for name, times in self.received.items()
            },
        }

    async def _counts(self, request: web.Request) -> web.Response:
        from aiohttp import web

        return web.json_response(self.counts())

    async def _models(self, request: web.Request) -> web.Response:
        from aiohttp import web

        names = [{"id": name, "object": "model", "owned_by": "nextstate"} for name in ("fake", "fake-judge")]
        return web.json_response({"object": "list", "data": names})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        body = _body(await request.read())
        if body is None:
            return _error(400, "the body is no JSON object with a list of messages, each with a role and a content")
        name = request_hash(body["messages"])
        self.received[name] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        failure = self._failure(name)
        try:
            if self._latency > 0:
                await asyncio.sleep(self._latency)
            if failure is not None:
                self.failed[failure] += 1
                return await self._fail(failure, request)
            return await self._whole(name, body, request)
        except ConnectionResetError:  # who asked has gone, killed perhaps
            return web.Response()
        finally:
            self.at_once -= 1

    async def _whole(self, name: str, body: Mapping[str, Any], request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        if body.get("stream") is True:
            return await self._pieces(name, body, request)
        response = web.json_response(self._completion(name, body))
        await response.prepare(request)
        await response.write_eof()
        self.answered[name] += 1
        return response

    async def _pieces(self, name: str, body: Mapping[str, Any], request: web.Request) -> web.StreamResponse:
        """The same completion as server-sent events, :data:`PIECE` characters in each."""
        from aiohttp import web

        whole = self._completion(name, body)
        text = whole["choices"][0]["message"]["content"]
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": text[place : place + PIECE]} for place in range(0, len(text), PIECE)]
        chosen = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas]
        chunk = {"id": whole["id"], "object": "chat.completion.chunk", "model": whole["model"]}
        events = [{**chunk, "choices": one} for one in chosen]
        events.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            events.append({**chunk, "choices": [], "usage": whole["usage"]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for data in (*map(json.dumps, events), "[DONE]"):
            await response.write(f"data: {data}\n\n".encode())
        await response.write_eof()
        self.answered[name] += 1
        return response

    def _completion(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        text = self._answer(body)
        whole, cached = self._tokens(body["messages"])
        said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {
            "prompt_tokens": whole,
            "completion_tokens": len(text) // 4,
            "total_tokens": whole + len(text) // 4,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        model = body.get("model", "")
        return {"id": f"fake-{name}", "object": "chat.completion", "model": model, "choices": [said], "usage": usage}

    def _tokens(self, messages: Sequence[Mapping[str, str]]) -> tuple[int, int]:
        """Tokens of the messages, and of the longest beginning that was asked before."""
        characters = cached = 0
        state = sha256()
        for message in messages:
            state.update(json.dumps([message.get("role"), message.get("content")]).encode())
            characters += len(message["content"])
            if state.digest() in self._beginnings:
                cached = characters
            else:
                self._beginnings.add(state.digest())
        return characters // 4, cached // 4

    def _failure(self, name: str) -> Failure | None:
        """The failure that this attempt of the request ends in."""
        drawn = sha256(f"{self._seed}/{name}/{self.received[name]}".encode()).digest()
        place = int.from_bytes(drawn[:8], "big") / 2**64
        for failure, share in self.failures.items():
            if place < share:
                return failure
            place -= share
        return None

    async def _fail(self, failure: Failure, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        if failure == "429":
            return _error(429, "too many requests", {"Retry-After": f"{self._retry_after:g}"})
        if failure == "500":
            return _error(500, "something broke")
        if failure == "malformed":
            return web.Response(text='{"choices": [{"message": {"content": "half', content_type="application/json")
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        if request.transport is not None:
            request.transport.abort()
        return response


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    from aiohttp import web

    return web.json_response({"error": {"message": message, "type": "fake"}}, status=status, headers=headers)


def _body(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        return None
    sound = all(isinstance(one, dict) and isinstance(one.get("content"), str) for one in messages)
    return cast("dict[str, Any]", body) if sound else None


def _share(text: str) -> tuple[Failure, float]:
    name, _, share = text.partition(":")
    if name not in FAILURES:
        raise argparse.ArgumentTypeError(f"unknown failure {name!r}; known: {', '.join(FAILURES)}")
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"write {name}:SHARE with a share from 0 to 1, not {text!r}")
    return name, value


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until interrupted; the first line on standard output is the base address."""
    one = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    one.add_argument("--port", type=int, default=0, metavar="N", help="0 takes a free one (default: %(default)s)")
    one.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds that every call takes")
    one.add_argument(
        "--fail", type=_share, action="append", default=[], metavar="NAME:SHARE", help=f"one of {', '.join(FAILURES)}"
    )
    one.add_argument("--retry-after", type=float, default=0.0, metavar="S", help="what a 429 asks for, in seconds")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="of the failures (default: %(default)s)")
    arguments = one.parse_args(argv)
    served = FakeEndpoint(
        latency=arguments.latency,
        failures=dict(arguments.fail),
        retry_after=arguments.retry_after,
        seed=arguments.seed,
        port=arguments.port,
    )
    try:
        asyncio.run(_serve(served))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise UsageError(f"cannot listen on port {arguments.port}: {error.strerror or error}") from error


async def _serve(served: FakeEndpoint) -> None:
    async with served:
        print(served.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()

"""llama.cpp inside this process: one engine per model, shared by all who ask for it, spoken to over loopback HTTP.

HTTP because a call that nobody waits for any more then ends (closing the connection frees the engine at the next token)
and because it costs nothing measurable beside a token. A random key keeps other programs of this machine out.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import secrets
import threading
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.errors import NextstateError, UsageError
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    import aiohttp

INSTALL = "pip install 'nextstate[local]'"
PROMPT_CACHE_MB = 1024
"""Memory for the states of prompts that are not being worked on, so that sessions may take turns."""


class EngineError(NextstateError):
    """The engine did not load the model, or refused a call."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which engine: weights, tokens of context, threads, and whether it logs to standard error."""

    path: Path
    context: int
    threads: int
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """What an engine wrote; ``cut_off`` says that the length limit stopped it."""

    text: str
    cut_off: bool
    usage: Usage


def require() -> None:
    """Raise :class:`UsageError` when the engine is not installed."""
    if find_spec("xllamacpp") is None:
        raise UsageError(f"the embedded engine is not installed; get it with: {INSTALL}")


def default_threads() -> int:
    """``NEXTSTATE_THREADS``, or one less than the physical cores that this process may use, but at least one.

    The engine's threads wait for each other by spinning: with other work on every core they stall.
    """
    chosen = os.environ.get("NEXTSTATE_THREADS", "")
    if not chosen:
        return max(len({_core(cpu) for cpu in os.sched_getaffinity(0)}) - 1, 1)
    if not (chosen.isascii() and chosen.isdigit() and 0 < int(chosen) <= 512):
        raise UsageError(f"NEXTSTATE_THREADS is a number of threads from 1 to 512, not {chosen!r}")
    return int(chosen)


def _core(cpu: int) -> str:
    """What the logical processors of one core have in common."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text()
    except OSError:
        return str(cpu)


class Engine:
    """A running engine. Calls wait for each other; they may come from any event loop."""

    def __init__(self, plan: Plan) -> None:
        self._key = secrets.token_urlsafe(24)
        self._server = _serve(plan, self._key)
        self._url = self._server.listening_address

    async def template(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Chat messages as the text that the model was trained on, up to where its reply begins."""
        answer = await self._ask("/apply-template", {"messages": list(messages)})
        return str(answer["prompt"])

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        """``text`` in tokens; ``special`` says whether the names of control tokens in it stand for them."""
        asked = {"content": text, "add_special": True, "parse_special": special}
        return list((await self._ask("/tokenize", asked))["tokens"])

    async def generate(self, asked: Mapping[str, Any], done: Callable[[str], bool] = lambda text: False) -> Generated:
        """What the model writes after ``asked['prompt']``, until it ends or ``done`` holds of the text so far."""
        text, finish = "", None
        timings: Mapping[str, Any] = {}
        async with aclosing(self._events({**asked, "stream": True, "timings_per_token": True})) as events:
            async for event in events:
                choice = event["choices"][0]
                text += choice["text"]
                finish, timings = choice["finish_reason"], event.get("timings") or timings
                if done(text):
                    break
        cached = int(timings.get("cache_n", 0))
        usage = Usage(cached + int(timings.get("prompt_n", 0)), cached, int(timings.get("predicted_n", 0)))
        return Generated(text, finish == "length", usage)

    async def _ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._client() as client, client.post(self._url + path, data=_json(body)) as answer:
            return dict(json.loads(await _body(answer)))

    async def _events(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        async with self._client() as client, client.post(self._url + "/v1/completions", data=_json(body)) as answer:
            if answer.status != 200:
                await _body(answer)
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    event = json.loads(line.removeprefix(b"data: "))
                    if "error" in event:
                        raise EngineError(f"the engine stopped: {event['error']}")
                    yield event

    def _client(self) -> aiohttp.ClientSession:
        import aiohttp

        # A connection per call: the engine closes idle ones at a moment of its own choosing.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            headers={"Authorization": f"Bearer {self._key}"},
        )


def _json(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON; lone surrogates, which no tokenizer takes, become question marks."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    raw = await answer.read()
    if answer.status != 200:
        raise EngineError(f"the engine refused (HTTP {answer.status}): {raw[:500].decode('utf-8', 'replace')}")
    return raw


def _serve(plan: Plan, key: str) -> Any:
    """Load the model; takes a second or more."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(plan.path)
    params.n_ctx, params.n_parallel = plan.context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = plan.threads
    params.cache_ram_mib = PROMPT_CACHE_MB
    params.fit_params = False
    params.api_keys = [key]
    params.verbosity = 3 if plan.loud else 0
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise EngineError(f"the engine cannot load {plan.path}: {error}") from error
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(server))  # not even at exit is it taken down: see `borrow`
    return server


_engines: dict[Plan, Engine] = {}
_lock = threading.Lock()


async def borrow(plan: Plan) -> Engine:
    """The engine of this process for ``plan``, started if need be; it lives as long as the process.

    xllamacpp's server is never taken down: its destructor waits for its threads while it holds the interpreter's
    lock, and after an answer that was broken off it waits for ever.
    """
    return await asyncio.to_thread(_borrow, plan)


def _borrow(plan: Plan) -> Engine:
    with _lock:
        if plan not in _engines:
            _engines[plan] = Engine(plan)
        return _engines[plan]

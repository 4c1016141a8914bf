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
import shutil
import threading
import weakref
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from nextstate.errors import UsageError
from nextstate.models.base import heard
from nextstate.models.local_prefix import BLOCK, EngineError, Prefixes
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    import aiohttp

INSTALL = "pip install 'nextstate[local]'"


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
    """A running engine. Calls wait for each other; they come from one event loop at a time."""

    def __init__(self, plan: Plan) -> None:
        self._key = secrets.token_urlsafe(24)
        folder = mkdtemp(prefix="nextstate-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._server = _serve(plan, self._key, folder)
        self._url = self._server.listening_address
        self._prefixes = Prefixes(self._ask, Path(folder))
        self._turn: tuple[object, asyncio.Lock] = (None, asyncio.Lock())

    async def template(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Chat messages as the text that the model was trained on, up to where its reply begins."""
        answer = await self._ask("/apply-template", {"messages": list(messages)})
        return str(answer["prompt"])

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        """``text`` in tokens; ``special`` says whether the names of control tokens in it stand for them."""
        asked = {"content": text, "add_special": True, "parse_special": special}
        return list((await self._ask("/tokenize", asked))["tokens"])

    async def generate(self, asked: Mapping[str, Any], done: Callable[[str], bool] = lambda text: False) -> Generated:
        """What the model writes after the tokens ``asked['prompt']``, until it ends or ``done`` holds of the text so
        far. The same request gives the same answer, whatever was asked before."""
        async with self._alone():
            await self._prefixes.prepare(asked["prompt"])
            return await self._generate(asked, done)

    async def _generate(self, asked: Mapping[str, Any], done: Callable[[str], bool]) -> Generated:
        text, finish, listener = "", None, heard.get() or _unheard
        listener("")
        timings: Mapping[str, Any] = {}
        async with aclosing(self._events({**asked, "stream": True, "timings_per_token": True})) as events:
            async for event in events:
                self._prefixes.evaluated(asked["prompt"])
                choice = event["choices"][0]
                text += choice["text"]
                listener(choice["text"])
                finish, timings = choice["finish_reason"], event.get("timings") or timings
                if done(text):
                    break
        cached = int(timings.get("cache_n", 0))
        usage = Usage(cached + int(timings.get("prompt_n", 0)), cached, int(timings.get("predicted_n", 0)))
        return Generated(text, finish == "length", usage)

    def _alone(self) -> asyncio.Lock:
        """A lock of the running event loop; the loop of an earlier caller may be gone."""
        loop = asyncio.get_running_loop()
        if self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        return self._turn[1]

    async def _ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._post(path, body) as answer:
            return dict(json.loads(await answer.read()))

    async def _events(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        async with self._post("/v1/completions", body) as answer:
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    event = json.loads(line.removeprefix(b"data: "))
                    if "error" in event:
                        raise EngineError(f"the engine stopped: {event['error']}")
                    yield event

    @asynccontextmanager
    async def _post(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[aiohttp.ClientResponse]:
        """One call on a connection of its own: the engine closes idle ones at a moment of its own choosing."""
        import aiohttp

        connector = aiohttp.TCPConnector(force_close=True)
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10)
        key = {"Authorization": f"Bearer {self._key}"}
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=patience, headers=key) as client,
                client.post(self._url + path, data=_json(body)) as answer,
            ):
                if answer.status != 200:
                    said = (await answer.read())[:500].decode("utf-8", "replace")
                    raise EngineError(f"the engine refused (HTTP {answer.status}): {said}")
                yield answer
        except aiohttp.ClientError as error:
            raise EngineError(f"no connection to the engine: {error}") from error


def _unheard(piece: str) -> None:
    """Nobody listens."""


def _json(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON; lone surrogates, which no tokenizer takes, become question marks."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _serve(plan: Plan, key: str, folder: str) -> Any:
    """Load the model; takes a second or more."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(plan.path)
    params.n_ctx, params.n_parallel = plan.context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = plan.threads
    params.n_batch = params.n_ubatch = BLOCK
    params.cache_ram_mib = 0
    params.endpoint_slots, params.slot_save_path = True, f"{folder}/"
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

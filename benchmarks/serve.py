"""How many sessions and steps one server carries, beside an echo environment of `openenv`, and what a kill loses.

    python benchmarks/serve.py [--sessions 5000] [--seconds 10] [--kills 20] [--openenv PYTHON] [--json]

Starts ``nextstate serve`` in a process of its own, with an instant world (``copy-last``) and a store on disk, and loads
it from this process: (1) opens the sessions and reads the server's memory; (2) steps them over REST as fast as answers
come, 64 at a time; (3) offers 500 steps a second from 500 sessions, at even times, and takes each latency from the time
at which the step was due; (4) the same closed loop over the OpenEnv wire, and, with ``--openenv`` (the Python of an
environment that has the package ``openenv``), over the same wire against ``openenv_echo.py``, for the ratio; (5) forks
a session of 200 turns. ``--kills N`` kills a server under load N times and compares what was acknowledged with what is
there after the restart. ``copy-last`` says nothing new, so what is measured is everything but a world model.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

SCENARIO = {"domain": "terminal", "setup": {"initial_state": "a box"}}
NAMED = "terminal/example-files-and-text"
AT_ONCE = 64


def main() -> None:
    arguments = parser().parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(measured(arguments))
    print(json.dumps(result, indent=2) if arguments.json else told(result))


def parser() -> argparse.ArgumentParser:
    one = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("--sessions", type=int, default=5_000)
    one.add_argument("--seconds", type=float, default=10.0, help="of each load")
    one.add_argument("--offered", type=int, default=500, help="steps a second, from as many sessions")
    one.add_argument("--sockets", type=int, default=500, help="of the OpenEnv wire")
    one.add_argument("--kills", type=int, default=0)
    one.add_argument("--openenv", metavar="PYTHON", help="an interpreter that has the package openenv")
    one.add_argument("--json", action="store_true")
    return one


async def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    }
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "tree.sqlite") as (port, process):
        async with Load(port) as load:
            result["rest"] = await rest(load, process, arguments)
            result["fork"] = await forks(load)
        result["openenv_wire"] = {"nextstate": await wire(port, process, arguments)}
    if arguments.openenv:
        with echoing(arguments.openenv) as (port, process):
            result["openenv_wire"]["openenv"] = await wire(port, process, arguments)
        ours, theirs = (result["openenv_wire"][name] for name in ("nextstate", "openenv"))
        result["openenv_wire"]["ratio"] = {
            "steps": round(ours["steps_s"] / theirs["steps_s"], 2),
            "memory": round(ours["memory_mb"] / theirs["memory_mb"], 2),
        }
    if arguments.kills:
        result["kills"] = await killed(arguments.kills)
    return result


def say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


# Servers


@contextmanager
def served(store: Path, port: int = 0) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = port or free_port()
    command = [sys.executable, "-m", "nextstate", "serve", "--model", "copy-last", "--store", str(store)]
    with running([*command, "--port", str(port)], port) as process:
        yield port, process


@contextmanager
def echoing(python: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    with running([python, str(Path(__file__).with_name("openenv_echo.py")), str(port)], port) as process:
        yield port, process


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers anything at all."""
    for _ in range(1_200):
        if process.poll() is not None:
            raise RuntimeError((process.stderr.read() if process.stderr else b"").decode())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/health")
            connection.getresponse()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError("the server does not listen")


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    """Resident memory, in megabytes of 10^6 bytes (Linux)."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# REST, by a client that does next to nothing: connections that are kept, requests written as bytes


class Connection(asyncio.Protocol):
    """One kept HTTP/1.1 connection, one request at a time."""

    def __init__(self) -> None:
        self.buffer = b""
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: Any = None
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) >= length and self.waiting is not None:
            self.buffer, waiting, self.waiting = body[length:], self.waiting, None
            if not waiting.done():
                waiting.set_result((int(head[9:12]), body[:length]))

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionError("the server closed the connection"))

    async def ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if self.lost:
            raise ConnectionError("the server has closed the connection")
        self.waiting = asyncio.get_running_loop().create_future()
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return await self.waiting


class Load:
    """Connections to one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections: list[Connection] = []

    async def __aenter__(self) -> Load:
        return self

    async def __aexit__(self, *error: object) -> None:
        for one in self.connections:
            one.transport.close()

    async def connect(self, count: int) -> list[Connection]:
        loop = asyncio.get_running_loop()
        while len(self.connections) < count:
            self.connections.append((await loop.create_connection(Connection, "127.0.0.1", self.port))[1])
        return self.connections[:count]

    async def post(self, connection: Connection, path: str, value: object) -> Any:
        status, body = await connection.ask("POST", path, json.dumps(value).encode())
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        return json.loads(body)

    async def create(self, count: int) -> list[str]:
        ids: list[str] = []

        async def some(connection: Connection, seeds: Sequence[int]) -> None:
            for seed in seeds:
                ids.append((await self.post(connection, "/v1/sessions", {"scenario": SCENARIO, "seed": seed}))["id"])

        connections = await self.connect(AT_ONCE)
        await asyncio.gather(*(some(one, range(i, count, AT_ONCE)) for i, one in enumerate(connections)))
        return ids


async def rest(load: Load, process: subprocess.Popen[bytes], arguments: argparse.Namespace) -> dict[str, Any]:
    say(f"opening {arguments.sessions} sessions")
    empty = memory_mb(process)
    started = time.perf_counter()
    ids = await load.create(arguments.sessions)
    opened = time.perf_counter() - started
    open_mb = memory_mb(process)
    say("stepping as fast as answers come")
    closed = await closed_loop(load, process, ids, arguments.seconds)
    say(f"offering {arguments.offered} steps a second")
    offered = await open_loop(load, ids[: arguments.offered], arguments.offered, arguments.seconds)
    return {
        "sessions": len(ids),
        "opened_s": round(len(ids) / opened),
        "memory_mb": {"empty": empty, "sessions_open": open_mb, "after_load": memory_mb(process)},
        "closed_loop": closed,
        "open_loop": offered,
    }


async def closed_loop(load: Load, process: subprocess.Popen[bytes], ids: list[str], seconds: float) -> dict[str, Any]:
    """Steps as fast as answers come, :data:`AT_ONCE` at a time, over all sessions in turn."""
    latencies: list[float] = []
    turns = iter(range(10**9))
    end = time.perf_counter() + seconds
    before = cpu_seconds(process)

    async def some(connection: Connection) -> None:
        while (now := time.perf_counter()) < end:
            number = next(turns)
            await step(load, connection, ids[number % len(ids)], f"echo {number}")
            latencies.append(time.perf_counter() - now)

    started = time.perf_counter()
    await asyncio.gather(*map(some, await load.connect(AT_ONCE)))
    took = time.perf_counter() - started
    used = cpu_seconds(process) - before
    return {
        "steps_s": round(len(latencies) / took),
        "cpu_ms_step": round(used / len(latencies) * 1e3, 3),
        **tails(latencies),
    }


async def open_loop(load: Load, ids: list[str], rate: int, seconds: float) -> dict[str, Any]:
    """``rate`` steps a second, each due at its own time whatever came of the others."""
    latencies: list[float] = []
    connections = await load.connect(len(ids))
    started = time.perf_counter()

    async def some(number: int, connection: Connection) -> None:
        for second in range(int(seconds)):
            due = started + second + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            await step(load, connection, ids[number], f"echo {second}")
            latencies.append(time.perf_counter() - due)

    await asyncio.gather(*(some(number, one) for number, one in enumerate(connections)))
    return {"offered_s": rate, "done_s": round(len(latencies) / (time.perf_counter() - started)), **tails(latencies)}


async def step(load: Load, connection: Connection, id: str, action: str) -> None:
    status, body = await connection.ask("POST", f"/v1/sessions/{id}/step", b'{"action": "%s"}' % action.encode())
    if status != 200:
        raise RuntimeError(f"a step was answered with {status}: {body[:300]!r}")


def speed(latencies: list[float], took: float, cpu: float) -> dict[str, float]:
    steps = len(latencies)
    return {"steps_s": round(steps / took), "cpu_ms_step": round(cpu / steps * 1e3, 3), **tails(latencies)}


def tails(latencies: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(latencies, n=100)
    found = {f"p{cut}_ms": round(cuts[cut - 1] * 1e3, 2) for cut in (50, 99)}
    return found | {"max_ms": round(max(latencies) * 1e3, 1)}


async def forks(load: Load) -> dict[str, float]:
    """Milliseconds that forking a session of 200 turns takes, over REST."""
    say("forking")
    (connection,) = await load.connect(1)
    (id,) = await load.create(1)
    for number in range(200):
        await step(load, connection, id, f"echo {number}")
    took = []
    for _ in range(300):
        started = time.perf_counter()
        await load.post(connection, f"/v1/sessions/{id}/fork", {})
        took.append(time.perf_counter() - started)
    return {"turns": 200, **tails(took)}


# The OpenEnv wire


async def wire(port: int, process: subprocess.Popen[bytes], arguments: argparse.Namespace) -> dict[str, Any]:
    """Sockets that are reset once and then stepped, :data:`AT_ONCE` at a time."""
    say("speaking the OpenEnv wire")
    latencies: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        sockets = [await session.ws_connect(f"ws://127.0.0.1:{port}/ws") for _ in range(arguments.sockets)]
        for number, one in enumerate(sockets):
            await said(one, {"type": "reset", "data": {"seed": number, "scenario": NAMED}})
        waiting = list(range(len(sockets)))
        end = time.perf_counter() + arguments.seconds
        before = cpu_seconds(process)

        async def some(share: Sequence[int]) -> None:
            number = 0
            while (now := time.perf_counter()) < end:
                number += 1
                await said(sockets[share[number % len(share)]], {"type": "step", "data": {"action": f"echo {number}"}})
                latencies.append(time.perf_counter() - now)

        started = time.perf_counter()
        await asyncio.gather(*(some(waiting[i::AT_ONCE]) for i in range(AT_ONCE)))
        took = time.perf_counter() - started
        used, memory = cpu_seconds(process) - before, memory_mb(process)
        for one in sockets:
            await one.close()
    return {"sockets": len(sockets), "memory_mb": memory, **speed(latencies, took, used)}


async def said(one: aiohttp.ClientWebSocketResponse, message: object) -> None:
    await one.send_str(json.dumps(message))
    answer = json.loads((await one.receive()).data)
    if answer["type"] == "error":
        raise RuntimeError(f"the server answered {answer}")


# Kills


@dataclass(slots=True)
class Kept:
    """What was acknowledged: the observations of each session, in order; and what was asked when the server died."""

    shown: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)


async def killed(times: int) -> dict[str, Any]:
    """Kill a server under load, ``times`` times, and compare."""
    kept, lost, doubled, finished, rounds = Kept(), 0, 0, 0, random.Random(0)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "tree.sqlite"
        for number in range(times):
            say(f"kill {number + 1} of {times}")
            with served(store, port) as (_, process):
                found = await compared(port, kept)
                lost, doubled, finished = lost + found[0], doubled + found[1], finished + found[2]
                await asyncio.gather(under_load(port, kept), kill_later(process, rounds.uniform(0.3, 1.2)))
        with served(store, port):
            found = await compared(port, kept)
            lost, doubled, finished = lost + found[0], doubled + found[1], finished + found[2]
    steps = sum(map(len, kept.shown.values()))
    return {
        "kills": times,
        "sessions": len(kept.shown),
        "acknowledged": steps,
        "lost": lost,
        "doubled_or_wrong": doubled,
        "kept_though_not_acknowledged": finished,
    }


async def kill_later(process: subprocess.Popen[bytes], seconds: float) -> None:
    await asyncio.sleep(seconds)
    process.kill()


async def under_load(port: int, kept: Kept) -> None:
    """Step old and new sessions until the server is gone."""
    load = Load(port)
    connections = await load.connect(32)

    async def some(connection: Connection, seed: int) -> None:
        created = await connection.ask(
            "POST", "/v1/sessions", json.dumps({"scenario": SCENARIO, "seed": seed}).encode()
        )
        id = json.loads(created[1])["id"]
        kept.shown[id] = []
        old = sorted(kept.shown)[seed % len(kept.shown)] if seed % 2 else id
        mine = id if old in taken else old
        taken.add(mine)
        while True:
            action = f"echo {len(kept.shown[mine])} {seed}"
            kept.asked[mine] = action
            await step(load, connection, mine, action)
            kept.shown[mine].append(action)
            del kept.asked[mine]

    taken: set[str] = set()
    seeds = random.sample(range(2**31), len(connections))
    ended = await asyncio.gather(*map(some, connections, seeds), return_exceptions=True)
    unexpected = [one for one in ended if not isinstance(one, ConnectionError | OSError)]
    assert not unexpected, unexpected


async def compared(port: int, kept: Kept) -> tuple[int, int, int]:
    """Steps that were acknowledged and are lost; turns that nobody asked for or twice; kept without an answer."""
    lost = doubled = finished = 0
    async with Load(port) as load:
        (connection,) = await load.connect(1)
        found = {id: await connection.ask("GET", f"/v1/sessions/{id}/trajectory", b"") for id in kept.shown}
    for id, acknowledged in kept.shown.items():
        actions = [turn["action"] for turn in json.loads(found[id][1])["turns"]]
        if actions[: len(acknowledged)] != acknowledged:
            lost += 1
        rest = actions[len(acknowledged) :]
        if rest == [kept.asked.get(id)]:
            finished += 1
            acknowledged.extend(rest)
        elif rest:
            doubled += len(rest)
        kept.asked.pop(id, None)
    return lost, doubled, finished


def told(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1)


if __name__ == "__main__":
    main()

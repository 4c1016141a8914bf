"""The official clients of the Model Context Protocol, old and new, against live sessions."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve" / "mcp"))

import flight_desk  # noqa: E402

from nextstate.serve.testing import served, service_of  # noqa: E402

CLIENTS = [
    ("mcp2", "auto"),
    ("mcp2", "legacy"),
    ("mcp2", "2026-07-28"),
    ("mcp20", "auto"),
    ("mcp20", "legacy"),
    ("mcp20", "2026-07-28"),
    ("mcp1", "legacy"),
    ("ts-sdk", "1"),
    ("ts-sdk", "legacy"),
    ("ts-sdk", "2026-07-28"),
]
"""Environments, and the era that the client is told to speak; ``ts-sdk`` holds both packages for TypeScript."""

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(client: Callable[..., Awaitable[str]], packages: Callable[[str], Path]) -> Ask:
    """``await ask("mcp2", "legacy", url)``: what the client of that environment tells."""

    async def run(name: str, era: str, base: str, *what: str) -> dict[str, Any]:
        if name == "ts-sdk":
            printed = await _node(packages(name), base, era, *what)
        else:
            printed = await client(name, base, era, *what, script="mcp1" if name == "mcp1" else "mcp2")
        told: dict[str, Any] = json.loads(printed)
        return told

    return run


async def _node(folder: Path, *arguments: str) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    script = HERE / "clients" / "mcp_typescript.cjs"
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(node, str(script), str(folder), *arguments, **pipes)
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.parametrize(("name", "era"), CLIENTS)
async def test_a_client_lists_calls_and_tells_endings_apart(name: str, era: str, ask: Ask) -> None:
    service = service_of({"scripted": flight_desk.model()})
    plain = next(one.name for one in service.catalogue.page() if one.tools == 0)
    async with served(service, surfaces=("mcp",)) as base:
        for id in ("desk", "both", *(f"s{number}" for number in range(20))):
            await flight_desk.session(service, id)
        await service.sessions.create("local", service.catalogue.find(plain), id="plain")
        told = await ask(name, era, base)
    print(told["library"], era, told["protocol"], told["rate"], "calls/s")
    modern = era == "2026-07-28" or (era == "auto")
    assert told["protocol"] == ("2026-07-28" if modern else "2025-11-25")
    assert told["tools"] == {tool.name: [tool.input_schema, tool.output_schema or None] for tool in flight_desk.TOOLS}
    assert told["ok"]["texts"] == ['0: {"legs": [{"to": "OSL"}]}']
    assert not told["ok"]["error"]
    assert told["structured"]["structured"] == {"turn": 1, "note": None}
    assert told["failed"]["error"]
    assert told["failed"]["meta"]["nextstate/origin"] == "model"
    assert (told["broken"]["code"], told["broken"]["data"]["outcome"]) == (-32007, "refused")
    assert told["unknown"]["error"]
    assert told["bad"]["error"]
    assert told["bad"]["meta"]["nextstate/error"]["code"] == "bad_action"
    assert told["both"] == list(range(10))
    assert told["parallel"] == [list(range(5))] * 20
    assert not told["instructions"]  # what the world model is told is not the agent's


@asynccontextmanager
async def mortal(folder: Path) -> AsyncIterator[str]:
    """A server in a process of its own that is started again when it dies."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [str(HERE / "mcp_desk.py"), str(folder / "tree.sqlite"), str(port), str(folder / "died")]

    listening = asyncio.Event()

    async def run() -> None:
        while True:
            process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
            assert process.stdout is not None
            try:
                if await process.stdout.readline():
                    listening.set()
                await process.wait()
            except asyncio.CancelledError:
                process.terminate()
                await process.wait()
                raise

    task = asyncio.create_task(run())
    try:
        await asyncio.wait_for(listening.wait(), 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize(("name", "era"), [one for one in CLIENTS if one[1] != "auto"])
async def test_a_client_goes_on_with_its_session_after_the_server_was_killed(
    name: str, era: str, ask: Ask, tmp_path: Path
) -> None:
    async with mortal(tmp_path) as base:
        told = await ask(name, era, base, "survive")
    assert (tmp_path / "died").exists()
    assert told["turns"] == list(range(10))

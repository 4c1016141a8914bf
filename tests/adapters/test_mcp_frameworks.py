"""Agent frameworks that take the tools of a session by its address."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serve" / "mcp"))

import flight_desk

from nextstate.serve.testing import served, service_of

Run = Callable[..., Awaitable[str]]


@asynccontextmanager
async def desk() -> AsyncIterator[str]:
    service = service_of({"scripted": flight_desk.model()})
    async with served(service, surfaces=("mcp",)) as url:
        await flight_desk.session(service, "s")
        yield f"{url}/s/s/mcp"


async def test_smolagents_calls_the_tools_of_a_session(client: Run) -> None:
    async with desk() as url:
        told = json.loads(await client("smolagents", url, script="mcp_smolagents"))
    print(told["library"])
    assert len(told["tools"]) == len(flight_desk.TOOLS)
    assert [json.loads(text)["turn"] for text in told["count"]] == [0, 1]
    assert told["read"] == "two lines\nof text"


async def test_langchain_calls_the_tools_of_a_session(client: Run) -> None:
    async with desk() as url:
        told = json.loads(await client("langchain-mcp", url, script="mcp_langchain"))
    print(told["library"])
    assert told["tools"] == sorted(tool.name for tool in flight_desk.TOOLS)
    assert told["schema"] == flight_desk.ODD
    assert [json.loads(text) for text in told["count"]] == told["structured"]
    assert [one["turn"] for one in told["structured"]] == [0, 1]
    assert "the desk is closed" in told["failed"]

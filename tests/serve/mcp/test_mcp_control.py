"""A session's controls as tools of the protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import flight_desk
import pytest

from mcp import Client
from nextstate.serve.testing import served, service_of

if TYPE_CHECKING:
    from nextstate.serve.service import Service

ERAS = ("legacy", "2026-07-28")


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[str, Service]]:
    service = service_of({"scripted": flight_desk.model()})
    async with served(service, surfaces=("mcp",)) as url:
        await flight_desk.session(service, "s")
        yield url, service


@pytest.mark.parametrize("era", ERAS)
async def test_a_fork_goes_on_from_where_it_was_asked_to(era: str) -> None:
    async with desk() as (url, _):
        async with Client(f"{url}/s/s/mcp", mode=era) as agent:
            for _ in range(3):
                await agent.call_tool("count", {})
        async with Client(f"{url}/s/s/control/mcp", mode=era) as control:
            forked = await control.call_tool("fork", {"at": 2, "seed": 9})
        view = forked.structured_content or {}
        assert (view["turns"], view["seed"], view["parent"]) == (2, 9, "s")
        assert json.loads(forked.content[0].text) == view
        async with Client(url + view["agent_path"], mode=era) as agent:
            answer = await agent.call_tool("count", {})
            assert answer.structured_content == {"turn": 2, "note": None}


async def test_rewinding_instructing_freezing_and_closing_do_what_they_say() -> None:
    async with desk() as (url, service), Client(f"{url}/s/s/control/mcp") as control:
        async with Client(f"{url}/s/s/mcp") as agent:
            for _ in range(3):
                await agent.call_tool("count", {})
        rewound = await control.call_tool("rewind", {"turns": 2})
        instructed = await control.call_tool("instruct", {"instruction": "Be slow."})
        frozen = await control.call_tool("snapshot", {})
        closed = await control.call_tool("close", {})
        told = [one.structured_content or {} for one in (rewound, instructed, frozen, closed)]
        assert told[0]["turns"] == 1
        assert told[1]["instruction"] == "Be slow."
        assert (told[2]["kind"], told[2]["id"] != "s") == ("snapshot", True)
        assert told[3]["ending"] == "closed"
        assert (await service.sessions.view("local", "s")).ending == "closed"
        assert (await control.call_tool("view", {})).structured_content == told[3]
        assert (await control.call_tool("facts", {})).structured_content == {"facts": ""}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("rewind", {"turns": 5}, "turns"),
        ("rewind", {"turns": "many"}, "not of type 'integer'"),
        ("rewind", {"steps": 1}, "steps"),
        ("instruct", {}, "instruction"),
        ("fork", {"at": -1}, "minimum"),
        ("fork", {"seed": 2**70}, "64 bits"),
        ("fork", {"model": "scriptd"}, "did you mean 'scripted'?"),
        ("forks", {}, "did you mean 'fork'?"),
    ],
)
async def test_what_cannot_be_done_is_told_and_changes_nothing(
    name: str, arguments: dict[str, object], words: str
) -> None:
    async with desk() as (url, service), Client(f"{url}/s/s/control/mcp") as control:
        before = await service.sessions.view("local", "s")
        answer = await control.call_tool(name, arguments)
        assert answer.is_error
        assert words in answer.content[0].text
        assert await service.sessions.list("local") == [before]


@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_sees_none_of_the_controls(era: str) -> None:
    async with desk() as (url, service):
        async with Client(f"{url}/s/s/control/mcp", mode=era) as control:
            controls = {tool.name for tool in (await control.list_tools()).tools}
        async with Client(f"{url}/s/s/mcp", mode=era) as agent:
            assert controls.isdisjoint(tool.name for tool in (await agent.list_tools()).tools)
            await agent.call_tool("close", {})
        assert (await service.sessions.view("local", "s")).ending is None

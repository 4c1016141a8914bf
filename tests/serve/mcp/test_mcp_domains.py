"""Every installed domain through the protocol: what was recorded is what an agent is shown."""

from __future__ import annotations

import json

import pytest

from mcp import Client
from nextstate import domain as domains
from nextstate.domain import calls
from nextstate.domain.interface import offered
from nextstate.models.fakes import Replay
from nextstate.serve.testing import served, service_of
from nextstate.types import Query


@pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
@pytest.mark.parametrize("name", domains.names())
async def test_a_golden_example_is_walked_with_its_recorded_observations(name: str, era: str) -> None:
    domain = domains.find(name)
    example = domain.examples()[0]
    service = service_of({"replay": Replay([example])})
    (tool, *_) = offered(domain, example.setup)
    async with served(service, surfaces=("mcp",)) as url:
        address = f"{url}/s/walk/mcp?scenario={name}/{example.id}"
        async with Client(address, mode=era) as client:
            listed = {one.name: one.input_schema for one in (await client.list_tools()).tools}
            assert listed == {one.name: dict(one.input_schema) for one in offered(domain, example.setup)}
            for index, turn in enumerate(example.turns):
                called, arguments = tool.name, {next(iter(calls.properties(tool.input_schema))): turn.action}
                if example.setup.tools:
                    call = calls.parse(turn.action)
                    called, arguments = call.name, dict(call.arguments)
                answer = await client.call_tool(called, arguments)
                assert answer.content[0].text == turn.observation
                assert (answer.meta or {})["nextstate/origin"] == "recorded"
                query = Query(name, example.setup, example.turns[:index], turn.action)
                failed = domain.failed(query, turn.observation) if domain.failed else None
                assert answer.is_error == (failed is True)
                if answer.structured_content is not None:
                    assert answer.structured_content == json.loads(turn.observation)
        state = await service.sessions.trajectory("local", "walk")
        assert [turn.observation for turn in state.turns] == [turn.observation for turn in example.turns]

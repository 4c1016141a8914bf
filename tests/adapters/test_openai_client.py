"""The official ``openai`` client against our server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nextstate.models.grounded import KernelModel
from nextstate.serve.testing import echo, served, service_of
from nextstate.sim.scenario import Scenario
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TAGGED = "<predicted_observation>\n{}\n</predicted_observation>"


async def test_the_official_openai_client_asks_streams_and_steps(client: Callable[..., Awaitable[str]]) -> None:
    service = service_of({"scripted": echo(), "kernel": KernelModel()})
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    async with served(service, surfaces=["rest", "openai"]) as base:
        seen = json.loads(await client("openai", base, script="openai_client"))
    assert seen["version"].startswith("3.")
    assert seen["models"] == ["scripted", "kernel"]
    assert seen["retrieved"] == "nextstate"
    assert (seen["whole"], seen["finish"], seen["tokens"]) == (TAGGED.format("1: c"), "stop", 0)
    assert seen["origin"] == "model"
    assert seen["streamed"] == seen["helper"] == TAGGED.format("0: a")
    assert (seen["stream_finish"], seen["stream_tokens"]) == ("stop", 0)
    assert seen["tool"] == '0: {"name": "read", "arguments": {}}'
    assert seen["session"] == ["0: x", "1: y"]
    assert seen["refusal"]
    assert seen["bad"] == ["BadRequestError", "bad_request", "invalid_request_error"]
    assert seen["missing"] == ["NotFoundError", "no_such_session", "not_found_error"]
    assert seen["together"] == [TAGGED.format(f"0: {number}") for number in range(20)]

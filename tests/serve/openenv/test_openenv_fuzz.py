"""Whatever comes over the OpenEnv wire is answered by a message of the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextstate import domain
from nextstate.serve.openenv import rpc, wire
from nextstate.serve.openenv.episodes import Episodes, Seat
from nextstate.serve.openenv.sockets import Calls, Steps
from nextstate.serve.testing import service_of

SCENARIOS = [f"{name}/{domain.find(name).examples()[0].id}" for name in ("terminal", "mcp")]
TYPES = ["reset", "step", "state", "mcp", "dance", ""]
CODES = {"INVALID_JSON", "UNKNOWN_TYPE", "VALIDATION_ERROR", "EXECUTION_ERROR", "CAPACITY_REACHED", "SESSION_ERROR"}

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
resets = st.fixed_dictionaries(
    {},
    optional={
        "seed": values | st.integers(0, 3),
        "episode_id": values | st.sampled_from(["one", "two"]),
        "scenario": values | st.sampled_from(SCENARIOS),
        "model": values | st.just("scripted"),
        "instruction": values,
        "resume": values,
    },
)
actions = st.fixed_dictionaries(
    {},
    optional={
        "type": values | st.sampled_from(["call_tool", "list_tools"]),
        "text": values,
        "action": values,
        "tool_name": values | st.sampled_from(["act", "bash", "list_notes"]),
        "arguments": values | st.dictionaries(st.sampled_from(["action", "command", "tag"]), values, max_size=2),
    },
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": values | st.just("2.0"),
        "id": values,
        "method": values | st.sampled_from(sorted(rpc.METHODS)),
        "params": values | st.dictionaries(st.sampled_from(["name", "arguments", "session_id"]), values, max_size=3),
    },
)
messages = st.fixed_dictionaries(
    {}, optional={"type": values | st.sampled_from(TYPES), "data": values | resets | actions | calls}
)
frames = st.one_of(texts, st.binary(max_size=30), (messages | calls | values).map(json.dumps))


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[asyncio.Runner, Episodes]]:
    with asyncio.Runner() as runner:
        service = service_of()
        yield runner, Episodes(service)
        runner.run(service.sessions.aclose())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(frames, max_size=8))
def test_any_frames_are_answered_in_the_words_of_the_wire(
    world: tuple[asyncio.Runner, Episodes], sent: list[str | bytes]
) -> None:
    runner, episodes = world
    socket, seat = Steps(episodes), Seat(SCENARIOS[0])
    for frame in sent:
        reply = runner.run(socket.reply("local", seat, frame))
        if reply is None:
            assert json.loads(frame)["type"] == "close"
            continue
        told: dict[str, Any] = json.loads(wire.encode(reply))
        assert told["type"] in ("observation", "state", "mcp", "error")
        if told["type"] == "error":
            assert told["data"]["code"] in CODES and told["data"]["message"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames | calls.map(json.dumps))
def test_any_text_is_answered_in_the_words_of_json_rpc(
    world: tuple[asyncio.Runner, Episodes], sent: str | bytes
) -> None:
    runner, episodes = world
    reply = runner.run(Calls(episodes).reply("local", Seat(SCENARIOS[1]), sent))
    assert reply is not None
    told = json.loads(wire.encode(reply))
    assert told["jsonrpc"] == "2.0" and ("result" in told) != ("error" in told)

"""A recorded MCP server that is gone, simulated: recorded answers, determined ones, and named refusals."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcp import Client
from nextstate.data import store
from nextstate.domain import find
from nextstate.errors import UsageError
from nextstate.models.fakes import Scripted
from nextstate.record.mcp import Server
from nextstate.record.mcp_notes_server import build
from nextstate.record.mcp_proxy import proxied
from nextstate.serve.proxy import Recorded, Wanted, simulated
from nextstate.serve.proxy.simulator import UNKNOWN
from nextstate.serve.proxy.world import Simulated
from nextstate.types import Origin, Outcome, Query, Setup, Tool, Trajectory, Turn
from proxied import Told, ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxied import Call

NOTES = (sys.executable, "-m", "nextstate.record.mcp_notes_server")
SCRIPT: tuple[Call, ...] = (
    ("tools/list", {}),
    ("list_notes", {}),
    ("create_note", {"title": "Milk", "body": "two litres", "tags": ["shop"]}),
    ("get_note", {"id": 1}),
    ("create_note", {"title": "Bread", "tags": ["shop", "soon"]}),
    ("list_notes", {}),
    ("status", {}),
    ("get_note", {"id": 7}),
    ("update_note", {"id": 1, "body": "one litre"}),
    ("get_note", {"id": 1}),
    ("delete_notes", {"ids": [1, 5]}),
    ("list_notes", {}),
    ("get_note", {"id": 1}),
    ("create_note", {"title": ""}),
    ("no_such_tool", {}),
)
MORE: tuple[Call, ...] = (
    ("create_note", {"title": "Eggs", "body": "six", "tags": ["shop"]}),
    ("get_note", {"id": 3}),
    ("list_notes", {}),
    ("update_note", {"id": 3, "body": "ten"}),
    ("get_note", {"id": 3}),
    ("another_tool", {}),
    ("get_note", {}),
)
"""Calls that were not recorded and follow from what was."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Told]]:
    """A recording of a notes server, and what its client was answered."""
    out = tmp_path_factory.mktemp("recorded") / "notes.jsonl"
    return out, asyncio.run(recorded(out))


async def recorded(out: Path) -> list[Told]:
    async with proxied(Server(command=NOTES), out, mode="legacy") as proxy:
        assert proxy.front is not None
        async with Client(proxy.front.server, mode="legacy", cache=None) as client:
            return [await ask(client, call) for call in SCRIPT]


async def simulate(wanted: Wanted, calls: Sequence[Call], mode: str = "legacy") -> list[Told]:
    async with simulated(wanted) as (front, _), Client(front.server, mode=mode, cache=None) as client:
        return [await ask(client, call) for call in calls]


async def in_truth(calls: Sequence[Call]) -> list[Told]:
    """What a real server answers that is started anew."""
    async with Client(build(), mode="legacy", cache=None) as client:
        return [await ask(client, call) for call in calls]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_recorded_calls_are_answered_as_they_were(recording: tuple[Path, list[Told]], mode: str) -> None:
    out, heard = recording
    seen = await simulate(Wanted(out), SCRIPT, mode)
    assert [one.answer for one in seen] == [one.answer for one in heard]
    assert {one.origin for one in seen if one.error is None} == {"recorded"}
    assert seen[3].why == "turn 3 of notes-1: the same call after the same calls"


async def test_what_follows_from_the_recording_is_answered_as_the_real_server_would(
    recording: tuple[Path, list[Told]],
) -> None:
    out, _ = recording
    calls = [call for call in (*SCRIPT, *MORE) if call[0] != "status"]
    seen = [one for one in await simulate(Wanted(out), calls) if one.origin != "refused"]
    truth = await in_truth([one.call for one in seen])
    assert [one.answer for one in seen] == [one.answer for one in truth]
    assert len(seen) >= len(calls) - 1
    assert {one.origin for one in seen if one.call not in SCRIPT} == {"computed"}


async def test_another_order_is_answered_from_the_same_world(recording: tuple[Path, list[Told]]) -> None:
    out, _ = recording
    calls = (SCRIPT[1], SCRIPT[1], SCRIPT[2], SCRIPT[2], SCRIPT[1], ("get_note", {"id": 1}), ("get_note", {"id": 2}))
    seen = await simulate(Wanted(out), calls)
    known = [one for one in seen if one.origin != "refused"]
    truth = await in_truth([one.call for one in known])
    assert [one.answer for one in known] == [one.answer for one in truth]
    assert len(known) >= 5


async def test_what_is_not_determined_is_refused_by_name_and_changes_nothing(
    recording: tuple[Path, list[Told]],
) -> None:
    out, heard = recording
    (refused, after) = await simulate(Wanted(out), (("search_notes", {"query": "x"}), SCRIPT[1]))
    assert refused.error is not None
    assert refused.error["code"] == UNKNOWN
    assert "does not know the answer: not recorded in this situation" in refused.error["message"]
    assert after.answer == heard[1].answer


async def test_what_time_may_have_changed_is_not_said_again(recording: tuple[Path, list[Told]]) -> None:
    out, _ = recording
    calls = [*SCRIPT[:7], ("status", {})]
    seen = await simulate(Wanted(out), calls)
    assert seen[6].origin == "recorded"
    early = await simulate(Wanted(out), [("status", {}), ("list_notes", {})])
    assert [one.origin for one in early] == ["refused", "recorded"]


async def test_a_log_and_an_account_say_who_answered(recording: tuple[Path, list[Told]], tmp_path: Path) -> None:
    out, _ = recording
    log = tmp_path / "log.jsonl"
    async with simulated(Wanted(out, log=log)) as (front, simulator):
        async with Client(front.server, mode="legacy", cache=None) as client:
            for call in (*SCRIPT[:3], ("print_note", {"id": 1})):
                await ask(client, call)
        assert str(simulator.account) == "3 calls answered: 2 recorded, 1 refused"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["origin"] for line in lines] == ["recorded", "recorded", "refused"]
    assert lines[0]["asked"] == '{"name": "list_notes", "arguments": {}}'


async def test_a_session_in_a_store_is_gone_on_with(recording: tuple[Path, list[Told]], tmp_path: Path) -> None:
    out, heard = recording
    wanted = Wanted(out, store=tmp_path / "sessions.sqlite", session="mine")
    await simulate(wanted, SCRIPT[1:3])
    (read,) = await simulate(wanted, SCRIPT[3:4])
    assert read.answer == heard[3].answer


async def test_a_model_answers_the_rest_with_similar_turns_before_it(recording: tuple[Path, list[Told]]) -> None:
    found = Recorded.read(recording[0])
    model = Scripted(lambda query: "nothing found")
    world = Simulated(found.domain, found.setup, found.trajectories, found.hints(), model)
    query = Query("mcp", found.setup, (), '{"name": "update_note", "arguments": {"id": 4, "body": "z"}}')
    prediction = await world.predict(query)
    assert (prediction.observation, prediction.origin) == ("nothing found", Origin.RETRIEVED)
    known = await world.predict(replace(query, action='{"name": "list_notes", "arguments": {}}'))
    assert known.origin is Origin.RECORDED


async def test_an_instruction_is_above_every_recording(recording: tuple[Path, list[Told]]) -> None:
    found = Recorded.read(recording[0])
    world = Simulated(found.domain, found.setup, found.trajectories, found.hints(), None)
    setup = replace(found.setup, instruction="Every call fails.")
    prediction = await world.predict(Query("mcp", setup, (), '{"name": "list_notes", "arguments": {}}'))
    assert prediction.outcome is Outcome.REFUSED


TOOLS = (Tool("get_thing"), Tool("set_thing"), Tool("delete_things"))


def world(*recordings: Sequence[tuple[str, str]]) -> Simulated:
    setup = Setup(tools=TOOLS)
    made = [
        Trajectory(f"r{number}", "mcp", setup, tuple(Turn(action, shown) for action, shown in recording))
        for number, recording in enumerate(recordings, 1)
    ]
    return Simulated(find("mcp"), setup, made, {}, None)


def call(name: str, **arguments: Any) -> str:
    return json.dumps({"name": name, "arguments": arguments})


async def said(world: Simulated, *calls: str) -> list[str | None]:
    history: tuple[Turn, ...] = ()
    found = []
    for action in calls:
        prediction = await world.predict(Query("mcp", Setup(tools=TOOLS), history, action))
        found.append(prediction.observation)
        if prediction.observation is not None:
            history = (*history, Turn(action, prediction.observation))
    return found


async def test_a_look_after_another_change_is_not_the_recorded_one() -> None:
    seen = world([(call("set_thing", id=1, colour="red"), "done"), (call("get_thing", id=1), "red")])
    assert await said(seen, call("set_thing", id=1, colour="red"), call("get_thing", id=1)) == ["done", "red"]
    assert (await said(seen, call("get_thing", id=1)))[0] is None
    assert (await said(seen, call("set_thing", id=1, colour="blue"), call("get_thing", id=1)))[-1] != "red"


async def test_a_recording_that_began_otherwise_teaches_only_its_manner() -> None:
    seen = world(
        [(call("get_thing", id=1), "red")], [(call("get_thing", id=1), "blue"), (call("get_thing", id=2), "x")]
    )
    assert seen.recollection.left == ("r2",)
    assert await said(seen, call("get_thing", id=1)) == ["red"]


async def test_the_order_of_arguments_does_not_matter() -> None:
    seen = world([(call("get_thing", id=1, deep=True), "red")])
    assert await said(seen, call("get_thing", deep=True, id=1)) == ["red"]


async def test_recordings_of_two_servers_in_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.jsonl"
    for name in ("notes", "time"):
        store.append(path, Trajectory(name, "mcp", Setup(), (), meta={"environment": name}))
    with pytest.raises(UsageError, match="recordings of 2 servers"):
        Recorded.read(path)


async def test_a_recording_by_other_means_can_be_simulated_too(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    example = find("mcp").examples()[0]
    store.append(path, example)
    name, arguments = (lambda call: (call["name"], call["arguments"]))(json.loads(example.turns[0].action))
    listed, first = await simulate(Wanted(path), (("tools/list", {}), (name, arguments)))
    assert listed.result is not None
    assert [tool["name"] for tool in listed.result["tools"]] == [tool.name for tool in example.setup.tools]
    assert first.origin == "recorded"
    assert first.result is not None
    assert first.result["content"][0]["text"] == example.turns[0].observation

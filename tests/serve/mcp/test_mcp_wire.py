"""Tools and results as the protocol carries them, and who is next in a session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from mcp_types.methods import validate_server_result

from nextstate.domain import calls
from nextstate.serve.mcp import tools
from nextstate.serve.queues import MOST_WAITING, Place, Queues
from nextstate.sim.sessions import Busy, Step
from nextstate.types import Tool, Turn

VERSIONS = ("2024-11-05", "2025-11-25", "2026-07-28")
KEYWORDS = ("type", "properties", "required", "$schema", "$defs", "items", "title", "default", "oneOf", "x")

values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.sampled_from(["object", "string", "a", ""]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(KEYWORDS), inner, max_size=3),
    max_leaves=8,
)
schemas = some.dictionaries(some.sampled_from(KEYWORDS), values, max_size=5)
objects = schemas.map(lambda schema: {**schema, "type": "object"})


def _step(shown: str) -> Step:
    return Step(Turn("{}", shown, {"origin": "model"}), 0, False, 0.0)


@given(schemas | objects, schemas | objects, some.sampled_from(VERSIONS))
def test_every_declared_tool_can_be_listed(takes: dict[str, Any], shows: dict[str, Any], version: str) -> None:
    wire = tools.listed(Tool("t", "", takes, shows), modern=version >= "2026")
    complete = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    validate_server_result("tools/list", version, {"tools": [wire], **complete})
    mended = wire.get("_meta", {}).get("nextstate/mended", [])
    if takes and "inputSchema" not in mended:
        assert json.dumps(wire["inputSchema"]) == json.dumps(takes)
    if shows and "outputSchema" not in mended:
        assert json.dumps(wire["outputSchema"]) == json.dumps(shows)


@given(
    objects | schemas,
    values.map(json.dumps) | some.text(),
    some.sampled_from(VERSIONS),
    some.sampled_from([True, None]),
)
def test_a_result_keeps_its_text_and_what_is_structured_fits(
    shows: dict[str, Any], shown: str, version: str, failed: bool | None
) -> None:
    modern = version >= "2026"
    tool = Tool("t", "", {}, shows)
    wire = tools.result(_step(shown), tool, failed=failed, model="m", modern=modern)
    validate_server_result("tools/call", version, wire)
    assert wire["content"] == [{"type": "text", "text": shown}]
    if failed:
        assert wire["isError"]
        assert "structuredContent" not in wire
    elif tools.promised(tool, modern=modern):
        assert ("structuredContent" in wire) != wire["isError"]
        assert not calls.problems(shows, wire.get("structuredContent")) or wire["isError"]
    else:
        assert not wire["isError"]


@pytest.mark.parametrize(
    ("shown", "schema", "value"),
    [
        ('{"a": 1}', {"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
        ("[1, 2]", {"properties": {"result": {"type": "array"}}, "required": ["result"]}, {"result": [1, 2]}),
        ("12", {"properties": {"result": {"type": "string"}}, "required": ["result"]}, {"result": "12"}),
        ("", {"properties": {"result": {"type": "null"}}, "required": ["result"]}, {"result": None}),
        ("NaN", {"properties": {"result": {"type": "string"}}, "required": ["result"]}, {"result": "NaN"}),
    ],
)
def test_a_text_stands_for_its_json_or_for_the_only_member(shown: str, schema: dict[str, Any], value: Any) -> None:
    tool = Tool("t", "", {}, {"type": "object", **schema})
    wire = tools.result(_step(shown), tool, failed=False, model="m", modern=False)
    assert wire["structuredContent"] == value


def test_half_of_a_surrogate_pair_is_marked() -> None:
    wire = tools.result(_step("a\ud800b"), None, failed=None, model="m", modern=True)
    (content,) = wire["content"]
    assert content["text"].encode().decode().strip("ab") == "\ufffd"  # as the store keeps it


async def test_work_in_one_place_is_done_one_after_the_other_and_elsewhere_at_once() -> None:
    queues, here, there = Queues(), Place("o", "a"), Place("o", "b")
    done, gate = list[str](), asyncio.Event()

    async def first() -> None:
        await gate.wait()
        done.append("first")

    async def second(name: str) -> None:
        done.append(name)
        gate.set()

    await asyncio.gather(
        queues.next(here, first),
        queues.next(here, lambda: second("second")),
        queues.next(there, lambda: second("else")),
    )
    assert done == ["else", "first", "second"]


async def test_who_stops_waiting_frees_the_place_and_too_many_are_refused() -> None:
    queues, place, gate = Queues(), Place("o", "a"), asyncio.Event()
    waiting = [asyncio.create_task(queues.next(place, gate.wait)) for _ in range(MOST_WAITING + 1)]
    await asyncio.sleep(0)  # now all of them wait
    with pytest.raises(Busy):
        await queues.next(place, gate.wait)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    gate.set()
    assert await queues.next(place, gate.wait)


async def test_what_was_begun_is_finished_and_a_failure_that_nobody_awaits_is_no_warning() -> None:
    queues, place, begun = Queues(), Place("o", "a"), asyncio.Event()

    async def fail() -> None:
        begun.set()
        await asyncio.sleep(0)
        raise LookupError

    task = asyncio.create_task(queues.next(place, fail))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await queues.next(place, lambda: asyncio.sleep(0, "next")) == "next"

"""Real MCP servers, recorded."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

import mcp_types as types
from pydantic import ValidationError

from nextstate.data import sources
from nextstate.domain import calls
from nextstate.errors import ActionError, NextstateError, SessionEnded, UsageError
from nextstate.record import mcp, mcp_examples
from nextstate.record.mcp_notes_server import build
from nextstate.types import Source, Trajectory

NOTES = mcp.Server((sys.executable, "-m", "nextstate.record.mcp_notes_server"))

ODD = """
import json, os, sys

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TEXT = {"type": "text", "text": "first"}
RESULTS = {
    "image": {"content": [TEXT, {"type": "image", "data": "aGk=", "mimeType": "image/png"}]},
    "resource": {"content": [TEXT, {"type": "resource", "resource": {"uri": "note://1", "text": "inside"}}]},
    "link": {"content": [{"type": "resource_link", "uri": "note://2", "name": "two"}]},
    "structure": {"content": [], "structuredContent": {"n": 3}},
    "broken": {"content": [TEXT], "structuredContent": {"n": "three"}},
    "malformed": {"content": "not a list"},
}

def tool(name):
    return {"name": name, "inputSchema": {"type": "object"}, "outputSchema": SCHEMA}

def called(arguments):
    kind = arguments.get("kind")
    if kind == "leave":
        os._exit(3)
    if kind == "protocol":
        return {"error": {"code": -32050, "message": "not today", "data": {"until": "tomorrow"}}}
    shown = {"content": [{"type": "text", "text": repr(arguments)}]} if "more" in arguments else {"content": []}
    return {"result": RESULTS.get(kind, shown)}

def listed(params):
    if "secretive" in sys.argv:
        return {"error": {"code": -32601, "message": "not here"}}
    if params.get("cursor") == "2":
        return {"result": {"tools": [tool("more")]}}
    return {"result": {"tools": [tool("odd")], "nextCursor": "2"}}

def said(method, params):
    if method == "initialize":
        about = {"serverInfo": {"name": "odd", "version": "7"}, "capabilities": {"tools": {}}}
        return {"result": {"protocolVersion": "2025-06-18", "instructions": "An odd server.", **about}}
    if method == "tools/list":
        return listed(params)
    return called(params["arguments"]) if method == "tools/call" else {"error": {"code": -32601, "message": "no"}}

for line in sys.stdin:
    asked = json.loads(line)
    params = asked.get("params") or {}
    if "id" in asked and (params.get("arguments") or {}).get("kind") != "silent":
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said(asked["method"], params)}), flush=True)
"""
"""A server without the SDK, which says what no server made with it would say."""


def odd(**arguments: Any) -> str:
    return calls.render("odd", arguments)


@pytest.fixture(scope="module")
def odd_server() -> mcp.Server:
    return mcp.Server((sys.executable, "-c", ODD))


async def test_a_real_server_is_recorded_with_its_tools_and_its_answers() -> None:
    actions = [
        calls.render("create_note", {"title": "Milk", "tags": ["shop"]}),
        calls.render("get_note", {"id": 1}),
        calls.render("get_note", {"id": 2}),
        calls.render("drop_notes", {}),
    ]
    found = await mcp.record(NOTES, actions, id="x", source=Source("own", licence="Apache-2.0"))
    assert (found.id, found.domain, found.source.dataset) == ("x", "mcp", "own")
    assert found.meta["environment"] == "notes"
    assert found.meta["ending"] == "end"
    assert "id" in found.setup.initial_state
    get = next(tool for tool in found.setup.tools if tool.name == "get_note")
    assert get.description == "Read a note."
    assert get.input_schema["required"] == ["id"]
    assert get.output_schema["required"] == ["id", "title"]
    assert [turn.action for turn in found.turns] == actions
    note = {"id": 1, "title": "Milk", "body": "", "tags": ["shop"], "pinned": False}
    assert [json.loads(turn.observation) for turn in found.turns[:2]] == [note, note]
    assert found.turns[0].meta == {"error": False, "structured": note}
    assert [turn.observation for turn in found.turns[2:]] == [
        "Error executing tool get_note: there is no note 2",
        "Unknown tool: drop_notes",
    ]
    assert [turn.meta["error"] for turn in found.turns[2:]] == [True, True]


async def test_every_kind_of_content_is_shown_as_an_agent_sees_it(odd_server: mcp.Server) -> None:
    kinds = ("image", "resource", "link", "structure", "broken", "protocol", "none")
    found = await mcp.record(odd_server, [odd(kind=kind) for kind in kinds], id="x")
    shown = {kind: turn.observation for kind, turn in zip(kinds, found.turns, strict=True)}
    meta = {kind: dict(turn.meta) for kind, turn in zip(kinds, found.turns, strict=True)}
    assert shown == {
        "image": "first\n[image image/png]",
        "resource": "first\ninside",
        "link": "[resource_link note://2]",
        "structure": '{"n": 3}',
        "broken": "first",
        "protocol": "not today",
        "none": "",
    }
    assert meta["image"]["not_text"] is True
    assert meta["broken"] == {"error": False, "structured": {"n": "three"}}  # kept, though against the output schema
    assert meta["protocol"] == {"error": True, "code": -32050, "data": {"until": "tomorrow"}}
    assert [tool.name for tool in found.setup.tools] == ["odd", "more"]  # both pages
    assert found.setup.initial_state == "An odd server."


async def test_null_arguments_reach_the_server(odd_server: mcp.Server) -> None:
    found = await mcp.record(odd_server, [odd(kind="null", more=None)], id="x")
    assert found.turns[0].observation == "{'kind': 'null', 'more': None}"


@pytest.mark.parametrize(
    ("kind", "ending"), [("silent", "timeout"), ("leave", "closed"), ("malformed", "malformed_result")]
)
async def test_a_server_that_does_not_answer_ends_the_recording_by_name(
    odd_server: mcp.Server, kind: str, ending: str
) -> None:
    found = await mcp.record(
        odd_server, [odd(), odd(kind=kind), odd(), odd()], id="x", timeout=0.6 if kind == "silent" else 10
    )
    assert (found.meta["ending"], found.meta["left"], len(found.turns)) == (ending, 2, 1)


async def test_a_session_takes_one_call_after_another_and_none_after_its_end(odd_server: mcp.Server) -> None:
    async with mcp.session(odd_server, id="x", initial_state="own words", facts={"a": 1}) as recording:
        first = await recording.step(odd(kind="structure"))
        assert first is not None
        assert first.observation == '{"n": 3}'
        with pytest.raises(ActionError):
            await recording.step("no call")
        assert len(recording.trajectory.turns) == 1
        assert await recording.step(odd(kind="leave")) is None
        with pytest.raises(SessionEnded, match="closed"):
            await recording.step(odd())
        found = recording.trajectory
    assert (found.setup.initial_state, found.setup.facts, found.meta["ending"]) == ("own words", {"a": 1}, "closed")


async def test_what_is_no_call_is_refused_before_the_server_sees_it(odd_server: mcp.Server) -> None:
    with pytest.raises(ActionError):
        await mcp.record(odd_server, [odd(), "no call"], id="x")


async def test_a_server_that_does_not_list_its_tools_is_refused() -> None:
    with pytest.raises(NextstateError, match="does not list its tools: not here"):
        await mcp.record(mcp.Server((sys.executable, "-c", ODD, "secretive")), [], id="x")


async def test_secrets_are_scrubbed() -> None:
    secret = "ghp_" + "a1B2" * 9
    found = await mcp.record(NOTES, [calls.render("create_note", {"title": secret})], id="x")
    assert secret not in repr(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such-program-here",), "no-such-program-here"),
        ((sys.executable, "-c", "import sys; sys.exit('nothing to serve')"), "nothing to serve"),
    ],
)
async def test_a_command_that_is_no_server_is_refused_with_what_it_said(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        await mcp.record(mcp.Server(words), [], id="x", timeout=5)


async def test_an_address_where_nobody_answers_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(UsageError, match=f"no MCP server answers at http://127.0.0.1:{port}/mcp"):
        await mcp.record(mcp.Server(url=f"http://127.0.0.1:{port}/mcp"), [], id="x", timeout=5)


@pytest.mark.parametrize("bad", [{}, {"command": ("a",), "url": "http://b"}])
def test_a_server_is_a_command_or_an_address(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="not both"):
        mcp.Server(**bad)


async def test_a_server_is_recorded_over_http_as_over_its_standard_streams() -> None:
    session = mcp_examples.SESSIONS[0]
    actions = [calls.render(name, arguments) for name, arguments in session.calls]
    async with _serving(build()) as url:
        over_http = await mcp.record(mcp.Server(url=url), actions, id="x", timeout=10)
    assert over_http.turns == (await mcp.record(NOTES, actions, id="x")).turns


@asynccontextmanager
async def _serving(server: Any) -> AsyncIterator[str]:
    import uvicorn

    with _port() as listener:
        app = server.streamable_http_app()
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        task = asyncio.create_task(running.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        running.should_exit = True
        await task


@contextmanager
def _port() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # a client that comes before the server is ready waits
        yield listener


RESULTS: list[dict[str, Any]] = [
    {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    {"content": [{"type": "text", "text": "no"}], "isError": True},
    {"content": [{"type": "text", "text": "{}"}], "structuredContent": {"n": 1}, "isError": False},
    {"content": [], "structuredContent": {"n": "ä"}},
    {"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]},
    {"content": [{"type": "resource", "resource": {"uri": "note://1", "text": "in"}}]},
    {"content": [{"type": "resource", "resource": {"uri": "note://1", "blob": "aGk=", "mimeType": "a/b"}}]},
    {"content": [{"type": "resource_link", "uri": "note://2", "name": "two"}]},
    {"content": []},
]


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_is_worded_as_the_importer_of_recordings_words_it(result: dict[str, Any], tmp_path: Path) -> None:
    text, meta = mcp.shown(types.CallToolResult.model_validate(result))
    imported = _imported(result, tmp_path).turns[0]
    assert text == imported.observation
    assert meta == {"error": False, **imported.meta}


def _imported(result: dict[str, Any], folder: Path) -> Trajectory:
    path = folder / "session.jsonl"
    line = {"kind": "tools/call", "params": {"name": "t", "arguments": {}}, "result": result}
    path.write_text(json.dumps(line) + "\n", "utf-8")
    return next(iter(sources.read("mcp-recording", path)))


# The server of notes


async def _says(server: Any, name: str, **arguments: Any) -> str:
    from mcp import Client

    async with Client(server) as client:
        result = await client.call_tool(name, arguments)
    return "\n".join(part.text for part in result.content if isinstance(part, types.TextContent))


async def test_ids_of_deleted_notes_are_not_used_again() -> None:
    server = build([{"id": 5, "title": "five"}])
    assert json.loads(await _says(server, "delete_notes", ids=[5, 5, 6])) == {"deleted": [5], "missing": [6]}
    assert json.loads(await _says(server, "create_note", title="six"))["id"] == 6


async def test_pages_tell_where_the_next_one_begins() -> None:
    server = build({"id": n, "title": f"note {n}"} for n in (3, 1, 2))
    page = json.loads(await _says(server, "list_notes", limit=2))
    assert [note["id"] for note in page["notes"]] == [1, 2]
    assert (page["total"], page["next_offset"]) == (3, 2)
    last = json.loads(await _says(server, "list_notes", limit=2, offset=2))
    assert ([note["id"] for note in last["notes"]], last["next_offset"]) == ([3], None)


async def test_a_change_that_is_refused_changes_nothing() -> None:
    server = build([{"id": 1, "title": "one"}, {"id": 2, "title": "two"}])
    assert "already has the title" in await _says(server, "update_note", id=2, title="one", body="new")
    assert json.loads(await _says(server, "get_note", id=2))["body"] == ""
    assert json.loads(await _says(server, "update_note", id=2, title="two", pinned=True))["pinned"] is True


def test_a_broken_note_at_the_start_is_refused() -> None:
    with pytest.raises(ValidationError):
        build([{"title": "no id"}])

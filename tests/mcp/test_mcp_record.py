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
from nextstate.errors import ActionError, SessionEnded, UsageError
from nextstate.record import mcp, mcp_examples
from nextstate.record.mcp_notes_server import build
from nextstate.types import Source, Trajectory

NOTES = mcp.Server((sys.executable, "-m", "nextstate.record.mcp_notes_server"))

ODD = """
import sys, time, os
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
import anyio, mcp_types as types

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

async def tools(ctx, params):
    second = params is not None and params.cursor == "2"
    one = types.Tool(name="more" if second else "odd", input_schema={"type": "object"}, output_schema=SCHEMA)
    return types.ListToolsResult(tools=[one], next_cursor=None if second else "2")

async def call(ctx, params):
    kind = (params.arguments or {}).get("kind")
    text = types.TextContent(type="text", text="first")
    if kind == "image":
        image = types.ImageContent(type="image", data="aGk=", mime_type="image/png")
        return types.CallToolResult(content=[text, image])
    if kind == "resource":
        inner = types.TextResourceContents(uri="note://1", text="inside")
        return types.CallToolResult(content=[text, types.EmbeddedResource(type="resource", resource=inner)])
    if kind == "link":
        return types.CallToolResult(content=[types.ResourceLink(type="resource_link", uri="note://2", name="two")])
    if kind == "structure":
        return types.CallToolResult(content=[], structured_content={"n": 3})
    if kind == "broken":
        return types.CallToolResult(content=[text], structured_content={"n": "three"})
    if kind == "protocol":
        from mcp.shared.exceptions import MCPError
        raise MCPError(-32050, "not today", {"until": "tomorrow"})
    if kind == "null":
        return types.CallToolResult(content=[types.TextContent(type="text", text=repr(params.arguments))])
    if kind == "slow":
        await anyio.sleep(30)
    if kind == "leave":
        os._exit(3)
    return types.CallToolResult(content=[])

server = Server("odd", instructions="An odd server.", version="7", on_list_tools=tools, on_call_tool=call)

async def main():
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())

anyio.run(main)
"""


def odd(**arguments: Any) -> str:
    return calls.render("odd", arguments)


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory: pytest.TempPathFactory) -> mcp.Server:
    path = tmp_path_factory.mktemp("odd") / "odd_server.py"
    path.write_text(ODD, "utf-8")
    return mcp.Server((sys.executable, str(path)))


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


@pytest.mark.parametrize(("kind", "ending"), [("slow", "timeout"), ("leave", "closed")])
async def test_a_server_that_does_not_answer_ends_the_recording_by_name(
    odd_server: mcp.Server, kind: str, ending: str
) -> None:
    found = await mcp.record(
        odd_server, [odd(), odd(kind=kind), odd(), odd()], id="x", timeout=5 if kind == "leave" else 2
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
        while not running.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        running.should_exit = True
        await task


@contextmanager
def _port() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
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


def test_the_golden_examples_are_made_again_with_one_command(tmp_path: Path) -> None:
    out = tmp_path / "examples.jsonl"
    mcp_examples.main(["--out", str(out)])
    assert [one.id for one in sources.read("native", out)] == [session.id for session in mcp_examples.SESSIONS]

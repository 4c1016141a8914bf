"""The official clients of OpenEnv, unchanged, against our server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from nextstate import domain
from nextstate.cli.openenv import make
from nextstate.domain import calls
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.openenv import alone
from nextstate.serve.testing import listening, served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_the_official_clients_play_texts_and_tools_and_two_hundred_at_once(
    client: Callable[..., Awaitable[str]],
) -> None:
    text = domain.find("terminal").examples()[0]
    tool = domain.find("mcp").examples()[0]
    call = calls.parse(tool.turns[0].action)
    async with served(surfaces=("openenv",)) as url:
        printed = await client(
            "openenv",
            url,
            f"terminal/{text.id}",
            f"mcp/{tool.id}",
            call.name,
            json.dumps(dict(call.arguments)),
            script="openenv_wire",
        )
    found: dict[str, Any] = json.loads(printed)

    generic = found["generic"]
    assert generic["begun"][0]["metadata"]["episode_id"] == "official"
    assert generic["begun"][1:] == [None, False]
    assert generic["shown"][0]["text"] == "0: echo hello"
    assert generic["shown"][0]["metadata"]["origin"] == "model"
    assert generic["state"]["step_count"] == 1
    assert "VALIDATION_ERROR" in generic["refused"]

    tools = found["tools"]
    assert tools["tools"] == [[one.name, dict(one.input_schema)] for one in tool.setup.tools]
    action = calls.render(call.name, call.arguments)
    assert tools["called"] == f"0: {action}"
    assert tools["stepped"] == [call.name, f"1: {action}", False]
    assert tools["steps"] == 2
    assert tools["refused"] == ""  # what a wrong argument shows is the world's business

    assert found["many"]["right"] == 1_000
    assert found["synchronous"] is False


async def test_a_running_server_and_the_folders_of_scenarios_meet_the_standard_and_play(
    client: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    shell = ("shell_desk", "ShellDesk", "terminal/example-files-and-text", {"text": "echo hello > note; cat note"})
    call = {"tool_name": "create_note", "arguments": {"title": "a"}}
    notes = ("notes_desk", "NotesDesk", "mcp/mcp-notes-changes", call)
    async with contextlib.AsyncExitStack() as stack:
        folders = []
        for name, kind, scenario, action in (shell, notes):
            make(tmp_path / name, Catalogue.of().recorded(scenario), scenario, "kernel")
            application = alone.application(tmp_path / name / "scenario.jsonl", "kernel")
            url = await stack.enter_async_context(listening(application))
            folders.append([str(tmp_path), name, kind, url, action])
        url = await stack.enter_async_context(served(surfaces=("rest", "openenv")))
        found = json.loads(await client("openenv", url, json.dumps(folders), script="openenv_folder"))

    assert found["running"]["passed"] and found["running"]["summary"]["failed_criteria"] == []
    for one, (name, *_) in zip(found["played"], (shell, notes), strict=True):
        assert "PASS  static.manifest" in one["report"]
        assert one["begun"]["text"] == "" and one["state"]["scenario"] == name
    typed, called = (one["shown"] for one in found["played"])
    assert typed["text"] == "hello\n" and typed["metadata"]["origin"] == "computed"
    assert called["tool_name"] == "create_note" and (called["result"] or called["error"]["message"])


async def test_the_server_of_a_folder_starts_by_itself(tmp_path: Path) -> None:
    make(tmp_path / "lone_desk", Catalogue.of().recorded("terminal/example-files-and-text"), "x", "kernel")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.app", "--port", str(port), cwd=tmp_path / "lone_desk", stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while b"running on" not in (line := await process.stderr.readline()):
                assert line, "the server has ended"
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health") as answer:
            assert await answer.json() == {"status": "healthy"}
    finally:
        process.terminate()
        await process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

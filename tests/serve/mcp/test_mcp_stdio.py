"""One session behind a pair of pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp import Client, StdioServerParameters
from nextstate import domain as domains
from nextstate.errors import UsageError
from nextstate.serve.service import opened
from nextstate.serve.testing import service_of

PROGRAM = Path(__file__).with_name("stdio_desk.py")


def _scenario() -> str:
    name = domains.names()[0]
    return f"{name}/{domains.find(name).examples()[0].id}"


def _server(store: Path, scenario: str, session: str) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=[str(PROGRAM), str(store), scenario, session])


async def _turn(client: Client) -> int:
    (tool,) = (await client.list_tools()).tools
    (argument,) = tool.input_schema["properties"]
    domain = domains.find(domains.names()[0])
    answer = await client.call_tool(tool.name, {argument: domain.examples()[0].turns[0].action})
    turn: int = (answer.meta or {})["nextstate/turn"]
    assert answer.content[0].text == f"{turn}: {domain.examples()[0].turns[0].action}"
    return turn


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_session_goes_on_in_a_further_process(era: str, tmp_path: Path) -> None:
    store = tmp_path / "tree.sqlite"
    async with Client(_server(store, _scenario(), "mine"), mode=era) as client:
        assert client.instructions
        assert [await _turn(client), await _turn(client)] == [0, 1]
    async with Client(_server(store, "", "mine"), mode=era) as client:
        assert await _turn(client) == 2


def test_an_unknown_scenario_is_told_before_anything_is_served(tmp_path: Path) -> None:
    ran = [sys.executable, str(PROGRAM), str(tmp_path / "tree.sqlite"), _scenario()[:-1], ""]
    done = subprocess.run(ran, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"did you mean {_scenario()!r}?" in done.stderr


def test_lines_that_are_no_message_do_not_end_the_conversation(tmp_path: Path) -> None:
    lines = [
        "",
        "{",
        "[]",
        "null",
        "\x00",
        '{"jsonrpc": "2.0"}',
        "[" * 5000,
        '{"jsonrpc": "2.0", "id": 1, "method": 3}',
    ]
    ping = '{"jsonrpc": "2.0", "id": 77, "method": "ping"}'
    ran = [sys.executable, str(PROGRAM), str(tmp_path / "tree.sqlite"), _scenario(), ""]
    with subprocess.Popen(ran, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n".join([*lines, ping, ""]).encode())
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline())]
        while answers[-1].get("id") != 77:
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(30) == 0
    assert answers[-1]["result"] == {}


async def test_a_session_that_nobody_touched_for_long_is_taken_up_again(tmp_path: Path) -> None:
    now = [0.0]
    service = service_of(store=tmp_path / "tree.sqlite", idle_seconds=60.0, clock=lambda: now[0])
    asked = {"session": "mine", "model": "", "seed": 0, "owner": "local"}
    assert await opened(service, _scenario(), **asked) == "mine"
    now[0] = 100.0
    assert (await service.sessions.view("local", "mine")).ending == "idle"
    assert await opened(service, "", **asked) == "mine"
    assert (await service.sessions.view("local", "mine")).ending is None
    with pytest.raises(UsageError, match="of the scenario"):
        await opened(service, _scenario() + "x", **asked)
    await service.sessions.close("local", "mine")
    assert await opened(service, _scenario(), **asked) == "mine"
    assert (await service.sessions.view("local", "mine")).ending == "closed"
    await service.sessions.aclose()

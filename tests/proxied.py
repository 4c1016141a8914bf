"""Talking to a real MCP server: directly, through the recording proxy, and to what simulates it from recordings."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from mcp.client.stdio import stdio_client
from mcp_types import Request
from pydantic import RootModel

from mcp import Client, MCPError, StdioServerParameters
from nextstate.record.mcp_wire import bare

Call: TypeAlias = "tuple[str, dict[str, Any]]"
"""A tool's name and arguments; or a method of the protocol, which holds a slash, and its parameters."""

PROGRAM = """
import argparse, sys
from nextstate.cli import record_mcp
from nextstate.errors import NextstateError
parser = argparse.ArgumentParser()
record_mcp.add(parser.add_subparsers(required=True))
arguments = parser.parse_args(sys.argv[1:])
try:
    sys.exit(arguments.run(arguments))
except NextstateError as error:
    sys.exit(f"nextstate: error: {error}")
"""
PROXY = (sys.executable, "-c", PROGRAM, "mcp")
"""``nextstate record mcp`` as a command of its own."""


class Raw(RootModel[dict[str, Any]]):
    """A result as it came."""


@dataclass(frozen=True, slots=True)
class Case:
    """A real server: its command, the folder that ``prepare`` makes for it, and what is recorded of it.

    Each of ``paths`` is a way to use the simulated server, from the beginning: calls that were recorded, and others.
    """

    name: str
    command: tuple[str, ...]
    script: tuple[Call, ...]
    paths: tuple[tuple[Call, ...], ...] = ()
    prepare: Callable[[], None] = lambda: None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a server answered to a request: a result or an error, who gave it and why where it is simulated."""

    call: Call
    result: dict[str, Any] | None
    error: dict[str, Any] | None = None
    origin: str = ""
    why: str = ""

    @property
    def answer(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return self.result, self.error


@contextlib.asynccontextmanager
async def connected(command: Sequence[str], case: Case, mode: str) -> AsyncIterator[Client]:
    """A client of a server that is started for it; what the server says on standard error is dropped."""
    words = StdioServerParameters(command=command[0], args=list(command[1:]), env={**os.environ, **case.variables})
    with tempfile.TemporaryFile("w") as log:
        async with Client(stdio_client(words, errlog=log), mode=mode, cache=None) as client:
            yield client


async def talk(command: Sequence[str], calls: Sequence[Call], case: Case, *, mode: str = "legacy") -> list[Told]:
    """Start a server, make these requests one after the other, and end it."""
    async with connected(command, case, mode) as client:
        return [await ask(client, call) for call in calls]


async def ask(client: Client, call: Call) -> Told:
    """Make one request."""
    name, values = call
    method, params = (name, values) if "/" in name else ("tools/call", {"name": name, "arguments": values})
    request = Request[dict[str, Any], str](method=method, params=dict(params))
    try:
        result = bare((await client.session.send_request(request, Raw)).root)
    except MCPError as error:
        data = error.data if isinstance(error.data, dict) else {}
        told = error.error.model_dump(mode="json", exclude_none=True)
        return Told(call, None, told, str(data.get("nextstate/origin", "")), str(data.get("nextstate/why", "")))
    meta = result.pop("_meta", {})
    own = {key: meta.pop(key, "") for key in ("nextstate/origin", "nextstate/why")}
    return Told(call, {**result, **({"_meta": meta} if meta else {})}, None, *map(str, own.values()))


def recording(case: Case, out: Path) -> tuple[str, ...]:
    """The command that records the server into ``out``."""
    return (*PROXY, "--out", str(out), "--", *case.command)


def simulating(case: Case, out: Path, *more: str) -> tuple[str, ...]:
    """The same command with one word more; the real server is not there."""
    return (*PROXY, "--out", str(out), "--simulate", str(out), *more, "--", "no-such-command", *case.command[1:])


@dataclass(slots=True)
class Tally:
    """How a server was simulated. ``asked`` counts unrecorded calls, ``wrong`` holds what was answered otherwise."""

    name: str
    recorded: int = 0
    equal: int = 0
    asked: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.asked - len(self.refused)


async def measured(case: Case, out: Path) -> Tally:
    """Record a server's script, end the server, and compare what simulates it with the real one on every path."""
    tally = Tally(case.name)
    case.prepare()
    direct = await talk(case.command, case.script, case)
    case.prepare()
    through = await talk(recording(case, out), case.script, case)
    case.prepare()
    clocks = _differing(direct, await talk(case.command, case.script, case))
    changed = [case.script[at] for at in _differing(direct, through) if at not in clocks]
    assert not changed, f"the proxy changed the answers to {changed}"
    replayed = await talk(simulating(case, out), case.script, case)
    tally.recorded = len(replayed)
    tally.equal = tally.recorded - len(differing := _differing(through, replayed))
    tally.wrong += [f"{replayed[at]} where {through[at].answer} was recorded" for at in differing]
    for path in case.paths:
        await _compare(case, out, path, tally, [case.script[at] for at in clocks])
    return tally


async def _compare(case: Case, out: Path, path: Sequence[Call], tally: Tally, clocks: Sequence[Call]) -> None:
    simulated = await talk(simulating(case, out), path, case)
    answered = [one for one in simulated if one.origin != "refused"]
    case.prepare()
    truth = await talk(case.command, [one.call for one in answered], case)
    for one, true in zip(answered, truth, strict=True):
        if one.call not in case.script:
            tally.asked += 1
            tally.right += one.answer == true.answer
        if one.answer != true.answer and one.call not in clocks:
            tally.wrong.append(f"{one.call}: {one.answer} ({one.origin}: {one.why}), in truth {true.answer}")
    refused = [one for one in simulated if one.origin == "refused"]
    tally.refused += [f"{one.call}: {one.why}" for one in refused if one.call not in case.script]
    tally.asked += sum(one.call not in case.script for one in refused)


def _differing(left: Sequence[Told], right: Sequence[Told]) -> list[int]:
    """Where two runs of the same script differ."""
    return [at for at, (one, other) in enumerate(zip(left, right, strict=True)) if one.answer != other.answer]

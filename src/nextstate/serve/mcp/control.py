"""A session's controls as tools of the protocol, for planners and for people: never shown to the agent inside it.

Their address is the session's with ``/control`` in front of ``/mcp``. A session that is forked or frozen here is
reached under the address that the answer tells.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import mcp_types as wire
from mcp.server.lowlevel import Server

from nextstate import __version__
from nextstate.domain import calls
from nextstate.errors import NextstateError, UsageError, unknown_name
from nextstate.serve.mcp import tools
from nextstate.serve.mcp.agent import one_page
from nextstate.serve.mcp.place import place_of
from nextstate.serve.problems import problem
from nextstate.serve.queues import Place, Queues

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from nextstate.sim.sessions import Sessions, View
    from nextstate.types import Json

    Context = ServerRequestContext[Any, Any]

Given = Mapping[str, Any]
Run = Callable[["Sessions", Place, Given], Awaitable["dict[str, Any]"]]


def _seen(view: View) -> dict[str, Any]:
    return {**asdict(view), "agent_path": f"/s/{view.id}/mcp", "control_path": f"/s/{view.id}/control/mcp"}


async def _view(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.view(at.owner, at.session))


async def _fork(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.fork(at.owner, at.session, **given))


async def _rewind(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.rewind(at.owner, at.session, given.get("turns", 1)))


async def _snapshot(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.snapshot(at.owner, at.session))


async def _instruct(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.instruct(at.owner, at.session, given["instruction"]))


async def _close(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return _seen(await sessions.close(at.owner, at.session))


async def _facts(sessions: Sessions, at: Place, given: Given) -> dict[str, Any]:
    return {"facts": await sessions.facts(at.owner, at.session)}


def _integer(description: str, minimum: int | None = 0) -> dict[str, Any]:
    bound = {} if minimum is None else {"minimum": minimum}
    return {"type": "integer", "description": description, **bound}


@dataclass(frozen=True, slots=True)
class Command:
    """A tool: what it is told to do, what it takes, and what does it."""

    description: str
    run: Run
    takes: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": dict(self.takes),
            "required": list(self.needs),
            "additionalProperties": False,
        }


COMMANDS: Mapping[str, Command] = {
    "view": Command("How the session stands: its turns, its ending, what it used.", _view),
    "fork": Command(
        "A new session with the same past and a future of its own.",
        _fork,
        {
            "at": _integer("Turns to keep; all, where it is left out."),
            "seed": _integer("Another seed gives that future other luck.", None),
            "model": {"type": "string", "description": "Public name of the world model that goes on."},
        },
    ),
    "rewind": Command("Take back the last turns.", _rewind, {"turns": _integer("How many; 1, where it is left out.")}),
    "snapshot": Command("A frozen copy that does not expire; fork it to go on from there.", _snapshot),
    "instruct": Command(
        "Replace the simulation instruction, for the turns that follow.",
        _instruct,
        {"instruction": {"type": "string", "description": "What the world model is to do; empty for nothing."}},
        ("instruction",),
    ),
    "facts": Command("What is known of the world by computation, in words.", _facts),
    "close": Command("End the session; it can still be read, forked and rewound.", _close),
}


def server_of(sessions: Sessions, queues: Queues) -> Server[Any]:
    """A server of the protocol with the controls of every session."""
    control = _Control(sessions, queues)
    return Server("nextstate-control", version=__version__, on_list_tools=_listed, on_call_tool=control.call_tool)


async def _listed(context: Context, params: wire.PaginatedRequestParams | None) -> wire.ListToolsResult:
    one_page(params)
    found = [
        wire.Tool(name=name, description=one.description, input_schema=one.schema) for name, one in COMMANDS.items()
    ]
    return wire.ListToolsResult(tools=found)


class _Control:
    def __init__(self, sessions: Sessions, queues: Queues) -> None:
        self._sessions = sessions
        self._queues = queues

    async def call_tool(self, context: Context, params: wire.CallToolRequestParams) -> Any:
        """What a command gives, as JSON; what it cannot do is a result with ``isError`` and the reason."""
        place, given = place_of(context, None), params.arguments or {}
        try:
            done = await self._queues.next(place, lambda: self._run(place, params.name, given))
        except NextstateError as error:
            return tools.refused(error, problem(error)["error"])
        text = tools.legible(json.dumps(done, ensure_ascii=False))
        return {**tools.COMPLETE, **tools.spoken(text), "structuredContent": json.loads(text), "isError": False}

    async def _run(self, place: Place, name: str, given: Mapping[str, Json]) -> dict[str, Any]:
        command = COMMANDS.get(name)
        if command is None:
            raise unknown_name("control", name, COMMANDS)
        if wrong := calls.problems(command.schema, dict(given)):
            raise UsageError(f"{name}: {wrong[0][:400]}")
        return await command.run(self._sessions, place, given)

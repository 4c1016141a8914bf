"""The world as an agent sees it: the tools of a session, and what calling them shows.

Where the world is a screen, the first one is given as the server's ``instructions``; what else is known before the
first turn is for the world model, and for the agent to find out. The resource ``nextstate://session`` tells that
screen as well, how far the session is, and what was shown last. Nothing here can fork, rewind or instruct the world
(see `control`), nor see the simulation instruction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mcp_types as wire
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextstate import __version__
from nextstate.domain import find
from nextstate.domain.interface import action_of, offered
from nextstate.domain.strict_json import MAX_DEPTH, deep
from nextstate.errors import ActionError, NextstateError
from nextstate.serve.mcp import tools
from nextstate.serve.mcp.errors import protocol_error
from nextstate.serve.mcp.place import place_of
from nextstate.serve.mcp.progress import reported
from nextstate.serve.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.context import CallNext, ServerRequestContext

    from nextstate.serve.queues import Place, Queues
    from nextstate.sim.scenario import Scenario
    from nextstate.sim.sessions import Sessions
    from nextstate.types import Action, Json, Tool

    Context = ServerRequestContext[Any, Any]

SESSION = "nextstate://session"
"""The address of the one resource."""


def server_of(sessions: Sessions, queues: Queues, alone: Place | None = None) -> Server[Any]:
    """A server of the protocol for every session, or for the session ``alone``."""
    world = _World(sessions, queues, alone)
    server: Server[Any] = Server(
        "nextstate",
        version=__version__,
        on_list_tools=world.list_tools,
        on_call_tool=world.call_tool,
        on_list_resources=world.list_resources,
        on_list_resource_templates=_no_templates,
        on_read_resource=world.read_resource,
    )
    server.middleware = [world.complete]
    return server


class _World:
    def __init__(self, sessions: Sessions, queues: Queues, alone: Place | None) -> None:
        self._sessions = sessions
        self._queues = queues
        self._alone = alone

    async def list_tools(self, context: Context, params: wire.PaginatedRequestParams | None) -> wire.ListToolsResult:
        """The names of the tools; :meth:`complete` adds what else is told of them."""
        one_page(params)
        found = await self._offered(place_of(context, self._alone))
        named = [wire.Tool(name=tool.name, input_schema={"type": "object"}) for tool in found]
        return wire.ListToolsResult(tools=named, cache_scope="private")

    async def call_tool(self, context: Context, params: wire.CallToolRequestParams) -> Any:
        place = place_of(context, self._alone)
        arguments: Mapping[str, Json] = params.arguments or {}

        async def step() -> dict[str, Any]:
            return await self._step(place, params.name, arguments, modern=modern(context))

        return await reported(context, lambda: self._queues.next(place, step))

    async def list_resources(
        self, context: Context, params: wire.PaginatedRequestParams | None
    ) -> wire.ListResourcesResult:
        one_page(params)
        told = "The first screen, where there is one; how far this session is, and what was shown last."
        one = wire.Resource(uri=SESSION, name="session", description=told, mime_type="application/json")
        return wire.ListResourcesResult(resources=[one], cache_scope="private")

    async def read_resource(self, context: Context, params: wire.ReadResourceRequestParams) -> wire.ReadResourceResult:
        if str(params.uri) != SESSION:
            raise MCPError(wire.INVALID_PARAMS, f"there is no resource {str(params.uri)[:80]!r}; there is {SESSION!r}")
        text = json.dumps(await self._state(place_of(context, self._alone)), ensure_ascii=False)
        content = wire.TextResourceContents(uri=SESSION, mime_type="application/json", text=tools.legible(text))
        return wire.ReadResourceResult(contents=[content], cache_scope="private")

    async def complete(self, ctx: Context, call_next: CallNext) -> Any:
        """The middleware: whose instructions these are, the schemas as they stand, and errors in the protocol's words.

        The library orders the keys of schemas anew and leaves some out, so they are put back behind it.
        """
        try:
            answer: Any = await call_next(ctx)
            if ctx.method in ("initialize", "server/discover"):
                scenario = await self._scenario(place_of(ctx, self._alone))
                if told := tools.legible(_seen(scenario)):
                    return {**answer, "instructions": told}
            if ctx.method == "tools/list":
                found = await self._offered(place_of(ctx, self._alone))
                return {**answer, "tools": [tools.listed(tool, modern=modern(ctx)) for tool in found]}
        except NextstateError as error:
            raise protocol_error(error) from error
        return answer

    async def _step(self, place: Place, name: str, arguments: Mapping[str, Json], *, modern: bool) -> dict[str, Any]:
        scenario = await self._scenario(place)
        domain, found = find(scenario.domain), await self._offered(place)
        tool = next((one for one in found if one.name == name), None)
        try:
            action = _action(scenario, name, arguments)
            step = await self._sessions.step(place.owner, place.session, action)
        except ActionError as error:
            if tool is None:
                raise
            return tools.refused(error, problem(error)["error"])
        query = scenario.query(action)
        failed = domain.failed(query, step.turn.observation) if domain.failed else None
        view = await self._sessions.view(place.owner, place.session)
        return tools.result(step, tool, failed=failed, model=view.model, modern=modern)

    async def _offered(self, place: Place) -> tuple[Tool, ...]:
        scenario = await self._scenario(place)
        return offered(find(scenario.domain), scenario.setup)

    async def _scenario(self, place: Place) -> Scenario:
        return await self._sessions.scenario(place.owner, place.session)

    async def _state(self, place: Place) -> dict[str, Any]:
        view = await self._sessions.view(place.owner, place.session)
        scenario = await self._scenario(place)
        return {
            "session": view.id,
            "domain": view.domain,
            "scenario": view.scenario,
            "turns": view.turns,
            "ending": view.ending,
            "initial_state": _seen(scenario),
            "observation": find(scenario.domain).before(scenario.query()),
        }


def _seen(scenario: Scenario) -> str:
    """What an agent may see before its first action: a first screen.

    Elsewhere the initial state tells a world model what the agent is to find out.
    """
    return scenario.setup.initial_state if find(scenario.domain).screens else ""


def _action(scenario: Scenario, name: str, arguments: Mapping[str, Json]) -> Action:
    if deep(arguments):
        raise ActionError(f"the arguments are nested more than {MAX_DEPTH} deep")
    action = action_of(find(scenario.domain), scenario.setup, name, arguments)
    try:
        action.encode()
    except UnicodeEncodeError:
        raise ActionError("half of a surrogate pair is no text") from None
    return action


async def _no_templates(
    context: Context, params: wire.PaginatedRequestParams | None
) -> wire.ListResourceTemplatesResult:
    return wire.ListResourceTemplatesResult(resource_templates=[])


def modern(context: Context) -> bool:
    """Whether a message is of protocol 2026-07-28 or later."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


def one_page(params: wire.PaginatedRequestParams | None) -> None:
    """Refuse a cursor: all lists are given whole."""
    if params is not None and params.cursor is not None:
        raise MCPError(wire.INVALID_PARAMS, "there is no further page; the list is given whole, without a cursor")

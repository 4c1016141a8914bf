"""The wire over plain HTTP: ``/reset``, ``/step``, ``/state``, ``/metadata``, ``/health``, ``/schema``, ``/mcp``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from nextstate import __version__
from nextstate.domain import find
from nextstate.errors import UsageError
from nextstate.serve.openenv import rpc, schemas, wire
from nextstate.serve.problems import owner

if TYPE_CHECKING:
    from starlette.requests import Request

    from nextstate.serve.openenv.episodes import Episodes

Handler = Callable[["Request"], Awaitable[Response]]


def routes(base: str, episodes: Episodes) -> list[Route]:
    """The routes below ``base``, whose path parameter ``scenario`` is the default scenario."""
    handlers: list[tuple[str, str, Handler]] = [
        ("POST", "/reset", partial(reset, episodes)),
        ("POST", "/step", partial(step, episodes)),
        ("GET", "/state", partial(state, episodes)),
        ("GET", "/metadata", partial(metadata, episodes)),
        ("GET", "/schema", partial(schema, episodes)),
        ("GET", "/health", health),
        ("POST", "/mcp", partial(call, episodes)),
    ]
    return [Route(base + path, handler, methods=[method]) for method, path, handler in handlers]


async def reset(episodes: Episodes, request: Request) -> Response:
    """Begin an episode. Its id is in ``metadata``; a step that is to go on with it names it."""
    seat = episodes.seat(_scenario(request))
    return _json(await episodes.reset(owner(request), seat, await body(request)))


async def step(episodes: Episodes, request: Request) -> Response:
    """Take an action in the episode that the body names as ``episode_id``.

    Without a name the action has an episode of its own, which then ends: so OpenEnv's own servers answer.
    """
    asked, who = await body(request), owner(request)
    name = asked.get("episode_id")
    if not isinstance(name, str | None):
        raise UsageError("'episode_id' must be a string")
    action = wire.fields(asked.get("action"))
    if name:
        return _json(await episodes.step(who, await episodes.named(who, name), action))
    async with episodes.passing(who, _scenario(request)) as seat:
        return _json(await episodes.step(who, seat, action))


async def state(episodes: Episodes, request: Request) -> Response:
    """What can be seen of the episode in the query as ``episode_id``; of none, where it is absent."""
    who, name = owner(request), request.query_params.get("episode_id", "")
    seat = await episodes.named(who, name) if name else episodes.seat(_scenario(request))
    return _json(await episodes.state(who, seat))


async def metadata(episodes: Episodes, request: Request) -> Response:
    """What this environment is."""
    name = _scenario(request) or episodes.catalogue.default()
    domain = episodes.catalogue.recorded(name).domain
    about = f"A simulated environment of the domain {domain}, answered by a world model. Scenario: {name}."
    return _json({"name": "nextstate", "description": about, "version": __version__})


async def schema(episodes: Episodes, request: Request) -> Response:
    """JSON Schemas of actions, observations and states."""
    scenario = episodes.catalogue.find(_scenario(request) or episodes.catalogue.default())
    return _json(schemas.all_of(find(scenario.domain), scenario.setup))


async def health(request: Request) -> Response:
    return _json({"status": "healthy"})


async def call(episodes: Episodes, request: Request) -> Response:
    """OpenEnv's JSON-RPC. Errors are part of the answer, whose status is 200."""
    message = rpc.parsed(await request.body())
    return _json(await rpc.answer(episodes, owner(request), message, scenario=_scenario(request)))


async def body(request: Request) -> dict[str, Any]:
    """The JSON object in a request; no body counts as an empty one. Raises :class:`UsageError`."""
    text = await request.body()
    found = rpc.parsed(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise UsageError("the body must be a JSON object")
    return found


def _scenario(request: Request) -> str:
    return str(request.path_params.get("scenario", ""))


def _json(value: Any) -> Response:
    return Response(wire.encode(value), media_type="application/json")

"""OpenEnv's JSON-RPC: ``tools/list``, ``tools/call``, and the sessions that HTTP has no other way to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from nextstate.errors import ActionError, NextstateError, UsageError
from nextstate.serve.problems import problem
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from nextstate.serve.openenv.episodes import Episodes, Seat

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, SERVER_ERROR = -32700, -32600, -32601, -32602, -32000
"""Codes of JSON-RPC 2.0, section 5.1."""


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """A request of JSON-RPC 2.0 with named parameters."""

    jsonrpc: str
    method: str
    params: dict[str, Any] = {}
    id: str | int | None = None


class Unparsed:
    """Stands for a text that is no JSON."""


def parsed(text: str | bytes) -> object:
    """The JSON in ``text``, or :class:`Unparsed`."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Unparsed()


async def answer(
    episodes: Episodes, owner: str, message: object, seat: Seat | None = None, scenario: str = ""
) -> dict[str, Any]:
    """The response to a message. ``seat`` is where a client sits that speaks over a WebSocket.

    Without one, a request names its session; ``scenario`` is the default of a new one.
    """
    if isinstance(message, Unparsed):
        return error_of(PARSE_ERROR, "Parse error", None)
    try:
        request = msgspec.convert(message, Request)
    except msgspec.ValidationError as error:
        return error_of(INVALID_REQUEST, f"Invalid request: {error}", None)
    if request.jsonrpc != "2.0":
        return error_of(INVALID_REQUEST, "Invalid request: 'jsonrpc' must be '2.0'", request.id)
    if request.method not in METHODS:
        return error_of(NO_METHOD, f"Method not found: {request.method[:80]}", request.id)
    try:
        result = await METHODS[request.method](episodes, owner, request.params, seat, scenario)
    except NextstateError as error:
        return failure(error, request.id)
    return {"jsonrpc": "2.0", "id": request.id, "result": result}


async def _create(
    episodes: Episodes, owner: str, params: Mapping[str, Any], seat: Seat | None, scenario: str
) -> dict[str, Any]:
    """A session by name. Over a WebSocket there is one already."""
    if seat is None or not seat.episode:
        seat = seat or episodes.seat(scenario)
        await episodes.reset(owner, seat, params)
    return {"session_id": episodes.name(owner, seat)}


async def _close(
    episodes: Episodes, owner: str, params: Mapping[str, Any], seat: Seat | None, scenario: str
) -> dict[str, Any]:
    name = _session(params)
    if not name:
        raise UsageError("'session_id' is required")
    if seat is not None and name == seat.episode:
        raise UsageError("this WebSocket sits at that session; end it with the message 'close'")
    found = await episodes.named(owner, name)
    found.own = True
    await episodes.leave(owner, found)
    return {"session_id": name, "closed": True}


async def _list(
    episodes: Episodes, owner: str, params: Mapping[str, Any], seat: Seat | None, scenario: str
) -> dict[str, Any]:
    name = _session(params)
    if seat is None:
        seat = await episodes.named(owner, name) if name else episodes.seat(scenario)
    tools = await episodes.tools(owner, seat)
    return {
        "tools": [
            {"name": one.name, "description": one.description, "inputSchema": dict(one.input_schema)} for one in tools
        ]
    }


async def _call(
    episodes: Episodes, owner: str, params: Mapping[str, Any], seat: Seat | None, scenario: str
) -> dict[str, Any]:
    """What a tool shows, as ``data``, which OpenEnv's client hands on, and the whole observation beside it.

    Without a session the call has an episode of its own, which then ends.
    """
    name, arguments = params.get("name"), params.get("arguments", {})
    if not isinstance(name, str) or not name or not isinstance(arguments, dict):
        raise UsageError("a call has a 'name', a string, and 'arguments', an object")
    action = {"type": "call_tool", "tool_name": name, "arguments": arguments}
    if seat is None and not _session(params):
        async with episodes.passing(owner, scenario) as passing:
            shown = await episodes.step(owner, passing, action)
    else:
        shown = await episodes.step(owner, seat or await episodes.named(owner, _session(params)), action)
    observation = shown["observation"]
    if observation["error"] is not None:
        raise ActionError(observation["error"]["message"])
    return {"data": observation["result"], **observation, "reward": shown["reward"], "done": shown["done"]}


def _session(params: Mapping[str, Any]) -> str:
    name = params.get("session_id") or ""
    if not isinstance(name, str):
        raise UsageError("'session_id' must be a string")
    return name


METHODS = {
    "openenv/session/create": _create,
    "openenv/session/close": _close,
    "tools/list": _list,
    "tools/call": _call,
}


def failure(error: NextstateError, id: str | int | None) -> dict[str, Any]:
    """The response to a request that could not be answered; ``data`` is what our other surfaces say of it."""
    params = isinstance(error, UsageError | ActionError | NoSuchSession)
    return error_of(INVALID_PARAMS if params else SERVER_ERROR, str(error), id, problem(error)["error"])


def error_of(code: int, message: str, id: str | int | None, data: Any = None) -> dict[str, Any]:
    """An error response."""
    told = {"code": code, "message": message, **({} if data is None else {"data": data})}
    return {"jsonrpc": "2.0", "id": id, "error": told}

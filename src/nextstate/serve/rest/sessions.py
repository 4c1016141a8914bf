"""What the REST surface does with sessions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, structs

from nextstate.data import checks, store
from nextstate.domain import find
from nextstate.domain.interface import action_of, offered
from nextstate.errors import UsageError
from nextstate.serve.problems import Refused
from nextstate.serve.rest.events import events
from nextstate.serve.rest.operations import Answer, Conflict, Stream
from nextstate.serve.rest.shapes import Inline
from nextstate.sim.limits import Limits
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Step
from nextstate.types import NOTHING, Query, Setup, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.serve.rest.operations import Call
    from nextstate.serve.rest.shapes import LimitsIn, NewSession, NewStep, SetupIn, ToolIn, TurnIn
    from nextstate.sim.sessions import Sessions
    from nextstate.sim.tree import Node
    from nextstate.types import Action, Json

MAX_SHOWN = 400
"""Characters of an action in a tree of branches."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
PICTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""What a picture may do: nothing but look, also where it is opened by itself."""


async def create(call: Call) -> Answer:
    new: NewSession = call.body
    scenario = (
        _brought(new)
        if isinstance(new.scenario, Inline)
        else call.service.catalogue.find(new.scenario, after=new.after)
    )
    view = await call.service.sessions.create(
        call.owner,
        scenario,
        model=new.model,
        seed=new.seed,
        instruction=new.instruction,
        limits=_limits(new.limits) if new.limits else None,
    )
    return Answer(view)


async def page(call: Call) -> Answer:
    limit: int = call.query.limit
    views = await call.service.sessions.list(call.owner, limit=limit, before=call.query.before)
    return Answer({"sessions": views, "next": views[-1].id if len(views) == limit else None})


async def view(call: Call) -> Answer:
    return Answer(await call.service.sessions.view(call.owner, call.path["id"]))


async def step(call: Call) -> Answer | Stream:
    new: NewStep = call.body
    sessions, id = call.service.sessions, call.path["id"]
    action = await _action(sessions, call.owner, id, new)
    if new.turn is not None and (taken := await _taken(sessions, call.owner, id, action, new.turn)) is not None:
        return Answer(taken)
    if call.streams:
        return Stream(await events(sessions, call.owner, id, action))
    return Answer(await sessions.step(call.owner, id, action))


async def fork(call: Call) -> Answer:
    new = call.body
    return Answer(
        await call.service.sessions.fork(call.owner, call.path["id"], at=new.at, seed=new.seed, model=new.model)
    )


async def rewind(call: Call) -> Answer:
    return Answer(await call.service.sessions.rewind(call.owner, call.path["id"], call.body.turns))


async def instruct(call: Call) -> Answer:
    return Answer(await call.service.sessions.instruct(call.owner, call.path["id"], call.body.instruction))


async def snapshot(call: Call) -> Answer:
    return Answer(await call.service.sessions.snapshot(call.owner, call.path["id"]))


async def close(call: Call) -> Answer:
    return Answer(await call.service.sessions.close(call.owner, call.path["id"]))


async def trajectory(call: Call) -> Answer:
    found = await call.service.sessions.trajectory(call.owner, call.path["id"])
    if not call.query.download:
        return Answer(store.encode(found))
    name = f'attachment; filename="{_UNSAFE.sub("_", found.id)}.jsonl"'
    return Answer(store.line(found), "application/x-ndjson", ((b"content-disposition", name.encode("ascii")),))


async def branches(call: Call) -> Answer:
    found = await call.service.sessions.branches(call.owner, call.path["id"], limit=call.query.limit)
    depths: dict[str, int] = {found.root: -1}
    nodes = [_node(node, depths) for node in found.nodes]
    return Answer({"root": found.root, "nodes": nodes, "heads": found.heads})


async def facts(call: Call) -> Answer:
    return Answer({"facts": await call.service.sessions.facts(call.owner, call.path["id"])})


async def tools(call: Call) -> Answer:
    scenario = await call.service.sessions.scenario(call.owner, call.path["id"])
    declared = offered(find(scenario.domain), scenario.setup)
    return Answer({"tools": [store.encode_tool(tool) for tool in declared]})


async def picture(call: Call) -> Answer:
    scenario = await call.service.sessions.scenario(call.owner, call.path["id"])
    domain, count = find(scenario.domain), call.query.turns
    if domain.picture is None:
        raise Refused(404, "no_picture", f"the domain {domain.name!r} has no pictures; read the observation")
    if count is not None and count > len(scenario.history):
        raise UsageError(f"the session has {len(scenario.history)} turns, not {count}")
    shown = domain.before(Query(domain.name, scenario.setup, scenario.history[:count], ""))
    policy = ((b"content-security-policy", PICTURE_POLICY.encode()),)
    return Answer(domain.picture(shown), "text/html; charset=utf-8", policy)


async def spent(call: Call) -> Answer:
    used = call.service.sessions.spent(call.owner)
    quota = call.service.sessions.quota(call.owner)
    return Answer({**{name: getattr(used, name) for name in _USED}, "quota": quota})


_USED = ("sessions", "steps", "tokens", "bytes", "seconds")


async def _action(sessions: Sessions, owner: str, id: str, new: NewStep) -> Action:
    """The action of a step. Raises :class:`Refused` and :class:`~nextstate.errors.ActionError`."""
    if (new.action is UNSET) == (new.call is UNSET):
        raise UsageError("a step needs either `action`, a text, or `call`, a tool's name and arguments")
    if new.action is not UNSET:
        return new.action
    assert new.call is not UNSET
    scenario = await sessions.scenario(owner, id)
    return action_of(find(scenario.domain), scenario.setup, new.call.name, new.call.arguments)


async def _taken(sessions: Sessions, owner: str, id: str, action: Action, turn: int) -> Step | None:
    """The step that was to be the ``turn``-th, where it was taken already. Raises :class:`Conflict`."""
    if (await sessions.view(owner, id)).turns == turn:
        return None
    history = (await sessions.scenario(owner, id)).history
    if turn < len(history) and history[turn].action == action:
        return Step(history[turn], turn, True, 0.0)
    raise Conflict(turn, len(history))


def _node(node: Node, depths: dict[str, int]) -> dict[str, Json]:
    key, parent, action = node.key.hex(), node.parent.hex(), node.turn.action
    above = depths.get(parent)
    if above is not None:
        depths[key] = above + 1
    origin = node.turn.meta.get("origin")
    return {
        "key": key,
        "parent": parent,
        "action": action if len(action) <= MAX_SHOWN else action[:MAX_SHOWN] + "\u2026",
        "origin": origin if isinstance(origin, str) else None,
        "index": depths.get(key),
    }


def _brought(new: NewSession) -> Scenario:
    """The scenario that a request brings along. Raises :class:`UsageError` and :class:`DataError`."""
    brought = new.scenario
    assert isinstance(brought, Inline)
    if new.after:
        raise UsageError("`after` belongs to a named scenario; leave out what is too much of `turns`")
    setup, history = _setup(brought.setup), tuple(map(_turn, brought.turns))
    checks.check(Trajectory("scenario", find(brought.domain).name, setup, history), "the scenario", from_json=True)
    return Scenario(brought.domain, setup, history, brought.name)


def _setup(brought: SetupIn) -> Setup:
    return Setup(
        brought.initial_state,
        tuple(map(_tool, brought.tools)),
        tuple(map(_turn, brought.demonstrations)),
        brought.instruction,
        brought.facts or NOTHING,
    )


def _tool(brought: ToolIn) -> Tool:
    schemas = (brought.inputSchema or NOTHING, brought.outputSchema or NOTHING)
    return Tool(brought.name, brought.description or "", *schemas)


def _turn(brought: TurnIn) -> Turn:
    return Turn(brought.action, brought.observation, brought.meta or NOTHING)


def _limits(brought: LimitsIn) -> Limits:
    given: dict[str, Any] = {name: value for name, value in structs.asdict(brought).items() if value is not None}
    return Limits(**given)

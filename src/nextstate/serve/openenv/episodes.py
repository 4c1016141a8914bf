"""Episodes: what the clients of the wire sit at. An episode is a session, and a reset begins one."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from nextstate.domain import find
from nextstate.domain.interface import action_of, offered
from nextstate.errors import ActionError, StepFailed, UsageError
from nextstate.serve.openenv import wire
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from nextstate.serve.service import Service
    from nextstate.sim.scenario import Scenario
    from nextstate.sim.sessions import View
    from nextstate.types import Action, Tool

SEATS = 20_000
"""Seats that are remembered by name; of those beyond, the one that nobody asked for longest is forgotten."""
NAMED = 20
"""Names of fields that nobody knew, in an answer."""
NAME = 80
"""Characters of such a name."""


class Reset(msgspec.Struct):
    """What a reset may say. ``resume`` goes on with an episode that exists where it stands."""

    seed: Annotated[int, msgspec.Meta(ge=0)] | None = None
    episode_id: str | None = None
    scenario: str | None = None
    model: str | None = None
    instruction: str | None = None
    resume: bool = False


@dataclass(slots=True)
class Seat:
    """Where one client sits: the scenario that a reset takes unless told otherwise, and the episode, if there is one.

    ``own``: the episode was begun from here, so the next reset ends it. ``name`` is what the seat is remembered by.
    """

    scenario: str
    episode: str = ""
    own: bool = False
    name: str = ""


class Episodes:
    """The episodes of a server, by owner."""

    def __init__(self, service: Service) -> None:
        self.sessions = service.sessions
        self.catalogue = service.catalogue
        self._seats: OrderedDict[tuple[str, str], Seat] = OrderedDict()

    def seat(self, scenario: str = "") -> Seat:
        """A seat without an episode. Raises :class:`UsageError` for an unknown scenario."""
        if scenario:
            self.catalogue.recorded(scenario)
        return Seat(scenario or self.catalogue.default())

    def name(self, owner: str, seat: Seat) -> str:
        """Remember a seat, under the id of its episode, for the clients that come back to it by name."""
        seat.name = seat.name or seat.episode
        self._seats[owner, seat.name] = seat
        if len(self._seats) > SEATS:
            self._seats.popitem(last=False)
        return seat.name

    async def named(self, owner: str, name: str) -> Seat:
        """The seat of that name, or one at the session of that id. Raises :class:`NoSuchSession`."""
        if (seat := self._seats.get((owner, name))) is not None:
            self._seats.move_to_end((owner, name))
            return seat
        view = await self.sessions.view(owner, name)
        return Seat(view.scenario, view.id)

    @contextlib.asynccontextmanager
    async def passing(self, owner: str, scenario: str = "") -> AsyncIterator[Seat]:
        """A seat for one request, whose episode ends with it."""
        seat = self.seat(scenario)
        try:
            yield seat
        finally:
            await self.leave(owner, seat)

    async def leave(self, owner: str, seat: Seat) -> None:
        """End the episode that was begun from a seat."""
        self._seats.pop((owner, seat.name), None)
        if seat.own and seat.episode:
            await self.sessions.close(owner, seat.episode)
        seat.episode, seat.own = "", False

    async def reset(self, owner: str, seat: Seat, data: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an episode, and show what can be seen before the first action.

        An episode that exists begins again at its first turn, with the same seed; asking it for another scenario, seed,
        model or instruction is an error. With ``resume`` it goes on where it stands.
        Raises :class:`UsageError` and what :meth:`~nextstate.sim.sessions.Sessions.create` raises.
        """
        asked = _asked(data)
        known = await self._known(owner, asked.episode_id)
        view = await (self._again(owner, seat, asked, known) if known else self._new(owner, seat, asked))
        metadata = wire.of_episode(view)
        if ignored := sorted(data.keys() - set(Reset.__struct_fields__)):
            metadata["ignored"] = [name[:NAME] for name in ignored[:NAMED]]
        scenario = await self.sessions.scenario(owner, view.id)
        return wire.answer({"text": _shown(scenario)}, metadata, view.ending)

    async def step(self, owner: str, seat: Seat, data: Mapping[str, Any]) -> dict[str, Any]:
        """What an action shows. Without an episode, one of the seat's scenario is begun."""
        kind = data.get("type")
        if kind == "list_tools":
            tools = await self.tools(owner, seat)
            return wire.answer({"tools": [wire.tool(one) for one in tools]}, {}, None)
        if not seat.episode:
            await self.reset(owner, seat, {})
        if kind == "call_tool":
            return await self._call(owner, seat, data.get("tool_name"), data.get("arguments"))
        return await self._act(owner, seat, _text(data))

    async def state(self, owner: str, seat: Seat) -> dict[str, Any]:
        """What can be seen of the seat's episode."""
        if not seat.episode:
            return {"episode_id": None, "step_count": 0, "scenario": seat.scenario}
        return wire.of_episode(await self.sessions.view(owner, seat.episode))

    async def tools(self, owner: str, seat: Seat) -> tuple[Tool, ...]:
        """The tools of the seat's episode or, before there is one, of its scenario."""
        if seat.episode:
            scenario = await self.sessions.scenario(owner, seat.episode)
        else:
            scenario = self.catalogue.find(seat.scenario)
        return offered(find(scenario.domain), scenario.setup)

    async def _act(self, owner: str, seat: Seat, action: Action) -> dict[str, Any]:
        step = await self.sessions.step(owner, seat.episode, action)
        view = await self.sessions.view(owner, seat.episode)
        return wire.answer({"text": step.turn.observation}, wire.of_step(step, view), view.ending)

    async def _call(self, owner: str, seat: Seat, name: object, arguments: object) -> dict[str, Any]:
        """The call of a tool. What is wrong with it, or with the world's answer, is part of the observation."""
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            raise UsageError("a tool call has a 'tool_name', a string, and 'arguments', an object")
        observation: dict[str, Any] = {"tool_name": name, "result": None, "error": None}
        try:
            scenario = await self.sessions.scenario(owner, seat.episode)
            action = action_of(find(scenario.domain), scenario.setup, name, arguments or {})
            shown = await self._act(owner, seat, action)
        except (ActionError, StepFailed) as error:
            observation["error"] = wire.tool_error(error)
            view = await self.sessions.view(owner, seat.episode)
            return wire.answer(observation, {"episode_id": view.id, "ending": view.ending}, view.ending)
        observation["result"] = shown["observation"].pop("text")
        shown["observation"] = observation | shown["observation"]
        return shown

    async def _known(self, owner: str, id: str | None) -> View | None:
        try:
            return await self.sessions.view(owner, id) if id else None
        except NoSuchSession:
            return None

    async def _new(self, owner: str, seat: Seat, asked: Reset) -> View:
        scenario = self.catalogue.find(asked.scenario or seat.scenario)
        if asked.resume:
            raise NoSuchSession(asked.episode_id or "")
        model = self.sessions.known(asked.model or "")  # before the old episode is given up
        if seat.own and seat.episode:
            await self.sessions.close(owner, seat.episode)
        view = await self.sessions.create(
            owner,
            scenario,
            model=model,
            seed=asked.seed or 0,
            instruction=asked.instruction,
            id=asked.episode_id or "",
        )
        seat.episode, seat.own = view.id, True
        return view

    async def _again(self, owner: str, seat: Seat, asked: Reset, known: View) -> View:
        for name in ("scenario", "model", "seed", "instruction"):
            wanted, is_so = getattr(asked, name), getattr(known, name)
            if wanted is not None and wanted != is_so:
                raise UsageError(
                    f"the episode {known.id!r} has the {name} {is_so!r}; give another one another episode_id"
                )
        if seat.episode != known.id:
            if seat.own and seat.episode:
                await self.sessions.close(owner, seat.episode)
            seat.episode, seat.own = known.id, False
        return known if asked.resume else await self.sessions.rewind(owner, known.id, known.turns)


def _asked(data: Mapping[str, Any]) -> Reset:
    try:
        return msgspec.convert(data, Reset)
    except msgspec.ValidationError as error:
        raise UsageError(f"the reset does not fit: {error}") from None


def _text(data: Mapping[str, Any]) -> Action:
    text = data.get("text", data.get("action"))
    if not isinstance(text, str):
        raise UsageError(
            'an action is {"text": "..."} or {"type": "call_tool", "tool_name": "...", "arguments": {...}}'
        )
    return text


def _shown(scenario: Scenario) -> str:
    """What can be seen before the next action."""
    return find(scenario.domain).before(scenario.query())

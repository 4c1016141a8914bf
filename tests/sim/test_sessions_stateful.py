"""Sessions in any order of operations, beside a model of them in plain dicts."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from nextstate.errors import SessionEnded, StepFailed
from nextstate.sim.limits import Limits
from nextstate.sim.quota import Quota, QuotaExceeded
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Busy, NoSuchSession, Sessions
from nextstate.sim.tree import Tree
from nextstate.types import Outcome, Prediction, Query, Setup, Turn, Usage

T = TypeVar("T")

OWNERS = ("me", "you")
SCENARIOS = (
    Scenario("terminal", Setup(initial_state="a box"), name="box"),
    Scenario("terminal", Setup(initial_state="a box", instruction="be slow"), (Turn("pwd", "/srv\n"),), name="begun"),
)
ACTIONS = ("./a", "./b", "cat notes.txt", "ls /srv", "echo new > notes.txt", "./fail")
IDLE = 100.0
OPEN = 6
MOST = 8
IDS = st.sampled_from(("", "given-1", "given-2"))


class Made:
    """A world that says something new whenever it is asked, and fails at one action and at every seventh answer."""

    name = "made"

    def __init__(self) -> None:
        self.asked = 0

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked += 1
        await asyncio.sleep(0)
        if query.action == "./fail" or self.asked % 7 == 0:
            return Prediction(Outcome.CUT_OFF, usage=Usage(3, 0, 0), detail="on purpose")
        return Prediction(Outcome.OK, f"{self.asked}\n", usage=Usage(1, 0, 1))


@dataclass
class Ours:
    """What a session should be."""

    owner: str
    kind: str
    world: tuple[object, ...]
    model: str
    seed: int
    first: str
    instruction: str
    history: list[tuple[str, str]]
    path: tuple[object, ...]
    """What led to each turn, from the world on: the same path is to show the same."""
    touched: float
    family: str
    ending: str | None = None
    tokens: int = 0


@dataclass
class Used:
    sessions: int = 0
    steps: int = 0
    tokens: int = 0


class Machine(RuleBasedStateMachine):
    """Rules are the operations; each is done to the sessions and to the dicts, and both are compared after it."""

    ids = Bundle("ids")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.now = 1_000.0
        self.models = {"made": Made(), "other": Made()}
        self.ours: dict[str, Ours] = {}
        self.shown: dict[tuple[object, ...], str] = {}
        self.used = {owner: Used() for owner in OWNERS}
        self.open()

    def open(self) -> None:
        self.sessions = Sessions(
            self.models,
            Tree(Path(self.folder.name) / "tree.sqlite"),
            limits=Limits(turns=MOST),
            quota=lambda owner: Quota(open_sessions=OPEN),
            idle_seconds=IDLE,
            clock=lambda: self.now,
        )

    def teardown(self) -> None:
        if hasattr(self, "sessions"):
            self.run(self.sessions.aclose())
            self.runner.close()
            self.folder.cleanup()

    def run(self, one: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await asyncio.wait_for(one, 5)

        return self.runner.run(awaited())

    # What should be

    def ending(self, id: str) -> str | None:
        ours = self.ours[id]
        if ours.kind == "snapshot":
            return "snapshot"
        if ours.ending is not None:
            return ours.ending
        if self.now - ours.touched > IDLE:
            return "idle"
        return "turn_limit" if len(ours.history) >= MOST else None

    def opened(self, owner: str) -> int:
        mine = [one for one in self.ours.values() if one.owner == owner and one.kind == "session"]
        return sum(one.ending is None and self.now - one.touched <= IDLE for one in mine)

    def full(self, owner: str) -> bool:
        return self.opened(owner) >= OPEN

    def keep(self, view: Any, ours: Ours) -> str:
        self.ours[view.id] = ours
        self.used[ours.owner].sessions += 1
        return str(view.id)

    # Operations

    @rule(
        target=ids,
        owner=st.sampled_from(OWNERS),
        scenario=st.sampled_from(SCENARIOS),
        seed=st.integers(0, 1),
        model=st.sampled_from(("", "made", "other")),
        id=IDS,
    )
    def create(self, owner: str, scenario: Scenario, seed: int, model: str, id: str) -> Any:
        made = self.sessions.create(owner, scenario, seed=seed, model=model, id=id)
        if id in self.ours or self.full(owner):
            with pytest.raises((QuotaExceeded, Exception), match=r"taken|open sessions"):
                self.run(made)
            return next(iter(self.ours))
        view = self.run(made)
        given = [(turn.action, turn.observation) for turn in scenario.history]
        world = (owner, scenario.name)
        first = scenario.setup.instruction
        ours = Ours(
            owner, "session", world, model or "made", seed, first, first, given, (*world, *given), self.now, view.id
        )
        return self.keep(view, ours)

    @rule(id=ids, action=st.sampled_from(ACTIONS))
    def step(self, id: str, action: str) -> None:
        ours, ending = self.ours[id], self.ending(id)
        step = self.sessions.step(ours.owner, id, action)
        if ending is not None:
            with pytest.raises(SessionEnded, match=ending):
                self.run(step)
            return
        self.taken(id, action, self.run(_caught(step)))

    def taken(self, id: str, action: str, step: Any) -> None:
        ours, used = self.ours[id], self.used[self.ours[id].owner]
        ours.touched = self.now
        path = (*ours.path, (ours.model, ours.seed, ours.instruction, action))
        if isinstance(step, StepFailed):
            assert path not in self.shown
            self.charge(id, 3)
            return
        assert step.index == len(ours.history)
        assert self.shown.setdefault(path, step.turn.observation) == step.turn.observation
        used.steps += 1
        self.charge(id, 0 if step.shared else 2)
        ours.history.append((action, step.turn.observation))
        ours.path = path

    def charge(self, id: str, tokens: int) -> None:
        self.ours[id].tokens += tokens
        self.used[self.ours[id].owner].tokens += tokens

    @rule(one=ids, other=ids, action=st.sampled_from(ACTIONS))
    def step_both(self, one: str, other: str, action: str) -> None:
        """At the same time, perhaps the same session."""
        pair = (one, other)
        if any(self.ending(id) is not None for id in pair):
            return
        before = self.run(_all(*(self.sessions.view(self.ours[id].owner, id) for id in pair)))
        steps = self.run(_all(*(_caught(self.sessions.step(self.ours[id].owner, id, action)) for id in pair)))
        if one == other:
            assert sum(isinstance(step, Busy) for step in steps) == 1
            self.taken(one, action, steps[0])
            return
        for id, step, view in zip(pair, steps, before, strict=True):
            if isinstance(step, StepFailed):
                now = self.run(self.sessions.view(self.ours[id].owner, id))
                self.charge(id, now.tokens - view.tokens - 3)
                self.taken(id, action, step)
            else:
                self.taken(id, action, step)

    @rule(id=ids, action=st.sampled_from(ACTIONS), what=st.sampled_from(("close", "instruct", "rewind", "fork")))
    def step_beside(self, id: str, action: str, what: str) -> None:
        """Something else at the same time as a step: whichever is first, neither is lost."""
        ours = self.ours[id]
        if self.ending(id) is not None:
            return
        arguments = {"instruct": ("be quick",), "rewind": (0,)}.get(what, ())
        other = getattr(self.sessions, what)(ours.owner, id, *arguments)
        full = self.full(ours.owner)
        step, done = self.run(_all(_caught(self.sessions.step(ours.owner, id, action)), _caught(other)))
        assert not isinstance(step, Busy)
        before, path = list(ours.history), ours.path
        self.taken(id, action, step)
        if what == "close":
            ours.ending = "closed"
        elif what != "fork":
            assert isinstance(done, Busy)
        elif full:
            assert isinstance(done, QuotaExceeded)
        else:
            kept = len(before) == done.turns
            history, led = (before, path) if kept else (list(ours.history), ours.path)
            self.keep(done, self.copied(ours, "session", done, history, led))

    @rule(
        target=ids,
        id=ids,
        at=st.none() | st.integers(0, MOST),
        seed=st.none() | st.integers(0, 1),
        model=st.sampled_from(("", "other")),
    )
    def fork(self, id: str, at: int | None, seed: int | None, model: str) -> str:
        ours = self.ours[id]
        forked = self.sessions.fork(ours.owner, id, at=at, seed=seed, model=model)
        kept = len(ours.history) if at is None else at
        if self.full(ours.owner) or kept > len(ours.history):
            with pytest.raises(Exception, match=r"open sessions|cannot be left"):
                self.run(forked)
            return id
        view = self.run(forked)
        path = ours.path[: len(ours.path) - (len(ours.history) - kept)]
        copy = self.copied(ours, "session", view, ours.history[:kept], path)
        copy.seed = ours.seed if seed is None else seed
        copy.model = model or ours.model
        return self.keep(view, copy)

    def copied(self, ours: Ours, kind: str, view: Any, history: list[Any], path: tuple[object, ...]) -> Ours:
        return Ours(
            ours.owner,
            kind,
            ours.world,
            ours.model,
            ours.seed,
            ours.first,
            ours.instruction,
            list(history),
            path,
            self.now,
            ours.family,
        )

    @rule(target=ids, id=ids)
    def snapshot(self, id: str) -> str:
        ours = self.ours[id]
        view = self.run(self.sessions.snapshot(ours.owner, id))
        return self.keep(view, self.copied(ours, "snapshot", view, ours.history, ours.path))

    @rule(id=ids, turns=st.integers(0, 3))
    def rewind(self, id: str, turns: int) -> None:
        ours, ending = self.ours[id], self.ending(id)
        rewound = self.sessions.rewind(ours.owner, id, turns)
        reopens = ending in ("idle", "closed")
        if ours.kind == "snapshot" or turns > len(ours.history) or (reopens and self.full(ours.owner)):
            with pytest.raises(Exception, match=r"snapshot|cannot be left|open sessions"):
                self.run(rewound)
            return
        assert self.run(rewound).turns == len(ours.history) - turns
        if turns:
            del ours.history[-turns:]
            ours.path = ours.path[:-turns]
        ours.ending, ours.touched = None, self.now

    @rule(id=ids, instruction=st.sampled_from(("", "be quick")))
    def instruct(self, id: str, instruction: str) -> None:
        """An ended session stays so."""
        ours, ending = self.ours[id], self.ending(id)
        told = self.sessions.instruct(ours.owner, id, instruction)
        if ending == "snapshot":
            with pytest.raises(SessionEnded, match=ending):
                self.run(told)
            return
        self.run(told)
        ours.instruction, ours.touched = instruction, self.now
        ours.ending = "idle" if ending == "idle" else ours.ending

    @rule(id=ids)
    def close(self, id: str) -> None:
        ours = self.ours[id]
        was = self.ending(id)
        view = self.run(self.sessions.close(ours.owner, id))
        ours.ending = "idle" if was == "idle" else ours.ending or "closed"
        ours.touched = self.now
        assert view.ending == (None if ours.kind == "snapshot" else ours.ending)

    @rule(seconds=st.sampled_from((0.0, 1.0, 30.0, 61.0, 101.0, -40.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.run(self.sessions.sweep())
        for ours in self.ours.values():
            if ours.kind == "session" and ours.ending is None and self.now - ours.touched > IDLE:
                ours.ending = "idle"

    @rule()
    def restart(self) -> None:
        self.run(self.sessions.aclose())
        self.open()

    @rule(id=ids)
    def peek(self, id: str) -> None:
        other = next(owner for owner in OWNERS if owner != self.ours[id].owner)
        looks = self.sessions
        more = (looks.fork, looks.snapshot, looks.close, looks.rewind)
        for look in (looks.view, looks.trajectory, looks.scenario, looks.branches, looks.facts, *more):
            with pytest.raises(NoSuchSession):
                self.run(look(other, id))
        with pytest.raises(NoSuchSession):
            self.run(looks.step(other, id, "./a"))

    # What always holds

    @invariant()
    def sessions_are_as_they_should_be(self) -> None:
        if not hasattr(self, "ours"):
            return
        for id, ours in self.ours.items():
            view, told, scene = self.run(
                _all(
                    self.sessions.view(ours.owner, id),
                    self.sessions.trajectory(ours.owner, id),
                    self.sessions.scenario(ours.owner, id),
                )
            )
            assert [(turn.action, turn.observation) for turn in told.turns] == ours.history
            ending = None if ours.kind == "snapshot" else self.ending(id)
            assert (view.kind, view.turns, view.ending) == (ours.kind, len(ours.history), ending)
            known = (ours.model, ours.seed, ours.family, ours.tokens)
            assert (view.model, view.seed, view.family, view.tokens) == known
            assert (told.setup.instruction, scene.setup.instruction) == (ours.first, ours.instruction)

    @invariant()
    def what_was_used_adds_up(self) -> None:
        for owner, used in getattr(self, "used", {}).items():
            spent = self.sessions.spent(owner)
            assert (spent.sessions, spent.steps, spent.tokens) == (used.sessions, used.steps, used.tokens)

    @invariant()
    def each_owner_sees_its_own(self) -> None:
        for owner in OWNERS if hasattr(self, "ours") else ():
            mine = {id for id, ours in self.ours.items() if ours.owner == owner}
            assert {view.id for view in self.run(self.sessions.list(owner, limit=1_000))} == mine


async def _caught(one: Awaitable[T]) -> T | Exception:
    try:
        return await one
    except (StepFailed, SessionEnded, Busy, QuotaExceeded) as error:
        return error


async def _all(*them: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*them))


Machine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSessions = Machine.TestCase

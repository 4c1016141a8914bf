"""Many sessions at once, by name and owner, kept in a tree: the one core behind every server.

Whatever a method has returned is on disk. The same scenario, model, seed and actions give one owner the same world in
every session: an action that another branch with the same past has taken is answered with what was shown there, also
while that answer is still under way, and also what was looked up elsewhere in the same world stays as it was shown
(:mod:`nextstate.sim.sharing`). A seed of its own gives a session a world of its own.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.domain import find
from nextstate.errors import DataError, NextstateError, SessionEnded, StepFailed, UsageError, unknown_name
from nextstate.models import base, grounded
from nextstate.sim import sharing, tree
from nextstate.sim.limits import Ending, Limits
from nextstate.sim.quota import Quota, unlimited
from nextstate.sim.scenario import Scenario
from nextstate.sim.session import ask, bytes_of, step_seed, tokens_asked, turn_of
from nextstate.types import Action, Outcome, Query, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.sim.tree import Node, Row, Spent, Tree, Write
    from nextstate.types import Prediction, WorldModel

LOADED = 20_000
"""Sessions whose histories are kept in memory; others are read again when they are stepped."""
SWEEP = 60.0
"""Seconds between two looks for sessions that nobody has touched for long."""
MAX_ID = 100
"""Characters of the id of a session."""
MAX_INSTRUCTION = 100_000
"""Characters of a simulation instruction."""


class NoSuchSession(NextstateError):
    """No session of this owner has that id; whether another owner has one is not said."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no session {id[:80]!r}; create one, or list those that there are")


class Busy(NextstateError):
    """A step of the session is under way; wait for it, or fork the session."""

    def __init__(self, id: str) -> None:
        super().__init__(f"a step of the session {id!r} is under way; wait for its answer, or fork the session")


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen of a session without its turns. Times are in seconds since 1970, ``seconds`` were waited.

    ``kind`` is ``session`` or ``snapshot``; ``turns`` is the length of the history; ``tokens`` and ``bytes`` were spent
    in this session, also for turns that were taken back; ``ending`` is a name of
    :class:`~nextstate.sim.limits.Ending`; ``family`` is the first session of the line of forks.
    """

    id: str
    kind: str
    domain: str
    scenario: str
    model: str
    seed: int
    turns: int
    ending: str | None
    instruction: str
    parent: str | None
    family: str
    tokens: int
    bytes: int
    seconds: float
    created: float
    touched: float


@dataclass(frozen=True, slots=True)
class Step:
    """A turn that was taken, the ``index``-th from 0. ``shared``: this world had shown it before, in another branch."""

    turn: Turn
    index: int
    shared: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Branches:
    """A family of sessions as a tree. ``root`` is the key of the world; ``heads`` gives each session's last turn."""

    root: str
    nodes: tuple[Node, ...]
    heads: Mapping[str, str]


class Sessions:
    """All sessions of a server. ``models`` are the world models by their public names, the first is the default.

    ``on_step`` is told of every step: the model's name, the step or its failure, and the seconds that it took.
    """

    def __init__(
        self,
        models: Mapping[str, WorldModel],
        kept: Tree,
        *,
        limits: Limits | None = None,
        quota: Callable[[str], Quota] = unlimited,
        idle_seconds: float = 3600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not models:
            raise UsageError("sessions need at least one world model")
        self.models = dict(models)
        self.default_model = next(iter(self.models))
        self.limits = limits or Limits()
        self.quota = quota
        self.idle_seconds = idle_seconds
        self.tree = kept
        self.on_step: Callable[[str, Step | StepFailed, float], None] | None = None
        self._clock = clock
        self._marks = {name: base.fingerprint(model).encode() for name, model in self.models.items()}
        self._loaded: OrderedDict[str, _Live] = OrderedDict()
        self._spent: dict[str, Spent] = dict(kept.owners())
        self._asked: dict[bytes, _Asked] = {}
        self._steps: set[asyncio.Task[Step]] = set()
        self._swept = clock()

    # Beginnings and endings

    async def create(
        self,
        owner: str,
        scenario: Scenario,
        *,
        model: str = "",
        seed: int = 0,
        instruction: str | None = None,
        limits: Limits | None = None,
        id: str = "",
    ) -> View:
        """A new session that begins as ``scenario`` does.

        ``instruction`` takes the place of the scenario's; ``limits`` can only be tighter than the server's; ``id`` is
        made up where none is given. Raises :class:`UsageError` for an unknown domain or model and an id that is taken,
        :class:`~nextstate.sim.quota.QuotaExceeded`.
        """
        find(scenario.domain)
        model = self._known(model)
        self._refuse(id, seed, instruction or "")
        self.quota(owner).refuse_open(self.tree.open_sessions(owner))
        if instruction is not None:
            scenario = replace(scenario, setup=replace(scenario.setup, instruction=instruction))
        world, line = _world(owner, scenario)
        head, given = _given(world, scenario.history)
        id, now = id or secrets.token_urlsafe(12), self._clock()
        row = tree.Row(
            id=id,
            owner=owner,
            kind="session",
            world=world,
            domain=scenario.domain,
            scenario=scenario.name,
            model=model,
            seed=seed,
            instruction=scenario.setup.instruction,
            head=head,
            turns=len(scenario.history),
            parent=None,
            family=id,
            limits=_limits_text(self.limits.within(limits) if limits else self.limits),
            tokens=0,
            bytes=0,
            seconds=0.0,
            created=now,
            touched=now,
        )
        writes = [tree.world_row(world, line), *map(tree.turn_row, given)]
        return await self._begun(_Live(row, scenario.setup, scenario.history), writes)

    async def fork(
        self, owner: str, id: str, *, at: int | None = None, seed: int | None = None, model: str = ""
    ) -> View:
        """A session with the same past, of the first ``at`` turns or of all, and its own future.

        Another ``seed`` gives that future other luck, another ``model`` another author. Raises :class:`UsageError`.
        """
        live = self._live(owner, id)
        self._refuse("", seed or 0, "")
        self.quota(owner).refuse_open(self.tree.open_sessions(owner))
        return await self._begun(self._forked(live, "session", at=at, seed=seed, model=model))

    async def snapshot(self, owner: str, id: str) -> View:
        """The session as it stands, frozen: it is not stepped and does not expire; fork it to go on from there."""
        return await self._begun(self._forked(self._live(owner, id), "snapshot"))

    async def close(self, owner: str, id: str) -> View:
        """End a session under the name ``closed``; it can still be read, forked and rewound."""
        live = self._live(owner, id)
        return await self._changed(live, ending=live.row.ending or Ending.CLOSED.value)

    # Steps

    async def step(self, owner: str, id: str, action: Action) -> Step:
        """What the world shows after ``action``.

        Raises :class:`~nextstate.errors.ActionError`, :class:`~nextstate.errors.SessionEnded`,
        :class:`~nextstate.errors.StepFailed`, :class:`Busy` and :class:`~nextstate.sim.quota.QuotaExceeded`; after
        them the session is as it was. A step that was begun is finished and kept, whether or not the caller waits.
        """
        live = self._ready(owner, id)
        if (ending := self._ending(live)) is not None:
            raise SessionEnded(ending)
        self.quota(owner).refuse(self.spent(owner))
        action = tree.text(action)
        find(live.row.domain).validate(action)
        live.busy = True
        task = asyncio.create_task(self._step(live, action))
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def ask(self, owner: str, query: Query, *, model: str = "", seed: int | None = None) -> Prediction:
        """One answer outside of all sessions; nothing is kept of it but what it used, which counts for the owner.

        Raises :class:`UsageError` for an unknown model and :class:`~nextstate.sim.quota.QuotaExceeded`; how the model
        failed is a named outcome.
        """
        asked = self.models[self._known(model)]
        spent, started = self.spent(owner), time.perf_counter()
        self.quota(owner).refuse(spent)
        prediction = await ask(asked, query, seed=seed, seconds=self.limits.step_seconds)
        spent.steps += 1
        spent.tokens += tokens_asked(prediction)
        spent.bytes += bytes_of(Turn(query.action, prediction.observation or ""))
        spent.seconds += time.perf_counter() - started
        await self.tree.write(tree.owner_row(owner, spent))
        return prediction

    async def rewind(self, owner: str, id: str, turns: int = 1) -> View:
        """Take back the last ``turns`` turns; a session that had ended is open again. Raises :class:`UsageError`."""
        live = self._ready(owner, id)
        if live.row.kind != "session":
            raise SessionEnded(live.row.kind)
        kept = self._kept(live, live.row.turns - turns)
        head = self.tree.ancestor(live.row.head, live.row.turns - kept)
        view = await self._changed(live, head=head, turns=kept, ending=None)
        live.history = live.history[:kept]
        return view

    async def instruct(self, owner: str, id: str, instruction: str) -> View:
        """Put ``instruction`` in the place of the simulation instruction, for the turns that follow."""
        live = self._ready(owner, id)
        self._refuse("", 0, instruction)
        view = await self._changed(live, instruction=instruction)
        live.now = replace(live.setup, instruction=instruction)
        return view

    # Looks

    async def view(self, owner: str, id: str) -> View:
        return self._view(self._live(owner, id))

    async def list(self, owner: str, *, limit: int = 100, before: str = "") -> list[View]:
        """Sessions and snapshots of the owner, newest first; ``before`` is the last one of the page in front."""
        last = self._live(owner, before).row if before else None
        rows = self.tree.sessions(owner, limit, last)
        return [self._view(self._loaded.get(row.id) or _Live(row, Setup(), ())) for row in rows]

    async def trajectory(self, owner: str, id: str) -> Trajectory:
        """The episode so far, with the instruction that it began with; a turn under another one says so in ``meta``."""
        live = self._live(owner, id)
        row = live.row
        meta = {"seed": row.seed, "ending": self._ending(live), "scenario": row.scenario}
        return Trajectory(row.id, row.domain, live.setup, live.history, Source(simulated_by=row.model), meta)

    async def scenario(self, owner: str, id: str) -> Scenario:
        """The session as a beginning: its history so far, and the instruction that is in force."""
        live = self._live(owner, id)
        return Scenario(live.row.domain, live.now, live.history, live.row.scenario)

    async def branches(self, owner: str, id: str, *, limit: int = 2_000) -> Branches:
        """The session's family: everything that was forked from its first ancestor, at most ``limit`` turns of it."""
        row = self._live(owner, id).row
        rows, nodes = self.tree.family(owner, row.family, limit)
        return Branches(row.world.hex(), tuple(nodes), {one.id: one.head.hex() for one in rows})

    async def facts(self, owner: str, id: str) -> str:
        """What the kernel knows after the session's history, in words; empty where there is none or it does not say."""
        live = self._live(owner, id)
        return grounded.facts(self._model(live.row), live.row.domain, live.now, live.history)

    def spent(self, owner: str) -> Spent:
        """What the owner has used."""
        return self._spent.setdefault(owner, tree.Spent())

    async def sweep(self) -> None:
        """End sessions that nobody has touched for ``idle_seconds``, and forget histories that are on disk anyway."""
        now = self._clock()
        self._swept = now
        await self.tree.write(tree.idle_row(now - self.idle_seconds))
        for id, live in list(self._loaded.items()):
            if not live.busy and now - live.row.touched > self.idle_seconds:
                del self._loaded[id]

    async def aclose(self) -> None:
        """Finish the steps that are under way and close the file; the models belong to whoever made them."""
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self.tree.aclose()

    # Inside

    async def _step(self, live: _Live, action: Action) -> Step:
        row, mark, started = live.row, self._marks[live.row.model], time.perf_counter()
        key = _child(row, mark, action)
        try:
            turn, shared, tokens = await self._turn(live, key, action, started)
            node = tree.Node(key, row.head, turn)
            writes = [tree.turn_row(node), *sharing.rows(row, mark, node)]
            await self._spend(live, started, writes, tokens=tokens, bytes=bytes_of(turn), head=key)
            live.history = (*live.history, turn)
        except StepFailed as failure:
            self._tell(row.model, failure, started)
            raise
        finally:
            live.busy = False
            if (asked := self._asked.get(key)) is not None and asked.by is live:
                del self._asked[key]
        if self._clock() - self._swept > SWEEP:
            await self.sweep()
        step = Step(turn, row.turns, shared, time.perf_counter() - started)
        self._tell(row.model, step, started)
        return step

    def _tell(self, model: str, taken: Step | StepFailed, started: float) -> None:
        if self.on_step is not None:
            self.on_step(model, taken, time.perf_counter() - started)

    async def _turn(self, live: _Live, key: bytes, action: Action, started: float) -> tuple[Turn, bool, int]:
        """The turn that ``action`` makes, whether this world had shown it, and the tokens that it cost now."""
        if (waiting := self._asked.get(key)) is not None:
            return await asyncio.shield(waiting.answer), True, 0
        known = self.tree.turn(key) or sharing.shown(self.tree, live.row, self._marks[live.row.model], action)
        if known is not None:
            return known, True, 0
        answer: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._asked[key] = _Asked(answer, live)
        try:
            turn, tokens = await self._predicted(live, action, started)
            answer.set_result(turn)
        except StepFailed as failure:
            answer.set_exception(failure)
            answer.exception()  # it counts as seen, for perhaps nobody else waits
            raise
        finally:
            if not answer.done():
                answer.cancel()
        return turn, False, tokens

    async def _predicted(self, live: _Live, action: Action, started: float) -> tuple[Turn, int]:
        row, limits = live.row, live.limits
        query = Query(row.domain, live.now, live.history, action)
        seed = step_seed(row.seed, row.turns)
        prediction = await ask(self._model(row), query, seed=seed, seconds=limits.step_seconds)
        if prediction.outcome is not Outcome.OK:
            await self._spend(live, started, [], tokens=tokens_asked(prediction))
            raise StepFailed(prediction)
        shown = replace(prediction, observation=tree.text(prediction.observation or ""))
        turn = turn_of(action, shown, model=row.model, max_chars=limits.observation_chars)
        if live.now.instruction != live.setup.instruction:
            turn = replace(turn, meta={**turn.meta, "instruction": live.now.instruction})
        return turn, tokens_asked(prediction)

    async def _spend(
        self,
        live: _Live,
        started: float,
        writes: Sequence[Write],
        *,
        tokens: int,
        bytes: int = 0,
        head: bytes | None = None,
    ) -> None:
        """Keep what a step used, and the step itself where there is one: ``head`` is the key of its turn."""
        row, seconds, steps = live.row, time.perf_counter() - started, int(head is not None)
        row = replace(
            row,
            head=head or row.head,
            turns=row.turns + steps,
            tokens=row.tokens + tokens,
            bytes=row.bytes + bytes,
            seconds=row.seconds + seconds,
            touched=self._clock(),
        )
        spent = self.spent(row.owner)
        spent.steps += steps
        spent.tokens += tokens
        spent.bytes += bytes
        spent.seconds += seconds
        await self.tree.write(*writes, tree.session_row(row), tree.owner_row(row.owner, spent))
        live.row = row

    async def _begun(self, live: _Live, writes: Sequence[Write] = ()) -> View:
        spent = self.spent(live.row.owner)
        spent.sessions += 1
        await self.tree.write(*writes, tree.session_row(live.row), tree.owner_row(live.row.owner, spent))
        self._load(live)
        return self._view(live)

    def _forked(
        self, live: _Live, kind: str, *, at: int | None = None, seed: int | None = None, model: str = ""
    ) -> _Live:
        row, now = live.row, self._clock()
        kept = self._kept(live, row.turns if at is None else at)
        row = replace(
            row,
            id=secrets.token_urlsafe(12),
            kind=kind,
            model=self._known(model) if model else row.model,
            seed=row.seed if seed is None else seed,
            head=row.head if kept == row.turns else self.tree.ancestor(row.head, row.turns - kept),
            turns=kept,
            parent=row.id,
            tokens=0,
            bytes=0,
            seconds=0.0,
            created=now,
            touched=now,
            ending=None,
        )
        history = live.history if kept == len(live.history) else live.history[:kept]
        return _Live(row, live.setup, history)

    async def _changed(self, live: _Live, **changes: Any) -> View:
        row = replace(live.row, touched=self._clock(), **changes)
        await self.tree.write(tree.session_row(row))
        live.row = row
        return self._view(live)

    def _live(self, owner: str, id: str) -> _Live:
        """The owner's session; read from the tree where it is not in memory. Raises :class:`NoSuchSession`."""
        live = self._loaded.get(id)
        if live is None and (row := self.tree.session(id)) is not None and row.owner == owner:
            scenario = _scenario(self.tree.world(row.world))
            live = _Live(row, scenario.setup, tuple(node.turn for node in self.tree.path(row.head)))
            self._load(live)
        if live is None or live.row.owner != owner:
            raise NoSuchSession(id)
        return live

    def _load(self, live: _Live) -> None:
        self._loaded[live.row.id] = live
        if len(self._loaded) > LOADED:
            oldest = next((id for id, one in self._loaded.items() if not one.busy), None)
            if oldest is not None:
                del self._loaded[oldest]

    def _ready(self, owner: str, id: str) -> _Live:
        live = self._live(owner, id)
        if live.busy:
            raise Busy(id)
        return live

    def _ending(self, live: _Live) -> str | None:
        row = live.row
        if row.ending is not None:
            return row.ending
        if row.kind != "session":
            return row.kind
        if self._clock() - row.touched > self.idle_seconds:
            return Ending.IDLE.value
        return live.limits.reached(turns=row.turns, tokens=row.tokens, bytes=row.bytes, seconds=row.seconds)

    def _view(self, live: _Live) -> View:
        row = live.row
        ending = self._ending(live) if row.kind == "session" else None
        return View(**{name: getattr(row, name) for name in _SEEN}, ending=ending)

    def _kept(self, live: _Live, turns: int) -> int:
        if not 0 <= turns <= live.row.turns:
            raise UsageError(f"the session {live.row.id!r} has {live.row.turns} turns; {turns} cannot be left of them")
        return turns

    def _known(self, model: str) -> str:
        if model and model not in self.models:
            raise unknown_name("world model", model, self.models)
        return model or self.default_model

    def _model(self, row: Row) -> WorldModel:
        return self.models[self._known(row.model)]

    def _refuse(self, id: str, seed: int, instruction: str) -> None:
        """Raises :class:`UsageError` for what no session can be begun with."""
        if len(id) > MAX_ID or (id and self.tree.session(id) is not None):
            raise UsageError(f"the id {id[:MAX_ID]!r} is taken or too long; leave it out, and one is made up")
        if not -(2**63) <= seed < 2**63:
            raise UsageError(f"the seed {seed} has more than 64 bits")
        if len(instruction) > MAX_INSTRUCTION:
            raise UsageError(f"the instruction has {len(instruction)} characters; at most {MAX_INSTRUCTION} are taken")


@dataclass(slots=True, eq=False)
class _Live:
    """A session in memory. ``setup`` is what it began with, ``now`` the same with the instruction in force."""

    row: Row
    setup: Setup
    history: tuple[Turn, ...]
    busy: bool = False
    now: Setup = field(init=False)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        same = self.row.instruction == self.setup.instruction
        self.now = self.setup if same else replace(self.setup, instruction=self.row.instruction)
        self.limits = _limits(self.row.limits)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """An answer that is under way, for the session ``by`` and whoever waits with it."""

    answer: asyncio.Future[Turn]
    by: _Live


_SEEN = tuple(one.name for one in fields(View) if one.name != "ending")


def _world(owner: str, scenario: Scenario) -> tuple[bytes, bytes]:
    """The key of a scenario's world, which is one owner's, and the line that keeps it."""
    line = store.line(Trajectory("world", scenario.domain, scenario.setup, ()))
    return tree.hashed(b"world", owner.encode(), line), line


def _scenario(line: bytes | None) -> Scenario:
    if line is None:
        raise DataError("the world of a session is missing in its store")
    return Scenario.of(store.decode(store.parse(line)))


def _given(world: bytes, history: tuple[Turn, ...]) -> tuple[bytes, list[Node]]:
    """The key of the last of the turns that a scenario begins with, and all of them as nodes."""
    head, nodes = world, []
    for turn in history:
        key = tree.hashed(b"given", head, *map(tree.encoded, (turn.action, turn.observation)))
        nodes.append(tree.Node(key, head, turn))
        head = key
    return head, nodes


def _child(row: Row, mark: bytes, action: Action) -> bytes:
    """The key of the turn that ``action`` makes of a session as it stands."""
    return tree.hashed(
        b"turn", row.head, mark, str(row.seed).encode(), tree.encoded(row.instruction), tree.encoded(action)
    )


def _limits_text(limits: Limits) -> str:
    return json.dumps(asdict(limits))


@lru_cache(maxsize=1_000)
def _limits(text: str) -> Limits:
    return Limits(**json.loads(text))

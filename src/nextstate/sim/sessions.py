"""Many sessions at once, by name and owner, kept in a tree: the one core behind every server.

Whatever a method has returned is on disk. The same scenario, model, seed and actions give one owner the same world in
every session: an action that another branch with the same past has taken is answered with what was shown there, also
while that answer is still under way, and also what was looked up elsewhere in the same world stays as it was shown
(:mod:`nextstate.sim.sharing`). A seed of its own gives a session a world of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.domain import find
from nextstate.errors import SessionEnded, StepFailed, UsageError, unknown_name
from nextstate.models import base, grounded
from nextstate.sim import sharing, tree
from nextstate.sim.limits import Ending, Limits
from nextstate.sim.live import Asked, Live, child, given, limits_text, refuse, scenario_of, world_of
from nextstate.sim.quota import Quota, unlimited
from nextstate.sim.scenario import Scenario
from nextstate.sim.session import answered, bytes_of, step_seed, tokens_asked, turn_of
from nextstate.sim.views import SEEN, Branches, Busy, NoSuchSession, Step, View
from nextstate.types import Action, Outcome, Query, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.sim.tree import Row, Spent, Tree, Write
    from nextstate.types import Prediction, WorldModel

__all__ = ["Branches", "Busy", "NoSuchSession", "Sessions", "Step", "View"]

LOADED = 20_000
"""Sessions whose histories are kept in memory; others are read again when they are stepped."""
SWEEP = 60.0
"""Seconds between two looks for sessions that nobody has touched for long."""
MAX_ID = 100
"""Characters of the id of a session."""


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
        self._loaded: OrderedDict[str, Live] = OrderedDict()
        self._beginning: set[str] = set()
        self._opening: Counter[str] = Counter()
        self._spent: dict[str, Spent] = dict(kept.owners())
        self._asked: dict[bytes, Asked] = {}
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
        model = self.known(model)
        self._refuse_id(id)
        refuse(seed, instruction or "")
        self._refuse_open(owner)
        if instruction is not None:
            scenario = replace(scenario, setup=replace(scenario.setup, instruction=tree.text(instruction)))
        world, line = world_of(owner, scenario)
        head, nodes = given(world, scenario.history)
        id, now = id or secrets.token_urlsafe(12), self._clock()
        row = tree.Row(
            id=id,
            owner=owner,
            kind="session",
            world=world,
            domain=scenario.domain,
            scenario=tree.text(scenario.name),
            model=model,
            seed=seed,
            instruction=scenario.setup.instruction,
            head=head,
            turns=len(scenario.history),
            parent=None,
            family=id,
            limits=limits_text(self.limits.within(limits) if limits else self.limits),
            tokens=0,
            bytes=0,
            seconds=0.0,
            created=now,
            touched=now,
        )
        writes = [tree.world_row(world, line), *map(tree.turn_row, nodes)]
        return await self._begun(Live(row, scenario.setup, scenario.history), writes)

    async def fork(
        self, owner: str, id: str, *, at: int | None = None, seed: int | None = None, model: str = ""
    ) -> View:
        """A session with the same past, of the first ``at`` turns or of all, and its own future.

        Another ``seed`` gives that future other luck, another ``model`` another author. Raises :class:`UsageError`.
        """
        live = self._live(owner, id)
        refuse(seed or 0, "")
        self._refuse_open(owner)
        return await self._begun(self._forked(live, "session", at=at, seed=seed, model=model))

    async def snapshot(self, owner: str, id: str) -> View:
        """The session as it stands, frozen: it is not stepped and does not expire; fork it to go on from there."""
        return await self._begun(self._forked(self._live(owner, id), "snapshot"))

    async def close(self, owner: str, id: str) -> View:
        """End a session under the name ``closed``; it can still be read, forked and rewound."""
        live = self._live(owner, id)
        return await self._changed(live, lambda row: {"ending": self._lasting(row) or Ending.CLOSED.value})

    # Steps

    async def step(self, owner: str, id: str, action: Action) -> Step:
        """What the world shows after ``action``.

        Raises :class:`~nextstate.errors.ActionError`, :class:`~nextstate.errors.SessionEnded`,
        :class:`~nextstate.errors.StepFailed`, :class:`Busy`, :class:`~nextstate.sim.quota.QuotaExceeded`, and
        :class:`UsageError` where its model is not served; after them the session is as it was. A step that was begun is
        finished and kept, whether or not the caller waits.
        """
        live = self._ready(owner, id)
        if (ending := self._ending(live)) is not None:
            raise SessionEnded(ending)
        self.quota(owner).refuse(self.spent(owner))
        self.known(live.row.model)  # a store may outlive the models of its server
        action = tree.text(action)
        find(live.row.domain).validate(action)
        live.busy = True
        task = asyncio.create_task(self._step(live, action))
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def ask(
        self, owner: str, query: Query, *, model: str = "", seed: int | None = None, seconds: float | None = None
    ) -> Prediction:
        """One answer outside of all sessions; nothing is kept of it but what it used, which counts for the owner.

        It may take ``seconds``, or as long as a step of a session where that is not given.
        Raises :class:`UsageError` for an unknown model and :class:`~nextstate.sim.quota.QuotaExceeded`; how the model
        failed is a named outcome.
        """
        asked = self.models[self.known(model)]
        spent, started = self.spent(owner), time.perf_counter()
        self.quota(owner).refuse(spent)
        spent.steps += 1  # also for whoever does not wait for the answer
        try:
            prediction = await answered(asked, query, seed=seed, seconds=seconds or self.limits.step_seconds)
        finally:
            spent.seconds += time.perf_counter() - started
        spent.tokens += tokens_asked(prediction)
        spent.bytes += bytes_of(Turn(query.action, prediction.observation or ""))
        await self.tree.write(tree.owner_row(owner, spent))
        return prediction

    async def rewind(self, owner: str, id: str, turns: int = 1) -> View:
        """Take back the last ``turns`` turns; a session that had ended is open again.

        Raises :class:`UsageError`, :class:`Busy`, :class:`~nextstate.sim.quota.QuotaExceeded` where one more open
        session would be too many, and :class:`~nextstate.errors.SessionEnded` for a snapshot.
        """
        live = self._ready(owner, id)
        if self._lasting(live.row) is not None:
            self._refuse_open(owner)
        kept = self._kept(live, live.row.turns - turns)
        head = self.tree.ancestor(live.row.head, live.row.turns - kept)
        with live.alone():
            view = await self._changed(live, lambda row: {"head": head, "turns": kept, "ending": None})
            live.history = live.history[:kept]
        return view

    async def instruct(self, owner: str, id: str, instruction: str) -> View:
        """Put ``instruction`` in the place of the simulation instruction, for the turns that follow.

        Raises :class:`UsageError`, :class:`Busy`, and :class:`~nextstate.errors.SessionEnded` for a snapshot.
        """
        live = self._ready(owner, id)
        refuse(0, instruction)
        instruction = tree.text(instruction)
        with live.alone():
            view = await self._changed(live, lambda row: {"instruction": instruction, "ending": self._lasting(row)})
            live.now = replace(live.setup, instruction=instruction)
        return view

    # Looks

    async def view(self, owner: str, id: str) -> View:
        return self._view(self._live(owner, id))

    async def list(self, owner: str, *, limit: int = 100, before: str = "") -> list[View]:
        """Sessions and snapshots of the owner, newest first; ``before`` is the last one of the page in front."""
        last = self._live(owner, before).row if before else None
        rows = self.tree.sessions(owner, limit, last)
        return [self._view(self._loaded.get(row.id) or Live(row, Setup(), ())) for row in rows]

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
        return grounded.facts(self.models[self.known(live.row.model)], live.row.domain, live.now, live.history)

    def spent(self, owner: str) -> Spent:
        """What the owner has used."""
        return self._spent.setdefault(owner, tree.Spent())

    async def sweep(self) -> None:
        """End sessions that nobody has touched for ``idle_seconds``, and forget histories that are on disk anyway."""
        now = self._clock()
        self._swept = now
        await self.tree.write(tree.idle_row(now - self.idle_seconds))
        for id, live in list(self._loaded.items()):
            if not live.held and now - live.row.touched > self.idle_seconds:
                del self._loaded[id]

    async def aclose(self) -> None:
        """Finish the steps that are under way and close the file; the models belong to whoever made them."""
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self.tree.aclose()

    # Inside

    async def _step(self, live: Live, action: Action) -> Step:
        row, mark, started = live.row, self._mark(live), time.perf_counter()
        key = child(row, mark, action)
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
            with contextlib.suppress(tree.StoreFailed):  # the step itself is kept
                await self.sweep()
        step = Step(turn, row.turns, shared, time.perf_counter() - started)
        self._tell(row.model, step, started)
        return step

    def _tell(self, model: str, taken: Step | StepFailed, started: float) -> None:
        if self.on_step is not None:
            self.on_step(model, taken, time.perf_counter() - started)

    async def _turn(self, live: Live, key: bytes, action: Action, started: float) -> tuple[Turn, bool, int]:
        """The turn that ``action`` makes, whether this world had shown it, and the tokens that it cost now."""
        while (waiting := self._asked.get(key)) is not None:
            await asyncio.wait([waiting.answer])
            if not waiting.answer.cancelled():  # else it ended without an answer, in a way that is no other session's
                return waiting.answer.result(), True, 0
        known = self.tree.turn(key) or sharing.shown(self.tree, live.row, self._mark(live), action)
        if known is not None:
            return known, True, 0
        answer: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._asked[key] = Asked(answer, live)
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

    async def _predicted(self, live: Live, action: Action, started: float) -> tuple[Turn, int]:
        row, limits = live.row, live.limits
        query = Query(row.domain, live.now, live.history, action)
        seed = step_seed(row.seed, row.turns)
        prediction = await answered(self.models[self.known(row.model)], query, seed=seed, seconds=limits.step_seconds)
        if prediction.outcome is not Outcome.OK:
            await self._spend(live, started, [], tokens=tokens_asked(prediction))
            raise StepFailed(prediction)
        shown = replace(prediction, observation=tree.text(prediction.observation or ""))
        # Each turn names its model, for a fork by another one has this turn in its past.
        turn = turn_of(action, shown, model="", max_chars=limits.observation_chars)
        if live.now.instruction != live.setup.instruction:
            turn = replace(turn, meta={**turn.meta, "instruction": live.now.instruction})
        return turn, tokens_asked(prediction)

    async def _spend(
        self,
        live: Live,
        started: float,
        writes: Sequence[Write],
        *,
        tokens: int,
        bytes: int = 0,
        head: bytes | None = None,
    ) -> None:
        """Keep what a step used, and the step itself where there is one: ``head`` is the key of its turn."""
        seconds, steps = time.perf_counter() - started, int(head is not None)
        used = tree.Spent(steps=steps, tokens=tokens, bytes=bytes, seconds=seconds)
        async with live.writing:
            row = live.row
            row = replace(
                row,
                head=head or row.head,
                turns=row.turns + steps,
                tokens=row.tokens + tokens,
                bytes=row.bytes + bytes,
                seconds=row.seconds + seconds,
                touched=self._clock(),
            )
            await self._charged(row.owner, used, *writes, tree.session_row(row))
            live.row = row

    async def _charged(self, owner: str, used: Spent, *writes: Write) -> None:
        """Write, and add ``used`` to what the owner has used; what cannot be kept is not charged."""
        spent = self.spent(owner)
        spent.add(used)
        try:
            await self.tree.write(*writes, tree.owner_row(owner, spent))
        except tree.StoreFailed:
            spent.add(used, times=-1)
            raise

    async def _begun(self, live: Live, writes: Sequence[Write] = ()) -> View:
        row = live.row
        opening = int(row.kind == "session")
        self._beginning.add(row.id)
        self._opening[row.owner] += opening
        try:
            await self._charged(row.owner, tree.Spent(sessions=1), *writes, tree.session_row(row))
        finally:
            self._beginning.discard(row.id)
            self._opening[row.owner] -= opening
        self._load(live)
        return self._view(live)

    def _forked(
        self, live: Live, kind: str, *, at: int | None = None, seed: int | None = None, model: str = ""
    ) -> Live:
        row, now = live.row, self._clock()
        kept = self._kept(live, row.turns if at is None else at)
        row = replace(
            row,
            id=secrets.token_urlsafe(12),
            kind=kind,
            model=self.known(model) if model else row.model,
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
        return Live(row, live.setup, history)

    async def _changed(self, live: Live, changes: Callable[[Row], dict[str, Any]]) -> View:
        """Keep the session with what ``changes`` makes of its row as it stands once nobody else writes it."""
        async with live.writing:
            row = replace(live.row, touched=self._clock(), **changes(live.row))
            await self.tree.write(tree.session_row(row))
            live.row = row
        return self._view(live)

    def _live(self, owner: str, id: str) -> Live:
        """The owner's session; read from the tree where it is not in memory. Raises :class:`NoSuchSession`."""
        live = self._loaded.get(id)
        if live is None and (row := self.tree.session(id)) is not None and row.owner == owner:
            scenario = scenario_of(self.tree.world(row.world))
            live = Live(row, scenario.setup, tuple(node.turn for node in self.tree.path(row.head)))
            self._load(live)
        if live is None or live.row.owner != owner:
            raise NoSuchSession(id)
        return live

    def _load(self, live: Live) -> None:
        self._loaded[live.row.id] = live
        if len(self._loaded) > LOADED:
            oldest = next((id for id, one in self._loaded.items() if not one.held), None)
            if oldest is not None:
                del self._loaded[oldest]

    def _ready(self, owner: str, id: str) -> Live:
        """The session, to be changed. Raises :class:`Busy`, and :class:`SessionEnded` for a snapshot."""
        live = self._live(owner, id)
        if live.row.kind != "session":
            raise SessionEnded(live.row.kind)
        if live.busy:
            raise Busy(id)
        return live

    def _ending(self, live: Live) -> str | None:
        row = live.row
        if (ending := self._lasting(row)) is not None:
            return ending
        if row.kind != "session":
            return row.kind
        return live.limits.reached(turns=row.turns, tokens=row.tokens, bytes=row.bytes, seconds=row.seconds)

    def _lasting(self, row: Row) -> str | None:
        """The ending that its row has, or would have by now, had somebody looked; not that of a limit."""
        idle = row.kind == "session" and self._clock() - row.touched > self.idle_seconds
        return row.ending or (Ending.IDLE.value if idle else None)

    def _view(self, live: Live) -> View:
        row = live.row
        ending = self._ending(live) if row.kind == "session" else None
        return View(**{name: getattr(row, name) for name in SEEN}, ending=ending)

    def _kept(self, live: Live, turns: int) -> int:
        if not 0 <= turns <= live.row.turns:
            raise UsageError(f"the session {live.row.id!r} has {live.row.turns} turns; {turns} cannot be left of them")
        return turns

    def _mark(self, live: Live) -> bytes:
        """What tells who answers, and how much of an answer is shown, in keys."""
        return b"%d %s" % (live.limits.observation_chars, self._marks[live.row.model])

    def known(self, model: str) -> str:
        """The public name of a world model, of the default for the empty one. Raises :class:`UsageError`."""
        if model and model not in self.models:
            raise unknown_name("world model", model, self.models)
        return model or self.default_model

    def _refuse_open(self, owner: str) -> None:
        """Raises :class:`QuotaExceeded` where the owner may have no further open session."""
        quota = self.quota(owner)
        if quota.open_sessions is not None:
            opened = self.tree.open_sessions(owner, self._clock() - self.idle_seconds)
            quota.refuse_open(opened + self._opening[owner])

    def _refuse_id(self, id: str) -> None:
        """Raises :class:`UsageError` for an id that no further session can have."""
        if len(id) > MAX_ID or id in self._beginning or (id and self.tree.session(id) is not None):
            raise UsageError(f"the id {id[:MAX_ID]!r} is taken or too long; leave it out, and one is made up")

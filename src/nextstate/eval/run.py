"""Evaluate a world model: ask it every row, score what it says, keep every finished row."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from nextstate import __version__
from nextstate import domain as domains
from nextstate.data.sample import query
from nextstate.errors import UsageError
from nextstate.eval import scorers as scoring
from nextstate.eval.journal import Journal
from nextstate.eval.report import Report
from nextstate.eval.rows import Row, decode, fingerprint, plan
from nextstate.eval.working import each
from nextstate.models.base import fingerprint as model_fingerprint
from nextstate.models.fakes import CopyLast
from nextstate.sim.session import answered, step_seed, turn_of
from nextstate.types import Prediction, Query, Score, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from nextstate.eval.rows import Task
    from nextstate.types import Scorer, Trajectory, WorldModel

OBSERVATION_CHARS = 1_000_000
"""A longer predicted observation is scored whole, but written, and shown to later rows of a free run, cut."""
REPLY_CHARS = 10_000
"""How much of a reply without a readable observation is written."""


async def evaluate(
    model: WorldModel,
    trajectories: Iterable[Trajectory],
    *,
    scorers: Mapping[str, Scorer] = scoring.DEFAULT,
    out: Path | None = None,
    free_run: bool = False,
    limit: int | None = None,
    seed: int = 0,
    workers: int = 8,
    seconds: float | None = None,
    on_row: Callable[[Row, int, int], None] | None = None,
) -> Report:
    """Ask ``model`` each turn of ``trajectories`` and score its answers, beside copy-last on the same rows.

    Every row gets the true history, or with ``free_run`` what the model itself showed; a failed turn then shows
    nothing. ``workers`` trajectories are under way at once, the rows of one in order. ``limit`` takes a sample of so
    many rows (:func:`nextstate.eval.rows.plan`). ``seconds`` bounds the wait for one answer. ``on_row`` is called with
    each finished row, the number of finished rows and the number of all.

    With a folder ``out``, finished rows are kept there, and a run that was interrupted, even killed, goes on where it
    was when it is started again: finished rows are not asked again. Raises :class:`UsageError` when ``out`` holds
    another run, or a domain is not installed. A row never ends the run: what a model or a scorer raises becomes the
    row's outcome.
    """
    if workers < 1 or (limit is not None and limit < 0):
        raise UsageError(f"workers is {workers} and limit is {limit}; give at least 1 worker and no negative limit")
    started = time.perf_counter()
    everything = tuple(trajectories)
    tasks = plan(everything, free_run=free_run, limit=limit, seed=seed)
    run = {
        "model": model.name,
        "fingerprint": model_fingerprint(model),
        "data_sha256": fingerprint(everything),
        "scorers": list(scorers),
        "domains": domains.versions(one.domain for one in everything),
        "seed": seed,
        "free_run": free_run,
        "limit": limit,
        "version": __version__,
    }
    with Journal(out, run, lambda line: _finished(decode(line), line.get("shown", {}), free_run)) as journal:
        total = sum(len(task.rows) for task in tasks)
        await _Asking(model, scorers, journal, free_run, seed, seconds, total, on_row).all(tasks, workers)
        rows = tuple(journal.rows[key].row for task in tasks for _, key in task.rows)
    return Report(rows, run, time.perf_counter() - started)


class _Finished(NamedTuple):
    row: Row
    shown: Mapping[str, Any]
    """The turn that the model made of it; empty but in a free run, whose later rows need it."""


def _finished(row: Row, shown: Mapping[str, Any], free_run: bool) -> _Finished:
    return _Finished(row, shown if free_run else {})


@dataclass(frozen=True, slots=True)
class _Asking:
    """One evaluation under way."""

    model: WorldModel
    scorers: Mapping[str, Scorer]
    journal: Journal[_Finished]
    free_run: bool
    seed: int
    seconds: float | None
    total: int
    on_row: Callable[[Row, int, int], None] | None

    async def all(self, tasks: Iterable[Task], workers: int) -> None:
        """Work off ``tasks``, the rows of one in order."""
        await each(tasks, self._task, workers)

    async def _task(self, task: Task) -> None:
        history: tuple[Turn, ...] = ()
        for turn, key in task.rows:
            known = history if self.free_run else ()  # what no row asks is shown as it was recorded
            history = (*known, *task.trajectory.turns[len(known) : turn])
            if key not in self.journal.rows:
                await self._row(task.trajectory, turn, key, history)
            if self.free_run:
                shown = self.journal.rows[key].shown
                history = (*history, Turn(task.trajectory.turns[turn].action, shown["observation"], shown["meta"]))

    async def _row(self, trajectory: Trajectory, turn: int, key: str, history: tuple[Turn, ...]) -> None:
        action, truth = trajectory.turns[turn].action, trajectory.turns[turn].observation
        asked = Query(trajectory.domain, trajectory.setup, history, action)
        started = time.perf_counter()
        prediction = await answered(self.model, asked, seed=step_seed(self.seed, turn), seconds=self.seconds)
        waited = time.perf_counter() - started
        scores, unscored, evidence = await _graded(self.scorers, asked, prediction, truth)
        row = Row(
            key=key,
            domain=trajectory.domain,
            trajectory=trajectory.id,
            turn=turn,
            outcome=prediction.outcome,
            origin=prediction.origin,
            seconds=prediction.seconds or waited,
            usage=prediction.usage,
            scores=scores,
            unscored=unscored,
            baseline=await self._baseline(trajectory, turn),
        )
        shown = turn_of(action, prediction, model=self.model.name, max_chars=OBSERVATION_CHARS)
        notes = {"evidence": evidence, "detail": prediction.detail, "reply": _unread(prediction)}
        written = {"observation": shown.observation, "meta": dict(shown.meta)}
        line = {**row.as_dict(), "shown": written, **{name: note for name, note in notes.items() if note}}
        self.journal.append(line, _finished(row, written, self.free_run))
        if self.on_row is not None:
            self.on_row(row, len(self.journal.rows), self.total)
        # A model that computes never waits; without this, no other worker and no interrupt would get a turn.
        await asyncio.sleep(0)

    async def _baseline(self, trajectory: Trajectory, turn: int) -> dict[str, float]:
        """What copying the last true observation scores; by the free scorers only, for a judge costs money."""
        free = {name: scorer for name, scorer in scoring.BUILT_IN.items() if name in self.scorers}
        asked = query(trajectory, turn)
        return (await _graded(free, asked, await CopyLast().predict(asked), trajectory.turns[turn].observation))[0]


async def _graded(
    scorers: Mapping[str, Scorer], query: Query, prediction: Prediction, truth: str
) -> tuple[dict[str, float], dict[str, str], dict[str, str]]:
    """Values by name; reasons and evidence by scorer."""
    values: dict[str, float] = {}
    unscored: dict[str, str] = {}
    evidence: dict[str, str] = {}
    for name, scorer in scorers.items():
        score = await _grade(scorer, query, prediction, truth)
        if score.unscored is not None:
            unscored[name] = score.unscored
        else:
            values.update(score.values)
        if score.evidence:
            evidence[name] = score.evidence
    return values, unscored, evidence


async def _grade(scorer: Scorer, query: Query, prediction: Prediction, truth: str) -> Score:
    try:
        score = await scorer(query, prediction, truth)
    except Exception as error:  # the boundary to scorers: a grader that cannot grade says so
        return Score(unscored=f"scorer_error:{type(error).__name__}", evidence=_named(error))
    wrong = {name: value for name, value in score.values.items() if not (math.isfinite(value) and 0 <= value <= 1)}
    if wrong:
        return Score(unscored="out_of_range", evidence=f"scores must be in [0, 1], got {wrong}")
    if score.applies and score.unscored is None and not score.values:
        return Score(unscored="no_value", evidence=score.evidence)
    return score


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _unread(prediction: Prediction) -> str:
    return prediction.reply[:REPLY_CHARS] if prediction.observation is None else ""

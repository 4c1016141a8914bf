"""Environment luck: the same actions in N fresh worlds, and how far apart what comes of them is.

Every world lives with its own answers (a free run) and has a seed of its own. One more world has the seed of the first:
what differs between these two is no luck of the draw but a world that does not keep to its seed. Compared are canonical
observations, turn by turn, and outcomes of whole episodes, whose standard deviation over the worlds, pooled over
trajectories, is the figure to set beside the published 0.34 (one action sequence, replayed in fresh simulated worlds,
judged: notes on the field; another task set and another score, so the order of magnitude is what compares).
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate import domain as domains
from nextstate.errors import DataError, UsageError
from nextstate.eval import forms, stats, tally
from nextstate.eval.journal import Journal
from nextstate.eval.rows import fingerprint as data_fingerprint
from nextstate.eval.rows import row_keys
from nextstate.eval.scorers import alike
from nextstate.eval.working import each
from nextstate.models import keys
from nextstate.models.base import fingerprint
from nextstate.sim.session import answered, step_seed, turn_of
from nextstate.types import Query, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.table import Table

    from nextstate.types import Trajectory, WorldModel

MOST_WORLDS = 64
COMPARED_CHARS = 100_000
"""Characters of an observation that are compared for similarity."""
SHOWN_CHARS = 1_000_000
"""Characters of an observation that later turns are shown."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the worlds made of one trajectory. Lists are by turn, or by world."""

    key: str
    domain: str
    trajectory: str
    agree: tuple[bool, ...]
    """For each turn whether all worlds show the same."""
    similar: tuple[float, ...]
    """For each turn the mean similarity of all pairs of worlds."""
    control: tuple[bool, ...]
    """For each turn whether the two worlds of one seed show the same."""
    final: tuple[float, ...]
    """For each world 1.0 when it shows at the last turn what the recording shows, else 0.0."""
    exact: tuple[float, ...]
    """For each world the share of turns at which it shows what the recording shows."""
    near: tuple[float, ...]
    """For each world the mean similarity of a turn to what the recording shows; no answer counts zero."""
    unanswered: int
    """Turns without an observation, of all worlds together; the world then shows nothing."""
    origins: Mapping[str, int]

    @property
    def parted(self) -> int | None:
        """The first turn, from 0, at which not all worlds agree."""
        return next((turn for turn, same in enumerate(self.agree) if not same), None)

    def as_dict(self) -> dict[str, Any]:
        """The spread as plain JSON values; :func:`decode` is the inverse."""
        return {
            "key": self.key,
            "domain": self.domain,
            "trajectory": self.trajectory,
            "agree": list(self.agree),
            "similar": [round(value, 6) for value in self.similar],
            "control": list(self.control),
            "final": list(self.final),
            "exact": [round(value, 6) for value in self.exact],
            "near": [round(value, 6) for value in self.near],
            "unanswered": self.unanswered,
            "origins": dict(self.origins),
            "parted": self.parted,
        }


def decode(line: Mapping[str, Any]) -> Spread:
    """The spread that :meth:`Spread.as_dict` wrote; raises :class:`DataError`."""
    forms.check(line, **dict.fromkeys(("key", "domain", "trajectory"), forms.text), unanswered=forms.whole)
    forms.check(line, **dict.fromkeys(("agree", "control"), forms.listed(forms.flag)), origins=forms.counts)
    forms.check(line, **dict.fromkeys(("similar", "final", "exact", "near"), forms.listed(forms.number)))
    try:
        lists: dict[str, Any] = {
            name: tuple(line[name]) for name in ("agree", "similar", "control", "final", "exact", "near")
        }
        plain: dict[str, Any] = {name: line[name] for name in ("key", "domain", "trajectory", "unanswered", "origins")}
        return Spread(**plain, **lists)
    except (KeyError, TypeError) as error:
        raise DataError(f"not the spread of a trajectory: {type(error).__name__}: {error}") from error


async def luck(
    model: WorldModel,
    trajectories: Sequence[Trajectory],
    *,
    worlds: int = 5,
    turns: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    workers: int = 4,
    seconds: float | None = None,
    on_spread: Callable[[Spread, int, int], None] | None = None,
) -> Report:
    """Replay the actions of each trajectory in ``worlds`` fresh worlds of ``model``, and once more with one seed.

    ``turns`` bounds how many actions of a trajectory are taken, ``limit`` how many trajectories, ``seconds`` the wait
    for one answer. With a folder ``out`` finished trajectories are kept and the same call goes on where it was. Raises
    :class:`UsageError` for numbers that do not fit and for another run in ``out``.
    """
    if not 2 <= worlds <= MOST_WORLDS or workers < 1:
        raise UsageError(
            f"worlds is {worlds} and workers is {workers}; give 2 to {MOST_WORLDS} worlds, 1 worker or more"
        )
    if any(number is not None and number < 1 for number in (turns, limit)):
        raise UsageError(f"turns is {turns} and limit is {limit}; give at least 1 of each")
    started = time.perf_counter()
    chosen = tuple(_shortened(one, turns) for one in trajectories if one.turns)[:limit]
    run = {
        "measure": "environment luck",
        "model": model.name,
        "fingerprint": fingerprint(model),
        "data_sha256": data_fingerprint(chosen),
        "domains": domains.versions(one.domain for one in chosen),
        "worlds": worlds,
        "seed": seed,
        "version": __version__,
    }
    planned = {row_keys(one, whole=True)[0]: one for one in chosen}
    with Journal(out, run, decode) as journal:

        async def live(key: str) -> None:
            done = await spread(key, model, planned[key], worlds=worlds, seed=seed, seconds=seconds)
            journal.append(done.as_dict(), done)
            if on_spread is not None:
                on_spread(done, len(journal.rows), len(planned))

        await each((key for key in planned if key not in journal.rows), live, workers)
        return Report(tuple(journal.rows[key] for key in planned), run, time.perf_counter() - started)


async def spread(
    key: str, model: WorldModel, trajectory: Trajectory, *, worlds: int, seed: int, seconds: float | None = None
) -> Spread:
    """Live through ``trajectory`` in ``worlds`` worlds and a control, and compare them."""
    canonical = domains.find(trajectory.domain).canonical
    lived = [await _lived(model, trajectory, number, seconds) for number in _seeds(seed, key, worlds)]
    texts = [[None if one is None else canonical(one) for one in shown] for shown, _ in lived]
    true = [canonical(turn.observation) for turn in trajectory.turns]
    *fresh, again = texts
    return Spread(
        key=key,
        domain=trajectory.domain,
        trajectory=trajectory.id,
        agree=tuple(len(set(row)) == 1 for row in zip(*fresh, strict=True)),
        similar=tuple(similar(row) for row in zip(*fresh, strict=True)),
        control=tuple(a == b for a, b in zip(fresh[0], again, strict=True)),
        final=tuple(float(one[-1] == true[-1]) for one in fresh),
        exact=tuple(sum(a == b for a, b in zip(one, true, strict=True)) / len(true) for one in fresh),
        near=tuple(_near(one, true) for one in fresh),
        unanswered=sum(text is None for one in fresh for text in one),
        origins=dict(sorted(sum((origins for _, origins in lived[:-1]), Counter[str]()).items())),
    )


def similar(row: Sequence[str | None]) -> float:
    """The mean similarity of all pairs; no answer is like no answer and unlike every text."""
    counts = Counter(None if text is None else text[:COMPARED_CHARS] for text in row)
    pairs = len(row) * (len(row) - 1) // 2
    total = math.fsum(number * (number - 1) / 2 for number in counts.values())
    for (one, many), (other, more) in combinations(counts.items(), 2):
        if one is not None and other is not None:
            total += many * more * alike(one, other)
    return total / pairs


def _near(shown: Sequence[str | None], true: Sequence[str]) -> float:
    pairs = zip(shown, true, strict=True)
    values = (0.0 if a is None else alike(a[:COMPARED_CHARS], b[:COMPARED_CHARS]) for a, b in pairs)
    return math.fsum(values) / len(true)


def _seeds(seed: int, key: str, worlds: int) -> Iterator[int]:
    """The seeds of the fresh worlds, and that of the first one again; other ones for each trajectory."""
    for number in (*range(worlds), 0):
        yield int.from_bytes(keys.digest(seed, key, number)[:4], "big") >> 1


async def _lived(
    model: WorldModel, trajectory: Trajectory, seed: int, seconds: float | None
) -> tuple[list[str | None], Counter[str]]:
    """What a world showed after each action (``None``: it had no answer), and who answered how often."""
    history: tuple[Turn, ...] = ()
    shown: list[str | None] = []
    origins: Counter[str] = Counter()
    for turn in trajectory.turns:
        asked = Query(trajectory.domain, trajectory.setup, history, turn.action)
        prediction = await answered(model, asked, seed=step_seed(seed, len(history)), seconds=seconds)
        shown.append(prediction.observation)
        origins[prediction.origin or f"none ({prediction.outcome})"] += 1
        history = (*history, turn_of(turn.action, prediction, model=model.name, max_chars=SHOWN_CHARS))
        await asyncio.sleep(0)  # a model that computes never waits; others and an interrupt must get a turn
    return shown, origins


def _shortened(trajectory: Trajectory, turns: int | None) -> Trajectory:
    return trajectory if turns is None else replace(trajectory, turns=trajectory.turns[:turns])


@dataclass(frozen=True, slots=True)
class Report:
    """The spreads, and ``run``, which says what was measured; ``seconds`` is the time of this process."""

    spreads: tuple[Spread, ...]
    run: Mapping[str, Any]
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as one JSON object; intervals are clustered by trajectory."""
        spreads = self.spreads
        parted = [one.parted for one in spreads if one.parted is not None]
        return {
            "n": len(spreads),
            "turns": sum(len(one.agree) for one in spreads),
            "worlds": self.run["worlds"],
            "observations": {
                "agree": _mean(spreads, lambda one: one.agree),
                "similarity": _mean(spreads, lambda one: one.similar),
                "same_seed_agree": _mean(spreads, lambda one: one.control),
                "trajectories_that_part": len(parted),
                "first_parted_turn": {"median": statistics.median(parted), "least": min(parted)} if parted else None,
                "by_turn": _by_turn(spreads),
            },
            "outcomes": {
                name: _outcome([getattr(one, name) for one in spreads]) for name in ("final", "exact", "near")
            },
            "unanswered": sum(one.unanswered for one in spreads),
            "origins": dict(sorted(sum((Counter(one.origins) for one in spreads), Counter[str]()).items())),
            "seconds": round(self.seconds, 3),
            "trajectories": [one.as_dict() for one in spreads],
            "run": dict(self.run),
        }


def _mean(spreads: Sequence[Spread], values_of: Callable[[Spread], Sequence[float]]) -> dict[str, Any]:
    values = [(float(value), one.key) for one in spreads for value in values_of(one)]
    return dict(stats.mean([value for value, _ in values], [key for _, key in values]).as_dict())


def _by_turn(spreads: Sequence[Spread], most: int = 50) -> list[dict[str, Any]]:
    """How alike the worlds still are at each turn, of the trajectories that last so long; the first ``most`` turns."""
    longest = max((len(one.agree) for one in spreads), default=0)
    found = []
    for turn in range(min(longest, most)):
        there = [one for one in spreads if turn < len(one.agree)]
        agree, alike = (
            statistics.fmean(values[turn] for values in lists)
            for lists in ([one.agree for one in there], [one.similar for one in there])
        )
        found.append({"turn": turn, "n": len(there), "agree": round(agree, 6), "similarity": round(alike, 6)})
    return found


def _outcome(worlds: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Mean and least and greatest outcome, and how far the worlds of one trajectory are apart.

    ``sd`` is the root of the mean variance over worlds (with n - 1): the pooled standard deviation.
    """
    if not worlds:
        return {"mean": None, "sd": None, "trajectories_that_differ": 0, "widest": None}
    variances = [statistics.variance(values) for values in worlds]
    widest = max(worlds, key=lambda values: max(values) - min(values))
    return {
        "mean": round(statistics.fmean(value for values in worlds for value in values), 6),
        "sd": round(math.sqrt(statistics.fmean(variances)), 6),
        "trajectories_that_differ": sum(min(values) != max(values) for values in worlds),
        "widest": [round(min(widest), 6), round(max(widest), 6)],
    }


def table(report: Mapping[str, Any]) -> Table:
    """The report (see :meth:`Report.as_dict`) as a table for people."""
    from rich.table import Table
    from rich.text import Text

    run, seen = report["run"], report["observations"]
    title = f"environment luck: {run['model']}, {report['n']} trajectories, {report['worlds']} worlds each"
    shown = Table(title=Text(title), title_justify="left")
    shown.add_column("what")
    shown.add_column("value", justify="right")
    shown.add_row("turns at which all worlds agree", tally.interval(seen["agree"]))
    shown.add_row("mean pairwise similarity of a turn", tally.interval(seen["similarity"]))
    shown.add_row("turns at which two worlds of one seed agree", tally.interval(seen["same_seed_agree"]))
    shown.add_row("trajectories in which worlds part", f"{seen['trajectories_that_part']} of {report['n']}")
    first = seen["first_parted_turn"]
    shown.add_row("first turn at which they part, median", "-" if first is None else f"{first['median'] + 1:g}")
    named = (("final", "last observation as recorded"), ("exact", "share of turns as recorded"))
    for name, words in (*named, ("near", "similarity of a turn to the recorded one")):
        found = report["outcomes"][name]
        value = "-" if found["sd"] is None else f"{found['mean']:.3f}, sd over worlds {found['sd']:.3f}"
        shown.add_row(words, value)
    answered = ", ".join(f"{number} {name}" for name, number in report["origins"].items())
    shown.caption = Text(f"answers: {answered}; {report['seconds']:.1f} s; [95% interval, clustered by trajectory]")
    shown.caption_justify = "left"
    return shown

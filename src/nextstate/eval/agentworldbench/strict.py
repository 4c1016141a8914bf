"""Scoring that nobody gains by failing: all five dimensions or none, zeros for a model that failed, intervals.

Rules:

1. A row on which the model gave no readable observation scores zero in every dimension, whatever a judge thought.
2. A row whose judge gave no whole verdict is *unscored*, by the name of what happened, and counted. It is in no mean.
3. A mark from 1 to 5 is ``(mark - 1) / 4 * 100`` points; the row's mean is that of its five dimensions.
4. ``macro`` is the unweighted mean over the domains, ``micro`` the mean over all rows. Every mean has its 95% interval,
   clustered by trajectory (:mod:`nextstate.eval.stats`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.eval import stats
from nextstate.eval.judge.verdicts import DIMENSIONS
from nextstate.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nextstate.eval.stats import Estimate

MEAN = "mean"
NOT_JUDGED = "not_judged"
"""Why a row that no judge has seen yet is unscored."""


@dataclass(frozen=True, slots=True)
class StrictRow:
    """How answering and judging ended; ``judged`` is ``None`` as long as no judge was asked."""

    domain: str
    trajectory: str
    outcome: str
    judged: str | None
    scores: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the model gave no readable observation."""
        return self.outcome != Outcome.OK

    @property
    def unscored(self) -> str | None:
        """Why there is no score."""
        if self.failed or self.judged == "judged":
            return None
        return NOT_JUDGED if self.judged is None else f"judge_{self.judged}"

    @property
    def values(self) -> dict[str, float]:
        """The scaled marks, in [0, 1], and their mean."""
        marks = {name: 0.0 if self.failed else (self.scores[name] - 1) / 4 for name in DIMENSIONS}
        return {**marks, MEAN: sum(marks.values()) / len(marks)}


def score(rows: Iterable[StrictRow]) -> dict[str, Any]:
    """Counts, scores with intervals in points from 0 to 100, over all rows and by domain.

    ``{"rows", "scored", "zeros", "unscored", "scores": {"macro": {name: estimate}, "micro": ...}, "by": {"domain":
    {name: {"rows", "scored", "zeros", "unscored", "scores": {name: estimate}}}}}``; ``zeros`` and ``unscored`` count
    by reason.
    """
    groups: defaultdict[str, list[StrictRow]] = defaultdict(list)
    for row in rows:
        groups[row.domain].append(row)
    everything = [row for group in groups.values() for row in group]
    found = {name: _estimates(group) for name, group in sorted(groups.items())}
    macro = {name: stats.macro([estimates[name] for estimates in found.values()]) for name in (MEAN, *DIMENSIONS)}
    domains = {name: {**_counts(groups[name]), "scores": _points(one)} for name, one in found.items()}
    return {
        **_counts(everything),
        "scores": {"macro": _points(macro), "micro": _points(_estimates(everything))},
        "by": {"domain": domains},
    }


def _counts(rows: Sequence[StrictRow]) -> dict[str, Any]:
    unscored = Counter(row.unscored for row in rows if row.unscored is not None)
    return {
        "rows": len(rows),
        "scored": len(rows) - unscored.total(),
        "zeros": dict(sorted(Counter(row.outcome for row in rows if row.failed).items())),
        "unscored": dict(sorted(unscored.items())),
    }


def _estimates(rows: Sequence[StrictRow]) -> dict[str, Estimate]:
    scored = [row for row in rows if row.unscored is None]
    values = [row.values for row in scored]
    clusters = [(row.domain, row.trajectory) for row in scored]
    return {name: stats.mean([one[name] for one in values], clusters) for name in (MEAN, *DIMENSIONS)}


def _points(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: _scaled(one) for name, one in estimates.items()}


def _scaled(one: Estimate) -> dict[str, Any]:
    """An estimate in points, with four digits."""
    if one.mean is None or one.low is None or one.high is None:
        return {"mean": None, "ci95": None, "n": 0}
    mean, low, high = (round(100 * value, 4) for value in (one.mean, one.low, one.high))
    return {"mean": mean, "ci95": [low, high], "n": one.n}

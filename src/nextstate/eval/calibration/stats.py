"""Rank correlation and spread with intervals that know that the rows of one trajectory are not independent.

Intervals come from resampling whole trajectories (the cluster bootstrap, Davison & Hinkley 1997, section 3.8), seeded,
with the percentile method. Where every resample gives the same, G trajectories could well have missed a share of
``1 - 0.05 ** (1/G)`` that is otherwise, and the interval is that share of all that the figure can be.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from random import Random
from typing import TYPE_CHECKING

from nextstate.eval.stats import NOTHING, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

RESAMPLES = 1_000
"""Resampled sets of trajectories from which an interval is read."""

WIDEST = math.sqrt(8)
"""The largest standard deviation of marks from 1 to 5: of one 1 and one 5."""


def spearman(xs: Sequence[float], ys: Sequence[float], clusters: Sequence[Hashable], *, seed: int = 0) -> Estimate:
    """Spearman's rank correlation of ``xs`` and ``ys``, in [-1, 1], with its 95% interval.

    Equal values share the mean of their ranks (Kendall 1948, chapter 3). Nothing, where one side is the same
    throughout: who says the same of everything agrees and disagrees with nobody.
    """
    pairs = list(zip(xs, ys, strict=True))
    return bootstrap(pairs, clusters, lambda some: correlation(*_columns(some)), (-1.0, 1.0), seed=seed)


def bootstrap(
    items: Sequence[tuple[float, float]],
    clusters: Sequence[Hashable],
    figure: Callable[[Sequence[tuple[float, float]]], float | None],
    widest: tuple[float, float],
    *,
    seed: int = 0,
) -> Estimate:
    """``figure`` of all ``items`` and the 95% interval of what it is of resampled trajectories.

    The interval is ``widest`` where fewer than two trajectories, or fewer than half of the resamples, say anything.
    """
    centre = figure(items) if items else None
    if centre is None:
        return NOTHING
    groups: defaultdict[Hashable, list[tuple[float, float]]] = defaultdict(list)
    for item, cluster in zip(items, clusters, strict=True):
        groups[cluster].append(item)
    members, random = list(groups.values()), Random(seed)
    if len(members) < 2:
        return Estimate(centre, *widest, len(items))
    drawn = (
        figure([item for group in random.choices(members, k=len(members)) for item in group]) for _ in range(RESAMPLES)
    )
    found = sorted(value for value in drawn if value is not None)
    if len(found) < RESAMPLES / 2:
        return Estimate(centre, *widest, len(items))
    if found[0] == found[-1]:
        missed = (1 - 0.05 ** (1 / len(members))) * (widest[1] - widest[0])
        return Estimate(centre, max(widest[0], centre - missed), min(widest[1], centre + missed), len(items))
    low, high = found[math.floor(0.025 * len(found))], found[math.ceil(0.975 * len(found)) - 1]
    return Estimate(centre, min(low, centre), max(high, centre), len(items))


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Spearman's rank correlation alone; ``None`` where one side does not vary."""
    return _pearson(ranks(xs), ranks(ys))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1; equal values share the mean of their ranks."""
    rank, below = {}, 0
    for value, count in sorted(Counter(values).items()):
        rank[value] = below + (count + 1) / 2
        below += count
    return [rank[value] for value in values]


def _pearson(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    n = len(xs)
    if n < 2:
        return None
    x, y = math.fsum(xs) / n, math.fsum(ys) / n
    xx, yy = math.fsum((a - x) ** 2 for a in xs), math.fsum((b - y) ** 2 for b in ys)
    if not xx or not yy:
        return None
    both = math.fsum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return max(-1.0, min(1.0, both / math.sqrt(xx * yy)))


def spread(groups: Sequence[Sequence[float]], clusters: Sequence[Hashable], *, seed: int = 0) -> Estimate:
    """The standard deviation within ``groups`` of repeated values, pooled over them, with its 95% interval.

    Groups of one value say nothing and do not count. Each group enters by its sum of squares and degrees of freedom.
    """
    told = [(group, cluster) for group, cluster in zip(groups, clusters, strict=True) if len(group) > 1]
    items = [(_squares(group), len(group) - 1.0) for group, _ in told]
    return bootstrap(items, [cluster for _, cluster in told], _pooled, (0.0, WIDEST), seed=seed)


def _squares(values: Sequence[float]) -> float:
    centre = math.fsum(values) / len(values)
    return math.fsum((value - centre) ** 2 for value in values)


def _pooled(items: Sequence[tuple[float, float]]) -> float | None:
    squares, freedom = _columns(items)
    return math.sqrt(math.fsum(squares) / math.fsum(freedom))


def _columns(items: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in items], [y for _, y in items]

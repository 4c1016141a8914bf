"""Means and differences with 95% intervals that know that the turns of one trajectory are not independent.

The standard error of a mean is the cluster-robust one (Liang & Zeger 1986, for a mean; also Miller 2024, "Adding Error
Bars to Evals"): with G clusters, n values and residuals r, ``SE^2 = G/(G-1) * sum_g (sum_{i in g} r_i)^2 / n^2``.
A mean of values in [0, 1] gets the Wilson interval with the effective sample size ``mean * (1 - mean) / SE^2``
and Student's t with G-1 degrees of freedom (Dean & Pagano 2015): it stays within [0, 1] and does not shrink to a
point when every value is the same; every trajectory then counts as one observation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from nextstate.types import Json


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of ``n`` values and its 95% interval; all three are ``None`` when there are no values."""

    mean: float | None
    low: float | None
    high: float | None
    n: int

    def as_dict(self) -> dict[str, Json]:
        """``{"mean": ..., "ci95": [low, high], "n": ...}``, rounded to six digits."""
        if self.mean is None or self.low is None or self.high is None:
            return {"mean": None, "ci95": None, "n": 0}
        return {"mean": round(self.mean, 6), "ci95": [round(self.low, 6), round(self.high, 6)], "n": self.n}


NOTHING = Estimate(None, None, None, 0)


def mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """The mean of ``values`` in [0, 1]; ``clusters`` names the trajectory of each.

    One trajectory alone says nothing about the next: its interval is [0, 1].
    """
    if not values:
        return NOTHING
    centre = math.fsum(values) / len(values)
    count = len(set(clusters))
    if count < 2:
        return Estimate(centre, 0.0, 1.0, len(values))
    error = _standard_error(values, clusters, centre)
    effective = centre * (1 - centre) / error**2 if error > 0 else count
    low, high = _wilson(centre, effective, t_quantile(count - 1))
    return Estimate(centre, low, high, len(values))


def difference(ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """The mean of ``ours - theirs``, pair by pair, within [-1, 1]; ``clusters`` names the trajectory of each pair.

    Where every pair differs by the same amount, the half-width is ``1 - 0.05 ** (1/G)``: the largest share of
    trajectories with another difference that G trajectories could well have missed.
    """
    values = [a - b for a, b in zip(ours, theirs, strict=True)]
    if not values:
        return NOTHING
    centre = math.fsum(values) / len(values)
    count = len(set(clusters))
    if count < 2:
        return Estimate(centre, -1.0, 1.0, len(values))
    error = _standard_error(values, clusters, centre)
    half = t_quantile(count - 1) * error if error > 0 else 1 - 0.05 ** (1 / count)
    return Estimate(centre, max(-1.0, centre - half), min(1.0, centre + half), len(values))


def macro(groups: Sequence[Estimate]) -> Estimate:
    """The unweighted mean of the means of independent ``groups`` within [0, 1]; nothing when one has no values.

    Its limits come from those of the groups: with k groups, ``mean - sqrt(sum((mean_g - low_g)^2)) / k`` and the like
    above (MOVER: Zou & Donner 2008, "Construction of confidence limits about effect measures", Statistics in Medicine
    27). ``n`` counts the values of all groups.
    """
    found = ((one.mean, one.low, one.high) for one in groups)
    known = [(m, low, high) for m, low, high in found if m is not None and low is not None and high is not None]
    if not known or len(known) < len(groups):
        return NOTHING
    centre = math.fsum(mean for mean, _, _ in known) / len(known)
    below = math.sqrt(math.fsum((mean - low) ** 2 for mean, low, _ in known)) / len(known)
    above = math.sqrt(math.fsum((high - mean) ** 2 for mean, _, high in known)) / len(known)
    return Estimate(centre, max(0.0, centre - below), min(1.0, centre + above), sum(one.n for one in groups))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value with at least ``share`` of all values at or below it; ``None`` when there are none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@cache
def t_quantile(degrees: int, probability: float = 0.975) -> float:
    """The quantile of Student's t for ``probability`` >= 0.5, by bisection; the normal one beyond 1,000 degrees."""
    if degrees > 1000:
        return NormalDist().inv_cdf(probability)
    low, high = 0.0, 1.0
    while _t_cdf(high, degrees) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_cdf(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def _t_cdf(t: float, degrees: int) -> float:
    """P(T <= t) for t >= 0 by the finite series for whole degrees (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, odd = math.cos(angle), degrees % 2
    term = total = cosine if odd else 1.0
    for k in range(2 + odd, degrees, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    if degrees == 1:
        total = 0.0
    inside = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return 0.5 + inside / 2


def _standard_error(values: Sequence[float], clusters: Sequence[Hashable], centre: float) -> float:
    sums: defaultdict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - centre
    squares = math.fsum(total * total for total in sums.values())
    error = math.sqrt(len(sums) / (len(sums) - 1) * squares) / len(values)
    return error if error > 1e-12 else 0.0


def _wilson(centre: float, effective: float, t: float) -> tuple[float, float]:
    shrink = 1 + t * t / effective
    middle = (centre + t * t / (2 * effective)) / shrink
    half = t / shrink * math.sqrt(centre * (1 - centre) / effective + t * t / (4 * effective * effective))
    return max(0.0, middle - half), min(1.0, middle + half)

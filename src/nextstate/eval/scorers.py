"""Scorers: how alike a prediction and the truth are. A reward is a scorer.

A model that failed to answer scores zero; a scorer that cannot grade says ``unscored`` and why. Third parties add
scorers under the entry-point group ``nextstate.scorers``.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.errors import unknown_name
from nextstate.types import Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.types import Observation, Prediction, Query, Scorer

GROUP = "nextstate.scorers"
WHOLE = 16_384
"""Texts up to this length, in characters, are compared as a whole."""
WINDOW = 4_096
"""Longer texts are compared window by window, at this width."""
COMPARED = 1_048_576
"""Characters compared at most, after the common beginning and end; what lies beyond counts as different."""


async def exact(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """1.0 when the canonical texts of prediction and truth are equal, else 0.0."""
    if prediction.observation is None:
        return Score({"exact": 0.0})
    canonical = domains.find(query.domain).canonical
    return Score({"exact": float(canonical(prediction.observation) == canonical(truth))})


async def similarity(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """One minus the normalised Levenshtein distance of the canonical texts, in [0, 1]; see :func:`alike`."""
    if prediction.observation is None:
        return Score({"similarity": 0.0})
    canonical = domains.find(query.domain).canonical
    return Score({"similarity": alike(canonical(prediction.observation), canonical(truth))})


BUILT_IN: Mapping[str, Scorer] = MappingProxyType({"exact": exact, "similarity": similarity})
"""The scorers that every domain has; they cost nothing, so the baseline is scored by them in every run."""


def alike(a: str, b: str) -> float:
    """``1 - Levenshtein(a, b) / max(len(a), len(b))``, or less, never more.

    Long texts (:data:`WHOLE`) lose their common beginning and end first and are then compared window by window
    (:data:`WINDOW`), up to :data:`COMPARED` characters: linear time, and a lower bound of the true similarity.
    """
    longest = max(len(a), len(b))
    if longest == 0:
        return 1.0
    from rapidfuzz.distance import Levenshtein

    if longest <= WHOLE:
        return Levenshtein.normalized_similarity(a, b)
    a, b = _trimmed(a, b)
    beyond = max(0, max(len(a), len(b)) - COMPARED)
    return 1 - (_windowed(a[:COMPARED], b[:COMPARED]) + beyond) / longest


def _windowed(a: str, b: str) -> int:
    """The sum of the distances of the windows: at least the distance of the texts."""
    from rapidfuzz.distance import Levenshtein

    starts = range(0, max(len(a), len(b)), WINDOW)
    return sum(Levenshtein.distance(a[i : i + WINDOW], b[i : i + WINDOW]) for i in starts)


def _trimmed(a: str, b: str) -> tuple[str, str]:
    start = _common(a, b)
    a, b = a[start:], b[start:]
    end = _common(a[::-1], b[::-1])
    return a[: len(a) - end], b[: len(b) - end]


def _common(a: str, b: str) -> int:
    """The length of the common beginning, by bisection over whole-slice comparisons."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low


def names() -> tuple[str, ...]:
    """The names of all installed scorers, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def find(wanted: Iterable[str]) -> dict[str, Scorer]:
    """The scorers called ``wanted``, in that order; raises :class:`UsageError` for a name that is not installed."""
    return {name: _find(name) for name in wanted}


def _find(name: str) -> Scorer:
    if name in BUILT_IN:
        return BUILT_IN[name]
    for point in entry_points(group=GROUP, name=name):
        scorer: Scorer = point.load()
        return scorer
    raise unknown_name("scorer", name, names())

"""Scorers: how alike a prediction and the truth are. A reward is a scorer.

A model that failed to answer scores zero; a scorer that cannot grade says ``unscored`` and why. Third parties add
scorers under the entry-point group ``nextstate.scorers``. ``judge:SPEC`` is a language model that judges, see
:mod:`nextstate.eval.judge`.
"""

from __future__ import annotations

from collections import Counter
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.errors import UsageError, unknown_name
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


async def change(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """Where the truth differs from what was shown before: was that change predicted?

    F1 between the lines by which the prediction and the truth differ from the observation before (canonical texts as
    multisets of lines; a line that went counts as much as one that came). Applies where the truth has such lines.
    """
    before, after, said = _canonical(query, prediction, truth)
    true = _difference(before, after)
    if not true:
        return Score(applies=False)
    if said is None:
        return Score({"change": 0.0})
    predicted = _difference(before, said)
    common = (true & predicted).total()
    return Score({"change": 2 * common / (true.total() + predicted.total())})


async def no_change(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """Where the environment showed what it had shown before: 1.0 when the prediction does so too, else 0.0."""
    before, after, said = _canonical(query, prediction, truth)
    return Score({"no-change": float(said == after)}) if before == after else Score(applies=False)


def _canonical(query: Query, prediction: Prediction, truth: Observation) -> tuple[str, str, str | None]:
    """The canonical texts of the observation before, of the truth and of the prediction."""
    domain = domains.find(query.domain)
    said = prediction.observation
    return (
        domain.canonical(domain.before(query)),
        domain.canonical(truth),
        None if said is None else domain.canonical(said),
    )


def _difference(before: str, after: str) -> Counter[tuple[str, str]]:
    """The lines that went and the lines that came."""
    old, new = Counter(before.split("\n")), Counter(after.split("\n"))
    return Counter(
        {("-", line): n for line, n in (old - new).items()} | {("+", line): n for line, n in (new - old).items()}
    )


async def error(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """Where the action really failed: 1.0 when the prediction reports a failure too, else 0.0."""
    return _reported(query, prediction, truth, name="error", failed=True)


async def no_error(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """Where the action really worked: 1.0 when the prediction reports no failure, else 0.0."""
    return _reported(query, prediction, truth, name="no-error", failed=False)


def _reported(query: Query, prediction: Prediction, truth: Observation, *, name: str, failed: bool) -> Score:
    """Applies where the domain can tell of the truth whether the action failed, and it did as ``failed`` says.

    A prediction of which the domain cannot tell reports no failure.
    """
    tells = domains.find(query.domain).failed
    if tells is None or tells(query, truth) is not failed:
        return Score(applies=False)
    said = prediction.observation
    return Score({name: float(said is not None and (tells(query, said) is True) is failed)})


async def schema(query: Query, prediction: Prediction, truth: Observation) -> Score:
    """1.0 when the prediction has the form that the domain, the set-up or the tool's schema demands, else 0.0.

    By the domain's check ``well_formed``; applies where that decides about the truth.
    """
    check = domains.find(query.domain).checks.get("well_formed")
    if check is None or check(query, truth) is None:
        return Score(applies=False)
    return Score({"schema": float(prediction.observation is not None and check(query, prediction.observation) is True)})


DEFAULT: Mapping[str, Scorer] = MappingProxyType({"exact": exact, "similarity": similarity})
"""What an evaluation scores unless it is told otherwise; both exist in every domain."""

BUILT_IN: Mapping[str, Scorer] = MappingProxyType(
    {**DEFAULT, "change": change, "no-change": no_change, "error": error, "no-error": no_error, "schema": schema}
)
"""All scorers of this package; they cost nothing, so the baseline is scored by them in every run that asks for them."""


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
    start = common(a, b)
    a, b = a[start:], b[start:]
    end = common(a[::-1], b[::-1])
    return a[: len(a) - end], b[: len(b) - end]


def common(a: str, b: str) -> int:
    """The length of the common beginning, in characters, by bisection over whole-slice comparisons."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low


def names() -> tuple[str, ...]:
    """The names of all installed scorers, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def find(wanted: Iterable[str]) -> dict[str, Scorer]:
    """The scorers called ``wanted``, in that order, under their names; a judge stands under its fingerprint.

    Raises :class:`UsageError` for a name that is not installed, and for a second judge, whose marks would have the
    names of the first one's.
    """
    found = dict(map(_find, wanted))
    judges = [name for name in found if name.startswith(JUDGE)]
    if len(judges) > 1:
        raise UsageError(f"an evaluation has one judge, not {len(judges)}; ask the others in runs of their own")
    return found


async def close(scorers: Mapping[str, Scorer]) -> None:
    """Close the scorers that can be closed: a judge's connections."""
    for scorer in scorers.values():
        aclose = getattr(scorer, "aclose", None)
        if aclose is not None:
            await aclose()


JUDGE = "judge:"
"""What stands in front of a judge's name."""


def _find(name: str) -> tuple[str, Scorer]:
    if name in BUILT_IN:
        return name, BUILT_IN[name]
    if name.startswith(JUDGE):
        from nextstate.eval.judge import JudgeScorer, named

        judge = named(name.removeprefix(JUDGE))
        return JUDGE + judge.fingerprint, JudgeScorer(judge)
    for point in entry_points(group=GROUP, name=name):
        scorer: Scorer = point.load()
        return name, scorer
    raise unknown_name("scorer", name, (*names(), JUDGE + "SPEC"))

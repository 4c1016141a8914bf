"""From what a judge said to how far it can be trusted: figures with intervals, and the weaknesses that they show."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.eval import stats
from nextstate.eval.calibration.probes import MODEL, ORDERED, OTHER, PRAISED, REPEATED, TRUTH, TURING
from nextstate.eval.calibration.stats import spearman, spread
from nextstate.eval.damage import KINDS
from nextstate.eval.judge.verdicts import DIMENSIONS
from nextstate.eval.tally import interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


NOTICED = 0.8
"""Share of damages that a judge should rank below the truth."""
BELIEVES = 0.9
"""Score that the truth itself should get, from 0 to 1."""
READABLE = 0.95
"""Share of replies that should hold a verdict."""
NOISE = 0.25
"""Standard deviation, in marks, that the mean of five may have when the same verdict is asked again."""
FEW = 10
"""From fewer trajectories than this no report clears a judge."""


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict: where, about what, and the five marks, if there are any."""

    row: str
    cluster: tuple[str, str]
    probe: str
    outcome: str
    scores: Mapping[str, int]
    similarity: float

    @property
    def score(self) -> float:
        """The mean of the marks, scaled to 0..1; only of a verdict that is there."""
        return (math.fsum(self.scores.values()) / len(DIMENSIONS) - 1) / 4


_Rows: TypeAlias = "Mapping[str, Mapping[str, Said]]"
"""Verdicts that hold marks, by row and probe."""


def figures(lines: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """The figures of a calibration from its finished lines; estimates are as :meth:`Estimate.as_dict` gives them.

    ``readable`` counts every reply but those that the endpoint failed; a figure about marks counts the rows that have
    them. Scores are means of five marks, scaled to 0..1.
    """
    ours = [_said(line) for line in lines if "scores" in line and line["judge"] == 0]
    theirs = [_said(line) for line in lines if "scores" in line and line["judge"] == 1]
    blind = [line for line in lines if line["probe"] == TURING]
    by_row = _by_row(ours)
    return {
        "calls": len(ours) + len(theirs) + len(blind),
        "outcomes": dict(sorted(Counter(one.outcome for one in ours).items())),
        "readable": _share((one.outcome == "judged", one.cluster) for one in ours if one.outcome != "provider_error"),
        "truth": _share((row[TRUTH].score, row[TRUTH].cluster) for row in by_row.values() if TRUTH in row),
        "distinct": len({tuple(one.scores.items()) for one in ours if one.scores}),
        "damage": _damage(by_row),
        "attack": {"praise": _gain(by_row, PRAISED), "order": _gain(by_row, ORDERED)},
        "noise": _noise(by_row, seed),
        "agreement": _agreement(ours, theirs, by_row, seed),
        "turing": _turing(blind),
        "usage": [sum(line["usage"][part] for line in lines if "usage" in line) for part in range(3)],
    }


def weaknesses(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the figures show against a judge: each with its name and the reason. Nothing shown is nothing proved."""
    found = []

    def add(name: str, shown: bool, reason: str) -> None:
        if shown:
            found.append({"name": name, "reason": reason})

    noticed, readable, truth = told["damage"]["all"]["below"], told["readable"], told["truth"]
    first = told["turing"]["first"]
    add("constant", told["distinct"] < 2, "every verdict has the same marks")
    add("unreadable", _high(readable) < READABLE, f"of its replies {interval(readable)} hold a verdict")
    add("misjudges-truth", _high(truth) < BELIEVES, f"the truth itself gets {interval(truth)} of 1")
    add("blind", _high(noticed) < NOTICED, f"of known damages {interval(noticed)} are marked below the truth")
    for name, gain in told["attack"].items():
        add(f"likes-{name}", _low(gain) > 0, f"a wrong prediction gains {interval(gain)} by {name}")
    chosen = f"of two observations the first is called real in {interval(first)}"
    add("position", _low(first) > 0.5 or _high(first) < 0.5, chosen)
    noise = told["noise"]["mean"]
    add("noisy", _low(noise) > NOISE, f"asked again, its mean mark has a standard deviation of {interval(noise)}")
    few = told["damage"]["all"]["trajectories"]
    add("few", few < FEW, f"only {few} trajectories could be judged; {FEW} are the least that say much")
    return found


def _said(line: Mapping[str, Any]) -> Said:
    cluster = (line["domain"], line["trajectory"])
    return Said(line["row"], cluster, line["probe"], line["outcome"], line["scores"], line["similarity"])


def _by_row(said: Iterable[Said]) -> dict[str, dict[str, Said]]:
    found: defaultdict[str, dict[str, Said]] = defaultdict(dict)
    for one in said:
        if one.scores:
            found[one.row][one.probe] = one
    return found


def _share(values: Iterable[tuple[float, tuple[str, str]]]) -> dict[str, Any]:
    told = list(values)
    return stats.mean([float(value) for value, _ in told], [cluster for _, cluster in told]).as_dict()


def _damage(rows: _Rows) -> dict[str, Any]:
    """By kind, and over all of them: how often damage is marked below the truth or equal to it, and by how much."""
    pairs = {
        kind: [(row[TRUTH], row[f"damage:{kind}"]) for row in rows.values() if TRUTH in row and f"damage:{kind}" in row]
        for kind in KINDS
    }
    told = {kind: _ranked(some) for kind, some in pairs.items() if some}
    return {**told, "all": _ranked([pair for some in pairs.values() for pair in some])}


def _ranked(pairs: Sequence[tuple[Said, Said]]) -> dict[str, Any]:
    return {
        "below": _share((damaged.score < truth.score, truth.cluster) for truth, damaged in pairs),
        "equal": _share((damaged.score == truth.score, truth.cluster) for truth, damaged in pairs),
        "drop": _difference(pairs),
        "trajectories": len({truth.cluster for truth, _ in pairs}),
    }


def _gain(rows: _Rows, attacked: str) -> dict[str, Any]:
    """What an attack adds to the score of a wrong prediction."""
    return _difference([(row[attacked], row[OTHER]) for row in rows.values() if attacked in row and OTHER in row])


def _difference(pairs: Sequence[tuple[Said, Said]]) -> dict[str, Any]:
    ours, theirs = [one.score for one, _ in pairs], [other.score for _, other in pairs]
    return stats.difference(ours, theirs, [one.cluster for one, _ in pairs]).as_dict()


def _noise(rows: _Rows, seed: int) -> dict[str, Any]:
    """Standard deviations of the same verdict asked again: of each dimension in marks, of the mean of them too."""
    groups = [_repetitions(row) for row in rows.values()]
    groups = [group for group in groups if len(group) > 1]
    clusters = [group[0].cluster for group in groups]
    told = {
        name: spread([[one.scores[name] for one in group] for group in groups], clusters, seed=seed)
        for name in DIMENSIONS
    }
    means = spread([[1 + 4 * one.score for one in group] for group in groups], clusters, seed=seed)
    return {name: found.as_dict() for name, found in {**told, "mean": means}.items()}


def _repetitions(row: Mapping[str, Said]) -> list[Said]:
    again = [one for probe, one in row.items() if probe.startswith("repeat:")]
    first = next((row[probe] for probe in REPEATED if probe in row), None)
    return [first, *again] if first is not None and again else []


def _agreement(ours: Sequence[Said], theirs: Sequence[Said], rows: _Rows, seed: int) -> dict[str, Any]:
    """Rank correlation of our scores with the similarity to the truth, and with the other judge's marks."""
    judged = [one for one in ours if one.scores and _once(one.probe)]
    alike = spearman(
        [one.score for one in judged], [one.similarity for one in judged], [one.cluster for one in judged], seed=seed
    )
    told: dict[str, Any] = {"similarity": alike.as_dict(), "against": None}
    if theirs:
        pairs = [(rows[one.row][one.probe], one) for one in theirs if one.scores and one.probe in rows.get(one.row, {})]
        told["against"] = {
            "mean": _correlated([(ours.score, other.score) for ours, other in pairs], pairs, seed),
            **{
                name: _correlated([(ours.scores[name], other.scores[name]) for ours, other in pairs], pairs, seed)
                for name in DIMENSIONS
            },
        }
    return told


def _correlated(values: Sequence[tuple[float, float]], pairs: Sequence[tuple[Said, Said]], seed: int) -> dict[str, Any]:
    clusters = [one.cluster for one, _ in pairs]
    return spearman([ours for ours, _ in values], [other for _, other in values], clusters, seed=seed).as_dict()


def _once(probe: str) -> bool:
    """Whether a verdict counts in the agreement: no repetitions, no attacks."""
    return probe in (TRUTH, OTHER, MODEL) or probe.startswith("damage:")


def _turing(blind: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How often the real one of two was found, and how often the first one was chosen, whichever that was."""
    told = [line for line in blind if line["chose_first"] is not None]
    clusters = [(line["domain"], line["trajectory"]) for line in told]
    return {
        "outcomes": dict(sorted(Counter(line["outcome"] for line in blind).items())),
        "right": stats.mean([float(line["chose_first"] is line["real_first"]) for line in told], clusters).as_dict(),
        "first": stats.mean([float(line["chose_first"]) for line in told], clusters).as_dict(),
        "real_first": stats.mean([float(line["real_first"]) for line in told], clusters).as_dict(),
    }


def _low(told: Mapping[str, Any]) -> float:
    return float(told["ci95"][0]) if told["ci95"] else -math.inf


def _high(told: Mapping[str, Any]) -> float:
    return float(told["ci95"][1]) if told["ci95"] else math.inf

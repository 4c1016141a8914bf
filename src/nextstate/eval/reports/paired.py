"""Comparing two runs: paired row by row, and refused where they are unlike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nextstate.errors import UsageError
from nextstate.eval import stats
from nextstate.eval.reports.model import names, unlike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.eval.reports.model import Row, Run

    Pair = tuple[Row, Row]

LARGEST = 10
"""Rows that are listed for each score, by how much the two runs differ there."""


def compare(ours: Run, theirs: Run) -> dict[str, Any]:
    """The mean difference ``ours - theirs`` of each score with its interval, in all and by domain.

    Wins, losses and ties count the rows that both runs have a score for; ``unpaired`` are those that one of them has
    none for where the other has. ``largest`` lists the rows that differ most. Raises :class:`UsageError` for runs that
    are not alike or did not finish the same rows.
    """
    if differing := unlike(ours, theirs):
        raise UsageError(
            f"these runs cannot be compared, they differ in {'; '.join(differing)}; "
            "run one of them again like the other"
        )
    other = {row.key: row for row in theirs.rows}
    if other.keys() != {row.key for row in ours.rows}:
        raise UsageError(
            f"these runs finished different rows ({len(ours.rows)} and {len(other)}); resume the one that is unfinished"
        )
    pairs = [(row, other[row.key]) for row in ours.rows]
    return {
        "n": len(pairs),
        "scores": {name: _score(name, pairs) for name in names((*ours.rows, *theirs.rows))},
        "outcomes": _outcomes(pairs),
        "uncalibrated": sorted({run.judge for run in (ours, theirs) if run.uncalibrated}),
        "runs": [dict(ours.manifest), dict(theirs.manifest)],
    }


def difference(name: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    """The mean difference of the score ``name``, its interval, and how many rows have it in both runs."""
    both = [(a, b) for a, b in pairs if name in a.scores and name in b.scores]
    found = stats.difference(
        [a.scores[name] for a, _ in both], [b.scores[name] for _, b in both], [a.cluster for a, _ in both]
    ).as_dict()
    return {"difference": found["mean"], "ci95": found["ci95"], "n": found["n"]}


def _score(name: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    domains: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        domains[pair[0].domain].append(pair)
    return {
        **_counted(name, pairs),
        "domains": {domain: _counted(name, found) for domain, found in sorted(domains.items())},
        "largest": _largest(name, pairs),
    }


def _counted(name: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    gains = [a.scores[name] - b.scores[name] for a, b in pairs if name in a.scores and name in b.scores]
    wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    unpaired = sum((name in a.scores) != (name in b.scores) for a, b in pairs)
    counts = {"wins": wins, "losses": losses, "ties": len(gains) - wins - losses, "unpaired": unpaired}
    return {**difference(name, pairs), **counts}


def _largest(name: str, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    both = [(a, b) for a, b in pairs if name in a.scores and name in b.scores and a.scores[name] != b.scores[name]]
    both.sort(key=lambda pair: -abs(pair[0].scores[name] - pair[1].scores[name]))
    return [
        {"key": a.key, "scores": [a.scores[name], b.scores[name]], "outcomes": [a.outcome, b.outcome]}
        for a, b in both[:LARGEST]
    ]


def _outcomes(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """How often a row ended so in our run and so in theirs, the most frequent first."""
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for a, b in pairs:
        counts[a.outcome, b.outcome] += 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [{"ours": ours, "theirs": theirs, "n": n} for (ours, theirs), n in ordered]

"""Scoring as the published script of AgentWorldBench does it, exclusions included, so that numbers compare.

Source: eval/eval.py of QwenLM/Qwen-AgentWorld (Apache-2.0), commit cd0aa83. The rules:

1. A row counts as *valid* when the model said anything at all (a reply of blanks, or a refusal in words, is a
   prediction) and its judge's reply can be read (:mod:`.official_verdict`). *All other rows are dropped from every
   mean*, so a model that fails on hard rows gains.
2. A domain's value for a dimension is the mean over its valid rows of the scores other than 0: a judge that *skipped a
   dimension* is left out of that mean alone, and a negative score, which the row's total leaves out, counts in it.
3. A row's total is the mean of its scores above 0; a domain's total is the mean of the totals other than 0.
4. *The overall value is the mean of all totals other than 0, pooled*: a domain weighs as much as it has rows, where the
   paper gives every domain the same weight. The heading of a domain counts a row without any score as valid; the last
   line counts it as failed.
5. Means from 1 to 5 are shown as ``(mean - 1) / 4 * 100`` with two digits. A domain that has valid rows but no value
   shows -25.00, one without valid rows nothing; without any total there is no overall value.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any

from nextstate.eval.agentworldbench.official_verdict import OfficialVerdict, points
from nextstate.eval.judge.verdicts import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOTAL = "total_score"


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """A row as the script sees it; ``verdict`` is ``None`` when the model said nothing."""

    domain: str
    verdict: OfficialVerdict | None


def score(rows: Iterable[OfficialRow]) -> dict[str, Any]:
    """The values that the script prints for ``rows``, as numbers with two digits.

    ``{"rows", "valid", "failed", "overall", "by": {"domain": {name: {"rows", "valid", "failed", "scores"}}}}``; what
    the script does not print is ``None``. ``valid`` and ``failed`` count as the script does, see rule 4.
    """
    groups: defaultdict[str, list[OfficialRow]] = defaultdict(list)
    for row in rows:
        groups[row.domain].append(row)
    domains = {name: _domain(group) for name, group in sorted(groups.items())}
    totals = [total for group in groups.values() for total in _totals(_valid(group))]
    count = sum(map(len, groups.values()))
    return {
        "rows": count,
        "valid": len(totals),
        "failed": count - len(totals),
        "overall": _shown(totals) if totals else None,
        "by": {"domain": domains},
    }


def _domain(rows: Sequence[OfficialRow]) -> dict[str, Any]:
    valid = _valid(rows)
    values = {name: [one.scores[name] for one in valid if one.scores[name] != 0] for name in DIMENSIONS}
    shown: dict[str, float] = {name: _shown(scores) for name, scores in values.items()}
    shown[TOTAL] = _shown(_totals(valid))
    return {
        "rows": len(rows),
        "valid": len(valid),
        "failed": len(rows) - len(valid),
        "scores": shown if valid else None,
    }


def _valid(rows: Iterable[OfficialRow]) -> list[OfficialVerdict]:
    return [row.verdict for row in rows if row.verdict is not None and not row.verdict.failed]


def _totals(verdicts: Iterable[OfficialVerdict]) -> list[float]:
    return [verdict.total for verdict in verdicts if verdict.total != 0]


def _shown(values: Sequence[float]) -> float:
    return float(f"{points(mean(values) if values else 0.0):.2f}")

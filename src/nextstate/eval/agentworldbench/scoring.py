"""The third stage: what the first two found, scored by one of two sets of rules that never share a table.

``strict`` (:mod:`.strict`) is ours; ``official`` (:mod:`.official`) is the published script's, exclusions included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.errors import DataError
from nextstate.eval import journal as journals
from nextstate.eval import tally
from nextstate.eval.agentworldbench import costs, inferring, judging, official, official_verdict, strict
from nextstate.eval.agentworldbench.official import OfficialRow
from nextstate.eval.agentworldbench.official_verdict import OfficialVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nextstate.eval.agentworldbench.costs import Price
    from nextstate.eval.agentworldbench.inferring import Inferred
    from nextstate.eval.agentworldbench.judging import Judged

UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True, slots=True)
class Results:
    """The finished rows of both stages.

    ``official`` is what the published script makes of each judge's reply, or, where a prompt of ours asked, the verdict
    as it was read.
    """

    asked: Mapping[str, Any]
    judging: Mapping[str, Any]
    rows: Mapping[str, Inferred]
    verdicts: Mapping[str, Judged]
    official: Mapping[str, OfficialVerdict]
    differs: int = 0
    """Rows whose prediction the official rules read in another way than we do."""


def load(out: Path) -> Results:
    """What the stages in the folder ``out`` found so far. Raises :class:`DataError`."""
    asked = inferring.manifest(out)
    _, rows = journals.read(out / inferring.STAGE, inferring.decode)
    run, lines = journals.read(out / judging.STAGE, _judged)
    known = {row.key: row for row in rows}
    verdicts = {one.key: one for one, _, _ in lines}
    by_script = run.get("reading") == "official"
    readings = {one.key: said if by_script else _as_official(one) for one, said, _ in lines}
    if strangers := verdicts.keys() - known.keys():
        raise DataError(f"{len(strangers)} judged rows were never asked", where=str(out / judging.STAGE))
    return Results(asked, run, known, verdicts, readings, sum(differs for _, _, differs in lines))


def _judged(line: Mapping[str, Any]) -> tuple[Judged, OfficialVerdict, bool]:
    """The row, what the published rules make of its judge's reply, and whether they read the prediction otherwise."""
    return judging.decode(line), official_verdict.read(str(line.get("reply", ""))), line.get("differs") is True


def _as_official(one: Judged) -> OfficialVerdict:
    """A verdict by a prompt of ours, which asks for another object than the script reads."""
    return OfficialVerdict(one.scores, "" if one.scores else one.outcome)


def score(
    results: Results, *, by_official: bool = False, price: Price | None = None, judge_price: Price | None = None
) -> dict[str, Any]:
    """The report as the JSON object that the command line prints; ``scoring`` says by which rules."""
    said = official.score(_official_rows(results)) if by_official else strict.score(_strict_rows(results))
    spent = {
        "model": costs.spent(results.rows.values(), price),
        "judge": costs.spent(results.verdicts.values(), judge_price),
    }
    return {
        "scoring": "official" if by_official else "strict",
        **said,
        "unfinished": _unfinished(results),
        "outcomes": {
            "model": tally.counted(str(row.outcome) for row in results.rows.values()),
            "judge": tally.counted(row.outcome for row in results.verdicts.values()),
        },
        "origins": tally.counted(str(row.origin) for row in results.rows.values() if row.origin is not None),
        "read_otherwise": results.differs,
        **{name: {stage: one[name] for stage, one in spent.items()} for name in ("usage", "cost", "latency_ms")},
        "judge": {
            "name": results.judging.get("judge"),
            "prompt": results.judging.get("prompt"),
            "calibration": results.judging.get("calibration") or UNCALIBRATED,
        },
        "run": {"infer": dict(results.asked), "judge": dict(results.judging)},
    }


def _strict_rows(results: Results) -> Iterable[strict.StrictRow]:
    for key, row in results.rows.items():
        verdict = results.verdicts.get(key)
        yield strict.StrictRow(
            row.domain,
            row.trajectory,
            str(row.outcome),
            None if verdict is None else verdict.outcome,
            {} if verdict is None else verdict.scores,
        )


def _official_rows(results: Results) -> Iterable[OfficialRow]:
    """The rows that both stages have finished; the script knows no others."""
    for key, row in results.rows.items():
        if not row.spoke:
            yield OfficialRow(row.domain, None)
        elif key in results.official:
            yield OfficialRow(row.domain, results.official[key])


def _unfinished(results: Results) -> dict[str, int]:
    """Rows that each stage has not finished; a score over the others is no score of the benchmark."""
    planned = sum(results.asked["rows"].values())
    return {"infer": planned - len(results.rows), "judge": planned - len(results.verdicts)}

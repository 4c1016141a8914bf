"""The figures of a report as plain JSON: for each group of like runs a leaderboard, and what lies behind it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate.eval import stats, tally
from nextstate.eval.reports import paired
from nextstate.eval.reports.groups import grouped
from nextstate.eval.reports.model import names
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nextstate.eval.agentworldbench.costs import Price
    from nextstate.eval.reports.groups import Group
    from nextstate.eval.reports.model import Row, Run
    from nextstate.types import Json

    Prices = Sequence[tuple[Price | None, Price | None]]

BASELINE = "copy-last"


def summary(runs: Sequence[Run], prices: Prices = ()) -> dict[str, Any]:
    """The figures of all ``runs``. Runs that are unlike stand in different groups, with the reason.

    Each mean has a 95% interval, clustered by trajectory. ``macro`` is the mean over the domains, each of which counts
    once; ``behind`` is the paired difference to the run that leads its group. ``prices`` are those of the model and of
    the judge of each run; ``cost`` is what all its rows cost.
    """
    numbers = {id(run): number for number, run in enumerate(runs)}
    return {
        "version": __version__,
        "runs": [_identity(run) for run in runs],
        "groups": [_group(group, [numbers[id(run)] for run in group.runs], prices) for group in grouped(runs)],
    }


def leading(run: Run) -> str | None:
    """The score that a leaderboard is ordered by: the judge's where there is one, else the first."""
    found = names(run.rows)
    return "judge" if "judge" in found else next(iter(found), None)


def _identity(run: Run) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "model": run.model,
        "folder": run.folder.name if run.folder else "",
        "judge": run.judge,
        "calibration": run.calibration,
        "uncalibrated": run.uncalibrated,
        "free_run": run.free_run,
        "manifest": dict(run.manifest),
    }


def _group(group: Group, numbers: Sequence[int], prices: Prices) -> dict[str, Any]:
    first = group.runs[0]
    score = next(filter(None, map(leading, group.runs)), None)
    entries = [_run(run, number) for run, number in zip(group.runs, numbers, strict=True)]
    for entry in entries:
        entry["cost"] = _cost(entry, prices[entry["run"]]) if prices else None
    entries.sort(key=lambda entry: -_mean(entry["scores"], score))
    best = group.runs[numbers.index(entries[0]["run"])]
    for entry in entries:
        entry["behind"] = _behind(group.runs[numbers.index(entry["run"])], best, score)
    return {
        "kind": first.kind,
        "reasons": list(group.reasons),
        "n": len(first.rows),
        "leading": score,
        "scores": list(dict.fromkeys(name for entry in entries for name in entry["scores"])),
        "domains": sorted({row.domain for row in first.rows}),
        "judge": first.judge,
        "uncalibrated": any(run.uncalibrated for run in group.runs),
        "runs": entries,
        "baseline": _baseline(first),
    }


def _cost(entry: Mapping[str, Any], prices: tuple[Price | None, Price | None]) -> dict[str, float | None]:
    """What the answers and the verdicts of a run cost, in the currency of the prices; ``None`` without a price."""
    spent = [Usage(*entry[key].values()) for key in ("usage", "judge_usage")]
    costs = [None if price is None else round(price.of(one), 6) for price, one in zip(prices, spent, strict=True)]
    return dict(zip(("model", "judge"), costs, strict=True))


def _mean(scores: Mapping[str, Any], name: str | None) -> float:
    mean = scores.get(name, {}).get("mean") if name else None
    return -1.0 if mean is None else mean


def _behind(run: Run, best: Run, score: str | None) -> dict[str, Any] | None:
    if run is best or score is None:
        return None
    other = {row.key: row for row in best.rows}
    return paired.difference(score, [(row, other[row.key]) for row in run.rows])


def _run(run: Run, number: int) -> dict[str, Any]:
    rows = run.rows
    found = names(rows)
    return {
        "run": number,
        "n": len(rows),
        "scored": sum(bool(row.scores) and not row.unscored for row in rows),
        "unscored": tally.counted(reason for row in rows for reason in set(row.unscored.values())),
        "scores": _estimates(rows, found),
        "macro": _macro(rows, found),
        "domains": _by(rows, lambda row: row.domain, found),
        "origins": _by(rows, lambda row: row.origin, found),
        "outcomes": tally.counted(row.outcome for row in rows),
        "latency_ms": tally.latency(row.seconds for row in rows),
        "usage": tally.tokens(row.usage for row in rows),
        "judge_usage": tally.tokens(row.judge_usage for row in rows),
    }


def _estimates(rows: Sequence[Row], found: Iterable[str]) -> dict[str, Any]:
    return {name: _estimate([(row, row.scores[name]) for row in rows if name in row.scores]) for name in found}


def _estimate(graded: Sequence[tuple[Row, float]]) -> dict[str, Json]:
    return _mean_of(graded).as_dict()


def _mean_of(graded: Sequence[tuple[Row, float]]) -> stats.Estimate:
    return stats.mean([value for _, value in graded], [row.cluster for row, _ in graded])


def _macro(rows: Sequence[Row], found: Iterable[str]) -> dict[str, Any]:
    """The mean over the domains. One to which a score does not apply is left out; one without any grade leaves none."""
    domains = _parted(rows, lambda row: row.domain).values()
    means: dict[str, Any] = {}
    for name in found:
        concerned = [part for part in domains if any(name in row.scores or row.unscored for row in part)]
        graded = [[(row, row.scores[name]) for row in part if name in row.scores] for part in concerned]
        means[name] = stats.macro(list(map(_mean_of, graded))).as_dict()
    return means


def _by(rows: Sequence[Row], part_of: Callable[[Row], str | None], found: Sequence[str]) -> dict[str, Any]:
    return {
        name: {
            "n": len(part),
            "scores": _estimates(part, found),
            "latency_ms": tally.latency(row.seconds for row in part),
        }
        for name, part in _parted(rows, part_of).items()
    }


def _parted(rows: Sequence[Row], part_of: Callable[[Row], str | None]) -> dict[str, list[Row]]:
    parts: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (name := part_of(row)) is not None:
            parts[name].append(row)
    return dict(sorted(parts.items()))


def _baseline(run: Run) -> dict[str, Any] | None:
    """What copying the last observation scores on the same rows, where the run measured it."""
    found = list(dict.fromkeys(name for row in run.rows for name in row.baseline))
    if not found:
        return None
    of = {name: [(row, row.baseline[name]) for row in run.rows if name in row.baseline] for name in found}
    domains = _parted(run.rows, lambda row: row.domain)
    return {
        "name": BASELINE,
        "scores": {name: _estimate(graded) for name, graded in of.items()},
        "domains": {
            domain: {
                "n": len(part),
                "scores": {
                    name: _estimate([(r, r.baseline[name]) for r in part if name in r.baseline]) for name in found
                },
            }
            for domain, part in domains.items()
        },
    }

"""A report as Markdown: the tables, for a reader without a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain.picture import visible
from nextstate.eval import tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

UNCALIBRATED = "uncalibrated judge"
ENDS = (
    "difference to the first",
    "p50 ms",
    "p95 ms",
    "tokens of a row",
    "judge's tokens of a row",
    "cost in all",
    "judge's cost in all",
)
"""What stands behind the scores of a run."""
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#|~&!$]")


def document(summary: Mapping[str, Any]) -> str:
    """The figures of :func:`nextstate.eval.reports.summary.summary` as one document."""
    parts = ["# Report of runs", "Means with 95% intervals, clustered by trajectory. Scores are in \\[0, 1\\]."]
    for number, group in enumerate(summary["groups"], 1):
        parts += _group(group, summary["runs"], number)
    return "\n\n".join(parts) + "\n"


def _group(group: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], number: int) -> Iterator[str]:
    yield f"## {number}. {_cell(group['kind'])}, {group['n']:,} rows"
    if group["reasons"]:
        yield "Not comparable with the first group: " + "; ".join(map(_cell, group["reasons"])) + "."
    if group["judge"]:
        state = "**not calibrated**: nobody has measured this judge" if group["uncalibrated"] else "calibrated"
        yield f"Judge: {_cell(group['judge'])} ({state})."
    named = {entry["run"]: _name(runs, entry["run"]) for entry in group["runs"]}
    yield _leaderboard(group, named)
    yield "By domain:"
    yield _parts(group, named, "domains", "domain")
    if any(entry["origins"] for entry in group["runs"]):
        yield "By who answered:"
        yield _parts(group, named, "origins", "origin")
    yield "How rows ended:"
    yield _table(("run", "outcomes", "unscored"), _endings(group, named))


def _name(runs: Sequence[Mapping[str, Any]], number: int) -> str:
    """The model, with the folder where several runs are of the same one, and a mark for a judge nobody measured."""
    run = runs[number]
    alone = sum(other["model"] == run["model"] for other in runs) == 1
    where = "" if alone else f", {_cell(run['folder'])}"
    return _cell(run["model"]) + where + (f" ({UNCALIBRATED})" if run["uncalibrated"] else "")


def _leaderboard(group: Mapping[str, Any], named: Mapping[int, str]) -> str:
    scores = group["scores"]
    heads = ["run", "rows", "scored", *map(_cell, scores), *ENDS]
    lines = []
    for entry in group["runs"]:
        tokens, judging = (_tokens(entry[key], entry["n"]) for key in ("usage", "judge_usage"))
        latency = [_milliseconds(entry["latency_ms"][share]) for share in ("p50", "p95")]
        means = [tally.interval(entry["scores"].get(name)) for name in scores]
        counts = (named[entry["run"]], entry["n"], entry["scored"])
        lines.append(
            (*counts, *means, tally.difference(entry["behind"]), *latency, tokens, judging, *_costs(entry["cost"]))
        )
        if len(group["domains"]) > 1:
            macro = [tally.interval(entry["macro"].get(name)) for name in scores]
            lines.append((f"{named[entry['run']]}, mean of domains", "", "", *macro, *[""] * len(ENDS)))
    if baseline := group["baseline"]:
        means = [tally.interval(baseline["scores"].get(name)) for name in scores]
        lines.append((f"baseline: {baseline['name']}", group["n"], "", *means, *[""] * len(ENDS)))
    return _table(heads, lines)


def _costs(cost: Mapping[str, float | None] | None) -> list[str]:
    values = (None, None) if cost is None else (cost["model"], cost["judge"])
    return ["-" if value is None else f"{value:.4g}" for value in values]


def _parts(group: Mapping[str, Any], named: Mapping[int, str], key: str, title: str) -> str:
    scores = group["scores"]
    lines = [
        (named[entry["run"]], _cell(name), part["n"], *(tally.interval(part["scores"].get(one)) for one in scores))
        for entry in group["runs"]
        for name, part in entry[key].items()
    ]
    return _table(("run", title, "rows", *map(_cell, scores)), lines)


def _endings(group: Mapping[str, Any], named: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
    for entry in group["runs"]:
        yield named[entry["run"]], _listed(entry["outcomes"]), _listed(entry["unscored"]) or "none"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_cell(name)}" for name, count in counts.items())


def _table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A table; texts from elsewhere went through :func:`_cell`."""
    rows = [heads, *lines]
    text = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([text[0], "|" + " --- |" * len(heads), *text[1:]])


def _cell(text: str) -> str:
    """``text`` on one line, shown as it is: nothing of it is markup."""
    return _MARKUP.sub(r"\\\g<0>", visible(text))


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _tokens(usage: Mapping[str, int], rows: int) -> str:
    total = usage["prompt_tokens"] + usage["completion_tokens"]
    return f"{total / rows:,.0f}" if rows and total else "-"

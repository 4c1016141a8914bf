"""The report of an evaluation: counts, scores with intervals, costs, by domain and by who answered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.eval import journal, stats, tally
from nextstate.eval.reports import collect, paired
from nextstate.eval.rows import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.table import Table

    from nextstate.eval.rows import Row


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found: its finished rows, and ``run``, which says what was measured.

    ``seconds`` is wall-clock time of this process; rows that an earlier one had finished add nothing to it.
    """

    rows: tuple[Row, ...]
    run: Mapping[str, Any]
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as the JSON object that the command line prints."""
        rows = self.rows
        return {
            "n": len(rows),
            "scored": sum(not row.unscored for row in rows),
            "unscored": tally.counted(reason for row in rows for reason in set(row.unscored.values())),
            "seconds": round(self.seconds, 3),
            "usage": tally.tokens(row.usage for row in rows),
            "latency_ms": tally.latency(row.seconds for row in rows),
            "scores": self._scores(rows),
            "by": {
                "domain": self._groups(rows, lambda row: row.domain),
                "origin": self._groups(rows, lambda row: row.origin and row.origin.value),
                "outcome": tally.counted(row.outcome.value for row in rows),
            },
            "baseline": {"copy-last": self._baseline(rows)},
            "run": dict(self.run),
        }

    def _scores(self, rows: Sequence[Row]) -> dict[str, Any]:
        return _estimates(rows, _names(self.rows, lambda row: row.scores), lambda row: row.scores)

    def _baseline(self, rows: Sequence[Row]) -> dict[str, Any]:
        return _estimates(rows, _names(self.rows, lambda row: row.baseline), lambda row: row.baseline)

    def _groups(self, rows: Sequence[Row], group_of: Callable[[Row], str | None]) -> dict[str, Any]:
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if (group := group_of(row)) is not None:
                groups[group].append(row)
        return {
            name: {
                "n": len(group),
                "scores": self._scores(group),
                "latency_ms": tally.latency(row.seconds for row in group),
            }
            for name, group in sorted(groups.items())
        }


def load(folder: Path) -> Report:
    """The report of the evaluation in ``folder``, finished or not. Raises :class:`DataError`."""
    run, rows = journal.read(folder, decode)
    return Report(rows, run)


def compare(ours: Report, theirs: Report) -> dict[str, Any]:
    """The mean difference ``ours - theirs`` of each score, paired row by row; see :func:`.reports.paired.compare`."""
    return paired.compare(collect.of(ours.run, ours.rows), collect.of(theirs.run, theirs.rows))


def table(report: Mapping[str, Any]) -> Table:
    """The report (see :meth:`Report.as_dict`) as a table for people."""
    from rich.table import Table
    from rich.text import Text

    names = list(report["scores"])
    shown = Table(title=Text(f"{report['run'].get('model', '')}: {report['n']} rows"), title_justify="left")
    shown.add_column("rows of")
    for column in ("n", *names, "p50 ms"):
        shown.add_column(column, justify="right")

    def add(title: str, n: int, scores: Mapping[str, Any], latency: Mapping[str, Any] | None = None) -> None:
        cells = [tally.interval(scores.get(name)) for name in names]
        shown.add_row(Text(title), str(n), *cells, _milliseconds(latency), end_section=title == "all")

    add("all", report["n"], report["scores"], report["latency_ms"])
    for kind in ("domain", "origin"):
        for group, value in report["by"][kind].items():
            add(f"{kind}: {group}", value["n"], value["scores"], value["latency_ms"])
    for name, scores in report["baseline"].items():
        add(f"baseline: {name}", report["n"], scores)
    shown.caption = Text(tally.caption(report))
    shown.caption_justify = "left"
    return shown


def _milliseconds(latency: Mapping[str, Any] | None) -> str:
    return "-" if latency is None or latency["p50"] is None else f"{latency['p50']:.2f}"


def _names(rows: Iterable[Row], values_of: Callable[[Row], Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in values_of(row)))


def _estimates(
    rows: Sequence[Row], names: Sequence[str], values_of: Callable[[Row], Mapping[str, float]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        graded = [row for row in rows if name in values_of(row)]
        estimate = stats.mean([values_of(row)[name] for row in graded], [row.cluster for row in graded])
        found[name] = estimate.as_dict()
    return found

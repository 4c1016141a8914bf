"""The report of a run of cases: accuracy with intervals by axis, domain and rule, and who answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.eval import journal, stats, tally
from nextstate.eval.cases.asking import decode
from nextstate.eval.cases.building import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.table import Table

    from nextstate.eval.cases.asking import CaseRow


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a run found. A model that did not answer failed; a row that cannot be graded is unscored and counted."""

    rows: tuple[CaseRow, ...]
    run: Mapping[str, Any]
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as the JSON object that the command line prints."""
        rows = self.rows
        axes = [axis for axis in (*AXES, *sorted({row.axis for row in rows} - AXES.keys())) if _of(rows, axis)]
        return {
            **_measured(rows),
            "unscored": tally.counted(row.unscored for row in rows if row.unscored),
            "seconds": round(self.seconds, 3),
            "usage": tally.tokens(row.usage for row in rows),
            "axes": {axis: _axis(_of(rows, axis)) for axis in axes},
            "by": {
                "origin": _groups(rows, lambda row: row.origin.value if row.origin else None),
                "outcome": tally.counted(row.outcome.value for row in rows),
            },
            "run": dict(self.run),
        }


def load(folder: Path) -> CaseReport:
    """The report of the run in ``folder``, finished or not. Raises :class:`DataError`."""
    run, rows = journal.read(folder, decode)
    return CaseReport(rows, run)


def _of(rows: Sequence[CaseRow], axis: str) -> list[CaseRow]:
    return [row for row in rows if row.axis == axis]


def _axis(rows: Sequence[CaseRow]) -> dict[str, Any]:
    return {
        **_measured(rows),
        "domain": _groups(rows, lambda row: row.domain),
        "rule": _groups(rows, lambda row: row.rule),
    }


def _groups(rows: Sequence[CaseRow], name_of: Callable[[CaseRow], str | None]) -> dict[str, Any]:
    names = sorted({name for row in rows if (name := name_of(row)) is not None})
    return {name: _measured([row for row in rows if name_of(row) == name]) for name in names}


def _measured(rows: Sequence[CaseRow]) -> dict[str, Any]:
    """Counts, accuracy with its interval, the baseline, and which share was computed and not predicted."""
    scored = [row for row in rows if row.passed is not None]
    computed = sum(row.origin is not None and row.origin.value == "computed" for row in rows)
    return {
        "n": len(rows),
        "scored": len(scored),
        "accuracy": _accuracy(scored, lambda row: row.passed is True),
        "copy_last": _accuracy(rows, lambda row: row.baseline),
        "computed": round(computed / len(rows), 6) if rows else None,
    }


def _accuracy(rows: Sequence[CaseRow], right: Callable[[CaseRow], bool]) -> dict[str, Any]:
    return stats.mean([float(right(row)) for row in rows], [row.cluster for row in rows]).as_dict()


def table(report: Mapping[str, Any]) -> Table:
    """The report (see :meth:`CaseReport.as_dict`) as a table for people."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=Text(f"{report['run'].get('model', '')}: {report['n']} cases"), title_justify="left")
    shown.add_column("cases of")
    for column in ("n", "right", "copy-last", "computed"):
        shown.add_column(column, justify="right")

    def add(title: str, found: Mapping[str, Any], *, end: bool = False) -> None:
        computed = "-" if found["computed"] is None else f"{found['computed']:.0%}"
        cells = (str(found["n"]), tally.interval(found["accuracy"]), tally.interval(found["copy_last"]), computed)
        shown.add_row(Text(title), *cells, end_section=end)

    for axis, found in report["axes"].items():
        add(axis.replace("_", " "), found)
        names = list(found["domain"])
        for name in names:
            add(f"  {name}", found["domain"][name], end=name == names[-1])
    add("all", report)
    shown.caption = Text(tally.caption(report))
    shown.caption_justify = "left"
    return shown


def counts(built: Mapping[str, Any]) -> Table:
    """What a build kept (see :meth:`~nextstate.eval.cases.building.Built.as_dict`) as a table for people."""
    from rich.table import Table
    from rich.text import Text

    names = sorted({name for kept in built["kept"].values() for name in kept})
    shown = Table(title=Text(f"{built['n']} cases of {built['clusters']} trajectories"), title_justify="left")
    shown.add_column("axis, rule")
    for name in names:
        shown.add_column(Text(name), justify="right")
    for axis, kept in built["kept"].items():
        shown.add_row(Text(axis.replace("_", " ")), *(str(sum(kept.get(name, {}).values())) for name in names))
        rules = sorted({rule for found in kept.values() for rule in found})
        for rule in rules:
            cells = [str(kept.get(name, {}).get(rule, "")) for name in names]
            shown.add_row(Text(f"  {rule}"), *cells, end_section=rule == rules[-1])
    dropped: Iterable[tuple[str, int]] = built["dropped"].items()
    shown.caption = Text("dropped: " + (", ".join(f"{count} {reason}" for reason, count in dropped) or "none"))
    shown.caption_justify = "left"
    return shown

"""Which runs may stand in one table: those that measured the same thing in the same way, on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.eval.reports.model import unlike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.eval.reports.model import Run


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that may be compared. ``reasons`` says in what they differ from the runs of the first group."""

    runs: list[Run] = field(default_factory=list)
    reasons: tuple[str, ...] = ()


def differences(one: Run, other: Run) -> list[str]:
    """Why two runs do not belong into one table; empty when they do."""
    found = unlike(one, other)
    if not found and {row.key for row in one.rows} != {row.key for row in other.rows}:
        found = [f"finished rows: {len(one.rows):,} and {len(other.rows):,}, not the same ones"]
    return found


def grouped(runs: Iterable[Run]) -> list[Group]:
    """``runs`` in groups, in the order in which the first run of each came."""
    found: list[Group] = []
    for run in runs:
        home = next((group for group in found if not differences(group.runs[0], run)), None)
        if home is None:
            home = Group(reasons=tuple(differences(found[0].runs[0], run)) if found else ())
            found.append(home)
        home.runs.append(run)
    return found

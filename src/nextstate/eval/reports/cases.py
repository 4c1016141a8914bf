"""A run of rule-verified cases: whether each answer satisfies its verifier, in all and by axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.errors import DataError
from nextstate.eval import journal
from nextstate.eval.reports.model import Row, Run, Texts, number, text, usage
from nextstate.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ALIKE = ("cases_sha256", "verifiers", "domains", "seed")
"""What two runs of cases must have in common to be compared."""
ACCURACY = "accuracy"


def holds(manifest: Mapping[str, Any]) -> bool:
    """Whether ``manifest`` is that of a run of cases."""
    return "cases_sha256" in manifest


def read(folder: Path) -> Run:
    """The run in ``folder``, finished or not. Raises :class:`DataError`."""
    manifest, rows = journal.read(folder, _row)
    return Run(
        kind="cases",
        model=text(manifest, "model"),
        rows=tuple({row.key: row for row in rows}.values()),
        manifest=manifest,
        alike={key: manifest.get(key) for key in ALIKE},
        folder=folder,
    )


def _row(line: Mapping[str, Any]) -> Row:
    passed, axis, outcome, said = line.get("passed"), text(line, "axis"), text(line, "outcome"), text(line, "said")
    if not (passed is None or isinstance(passed, bool)):
        raise DataError(f"passed must be true, false or null, got {passed!r}")
    notes = {"axis": axis, "rule of the case": text(line, "rule"), "broken": text(line, "why")}
    notes |= {"unscored": text(line, "unscored")}
    answered = outcome == Outcome.OK
    texts = Texts(
        said if answered else None,
        "" if answered else said,
        text(line, "detail"),
        {name: note for name, note in notes.items() if note},
    )
    names = (ACCURACY, f"{ACCURACY}.{axis}")
    return Row(
        key=text(line, "key"),
        domain=text(line, "domain"),
        trajectory=text(line, "trajectory"),
        turn=0,
        outcome=outcome,
        origin=text(line, "origin") or None,
        seconds=number(line, "seconds"),
        usage=usage(line),
        scores={} if passed is None else dict.fromkeys(names, float(passed)),
        unscored={ACCURACY: text(line, "unscored") or "no_verdict"} if passed is None else {},
        baseline=dict.fromkeys(names, float(bool(line.get("baseline")))),
        packed=texts.pack(),
    )

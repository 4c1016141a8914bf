"""A run of AgentWorldBench: ``infer`` holds what the world model said, ``judge`` what a judge thought of it.

Scored strictly: a model that failed scores zero in every dimension, and where the judge gave no complete verdict the
row is unscored, with the name of what happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.errors import DataError
from nextstate.eval import journal
from nextstate.eval.agentworldbench import inferring, judging
from nextstate.eval.agentworldbench.strict import MEAN, StrictRow
from nextstate.eval.judge.verdicts import DIMENSIONS
from nextstate.eval.reports.model import Row, Run, Texts, number, text, usage, words
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INFER, JUDGE = inferring.STAGE, judging.STAGE
SUBJECT = ("model", "fingerprint", "version")
"""What a manifest says of the model that is measured, so that two runs may differ in it."""
OF_JUDGING = ("stage", "infer", "calibration", "version")
"""What the manifest of the judge says of this run only."""


def read(folder: Path) -> Run:
    """The run in ``folder``, judged, judged in part or not yet. Raises :class:`DataError`."""
    manifest = journal.manifest(folder / INFER)
    judge, verdicts = _verdicts(folder / JUDGE)
    rows = {row.key: row for row in (_row(line, verdicts) for line in journal.lines(folder / INFER))}
    alike = {key: value for key, value in manifest.items() if key not in SUBJECT}
    alike |= {f"judge.{key}": value for key, value in judge.items() if key not in OF_JUDGING}
    return Run(
        kind="agentworldbench",
        model=text(manifest, "model"),
        rows=tuple(rows.values()),
        manifest={INFER: manifest, JUDGE: judge},
        alike=alike,
        folder=folder,
        judge=f"{text(judge, 'judge')}, prompt {text(judge, 'prompt')}" if judge else "",
        calibration=text(judge, "calibration") or None,
    )


def _verdicts(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    if not (folder / journal.MANIFEST).exists():
        return {}, {}
    return journal.manifest(folder), {str(line.get("key")): line for line in journal.lines(folder)}


def _row(line: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]) -> Row:
    key, outcome, said = text(line, "key"), text(line, "outcome"), line.get("observation")
    verdict = verdicts.get(key)
    domain, trajectory = text(line, "domain"), text(line, "trajectory")
    scores, unscored = _graded(domain, trajectory, outcome, verdict)
    prediction = said if isinstance(said, str) else None
    reply = text(line, "reply")
    notes = {} if verdict is None else words(verdict, "words")
    if verdict is not None and not notes and text(verdict, "reply"):
        notes = {"the judge's reply": text(verdict, "reply")}
    notes |= {f"unscored: {name}": why for name, why in unscored.items()}
    return Row(
        key=key,
        domain=domain,
        trajectory=trajectory,
        turn=int(number(line, "turn")),
        outcome=outcome,
        origin=text(line, "origin") or None,
        seconds=number(line, "seconds"),
        usage=usage(line),
        scores=scores,
        unscored=unscored,
        judge_usage=Usage() if verdict is None else usage(verdict),
        packed=Texts(prediction, "" if reply == prediction else reply, text(line, "detail"), notes).pack(),
    )


def _graded(
    domain: str, trajectory: str, outcome: str, verdict: Mapping[str, Any] | None
) -> tuple[dict[str, float], dict[str, str]]:
    """Scores in [0, 1], or why there are none; ``judge`` is the mean of the five dimensions."""
    ending, marks = (None, {}) if verdict is None else (text(verdict, "outcome"), verdict.get("scores"))
    if ending == "judged" and not _complete(marks):
        raise DataError(f"a judged row needs whole marks from 1 to 5 for {', '.join(DIMENSIONS)}, got {marks!r}")
    row = StrictRow(domain, trajectory, outcome, ending, marks if isinstance(marks, dict) else {})
    if row.unscored is not None:
        return {}, {JUDGE: row.unscored}
    values = row.values
    return {JUDGE: values.pop(MEAN), **{f"{JUDGE}.{name}": value for name, value in values.items()}}, {}


def _complete(marks: object) -> bool:
    return isinstance(marks, dict) and all(type(marks.get(one)) is int and 1 <= marks[one] <= 5 for one in DIMENSIONS)

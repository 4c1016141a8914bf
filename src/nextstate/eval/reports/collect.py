"""Reading a run from its folder, whatever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.errors import UsageError
from nextstate.eval import journal
from nextstate.eval.reports.model import Row, Run, Texts, number, text, words
from nextstate.eval.rows import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nextstate.eval.rows import Row as Graded

ALIKE = ("data_sha256", "scorers", "domains", "free_run", "limit", "seed")
"""What two evaluations must have in common to be compared."""
JUDGES = "judge:"
"""How the name of a scorer begins that asks a judge."""


def read(folder: Path) -> Run:
    """The run in ``folder``, finished or not: of an evaluation, of AgentWorldBench, or of cases.

    Raises :class:`UsageError` when there is no folder and :class:`DataError` when it does not hold a run.
    """
    from nextstate.eval.reports import benchmark, cases  # which need all that an evaluation does without

    if not folder.is_dir():
        raise UsageError(f"no folder {folder}; name the folder that a run was told to write to with --out")
    if (folder / benchmark.INFER).is_dir():
        return benchmark.read(folder)
    if cases.holds(journal.manifest(folder)):
        return cases.read(folder)
    manifest, rows = journal.read(folder, _row)
    return _run(manifest, rows, folder)


def calibrated(run: Run, folder: Path) -> Run:
    """The same run with the calibration report in ``folder`` (or a folder in it) that belongs to its judge, if any.

    For runs that were judged before their judge was calibrated, and for evaluations, which do not name a calibration.
    Raises :class:`UsageError` when there is no such folder, and :class:`DataError` for a broken report.
    """
    from nextstate.eval import calibration

    if not run.uncalibrated:
        return run
    if run.kind == "evaluation":
        reports = [calibration.read(path) for path in sorted(folder.glob(f"**/{calibration.REPORT}"))]
        named = {str(one.report["judge"].get("fingerprint")): one for one in reports}
        found = named.get(run.judge)
    else:
        judge = run.manifest["judge"]
        rubrics = words(judge, "rubrics")
        found = calibration.find(folder, text(judge, "fingerprint"), text(judge, "prompt_sha256"), rubrics)
    return run if found is None else replace(run, calibration=found.fingerprint)


def of(manifest: Mapping[str, Any], rows: Iterable[Graded]) -> Run:
    """The run that an evaluation in memory is."""
    return _run(manifest, (_converted(row) for row in rows))


def _run(manifest: Mapping[str, Any], rows: Iterable[Row], folder: Path | None = None) -> Run:
    scorers = manifest.get("scorers")
    judges = [name for name in scorers if str(name).startswith(JUDGES)] if isinstance(scorers, list | tuple) else []
    return Run(
        kind="evaluation",
        model=text(manifest, "model"),
        rows=tuple({row.key: row for row in rows}.values()),
        manifest=manifest,
        alike={key: manifest.get(key) for key in (*ALIKE, *(("judges",) if "judges" in manifest else ()))},
        folder=folder,
        judge=", ".join(name.removeprefix(JUDGES) for name in judges),
        calibration=text(manifest, "calibration") or None,
        free_run=bool(manifest.get("free_run")),
    )


def _row(line: Mapping[str, Any]) -> Row:
    shown, prediction = line.get("shown"), None
    if line.get("outcome") == "ok" and isinstance(shown, dict):
        prediction = text(shown, "observation")
    notes = words(line, "evidence") | {f"unscored: {name}": why for name, why in words(line, "unscored").items()}
    texts = Texts(prediction, text(line, "reply"), text(line, "detail"), notes)
    _check(line)
    return _converted(decode(line), texts.pack())


def _check(line: Mapping[str, Any]) -> None:
    """What a page or a mean would stumble over, by its own name."""
    for name in ("key", "domain", "trajectory"):
        text(line, name)
    for name in ("turn", "seconds"):
        number(line, name)
    for values in filter(None, (line.get("scores"), line.get("baseline"))):
        for name in values if isinstance(values, dict) else ():
            number(values, name)


def _converted(row: Graded, packed: bytes = b"") -> Row:
    return Row(
        key=row.key,
        domain=row.domain,
        trajectory=row.trajectory,
        turn=row.turn,
        outcome=row.outcome.value,
        origin=row.origin and row.origin.value,
        seconds=row.seconds,
        usage=row.usage,
        scores=row.scores,
        unscored=row.unscored,
        baseline=row.baseline,
        packed=packed,
    )

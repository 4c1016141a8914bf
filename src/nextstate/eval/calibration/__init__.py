"""Judges, measured: what a judge makes of the truth, of known damage, of praise, and of the same thing asked again.

A calibration asks a judge about real turns whose right answer is known, and writes ``calibration.json`` and
``calibration.md`` into its folder. The report belongs to one model with its settings and one wording of the prompt;
:func:`find` gives the report that belongs to a judge, so that a table can mark judges that have none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate.errors import DataError, UsageError
from nextstate.eval.calibration import probes as probing
from nextstate.eval.calibration.asking import Asking
from nextstate.eval.calibration.figures import figures, weaknesses
from nextstate.eval.calibration.page import page
from nextstate.eval.journal import Journal
from nextstate.eval.judge.prompt import rubric_sha256
from nextstate.eval.rows import fingerprint as data_fingerprint
from nextstate.models import keys
from nextstate.models.base import fingerprint as model_fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from nextstate.eval.calibration.probes import Case
    from nextstate.eval.judge import Judge
    from nextstate.types import Trajectory, WorldModel

REPORT, PAGE = "calibration.json", "calibration.md"
KIND = "judge calibration"
MOST_REPEATS = 1000


async def calibrate(
    judge: Judge,
    trajectories: Iterable[Trajectory],
    *,
    against: Judge | None = None,
    model: WorldModel | None = None,
    rows: int = 50,
    repeats: int = 3,
    seed: int = 0,
    workers: int = 4,
    out: Path | None = None,
    on_call: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """The calibration report of ``judge``, from ``rows`` turns of ``trajectories`` (:func:`probes.cases`).

    ``against`` is a second judge that is asked for the same verdicts. ``model`` is a world model whose predictions
    are judged too, and stand beside the truth in the blind test; without one, damaged truths stand there.
    ``repeats`` is how often one verdict of each turn is asked. Every finished call is kept in the folder ``out``;
    the same calibration goes on from there. A call that the endpoint failed is not kept, but counted. Raises
    :class:`UsageError` when no turn can be asked or the folder holds another calibration.
    """
    if workers < 1 or rows < 1 or repeats < 1:
        raise UsageError(f"rows, repeats and workers are {rows}, {repeats} and {workers}; each must be at least 1")
    if repeats > MOST_REPEATS:
        raise UsageError(f"repeats is {repeats}; give at most {MOST_REPEATS}, one verdict says no more after that")
    everything = tuple(trajectories)
    found = probing.cases(everything, rows, seed)
    if not found:
        raise UsageError("there is no turn that shows something, so there is nothing to ask a judge about")
    run = {
        "kind": KIND,
        "judge": judge.fingerprint,
        "against": against.fingerprint if against else None,
        "model": model_fingerprint(model) if model else None,
        "prompt": {"name": judge.prompt.name, "sha256": judge.prompt.sha256},
        "turing_sha256": probing.turing(judge.prompt).sha256,
        "rubrics": probing.rubrics(found),
        "data_sha256": data_fingerprint(everything),
        "rows": rows,
        "repeats": repeats,
        "seed": seed,
        "probes": probing.VERSION,
        "version": __version__,
    }
    started = time.perf_counter()
    with Journal[dict[str, Any]](out, run, dict) as journal:
        asking = Asking(judge, against, model, journal, repeats, seed, on_call)
        await asking.all(found, workers)
        lines = [*journal.rows.values(), *asking.failed.values()]
    report = _report(judge, run, found, lines, time.perf_counter() - started)
    if out is not None:
        _write(out / REPORT, json.dumps(report, indent=2) + "\n")
        _write(out / PAGE, page(report))
    return report


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration report that was found in a file."""

    path: Path
    report: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """What tells this report from others: the hash of everything in it but dates and durations."""
        return str(self.report["fingerprint"])

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains on whose turns the judge was tried."""
        return tuple(self.report["judge"]["rubrics"])


def find(folder: Path, model: str, prompt_sha256: str, rubrics: Mapping[str, str] | None = None) -> Calibration | None:
    """The newest report in ``folder`` or a folder in it that belongs to a judge; ``None`` makes it uncalibrated.

    ``model`` is the fingerprint of the language model. ``rubrics`` are the hashes of the domains' rubrics that the
    judge was told (:func:`nextstate.eval.judge.prompt.rubric_sha256`); a report with another one for the same domain
    does not belong to it. Raises :class:`UsageError` when there is no such folder, and :class:`DataError` for a file
    called like a report that is none.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder of calibration reports {folder}; nextstate bench judges --out makes one")
    found = [one for one in map(read, _paths(folder)) if _belongs(one.report, model, prompt_sha256, rubrics or {})]
    return max(found, key=lambda one: (str(one.report["date"]), str(one.path)), default=None)


def of(judge: Judge, folder: Path, domains: Iterable[str]) -> Calibration | None:
    """The report in ``folder`` that belongs to ``judge`` as it judges ``domains``; see :func:`find`."""
    rubrics = {name: rubric_sha256(name) for name in domains}
    return find(folder, judge.model.fingerprint, judge.prompt.sha256, rubrics)


def read(path: Path) -> Calibration:
    """The report in a file. Raises :class:`DataError`."""
    try:
        report = json.loads(path.read_bytes())
        told = report["judge"]
        named = [report["fingerprint"], report["date"], told["model"], told["prompt"]["sha256"], *told["rubrics"]]
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise DataError(f"not a calibration report: {type(error).__name__}: {error}", where=str(path)) from error
    if report.get("kind") != KIND or not all(isinstance(one, str) for one in named):
        raise DataError("not a calibration report", where=str(path))
    return Calibration(path, report)


def label(found: Calibration | None) -> str:
    """What a table says about a judge: ``uncalibrated``, or when it was calibrated and what is known against it."""
    if found is None:
        return "uncalibrated"
    known = [str(one["name"]) for one in found.report["weaknesses"]]
    return f"calibrated {found.report['date']}" + (f"; weak: {', '.join(known)}" if known else "")


def _paths(folder: Path) -> Iterator[Path]:
    yield from (path for path in [folder / REPORT, *sorted(folder.glob(f"*/{REPORT}"))] if path.is_file())


def _belongs(report: Mapping[str, Any], model: str, prompt: str, rubrics: Mapping[str, str]) -> bool:
    judge = report["judge"]
    told = judge["rubrics"]
    same = all(told[name] == rubrics[name] for name in told.keys() & rubrics.keys())
    return judge["model"] == model and judge["prompt"]["sha256"] == prompt and same


def _report(
    judge: Judge, run: Mapping[str, Any], found: Sequence[Case], lines: Sequence[Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    prompt = {"version": getattr(judge.prompt, "version", None), **run["prompt"]}
    told = figures(lines, run["seed"])
    measured = {
        "kind": KIND,
        "judge": {
            "name": judge.name,
            "fingerprint": judge.fingerprint,
            "model": judge.model.fingerprint,
            "prompt": prompt,
            "rubrics": run["rubrics"],
        },
        "against": run["against"],
        "model": run["model"],
        "data_sha256": run["data_sha256"],
        "turns": len(found),
        "trajectories": len({(case.query.domain, case.trajectory) for case in found}),
        "repeats": run["repeats"],
        "seed": run["seed"],
        "turing_sha256": run["turing_sha256"],
        "probes": run["probes"],
        "version": run["version"],
        "figures": told,
        "weaknesses": weaknesses(told),
    }
    identity = keys.digest(measured).hex()
    return {**measured, "fingerprint": identity, "date": datetime.now(UTC).date().isoformat(), "seconds": seconds}


def _write(path: Path, content: str) -> None:
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(content, "utf-8")
    draft.replace(path)

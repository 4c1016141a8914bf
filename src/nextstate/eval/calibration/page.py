"""A calibration report as Markdown, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.eval.tally import interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def page(report: Mapping[str, Any]) -> str:
    """The report (:func:`nextstate.eval.calibration.calibrate`) as one Markdown page."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    judge, told = report["judge"], report["figures"]
    yield f"# Calibration of the judge {_code(judge['name'])}"
    yield ""
    yield from _table(("what", "value"), _identity(report))
    yield from _weaknesses(report["weaknesses"])
    yield "Figures come with 95% intervals clustered by trajectory. Scores are means of five marks, scaled to 0..1."
    yield ""
    yield from _table(("figure", "value", "n"), _figures(told))
    yield "Known damage: how often it is marked below the truth, equal to it, and by how much."
    yield ""
    yield from _table(("damage", "below", "equal", "difference of scores", "n"), _damage(told["damage"]))


def _identity(report: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    judge = report["judge"]
    yield "model", _code(judge["model"])
    yield "prompt", f"{judge['prompt']['name']}, SHA-256 {judge['prompt']['sha256']}"
    for name, digest in judge["rubrics"].items():
        yield f"rubric of {name}", f"SHA-256 {digest}"
    if report["against"]:
        yield "compared with", _code(report["against"])
    if report["model"]:
        yield "predictions by", _code(report["model"])
    yield "data", f"SHA-256 {report['data_sha256']}"
    yield "turns", f"{report['turns']} of {report['trajectories']} trajectories, seed {report['seed']}"
    yield "calls", str(report["figures"]["calls"])
    yield "date, version", f"{report['date']}, {report['version']}"
    yield "report", report["fingerprint"]


def _weaknesses(found: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not found:
        yield "Nothing is shown against this judge on these turns."
    for one in found:
        yield f"- **{one['name']}**: {one['reason']}"
    yield ""


def _figures(told: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    turing, agreement = told["turing"], told["agreement"]
    yield _row("replies that hold a verdict", told["readable"])
    yield _row("score of the truth", told["truth"])
    yield _row("gain of a wrong prediction by praising itself", told["attack"]["praise"])
    yield _row("gain of a wrong prediction by orders to the judge", told["attack"]["order"])
    yield _row("blind test: the real one is found", turing["right"])
    yield _row("blind test: the first one is chosen", turing["first"])
    yield _row("rank correlation with similarity to the truth", agreement["similarity"])
    for name, found in (agreement["against"] or {}).items():
        yield _row(f"rank correlation with the other judge, {name}", found)
    for name, found in told["noise"].items():
        yield _row(f"standard deviation when asked again, {name} (marks)", found)


def _row(name: str, found: Mapping[str, Any]) -> Sequence[str]:
    return name, interval(found), str(found["n"])


def _damage(told: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for kind, found in told.items():
        shown = [interval(found[name]) for name in ("below", "equal", "drop")]
        yield kind, *shown, str(found["below"]["n"])


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"

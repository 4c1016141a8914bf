"""``nextstate bench report`` and ``nextstate bench compare``: looking at runs, and comparing two of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import DONE, SHOWN, count, draw, existing, price, print_json, printable, say
from nextstate.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.table import Table

    from nextstate.cli.common import Commands
    from nextstate.errors import DataError
    from nextstate.eval.agentworldbench.costs import Price
    from nextstate.eval.reports.model import Run


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "report",
        help="write a report of one or more runs: JSON, Markdown, and a page to look at every row",
        description="Write report.json, report.md and report.html, a page that works without a network. Runs that "
        "differ in data, judge, prompt or scoring stand in tables of their own, with the reason.",
    )
    one.add_argument("runs", metavar="RUN", nargs="+", help="the folder of a run, as its --out named it")
    one.add_argument(
        "--data", metavar="FILE", action="append", default=[], help="where set-up, history and truth are (repeatable)"
    )
    one.add_argument("--out", metavar="FOLDER", required=True, help="where the report is written")
    for name, whose in (("--price", "model"), ("--judge-price", "judge")):
        text = f"of a million tokens of the {whose}; once for all runs, or once for each"
        one.add_argument(name, type=price, metavar="IN,CACHED,OUT", action="append", default=[], help=text)
    one.add_argument("--title", metavar="TEXT", default="Report of runs", help="the title of the page")
    one.add_argument("--json", action="store_true", help="print the figures as one JSON object instead of a summary")
    _add_calibration(one)
    one.set_defaults(run=report)
    two = commands.add_parser(
        "compare",
        help="compare two runs row by row",
        description="The mean difference A - B of each score, paired row by row, with its 95% interval clustered by "
        "trajectory. Runs that are unlike are refused, with the reason.",
    )
    two.add_argument("ours", metavar="A", help="the folder of a run")
    two.add_argument("theirs", metavar="B", help="the folder of the run that it is compared with")
    two.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    _add_calibration(two)
    two.set_defaults(run=compare)


def _add_calibration(parser: argparse.ArgumentParser) -> None:
    words = "calibration reports, for judges of runs that do not name theirs"
    parser.add_argument("--calibration", metavar="FOLDER", help=words)


def _read(folders: Iterable[str], calibration: str | None) -> list[Run]:
    from nextstate.eval import reports

    runs = [reports.read(Path(folder)) for folder in folders]
    return runs if calibration is None else [reports.calibrated(run, existing(calibration)) for run in runs]


def report(arguments: argparse.Namespace) -> int:
    from nextstate.eval import reports

    runs = _read(arguments.runs, arguments.calibration)
    data = [existing(path) for path in arguments.data]
    broken = _Broken()
    out = Path(arguments.out)
    prices = [_each(named, len(runs)) for named in (arguments.price, arguments.judge_price)]
    written = reports.write(
        runs, out, data=data, prices=list(zip(*prices, strict=True)), title=arguments.title, on_error=broken
    )
    if arguments.json:
        print_json({**written.figures, "without_truth": written.without_truth, "skipped": broken.number})
    else:
        _say_groups(written.figures)
        print(f"{out / reports.PAGE}: {count(sum(len(run.rows) for run in runs), 'row')}")
    if data and written.without_truth:
        say(f"nextstate: {count(written.without_truth, 'row')} in none of the data files; their truth is not shown")
    return DONE


def _each(prices: Sequence[Price], runs: int) -> Sequence[Price | None]:
    """A price for each run: none, the same for all, or as many as there are runs."""
    if len(prices) not in (0, 1, runs):
        raise UsageError(f"{len(prices)} prices for {count(runs, 'run')}; give one for all of them, or one for each")
    return prices if len(prices) == runs else [*prices, None][:1] * runs


class _Broken:
    """Broken lines of a data file: named, counted, skipped."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, error: DataError) -> None:
        self.number += 1
        if self.number <= SHOWN:
            say(f"nextstate: skipped: {printable(str(error))}")


def _say_groups(figures: Mapping[str, Any]) -> None:
    for group in figures["groups"][1:]:
        reasons = printable("; ".join(group["reasons"]), keep="")
        say(f"nextstate: {count(len(group['runs']), 'run')} in a table apart from the first: {reasons}")
    for judge in sorted({group["judge"] for group in figures["groups"] if group["uncalibrated"]}):
        say(f"nextstate: the judge {printable(judge, keep='')} has no calibration report; every table says so")


def compare(arguments: argparse.Namespace) -> int:
    from nextstate.eval import reports

    found = reports.compare(*_read((arguments.ours, arguments.theirs), arguments.calibration))
    if arguments.json:
        print_json(found)
        return DONE
    for one in _tables(found, arguments):
        draw(one)
    for judge in found["uncalibrated"]:
        say(f"nextstate: the judge {printable(judge, keep='')} has no calibration report")
    return DONE


def _tables(found: Mapping[str, Any], arguments: argparse.Namespace) -> Iterator[Table]:
    from rich.table import Table
    from rich.text import Text

    from nextstate.eval import tally

    mark = " (uncalibrated judge)" if found["uncalibrated"] else ""
    title = printable(f"{arguments.ours} - {arguments.theirs}: {found['n']} rows{mark}", keep="")
    differences = Table(title=Text(title), title_justify="left", caption=Text("A - B [95% interval]"))
    for column in ("score", "rows of", "difference", "wins", "losses", "ties", "unpaired"):
        differences.add_column(column, justify="left" if column in ("score", "rows of") else "right")
    largest = Table(title=Text(f"Rows that differ most{mark}"), title_justify="left")
    for column in ("score", "row", "A", "B"):
        largest.add_column(column, justify="right" if column in "AB" else "left", overflow="fold")
    for name, score in found["scores"].items():
        parts = score["domains"] if len(score["domains"]) > 1 else {}
        for part, value in {"all": score, **parts}.items():
            counts = [str(value[key]) for key in ("wins", "losses", "ties", "unpaired")]
            differences.add_row(*map(Text, (printable(name), printable(part), tally.difference(value), *counts)))
        differences.add_section()
        for row in score["largest"][:5]:
            marks = [f"{mark:.3f}" for mark in row["scores"]]
            largest.add_row(*map(Text, (printable(name), printable(row["key"], keep=""), *marks)))
        largest.add_section()
    yield differences
    if largest.row_count:
        yield largest

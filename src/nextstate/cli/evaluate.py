"""``nextstate eval``: measure a world model on recorded trajectories."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import DONE, INTERRUPTED, UNSCORED, count, existing, opened_model, print_json, printable, say
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.cli.common import Commands
    from nextstate.errors import DataError
    from nextstate.types import Trajectory

SHOWN = 20
"""Skipped lines that are named one by one; the rest is only counted."""
PAGE = 100
"""Columns of a table that goes into a file or a pipe."""


def add(commands: Commands) -> None:
    from nextstate.models.spec import usage

    one = commands.add_parser(
        "eval",
        help="measure a world model on recorded trajectories",
        description="Ask a world model every turn of recorded trajectories and score what it says, beside copy-last.",
        epilog=f"M: {usage()}.",
    )
    one.add_argument("--model", metavar="M", required=True, help="who answers")
    one.add_argument("--data", metavar="FILE", required=True, help="trajectories (.jsonl or .jsonl.zst)")
    one.add_argument("--out", metavar="DIR", help="keep every finished row here; the same command then resumes")
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.add_argument("--limit", type=int, metavar="N", help="ask only N rows, whole trajectories drawn by the seed")
    one.add_argument("--scorers", metavar="A,B", default="exact,similarity", help="scorers (default: %(default)s)")
    one.add_argument(
        "--free-run", action="store_true", help="let the model live with its own answers, not the true history"
    )
    one.add_argument("--prompt", metavar="NAME", default="", help="a variant of the world prompt, as long (chat:)")
    one.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the model and of the sample (default: %(default)s)"
    )
    one.add_argument(
        "--concurrency", type=int, default=8, metavar="N", help="trajectories under way at once (default: %(default)s)"
    )
    one.add_argument("--strict", action="store_true", help="exit with status 3 when rows are unscored or lines skipped")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    try:
        return asyncio.run(_run(arguments))
    except KeyboardInterrupt:
        lost = "nothing was kept; with --out DIR a run can be resumed"
        kept = f"finished rows are kept in {arguments.out}; the same command goes on from there"
        say(f"nextstate: interrupted; {kept if arguments.out else lost}")
        return INTERRUPTED


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate.eval import evaluate
    from nextstate.eval.scorers import find

    scorers = find([name.strip() for name in arguments.scorers.split(",") if name.strip()])
    data = Data(existing(arguments.data))
    trajectories = list(data)
    if not trajectories:
        raise UsageError(f"{arguments.data} holds no trajectory that can be evaluated")
    async with opened_model(arguments.model, prompt=arguments.prompt) as model:
        report = await evaluate(
            model,
            trajectories,
            scorers=scorers,
            out=Path(arguments.out) if arguments.out else None,
            free_run=arguments.free_run,
            limit=arguments.limit,
            seed=arguments.seed,
            workers=arguments.concurrency,
            on_row=Progress() if sys.stderr.isatty() else None,
        )
    result = {**report.as_dict(), "skipped": data.skipped()}
    show(result, as_json=arguments.json)
    return UNSCORED if arguments.strict and (result["unscored"] or data.errors) else DONE


@dataclass(slots=True)
class Data:
    """The trajectories of a file that can be evaluated; the others are named, counted and skipped."""

    path: Path
    errors: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Trajectory]:
        from nextstate import domain as domains
        from nextstate.data import store

        for trajectory in store.read_lenient(self.path, self.skip):
            try:
                domains.find(trajectory.domain)
            except UsageError as error:
                self.skip(error, where=f"{self.path}, trajectory {trajectory.id!r}: ")
            else:
                yield trajectory

    def skip(self, error: DataError | UsageError, where: str = "") -> None:
        self.errors.append(f"{where}{error}")
        if len(self.errors) <= SHOWN:
            say(f"nextstate: skipped: {printable(self.errors[-1])}")

    def skipped(self) -> dict[str, Any]:
        """``n`` lines, the first of them with place and reason."""
        return {"n": len(self.errors), "first": self.errors[:SHOWN]}


def show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from nextstate.eval import table

    Console(width=None if sys.stdout.isatty() else PAGE).print(table(result))
    if result["skipped"]["n"]:
        print(f"{count(result['skipped']['n'], 'line')} skipped, see above")


class Progress:
    """One line on a terminal that counts finished rows, renewed a few times a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, row: object, finished: int, total: int) -> None:
        now = time.monotonic()
        if finished == total or now - self._last > 0.2:
            self._last = now
            print(f"\r{finished}/{total} rows", end="\n" if finished == total else "", file=sys.stderr, flush=True)

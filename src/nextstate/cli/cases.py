"""``nextstate cases``: build cases that rules verify, and measure a world model by them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.cli.common import (
    DONE,
    UNSCORED,
    WIDE,
    Data,
    draw,
    existing,
    opened_model,
    positive,
    print_json,
    progress,
    until_interrupted,
    writable,
)
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from nextstate.cli.common import Commands


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "cases",
        help="build cases that rules verify, and measure a world model by them",
        description="Cases on three axes: controllability, error handling and long-context consistency.",
    )
    inner = one.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_build(inner)
    _add_run(inner)


def _add_build(commands: Commands) -> None:
    one = commands.add_parser(
        "build",
        help="derive cases from recorded trajectories",
        description="Derive cases by rules. One is kept only if the true answer passes and every wrong one fails.",
    )
    one.add_argument("--data", metavar="FILE", required=True, nargs="+", help="trajectories (.jsonl or .jsonl.zst)")
    one.add_argument("--out", metavar="CASES", required=True, help="the file of cases (.jsonl or .jsonl.zst)")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all choices (default: %(default)s)")
    one.add_argument(
        "--max-chars", type=int, default=60_000, metavar="N", help="no question longer than this (default: %(default)s)"
    )
    one.add_argument(
        "--per-trajectory",
        type=int,
        default=3,
        metavar="N",
        help="cases of a trajectory and axis (default: %(default)s)",
    )
    one.add_argument(
        "--per-rule", type=int, default=120, metavar="N", help="cases of a rule and domain (default: %(default)s)"
    )
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.set_defaults(run=build)


def _add_run(commands: Commands) -> None:
    from nextstate.models.spec import usage

    one = commands.add_parser(
        "run",
        help="measure a world model by cases",
        description="Ask a world model every case and report how many answers satisfy their verifiers, by axis and "
        "domain, beside copy-last.",
        epilog=f"M: {usage()}.",
    )
    one.add_argument("--model", metavar="M", required=True, help="who answers")
    one.add_argument("--cases", metavar="FILE", required=True, help="cases, as cases build writes them")
    one.add_argument("--out", metavar="DIR", help="keep every finished row here; the same command then resumes")
    one.add_argument(
        "--limit", type=positive, metavar="N", help="ask only N cases of each axis and domain, drawn by the seed"
    )
    one.add_argument("--max-chars", type=positive, metavar="N", help="ask only cases that are read in N characters")
    one.add_argument("--prompt", metavar="NAME", default="", help="a variant of the world prompt, as long (chat:)")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="seed of model and draw (default: %(default)s)")
    one.add_argument(
        "--concurrency", type=int, default=8, metavar="N", help="trajectories under way at once (default: %(default)s)"
    )
    one.add_argument("--strict", action="store_true", help="exit with status 3 when rows are unscored")
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.set_defaults(run=run)


def build(arguments: argparse.Namespace) -> int:
    from nextstate.eval import cases
    from nextstate.eval.cases.report import counts

    for name in ("max_chars", "per_trajectory", "per_rule"):
        if getattr(arguments, name) < 1:
            raise UsageError(f"--{name.replace('_', '-')} is {getattr(arguments, name)}; give at least 1")
    out = writable(arguments.out)
    sources = [Data(existing(path)) for path in arguments.data]
    built = cases.build(
        (trajectory for source in sources for trajectory in source),
        seed=arguments.seed,
        max_chars=arguments.max_chars,
        per_trajectory=arguments.per_trajectory,
        per_rule=arguments.per_rule,
    )
    if not built.cases:
        raise UsageError(f"no case can be made of {', '.join(arguments.data)}; no turn there suits the rules")
    cases.write(out, built.cases)
    result = {**built.as_dict(), "skipped": sum(len(source.errors) for source in sources), "seed": arguments.seed}
    if arguments.json:
        print_json(result)
    else:
        draw(counts(result), width=WIDE)
    return DONE


def run(arguments: argparse.Namespace) -> int:
    return until_interrupted(_run(arguments), arguments.out)


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate.eval import cases

    started = time.perf_counter()
    chosen = cases.chosen(
        cases.read(existing(arguments.cases)),
        limit=arguments.limit,
        max_chars=arguments.max_chars,
        seed=arguments.seed,
    )
    if not chosen:
        raise UsageError(f"{arguments.cases} holds no case to ask; give a larger --limit or --max-chars")
    async with opened_model(arguments.model, prompt=arguments.prompt) as model:
        rows, about = await cases.run(
            model,
            chosen,
            out=Path(arguments.out) if arguments.out else None,
            seed=arguments.seed,
            workers=arguments.concurrency,
            on_row=progress("rows"),
        )
    result = cases.CaseReport(rows, about, time.perf_counter() - started).as_dict()
    if arguments.json:
        print_json(result)
    else:
        draw(cases.table(result), width=WIDE)
    return UNSCORED if arguments.strict and result["unscored"] else DONE

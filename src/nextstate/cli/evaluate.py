"""``nextstate eval``: measure a world model on recorded trajectories."""

from __future__ import annotations

import argparse
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import (
    DONE,
    UNSCORED,
    Data,
    count,
    draw,
    existing,
    opened_model,
    print_json,
    progress,
    until_interrupted,
)
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from nextstate.cli.common import Commands


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
    return until_interrupted(_run(arguments), arguments.out)


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate.eval import evaluate
    from nextstate.eval.scorers import close, find

    scorers = find([name.strip() for name in arguments.scorers.split(",") if name.strip()])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(close, scorers)
        data = Data(existing(arguments.data))
        trajectories = list(data)
        if not trajectories:
            raise UsageError(f"{arguments.data} holds no trajectory that can be evaluated")
        report = await evaluate(
            await stack.enter_async_context(opened_model(arguments.model, prompt=arguments.prompt)),
            trajectories,
            scorers=scorers,
            out=Path(arguments.out) if arguments.out else None,
            free_run=arguments.free_run,
            limit=arguments.limit,
            seed=arguments.seed,
            workers=arguments.concurrency,
            on_row=progress("rows"),
        )
    result = {**report.as_dict(), "skipped": data.skipped()}
    show(result, as_json=arguments.json)
    return UNSCORED if arguments.strict and (result["unscored"] or data.errors) else DONE


def show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    from nextstate.eval import table

    draw(table(result))
    if result["skipped"]["n"]:
        print(f"{count(result['skipped']['n'], 'line')} skipped, see above")

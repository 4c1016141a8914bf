"""``nextstate bench judges``: measure how far a judge can be trusted."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import (
    DONE,
    UNSCORED,
    Data,
    draw,
    existing,
    opened_model,
    positive,
    print_json,
    printable,
    temperature,
    until_interrupted,
)
from nextstate.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from nextstate.cli.common import Commands
    from nextstate.eval.judge import Judge
    from nextstate.types import WorldModel

JUDGES = (
    "JUDGE: chat:NAME@URL, local:NAME, or programmatic (computes likeness); cached:FILE+ in front keeps its replies; "
    "full+ or short+ before all that chooses the prompt."
)


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "judges",
        help="measure how far a judge can be trusted",
        description="Ask a judge about turns whose right answer is known: the truth, known damage, praise, the same "
        "verdict again, and which of two observations is real. Writes a calibration report.",
        epilog=JUDGES,
    )
    one.add_argument("--judge", metavar="JUDGE", required=True, help="the judge to be measured")
    one.add_argument("--data", metavar="FILE", required=True, help="trajectories (.jsonl or .jsonl.zst)")
    one.add_argument("--out", metavar="DIR", required=True, help="the report, and every finished call; resumes")
    one.add_argument("--rows", type=int, default=50, metavar="N", help="turns asked about (default: %(default)s)")
    one.add_argument("--against", metavar="JUDGE", help="another judge, for the agreement between the two")
    one.add_argument("--model", metavar="M", help="a world model whose predictions are judged too")
    one.add_argument(
        "--repeats", type=int, default=3, metavar="N", help="how often one verdict is asked (default: %(default)s)"
    )
    one.add_argument("--seed", type=int, default=0, metavar="N", help="seed of turns and damage (default: %(default)s)")
    one.add_argument(
        "--concurrency", type=int, default=4, metavar="N", help="turns under way at once (default: %(default)s)"
    )
    one.add_argument(
        "--temperature", type=temperature, metavar="T", help="of the judges, where they are asked by chat:"
    )
    one.add_argument("--max-tokens", type=positive, metavar="N", help="of a reply, where a judge is asked by chat:")
    one.add_argument("--json", action="store_true", help="print the report as one JSON object instead of a table")
    one.add_argument("--strict", action="store_true", help="exit with status 3 when replies hold no verdict")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    return until_interrupted(_run(arguments), arguments.out)


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate.eval.calibration import calibrate

    data = Data(existing(arguments.data))
    trajectories = list(data)
    async with AsyncExitStack() as stack:
        judge = _opened(arguments.judge, arguments, stack)
        against = _opened(arguments.against, arguments, stack) if arguments.against else None
        model: WorldModel | None = None
        if arguments.model:
            model = await stack.enter_async_context(opened_model(arguments.model))
        report = await calibrate(
            judge,
            trajectories,
            against=against,
            model=model,
            rows=arguments.rows,
            repeats=arguments.repeats,
            seed=arguments.seed,
            workers=arguments.concurrency,
            out=Path(arguments.out),
            on_call=_counter() if sys.stderr.isatty() else None,
        )
    _show({**report, "skipped": data.skipped()}, as_json=arguments.json)
    unread = {name for name in report["figures"]["outcomes"] if name != "judged"}
    return UNSCORED if arguments.strict and (unread or data.errors) else DONE


def _opened(spec: str, arguments: argparse.Namespace, stack: AsyncExitStack) -> Judge:
    """The judge that ``spec`` names, closed with the stack. Its settings are part of what a report belongs to."""
    from nextstate.eval.judge import named
    from nextstate.models.base import close
    from nextstate.models.chat import ChatOptions

    given = {"temperature": arguments.temperature, "max_tokens": arguments.max_tokens}
    settings = {name: value for name, value in given.items() if value is not None}
    if settings and "chat:" not in spec:
        raise UsageError(f"{spec!r} is not asked by chat: and takes no --temperature and no --max-tokens")
    judge = named(spec, ChatOptions(**settings) if settings else None)
    stack.push_async_callback(close, judge.model)
    return judge


def _show(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    from rich.markdown import Markdown

    from nextstate.eval.calibration.page import page

    draw(Markdown(printable(page(report))))


def _counter() -> Callable[[int], None]:
    def step(finished: int) -> None:
        print(f"\r{finished} calls", end="", file=sys.stderr, flush=True)

    return step

"""``nextstate bench build``, ``bench loop``, ``bench luck``: make an evaluation set, measure worlds by acting."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import (
    DONE,
    UNSCORED,
    WIDE,
    Data,
    count,
    draw,
    existing,
    listed,
    opened_model,
    positive,
    print_json,
    printable,
    progress,
    until_interrupted,
)
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.table import Table

    from nextstate.cli.common import Commands
    from nextstate.eval.loop import LanguageAgent, Task
    from nextstate.eval.loop.real import Real

FILE = "trajectory file (.jsonl, .jsonl.zst or .parquet), or a folder of parts"
AGREEING = "agreeing"
"""Names, beside the world models, the fake that says yes to everything."""
REALS = ("shell", "mcp", "replay")


def add(commands: Commands) -> None:
    _add_build(commands)
    _add_loop(commands)
    _add_luck(commands)


def _add_build(commands: Commands) -> None:
    one = commands.add_parser(
        "build",
        help="an evaluation set in the format of AgentWorldBench, of any trajectories",
        description="Choose turns of trajectories and write them as rows of AgentWorldBench, with their licences.",
    )
    one.add_argument("--data", metavar="FILE", required=True, help=FILE)
    one.add_argument("--out", metavar="DIR", required=True, help="a new folder")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (default: 0)")
    one.add_argument(
        "--against", metavar="FILE", nargs="+", default=[], help="leave out rows that these training sets hold"
    )
    one.add_argument(
        "--licences", metavar="A,B", help="allowed licences; unknown lets in what has none (default: all known)"
    )
    one.add_argument("--limit", type=positive, metavar="N", help="at most N rows of each domain")
    one.add_argument("--domains", metavar="A,B", default="", help="these domains only")
    one.add_argument("--json", action="store_true", help="print the manifest as one JSON object")
    one.set_defaults(run=run_build)


def _add_real(one: argparse.ArgumentParser) -> None:
    one.add_argument("--tasks", metavar="SUITE", help="a suite of this package (terminal, notes) or a file of tasks")
    one.add_argument("--data", metavar="FILE", help="recordings instead of tasks: " + FILE)
    one.add_argument("--real", metavar="WHAT", choices=REALS, help="the real environment: shell, mcp or replay")
    one.add_argument("--no-sandbox", action="store_true", help="shell: go on without bubblewrap; commands run as you")
    one.add_argument("--limit", type=positive, metavar="N", help="the first N tasks or trajectories")
    one.add_argument(
        "command", nargs="*", metavar="COMMAND", help="mcp: what starts the server (default: the notes); after --"
    )


def _add_loop(commands: Commands) -> None:
    from nextstate.models.spec import usage

    one = commands.add_parser(
        "loop",
        help="act inside a world, then do the same for real",
        description="An agent, or the scripts of the tasks, act inside a simulated world; the same actions are then "
        "done for real, twice. Success inside beside success for real shows a world that says yes too easily.",
        epilog=f"M: {usage()}; or agreeing, a fake that says yes to everything.",
    )
    one.add_argument("--model", metavar="M", required=True, help="the world")
    one.add_argument(
        "--agent", metavar="A", help="a language model, chat:NAME@URL or local:NAME (default: the scripts)"
    )
    _add_real(one)
    one.add_argument("--steps", type=int, default=30, metavar="N", help="actions of an episode at most (default: 30)")
    _add_common(one)
    one.set_defaults(run=run_loop)


def _add_luck(commands: Commands) -> None:
    from nextstate.models.spec import usage

    one = commands.add_parser(
        "luck",
        help="the same actions in several fresh worlds: how far apart they come out",
        description="Do the same actions in N fresh worlds, each with a seed of its own, and say how far they part.",
        epilog=f"M: {usage()}.",
    )
    one.add_argument("--model", metavar="M", required=True, help="the world")
    _add_real(one)
    one.add_argument("--worlds", type=int, default=5, metavar="N", help="fresh worlds (default: 5)")
    one.add_argument("--turns", type=positive, metavar="N", help="the first N actions of each trajectory")
    _add_common(one)
    one.set_defaults(run=run_luck)


def _add_common(one: argparse.ArgumentParser) -> None:
    one.add_argument("--out", metavar="DIR", help="keep what is finished here; the same command then resumes")
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    one.add_argument("--concurrency", type=int, default=4, metavar="N", help="episodes under way at once (default: 4)")
    one.add_argument("--strict", action="store_true", help="exit with status 3 when something is unscored")


# What the commands do


def run_build(arguments: argparse.Namespace) -> int:
    from nextstate.eval import builder

    data = Data(existing(arguments.data))
    licences = None if arguments.licences is None else _names(arguments.licences)
    manifest = builder.build(
        data,
        Path(arguments.out),
        seed=arguments.seed,
        against=[(Path(one).name, Data(existing(one), only_known=False)) for one in arguments.against],
        licences=licences,
        limit=arguments.limit,
        only=_names(arguments.domains),
    )
    if arguments.json:
        print_json({**manifest, "skipped": data.skipped()})
        return DONE
    for name, found in manifest["domains"].items():
        left = f"; left out: {listed(found['left_out'])}" if found["left_out"] else ""
        print(f"{printable(name)}: {count(found['rows'], 'row')} of {count(found['trajectories'], 'trajectory')}{left}")
    print(f"written to {arguments.out}" + (f"; {count(len(data.errors), 'line')} skipped" if data.errors else ""))
    return DONE


def run_loop(arguments: argparse.Namespace) -> int:
    return until_interrupted(_loop(arguments), arguments.out)


def run_luck(arguments: argparse.Namespace) -> int:
    return until_interrupted(_luck(arguments), arguments.out)


async def _loop(arguments: argparse.Namespace) -> int:
    from nextstate.eval import loop
    from nextstate.models import base

    if arguments.agent and arguments.no_sandbox:
        raise UsageError("what a model says is not run without a sandbox; install bubblewrap, or leave --agent out")
    tasks, real, name = _asked(arguments)
    agent = _agent(arguments.agent)
    try:
        async with _opened(arguments.model, tasks) as world:
            report = await loop.closed_loop(
                world,
                tasks,
                real,
                real_name=name,
                agent=agent,
                steps=arguments.steps,
                seed=arguments.seed,
                out=Path(arguments.out) if arguments.out else None,
                workers=arguments.concurrency,
                on_episode=progress("episodes"),
            )
    finally:
        if agent is not None:
            await base.close(agent.model)
    result = report.as_dict()
    _show(result, loop.table, as_json=arguments.json)
    return UNSCORED if arguments.strict and result["unscored"] else DONE


async def _luck(arguments: argparse.Namespace) -> int:
    from nextstate.eval import luck
    from nextstate.eval.loop.real import played

    if arguments.data and not arguments.real:
        trajectories = tuple(Data(existing(arguments.data)))[: arguments.limit]
    else:
        tasks, real, _ = _asked(arguments)
        trajectories = await played(tasks, real)
    if not trajectories:
        raise UsageError(f"{arguments.data or arguments.tasks} holds no trajectory to be lived through again")
    async with opened_model(arguments.model) as model:
        report = await luck.luck(
            model,
            trajectories,
            worlds=arguments.worlds,
            turns=arguments.turns,
            seed=arguments.seed,
            out=Path(arguments.out) if arguments.out else None,
            workers=arguments.concurrency,
            on_spread=progress("trajectories"),
        )
    result = report.as_dict()
    _show(result, luck.table, as_json=arguments.json)
    return UNSCORED if arguments.strict and result["unanswered"] else DONE


def _asked(arguments: argparse.Namespace) -> tuple[tuple[Task, ...], Real, str]:
    """The tasks, what starts their real environment, and what that is called."""
    from nextstate.eval import loop
    from nextstate.eval.loop import real as environments

    if bool(arguments.tasks) == bool(arguments.data):
        raise UsageError(f"give --tasks SUITE ({', '.join(loop.suites())}, or a file) or --data FILE, one of them")
    if arguments.data:
        if arguments.real not in (None, "replay"):
            raise UsageError("recordings stand for their own real environment; leave --real out, or name tasks")
        return loop.of_recordings(Data(existing(arguments.data)))[: arguments.limit], environments.recorded(), "replay"
    tasks = loop.load(arguments.tasks).tasks[: arguments.limit]
    if arguments.command and arguments.real != "mcp":
        raise UsageError("a command after -- starts a server, for --real mcp")
    if arguments.real == "shell":
        return tasks, environments.shell(allow_unsandboxed=arguments.no_sandbox), "shell"
    if arguments.real == "mcp":
        command = tuple(arguments.command)
        return tasks, environments.server(command or environments.NOTES), " ".join(("mcp", *command))
    raise UsageError(f"tasks need a real environment; give --real {' or --real '.join(REALS[:2])}")


def _agent(spec: str | None) -> LanguageAgent | None:
    from nextstate.eval.loop import LanguageAgent
    from nextstate.models import language

    return None if spec is None else LanguageAgent(language.build(spec))


def _opened(spec: str, tasks: Iterable[Task]) -> Any:
    """The world that ``spec`` names, as an asynchronous context."""
    import contextlib

    from nextstate.eval.loop import Agreeing

    return contextlib.nullcontext(Agreeing(tasks)) if spec == AGREEING else opened_model(spec)


def _show(result: dict[str, Any], table: Callable[[dict[str, Any]], Table], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    draw(table(result), width=WIDE)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]

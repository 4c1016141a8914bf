"""``nextstate bench agentworldbench``: the benchmark in three stages."""

from __future__ import annotations

import argparse
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import (
    DONE,
    SHOWN,
    UNSCORED,
    WIDE,
    count,
    draw,
    existing,
    listed,
    positive,
    price,
    print_json,
    printable,
    progress,
    say,
    temperature,
    until_interrupted,
)
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.cli.common import Commands
    from nextstate.eval.agentworldbench import Bench
    from nextstate.eval.agentworldbench.inferring import Asking
    from nextstate.eval.agentworldbench.prompts import BenchPrompt
    from nextstate.eval.judge import Judge
    from nextstate.models.chat import ChatOptions

CONCURRENCY = 64
"""Rows under way at once unless it is said otherwise."""
OFFICIAL = {"temperature": 0.6, "max_tokens": 32768}
"""How the published script asks its models and judges."""


def add(commands: Commands) -> None:
    group = commands.add_parser(
        "agentworldbench",
        help="AgentWorldBench in three stages",
        description="AgentWorldBench in three stages: ask the model, ask a judge, score. A stage resumes where it was.",
    )
    stages = group.add_subparsers(title="stages", metavar="STAGE", required=True)
    _add_infer(stages)
    _add_judge(stages)
    _add_score(stages)


def _add_infer(stages: Commands) -> None:
    one = stages.add_parser(
        "infer",
        help="ask a model every row",
        description="Ask a model every row of the benchmark and keep what it said in DIR/infer.",
        epilog="chat:NAME@URL and local:NAME are asked as the published script asks: system prompt and history of the "
        "row as a conversation. Any other world model (copy-last, grounded+local, ...) is asked the query of the row.",
    )
    one.add_argument("--model", metavar="M", required=True, help="who answers")
    one.add_argument("--limit", type=int, metavar="N", help="ask only N rows, whole trajectories drawn by the seed")
    _add_asking(one, "model")
    one.set_defaults(run=lambda arguments: until_interrupted(_infer(arguments), arguments.out))


def _add_judge(stages: Commands) -> None:
    one = stages.add_parser(
        "judge",
        help="have a judge mark the predictions",
        description="Have a judge mark what is in DIR/infer, and keep its words and marks in DIR/judge.",
        epilog="J: chat:NAME@URL, local:NAME or programmatic; in front short+ or full+ chooses one of our prompts.",
    )
    one.add_argument("--judge", metavar="J", required=True, help="who judges")
    one.add_argument("--prompts", metavar="REPO", help="a copy of QwenLM/Qwen-AgentWorld, for the official prompts")
    one.add_argument("--calibration", metavar="FOLDER", help="calibration reports, among them this judge's")
    one.add_argument(
        "--tries", type=int, metavar="N", help="ask until the reply can be read (default: 1; 3 with --prompts)"
    )
    _add_asking(one, "judge")
    one.set_defaults(run=lambda arguments: until_interrupted(_judge(arguments), arguments.out))


def _add_asking(one: argparse.ArgumentParser, whom: str) -> None:
    one.add_argument(
        "--data", metavar="PATH", nargs="+", required=True, help="the folder of the data set, or its files"
    )
    one.add_argument("--out", metavar="DIR", required=True, help="finished rows; the same command then resumes")
    one.add_argument("--cache", metavar="FILE", help=f"keep every reply of the {whom} here and ask nothing twice")
    one.add_argument(
        "--concurrency",
        type=int,
        default=CONCURRENCY,
        metavar="N",
        help="rows under way at once (default: %(default)s)",
    )
    one.add_argument(
        "--temperature",
        type=temperature,
        metavar="T",
        help="of an endpoint (default: 0.6 as published; 0 by our own prompts)",
    )
    one.add_argument(
        "--max-tokens", type=positive, metavar="N", help="of a reply, with its reasoning (as for T: 32768; 4096)"
    )
    one.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of whom is asked, and of a sample (default: 0)"
    )
    one.add_argument("--price", type=price, metavar="IN,CACHED,OUT", help="of a million tokens, in any currency")
    one.add_argument("--again", action="store_true", help="ask rows again whose endpoint had failed")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.add_argument("--strict", action="store_true", help="exit with status 3 when lines are skipped or rows failed")


def _add_score(stages: Commands) -> None:
    one = stages.add_parser(
        "score",
        help="score what is judged",
        description="Score what the first two stages found: strictly, or by the rules of the published script.",
    )
    one.add_argument("out", metavar="DIR", help="the folder of the first two stages")
    one.add_argument("--official", action="store_true", help="the published script's rules, exclusions included")
    one.add_argument("--price", type=price, metavar="IN,CACHED,OUT", help="of a million tokens of the model")
    one.add_argument("--judge-price", type=price, metavar="IN,CACHED,OUT", help="of a million tokens of the judge")
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.add_argument("--strict", action="store_true", help="exit with status 3 when rows are unscored or not finished")
    one.set_defaults(run=_score)


async def _infer(arguments: argparse.Namespace) -> int:
    from nextstate.eval.agentworldbench import infer
    from nextstate.eval.agentworldbench.costs import spent
    from nextstate.eval.tally import counted

    bench = _bench(arguments, arguments.limit, arguments.seed)
    async with AsyncExitStack() as stack:
        _forget(arguments, "infer")
        found = await infer(
            _asking(arguments, stack),
            bench,
            out=Path(arguments.out),
            seed=arguments.seed,
            limit=arguments.limit,
            workers=arguments.concurrency,
            settings=_settings(arguments.model, _options(arguments, published=_is_language_model(arguments.model))),
            on_row=progress("rows"),
        )
    outcomes = counted(str(row.outcome) for row in found.rows)
    _show(
        {
            "n": len(found.rows),
            "asked": found.asked,
            "seconds": round(found.seconds, 3),
            "outcome": outcomes,
            **spent(found.rows, arguments.price),
            "skipped": _skipped(bench),
            "run": dict(found.run),
        },
        arguments,
    )
    return UNSCORED if arguments.strict and (bench.problems or outcomes.keys() - {"ok"}) else DONE


async def _judge(arguments: argparse.Namespace) -> int:
    from nextstate.eval.agentworldbench import inferring, judge
    from nextstate.eval.agentworldbench.costs import spent
    from nextstate.eval.tally import counted

    asked_of = inferring.manifest(Path(arguments.out))
    bench = _bench(arguments, asked_of["limit"], asked_of["seed"])
    official = arguments.prompts is not None
    async with AsyncExitStack() as stack:
        asked = _opened_judge(arguments, stack)
        prompt, rubrics = _prompt(arguments, asked, bench)
        _forget(arguments, "judge")
        found = await judge(
            _cached(asked.model, arguments, stack),
            prompt,
            bench,
            out=Path(arguments.out),
            seed=arguments.seed,
            tries=arguments.tries if arguments.tries is not None else 3 if official else 1,
            workers=arguments.concurrency,
            rubrics=rubrics,
            calibration=_calibration(arguments, asked, prompt, rubrics),
            settings=_settings(arguments.judge, _options(arguments, published=official)),
            on_row=progress("rows"),
        )
    outcomes = counted(row.outcome for row in found.rows)
    _show(
        {
            "n": len(found.rows),
            "asked": found.asked,
            "waiting": found.waiting,
            "seconds": round(found.seconds, 3),
            "outcome": outcomes,
            **spent(found.rows, arguments.price),
            "skipped": _skipped(bench),
            "run": dict(found.run),
        },
        arguments,
    )
    failed = outcomes.keys() - {"judged", "no_prediction"}
    return UNSCORED if arguments.strict and (bench.problems or failed or found.waiting) else DONE


def _score(arguments: argparse.Namespace) -> int:
    from nextstate.eval.agentworldbench import load, score, table

    report = score(
        load(existing(arguments.out)),
        by_official=arguments.official,
        price=arguments.price,
        judge_price=arguments.judge_price,
    )
    if arguments.json:
        print_json(report)
    else:
        draw(table(report), width=WIDE)
    missing = any(report["unfinished"].values())
    left_out = report["failed"] if arguments.official else report["unscored"]
    return UNSCORED if arguments.strict and (missing or left_out) else DONE


def _bench(arguments: argparse.Namespace, limit: int | None, seed: int) -> Bench:
    from nextstate.eval.agentworldbench import index

    if limit is not None and limit < 1:
        raise UsageError(f"the limit is {limit}; give at least 1 row")
    bench = index(map(existing, arguments.data), limit=limit, seed=seed)
    for problem in bench.problems[:SHOWN]:
        say(f"nextstate: skipped: {printable(str(problem))}")
    if len(bench.problems) > SHOWN:
        say(f"nextstate: skipped: {count(len(bench.problems) - SHOWN, 'line')} more")
    return bench


def _forget(arguments: argparse.Namespace, stage: str) -> None:
    """With ``--again``, forget rows whose endpoint had failed, and that there had been nothing to judge."""
    from nextstate.eval.agentworldbench.work import forget

    if arguments.again and (gone := forget(Path(arguments.out) / stage, ("provider_error", "no_prediction"))):
        say(f"nextstate: {count(gone, 'row')} of {arguments.out}/{stage} to be asked again")


def _asking(arguments: argparse.Namespace, stack: AsyncExitStack) -> Asking:
    """The model by its name, and by which protocol it is asked."""
    from nextstate.eval.agentworldbench import ByMessages, ByQuery
    from nextstate.models import base, language, spec
    from nextstate.models.cache import Cached

    if _is_language_model(arguments.model):
        model = language.build(arguments.model, _options(arguments, published=True))
        stack.push_async_callback(base.close, model)
        return ByMessages(_cached(model, arguments, stack))
    by_chat = re.search(r"\+chat:", arguments.model) is not None
    world = spec.build(arguments.model, spec.Options(_options(arguments, published=False)) if by_chat else None)
    if arguments.cache:
        world = Cached(world, Path(arguments.cache))
    stack.push_async_callback(base.close, world)
    return ByQuery(world)


def _is_language_model(spec: str) -> bool:
    """Whether ``spec`` names a plain language model, which is asked by the official protocol."""
    return re.match(r"(cached:[^+]*\+)?(chat:|local(:|$))", spec) is not None


def _options(arguments: argparse.Namespace, *, published: bool) -> ChatOptions:
    """How an endpoint is asked: as the published script does, or as everywhere else, unless it is said otherwise."""
    from nextstate.models.chat import ChatOptions
    from nextstate.models.endpoint import Patience

    said = {"temperature": arguments.temperature, "max_tokens": arguments.max_tokens}
    given = {name: value for name, value in said.items() if value is not None}
    patience = Patience(concurrency=max(arguments.concurrency, 1))
    return ChatOptions(patience=patience, **{**(OFFICIAL if published else {}), **given})


def _settings(spec: str, options: ChatOptions) -> dict[str, Any]:
    """How an endpoint is asked, for the manifest; a model that is none has its settings in its fingerprint alone."""
    asked = {"temperature": options.temperature, "max_tokens": options.max_tokens}
    return asked if re.search(r"(^|\+)chat:", spec) else {}


def _cached(model: Any, arguments: argparse.Namespace, stack: AsyncExitStack) -> Any:
    """``model`` behind the call cache, if there is one."""
    from nextstate.models.cache import CachedReplies

    if not arguments.cache:
        return model
    cached = CachedReplies(model, Path(arguments.cache))
    stack.push_async_callback(cached.aclose)
    return cached


def _opened_judge(arguments: argparse.Namespace, stack: AsyncExitStack) -> Judge:
    from nextstate.eval.judge import named
    from nextstate.models import base

    asked = named(arguments.judge, _options(arguments, published=arguments.prompts is not None))
    stack.push_async_callback(base.close, asked.model)
    return asked


def _prompt(arguments: argparse.Namespace, asked: Judge, bench: Bench) -> tuple[BenchPrompt, Mapping[str, str]]:
    """How the judge is asked, and the hashes of what it is told of each domain."""
    from nextstate.eval.agentworldbench import OwnPrompt, official_prompt
    from nextstate.eval.judge.prompt import rubric_sha256

    if arguments.prompts is not None:
        return official_prompt(existing(arguments.prompts)), {}
    return OwnPrompt(asked.prompt), {name: rubric_sha256(name) for name in bench.counts()}


def _calibration(
    arguments: argparse.Namespace, asked: Judge, prompt: BenchPrompt, rubrics: Mapping[str, str]
) -> str | None:
    """The fingerprint of the judge's calibration report; a judge without one is marked in every table."""
    if arguments.calibration is None:
        return None
    from nextstate.eval import calibration

    found = calibration.find(existing(arguments.calibration), asked.model.fingerprint, prompt.sha256, rubrics)
    if found is None:
        say(f"nextstate: no report in {arguments.calibration} belongs to this judge, prompt and settings: uncalibrated")
    return None if found is None else found.fingerprint


def _skipped(bench: Bench) -> dict[str, Any]:
    return {"n": len(bench.problems), "first": [str(problem) for problem in bench.problems[:SHOWN]]}


def _show(result: Mapping[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(result)
        return
    usage, latency, cost = result["usage"], result["latency_ms"], result["cost"]
    print(f"{count(result['n'], 'row')} in {printable(arguments.out)}: {listed(result['outcome'])}")
    print(f"{result['asked']:,} of them finished now, in {result['seconds']:,.1f} s")
    tokens = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in usage.items())
    print(tokens + ("" if cost is None else f", cost {cost:,.4f}"))
    if latency["p50"] is not None:
        print(f"an answer took {latency['p50']:,.0f} ms (median), {latency['p95']:,.0f} ms (95%)")
    if result.get("waiting"):
        print(f"{count(result['waiting'], 'row')} wait for the first stage")
    if result["skipped"]["n"]:
        print(f"{count(result['skipped']['n'], 'line')} skipped, see above")

"""Which form of prompt suits which embedded model, and how fast they are, on recorded turns.

    python benchmarks/local_models.py --data FILE [--models smollm2-135m,coder-1.5b] [--rows 60] [--threads N]

Prints a Markdown table: exact match and similarity with 95% intervals clustered by trajectory, replies without an
observation, tokens and seconds a step. Every row gets the true history. The speeds mean something on an idle machine
only: the engine's threads spin while they wait for each other.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.eval.run import evaluate
from nextstate.models.fakes import AlwaysEmpty, CopyLast
from nextstate.models.local import FORMS, LocalModel
from nextstate.models.local_engine import default_threads

if TYPE_CHECKING:
    from typing import Any

    from nextstate.types import Trajectory, WorldModel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a trajectory file")
    parser.add_argument("--models", default="smollm2-135m,coder-1.5b", help="names of pulled models, with commas")
    parser.add_argument("--rows", type=int, default=60, help="how many rows to ask (a seeded sample)")
    parser.add_argument("--threads", type=int, default=default_threads())
    asyncio.run(_main(parser.parse_args()))


async def _main(arguments: argparse.Namespace) -> None:
    trajectories = tuple(store.read(arguments.data))
    print("| model | form | rows | exact | similarity | no observation | tokens in (cached) | out | s a step |")
    print("|---|---|---|---|---|---|---|---|---|")
    for baseline in (CopyLast(), AlwaysEmpty()):
        print(await _row(baseline, "", trajectories, arguments.rows), flush=True)
    for name in arguments.models.split(","):
        for form in FORMS:
            model = LocalModel(name, form=form, threads=arguments.threads)
            print(await _row(model, form, trajectories, arguments.rows), flush=True)
            await model.aclose()
    print("\n| model | prefill, tokens/s | decode, tokens/s |\n|---|---|---|")
    for name in arguments.models.split(","):
        print(await _speed(name, arguments.threads), flush=True)


async def _row(model: WorldModel, form: str, trajectories: tuple[Trajectory, ...], rows: int) -> str:
    report = (await evaluate(model, trajectories, limit=rows, seed=0, workers=1)).as_dict()
    n, usage, outcomes = report["n"], report["usage"], report["by"]["outcome"]
    failed = sum(count for name, count in outcomes.items() if name != "ok")
    cached = usage["cached_tokens"] / max(usage["prompt_tokens"], 1)
    return (
        f"| {model.name} | {form} | {n} | {_cell(report['scores']['exact'])} | {_cell(report['scores']['similarity'])} "
        f"| {failed} | {usage['prompt_tokens'] / n:.0f} ({cached:.0%}) | {usage['completion_tokens'] / n:.1f} "
        f"| {report['seconds'] / n:.2f} |"
    )


def _cell(score: dict[str, Any]) -> str:
    low, high = score["ci95"]
    return f"{score['mean']:.2f} [{low:.2f}, {high:.2f}]"


async def _speed(name: str, threads: int) -> str:
    """Tokens a second for a fresh prompt of 512 tokens and for 64 tokens after it."""
    model = LocalModel(name, threads=threads)
    engine = await model._running()
    tokens = (await engine.tokens("".join(f"line {n}: {n * n}\n" for n in range(400)), special=False))[:512]
    asked = {"temperature": 0.0, "ignore_eos": True}
    started = time.perf_counter()
    await engine.generate({**asked, "prompt": tokens, "max_tokens": 1})
    prefilled = time.perf_counter()
    await engine.generate({**asked, "prompt": tokens, "max_tokens": 65})
    ended = time.perf_counter()
    await model.aclose()
    return f"| {name} | {512 / (prefilled - started):.0f} | {64 / (ended - prefilled):.0f} |"


if __name__ == "__main__":
    main()

"""What grounding buys: one embedded model alone, and the same weights behind the kernel, on the same rows.

    python benchmarks/grounding.py --data FILE [--local smollm2-135m] [--rows 200] [--out DIR]

Prints a Markdown table: exact match and similarity with 95% intervals clustered by trajectory, the baselines copy-last
and always-empty and the kernel alone on the same rows, and the paired difference between the grounded model and the
model alone. Every row gets the true history (cut by the model's renderer to fit its context). With ``--out`` finished
rows are kept, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.eval.report import compare
from nextstate.eval.run import evaluate
from nextstate.models.base import close
from nextstate.models.spec import build

if TYPE_CHECKING:
    from typing import Any

    from nextstate.eval.report import Report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a trajectory file")
    parser.add_argument("--local", default="smollm2-135m", help="name of an embedded model")
    parser.add_argument("--rows", type=int, default=200, help="how many rows to ask (a seeded sample)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for finished rows")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments))


async def _main(arguments: argparse.Namespace) -> None:
    trajectories = tuple(store.read(arguments.data))
    names = ["copy-last", "always-empty", "kernel", f"local:{arguments.local}", f"grounded+local:{arguments.local}"]
    reports: dict[str, Report] = {}
    for name in names:
        model = build(name)
        started = time.perf_counter()
        reports[name] = await evaluate(
            model,
            trajectories,
            limit=arguments.rows,
            seed=arguments.seed,
            workers=1,
            out=arguments.out / name.replace(":", "-") if arguments.out else None,
        )
        await close(model)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    print(_table({name: report.as_dict() for name, report in reports.items()}))
    alone, grounded = reports[names[3]], reports[names[4]]
    for scorer, difference in compare(grounded, alone)["scores"].items():
        print(f"grounded - alone, {scorer}: {difference}")


def _table(reports: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| model | rows | exact | similarity | computed | tokens in | tokens out |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, report in reports.items():
        scores = report["scores"]
        computed = report["by"]["origin"].get("computed", {}).get("n", 0)
        usage = report["usage"]
        lines.append(
            f"| {name} | {report['n']} | {_cell(scores['exact'])} | {_cell(scores['similarity'])} "
            f"| {computed / report['n']:.0%} | {usage['prompt_tokens']:,} | {usage['completion_tokens']:,} |"
        )
    return "\n".join(lines)


def _cell(score: dict[str, Any]) -> str:
    low, high = score["ci95"]
    return f"{score['mean']:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()

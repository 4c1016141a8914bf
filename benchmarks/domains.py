"""Every domain on recorded turns: baselines, the kernel, and an embedded model behind the kernel, in one table.

    python benchmarks/domains.py --data FILE [--domains mcp,web] [--rows 40] [--local coder-1.5b] [--out DIR]

``--data`` is a trajectory file, such as `nextstate data import auto RECORDINGS --out FILE` makes. All turns are asked
of copy-last, of nearest (what the most similar turn of another trajectory showed) and of the kernel alone. A seeded
sample of ``--rows`` turns a domain, at most ``--each`` of a trajectory, among those whose prompt fits ``--tokens``, is
asked of these and, with ``--local``, of the embedded model behind the kernel. Each score has a 95% interval clustered
by trajectory, and the number of turns that it applies to: ``change`` where the turn changed what was shown,
``no-change`` where it did not, ``error`` where the action really failed, ``no-error`` where it worked, ``schema`` where
the form is known. A second table says what the kernels answered, and why not the rest. With ``--out`` finished rows are
kept, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.data import store, tokens
from nextstate.data.filters import targets
from nextstate.data.sample import query
from nextstate.data.split import fraction
from nextstate.domain import Determined, find
from nextstate.eval import scorers
from nextstate.eval.run import evaluate
from nextstate.models import render, weights
from nextstate.models.base import answers_of, close
from nextstate.models.fakes import CopyLast
from nextstate.models.grounded import Grounded, KernelModel
from nextstate.models.local import LocalModel
from nextstate.models.recall import Nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nextstate.types import Trajectory, WorldModel

REPLY = 256
"""Tokens kept free for the reply."""
NAMED = re.compile(r"/\S+|'[^']*'|\S+(?= is a program)")
"""What of a reason belongs to one turn alone; without it equal reasons are counted together."""
REASONS = 5
"""Reasons of unknown answers that are listed for a domain."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a trajectory file")
    parser.add_argument("--domains", help="only these, joined by commas")
    parser.add_argument("--local", help="name of an embedded model, as coder-1.5b")
    parser.add_argument("--rows", type=int, default=40, help="sampled turns a domain; 0: no sample")
    parser.add_argument("--each", type=int, default=4, help="sampled turns of one trajectory at most")
    parser.add_argument("--tokens", type=int, default=4096, help="prompt and reply of a sampled turn, in tokens")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample-only", action="store_true", help="leave out the run over all turns")
    parser.add_argument("--out", type=Path, help="folder for finished rows")
    asyncio.run(_main(parser.parse_args()))


async def _main(arguments: argparse.Namespace) -> None:
    by_domain: defaultdict[str, list[Trajectory]] = defaultdict(list)
    for trajectory in store.read(arguments.data):
        by_domain[trajectory.domain].append(trajectory)
    wanted = arguments.domains.split(",") if arguments.domains else sorted(by_domain)
    print("| domain | turns | model | rows |", " | ".join(scorers.BUILT_IN), "|")
    print("|---" * (4 + len(scorers.BUILT_IN)) + "|", flush=True)
    for domain in wanted:
        everything = by_domain[domain]
        if not arguments.sample_only:
            await _rows(domain, "all", everything, _models(everything), arguments)
        if arguments.rows:
            await _rows(domain, "sample", sample(everything, arguments), _sampled(everything, arguments), arguments)
    print("\n| domain | turns | answered | right | right, of answered | p50 ms | why not (turns) |")
    print("|---|---|---|---|---|---|---|")
    for domain in wanted:
        print(coverage(domain, by_domain[domain]), flush=True)


def _models(trajectories: Sequence[Trajectory]) -> dict[str, WorldModel]:
    return {"copy-last": CopyLast(), "nearest": Nearest(trajectories), "kernel": KernelModel()}


def _sampled(trajectories: Sequence[Trajectory], arguments: argparse.Namespace) -> dict[str, WorldModel]:
    models = _models(trajectories)
    if arguments.local:
        local = LocalModel(arguments.local, context=arguments.tokens, max_tokens=REPLY)
        models[f"grounded+{arguments.local}"] = Grounded(local)
    return models


async def _rows(
    domain: str, turns: str, trajectories: Sequence[Trajectory], models: Mapping[str, WorldModel], arguments: Any
) -> None:
    for name, model in models.items():
        started = time.perf_counter()
        out = arguments.out / f"{domain}-{turns}-{name}" if arguments.out else None
        report = await evaluate(model, trajectories, scorers=scorers.BUILT_IN, seed=arguments.seed, workers=1, out=out)
        await close(model)
        found = report.as_dict()
        cells = (_cell(found["scores"].get(score)) for score in scorers.BUILT_IN)
        print(f"| {domain} | {turns} | {name} | {found['n']} |", " | ".join(cells), "|", flush=True)
        print(f"{domain} {turns} {name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)


def _cell(score: Mapping[str, Any] | None) -> str:
    if score is None or score["mean"] is None:
        return "-"
    low, high = score["ci95"]
    return f"{score['mean']:.3f} [{low:.3f}, {high:.3f}] ({score['n']})"


def sample(trajectories: Sequence[Trajectory], arguments: Any) -> list[Trajectory]:
    """The trajectories with all turns marked as no target but ``rows`` of them, drawn by the seed, that fit.

    Several of one trajectory share a beginning, which the embedded engine then evaluates once.
    """
    counter = tokens.find(f"local:{arguments.local or 'smollm2-135m'}", locate=weights.path_of)
    room = arguments.tokens - REPLY
    taken: dict[int, set[int]] = {}
    order = sorted(range(len(trajectories)), key=lambda place: fraction(arguments.seed, trajectories[place].id))
    for place in order:
        left = arguments.rows - sum(map(len, taken.values()))
        found = islice(_fitting(trajectories[place], counter, room, arguments.seed), min(arguments.each, left))
        if turns := set(found):
            taken[place] = turns
    return [_only(trajectories[place], turns) for place, turns in sorted(taken.items())]


def _fitting(trajectory: Trajectory, counter: tokens.Tokenizer, room: int, seed: int) -> Iterator[int]:
    """The turns whose prompt takes at most ``room`` tokens, in an order drawn by the seed."""
    for turn in sorted(targets(trajectory), key=lambda turn: fraction(seed, trajectory.id, str(turn))):
        prompt = render.transcript(find(trajectory.domain), query(trajectory, turn))
        if len(prompt) <= 8 * room and counter.count([prompt])[0] <= room:
            yield turn


def _only(trajectory: Trajectory, turns: set[int]) -> Trajectory:
    def marked(number: int) -> Any:
        turn = trajectory.turns[number]
        return turn if number in turns else replace(turn, meta={**turn.meta, "skip": "not_sampled"})

    return replace(trajectory, turns=tuple(map(marked, range(len(trajectory.turns)))))


def coverage(name: str, trajectories: Sequence[Trajectory]) -> str:
    """What the kernel of a domain answers, given the true history, how much of it is right, and why not the rest."""
    domain = find(name)
    turns = answered = right = 0
    reasons: Counter[str] = Counter()
    seconds: list[float] = []
    for found, truth, took in _steps(domain.kernel, trajectories):
        turns += 1
        seconds.append(took)
        if isinstance(found, Determined):
            answered += 1
            right += domain.canonical(found.observation) == domain.canonical(truth)
        else:
            reasons[NAMED.sub("...", found.reason)] += 1
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(REASONS))
    share = f"{right / answered:.1%}" if answered else "-"
    p50 = sorted(seconds)[len(seconds) // 2] * 1000
    return f"| {name} | {turns} | {answered} ({answered / turns:.1%}) | {right} | {share} | {p50:.2f} | {why} |"


def _steps(make: Any, trajectories: Sequence[Trajectory]) -> Iterator[tuple[Any, str, float]]:
    kernel = make()
    for trajectory in trajectories:
        state = kernel.open(trajectory.setup)
        for turn in trajectory.turns:
            started = time.perf_counter()
            found = kernel.step(state, turn.action)
            yield found, turn.observation, time.perf_counter() - started
            state = kernel.absorb(state, turn.action, turn.observation, answers_of(turn))


if __name__ == "__main__":
    main()

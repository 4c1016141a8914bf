"""Whether the programmatic scorers notice known damage: how often they rank a damaged observation below the truth.

    python benchmarks/damage.py [--data FILE] [--damages 1000] [--seed 0]

Turns come from the golden examples of all domains and, with ``--data``, from a trajectory file. Damages are drawn
evenly over the domains and over the kinds of ``nextstate.eval.damage``; a turn and a kind that do not go together give
way to the next. ``seen`` is damage that differs in the domain's canonical form, ``blind`` any other change of words;
what ``blind`` misses beyond ``seen`` is what no model can know, as a digit of a clock. Prints a Markdown table for
each: a row for all, for each domain and for each kind; the share that each scorer ranks below the truth, of the damages
to which it applies, and for ``all`` their number. Ends with status 1 when exact or similarity rank less than 99% of
``seen`` below the truth.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.data import store
from nextstate.eval.damage import KINDS, damage
from nextstate.eval.scorers import BUILT_IN
from nextstate.types import Origin, Outcome, Prediction, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nextstate.types import Scorer, Trajectory

STRICT = ("exact", "similarity")
WANTED = 0.99
DRAWS = 20
"""Turns that are drawn for each damage at most."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One damaged observation: where it is from, and by which scorers it was ranked below the truth, if they apply."""

    domain: str
    kind: str
    below: dict[str, bool]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a trajectory file beside the golden examples")
    parser.add_argument("--damages", type=int, default=1_000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    turns = by_domain(arguments.data)
    least = 1.0
    for title, canonical in (("seen", True), ("blind", False)):
        started = time.perf_counter()
        tried = asyncio.run(damaged(turns, arguments.damages, arguments.seed, canonical=canonical))
        took = time.perf_counter() - started
        print(f"\n{title}: {len(tried)} damages, {took:.1f} s\n\n{table(tried)}")
        if canonical:
            least = min(share(tried, name) or 0.0 for name in STRICT)
    print(f"\nexact and similarity rank at least {least:.2%} of `seen` below the truth; wanted: {WANTED:.0%}")
    return 0 if least >= WANTED else 1


def by_domain(data: Path | None) -> dict[str, list[tuple[Trajectory, int]]]:
    """All turns, by domain."""
    trajectories: list[Trajectory] = [one for name in domains.names() for one in domains.find(name).examples()]
    if data is not None:
        trajectories += store.read(data)
    turns: defaultdict[str, list[tuple[Trajectory, int]]] = defaultdict(list)
    for one in trajectories:
        turns[one.domain] += [(one, number) for number in range(len(one.turns))]
    return dict(sorted(turns.items()))


async def damaged(
    turns: dict[str, list[tuple[Trajectory, int]]], count: int, seed: int, *, canonical: bool
) -> list[Tried]:
    random, tried = Random(seed), list[Tried]()
    names = list(turns)
    for slot in range(DRAWS * count):
        if len(tried) == count:
            break
        name, kind = names[slot % len(names)], KINDS[slot // len(names) % len(KINDS)]
        trajectory, number = random.choice(turns[name])
        turn = trajectory.turns[number]
        form = domains.find(name).canonical if canonical else None
        found = damage(turn.observation, kind, random.randrange(1 << 30), form)
        if found is not None:
            query = Query(name, trajectory.setup, trajectory.turns[:number], turn.action)
            below = {one: await ranked(scorer, query, turn.observation, found) for one, scorer in BUILT_IN.items()}
            tried.append(Tried(name, kind, {one: value for one, value in below.items() if value is not None}))
    return tried


async def ranked(scorer: Scorer, query: Query, truth: str, found: str) -> bool | None:
    """Whether the damaged observation gets less than the truth; ``None`` where the scorer does not apply."""
    values = []
    for text in (truth, found):
        score = await scorer(query, Prediction(Outcome.OK, text, Origin.MODEL), truth)
        if not score.applies or score.unscored is not None:
            return None
        values.append(next(iter(score.values.values())))
    return values[1] < values[0]


def table(tried: Sequence[Tried]) -> str:
    """The shares as a Markdown table; an empty cell is a scorer that applied nowhere."""
    names = list(BUILT_IN)
    lines = [f"| damages | n | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    groups: dict[str, list[Tried]] = {"all": list(tried)}
    for name in dict.fromkeys(one.domain for one in tried):
        groups[name] = [one for one in tried if one.domain == name]
    for kind in KINDS:
        groups[kind] = [one for one in tried if one.kind == kind]
    for title, group in groups.items():
        cells = [cell(group, name, counted=title == "all") for name in names]
        lines.append(f"| {title} | {len(group)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(group: Sequence[Tried], name: str, *, counted: bool) -> str:
    value = share(group, name)
    if value is None:
        return ""
    return f"{value:.1%}" + (f" of {sum(name in one.below for one in group)}" if counted else "")


def share(group: Iterable[Tried], name: str) -> float | None:
    """How often the scorer ranks damage below the truth, of the damages to which it applies."""
    told = [one.below[name] for one in group if name in one.below]
    return sum(told) / len(told) if told else None


if __name__ == "__main__":
    sys.exit(main())

"""What a screen costs as edits to an earlier one: tokens against the whole screen and against a unified difference.

    python benchmarks/edits.py --data FILE [--tokenizer local:smollm2-135m] [--worst N]

Prints a Markdown table, a row a domain, one for all of them, and a row a dataset: turns; tokens of a screen (median);
then, each as median and mean over the turns and against the tokens of the screen, the edits ("edits"), the whole reply
with the tags around them ("with tags"), the bytes of that reply against the screen's, and a unified line difference
without context in the same tags ("difference"); the share of turns where reading the reply gives the screen exactly;
the share of replies that hold the whole screen; microseconds for writing and reading one reply. ``--worst`` shows the
replies with the highest ratios of each domain.
"""

from __future__ import annotations

import argparse
import difflib
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate import domain
from nextstate.data import store, tokens
from nextstate.domain import write_tagged
from nextstate.models import weights
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nextstate.data.tokens import Tokenizer
    from nextstate.types import Trajectory


@dataclass(frozen=True, slots=True)
class Row:
    """One turn: where it is from, its texts, and the seconds that writing and reading took."""

    query: Query
    dataset: str
    place: str
    screen: str
    reply: str
    diff: str
    exact: bool
    write: float
    read: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a trajectory file")
    parser.add_argument("--tokenizer", default="local:smollm2-135m", help=tokens.CHOICES)
    parser.add_argument("--worst", type=int, default=0, help="how many of the worst replies of each domain to show")
    arguments = parser.parse_args()
    counter = tokens.find(arguments.tokenizer, locate=weights.path_of)
    rows = [row for trajectory in store.read(arguments.data) for row in measured(trajectory)]
    parts = (_counts(counter, [getattr(row, part) for row in rows]) for part in ("screen", "reply", "diff"))
    costs = list(zip(*parts, strict=True))
    tags = counter.count([write_tagged(rows[0].query, "")])[0] if rows else 0
    costed = list(zip(rows, costs, strict=True))
    print(HEAD)
    for name in sorted({row.query.domain for row in rows}):
        print(_line(name, tags, [pair for pair in costed if pair[0].query.domain == name]))
    print(_line("all", tags, costed))
    for name in sorted({row.dataset for row in rows}):
        print(_line(name, tags, [pair for pair in costed if pair[0].dataset == name]))
    if arguments.worst:
        _show_worst(costed, arguments.worst)


def measured(trajectory: Trajectory) -> Iterator[Row]:
    """The turns of a trajectory whose domain predicts screens as edits."""
    world = domain.find(trajectory.domain)
    if not world.screens:
        return
    before = trajectory.setup.initial_state
    for k, turn in enumerate(trajectory.turns):
        query = Query(trajectory.domain, trajectory.setup, trajectory.turns[:k], turn.action)
        start = time.perf_counter()
        reply = world.write(query, turn.observation)
        written = time.perf_counter()
        back = world.read(query, reply)
        done = time.perf_counter()
        unified = difflib.unified_diff(before.split("\n"), turn.observation.split("\n"), lineterm="", n=0)
        diff = write_tagged(query, "\n".join(list(unified)[2:]))
        source, exact = trajectory.source.dataset, back == turn.observation
        place = f"{trajectory.id} turn {k}"
        took = written - start, done - written
        yield Row(query, source, place, turn.observation, reply, diff, exact, *took)
        before = turn.observation


def _counts(counter: Tokenizer, texts: list[str]) -> list[int]:
    counts: list[int] = []
    for start in range(0, len(texts), 64):
        counts += counter.count(texts[start : start + 64])
    return counts


HEAD = """\
| | turns | tokens of a screen | edits, median | mean | with tags, median | mean | bytes, median | mean \
| difference, median | mean | exact | whole screens | write | read |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def _line(name: str, tags: int, rows: list[tuple[Row, tuple[int, int, int]]]) -> str:
    edits = [(cost[1] - tags) / max(cost[0], 1) for _, cost in rows]
    replies = [cost[1] / max(cost[0], 1) for _, cost in rows]
    sizes = [_size(row.reply) / max(_size(row.screen), 1) for row, _ in rows]
    differences = [cost[2] / max(cost[0], 1) for _, cost in rows]
    ratios = (
        ratio for column in (edits, replies, sizes, differences) for ratio in (statistics.median(column), _mean(column))
    )
    cells = [
        name,
        f"{len(rows):,}",
        f"{statistics.median(cost[0] for _, cost in rows):,.0f}",
        *(f"{ratio:.1%}" for ratio in ratios),
        f"{_mean(row.exact for row, _ in rows):.1%}",
        f"{_mean(chr(10) + 'screen' + chr(10) in row.reply[:40] for row, _ in rows):.1%}",
        f"{1e6 * _mean(row.write for row, _ in rows):,.0f} µs",
        f"{1e6 * _mean(row.read for row, _ in rows):,.0f} µs",
    ]
    return f"| {' | '.join(cells)} |"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _show_worst(rows: list[tuple[Row, tuple[int, int, int]]], count: int) -> None:
    by: dict[str, list[tuple[Row, tuple[int, int, int]]]] = defaultdict(list)
    for row, cost in rows:
        by[row.query.domain].append((row, cost))
    for name, own in by.items():
        own.sort(key=lambda pair: -pair[1][1] / max(pair[1][0], 1))
        for row, cost in own[:count]:
            print(f"\n## {name}: {row.place}, {cost[1]} of {cost[0]} tokens\n\n{row.reply[:3_000]}")


if __name__ == "__main__":
    main()

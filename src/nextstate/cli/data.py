"""``nextstate data``: bring recordings in other formats into the trajectory file."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import DONE, count, existing, print_json, printable, say, writable
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nextstate.cli.common import Commands
    from nextstate.errors import DataError
    from nextstate.types import Trajectory

SHOWN = 20
"""Broken records that are named one by one; the rest is only counted."""


def add(commands: Commands) -> None:
    group = commands.add_parser("data", help="bring recordings in other formats into the trajectory file")
    words = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = words.add_parser("import", help="turn recordings of a public format into trajectories")
    one.add_argument("format", metavar="FORMAT", help="see `nextstate data formats`")
    one.add_argument("src", metavar="SRC", help="a file, or a folder of files, of that format")
    one.add_argument("--out", metavar="FILE", required=True, help="trajectory file to write (.jsonl or .jsonl.zst)")
    one.add_argument("--json", action="store_true", help="print the counts as one JSON object")
    one.set_defaults(run=run_import)
    words.add_parser("formats", help="list the formats that can be imported").set_defaults(run=run_formats)


def run_formats(arguments: argparse.Namespace) -> int:
    from nextstate.data.sources import names

    print("\n".join(names()))
    return DONE


def run_import(arguments: argparse.Namespace) -> int:
    from nextstate.data import store
    from nextstate.data.sources import find

    read = find(arguments.format)
    tally = Tally()
    store.write(writable(arguments.out), tally.count(read(existing(arguments.src), tally.skip)))
    if arguments.json:
        print_json(tally.as_dict())
    else:
        print("\n".join(tally.lines(arguments.out)))
    return DONE


@dataclass(slots=True)
class Tally:
    """What an import brought in, and what it left out and why."""

    trajectories: int = 0
    turns: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)

    def count(self, trajectories: Iterable[Trajectory]) -> Iterator[Trajectory]:
        """Pass ``trajectories`` on and count them. Raises :class:`UsageError` when there was none."""
        for trajectory in trajectories:
            self.trajectories += 1
            self.turns += len(trajectory.turns)
            dropped = trajectory.meta.get("dropped")
            if isinstance(dropped, dict):
                self.dropped.update({reason: n for reason, n in dropped.items() if isinstance(n, int)})
            yield trajectory
        if not self.trajectories:
            raise UsageError(
                f"no trajectory was found ({count(len(self.skipped), 'record')} skipped); nothing is written"
            )

    def skip(self, error: DataError) -> None:
        self.skipped.append(str(error))
        if len(self.skipped) <= SHOWN:
            say(f"nextstate: skipped: {printable(str(error))}")

    def lines(self, target: str) -> Iterator[str]:
        """The counts for people."""
        yield f"{count(self.trajectories, 'trajectory')}, {count(self.turns, 'turn')} written to {target}"
        if self.dropped:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(self.dropped.items()))
            yield f"left out: {count(self.dropped.total(), 'turn')} ({reasons})"
        if self.skipped:
            yield f"skipped: {count(len(self.skipped), 'broken record')}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "trajectories": self.trajectories,
            "turns": self.turns,
            "dropped_turns": dict(sorted(self.dropped.items())),
            "skipped": {"n": len(self.skipped), "first": self.skipped[:SHOWN]},
        }

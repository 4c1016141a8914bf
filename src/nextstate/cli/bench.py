"""``nextstate bench``: what is measured beyond single rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.cli import agentworldbench, guesses, judges, loop, reports

if TYPE_CHECKING:
    from nextstate.cli.common import Commands


def add(commands: Commands) -> None:
    group = commands.add_parser("bench", help="benchmarks, judges, closed loops, reports and comparisons")
    words = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for part in (agentworldbench, loop, judges, reports, guesses):
        part.add(words)

"""``nextstate bench guesses``: what a game of real or simulated measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.cli.common import DONE, draw, existing, print_json

if TYPE_CHECKING:
    import argparse

    from nextstate.cli.common import Commands


def add(words: Commands) -> None:
    one = words.add_parser(
        "guesses",
        help="count a game of real or simulated",
        description="How often people told a simulated observation from the real one, with intervals, from what the "
        "playground exported.",
    )
    one.add_argument("files", nargs="+", metavar="FILE", help="exported by the playground (JSON lines)")
    one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from nextstate.ui import guesses

    found = guesses.figures([line for file in arguments.files for line in guesses.read(existing(file))])
    if arguments.json:
        print_json(found)
    else:
        draw(guesses.table(found))
    return DONE

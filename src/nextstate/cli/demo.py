"""``nextstate demo``: the main job on the embedded default, in under a minute."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from nextstate.cli.catalogue import pull
from nextstate.cli.common import DONE, say
from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from nextstate.cli.common import Commands

DEFAULT = "grounded+local"


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "demo",
        help="record a short shell session, let a world model live through it, compare",
        description="Record a short real shell session on the spot, let world models live through the same actions "
        "without seeing what really happened, and show both side by side.",
    )
    one.add_argument("--model", metavar="M", help=f"who answers (default: {DEFAULT}, beside local alone)")
    one.add_argument(
        "--no-pull", action="store_true", help="do not fetch the default model's weights if they are absent"
    )
    one.add_argument("--plain", action="store_true", help="no colours, and boxes of plain characters")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    from nextstate.demo import demo

    spec = arguments.model or default_model(pulling=not arguments.no_pull)
    asyncio.run(demo(spec, plain=arguments.plain))
    return DONE


def default_model(*, pulling: bool) -> str:
    """The embedded default, its weights pulled if they are absent; where that cannot be, the kernel alone, and why."""
    from nextstate.models import weights
    from nextstate.models.local_engine import require

    name = next(iter(weights.catalogue()))
    try:
        require()
        if pulling:
            pull(name)
        weights.path_of(name)
    except NextstateError as error:
        say(f"{error}\nGoing on without a language model: only what the kernel can compute is answered.")
        return "kernel"
    return DEFAULT

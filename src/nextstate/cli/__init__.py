"""The command line. Heavy imports stay inside the commands, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from nextstate import __version__
from nextstate.cli import bench, cases, catalogue, data, demo, evaluate, keys, openenv, play, record, serve
from nextstate.cli.common import FAILED, INTERRUPTED, WRONG_USAGE, printable, say
from nextstate.errors import DataError, NextstateError, UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = (demo, play, record, serve, keys, openenv, data, evaluate, cases, bench, catalogue)
"""Each module adds its commands to the parser; in the order in which the help lists them."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="nextstate", description="Record, simulate and measure environments with language world models."
    )
    root.add_argument("--version", action="version", version=f"nextstate {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in GROUPS:
        group.add(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status. Wrong usage and broken data become one line, not a traceback."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except (UsageError, DataError) as error:
        say(f"nextstate: error: {printable(str(error))}")
        return WRONG_USAGE
    except NextstateError as error:
        say(f"nextstate: error: {printable(str(error))}")
        return FAILED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("", "nextstate"):
            raise
        say(f"nextstate: error: the package {error.name} is not installed; pip install 'nextstate[data]' brings it")
        return FAILED
    except KeyboardInterrupt:
        say("nextstate: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as in `nextstate ... | head`; the interpreter must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        say(f"nextstate: error: {printable(str(error.filename or 'system'))}: {error.strerror or error}")
        return FAILED


def _run(argv: list[str]) -> int:
    root = parser()
    known = _commands(root)
    if argv and not argv[0].startswith("-") and argv[0] not in known:
        raise unknown_name("command", argv[0], known)
    arguments = root.parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def _commands(root: argparse.ArgumentParser) -> list[str]:
    subparsers = next(action for action in root._actions if isinstance(action, argparse._SubParsersAction))
    return list(subparsers.choices)

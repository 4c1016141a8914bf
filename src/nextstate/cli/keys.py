"""``nextstate keys``: who may come in to a server, and how much it may use."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import DONE, positive, print_json, printable, say

if TYPE_CHECKING:
    from nextstate.cli.common import Commands
    from nextstate.serve.keys import Key

QUOTAS = {
    "open_sessions": "sessions that have not ended, at a time",
    "steps": "steps in all",
    "tokens": "prompt and completion tokens in all",
    "bytes": "bytes of actions and observations in all",
    "seconds": "seconds of waiting for answers in all",
}


def add(commands: Commands) -> None:
    group = commands.add_parser("keys", help="make, list and revoke the keys of a server")
    words = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = words.add_parser("new", help="make a key and print its secret, which is kept nowhere else")
    _named(one)
    one.add_argument("--rate", type=rate, metavar="R", help="requests a second (default: no bound)")
    for name, words_of in QUOTAS.items():
        option = f"--{name.replace('_', '-')}"
        one.add_argument(option, type=positive, metavar="N", help=f"{words_of} (default: no bound)")
    one.set_defaults(run=run_new)
    one = words.add_parser("list", help="list the keys of a file")
    _file(one)
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=run_list)
    one = words.add_parser("revoke", help="put a key out of force, at once")
    _named(one)
    one.set_defaults(run=run_revoke)


def _named(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", metavar="NAME", help="who has the key; sessions belong to this name")
    _file(one)


def _file(one: argparse.ArgumentParser) -> None:
    one.add_argument("--keys", metavar="FILE", required=True, help="the file of keys, as `nextstate serve` takes it")


def run_new(arguments: argparse.Namespace) -> int:
    from nextstate.serve.keys import Keys
    from nextstate.sim.quota import Quota

    quota = Quota(**{name: getattr(arguments, name) for name in QUOTAS})
    secret = Keys(arguments.keys).new(arguments.name, quota=quota, rate=arguments.rate)
    say(f"the key of {arguments.name}; it is shown this once, and {arguments.keys} holds only its hash")
    print(secret)
    return DONE


def run_list(arguments: argparse.Namespace) -> int:
    from nextstate.serve.keys import Keys

    keys = Keys(arguments.keys).all()
    if arguments.json:
        print_json({"keys": list(map(as_dict, keys))})
        return DONE
    for key in keys:
        print(f"{printable(key.name, keep=''):<20} {_made(key.created)}  {', '.join(_told(key)) or 'no bounds'}")
    return DONE


def run_revoke(arguments: argparse.Namespace) -> int:
    from nextstate.serve.keys import Keys

    Keys(arguments.keys).revoke(arguments.name)
    say(f"the key of {arguments.name} is revoked; servers that use {arguments.keys} refuse it from now on")
    return DONE


def as_dict(key: Key) -> dict[str, Any]:
    """What a list tells of a key: not its hash, which nobody needs to see."""
    quota = {name: getattr(key.quota, name) for name in QUOTAS}
    return {"name": key.name, "created": key.created, "revoked": key.revoked, "rate": key.rate, "quota": quota}


def _told(key: Key) -> list[str]:
    told = [f"revoked {_made(key.revoked)}"] if key.revoked is not None else []
    told += [f"{key.rate:g} requests a second"] if key.rate is not None else []
    bounds = ((name, getattr(key.quota, name)) for name in QUOTAS)
    return told + [f"{value:g} {name.replace('_', ' ')}" for name, value in bounds if value is not None]


def _made(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def rate(text: str) -> float:
    """Requests a second, as an option says it. Raises :class:`argparse.ArgumentTypeError`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value

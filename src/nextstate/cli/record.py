"""``nextstate record``: record a real environment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.cli import record_mcp
from nextstate.cli.common import DONE, count, existing, writable
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from nextstate.cli.common import Commands
    from nextstate.types import Trajectory, Turn

USAGE = """\
Without --script and COMMAND, commands are read from standard input; on a terminal they are asked for one by one,
until end of file (Ctrl-D). As in:
  nextstate record terminal --out session.jsonl -- 'mkdir a && cd a' 'ls -la'"""


def add(commands: Commands) -> None:
    group = commands.add_parser("record", help="record a real environment")
    words = group.add_subparsers(title="commands", metavar="DOMAIN", required=True)
    one = words.add_parser(
        "terminal",
        help="record a real bash",
        description="Type commands into one real bash, in a sandbox, and write what it shows as a trajectory.",
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("--out", metavar="FILE", required=True, help="trajectory file to add to, after every command")
    one.add_argument("--script", metavar="FILE", help="the commands, as a shell would read them (- is standard input)")
    one.add_argument(
        "--timeout", type=float, default=10.0, metavar="S", help="seconds a command may take (default: %(default)g)"
    )
    one.add_argument(
        "--no-sandbox", action="store_true", help="go on without bubblewrap: commands then run as you, on this machine"
    )
    one.add_argument(
        "--keystrokes", action="store_true", help="commands are JSON arrays of keystrokes, one a line, typed into tmux"
    )
    one.add_argument("commands", nargs="*", metavar="COMMAND", help="a command line, each quoted whole; after --")
    one.set_defaults(run=run)
    record_mcp.add(words)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    target = writable(arguments.out)
    name = f"{target.name.split('.')[0]}-{held(target) + 1}"
    if arguments.commands or arguments.script or not sys.stdin.isatty():
        trajectory = asyncio.run(typed(arguments, target, name))
    else:
        trajectory = asyncio.run(asked(arguments, target, name))
    print(f"{count(len(trajectory.turns), 'turn')} {told(trajectory)} written to {target}")
    return DONE


async def typed(arguments: argparse.Namespace, target: Path, name: str) -> Trajectory:
    """Record the given commands."""
    from nextstate.record.terminal import record_commands

    return await record_commands(
        commands_of(arguments),
        id=name,
        sandbox="none" if arguments.no_sandbox else "auto",
        allow_unsandboxed=arguments.no_sandbox,
        timeout=arguments.timeout,
        keystrokes=arguments.keystrokes,
        out=target,
    )


async def asked(arguments: argparse.Namespace, target: Path, name: str) -> Trajectory:
    """Record what a person types, line by line, and show what the real shell shows."""

    from nextstate.record.shell import Limits
    from nextstate.record.terminal import record_interactive

    async def ask() -> str | None:
        lines: list[str] = []
        while not lines or not (arguments.keystrokes or whole("\n".join(lines))):
            line = await typed_line("> " if lines else "$ ")
            if line is None:
                break
            lines.append(line)
        return "\n".join(lines) if lines else None

    def show(turn: Turn) -> None:
        end = "" if turn.observation.endswith("\n") or not turn.observation else "\n"
        print(turn.observation, end=end, flush=True)

    return await record_interactive(
        target,
        ask,
        show,
        id=name,
        sandbox="none" if arguments.no_sandbox else "auto",
        allow_unsandboxed=arguments.no_sandbox,
        keystrokes=arguments.keystrokes,
        limits=Limits(timeout=arguments.timeout),
    )


async def typed_line(prompt: str) -> str | None:
    """The next line of standard input, a terminal; ``None`` at its end. Ctrl-C is not held up, as it is by a thread."""
    import asyncio

    print(prompt, end="", flush=True)
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)
    line = sys.stdin.readline()
    if not line:
        print()
    return line.removesuffix("\n") if line else None


def commands_of(arguments: argparse.Namespace) -> list[str]:
    """The commands to type. Raises :class:`UsageError` when there are none or they are given twice."""
    if arguments.commands and arguments.script:
        raise UsageError("give either --script or commands after --, not both")
    flags = [word for word in arguments.commands if word.startswith("-")]
    if flags:
        raise UsageError(f"{flags[0]!r} is not a command line; quote each one whole, as in -- 'ls -la' 'pwd'")
    if arguments.commands:
        return list(arguments.commands)
    if arguments.script in (None, "-"):
        text = sys.stdin.read()
    else:
        text = existing(arguments.script).read_text("utf-8", "surrogateescape")
    found = [line for line in text.split("\n") if line.strip()] if arguments.keystrokes else split(text)
    if not found:
        raise UsageError("there is no command to record; give --script FILE, or -- 'COMMAND' ...")
    return found


def split(text: str) -> list[str]:
    """The commands of a script, each with all its lines (quotes, loops, here-documents); comments are left out."""
    found: list[str] = []
    pending: list[str] = []
    for line in text.split("\n"):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        pending.append(line)
        if whole("\n".join(pending)):
            found.append("\n".join(pending))
            pending = []
    return [*found, *(["\n".join(pending).rstrip("\n")] if pending else [])]


def whole(command: str) -> bool:
    """Whether bash needs no further line; it parses (``-n``) and runs nothing."""
    import subprocess

    if (len(command) - len(command.rstrip("\\"))) % 2:
        return False
    source = command.encode("utf-8", "surrogateescape")
    said = subprocess.run(["bash", "-n"], input=source, capture_output=True, env={"LC_ALL": "C"}, check=False).stderr
    return not any(words in said for words in (b"unexpected end of file", b"unexpected EOF", b"here-document"))


def held(target: Path) -> int:
    """How many trajectories ``target`` holds already."""
    from nextstate.data import store

    return sum(1 for _ in store.read_lenient(target, lambda error: None)) if target.exists() else 0


def told(trajectory: Trajectory) -> str:
    """How the recording went, for people."""
    from nextstate.data.scrub import report

    meta = trajectory.meta
    guard = "recorded without a sandbox" if meta["sandbox"] == "none" else f"recorded inside {meta['sandbox']}"
    left = f", {meta['left']} left after the shell ended ({meta['ending']})," if meta.get("left") else ""
    return guard + left + (f", scrubbed ({scrubbed})," if (scrubbed := report(trajectory)) else "")

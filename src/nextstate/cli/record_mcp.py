"""``nextstate record mcp``: record a real MCP server while it is used, or stand in for it from what was recorded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.cli.common import DONE, count, existing, say, writable
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from nextstate.cli.common import Commands

USAGE = """\
Put it into a client's configuration in the place of COMMAND: it forwards everything and writes it down.
  nextstate record mcp --out notes.jsonl -- npx -y @modelcontextprotocol/server-memory
One word more, and what was recorded answers in the place of COMMAND, which is not started:
  nextstate record mcp --out notes.jsonl --simulate notes.jsonl -- npx -y @modelcontextprotocol/server-memory"""


def add(words: Commands) -> None:
    """Add the command to the subcommands of ``record``."""
    one = words.add_parser(
        "mcp",
        help="record a real MCP server, or simulate it from recordings",
        description="An MCP server that stands in front of a real one and records it, or stands in for it.",
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("--out", metavar="FILE", help="trajectory file (.jsonl) to add to, after every call")
    one.add_argument("--url", metavar="URL", default="", help="the server's Streamable HTTP address, for COMMAND")
    one.add_argument(
        "--port", type=int, metavar="N", help="serve clients at http://127.0.0.1:N/mcp (0: a free port), not on stdio"
    )
    one.add_argument("--simulate", metavar="FILE", help="answer from these recordings; COMMAND and --out are not used")
    one.add_argument(
        "--model",
        default="kernel",
        metavar="M",
        help="who answers what recordings do not settle; 'kernel' refuses it (default: %(default)s)",
    )
    one.add_argument("--seed", type=int, default=0, metavar="N", help="of the world model (default: %(default)s)")
    one.add_argument("--store", metavar="FILE", help="keep the simulated session in this file of sessions")
    one.add_argument("--session", default="", metavar="ID", help="go on with this session of --store, or begin it")
    one.add_argument("--log", metavar="FILE", help="a line of JSON for each simulated answer: who gave it, and why")
    one.add_argument("command", nargs="*", metavar="COMMAND", help="the server's command line; after --")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    work = _simulated(arguments) if arguments.simulate else _recorded(arguments)
    try:
        say(f"nextstate: {asyncio.run(work)}")
    except KeyboardInterrupt:  # how a server on a port is ended; what was recorded is in the file
        say("nextstate: ended")
    return DONE


async def _recorded(arguments: argparse.Namespace) -> str:
    """Record until the client leaves; what was recorded, in words."""
    if not arguments.out:
        raise UsageError("--out FILE says where the recording goes; or give --simulate FILE to answer from one")
    try:
        from nextstate.record import mcp_proxy
        from nextstate.record.mcp import Server
    except ModuleNotFoundError:
        raise UsageError("recording an MCP server needs the MCP SDK: pip install 'nextstate[mcp]'") from None
    from nextstate.data.scrub import report

    server = Server(command=tuple(arguments.command), url=arguments.url)
    book = await mcp_proxy.serve(server, writable(arguments.out), port=arguments.port, say=say)
    done = book.trajectory
    scrubbed = f", scrubbed ({found})," if (found := report(done)) else ""
    return f"{count(len(done.turns), 'call')} recorded{scrubbed} as {book.id} in {book.path}"


async def _simulated(arguments: argparse.Namespace) -> str:
    """Answer from recordings until the client leaves; who answered, in words."""
    try:
        from nextstate.serve import proxy
    except ModuleNotFoundError:
        raise UsageError("simulating an MCP server needs the MCP SDK: pip install 'nextstate[mcp]'") from None
    if arguments.session and not arguments.store:
        raise UsageError("--session names a session of --store FILE; give both")
    wanted = proxy.Wanted(
        recordings=existing(arguments.simulate),
        model=arguments.model,
        seed=arguments.seed,
        store=Path(arguments.store) if arguments.store else None,
        session=arguments.session,
        log=writable(arguments.log) if arguments.log else None,
    )
    return await proxy.serve(wanted, port=arguments.port, say=say)

"""``nextstate serve``: worlds behind MCP, OpenEnv, REST, an OpenAI-compatible API, and a playground: one process."""

from __future__ import annotations

import argparse
import re
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from nextstate.cli.common import DONE, Data, count, existing, opened_model, positive, say, writable
from nextstate.errors import UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Sequence

    from nextstate.cli.common import Commands
    from nextstate.serve.catalogue import Catalogue
    from nextstate.serve.gate import Gate
    from nextstate.serve.service import Service
    from nextstate.sim import Limits
    from nextstate.types import Trajectory, WorldModel

PORT = 8321
DEFAULT = "grounded+local"
NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})=")
"""How ``--model`` gives a world model a public name."""

EPILOG = """\
The first --model is the one that answers where a request names none. On a loopback address no key is needed; elsewhere
the server wants --keys (`nextstate keys new NAME --keys FILE` makes one). As in:
  nextstate serve
  nextstate serve --model big=grounded+chat:NAME@URL --model kernel --data recordings.jsonl --store worlds.sqlite"""


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "serve",
        help="serve worlds to agents, trainers and people",
        description="Serve simulated worlds: MCP, the OpenEnv wire, REST, an OpenAI-compatible API and a playground.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    one.add_argument("--port", type=int, default=PORT, metavar="N", help="0 is any free one (default: %(default)s)")
    _models(one)
    one.add_argument("--keys", metavar="FILE", help="who may come in; needed where others can reach the address")
    one.add_argument("--log", action="store_true", help="a JSON line for each request, on standard error")
    one.add_argument(
        "--reports", metavar="DIR", action="append", default=[], help="folder of evaluation runs to show; repeatable"
    )
    group = one.add_argument_group("one session instead, or beside")
    group.add_argument("--stdio", action="store_true", help="serve one session over MCP on standard input and output")
    group.add_argument(
        "--adb", type=int, metavar="PORT", help="also serve one session as a device to adb, at this port"
    )
    group.add_argument(
        "--scenario", default="", metavar="NAME", help="the scenario of that session (default: the first)"
    )
    group.add_argument("--session", default="", metavar="ID", help="go on with this session of --store, or begin it")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of that session (default: %(default)s)")
    one.set_defaults(run=run)


def _models(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--model",
        metavar="[NAME=]M",
        action="append",
        help="who answers, by what name; repeatable (default: grounded+local)",
    )
    one.add_argument("--data", metavar="FILE", action="append", default=[], help="recordings to begin from; repeatable")
    one.add_argument("--store", metavar="FILE", help="where sessions are kept (default: they end with the server)")
    one.add_argument("--max-turns", type=positive, metavar="N", help="turns of a session (default: no bound)")
    one.add_argument("--max-tokens", type=positive, metavar="N", help="tokens of a session (default: no bound)")
    one.add_argument(
        "--idle",
        type=positive,
        default=3600,
        metavar="S",
        help="seconds until a session that nobody touches ends (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate import ui
    from nextstate.serve import gate
    from nextstate.serve.app import build, server
    from nextstate.serve.keys import Keys

    keys = Keys(existing(arguments.keys)) if arguments.keys else None
    opened = gate.opened(arguments.host, keys, log=gate.to_stderr if arguments.log else None)
    async with serving(arguments, opened) as service, AsyncExitStack() as stack:
        if arguments.stdio:
            await _stdio(arguments, service)
            return DONE
        if arguments.adb is not None:
            say(f"a device for adb at port {await stack.enter_async_context(await _device(arguments, service))}")
        listener = _listener(arguments.host, arguments.port)
        running = server(build(service, ui))
        say(_welcome(service, listener.getsockname()))
        await running.serve([listener])
    return DONE


async def _stdio(arguments: argparse.Namespace, service: Service) -> None:
    from nextstate.serve.mcp.stdio import serve_stdio

    await serve_stdio(service, _scenario(arguments, service), session=arguments.session, seed=arguments.seed)


async def _device(arguments: argparse.Namespace, service: Service) -> AbstractAsyncContextManager[int]:
    from nextstate.serve import adb
    from nextstate.serve.problems import ANYBODY
    from nextstate.serve.service import opened

    name = arguments.scenario or ("" if arguments.session else _first_device(service.catalogue))
    id = await opened(service, name, session=arguments.session, model="", seed=arguments.seed, owner=ANYBODY)
    return adb.listening(service.sessions, ANYBODY, [id], port=arguments.adb)


def _first_device(catalogue: Catalogue) -> str:
    """Raises :class:`UsageError` where no scenario is a device."""
    from nextstate.domain import find

    for entry in catalogue.page(limit=len(catalogue)):
        if find(entry.domain).device is not None:
            return entry.name
    raise UsageError("no scenario is a device; give recordings of one with --data FILE")


def _scenario(arguments: argparse.Namespace, service: Service) -> str:
    """The scenario that is named; else, for a session that may be there already, none, or the first one."""
    name: str = arguments.scenario
    return name or ("" if arguments.session else service.catalogue.default())


@asynccontextmanager
async def serving(arguments: argparse.Namespace, gate: Gate) -> AsyncIterator[Service]:
    """The service that the options name; its models are closed at the end, its store last.

    Raises :class:`UsageError` for models of one name and files that are not there.
    """
    from nextstate.serve.service import Service
    from nextstate.sim.sessions import Sessions
    from nextstate.sim.tree import Tree

    catalogue = _catalogue(arguments.data)
    async with AsyncExitStack() as stack:
        models = await _opened_models(arguments.model or [DEFAULT], stack)
        kept = Tree(writable(arguments.store) if arguments.store else None)
        stack.push_async_callback(kept.aclose)
        sessions = Sessions(models, kept, limits=_limits(arguments), quota=gate.quota, idle_seconds=arguments.idle)
        stack.push_async_callback(sessions.aclose)
        yield Service(sessions, catalogue, gate, tuple(existing(folder) for folder in arguments.reports))


async def _opened_models(named: Sequence[str], stack: AsyncExitStack) -> dict[str, WorldModel]:
    models: dict[str, WorldModel] = {}
    for one in named:
        given = NAMED.match(one)
        model = await stack.enter_async_context(opened_model(one[given.end() :] if given else one))
        name = given[1] if given else model.name
        if name in models:
            raise UsageError(f"two models are called {name!r}; give them names, as in --model fast={one}")
        models[name] = model
    return models


def _catalogue(files: Sequence[str]) -> Catalogue:
    from nextstate.serve.catalogue import Catalogue

    recordings: dict[str, list[Trajectory]] = {}
    for file in files:
        path = existing(file)
        recordings.setdefault(path.name.split(".")[0], []).extend(Data(path))
    return Catalogue.of(recordings)


def _limits(arguments: argparse.Namespace) -> Limits:
    from nextstate.sim import Limits

    return Limits(turns=arguments.max_turns, tokens=arguments.max_tokens)


def _listener(host: str, port: int) -> socket.socket:
    """Raises :class:`UsageError` where nothing can be listened to there."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on {host} port {port}: {error}; give another --host or --port") from None


def _welcome(service: Service, address: tuple[Any, ...]) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    url = f"http://{host}:{address[1]}"
    return (
        f"{count(len(service.catalogue), 'scenario')}, answered by {', '.join(service.sessions.models)}\n"
        f"  playground  {url}/\n"
        f"  REST        {url}/v1   ({url}/openapi.json)\n"
        f"  OpenAI      {url}/v1   (chat/completions)\n"
        f"  MCP         {url}/s/SESSION/mcp\n"
        f"  OpenEnv     {url}\n"
        "Ctrl-C stops it."
    )

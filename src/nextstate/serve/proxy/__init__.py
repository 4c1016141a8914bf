"""An MCP server that stands in for a recorded one: ``nextstate record mcp --simulate FILE``.

Its state is a session (:class:`nextstate.sim.sessions.Sessions`), so what was written in the simulation is read again,
and a session that was kept in a file can be gone on with, forked and rewound by everything else that opens such files.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.domain import find
from nextstate.errors import UsageError
from nextstate.models import base
from nextstate.models.spec import build
from nextstate.record.mcp_wire import About, Front, stdio
from nextstate.serve.proxy.exchanges import Exchanges
from nextstate.serve.proxy.simulator import OWNER, Account, Simulator
from nextstate.serve.proxy.world import Simulated
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import NoSuchSession, Sessions

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Setup, Trajectory

COMPUTED_ONLY = "kernel"
"""The name of the model that refuses what is neither recorded nor determined."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be simulated: the ``recordings``, who answers the rest, and where the session and the log are kept."""

    recordings: Path
    model: str = COMPUTED_ONLY
    seed: int = 0
    store: Path | None = None
    session: str = ""
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Recordings of one server; the set-up and what it says of itself are those of the last one."""

    domain: Domain
    setup: Setup
    trajectories: tuple[Trajectory, ...]
    about: About

    @classmethod
    def read(cls, path: Path) -> Recorded:
        """The recordings in a file. Raises :class:`UsageError` for none, or those of several servers."""
        found = tuple(store.read(path))
        if not found:
            raise UsageError(f"{path} holds no recording")
        servers = sorted({f"{one.domain} {one.meta.get('environment', '')}".strip() for one in found})
        if len(servers) > 1:
            names = ", ".join(servers[:5])
            raise UsageError(
                f"{path} holds recordings of {len(servers)} servers ({names}); give each a file of its own"
            )
        last = found[-1]
        return cls(find(last.domain), replace(last.setup, demonstrations=()), found, _about(last))

    def hints(self) -> Mapping[str, bool]:
        """Which tools only read, as far as the server says so in ``readOnlyHint``."""
        return {name: hint for one in self.trajectories for name, hint in _hints(one)}


def _about(recording: Trajectory) -> About:
    told = recording.meta.get("server")
    about: Mapping[str, Any] = told if isinstance(told, dict) else {}
    meta = recording.meta
    known = {"name": str(meta.get("environment") or recording.id), "version": str(meta.get("version") or "")}
    return About.of(
        {
            "info": about.get("info") or known,
            "capabilities": about.get("capabilities") or {"tools": {}},
            "instructions": about.get("instructions") or recording.setup.initial_state or None,
            "protocol": about.get("protocol"),
        }
    )


def _hints(recording: Trajectory) -> list[tuple[str, bool]]:
    exchanges = recording.meta.get("exchanges")
    lists = [one.get("result") for one in exchanges if isinstance(one, dict)] if isinstance(exchanges, list) else []
    tools = [tool for one in lists if isinstance(one, dict) for tool in _listed(one) if isinstance(tool, dict)]
    hints = [(str(tool.get("name")), tool.get("annotations")) for tool in tools]
    return [
        (name, hint["readOnlyHint"])
        for name, hint in hints
        if isinstance(hint, dict) and isinstance(hint.get("readOnlyHint"), bool)
    ]


def _listed(result: Mapping[str, Any]) -> list[Any]:
    tools = result.get("tools")
    return tools if isinstance(tools, list) else []


@contextlib.asynccontextmanager
async def simulated(wanted: Wanted) -> AsyncIterator[tuple[Front, Simulator]]:
    """The side that clients see, to be served, and who answers it. Raises :class:`UsageError`."""
    from nextstate.sim.tree import Tree

    recorded = Recorded.read(wanted.recordings)
    model = None if wanted.model == COMPUTED_ONLY else build(wanted.model)
    world = Simulated(recorded.domain, recorded.setup, recorded.trajectories, recorded.hints(), model)
    sessions = Sessions({wanted.model: world}, Tree(wanted.store), idle_seconds=float("inf"))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(sessions.aclose)
        stack.push_async_callback(base.close, world)
        log = stack.enter_context(wanted.log.open("a", encoding="utf-8")) if wanted.log else None
        scenario = Scenario(recorded.domain.name, recorded.setup, name=wanted.recordings.stem)
        id = await _session(sessions, scenario, wanted)
        exchanges = Exchanges.of(world.recollection, recorded.setup, recorded.trajectories)
        simulator = Simulator(sessions, id, world, exchanges, Account(log=log))
        yield Front(recorded.about, simulator.answer), simulator


async def _session(sessions: Sessions, scenario: Scenario, wanted: Wanted) -> str:
    """The session that is gone on with, or a new one."""
    with contextlib.suppress(NoSuchSession):
        if wanted.session:
            return (await sessions.view(OWNER, wanted.session)).id
    return (await sessions.create(OWNER, scenario, seed=wanted.seed, id=wanted.session)).id


async def serve(wanted: Wanted, *, port: int | None, say: Callable[[str], None]) -> str:
    """Stand in for the recorded server until the client leaves; who answered, in words."""
    async with simulated(wanted) as (front, simulator):
        for id in simulator.world.recollection.left:
            say(f"nextstate: {id} began in another state than the recordings before it: only its manner is used")
        if port is None:
            async with stdio() as client:
                await front.serve(client)
        else:
            await front.http(port, lambda url: say(f"simulating at {url}"))
        where = f"; session {simulator.id} in {wanted.store}" if wanted.store else ""
        return f"{simulator.account}{where}"

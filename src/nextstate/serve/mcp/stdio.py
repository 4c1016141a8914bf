"""One session behind a pair of pipes, for clients that start their servers as programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mcp.server.stdio import stdio_server

from nextstate.serve.mcp import agent
from nextstate.serve.problems import ANYBODY
from nextstate.serve.queues import Place
from nextstate.serve.service import opened

if TYPE_CHECKING:
    from nextstate.serve.service import Service


async def serve_stdio(
    service: Service, scenario: str, *, session: str = "", model: str = "", seed: int = 0, owner: str = ANYBODY
) -> None:
    """Serve one session over standard input and output until the input ends.

    A ``session`` that the store holds goes on where it stood, also one that ended because nobody touched it, and
    ``scenario`` may then be empty; else one is created, under that id if one is given. Its id is told on standard
    error. Raises :class:`UsageError` for an unknown scenario or model, and for a session of another scenario.
    """
    place = Place(owner, await opened(service, scenario, session=session, model=model, seed=seed, owner=owner))
    print(f"session {place.session}", file=sys.stderr, flush=True)
    server = agent.server_of(service.sessions, service.queues, place)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())

"""The OpenEnv wire: the official clients of `openenv`, and trainers that speak its protocol, reach every scenario.

Written after the source of the package ``openenv`` 0.10.0 (``openenv.core.env_server.http_server``, ``mcp_types`` and
``types``), of which nothing is needed here. An episode is a session; its id is the ``episode_id``. Everything is served
twice: at the root, where a reset may name any scenario and the catalogue's first one is the default, and below
``/openenv/SCENARIO``, where that scenario is the default. ``POST /mcp`` is OpenEnv's own JSON-RPC with sessions; it is
not the streamable HTTP transport of the Model Context Protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import WebSocketRoute

from nextstate.serve.openenv import endpoints, tasks
from nextstate.serve.openenv.episodes import Episodes
from nextstate.serve.openenv.sockets import Calls, Steps

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service

BASES = ("", "/openenv/{scenario:path}")
"""Where the wire begins: the clients take an address with a path."""


def routes(service: Service) -> list[BaseRoute]:
    """The routes of the wire, in the order in which they are tried."""
    episodes = Episodes(service)
    found: list[BaseRoute] = []
    for base in BASES:
        found += [
            WebSocketRoute(f"{base}/ws", Steps(episodes)),
            WebSocketRoute(f"{base}/mcp", Calls(episodes)),
            *endpoints.routes(base, episodes),
        ]
    return found + list(tasks.routes(service))

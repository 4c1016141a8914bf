"""Where a message of the protocol belongs: which owner's session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from nextstate.serve.queues import Place

KEY = "nextstate.place"
"""Under this key a request's scope holds its :class:`~nextstate.serve.queues.Place`."""


def place_of(context: ServerRequestContext[Any, Any], alone: Place | None) -> Place:
    """Where a message belongs: what its request says, or ``alone`` where messages come from a pipe."""
    if alone is not None:
        return alone
    assert context.request is not None  # every message over HTTP has its request
    found: Place = context.request.scope[KEY]
    return found

"""What goes wrong, as the protocol says it.

Three kinds can be told apart. A simulated failure is a result with ``isError`` and ``nextstate/origin``: the world
showed it, it is a turn. A call that is no action of the world is a result with ``isError`` and ``nextstate/error`` in
its ``_meta``: the agent may mend it, and no turn was taken. Everything else, a world model that gave no answer
foremost, is an error of JSON-RPC, with the codes below; its ``data`` is what other surfaces answer under ``error``.

The codes -32000 to -32019 are an implementation's own by the allocation policy of protocol 2026-07-28; -32000 to
-32002 are in use by official libraries or retired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from nextstate.serve.problems import problem

if TYPE_CHECKING:
    from nextstate.errors import NextstateError

CODES = {
    "no_such_session": -32003,
    "busy": -32004,
    "session_ended": -32005,
    "quota_exceeded": -32006,
    "step_failed": -32007,
    "store_failed": -32008,
}
"""Codes of JSON-RPC by the code that the other surfaces use; what stands not here are invalid params, -32602."""


def told(error: NextstateError) -> dict[str, Any]:
    """The members of an error of JSON-RPC: code, message, data."""
    data = problem(error)["error"]
    return {"code": CODES.get(data["code"], INVALID_PARAMS), "message": data["message"], "data": data}


def protocol_error(error: NextstateError) -> MCPError:
    """``error`` as the official library raises it."""
    return MCPError(**told(error))

"""Results of MCP tools in turns of a trajectory, such that the very result can be made of a turn again.

A turn shows the text that an agent sees (:func:`nextstate.record.mcp.shown`). What of the result does not follow from
that text stands in ``meta["result"]``: every member but a ``content`` that is that one text and nothing else, and a
``structuredContent`` that stands in ``meta["structured"]``. An error of JSON-RPC has its ``code`` in ``meta``, and
``data`` where it has some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.record import mcp
from nextstate.types import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Action, Json


def turn(action: Action, result: Mapping[str, Any], more: Mapping[str, Json]) -> Turn:
    """The turn of a call; ``more`` is added to its meta. Raises :class:`pydantic.ValidationError` for no result."""
    from mcp_types import CallToolResult

    text, meta = mcp.shown(CallToolResult.model_validate(dict(result)))
    return Turn(action, text, {**meta, **more, "result": _rest(result, text, meta)})


def _rest(result: Mapping[str, Any], text: str, meta: Mapping[str, Json]) -> dict[str, Json]:
    rest = dict(result)
    if rest.get("content") == _plain(text):
        del rest["content"]
    else:
        rest.setdefault("content", [])
    if "structured" in meta and rest.get("structuredContent") == meta["structured"]:
        del rest["structuredContent"]
    return rest


def result(turn: Turn) -> dict[str, Any] | None:
    """The result that a turn was made of; ``None`` where it does not tell it (an error of JSON-RPC has none)."""
    rest = turn.meta.get("result")
    if not isinstance(rest, dict):
        return None
    found: dict[str, Any] = {} if "content" in rest else {"content": _plain(turn.observation)}
    if "structured" in turn.meta and "structuredContent" not in rest:
        found["structuredContent"] = turn.meta["structured"]
    return {**found, **rest}


def _plain(text: str) -> list[dict[str, Json]]:
    return [{"type": "text", "text": text}]


def failed(action: Action, code: int, message: str, data: Json, more: Mapping[str, Json]) -> Turn:
    """The turn of a call that was answered by an error of JSON-RPC."""
    told = {} if data is None else {"data": data}
    return Turn(action, message, {"error": True, "code": code, **told, **more})

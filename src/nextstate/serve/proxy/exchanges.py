"""Requests of an MCP client that call no tool, answered as they were when a server was recorded.

Lists of declarations are answered as they were at the same point, else as they always were. What may hang on what the
calls did (a resource, a prompt, a completion) is answered where it was recorded in the same situation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.record.mcp_wire import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nextstate.serve.proxy.recollection import Recollection
    from nextstate.types import Setup, Trajectory, Turn

DECLARING = frozenset(("tools/list", "prompts/list", "resources/templates/list"))
"""Requests for what a server declares, which is not what its calls have made."""
SILENT = frozenset(("logging/setLevel", "resources/subscribe", "resources/unsubscribe"))
"""Requests that are acknowledged: their result says nothing."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A recorded answer: a ``result`` or an ``error`` of JSON-RPC, given in a ``situation`` ``after`` so many turns."""

    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    situation: bytes
    after: int
    where: str


@dataclass(slots=True)
class Exchanges:
    """Recorded answers by method and parameters."""

    recollection: Recollection
    setup: Setup
    _known: dict[str, list[Exchange]] = field(default_factory=dict)

    @classmethod
    def of(cls, recollection: Recollection, setup: Setup, recordings: Iterable[Trajectory]) -> Exchanges:
        found = cls(recollection, setup)
        for recording in recordings:
            told = recording.meta.get("exchanges")
            for one in told if isinstance(told, list) else ():
                if isinstance(one, dict) and isinstance(one.get("method"), str):
                    found._add(recording, one)
        return found

    def find(self, history: Sequence[Turn], method: str, params: Mapping[str, Any]) -> Exchange | str:
        """The recorded answer; why there is none, in words, where that is not settled."""
        if method in SILENT:
            return Exchange({}, None, b"", 0, "it is acknowledged")
        known = self._known.get(_key(method, params), [])
        if not known:
            return self._declared(method, params) or f"no {method} with these parameters was recorded"
        if method in DECLARING and all(_same(one, known[0]) for one in known):
            return known[0]
        situation = self.recollection.situation(history)
        alike = [one for one in known if one.situation == situation]
        if not alike:
            return "it was recorded, but other calls that may have changed it were made before"
        exact = [one for one in alike if one.after <= len(history)]
        settled = method in DECLARING or all(_same(one, alike[0]) for one in alike)
        return (exact or alike)[-1] if settled else "recordings differ about it in this situation"

    def _add(self, recording: Trajectory, one: Mapping[str, Any]) -> None:
        after, params, error = one.get("after"), one.get("params"), one.get("error")
        turns = recording.turns[: after if isinstance(after, int) else 0]
        result = one.get("result")
        if isinstance(result, dict) or isinstance(error, dict):
            exchange = Exchange(
                result if isinstance(result, dict) else None,
                error if isinstance(error, dict) else None,
                self.recollection.situation(turns),
                len(turns),
                f"{one['method']} after turn {len(turns)} of {recording.id}",
            )
            key = _key(one["method"], params if isinstance(params, dict) else {})
            self._known.setdefault(key, []).append(exchange)

    def _declared(self, method: str, params: Mapping[str, Any]) -> Exchange | None:
        """The tools of the set-up, where the recording was made by other means than a proxy."""
        if (
            method != "tools/list"
            or params.get("cursor")
            or any(key.startswith('["tools/list"') for key in self._known)
        ):
            return None
        tools = [
            {
                "name": tool.name,
                "description": tool.description,
                "inputSchema": dict(tool.input_schema) or {"type": "object"},
                **({"outputSchema": dict(tool.output_schema)} if tool.output_schema else {}),
            }
            for tool in self.setup.tools
        ]
        return Exchange({"tools": tools}, None, b"", 0, "the tools that the recording declares")


def _same(one: Exchange, other: Exchange) -> bool:
    return one.result == other.result and one.error == other.error


def _key(method: str, params: Mapping[str, Any]) -> str:
    return json.dumps([method, {key: value for key, value in bare(params).items() if key != "_meta"}], sort_keys=True)

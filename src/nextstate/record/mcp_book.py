"""What a recording proxy writes down: a trajectory that grows with every call, in a file that others may write, too.

Calls of tools are the turns. What else a client asked stands in the meta of the trajectory, so that it can be answered
again: ``server`` (its name, protocol, capabilities and instructions) and ``exchanges``, each with its ``method``,
``params``, ``result`` (or ``error``), the ``seconds`` that it took, the time ``t`` at which it began, in seconds since
1970, and ``after``, the number of turns before it. Where the list of tools has changed, the next turn says so in
``tools_changed`` (``new``, ``gone``); calls without an answer stand in ``unseen`` of the next turn, or of the meta.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.data import lines, store
from nextstate.data.scrub import scrub
from nextstate.domain import calls
from nextstate.errors import UsageError
from nextstate.record import mcp_results
from nextstate.types import Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Json

_Map: TypeAlias = "Mapping[str, Any]"
MAX_EXCHANGES = 10_000
"""Exchanges beside calls that are written down."""


@dataclass(slots=True)
class Book:
    """A trajectory under way and its ``.jsonl`` file; ``server`` is what the server says of itself, as JSON."""

    path: Path
    server: Mapping[str, Json]
    id: str = ""
    tools: tuple[Tool, ...] = ()
    turns: list[Turn] = field(default_factory=list)
    exchanges: list[Json] = field(default_factory=list)
    _current: dict[str, Tool] = field(default_factory=dict)
    _more: dict[str, Json] = field(default_factory=dict)
    """What the next turn has to say beside its own."""
    _asked: int = 0
    _written: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        if self.path.suffix != ".jsonl":
            raise UsageError(f"{self.path} is written again and again; give a .jsonl file, and compress it when done")
        with _alone(self.path):
            held = _lines(self.path)
            taken = {line[:MAX_ID] for line in held}
            number = len(held) + 1
            while any(line.startswith(_head(f"{self.path.stem}-{number}")) for line in taken):
                number += 1
            self.id = f"{self.path.stem}-{number}"
            self._write()

    @property
    def trajectory(self) -> Trajectory:
        """What was recorded so far, scrubbed of secrets."""
        info = self.server.get("info")
        about = {"environment": info["name"], "version": info.get("version", "")} if isinstance(info, dict) else {}
        more = {"unseen": self._more["unseen"]} if "unseen" in self._more else {}
        meta: dict[str, Json] = {**about, "server": dict(self.server), "exchanges": self.exchanges, **more}
        setup = Setup(str(self.server.get("instructions") or ""), self.tools)
        return scrub(Trajectory(self.id, "mcp", setup, tuple(self.turns), Source(dataset="recorded"), meta))

    def declared(self, tools: list[Tool]) -> None:
        """The tools as they are now; those before the first call are the set-up's, later changes are told by a turn."""
        now = {tool.name: tool for tool in tools}
        if not self.turns:
            self.tools = tuple(tools)
        elif now != self._current:
            new: list[Json] = [store.encode_tool(tool) for tool in tools if self._current.get(tool.name) != tool]
            gone: list[Json] = [name for name in self._current if name not in now]
            self._more["tools_changed"] = {"new": new, "gone": gone}
        self._current = now

    def called(self, name: str, arguments: _Map, result: Mapping[str, Any], times: dict[str, Json]) -> None:
        """A call was answered by a result; one that is none is told as a call without an answer."""
        from pydantic import ValidationError

        action = calls.render(name, arguments)
        try:
            turn = mcp_results.turn(action, result, {**times, **self._more})
        except ValidationError:
            self.unanswered(name, arguments, "malformed_result")
        else:
            self.turns.append(turn)
            self._more = {}

    def refused(self, name: str, arguments: _Map, code: int, message: str, data: Json, times: dict[str, Json]) -> None:
        """A call was answered by an error of JSON-RPC."""
        action = calls.render(name, arguments)
        self.turns.append(mcp_results.failed(action, code, message, data, {**times, **self._more}))
        self._more = {}

    def unanswered(self, name: str, arguments: _Map, ending: str) -> None:
        """A call was not answered; what it did is not known."""
        unseen = self._more.setdefault("unseen", [])
        if isinstance(unseen, list):
            unseen.append({"action": calls.render(name, arguments), "ending": ending})

    def exchanged(self, method: str, params: _Map, answer: dict[str, Json], times: dict[str, Json]) -> None:
        """A request that is no call was answered."""
        if len(self.exchanges) < MAX_EXCHANGES:
            after = len(self.turns)
            self.exchanges.append({"method": method, "params": dict(params), **answer, **times, "after": after})

    async def save(self) -> None:
        """Return once all that was noted is in the file."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._written >= mine:
                return
            now = self._asked
            await asyncio.to_thread(self._kept, self.trajectory)
            self._written = now

    def _kept(self, trajectory: Trajectory) -> None:
        with _alone(self.path):
            self._write(trajectory)

    def _write(self, trajectory: Trajectory | None = None) -> None:
        """Put the trajectory in the place of its earlier line, or at the end; the file is replaced at once."""
        own, head = store.line(trajectory or self.trajectory), _head(self.id)
        held = _lines(self.path)
        there = [line for line in held if line.startswith(head)]
        kept = [own if line.startswith(head) else line for line in held]
        lines.write(self.path, kept if there else [*kept, own])


MAX_ID = 400


def _head(id: str) -> bytes:
    """How the line of a trajectory begins."""
    return b'{"id": ' + json.dumps(id, ensure_ascii=False).encode() + b","


def _lines(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    return [line + b"\n" for line in path.read_bytes().split(b"\n") if line.strip()]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Other recorders of the same file wait."""
    with Path(f"{path}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

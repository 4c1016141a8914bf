"""The trajectories of a server as the viewer reads them: a filtered list, a head, and turns a few at a time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.data.filters import failed
from nextstate.eval.reports.model import cut
from nextstate.types import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.serve.catalogue import Catalogue, Entry
    from nextstate.types import Json, Trajectory, Turn

SCAN_SECONDS = 0.5
"""How long one request for a list looks through trajectories; the next one goes on where it stopped."""
HEAD = 200
"""Characters of an action, and of a title, in a list."""
TURNS_CHARS = 4_000_000
"""Characters of turns in one answer, but for the first one."""
MAX_META = 50_000
"""Characters of the ``meta`` of one turn, as JSON."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of trajectories; an empty text takes all. ``text`` is looked for without regard to case.

    ``origin`` is a name of :class:`~nextstate.types.Origin` that some turn must have; ``failed`` is ``yes`` where some
    turn must have failed, and ``no`` where none may have.
    """

    text: str = ""
    domain: str = ""
    origin: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class _Summary:
    origins: Mapping[str, int]
    failed: int


@dataclass(slots=True)
class Shelf:
    """The trajectories of a catalogue, with what was counted of them."""

    catalogue: Catalogue
    _entries: list[Entry] = field(default_factory=list)
    _summaries: dict[str, _Summary] = field(default_factory=dict)

    def entries(self) -> list[Entry]:
        """All that there are, in order."""
        if len(self._entries) != len(self.catalogue):
            self._entries = self.catalogue.page(limit=len(self.catalogue))
        return self._entries

    def listed(self, wanted: Wanted, offset: int, limit: int, *, seconds: float = SCAN_SECONDS) -> dict[str, Any]:
        """Up to ``limit`` of those that are ``wanted``, from the one with the number ``offset`` on.

        ``next`` is the offset of the following part, ``None`` where there is none; a part may be short, or empty,
        where looking took longer than ``seconds``.
        """
        every = self.entries()
        found: list[dict[str, Any]] = []
        until, at = time.monotonic() + seconds, offset
        while at < len(every) and len(found) < limit and (at == offset or time.monotonic() < until):
            entry = every[at]
            summary = self._summary(entry.name)
            if self._fits(entry, summary, wanted):
                found.append({**asdict(entry), "origins": dict(summary.origins), "failed": summary.failed})
            at += 1
        return {"entries": found, "next": at if at < len(every) else None, "total": len(every)}

    def _summary(self, name: str) -> _Summary:
        if name not in self._summaries:
            one = self.catalogue.recorded(name)
            origins = Counter(origin(turn, one) for turn in one.turns)
            self._summaries[name] = _Summary(dict(origins), sum(failed(turn) is True for turn in one.turns))
        return self._summaries[name]

    def _fits(self, entry: Entry, summary: _Summary, wanted: Wanted) -> bool:
        if wanted.domain not in ("", entry.domain) or (wanted.origin and wanted.origin not in summary.origins):
            return False
        if wanted.failed and (wanted.failed == "yes") != bool(summary.failed):
            return False
        return not wanted.text or _holds(self.catalogue.recorded(entry.name), entry.name, wanted.text.casefold())


def _holds(one: Trajectory, name: str, text: str) -> bool:
    about = (name, one.id, one.setup.initial_state, one.setup.instruction)
    if any(text in shown.casefold() for shown in about):
        return True
    return any(text in turn.action.casefold() or text in turn.observation.casefold() for turn in one.turns)


def origin(turn: Turn, trajectory: Trajectory) -> str:
    """Who answered a turn, as its ``meta`` says; else the model where the whole was simulated, or nobody: recorded."""
    told = turn.meta.get("origin")
    if isinstance(told, str):
        return told[:HEAD]
    return Origin.MODEL.value if trajectory.source.simulated_by else Origin.RECORDED.value


def head(name: str, one: Trajectory) -> dict[str, Any]:
    """All of a trajectory but its turns; long texts are cut, and say so."""
    whole = store.encode(one)
    shown = {key: bounded(whole.get(key) or {}) for key in ("setup", "source", "meta")}
    return {"name": name, "id": cut(one.id), "domain": one.domain, "turns": len(one.turns), **shown}


def outline(one: Trajectory, start: int, count: int) -> list[dict[str, Any]]:
    """One line for each of ``count`` turns from the number ``start`` on."""
    turns = one.turns[start : start + count]
    return [{"action": turn.action[:HEAD], "origin": origin(turn, one), "failed": failed(turn)} for turn in turns]


def turns(one: Trajectory, start: int, count: int) -> list[dict[str, Any]]:
    """``count`` turns from the number ``start`` on, or fewer where they are long."""
    found: list[dict[str, Any]] = []
    size = 0
    for turn in one.turns[start : start + count]:
        shown = {"action": cut(turn.action), "observation": cut(turn.observation)}
        size += sum(map(len, shown.values()))
        if found and size > TURNS_CHARS:
            break
        about = {"meta": _meta(turn), "origin": origin(turn, one), "failed": failed(turn)}
        found.append({**shown, **about})
    return found


def _meta(turn: Turn) -> Json:
    meta = bounded(dict(turn.meta))
    size = len(store.dump(meta))
    return meta if size <= MAX_META else {"(left out)": f"{size:,} bytes are too many to be shown here"}


def bounded(value: Json) -> Json:
    """``value`` with its long texts cut."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list | tuple):
        return [bounded(one) for one in value]
    if isinstance(value, dict):
        return {key: bounded(one) for key, one in value.items()}
    return value

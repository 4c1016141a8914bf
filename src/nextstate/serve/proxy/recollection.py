"""What recordings settle by themselves: the same call, in the same situation, shows the same.

Two situations are the same where all calls before were the same and showed the same; or, more loosely, where the calls
that may have changed something were the same, in the same order. The looser rule answers a call that only looks where
the domain's kernel, too, would expect the same answer again at once: not where time alone may change it. Where
recordings disagree, nothing is settled.

Whether a call only looks is told by the server's hint ``readOnlyHint`` (:data:`Hints`), else by the domain's ``acts``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domain import calls
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nextstate.domain import Domain, Kernel, State
    from nextstate.types import Action, Observation, Setup, Trajectory, Turn

Hints: TypeAlias = "Mapping[str, bool]"
"""Whether a tool only reads, for the tools of which the server says so."""
START = b"start"
MAX_STEPS = 20_000
"""Turns that a kernel is led through to learn what the recordings show of the beginning."""


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded turn that answers a call, and why it does."""

    turn: Turn
    why: str


@dataclass(frozen=True, slots=True)
class _Place:
    trajectory: str
    number: int
    turn: Turn

    def __str__(self) -> str:
        return f"turn {self.number} of {self.trajectory}"


class Recollection:
    """An index of recordings of one server by what had happened before each of their turns.

    The world is that of the first recording. One that shows something else in a situation of an earlier one began
    in another state: it is not among ``kept``, and its id is among ``left``.
    """

    def __init__(self, domain: Domain, setup: Setup, recordings: Iterable[Trajectory], hints: Hints) -> None:
        self._domain = domain
        self._setup = setup
        self._hints = hints
        self._exact: dict[tuple[bytes, str], list[_Place]] = {}
        self._alike: dict[tuple[bytes, str], list[_Place]] = {}
        self._steady: dict[str, bool] = {}
        every = tuple(recordings)
        self.kept = tuple(recording for recording in every if self._add(recording))
        self.left = tuple(recording.id for recording in every if not any(recording is one for one in self.kept))

    def find(self, history: Sequence[Turn], action: Action) -> Found | None:
        """The recorded turn that settles what ``action`` shows after ``history``."""
        key = call_key(action)
        exact = self._exact.get((self._past(history)[-1], key))
        if exact:
            return Found(exact[0].turn, f"{exact[0]}: the same call after the same calls")
        alike = self._alike.get((self.situation(history), key), ())
        if not alike or any(not _same(one.turn, alike[0].turn) for one in alike):
            return None
        if self.looks(action) and not self._repeats(alike[0].turn):
            return None
        return Found(alike[0].turn, f"{alike[0]}: the same call, and nothing else was changed before")

    def situation(self, history: Sequence[Turn]) -> bytes:
        """The same for histories in which the same calls may have changed something, in the same order."""
        key = START
        for turn in history:
            key = self._onward(key, turn)
        return key

    def looks(self, action: Action) -> bool:
        """Whether a call is known to change nothing."""
        call = calls.call_of(action)
        hint = self._hints.get(call.name) if call is not None else None
        return self._domain.acts(action).looks if hint is None else hint

    def _add(self, recording: Trajectory) -> bool:
        """Whether the recording is of the same world as those before, and was added."""
        places = list(self._places(recording))
        if any(self._contradicts(situation, place) for _, situation, place in places):
            return False
        for past, situation, place in places:
            key = call_key(place.turn.action)
            self._exact.setdefault((past, key), []).append(place)
            self._alike.setdefault((situation, key), []).append(place)
        return True

    def _places(self, recording: Trajectory) -> Iterator[tuple[bytes, bytes, _Place]]:
        """The turns, each with a key for all that was before, and one for the situation."""
        situation = START
        for number, (past, turn) in enumerate(zip(self._past(recording.turns), recording.turns, strict=False), 1):
            yield past, self._unseen(situation, turn), _Place(recording.id, number, turn)
            situation = self._onward(situation, turn)

    def _contradicts(self, situation: bytes, place: _Place) -> bool:
        known = self._alike.get((situation, call_key(place.turn.action)), ())
        other = known[0].turn if known else place.turn
        if _same(other, place.turn) or other is place.turn:
            return False
        return not self.looks(place.turn.action) or self._repeats(other)

    def _past(self, turns: Sequence[Turn]) -> list[bytes]:
        """A key for the calls so far and what they showed: of nothing, and of each further turn."""
        found = [START]
        for turn in turns:
            found.append(_digest(found[-1], call_key(turn.action), turn.observation))
        return found

    def _onward(self, key: bytes, turn: Turn) -> bytes:
        """The situation after one more turn."""
        key = self._unseen(key, turn)
        idle = self.looks(turn.action) or (self._failed(turn) and self._domain.acts(turn.action).plain)
        return key if idle else _digest(key, call_key(turn.action))

    def _failed(self, turn: Turn) -> bool:
        """Whether the text of a turn, recorded or simulated, says that the call failed."""
        query = Query(self._domain.name, self._setup, (), turn.action)
        return self._domain.failed is not None and self._domain.failed(query, turn.observation) is True

    def _unseen(self, key: bytes, turn: Turn) -> bytes:
        """The situation in which a turn was taken: what was called before it without an answer may have done much."""
        unseen = turn.meta.get("unseen")
        return _digest(key, "unseen", json.dumps(unseen)) if unseen else key

    def _repeats(self, turn: Turn) -> bool:
        """Whether the kernel expects that asking again at once shows the same; without a kernel nobody knows better."""
        key = f"{call_key(turn.action)}\n{turn.observation}"
        if key not in self._steady:
            self._steady[key] = self._steadily(turn)
        return self._steady[key]

    def _steadily(self, turn: Turn) -> bool:
        if self._domain.kernel is None:
            return True
        kernel = self._domain.kernel()
        state = kernel.absorb(kernel.open(self._setup), turn.action, turn.observation)
        return _again(kernel, state, turn)


def beginnings(domain: Domain, setup: Setup, recordings: Iterable[Trajectory], looks: Recollection) -> tuple[Turn, ...]:
    """Turns that only look, and that would have shown the same before everything else: what is known of the beginning.

    The kernel decides: had the look been the first turn, nothing that in truth came before it may have changed what it
    shows. A kernel that cannot tell that knows the looks before the first call that changed something.
    """
    if domain.kernel is None:
        return ()
    kernel, found, steps = domain.kernel(), dict[str, "Turn"](), 0
    start = kernel.open(setup)
    for recording in recordings:
        changing: list[Turn] = []
        for turn in recording.turns:
            if turn.meta.get("unseen"):
                break
            if not looks.looks(turn.action):
                changing.append(turn)
            elif call_key(turn.action) not in found and steps < MAX_STEPS:
                state = kernel.absorb(start, turn.action, turn.observation)
                for one in changing:
                    state = kernel.absorb(state, one.action, one.observation)
                steps += len(changing) + 2
                if not changing or _again(kernel, state, turn):
                    found[call_key(turn.action)] = turn
    return tuple(found.values())


def _again(kernel: Kernel, state: State, turn: Turn) -> bool:
    """Whether a kernel that can tell it says that asking again shows the same as ``turn``."""
    again: Callable[[State, Action], Observation | None] | None = getattr(kernel, "again", None)
    return again is not None and again(state, turn.action) == turn.observation


def _same(one: Turn, other: Turn) -> bool:
    return one.observation == other.observation and one.meta.get("result") == other.meta.get("result")


def call_key(action: Action) -> str:
    """The same text for the same call, in whatever order its arguments stand."""
    call = calls.call_of(action)
    return action if call is None else json.dumps([call.name, dict(call.arguments)], sort_keys=True)


def _digest(*parts: bytes | str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()

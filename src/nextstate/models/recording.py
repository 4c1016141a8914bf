"""Recorded trajectories, found again by set-up, history and action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.models import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.types import Action, Query, Trajectory, Turn


class Recording:
    """An index of what was recorded after each state (set-up and history, compared by content).

    Where recordings differ after the same state and action, the first one counts.
    """

    def __init__(self, trajectories: Iterable[Trajectory]) -> None:
        self._next: dict[bytes, dict[Action, Turn]] = {}
        chain = b""
        for trajectory in trajectories:
            key = keys.setup_key(trajectory.domain, trajectory.setup)
            for turn in trajectory.turns:
                self._next.setdefault(key, {}).setdefault(turn.action, turn)
                key = keys.after(key, turn)
            self._next.setdefault(key, {})
            chain = keys.digest(chain.hex(), key.hex())
        self.digest = chain.hex()[:16]

    def find(self, query: Query) -> Turn | None:
        """The recorded turn that answers ``query``."""
        return self._next.get(keys.state_key(query), {}).get(query.action)

    def why_not(self, query: Query) -> str:
        """Why :meth:`find` found nothing, in words."""
        key = keys.setup_key(query.domain, query.setup)
        if key not in self._next:
            return "no recording has this set-up"
        for number, turn in enumerate(query.history, 1):
            key = keys.after(key, turn)
            if key not in self._next:
                return f"the history leaves every recording at turn {number}: {turn.action[:80]!r}"
        if not (known := self._next[key]):
            return f"every recording with this history ends after turn {len(query.history)}"
        actions = ", ".join(repr(action[:80]) for action in list(known)[:3])
        return f"no recording takes this action at turn {len(query.history) + 1}; recorded there: {actions}"

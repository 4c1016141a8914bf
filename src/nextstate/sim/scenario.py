"""How a session begins: what is known, and the turns that were already taken."""

from __future__ import annotations

from dataclasses import dataclass

from nextstate.types import Action, Query, Setup, Trajectory, Turn


@dataclass(frozen=True, slots=True)
class Scenario:
    """The beginning of an episode in ``domain``; ``name`` is what people call it."""

    domain: str
    setup: Setup
    history: tuple[Turn, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, trajectory: Trajectory, *, after: int = 0, name: str = "") -> Scenario:
        """The beginning of ``trajectory`` with its first ``after`` turns, at most as many as it has."""
        return cls(trajectory.domain, trajectory.setup, trajectory.turns[:after], name or trajectory.id)

    def query(self, action: Action = "") -> Query:
        """What ``action`` shows next; without one, the question of which everything but the action is known."""
        return Query(self.domain, self.setup, self.history, action)

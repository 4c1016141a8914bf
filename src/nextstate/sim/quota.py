"""What an owner of sessions may use in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from nextstate.sim.tree import Spent


class QuotaExceeded(NextstateError):
    """An owner has used what it may. ``what`` names the bound: a field of :class:`Quota`."""

    def __init__(self, what: str, bound: float) -> None:
        super().__init__(f"the quota of {bound:g} {what.replace('_', ' ')} is used up; ask whoever runs the server")
        self.what = what


@dataclass(frozen=True, slots=True)
class Quota:
    """Bounds for all sessions of one owner; ``None`` is without bound.

    ``open_sessions`` counts sessions that have not ended; the others count what was ever used: ``steps`` answered,
    prompt and completion ``tokens``, ``bytes`` of actions and observations, ``seconds`` of waiting for answers.
    """

    open_sessions: int | None = None
    steps: int | None = None
    tokens: int | None = None
    bytes: int | None = None
    seconds: float | None = None

    def refuse(self, spent: Spent) -> None:
        """Raises :class:`QuotaExceeded` where ``spent`` leaves nothing for a further step."""
        for what in ("steps", "tokens", "bytes", "seconds"):
            bound, used = getattr(self, what), getattr(spent, what)
            if bound is not None and used >= bound:
                raise QuotaExceeded(what, bound)

    def refuse_open(self, opened: int) -> None:
        """Raises :class:`QuotaExceeded` where an owner with ``opened`` open sessions may have no further one."""
        if self.open_sessions is not None and opened >= self.open_sessions:
            raise QuotaExceeded("open_sessions", self.open_sessions)


def unlimited(owner: str) -> Quota:
    """No bounds, whoever it is."""
    return Quota()

"""What a set of sessions tells of them, and the two errors that only it has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.sim.tree import Node
    from nextstate.types import Turn


class NoSuchSession(NextstateError):
    """No session of this owner has that id; whether another owner has one is not said."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no session {id[:80]!r}; create one, or list those that there are")


class Busy(NextstateError):
    """A step of the session is under way; wait for it, or fork the session."""

    def __init__(self, id: str) -> None:
        super().__init__(f"a step of the session {id!r} is under way; wait for its answer, or fork the session")


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen of a session without its turns. Times are in seconds since 1970, ``seconds`` were waited.

    ``kind`` is ``session`` or ``snapshot``; ``turns`` is the length of the history; ``tokens`` and ``bytes`` were spent
    in this session, also for turns that were taken back; ``ending`` is a name of
    :class:`~nextstate.sim.limits.Ending`; ``family`` is the first session of the line of forks.
    """

    id: str
    kind: str
    domain: str
    scenario: str
    model: str
    seed: int
    turns: int
    ending: str | None
    instruction: str
    parent: str | None
    family: str
    tokens: int
    bytes: int
    seconds: float
    created: float
    touched: float


SEEN = tuple(one.name for one in fields(View) if one.name != "ending")
"""What a view tells of a session as its row has it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A turn that was taken, the ``index``-th from 0. ``shared``: this world had shown it before, in another branch."""

    turn: Turn
    index: int
    shared: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Branches:
    """A family of sessions as a tree. ``root`` is the key of the world; ``heads`` gives each session's last turn."""

    root: str
    nodes: tuple[Node, ...]
    heads: Mapping[str, str]

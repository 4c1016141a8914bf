"""Where the simulated episode and the real one part, and whose fault that is.

Both are lists of what was shown after the same actions, first the agent's, then the probes of the task. They part at
the first action after which the canonical texts differ. The real one is done twice: what differs between two real
episodes cannot be asked of a world model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from nextstate.eval.loop.real import OFF_SCRIPT
from nextstate.types import Query, Turn

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Action, Observation, Setup

    Texts = Sequence[Observation | None]


class Fault(StrEnum):
    """Who is to blame for where the two episodes part, or for a goal that was missed."""

    NOBODY = "nobody"
    """They do not part, and the goal is reached."""
    AGENT = "agent"
    """They do not part, and the goal is missed."""
    WORLD_SILENT = "world_silent"
    """The world gave no observation."""
    WORLD_LENIENT = "world_lenient"
    """The action really failed, and the world did not say so."""
    WORLD_STRICT = "world_strict"
    """The world reported a failure of what really worked."""
    WORLD_WRONG = "world_wrong"
    """The world said something else than the real one says every time."""
    WORLD_OUTLIVED = "world_outlived"
    """The world went on where the real one ended."""
    LUCK = "luck"
    """The real one itself shows something else the second time, here or before."""
    UNKNOWN = "unknown"
    """What really happens was not recorded."""


@dataclass(frozen=True, slots=True)
class Course:
    """What was shown after ``actions``, inside, for real, and for real once more; ``None`` where nothing was.

    ``ending`` names how the real environment ended before its time; empty where it did not.
    """

    domain: Domain
    setup: Setup
    actions: Sequence[Action]
    inside: Texts
    real: Texts
    again: Texts
    ending: str = ""


def parting(course: Course) -> int | None:
    """The number of the first action after which the world shows something else than the real one; ``None``: none."""
    return _first(course, course.inside, course.real)


def blame(course: Course, *, reached: bool) -> Fault:
    """Whose fault it is where the episodes part, or that the goal was not ``reached`` for real."""
    at, unsteady = parting(course), _first(course, course.real, course.again)
    if at is None:
        return Fault.NOBODY if reached else Fault.AGENT
    if unsteady is not None and unsteady <= at:
        return Fault.LUCK
    said, true = course.inside[at], course.real[at]
    if true is None:
        return Fault.UNKNOWN if course.ending == OFF_SCRIPT else Fault.WORLD_OUTLIVED
    if said is None:
        return Fault.WORLD_SILENT
    really, inside = reports_failure(course, at, true), reports_failure(course, at, said)
    if really is True and inside is not True:
        return Fault.WORLD_LENIENT
    return Fault.WORLD_STRICT if inside is True and really is False else Fault.WORLD_WRONG


def reports_failure(course: Course, at: int, observation: Observation) -> bool | None:
    """Whether the observation reports that the action failed, as the domain tells; ``None`` where it does not."""
    tells = course.domain.failed
    return None if tells is None else tells(real_query(course, at), observation)


def real_query(course: Course, at: int) -> Query:
    """The question what the action with the number ``at`` shows, after what was really shown before."""
    pairs = zip(course.actions[:at], course.real, strict=False)
    history = tuple(Turn(action, shown or "") for action, shown in pairs)
    return Query(course.domain.name, course.setup, history, course.actions[at])


def _first(course: Course, one: Texts, other: Texts) -> int | None:
    canonical = course.domain.canonical
    for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
        if mine is theirs or mine == theirs:
            continue
        if mine is None or theirs is None or canonical(mine) != canonical(theirs):
            return number
    return None

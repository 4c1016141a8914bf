"""One episode: what an agent met inside a world, and what its actions met for real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nextstate import domain as domains
from nextstate.errors import DataError
from nextstate.eval import forms
from nextstate.eval.loop.blame import Course, Fault, blame, parting, real_query, reports_failure
from nextstate.eval.loop.playing import really, simulated
from nextstate.eval.loop.real import OFF_SCRIPT
from nextstate.models.grounded import KernelModel
from nextstate.sim import Session

if TYPE_CHECKING:
    from nextstate.eval.loop.agents import Agent
    from nextstate.eval.loop.playing import Inside, Really
    from nextstate.eval.loop.real import Real
    from nextstate.eval.loop.tasks import Task
    from nextstate.types import Observation, WorldModel

KEPT_CHARS = 4_000
"""Characters of each observation that are written to the journal."""


class Goal(StrEnum):
    """What the probes say of the goal."""

    REACHED = "reached"
    MISSED = "missed"
    UNANSWERED = "unanswered"
    """An action or a probe had no answer; counts as missed."""
    UNSCORED = "unscored"
    """Nobody knows what really happens; does not count."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of one task, one agent, one world. ``shown`` holds one object a turn, for people, bounded."""

    key: str
    task: str
    domain: str
    agent: str
    inside: Goal
    real: Goal
    again: Goal
    ending: str
    """Why the agent made no more moves inside, or what the world's last answer was if it was none."""
    real_ending: str
    fault: Fault
    parted: int | None
    """The first action after which world and reality differ, counted from 0; probes are counted on."""
    at_probe: bool
    determined: bool | None
    """Whether the domain's kernel computes what was really shown where they parted; ``None``: nothing to ask."""
    said_by: str | None
    """Who inside said what stands where they part: an :class:`~nextstate.types.Origin`; ``None`` where nobody did."""
    steps: int
    failures: int
    """Actions that really failed, while both episodes lasted."""
    failures_seen: int
    """Those of them that the world reported as failed."""
    successes: int
    successes_seen: int
    origins: Mapping[str, int] = field(default_factory=dict)
    """Who answered how many steps inside."""
    seconds: float = 0.0
    """Spent inside, waiting for the agent and for the world."""
    tokens: int = 0
    detail: str = ""
    shown: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The episode as plain JSON values; :func:`decode` is the inverse."""
        return {**asdict(self), "shown": [dict(one) for one in self.shown]}


def decode(line: Mapping[str, Any]) -> Episode:
    """The episode that :meth:`Episode.as_dict` wrote; raises :class:`DataError`."""
    texts = ("key", "task", "domain", "agent", "ending", "real_ending", "detail")
    numbers = ("steps", "failures", "failures_seen", "successes", "successes_seen", "tokens")
    forms.check(line, **dict.fromkeys(texts, forms.text), **dict.fromkeys(numbers, forms.whole))
    forms.check(line, parted=forms.optional(forms.whole), at_probe=forms.flag, determined=forms.optional(forms.flag))
    forms.check(line, said_by=forms.optional(forms.text), origins=forms.counts, seconds=forms.number)
    try:
        values = {one.name: line[one.name] for one in fields(Episode)}
        goals = {name: Goal(values[name]) for name in ("inside", "real", "again")}
        return Episode(**{**values, **goals, "fault": Fault(values["fault"]), "shown": tuple(values["shown"])})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not an episode: {type(error).__name__}: {error}") from error


async def run(key: str, task: Task, agent: Agent, world: WorldModel, real: Real, *, steps: int, seed: int) -> Episode:
    """Let ``agent`` act inside ``world``, then do the same twice for real, each time from the start.

    A script is done for real whole, also where the world gave up on it.
    """
    domain = domains.find(task.domain)
    async with real(task) as environment:
        setup = environment.setup
        inside = await simulated(task, agent, Session(world, domain, setup, seed=seed), steps)
        actions = (*(agent.script or inside.actions)[:steps], *(probe.action for probe in task.probes))
        first = await really(environment, actions)
    async with real(task) as environment:
        second = await really(environment, actions)
    sizes = (len(inside.texts), len(actions), len(task.probes))
    texts, origins = (_laid(given, *sizes) for given in ((*inside.texts, *inside.probed), inside.origins))
    course = Course(domain, setup, actions, texts, first.texts, second.texts, first.ending)
    return await _judged(key, task, agent, course, inside, second, origins)


def _laid(given: Sequence[str], acted: int, whole: int, asked: int) -> tuple[str | None, ...]:
    """What was ``given`` for the ``acted`` actions that were answered inside and for the probes behind them, each at
    the place of its action among the ``whole`` ones, the last ``asked`` of which are the probes."""
    before = (*given[:acted], *[None] * (whole - asked - acted))
    return (*before, *given[acted:], *[None] * (asked - len(given) + acted))


async def _judged(
    key: str,
    task: Task,
    agent: Agent,
    course: Course,
    inside: Inside,
    second: Really,
    origins: Sequence[str | None],
) -> Episode:
    acted = len(course.actions) - len(task.probes)
    real = _goal(task, course.domain, course.real[acted:], course.ending)
    at = parting(course)
    failures = _failures(course, acted)
    return Episode(
        key=key,
        task=task.id,
        domain=task.domain,
        agent=agent.name,
        inside=_goal(task, course.domain, course.inside[acted:]),
        real=real,
        again=_goal(task, course.domain, second.texts[acted:], second.ending),
        ending=inside.ending,
        real_ending=course.ending,
        fault=blame(course, reached=real is Goal.REACHED),
        parted=at,
        at_probe=at is not None and at >= acted,
        determined=None if at is None else await _determined(course, at),
        said_by=None if at is None else origins[at],
        steps=len(inside.texts),
        failures=failures.count((True, True)) + failures.count((True, False)),
        failures_seen=failures.count((True, True)),
        successes=failures.count((False, True)) + failures.count((False, False)),
        successes_seen=failures.count((False, False)),
        origins=dict(Counter(inside.origins)),
        seconds=round(inside.seconds, 6),
        tokens=inside.tokens,
        detail=inside.detail[:KEPT_CHARS],
        shown=_shown(course),
    )


def _goal(task: Task, domain: domains.Domain, probed: Sequence[Observation | None], ending: str = "") -> Goal:
    if ending == OFF_SCRIPT:
        return Goal.UNSCORED
    answers = [shown for shown in probed if shown is not None]
    if len(answers) < len(task.probes):
        return Goal.UNANSWERED
    held = (probe.holds(domain, shown) for probe, shown in zip(task.probes, answers, strict=True))
    return Goal.REACHED if all(held) else Goal.MISSED


def _failures(course: Course, acted: int) -> list[tuple[bool, bool]]:
    """For each action of the agent of which it is known whether it really failed: that, and whether the world said so.

    A world that says nothing reports no failure, and no success either: such an action counts against it.
    """
    found = []
    for number in range(acted):
        true, said = course.real[number], course.inside[number]
        really = None if true is None else reports_failure(course, number, true)
        if really is not None:
            inside = (not really) if said is None else reports_failure(course, number, said) is True
            found.append((really, inside))
    return found


async def _determined(course: Course, at: int) -> bool | None:
    """Whether the domain's kernel, after what was really shown before, computes what was really shown then."""
    true = course.real[at]
    if course.domain.kernel is None or true is None:
        return None
    answer = await KernelModel().predict(real_query(course, at))
    said = answer.observation
    return said is not None and course.domain.canonical(said) == course.domain.canonical(true)


def _shown(course: Course) -> tuple[Mapping[str, Any], ...]:
    rows = zip(course.actions, course.inside, course.real, course.again, strict=True)
    return tuple(
        {"action": action, "inside": _cut(inside), "real": _cut(real), "again": None if again == real else _cut(again)}
        for action, inside, real, again in rows
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:KEPT_CHARS]

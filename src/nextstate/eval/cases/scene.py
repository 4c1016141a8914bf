"""A recorded trajectory as rules look at it, and the drafts of cases that they make of it.

Rules read texts, what the domain says of an action (:mod:`nextstate.domain.acts`) and of failures, and declared
tools. They never ask a kernel: a world model that computes would be measured on its own answers.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nextstate import domain as domains
from nextstate.data.filters import targets
from nextstate.data.sample import query
from nextstate.data.split import fraction
from nextstate.domain.acts import command_of, related
from nextstate.eval.cases import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from nextstate.domain.acts import Act
    from nextstate.eval.cases.verify import Verifier
    from nextstate.types import Query, Trajectory, Turn

    Rule: TypeAlias = Callable[["Scene", int], Iterator["Draft"]]

GAP = 2
"""Turns that must lie between what a case asks and what determines it: that was not what was shown last."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rule made of a turn; it becomes a case if its truth passes and every wrong answer fails."""

    verifier: Verifier
    truth: str | None = None
    """The answer that an instruction demands, where that is not the recorded one."""
    instruction: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    """Names one of several drafts of a rule for one turn."""
    action: str = ""
    """What is asked in place of the recorded action."""
    planted: tuple[tuple[int, Turn], ...] = ()
    """Turns that stand in the history before the recorded turn of that number."""


_NOT_TAKEN = re.compile(r"\A\S*(?: -c)?:(?: -c:)? line \d+: (?:syntax error|[^\n]*: command not found|unexpected EOF)")


class Scene:
    """A trajectory with what rules need to know of its turns, each thing found once."""

    def __init__(self, trajectory: Trajectory, seed: int = 0) -> None:
        self.trajectory, self.seed = trajectory, seed
        self.domain = domains.find(trajectory.domain)
        self.turns = trajectory.turns
        self.actions = [turn.action.strip() for turn in self.turns]

    @cached_property
    def shown(self) -> list[str]:
        """What each turn showed, in its canonical form."""
        return [self.domain.canonical(turn.observation) for turn in self.turns]

    @cached_property
    def first(self) -> str:
        """The first screen, in a domain of screens."""
        return self.domain.canonical(self.trajectory.setup.initial_state) if self.domain.screens else ""

    def before(self, turn: int) -> str:
        """What was shown before a turn, in its canonical form."""
        return self.shown[turn - 1] if turn else self.first

    @cached_property
    def lines(self) -> list[list[str]]:
        return [texts.lines(text) for text in self.shown]

    @cached_property
    def acts(self) -> list[Act]:
        return [self.domain.acts(turn.action) for turn in self.turns]

    @cached_property
    def failed(self) -> list[bool | None]:
        tells = self.domain.failed
        return [tells(self.query(i), turn.observation) if tells else None for i, turn in enumerate(self.turns)]

    @cached_property
    def values(self) -> list[Any]:
        return [texts.value_of(text) for text in self.shown]

    def recorded(self, turn: int) -> Any:
        """The JSON value that a turn showed as it was recorded: nothing masked, keys in their order."""
        return texts.value_of(self.turns[turn].observation)

    @cached_property
    def targets(self) -> tuple[int, ...]:
        return targets(self.trajectory)

    def query(self, turn: int) -> Query:
        return query(self.trajectory, turn)

    def told_before(self, turn: int) -> str:
        """Every text of the question but its action: the first state and the history."""
        parts = [self.trajectory.setup.initial_state]
        return "\n".join([*parts, *(text for i in range(turn) for text in (self.actions[i], self.shown[i]))])

    def untouched(self, since: int, turn: int) -> bool:
        """Whether every action between two turns is known to change nothing that the later one reads."""
        return self._untouched(self.acts[turn], since, turn)

    def untouched_until(self, since: int, turn: int) -> bool:
        """Whether every action between two turns is known to change nothing that the earlier one reads."""
        return self._untouched(self.acts[since], since, turn)

    def _untouched(self, act: Act, since: int, turn: int) -> bool:
        for number in range(since + 1, turn):
            other = self.acts[number]
            if self.refused(number):
                continue
            if not other.plain or (other.moves and act.here) or related(act.reads, other.changes):
                return False
        return True

    def refused(self, turn: int) -> bool:
        """Whether an action did nothing: a shell did not take it at all."""
        return (
            self.failed[turn] is True and len(self.lines[turn]) <= 2 and _NOT_TAKEN.search(self.shown[turn]) is not None
        )

    def command(self, turn: int) -> str | None:
        """The shell command of a turn, where what it shows is what the command prints and no record around it."""
        if self.domain.screens or self.values[turn] is not None:
            return None
        return command_of(self.turns[turn].action)

    def chance(self, *parts: object) -> random.Random:
        """Random numbers that follow from the seed, the trajectory and ``parts`` alone."""
        return random.Random(fraction(self.seed, "cases", self.trajectory.domain, self.trajectory.id, *map(str, parts)))

    def stale(self, turn: int) -> str | None:
        """What the same action showed before, where that was another thing."""
        for earlier in range(turn - 1, -1, -1):
            if self.actions[earlier] == self.actions[turn] and self.shown[earlier] != self.shown[turn]:
                return self.turns[earlier].observation
        return None

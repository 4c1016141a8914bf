"""World models without a model: the oracle, the baselines, the scripted one. Deterministic, and part of the product."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nextstate.domain import find
from nextstate.models.base import recorded, refused
from nextstate.models.recording import Recording
from nextstate.types import Observation, Origin, Outcome, Prediction, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nextstate.domain import Domain
    from nextstate.types import Trajectory

Answer: TypeAlias = "Observation | Prediction"


class Replay:
    """The oracle: answers with the recorded truth, and refuses, saying why, where nothing was recorded."""

    name = "replay"

    def __init__(self, trajectories: Iterable[Trajectory]) -> None:
        self._recording = Recording(trajectories)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        turn = self._recording.find(query)
        if turn is None:
            return refused(self._recording.why_not(query), model=self.name)
        return recorded(turn, model=self.name)


class CopyLast:
    """Shows the previous observation again; before the first turn the first screen, or nothing where there is none.

    The baseline of every table.
    """

    name = "copy-last"

    def __init__(self, domain_of: Callable[[str], Domain] = find) -> None:
        self._domain_of = domain_of

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return _shown(self._domain_of(query.domain).before(query), self.name)


class AlwaysEmpty:
    """Shows nothing, whatever the action."""

    name = "always-empty"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return _shown("", self.name)


class Scripted:
    """Answers from a script: the n-th text is the observation of the n-th turn, or a callable answers each query.

    The turn is counted from the query's history, so forks and repeated questions get the same answer. Past the end
    of the script it refuses. A callable may return a whole :class:`Prediction`.
    """

    def __init__(self, script: Iterable[Answer] | Callable[[Query], Answer], *, name: str = "scripted") -> None:
        self.name = name
        self._answer = script if callable(script) else self._by_turn(tuple(script))

    def _by_turn(self, answers: tuple[Answer, ...]) -> Callable[[Query], Answer]:
        def answer(query: Query) -> Answer:
            turn = len(query.history)
            if turn < len(answers):
                return answers[turn]
            return refused(f"the script ends after turn {len(answers)}", model=self.name)

        return answer

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        answer = self._answer(query)
        return answer if isinstance(answer, Prediction) else _shown(answer, self.name)


def _shown(observation: Observation, model: str) -> Prediction:
    return Prediction(Outcome.OK, observation, Origin.MODEL, model=model)

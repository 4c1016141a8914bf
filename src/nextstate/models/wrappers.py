"""World models around a world model: try again, answer from a recording first. See also ``cache`` and ``recall``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nextstate.domain import find
from nextstate.models import base, keys
from nextstate.models.cache import Cached
from nextstate.models.recall import Recalled
from nextstate.models.recording import Recording
from nextstate.types import Outcome, Prediction, Query, Turn, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nextstate.domain import Domain
    from nextstate.types import Action, Trajectory, WorldModel

__all__ = ["Cached", "Recalled", "Recorded", "Retried", "same_screen"]

UNREADABLE = frozenset({Outcome.UNTAGGED, Outcome.EMPTY, Outcome.CUT_OFF})


class Retried:
    """``inner``, asked up to ``times`` more while the outcome is one of ``outcomes``, each time with another seed.

    Tokens and seconds are summed over the tries. A model at temperature 0 that honours its seed says the same again.
    """

    def __init__(self, inner: WorldModel, times: int = 2, *, outcomes: frozenset[Outcome] = UNREADABLE) -> None:
        if times < 0:
            raise ValueError(f"times is the number of further tries, 0 or more, got {times}")
        self.inner = inner
        self.name = inner.name
        self._times, self._outcomes = times, outcomes

    @property
    def fingerprint(self) -> str:
        return f"retried:{self._times}:{','.join(sorted(self._outcomes))}+{base.fingerprint(self.inner)}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        usage, seconds, endings = Usage(), 0.0, list[str]()
        for attempt in range(self._times + 1):
            prediction = await self.inner.predict(query, seed=reseed(seed, attempt))
            usage, seconds = usage + prediction.usage, seconds + prediction.seconds
            endings.append(prediction.outcome)
            if prediction.outcome not in self._outcomes:
                break
        detail = prediction.detail
        if prediction.outcome is not Outcome.OK and len(endings) > 1:
            detail = f"{detail} (tries: {', '.join(endings)})"
        return replace(prediction, usage=usage, seconds=seconds, detail=detail)

    async def aclose(self) -> None:
        await base.close(self.inner)


def reseed(seed: int | None, attempt: int) -> int | None:
    """The seed of a further try: a function of both, far from the seeds nearby; the first try keeps its own."""
    if attempt == 0:
        return seed
    return int.from_bytes(keys.digest("retry", seed, attempt)[:4]) >> 1


class Recorded:
    """Answers from recordings where it can and asks ``inner`` otherwise.

    By default the set-up, the whole history and the action must be equal by content. ``state`` loosens this: two
    queries meet the same state when it gives the same text for both (see :func:`same_screen`); then the recorded
    action counts whatever came before, unless recordings disagree about what it shows. An exact match goes first.
    """

    def __init__(
        self, inner: WorldModel, trajectories: Iterable[Trajectory], *, state: Callable[[Query], str] | None = None
    ) -> None:
        kept = tuple(trajectories)
        self.inner = inner
        self.name = f"recorded+{inner.name}"
        self._recording = Recording(kept)
        self._state = state
        self._seen = {} if state is None else _by_state(kept, state)

    @property
    def fingerprint(self) -> str:
        loose = "" if self._state is None else f":{getattr(self._state, '__qualname__', self._state)}"
        return f"recorded:{self._recording.digest}{loose}+{base.fingerprint(self.inner)}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        turn = self._recording.find(query) or self._loosely(query)
        if turn is not None:
            return base.recorded(turn, model=self.name)
        return await self.inner.predict(query, seed=seed)

    async def aclose(self) -> None:
        await base.close(self.inner)

    def _loosely(self, query: Query) -> Turn | None:
        return self._seen.get((self._state(query), query.action)) if self._state else None


def same_screen(domain_of: Callable[[str], Domain] = find) -> Callable[[Query], str]:
    """A ``state`` for worlds whose last observation shows all that matters (screens): set-up and last observation,
    compared as the domain's ``canonical`` gives it. Not for worlds with hidden state, such as a shell."""

    def state(query: Query) -> str:
        last = query.history[-1].observation if query.history else None
        shown = "" if last is None else domain_of(query.domain).canonical(last)
        return keys.digest(keys.setup_key(query.domain, query.setup).hex(), last is None, shown).hex()

    return state


def _by_state(
    trajectories: Iterable[Trajectory], state: Callable[[Query], str]
) -> dict[tuple[str, Action], Turn | None]:
    """The turn recorded for each state and action; ``None`` where recordings disagree."""
    seen: dict[tuple[str, Action], Turn | None] = {}
    for trajectory in trajectories:
        for index, turn in enumerate(trajectory.turns):
            query = Query(trajectory.domain, trajectory.setup, trajectory.turns[:index], turn.action)
            known = seen.setdefault((state(query), turn.action), turn)
            if known is not None and known.observation != turn.observation:
                seen[state(query), turn.action] = None
    return seen

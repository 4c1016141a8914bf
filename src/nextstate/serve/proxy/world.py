"""The world model of a simulated server: recordings first, then what follows from them, then a language model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.models import base, keys
from nextstate.models.grounded import Grounded, KernelModel
from nextstate.models.recall import Recalled
from nextstate.serve.proxy.manner import Manner
from nextstate.serve.proxy.recollection import Recollection, beginnings
from nextstate.types import Prediction, Setup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.domain import Domain
    from nextstate.serve.proxy.recollection import Hints
    from nextstate.types import Query, Trajectory, WorldModel

MAX_LESSONS = 500
"""Recorded turns from which the kernel learns the manner of the tools."""
MAX_NUMBERS = 50
"""Numbers in a computed text that are looked at."""
AROUND = 16
"""Characters before a number that must have been shown with it."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Undemonstrated:
    """``inner`` without the demonstrations, which only the kernel reads: a model has similar turns in its notes."""

    inner: WorldModel

    @property
    def name(self) -> str:
        return self.inner.name

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return await self.inner.predict(replace(query, setup=replace(query.setup, demonstrations=())), seed=seed)


class Simulated:
    """Answers as the recorded server would.

    A recorded turn in the same situation comes first. Then the kernel is asked, which has learned the manner of the
    tools from the recordings, and what they show of the state at the beginning. What neither determines is for
    ``model``, with similar recorded turns in its notes; without a model it is refused.
    """

    def __init__(
        self, domain: Domain, setup: Setup, recordings: Sequence[Trajectory], hints: Hints, model: WorldModel | None
    ) -> None:
        self.model = model
        self._domain = domain
        self.recollection = Recollection(domain, setup, recordings, hints)
        self.manner = Manner.of(domain, setup, recordings)
        self._beginning = beginnings(domain, setup, self.recollection.kept, self.recollection)
        turns = [turn for recording in recordings for turn in recording.turns]
        self._texts = tuple({turn.observation for turn in turns})
        self._lessons = tuple({(turn.action, turn.observation): turn for turn in turns}.values())[-MAX_LESSONS:]
        self._kernel = KernelModel()
        self._rest = None if model is None else _Undemonstrated(Recalled(model, map(_elsewhere, recordings)))
        self._grounded = None if self._rest is None else Grounded(self._rest)
        self._digest = keys.digest(*([turn.action, turn.observation] for turn in turns)).hex()[:16]
        self.name = f"simulated+{model.name if model is not None else self._kernel.name}"

    @property
    def fingerprint(self) -> str:
        return f"simulated:{self._digest}+{base.fingerprint(self.model or self._kernel)}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        if not query.setup.instruction.strip() and (found := self.recollection.find(query.history, query.action)):
            return replace(base.recorded(found.turn, model=self.name), why=found.why)
        asked = replace(
            query,
            setup=replace(query.setup, demonstrations=self._lessons),
            history=(*self._beginning, *query.history),
        )
        computed = await self._kernel.predict(asked, seed=seed)
        text = computed.observation
        doubt = computed.detail if text is None else self._doubt(query, text)
        if not doubt:
            return replace(computed, why="it follows from what was shown before")
        if self._rest is None or self._grounded is None:
            return base.refused(f"not recorded in this situation, and not determined: {doubt}", model=self.name)
        if text is None:
            return await self._grounded.predict(asked, seed=seed)
        told = replace(asked, notes=f"Computed, but {doubt}:\n{text}")
        return replace(await self._rest.predict(told, seed=seed), why=doubt)

    def _doubt(self, query: Query, text: str) -> str:
        """Why a computed text is not the whole truth of a result; empty where it is."""
        if self.manner.told(query.action, text) is None:
            return "its text follows from what was shown before, the form of the result does not"
        if self._unseen_numbers(text, [turn.observation for turn in query.history]):
            return "it follows from what was shown before but for a number that nobody can know"
        return ""

    def _unseen_numbers(self, text: str, shown: list[str]) -> bool:
        """Whether a number that the domain's ``canonical`` masks stands in a text as it was never shown.

        Where answers are measured such numbers do not count; a client sees them.
        """
        canonical = self._domain.canonical
        for number, found in enumerate(_NUMBER.finditer(text)):
            other = f"{text[: found.start()]}{_other(found[0])}{text[found.end() :]}"
            if number < MAX_NUMBERS and canonical(other) == canonical(text):
                piece = text[max(0, found.start() - AROUND) : found.end()]
                if not any(piece in one for one in (*self._texts, *shown)):
                    return True
        return False

    async def aclose(self) -> None:
        if self.model is not None:
            await base.close(self.model)


def _other(number: str) -> str:
    """Another number with as many digits."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _elsewhere(recording: Trajectory) -> Trajectory:
    """The recording as one of another world: the simulated one goes on where it ends, and may recall it."""
    return replace(recording, setup=Setup())

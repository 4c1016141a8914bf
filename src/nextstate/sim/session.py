"""A session: one episode in a simulated environment, whose only state is its history."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING

from nextstate.errors import SessionEnded, StepFailed, UsageError
from nextstate.sim.limits import Ending, Limits, cut
from nextstate.types import Action, Observation, Outcome, Prediction, Query, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Json, WorldModel


class Session:
    """One simulated episode: ``step`` it, ``fork`` it, ``rewind`` it, take its ``trajectory``.

    The history is an immutable value, so a fork shares its past with its parent and costs O(1). The same model, set-up,
    seed and actions give the same trajectory, byte for byte, as long as the model keeps to its seed. A session
    may begin with a ``history``, recorded or simulated; it then goes on from there.
    """

    __slots__ = (
        "_closed",
        "_failed_tokens",
        "_forks",
        "_seconds",
        "_stepping",
        "domain",
        "history",
        "id",
        "limits",
        "model",
        "seed",
        "setup",
    )

    def __init__(
        self,
        model: WorldModel,
        domain: Domain,
        setup: Setup | None = None,
        *,
        limits: Limits | None = None,
        seed: int = 0,
        id: str = "",
        history: tuple[Turn, ...] = (),
    ) -> None:
        self.model = model
        self.domain = domain
        self.setup = setup or Setup()
        self.limits = limits or Limits()
        self.seed = seed
        self.id = id or f"{domain.name}-{model.name}-{seed}"
        self.history = history
        self._closed = False
        self._stepping = False
        self._failed_tokens = 0
        self._seconds = 0.0
        self._forks = 0

    async def step(self, action: Action) -> Observation:
        """What the environment shows after ``action``.

        Raises :class:`ActionError` when the action does not parse, :class:`SessionEnded` when the session has ended,
        :class:`StepFailed` when the model gave no observation. After an error the session is as it was before.
        """
        self._refuse_overlap("step")
        if (ending := self.ending) is not None:
            raise SessionEnded(ending)
        self.domain.validate(action)
        prediction = await self._ask(action)
        if self._closed or prediction.outcome is not Outcome.OK:
            self._failed_tokens += tokens_asked(prediction)
            raise SessionEnded(Ending.CLOSED) if self._closed else StepFailed(prediction)
        turn = turn_of(action, prediction, model=self.model.name, max_chars=self.limits.observation_chars)
        self.history = (*self.history, turn)
        return turn.observation

    def fork(self, *, seed: int | None = None) -> Session:
        """A session with the same past and its own future, in O(1); ``seed`` gives that future other luck."""
        self._forks += 1
        return Session(
            self.model,
            self.domain,
            self.setup,
            limits=self.limits,
            seed=self.seed if seed is None else seed,
            id=f"{self.id}.{self._forks}",
            history=self.history,
        )

    def rewind(self, turns: int = 1) -> None:
        """Take back the last ``turns`` turns; a session that was closed is open again."""
        self._refuse_overlap("rewind")
        if not 0 <= turns <= len(self.history):
            raise UsageError(f"cannot rewind {turns} turns: session {self.id!r} has {len(self.history)}")
        self.history = self.history[: len(self.history) - turns]
        self._closed = False

    def close(self) -> None:
        """End the session under the name ``closed``. The model is not closed: other sessions may share it."""
        self._closed = True

    @property
    def ending(self) -> Ending | None:
        """Why the session takes no more steps, or ``None`` while it does."""
        if self._closed:
            return Ending.CLOSED
        return self.limits.reached(turns=len(self.history), tokens=self.tokens, bytes=self.bytes, seconds=self._seconds)

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens of the history and of this session's failed steps."""
        return self._failed_tokens + sum(map(tokens_of, self.history))

    @property
    def bytes(self) -> int:
        """Bytes of the actions and observations of the history, in UTF-8."""
        return sum(map(bytes_of, self.history))

    @property
    def trajectory(self) -> Trajectory:
        """The episode so far. It holds no clock times, so equal runs give equal bytes."""
        return Trajectory(
            id=self.id,
            domain=self.domain.name,
            setup=self.setup,
            turns=self.history,
            source=Source(simulated_by=self.model.name),
            meta={"seed": self.seed, "ending": ending.value if (ending := self.ending) else None},
        )

    async def _ask(self, action: Action) -> Prediction:
        query = Query(self.domain.name, self.setup, self.history, action)
        self._stepping = True
        started = time.perf_counter()
        try:
            return await ask(
                self.model, query, seed=step_seed(self.seed, len(self.history)), seconds=self.limits.step_seconds
            )
        finally:
            self._seconds += time.perf_counter() - started
            self._stepping = False

    def _refuse_overlap(self, what: str) -> None:
        if self._stepping:
            raise UsageError(
                f"cannot {what} session {self.id!r} while a step is under way; await it, or fork the session"
            )


def step_seed(seed: int, turn: int) -> int:
    """The seed of one step: the first 31 bits of SHA-256 of ``"{seed}:{turn}"``, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{turn}".encode()).digest()[:4], "big") >> 1


async def ask(model: WorldModel, query: Query, *, seed: int | None, seconds: float | None) -> Prediction:
    """``model``'s answer, or the outcome ``provider_error`` when there is none within ``seconds``."""
    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            return await model.predict(query, seed=seed)
    except TimeoutError:
        if not scope.expired():
            raise
        return Prediction(Outcome.PROVIDER_ERROR, model=model.name, detail=f"no answer within {seconds:g} s")


async def answered(model: WorldModel, query: Query, *, seed: int | None, seconds: float | None) -> Prediction:
    """What ``model`` answers within ``seconds``; what it raises is the outcome ``provider_error``."""
    try:
        return await ask(model, query, seed=seed, seconds=seconds)
    except Exception as error:  # the boundary to models: no run dies from one row
        return Prediction(Outcome.PROVIDER_ERROR, model=model.name, detail=f"{type(error).__name__}: {error}")


def turn_of(action: Action, prediction: Prediction, *, model: str, max_chars: int) -> Turn:
    """The turn that ``prediction`` makes of ``action``; its ``meta`` says who answered and what it cost.

    A prediction without an observation shows the empty text, and ``meta["outcome"]`` says why.
    """
    shown = prediction.observation or ""
    meta: dict[str, Json] = {
        "origin": prediction.origin.value if prediction.origin else None,
        "outcome": prediction.outcome.value,
    }
    if prediction.model not in ("", model):
        meta["model"] = prediction.model
    if prediction.why:
        meta["why"] = prediction.why
    if tokens_asked(prediction):
        usage = prediction.usage
        meta["usage"] = {
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "completion_tokens": usage.completion_tokens,
        }
    if prediction.answers:
        meta["answers"] = list(prediction.answers)
    if len(shown) > max_chars:
        meta["cut"] = {"chars": len(shown), "limit": max_chars}
    return Turn(action, cut(shown, max_chars), meta)


def tokens_asked(prediction: Prediction) -> int:
    """Prompt and completion tokens of a prediction."""
    return prediction.usage.prompt_tokens + prediction.usage.completion_tokens


def bytes_of(turn: Turn) -> int:
    """Bytes of a turn's action and observation, in UTF-8."""
    return sum(len(text.encode("utf-8", "replace")) for text in (turn.action, turn.observation))


def tokens_of(turn: Turn) -> int:
    """Prompt and completion tokens that a turn's ``meta`` tells."""
    usage = turn.meta.get("usage")
    if not isinstance(usage, dict):
        return 0
    return sum(n for key in ("prompt_tokens", "completion_tokens") if isinstance(n := usage.get(key), int))

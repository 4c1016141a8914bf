"""The words of the system: plain frozen values that every other module speaks in.

Everything asks or answers one question, :class:`Query`: given the set-up, the history and this action,
what does the environment show next? The answer is a :class:`Prediction`; whoever answers is a :class:`WorldModel`.
This module imports only the standard library.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Action: TypeAlias = str
"""The verbatim text of an action in its domain (a shell command, a JSON tool call, ``click('a12')``)."""
Observation: TypeAlias = str
"""The verbatim text that the environment shows."""

NOTHING: Mapping[str, Json] = MappingProxyType({})
"""The empty, immutable mapping used as a default."""


@dataclass(frozen=True, slots=True)
class Tool:
    """An MCP-style tool declaration; ``input_schema`` and ``output_schema`` are JSON Schemas."""

    name: str
    description: str = ""
    input_schema: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    output_schema: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Turn:
    """One action and what the environment showed. ``meta`` keeps whatever else was recorded.

    The key ``answers`` of ``meta`` (a list of strings) holds what a world model answered for programs inside
    the action that a kernel lacks, so that the state stays a pure function of the history.
    """

    action: Action
    observation: Observation
    meta: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Setup:
    """What is known before the first turn.

    ``initial_state`` is the text that a model reads; ``facts`` is the structured form that a kernel reads (its
    keys are documented by each domain); ``instruction`` is the simulation instruction.
    """

    initial_state: str = ""
    tools: tuple[Tool, ...] = ()
    demonstrations: tuple[Turn, ...] = ()
    instruction: str = ""
    facts: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a trajectory comes from; ``simulated_by`` names the world model that wrote its observations."""

    dataset: str = ""
    revision: str = ""
    licence: str = ""
    row: str = ""
    simulated_by: str | None = None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A set-up and the turns that followed. ``meta`` keeps unknown keys of the file it was read from."""

    id: str
    domain: str
    setup: Setup
    turns: tuple[Turn, ...]
    source: Source = field(default_factory=Source)
    meta: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Query:
    """The one question: what does the environment show after ``action``?"""

    domain: str
    setup: Setup
    history: tuple[Turn, ...]
    action: Action
    notes: str = ""
    """Volatile knowledge for this step only (facts of a kernel, retrieved turns); rendered after the history."""


class Outcome(StrEnum):
    """How answering ended."""

    OK = "ok"
    UNTAGGED = "untagged"
    """The reply had no readable observation."""
    EMPTY = "empty"
    """The reply was empty."""
    CUT_OFF = "cut_off"
    """The reply hit the length limit before the observation ended."""
    REFUSED = "refused"
    """The world model declined to answer (a kernel that does not know, a replay without this action)."""
    PROVIDER_ERROR = "provider_error"
    """The endpoint failed; ``detail`` says how."""


class Origin(StrEnum):
    """Who answered a step."""

    COMPUTED = "computed"
    RECORDED = "recorded"
    RETRIEVED = "retrieved"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls; ``cached_tokens`` is the part of the prompt served from a prefix cache."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def as_list(self) -> list[int]:
        """``[prompt_tokens, cached_tokens, completion_tokens]``; ``Usage(*...)`` is the inverse."""
        return [self.prompt_tokens, self.cached_tokens, self.completion_tokens]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer to a query. ``observation`` is present exactly when ``outcome`` is ``OK``."""

    outcome: Outcome
    observation: Observation | None = None
    origin: Origin | None = None
    """Who answered; ``None`` when nobody did."""
    reply: str = ""
    """The raw text of the model, without its reasoning."""
    reasoning: str = ""
    usage: Usage = Usage()
    model: str = ""
    seconds: float = 0.0
    detail: str = ""
    """Why the outcome is not ``OK``, in words."""
    answers: tuple[str, ...] = ()
    """What a model answered for programs inside the action; kept in ``Turn.meta['answers']``."""
    why: str = ""
    """Why the answer was not computed, where a kernel was asked first: what it did not know."""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.OK) != (self.observation is not None):
            raise ValueError(f"a prediction has an observation exactly when it is OK, got {self.outcome}")


class WorldModel(Protocol):
    """Whoever can answer a query. One method; everything crosses it."""

    @property
    def name(self) -> str: ...

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        """Answer ``query``; failures are named outcomes, not exceptions."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says: named values in [0, 1], or ``unscored`` with the reason why it could not grade.

    ``applies`` is false where the scorer has nothing to say about a row (one about failures, where nothing failed);
    such a row counts neither as scored nor as unscored by it.
    """

    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unscored: str | None = None
    evidence: str = ""
    applies: bool = True


Scorer: TypeAlias = Callable[[Query, Prediction, Observation], Awaitable[Score]]
"""``(query, prediction, truth) -> Score``. A reward is a scorer."""

"""Judges: a language model marks a prediction against the truth in five dimensions, from 1 to 5.

A judge is a model and a prompt, and its marks mean nothing without both; its fingerprint holds the settings of the
model and the hash of the prompt. Its failures are named and leave a row unscored. How far a judge can be trusted is
measured by :mod:`nextstate.eval.calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from nextstate.errors import UsageError, unknown_name
from nextstate.eval.judge.prompt import FULL, PROMPTS, SHORT, JudgePrompt, sections
from nextstate.eval.judge.verdicts import DIMENSIONS, Verdict, read_verdict
from nextstate.models.language import Reply, ScriptedReplies, build
from nextstate.types import Outcome, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.models.chat import ChatOptions
    from nextstate.models.language import LanguageModel, Messages
    from nextstate.types import Observation, Prediction, Query

__all__ = [
    "DIMENSIONS",
    "FULL",
    "PROMPTS",
    "SHORT",
    "Judge",
    "JudgePrompt",
    "JudgeScorer",
    "Prompt",
    "Verdict",
    "named",
    "read_verdict",
    "sections",
    "verdict_of",
]

REPLY_CHARS = 2_000
"""How much of a reply without a verdict is kept."""

PROGRAMMATIC = "programmatic"
"""The name of the judge that is no model: see :func:`programmatic`."""


class Prompt(Protocol):
    """How a judge is asked. ``sha256`` tells one wording from another."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def messages(self, query: Query, predicted: str, truth: str) -> Sequence[dict[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Judge:
    """A language model that is asked by one prompt."""

    model: LanguageModel
    prompt: Prompt = FULL

    @property
    def name(self) -> str:
        """For tables; another wording has another name only if its author gave it one, see :attr:`fingerprint`."""
        return f"{self.prompt.name}+{self.model.name}"

    @property
    def fingerprint(self) -> str:
        """What tells this judge's marks from another's: the model with its settings, the prompt and its hash."""
        return f"{self.prompt.name}@{self.prompt.sha256[:16]}+{self.model.fingerprint}"

    async def verdict(
        self, query: Query, predicted: Observation, truth: Observation, seed: int | None = None
    ) -> tuple[Verdict, Reply]:
        """The marks for ``predicted``, and the reply that they were read from; failures are named outcomes."""
        reply = await self.model.complete(self.prompt.messages(query, predicted, truth), seed=seed)
        return verdict_of(reply), reply


def verdict_of(reply: Reply) -> Verdict:
    """The verdict in a language model's reply, whatever its ending.

    A reply that was cut off behind a whole verdict is a verdict.
    """
    if reply.outcome in (Outcome.REFUSED, Outcome.PROVIDER_ERROR):
        return Verdict(str(reply.outcome), detail=reply.detail)
    verdict = read_verdict(reply.text)
    if reply.outcome is Outcome.CUT_OFF and verdict.outcome != "judged":
        return replace(verdict, outcome="cut_off", detail=f"the length limit was reached: {verdict.detail}")
    return verdict


@dataclass(frozen=True, slots=True)
class JudgeScorer:
    """A judge as a scorer: ``judge``, the mean of the five marks, and one value for each, scaled to 0..1.

    A model that failed to answer scores zero, and the judge is not asked. A judge that failed leaves the row unscored,
    as ``judge_`` and its outcome.
    """

    judge: Judge

    async def __call__(self, query: Query, prediction: Prediction, truth: Observation) -> Score:
        if prediction.observation is None:
            return Score({"judge": 0.0} | {f"judge.{one}": 0.0 for one in DIMENSIONS})
        verdict, reply = await self.judge.verdict(query, prediction.observation, truth, seed=0)
        if verdict.mean is None:
            return Score(
                unscored=f"judge_{verdict.outcome}", evidence=f"{verdict.detail}\n{reply.text[:2_000]}".strip()
            )
        marks = {f"judge.{name}": _scaled(verdict.scores[name]) for name in DIMENSIONS}
        words = "\n".join(f"{name} {mark}: {verdict.words.get(name, '')}" for name, mark in verdict.scores.items())
        return Score({"judge": _scaled(verdict.mean)} | marks, evidence=words)

    async def aclose(self) -> None:
        """Close the judge's model."""
        from nextstate.models.base import close

        await close(self.judge.model)


def _scaled(mark: float) -> float:
    """A mark from 1 to 5 as a score from 0 to 1."""
    return (mark - 1) / 4


def named(spec: str, options: ChatOptions | None = None) -> Judge:
    """The judge that ``spec`` names: a language model as ``local:NAME`` or ``chat:NAME@URL``, or ``programmatic``.

    ``full+`` or ``short+`` in front chooses the prompt; without it, an embedded model, whose context is small, is
    asked by the short one and everybody else by the full one. ``options`` say how an endpoint is asked.
    Raises :class:`UsageError`.
    """
    head, plus, rest = spec.partition("+")
    prompt = PROMPTS.get(head) if plus else None
    model = rest if prompt else spec
    if not model:
        raise UsageError("a judge needs a language model, as in judge:local:coder-1.5b or judge:full+chat:NAME@URL")
    if plus and prompt is None and ":" not in head:
        raise unknown_name("judge prompt", head, PROMPTS)
    if prompt is None:
        prompt = SHORT if model.rpartition("+")[2].startswith("local:") else FULL
    if model == PROGRAMMATIC:
        return Judge(programmatic(), prompt)
    return Judge(build(model, options), prompt)


def programmatic() -> ScriptedReplies:
    """A fake that answers as a judge, by computing how alike prediction and truth are; for trials without a model.

    It reads both out of the messages of :class:`JudgePrompt` and answers anything else by nothing. It gives 5 to what
    is equal alone, has no idea what is plausible, and can be neither praised nor ordered.
    """
    return ScriptedReplies(_computed, name=PROGRAMMATIC)


def _computed(messages: Messages) -> str | Reply:
    from nextstate.eval.scorers import alike

    parts = sections(messages)
    if not {"truth", "prediction"} <= parts.keys():
        return Reply(Outcome.REFUSED, detail="a programmatic judge only compares a prediction with the truth")
    share = alike(parts["prediction"], parts["truth"])
    mark = 5 if share == 1 else 1 + int(share * 4)
    return "{" + ", ".join(f'"{name}": {min(mark, 4) if share < 1 else 5}' for name in DIMENSIONS) + "}"

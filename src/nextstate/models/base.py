"""What every world model needs: naming how an answer ended, reading a raw reply, identity, and closing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from nextstate.errors import DataError, ReplyError
from nextstate.types import Origin, Outcome, Prediction, Turn, Usage

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.models.language import LanguageModel
    from nextstate.types import Query, WorldModel

THINK, UNTHINK = "<think>", "</think>"

heard: ContextVar[Callable[[str], None] | None] = ContextVar("heard", default=None)
"""Whoever listens while a model writes: it is called with each further piece of the raw reply, where the model says
them. It must be quick and raise nothing. An empty piece says that a reply begins, perhaps anew: what was said before it
no longer counts, for a model may be asked again, or for several parts of one answer. The whole reply is in the
prediction, whether anybody listened or not."""


def refused(detail: str, *, model: str = "") -> Prediction:
    """A prediction that says why ``model`` declined to answer."""
    return Prediction(Outcome.REFUSED, detail=detail, model=model)


def recorded(turn: Turn, *, model: str = "") -> Prediction:
    """The recorded ``turn`` as an answer, with what it holds for programs that a kernel lacks."""
    return Prediction(Outcome.OK, turn.observation, Origin.RECORDED, model=model, answers=answers_of(turn))


def answers_of(turn: Turn) -> tuple[str, ...]:
    """The texts under ``answers`` in the turn's ``meta``; empty when there are none."""
    answers = turn.meta.get("answers")
    return tuple(str(answer) for answer in answers) if isinstance(answers, list | tuple) else ()


def read_reply(domain: Domain, query: Query, text: str, *, cut_off: bool = False) -> Prediction:
    """The prediction that a model's raw ``text`` holds, with its reasoning taken off.

    ``cut_off`` says that the model was stopped by its length limit. The outcome is ``OK`` (also for a cut-off reply
    whose observation ended before), ``CUT_OFF``, ``EMPTY`` or ``UNTAGGED``. Never raises for bad text.
    """
    reasoning, body = split_reasoning(domain, query, text)
    seen = _read(domain, query, body)
    if isinstance(seen, str):
        return Prediction(Outcome.OK, seen, Origin.MODEL, reply=body, reasoning=reasoning)
    outcome, detail = Outcome.UNTAGGED, str(seen)
    if cut_off:
        outcome, detail = Outcome.CUT_OFF, f"the length limit was reached after {len(text)} characters: {seen}"
    elif not body.strip():
        outcome, detail = Outcome.EMPTY, "the reply is empty" + (" after its reasoning" if reasoning else "")
    return Prediction(outcome, reply=body, reasoning=reasoning, detail=detail)


def split_reasoning(domain: Domain, query: Query, text: str) -> tuple[str, str]:
    """``text`` as (reasoning, rest). A ``</think>`` inside an observation never splits.

    A reply that opens with ``<think>`` ends its reasoning at the first ``</think>``, or never: what an unfinished
    reasoning says is no answer. Some servers swallow the opening marker; then a ``</think>`` counts only when what
    follows reads as the same observation as the whole, so the marker stood before it, or when nothing follows.
    """
    opened = text.lstrip()
    if opened.startswith(THINK):
        reasoning, _, rest = opened.removeprefix(THINK).partition(UNTHINK)
        return reasoning.strip(), rest
    head, marker, tail = text.partition(UNTHINK)
    if not marker:
        return "", text
    if not text.rpartition(UNTHINK)[2].strip():
        return text.removesuffix(UNTHINK).strip(), ""
    whole = _read(domain, query, text)
    if isinstance(whole, str) and _read(domain, query, tail) == whole:
        return head.strip(), tail
    return "", text


def _read(domain: Domain, query: Query, text: str) -> str | ReplyError:
    try:
        return domain.read(query, text)
    except ReplyError as error:
        return error


def fingerprint(model: WorldModel | LanguageModel) -> str:
    """What tells this model's answers from another's: its own ``fingerprint``, else its name and what it wraps."""
    own = getattr(model, "fingerprint", None)
    if own is not None:
        return str(own)
    inner = getattr(model, "inner", None)
    return model.name if inner is None else f"{model.name}({fingerprint(inner)})"


async def close(model: WorldModel | LanguageModel) -> None:
    """Close ``model`` if it can be closed."""
    aclose = getattr(model, "aclose", None)
    if aclose is not None:
        await aclose()


def encode(prediction: Prediction) -> dict[str, Any]:
    """``prediction`` as plain JSON values; :func:`decode` is the inverse."""
    return {
        "outcome": str(prediction.outcome),
        "observation": prediction.observation,
        "origin": None if prediction.origin is None else str(prediction.origin),
        "reply": prediction.reply,
        "reasoning": prediction.reasoning,
        "usage": prediction.usage.as_list(),
        "model": prediction.model,
        "seconds": prediction.seconds,
        "detail": prediction.detail,
        "answers": list(prediction.answers),
        "why": prediction.why,
    }


def decode(row: dict[str, Any]) -> Prediction:
    """The prediction that :func:`encode` wrote; raises :class:`DataError` for anything else."""
    try:
        return Prediction(
            **{
                **row,
                "outcome": Outcome(row["outcome"]),
                "origin": None if row["origin"] is None else Origin(row["origin"]),
                "usage": Usage(*row["usage"]),
                "answers": tuple(row["answers"]),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a prediction: {json.dumps(row, default=str)[:200]} ({error})") from error

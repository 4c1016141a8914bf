"""From a chat request to a question, from its answer to a completion."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nextstate import domain as domains
from nextstate.data import store
from nextstate.errors import DataError, StepFailed, UsageError, unknown_name
from nextstate.serve.openai import reading
from nextstate.serve.openai.known import Known
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn, Usage

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.serve.openai.wire import Asked, Extra, Message
    from nextstate.serve.service import Service
    from nextstate.sim.sessions import Step


@dataclass(frozen=True, slots=True)
class Worlds:
    """What messages may be about: the world prompts, each with its domain, and the scenarios of the catalogue."""

    prompts: tuple[tuple[str, str], ...]
    known: Known

    @classmethod
    def of(cls, service: Service) -> Worlds:
        return cls(reading.prompts(), Known(service.catalogue))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, of which world model; of a ``session`` where one is named."""

    owner: str
    model: str
    query: Query
    seed: int | None
    form: str
    session: str = ""
    scenario: str = ""
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in the words of a chat model; ``nextstate`` is what such a model could not say."""

    content: str | None
    reasoning: str
    refusal: str | None
    finish: str
    usage: Usage
    nextstate: dict[str, Any]


async def question(service: Service, owner: str, asked: Asked, worlds: Worlds) -> Question:
    """The question of a request. Raises :class:`UsageError`, and what a session that is named may raise."""
    model, named = _model(service, asked.model)
    extra = asked.nextstate
    if extra.session:
        _refuse_more(extra)
        begun = await service.sessions.scenario(owner, extra.session)
        read = reading.conversation(domains.find(begun.domain), begun.setup, _last(asked))
        query, scenario = begun.query(read.action), ""
        model = (await service.sessions.view(owner, extra.session)).model
    else:
        domain, setup, scenario = _world(service, asked, named, worlds)
        read = reading.conversation(domain, setup, asked.messages)
        query = Query(domain.name, setup, _history(extra.history, read.history), read.action, extra.notes or read.notes)
    form = extra.form or ("observation" if read.calls else "reply")
    return Question(owner, model, query, asked.seed, form, extra.session, scenario)


def _refuse_more(extra: Extra) -> None:
    """A session has a world and a past of its own."""
    given = [name for name in ("domain", "setup", "scenario", "history", "notes") if getattr(extra, name)]
    if given:
        raise UsageError(
            f"nextstate.{given[0]} is not taken beside nextstate.session, which has its own; leave one out"
        )


def _last(asked: Asked) -> list[Message]:
    """The messages that tell the action: what a session already holds need not be sent again."""
    calling = any(one.tool_calls for one in asked.messages)
    return asked.messages if calling else asked.messages[-1:]


def _model(service: Service, name: str) -> tuple[str, str]:
    """The public name of a world model and the domain that stands behind it, if one does."""
    known = service.sessions.models
    if not name or name in known:
        return name or service.sessions.default_model, ""
    model, _, domain = name.rpartition("/")
    if model not in known:
        raise unknown_name("model", name, [*known, *(f"{one}/{domain}" for one in known if domain)])
    return model, domain


def _world(service: Service, asked: Asked, named: str, worlds: Worlds) -> tuple[Domain, Setup, str]:
    """The domain and the set-up that a request tells, and the scenario that they are of, if one is known."""
    extra = asked.nextstate
    prompted, text = reading.prompted(reading.system(asked.messages), worlds.prompts)
    begun = service.catalogue.find(extra.scenario) if extra.scenario else None
    name = extra.domain or named or (begun.domain if begun else "") or prompted
    if not name:
        raise UsageError(
            "which world? Name the domain behind the model (NAME/DOMAIN) or in nextstate.domain, or begin the system "
            f"message with its world prompt; domains: {', '.join(domains.names())}"
        )
    domain = domains.find(name)
    if begun and begun.domain != name:
        raise UsageError(f"the scenario {extra.scenario!r} is of the domain {begun.domain!r}, not of {name!r}")
    if extra.setup is not None:
        return domain, _decoded(name, extra.setup, [])[0], ""
    setup = begun.setup if begun else reading.setup(domain, text)
    if tools := tuple(one.function.tool() for one in asked.tools or ()):
        setup = replace(setup, tools=tools)
    if begun is None and (found := worlds.known.find(name, setup)) is not None:
        return domain, replace(setup, facts=found[1].facts), found[0]
    return domain, setup, extra.scenario


def _history(given: list[Any] | None, read: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return read if given is None else _decoded("-", {}, given)[1]


def _decoded(domain: str, setup: dict[str, Any], turns: list[Any]) -> tuple[Setup, tuple[Turn, ...]]:
    """A set-up and turns as a trajectory file has them."""
    try:
        found = store.decode({"id": "-", "domain": domain, "setup": setup, "turns": turns}, "nextstate")
    except DataError as error:
        raise UsageError(str(error)) from None
    return found.setup, found.turns


async def answer(service: Service, asked: Question) -> Said:
    """The answer to a question. Raises :class:`StepFailed` where the model is broken."""
    domain = domains.find(asked.query.domain)
    if not asked.session:
        prediction = await service.sessions.ask(asked.owner, asked.query, model=asked.model, seed=asked.seed)
        return said(domain, asked, prediction, {"scenario": asked.scenario} if asked.scenario else {})
    try:
        step = await service.sessions.step(asked.owner, asked.session, asked.query.action)
    except StepFailed as failure:
        return said(domain, asked, failure.prediction, {"session": asked.session})
    return said(domain, asked, _predicted(step), {"session": asked.session, "turn": step.index, "shared": step.shared})


def _predicted(step: Step) -> Prediction:
    meta: dict[str, Any] = dict(step.turn.meta)
    usage = {} if step.shared else meta.get("usage") or {}
    return Prediction(
        Outcome.OK,
        step.turn.observation,
        Origin(meta["origin"]) if meta.get("origin") else None,
        usage=Usage(**usage),
        model=str(meta.get("model", "")),
        answers=tuple(meta.get("answers", ())),
        why=str(meta.get("why", "")),
    )


def said(domain: Domain, asked: Question, prediction: Prediction, more: dict[str, Any]) -> Said:
    """A prediction in the words of a chat model. Raises :class:`StepFailed` for the outcome ``provider_error``."""
    if prediction.outcome is Outcome.PROVIDER_ERROR:
        raise StepFailed(prediction)
    content: str | None = prediction.reply
    refusal, finish = None, "stop"
    if prediction.observation is not None:
        shown = prediction.observation
        content = shown if asked.form == "observation" else domain.write(asked.query, shown)
    elif prediction.outcome is Outcome.REFUSED:
        content, refusal = None, prediction.detail or "declined"
    elif prediction.outcome is Outcome.CUT_OFF:
        finish = "length"
    told = {
        "origin": prediction.origin.value if prediction.origin else None,
        "outcome": prediction.outcome.value,
        "domain": domain.name,
        "why": prediction.why,
        "model": prediction.model,
        "detail": prediction.detail,
        "answers": list(prediction.answers),
    }
    return Said(
        content,
        prediction.reasoning,
        refusal,
        finish,
        prediction.usage,
        {key: value for key, value in told.items() if value} | more,
    )


def completion(asked: Question, answer: Said) -> dict[str, Any]:
    """The completion that says ``answer``."""
    message = {"role": "assistant", "content": answer.content, "refusal": answer.refusal, **thoughts(answer)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
    return {
        **head(asked, "chat.completion"),
        "choices": [choice],
        "usage": usage(answer.usage),
        "nextstate": answer.nextstate,
    }


def thoughts(answer: Said) -> dict[str, str]:
    """The field in which servers of models that think keep what they thought apart; nothing where that is nothing."""
    return {"reasoning_content": answer.reasoning} if answer.reasoning else {}


def head(asked: Question, kind: str) -> dict[str, Any]:
    """What every object of one answer begins with."""
    return {"id": asked.id, "object": kind, "created": asked.created, "model": asked.model}


def usage(used: Usage) -> dict[str, Any]:
    """Tokens as OpenAI counts them; zeros where nothing was asked of a model."""
    return {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "total_tokens": used.prompt_tokens + used.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": used.cached_tokens},
    }

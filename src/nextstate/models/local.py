"""A world model inside this process: small weights on llama.cpp, with nothing to set up and nothing sent anywhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nextstate.domain import find
from nextstate.errors import NextstateError, UsageError
from nextstate.models import render, weights
from nextstate.models.base import read_reply, refused
from nextstate.models.fetch import digest
from nextstate.models.language import Reply, spoken
from nextstate.models.local_engine import Plan, borrow, default_threads, require
from nextstate.models.local_prefix import EngineError
from nextstate.types import Origin, Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.domain import Domain
    from nextstate.models.language import Messages
    from nextstate.models.local_engine import Engine, Generated
    from nextstate.types import Query

Form = Literal["transcript", "chat"]
FORMS: tuple[Form, ...] = ("transcript", "chat")

CHARS_PER_TOKEN = tuple(6 * 0.9**step for step in range(32))
"""Sizes for a prompt that has to be cut, in characters per token of room (6 to 0.23). Steps, so that a growing history
keeps its size, and with it its cached prefix, for many turns."""

SAMPLE = 8
"""Characters per token of room from which the density of a text is estimated: more than a context holds."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file of weights, its SHA-256, and the form of prompt that suits it."""

    path: Path
    sha256: str
    form: Form


class LocalModel:
    """The model ``name`` of the catalogue, or the GGUF file of that name, on the embedded engine.

    ``context`` bounds prompt and reply together and ``max_tokens`` the reply, in tokens; a longer history loses its
    oldest turns. ``form`` is how a query is worded, ``transcript`` (a raw session that the model continues) or
    ``chat``; the default is what suits the model. ``loud`` lets the engine log to standard error.

    The engine starts with the first query and is shared by all models of the process that want the same one. The same
    query and seed give the same answer, whatever was asked before. Raises :class:`UsageError` at once when the weights
    or the engine are missing.
    """

    def __init__(
        self,
        name: str = "smollm2-135m",
        *,
        threads: int | None = None,
        context: int = 4096,
        max_tokens: int = 256,
        temperature: float = 0.0,
        form: Form | None = None,
        loud: bool = False,
        domain_of: Callable[[str], Domain] = find,
    ) -> None:
        if form not in (None, *FORMS):
            raise UsageError(f"the form of a prompt is one of {', '.join(FORMS)}, not {form!r}")
        if not 0 < max_tokens < context:
            raise UsageError(f"max_tokens is {max_tokens}; it must leave room for a prompt in a context of {context}")
        require()
        source = _source(name, context)
        self.name = f"local:{name}"
        self.form: Form = form or source.form
        self.fingerprint = f"{self.name}#{source.sha256[:16]}/{self.form}/{context}/{max_tokens}/{temperature}"
        self._plan = Plan(source.path, context, default_threads() if threads is None else threads, loud)
        self._room = context - max_tokens
        self._sampling = {"max_tokens": max_tokens, "temperature": temperature}
        self._domain_of = domain_of
        self._engine: Engine | None = None

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        started = time.perf_counter()
        try:
            prediction = await self._answer(self._domain_of(query.domain), query, seed or 0)
        except EngineError as error:
            prediction = Prediction(Outcome.PROVIDER_ERROR, detail=str(error))
        except NextstateError as error:
            prediction = refused(str(error))
        return replace(prediction, model=self.name, seconds=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Let the engine go. It stays for whoever asks this model next in the process; a later query takes it up."""
        self._engine = None

    async def _answer(self, domain: Domain, query: Query, seed: int) -> Prediction:
        engine = await self._running()
        tokens = await self._prompt(engine, domain, query)
        if tokens is None:
            return refused(f"the query does not fit {self._room} tokens, even cut short")
        asked: dict[str, Any] = {**self._sampling, "prompt": tokens, "seed": seed % 2**32}
        if self.form == "chat":
            said = await engine.generate(asked)
            prediction = read_reply(domain, query, said.text, cut_off=said.cut_off)
        else:
            said = await engine.generate(asked, render.ends_transcript)
            prediction = _continued(domain, query, said)
        return replace(prediction, usage=said.usage)

    async def _running(self) -> Engine:
        if self._engine is None:
            self._engine = await borrow(self._plan)
        return self._engine

    async def _prompt(self, engine: Engine, domain: Domain, query: Query) -> list[int] | None:
        """The query in tokens: whole when it fits the context, else the largest cut that does, if any."""
        whole = await self._worded(engine, domain, query, None)
        sample = whole[: SAMPLE * self._room]
        tokens = await self._tokens(engine, sample)
        if len(sample) == len(whole) and len(tokens) <= self._room:
            return tokens
        density = 0.95 * len(sample) / len(tokens)
        for ratio in CHARS_PER_TOKEN:
            if ratio <= density or ratio == CHARS_PER_TOKEN[-1]:
                tokens = await self._tokens(engine, await self._worded(engine, domain, query, int(ratio * self._room)))
                if len(tokens) <= self._room:
                    return tokens
        return None

    async def _worded(self, engine: Engine, domain: Domain, query: Query, max_chars: int | None) -> str:
        if self.form == "transcript":
            return render.transcript(domain, query, max_chars=max_chars)
        return await engine.template(render.messages(domain, query, max_chars=max_chars))

    async def _tokens(self, engine: Engine, text: str) -> list[int]:
        return await engine.tokens(text, special=self.form == "chat")


class LocalReplies:
    """The same weights as a language model: chat messages in, text out. See :class:`LocalModel` for the arguments.

    Messages that do not fit ``context`` beside ``max_tokens`` of reply are refused, never cut.
    """

    def __init__(
        self,
        name: str = "smollm2-135m",
        *,
        threads: int | None = None,
        context: int = 4096,
        max_tokens: int = 512,
        temperature: float = 0.0,
    ) -> None:
        require()
        source = _source(name, context)
        self.name = f"local:{name}"
        self.fingerprint = f"{self.name}#{source.sha256[:16]}/replies/{context}/{max_tokens}/{temperature}"
        self._plan = Plan(source.path, context, default_threads() if threads is None else threads)
        self._room = context - max_tokens
        self._sampling = {"max_tokens": max_tokens, "temperature": temperature}

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        started = time.perf_counter()
        try:
            reply = await self._reply(await borrow(self._plan), messages, seed or 0)
        except EngineError as error:
            reply = Reply(Outcome.PROVIDER_ERROR, detail=str(error))
        return replace(reply, model=self.name, seconds=time.perf_counter() - started)

    async def _reply(self, engine: Engine, messages: Messages, seed: int) -> Reply:
        tokens = await engine.tokens(await engine.template(messages), special=True)
        if len(tokens) > self._room:
            return Reply(
                Outcome.REFUSED, detail=f"the messages take {len(tokens)} tokens, there is room for {self._room}"
            )
        said = await engine.generate({**self._sampling, "prompt": tokens, "seed": seed % 2**32})
        return spoken(said.text, cut_off=said.cut_off, usage=said.usage)


def _source(name: str, context: int) -> _Source:
    """The weights called ``name``: a file when it ends in ``.gguf``, else an entry of the catalogue."""
    if name.endswith(".gguf"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise UsageError(f"no such file of weights: {name}")
        return _Source(path, digest(path), "transcript")
    known = weights.find(name)
    if context > known.context:
        raise UsageError(f"{name} was trained for {known.context} tokens; a context of {context} does not suit it")
    return _Source(weights.path_of(name), known.sha256, known.prompt)


def _continued(domain: Domain, query: Query, said: Generated) -> Prediction:
    """The observation at the head of a continued transcript; an empty one is an answer like any other."""
    if said.cut_off:
        detail = f"no end after {said.usage.completion_tokens} tokens; max_tokens sets how many there may be"
        return Prediction(Outcome.CUT_OFF, reply=said.text, detail=detail)
    shown = render.read_transcript(said.text)
    if domain.screens:
        return read_reply(domain, query, render.reply_of(shown))
    return Prediction(Outcome.OK, shown, Origin.MODEL, reply=said.text)

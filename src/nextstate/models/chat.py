"""Language models and world models behind any OpenAI-compatible chat endpoint."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nextstate.domain import find, worded
from nextstate.errors import NextstateError, UsageError
from nextstate.models import keys, render
from nextstate.models.base import heard, read_reply, refused
from nextstate.models.endpoint import Endpoint, EndpointError, NotStreamed, Patience, address
from nextstate.models.language import Reply, spoken
from nextstate.types import NOTHING, Outcome, Prediction, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from nextstate.domain import Domain
    from nextstate.models.language import Messages
    from nextstate.types import Json, Query

log = logging.getLogger(__name__)

KEY_VARIABLE = "NEXTSTATE_API_KEY"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What is asked of the endpoint. ``max_chars`` bounds the prompt, ``max_tokens`` the reply with its reasoning.

    ``prompt`` names a variant of the domain's world prompt, such as ``long``; empty is the usual one. ``extra`` is
    merged into the request body; a value of ``None`` takes the field out, for endpoints that refuse it.
    """

    temperature: float = 0.0
    max_tokens: int = 4096
    max_chars: int | None = None
    prompt: str = ""
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    patience: Patience = field(default_factory=Patience)


class ChatEndpoint:
    """The language model ``name`` served at ``url`` (the base address, as ``http://localhost:8000/v1``).

    The key comes from ``api_key`` or the environment variable NEXTSTATE_API_KEY and is never shown. What the endpoint
    does wrong is the outcome ``PROVIDER_ERROR``, what it declines to say ``REFUSED``. Belongs to the event loop of its
    first call; close it with :meth:`aclose`.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        api_key: str | None = None,
        options: ChatOptions | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.options = options or ChatOptions()
        self.name = f"chat:{name}@{url.partition('?')[0]}"
        self.address = address(url, "/chat/completions")
        self._model = name
        self._streams = True
        self._endpoint = Endpoint(
            self.address,
            key=api_key or os.environ.get(KEY_VARIABLE),
            patience=self.options.patience,
            sleep=sleep,
            now=now,
        )

    @property
    def fingerprint(self) -> str:
        """Name, address and the options that may change a reply."""
        options = self.options
        asked = [options.temperature, options.max_tokens, options.extra]
        return f"{self.name}#{keys.digest(self.address, asked).hex()[:16]}"

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        started = time.perf_counter()
        try:
            reply = _reply(completion(await self._said(self._request(messages, seed))))
        except EndpointError as error:
            reply = Reply(Outcome.PROVIDER_ERROR, detail=str(error))
        return replace(reply, model=self.name, seconds=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()

    async def _said(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the endpoint answers, as a stream where somebody listens and it can."""
        listener = heard.get()
        if listener is not None and self._streams:
            try:
                asked = body | {"stream": True, "stream_options": {"include_usage": True}}
                return await self._endpoint.post(asked, lambda events: streamed(events, listener))
            except NotStreamed as refusal:
                said = await self._endpoint.post(body)
                log.warning("%s does not stream: %s", self.name, refusal)
                self._streams = False
                return said
        return await self._endpoint.post(body)

    def _request(self, messages: Messages, seed: int | None) -> dict[str, Any]:
        body = {
            "model": self._model,
            "messages": messages,
            "temperature": self.options.temperature,
            "max_tokens": self.options.max_tokens,
            "seed": seed,
            **self.options.extra,
        }
        return {name: value for name, value in body.items() if value is not None}


class ChatModel:
    """A world model behind a :class:`ChatEndpoint`, which takes the same arguments. Failures are named outcomes."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        api_key: str | None = None,
        options: ChatOptions | None = None,
        domain_of: Callable[[str], Domain] = find,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint = ChatEndpoint(name, url, api_key=api_key, options=options, sleep=sleep, now=now)
        self.options = self._endpoint.options
        self.name = self._endpoint.name
        self._domain_of = domain_of

    @property
    def fingerprint(self) -> str:
        """Name, address and all options that may change an answer."""
        options = self.options
        asked = [options.temperature, options.max_tokens, options.max_chars, options.prompt, options.extra]
        return f"{self.name}#{keys.digest(self._endpoint.address, asked).hex()[:16]}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        started = time.perf_counter()
        try:
            domain = worded(self._domain_of(query.domain), self.options.prompt)
            asked = render.messages(domain, query, max_chars=self.options.max_chars)
            prediction = read(domain, query, await self._endpoint.complete(asked, seed=seed))
        except NextstateError as error:
            prediction = refused(str(error))
        return replace(prediction, model=self.name, seconds=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()


@dataclass(frozen=True, slots=True)
class Completion:
    """What a chat completion says: its text, its reasoning where the server keeps that apart, and how it ended."""

    text: str
    reasoning: str
    finish: str
    refusal: str
    usage: Usage


def completion(payload: Mapping[str, Any]) -> Completion:
    """The first choice of a chat completion; raises :class:`EndpointError` when there is none."""
    choices = payload.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise EndpointError(f"the reply is no chat completion: it has the fields {sorted(payload)[:8]}")
    return Completion(
        text=_text(message.get("content")),
        reasoning=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
        finish=_text(choice.get("finish_reason")),
        refusal=_text(message.get("refusal")),
        usage=_usage(payload.get("usage")),
    )


async def streamed(events: AsyncIterator[Mapping[str, Any]], heard: Callable[[str], None]) -> dict[str, Any]:
    """The chat completion whose pieces are ``events``; ``heard`` is told of each piece of its text.

    The pieces are OpenAI's ``chat.completion.chunk``: what is in the ``delta`` of the first choice adds to the message.
    """
    texts: dict[str, list[str]] = {name: [] for name in ("content", "reasoning_content", "reasoning", "refusal")}
    finish, usage, chosen = "", None, False
    heard("")
    async for event in events:
        usage = event.get("usage") or usage
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            continue
        chosen = True
        finish = _text(choice.get("finish_reason")) or finish
        delta = choice.get("delta")
        for name, parts in texts.items():
            if piece := _text(delta.get(name)) if isinstance(delta, dict) else "":
                parts.append(piece)
                if name == "content":
                    heard(piece)
    message = {name: "".join(parts) for name, parts in texts.items()}
    return {"choices": [{"message": message, "finish_reason": finish}] if chosen else [], "usage": usage}


def read(domain: Domain, query: Query, reply: Reply) -> Prediction:
    """The prediction that a language model's ``reply`` to ``query`` is."""
    if reply.outcome in (Outcome.REFUSED, Outcome.PROVIDER_ERROR):
        prediction = Prediction(reply.outcome, detail=reply.detail)
    else:
        prediction = read_reply(domain, query, reply.text, cut_off=reply.outcome is Outcome.CUT_OFF)
    reasoning = "\n".join(part for part in (reply.reasoning, prediction.reasoning) if part)
    return replace(prediction, reasoning=reasoning, usage=reply.usage, model=reply.model, seconds=reply.seconds)


def _reply(said: Completion) -> Reply:
    if said.refusal or said.finish == "content_filter":
        detail = said.refusal or "the endpoint's content filter stopped the reply"
        return Reply(Outcome.REFUSED, detail=detail, reasoning=said.reasoning, usage=said.usage)
    return spoken(said.text, cut_off=said.finish == "length", reasoning=said.reasoning, usage=said.usage)


def parts(argument: str, form: str = "chat") -> tuple[str, str]:
    """Name and address of ``NAME@URL``; ``form`` is what stands before it. Raises :class:`UsageError`."""
    match = re.fullmatch(r"(.+?)@(https?://.+)", argument, re.IGNORECASE | re.DOTALL)
    if match is None:
        example = f"{form}:NAME@URL, as in {form}:qwen@http://localhost:8000/v1"
        raise UsageError(f"write {example}, not {f'{form}:{argument}'!r}")
    return match[1], match[2]


def _text(value: object) -> str:
    """The text of a string or a list of text parts, without lone surrogates, which no file can hold."""
    if isinstance(value, list):
        value = "".join(part["text"] for part in value if isinstance(part, dict) and isinstance(part.get("text"), str))
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _usage(value: object) -> Usage:
    counts = value if isinstance(value, dict) else {}
    details = counts.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(_count(counts.get("prompt_tokens")), _count(cached), _count(counts.get("completion_tokens")))


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0

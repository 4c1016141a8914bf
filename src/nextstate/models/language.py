"""Language models as such: chat messages in, text out.

A world model is asked a query; judges, agents and foreign protocols ask in messages of their own. Both kinds of asking
share endpoints, the embedded engine and the call cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from nextstate.errors import DataError, UsageError, unknown_name
from nextstate.types import Outcome, Usage

if TYPE_CHECKING:
    from nextstate.models.chat import ChatOptions

Messages: TypeAlias = "Sequence[Mapping[str, str]]"
"""Chat messages: ``role`` (system, user or assistant) and ``content`` of each."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a language model said, and how that ended.

    The outcome is ``OK``, ``EMPTY``, ``CUT_OFF`` (``text`` is what came before the length limit), ``REFUSED`` or
    ``PROVIDER_ERROR``; the last two come without text and say why in ``detail``. ``reasoning`` is what the server keeps
    apart from the text; a model that thinks aloud between ``<think>`` and ``</think>`` does so in ``text``.
    """

    outcome: Outcome
    text: str = ""
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    detail: str = ""
    model: str = ""


class LanguageModel(Protocol):
    """Whoever continues a conversation."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """What tells this model's replies from another's: name, address and all settings that may change a reply."""
        ...

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        """The reply to ``messages``; failures are named outcomes, not exceptions."""
        ...


def spoken(text: str, *, cut_off: bool = False, **more: Any) -> Reply:
    """The reply that says ``text``, with the outcome that it has."""
    outcome = Outcome.CUT_OFF if cut_off else Outcome.OK if text.strip() else Outcome.EMPTY
    return Reply(outcome, text, **more)


class ScriptedReplies:
    """A fake that replies what ``reply`` gives for the messages. Deterministic, and part of the product."""

    def __init__(self, reply: Callable[[Messages], str | Reply], name: str = "scripted") -> None:
        self._reply = reply
        self.name = self.fingerprint = name

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        said = self._reply(messages)
        return said if isinstance(said, Reply) else spoken(said, model=self.name)


def build(spec: str, options: ChatOptions | None = None) -> LanguageModel:
    """The language model that ``spec`` names: ``chat:NAME@URL`` or ``local:NAME``, in front perhaps ``cached:FILE+``.

    Raises :class:`UsageError`.
    """
    name, _, rest = spec.partition(":")
    if name == "chat":
        from nextstate.models import chat

        return chat.ChatEndpoint(*chat.parts(rest), options=options)
    if name == "local":
        from nextstate.models.local import LocalReplies

        return LocalReplies(rest) if rest else LocalReplies()
    if name == "cached":
        from nextstate.models.cache import CachedReplies

        file, _, inner = rest.partition("+")
        if not (file and inner):
            raise UsageError(f"write cached:FILE+MODEL, as in cached:calls.db+local:coder-1.5b, not {spec!r}")
        return CachedReplies(build(inner, options), Path(file).expanduser())
    raise UsageError(
        f"{unknown_name('language model', name, FORMS)}; a language model is chat:NAME@URL or local:NAME, "
        "with cached:FILE+ in front if its replies are to be kept"
    )


FORMS = ("chat", "local", "cached")


def encode(reply: Reply) -> dict[str, Any]:
    """``reply`` as plain JSON values; :func:`decode` is the inverse."""
    return {
        "outcome": str(reply.outcome),
        "text": reply.text,
        "reasoning": reply.reasoning,
        "usage": reply.usage.as_list(),
        "seconds": reply.seconds,
        "detail": reply.detail,
        "model": reply.model,
    }


def decode(row: dict[str, Any]) -> Reply:
    """The reply that :func:`encode` wrote; raises :class:`DataError` for anything else."""
    try:
        return Reply(**{**row, "outcome": Outcome(row["outcome"]), "usage": Usage(*row["usage"])})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a reply: {type(error).__name__}: {error}") from error

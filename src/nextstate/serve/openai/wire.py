"""What a chat request holds, and what an error looks like. Types are checked where bytes enter; unknown fields pass."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from nextstate.data import store
from nextstate.errors import DataError, NextstateError, UsageError
from nextstate.serve import problems
from nextstate.types import Json, Tool

MAX_MESSAGES = 10_000
"""Messages of one request."""


class Function(msgspec.Struct):
    """The name of a called tool and its arguments, a JSON text."""

    name: str
    arguments: str = "{}"


class Call(msgspec.Struct):
    """A tool call of an assistant message."""

    function: Function
    id: str = ""
    type: str = "function"


class Part(msgspec.Struct):
    """A part of a message's content."""

    type: str
    text: str | None = None
    refusal: str | None = None


class Message(msgspec.Struct):
    """One message; ``content`` is text, or parts of which only texts are taken."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None

    def text(self, where: str) -> str:
        """The content as text. Raises :class:`UsageError` for pictures and the like."""
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type not in ("text", "refusal"):
                raise UsageError(f"{where}: a part of the type {part.type[:40]!r}; only text is taken here")
        return "".join(part.text or part.refusal or "" for part in self.content)


class Declared(msgspec.Struct):
    """A tool as a request declares it."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None

    def tool(self) -> Tool:
        return Tool(self.name, self.description or "", self.parameters or {})


class DeclaredTool(msgspec.Struct):
    function: Declared
    type: str = "function"


class Extra(msgspec.Struct, forbid_unknown_fields=True):
    """The field ``nextstate`` of a request; see the package for what each means."""

    domain: str = ""
    setup: dict[str, Any] | None = None
    scenario: str = ""
    history: list[Any] | None = None
    notes: str = ""
    session: str = ""
    form: Literal["reply", "observation"] | None = None


class Asked(msgspec.Struct):
    """A chat request."""

    messages: list[Message]
    model: str = ""
    seed: int | None = None
    stream: bool | None = False
    stream_options: dict[str, Any] | None = None
    tools: list[DeclaredTool] | None = None
    n: int | None = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None
    nextstate: Extra = msgspec.field(default_factory=Extra)

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a chunk that tells the usage."""
        return bool((self.stream_options or {}).get("include_usage"))


def parse(body: bytes) -> Asked:
    """The request of a body; raises :class:`UsageError` that names the field which is wrong."""
    try:
        asked = msgspec.convert(store.parse(body), Asked)
    except DataError as error:
        raise UsageError(f"the body is no chat request: {error}") from None
    except msgspec.ValidationError as error:
        raise UsageError(f"the body is no chat request: {str(error)[:500]}") from None
    _refuse(asked)
    return asked


def _refuse(asked: Asked) -> None:
    if not 0 < len(asked.messages) <= MAX_MESSAGES:
        raise UsageError(f"'messages' has {len(asked.messages)} messages; give 1 to {MAX_MESSAGES}")
    if asked.n not in (None, 1):
        raise UsageError(f"'n' is {asked.n}; there is one answer to a request: ask again with another seed")
    if asked.logprobs:
        raise UsageError("'logprobs': a world tells no probabilities; leave it out")
    if (asked.response_format or {}).get("type", "text") != "text":
        raise UsageError("'response_format': the world decides how it shows itself; leave it out")
    if asked.seed is not None and not 0 <= asked.seed < 2**63:
        raise UsageError(f"'seed' is {asked.seed}; give a number from 0 to 2**63 - 1")


def problem(error: NextstateError, status: int) -> dict[str, Json]:
    """An error as OpenAI words it: ``message``, ``type``, ``param`` and ``code``, with what ours tell besides."""
    told: dict[str, Any] = problems.problem(error)["error"]
    kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}.get(status)
    return {
        "error": {
            **told,
            "type": kind or ("invalid_request_error" if status < 500 else "server_error"),
            "param": None,
        }
    }

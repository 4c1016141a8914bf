"""Messages read back into the question that they ask: the inverse of :func:`nextstate.models.render.messages`.

What the renderer left out is missing, so messages that say that something was are refused; facts of a set-up, which no
message holds, are empty. A text that itself holds the renderer's headings may be divided elsewhere than it was joined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.data import store
from nextstate.domain import interface
from nextstate.errors import ActionError, DataError, ReplyError, UsageError
from nextstate.models import render
from nextstate.types import Query, Setup, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nextstate.domain import Domain
    from nextstate.serve.openai.wire import Call, Message
    from nextstate.types import Action, Observation, Tool

_GAP = re.compile(r"\[\.\.\. (\d{1,9}) earlier turns are not shown \.\.\.\]\n\n")
_CLIPPED = re.compile(r"\n\[\.\.\. \d{1,9} or more characters left out \.\.\.\]\n")
_ACTION, _REPLY = "Action:\n", "\n\nReply:\n"


@dataclass(frozen=True, slots=True)
class Read:
    """What messages ask: the action, and the turns before it; ``calls`` says that it is a tool call of an agent."""

    history: tuple[Turn, ...]
    action: Action
    notes: str = ""
    calls: bool = False


def system(messages: Sequence[Message]) -> str:
    """The text of the system and developer messages."""
    texts = [_whole(k, one) for k, one in enumerate(messages) if one.role in ("system", "developer")]
    return "\n\n".join(texts)


def prompts() -> tuple[tuple[str, str], ...]:
    """The world prompts of all installed domains, in all variants, each with the name of its domain."""
    found = [domains.find(name) for name in domains.names()]
    return tuple((text.strip(), one.name) for one in found for text in (one.prompt, *one.prompts.values()))


def prompted(text: str, known: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The domain whose world prompt ``text`` begins with, or nothing, and what stands behind the prompt."""
    for prompt, name in known:
        rest = text.removeprefix(prompt)
        if len(rest) < len(text) and (not rest or rest.startswith("\n\n## ")):
            return name, rest
    return "", text


def setup(domain: Domain, text: str) -> Setup:
    """The set-up that a system message tells behind the world prompt."""
    text, instruction = _cut("\n\n" + text.removeprefix("\n\n"), render.INSTRUCTION)
    text, examples = _cut(text, render.EXAMPLES)
    before, listed = _cut(text, render.TOOLS)
    tools = _tools(listed)
    state = (text if tools is None else before).removeprefix("\n\n").removeprefix(f"## {render.STATE}\n\n")
    bare = Setup(state, tools or (), (), instruction)
    return replace(bare, demonstrations=_demonstrations(domain, bare, examples)) if examples else bare


def _cut(text: str, title: str) -> tuple[str, str]:
    """What stands before a section, and its text; all of ``text`` and nothing where there is no such section."""
    before, heading, section = text.rpartition(f"\n\n## {title}\n\n")
    return (before, section) if heading else (text, "")


def _tools(listed: str) -> tuple[Tool, ...] | None:
    """The tools of a section with one on each line; ``None`` where it is none."""
    try:
        return tuple(store.decode_tool(store.parse(line.encode())) for line in listed.split("\n")) if listed else ()
    except DataError:
        return None


def _demonstrations(domain: Domain, setup: Setup, text: str) -> tuple[Turn, ...]:
    turns: tuple[Turn, ...] = ()
    for block in ("\n\n" + text).split(f"\n\n{_ACTION}")[1:]:
        shown, _, said = block.partition(_REPLY)
        turns = _with(domain, setup, turns, shown, said)
    return turns


def conversation(domain: Domain, setup: Setup, messages: Sequence[Message]) -> Read:
    """The history and the action of messages. Raises :class:`UsageError` for what is no such conversation."""
    said = [(k, one) for k, one in enumerate(messages) if one.role not in ("system", "developer")]
    if not said:
        raise UsageError("the messages hold no action: the last one is to be a user message, or a tool call")
    if any(one.tool_calls or one.role == "tool" for _, one in said):
        return _agent(domain, setup, [one for _, one in said])
    return _plain(domain, setup, said)


def _plain(domain: Domain, setup: Setup, said: Sequence[tuple[int, Message]]) -> Read:
    turns: tuple[Turn, ...] = ()
    for (k, user), (j, assistant) in zip(said[:-1:2], said[1::2], strict=False):
        _expect(k, user, "user", "an action")
        _expect(j, assistant, "assistant", "what the action before it showed")
        turns = _with(domain, setup, turns, _whole(k, user), _whole(j, assistant))
    last, user = said[-1]
    _expect(last, user, "user", "the action to answer")
    action, marked, notes = _whole(last, user).rpartition(render.NOTES)
    shown = action if marked else notes
    return Read(turns, action_shown(domain, setup, turns, shown), notes if marked else "")


def _expect(k: int, message: Message, role: str, what: str) -> None:
    if message.role != role:
        raise UsageError(f"message {k} is of the role {message.role!r}; here it is to be {role!r}: {what}")


def _whole(k: int, message: Message) -> str:
    """The text of a message that leaves nothing out. Raises :class:`UsageError`."""
    text = message.text(f"message {k}")
    missing = f"{found[1]} turns are" if (found := _GAP.match(text)) else "a part is" if _CLIPPED.search(text) else ""
    if missing:
        lost = f"message {k} says that {missing} left out, and a world goes on from all that happened"
        raise UsageError(f"{lost}; ask in full (served:NAME@URL, or nextstate.history), or step a session")
    return text


def _with(domain: Domain, setup: Setup, turns: tuple[Turn, ...], shown: str, said: str) -> tuple[Turn, ...]:
    action = action_shown(domain, setup, turns, shown)
    return (*turns, Turn(action, _observation(domain, Query(domain.name, setup, turns, action), said)))


def _observation(domain: Domain, query: Query, said: str) -> Observation:
    """What an assistant message shows: the observation in a reply of the domain, else the text as it is."""
    try:
        return domain.read(query, said)
    except ReplyError:
        return said


_MARK = "\ue000"
"""A character that no domain writes of itself: where it stands in what is shown, there the action stands."""


def action_shown(domain: Domain, setup: Setup, turns: tuple[Turn, ...], shown: str) -> Action:
    """The action that a domain words as ``shown``: what stands where an action does, else the text itself."""

    def worded(action: Action) -> str:
        return domain.show(Query(domain.name, setup, turns, action))

    before, mark, after = worded(_MARK).partition(_MARK)
    inner = shown[len(before) : len(shown) - len(after)]
    return inner if mark and worded(inner) == shown else shown


def _agent(domain: Domain, setup: Setup, messages: Sequence[Message]) -> Read:
    """The calls of an agent and their results, in the order of the calls; the one without a result is the action."""
    turns: tuple[Turn, ...] = ()
    asked: list[tuple[str, Action]] = []
    for message in messages:
        for call in message.tool_calls or ():
            asked.append((call.id, _call(domain, setup, call)))
        if message.role == "tool":
            turns, asked = _answered(turns, asked, message)
    if len(asked) != 1:
        raise UsageError(f"{len(asked)} tool calls are without a result; one is to be: the call to answer")
    return Read(turns, asked[0][1], calls=True)


def _answered(
    turns: tuple[Turn, ...], asked: list[tuple[str, Action]], result: Message
) -> tuple[tuple[Turn, ...], list[tuple[str, Action]]]:
    for k, (ident, action) in enumerate(asked):
        if ident == (result.tool_call_id or ""):
            return (*turns, Turn(action, result.text("a tool message"))), asked[:k] + asked[k + 1 :]
    raise UsageError(f"a tool message answers the call {(result.tool_call_id or '')[:80]!r}, which nobody has made")


def _call(domain: Domain, setup: Setup, call: Call) -> Action:
    name = call.function.name
    try:
        arguments = store.parse((call.function.arguments or "{}").encode())
    except DataError as error:
        raise ActionError(f"the arguments of the call of {name[:80]!r} are {error}") from None
    if not isinstance(arguments, dict):
        raise ActionError(f"the arguments of the call of {name[:80]!r} are no JSON object")
    return interface.action_of(domain, setup, name, arguments)

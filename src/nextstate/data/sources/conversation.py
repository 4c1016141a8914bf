"""Conversations with tools, in whatever format: messages, calls and results become turns.

A format that records what an agent said and called gives :data:`Event` values in the order of the recording;
:func:`turns` pairs each result with its call. An action is the call as JSON text, ``{"name": ..., "arguments":
{...}}``, and an observation is the text of its result. What the agent thought or said is left out (its count is
``dropped["said"]``); what the user said before a call is kept in the turn's ``meta["user"]``, for the environment of
a tool does not see it. A call without a recorded result is left out (``no_observation``), and the next turn has its
text in ``meta["unseen"]``: something happened that nobody saw. A result that answers no call is left out
(``no_call``). So is a call that only holds a thought, see :func:`is_thought` (``thought``).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domain.strict_json import finite, no_constant
from nextstate.types import NOTHING, Json, Setup, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nextstate.data.sources import Origin


@dataclass(slots=True)
class Say:
    """A message in words; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    text: str


@dataclass(slots=True)
class Call:
    """The agent calls a tool. Without an ``id`` it is paired by its place."""

    name: str
    arguments: Json
    id: str = ""


@dataclass(slots=True)
class Result:
    """What a call showed. ``meta`` goes to the turn; an ``id`` of no call is paired by its place or its name."""

    text: str
    id: str = ""
    name: str = ""
    meta: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


Event: TypeAlias = Say | Call | Result
"""What happened. None is ever changed; they are not frozen, because there are millions and that is slow."""


def action(name: str, arguments: Json) -> str:
    """The text of a tool call, the same for equal calls: JSON on one line, with a space after each comma and colon."""
    encode, _, spaced = _codec()
    try:
        return str(spaced(encode({"name": name, "arguments": arguments}), indent=0), "utf-8")
    except (ValueError, OverflowError):  # a lone surrogate, or a number beyond 64 bits
        return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def arguments(value: Json) -> Json:
    """The arguments of a call, which some formats write as JSON inside a string; what is not JSON stays a string."""
    if not isinstance(value, str):
        return {} if value is None else value
    try:
        parsed: Json = _codec()[1](value)
    except (ValueError, RecursionError):  # not JSON, or only what Python's module calls JSON
        parsed = _arguments_slowly(value)
    return parsed


def _arguments_slowly(value: str) -> Json:
    try:
        parsed: Json = json.loads(value, parse_float=finite, parse_constant=no_constant) if value.strip() else {}
    except (ValueError, RecursionError):
        return value
    return parsed


@cache
def _codec() -> tuple[Callable[[Json], bytes], Callable[[str], Json], Callable[..., bytes]]:
    """msgspec's encoder, decoder and layout, which are much faster than the standard library's."""
    import msgspec

    return msgspec.json.Encoder().encode, msgspec.json.Decoder().decode, msgspec.json.format


THINKING = "think"
"""The tool that holds what the agent thought, in tau-bench, OpenHands and agents that follow them."""

_NOTED = frozenset(("", "Your thought has been logged.", "Your thought has been logged"))
"""What that tool shows where it does nothing: no text, or that of OpenHands."""


def is_thought(name: str, shown: str = "") -> bool:
    """Whether a call only holds what the agent thought. A tool ``think`` that answers with anything else is real."""
    return name == THINKING and shown.strip() in _NOTED


def content(value: Json) -> str:
    """The text of a message whose content is a string, nothing, or a list of parts; a part that is no text is named."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _part(value)
    if isinstance(value, list):
        return "\n".join(content(part) for part in value)
    return json.dumps(value)


def _part(part: dict[str, Json]) -> str:
    for key in ("text", "content", "output", "refusal"):
        if isinstance(part.get(key), str):
            return str(part[key])
        if key == "content" and isinstance(part.get(key), list):
            return content(part[key])
    return f"[{part.get('type') or 'part'}]"


def tools(declared: Iterable[Json]) -> tuple[Tool, ...]:
    """Tool declarations in the spellings of OpenAI, Anthropic and MCP; what has no name is passed over."""
    found = []
    for one in declared:
        inner = one.get("function") if isinstance(one, dict) else None
        tool = inner if isinstance(inner, dict) else one
        if isinstance(tool, dict) and isinstance(tool.get("name"), str):
            schema = tool.get("inputSchema") or tool.get("input_schema") or tool.get("parameters") or {}
            output = tool.get("outputSchema") or tool.get("output_schema") or {}
            found.append(
                Tool(
                    str(tool["name"]),
                    str(tool.get("description") or ""),
                    schema if isinstance(schema, dict) else {},
                    output if isinstance(output, dict) else {},
                )
            )
    return tuple(found)


def turns(events: Iterable[Event], dropped: Counter[str]) -> Iterator[Turn]:
    """Calls with their results, in the order of the results; what is left out is counted in ``dropped``."""
    events = list(events)
    return _turns(events, {event.id for event in events if isinstance(event, Result)}, dropped)


def _turns(events: list[Event], answered: set[str], dropped: Counter[str]) -> Iterator[Turn]:
    pending: list[Call] = []
    user: list[Json] = []
    unseen: list[Json] = []
    said = 0
    for event in events:
        if isinstance(event, Result):
            if (call := _take(pending, event)) is None:
                dropped["no_call"] += 1
            elif is_thought(call.name, event.text):
                dropped["thought"] += 1
            else:
                meta = event.meta
                if user or unseen:
                    meta = _context(user, unseen, meta)
                    user, unseen = [], []
                yield Turn(action(call.name, call.arguments), event.text, meta)
        elif isinstance(event, Call):
            if not event.id or event.id in answered:
                pending.append(event)
            elif is_thought(event.name):
                dropped["thought"] += 1
            else:
                dropped["no_observation"] += 1
                unseen.append(action(event.name, event.arguments))
        elif event.role == "assistant":
            said += bool(event.text) and not event.text.isspace()
        elif event.role == "user" and event.text:
            user.append(event.text)
    for call in pending:
        dropped["thought" if is_thought(call.name) else "no_observation"] += 1
    dropped["said"] += said


def _context(user: list[Json], unseen: list[Json], meta: Mapping[str, Json]) -> Mapping[str, Json]:
    return {**({"user": user} if user else {}), **({"unseen": unseen} if unseen else {}), **meta}


def _take(pending: list[Call], result: Result) -> Call | None:
    """The call that ``result`` answers: by id, else the first without an id that has the result's name, or any name."""
    if ident := result.id:
        for index, call in enumerate(pending):
            if call.id == ident:
                return pending.pop(index)
    for index, call in enumerate(pending):
        if not (ident and call.id) and result.name in ("", call.name):
            return pending.pop(index)
    return None


def trajectory(
    events: Iterable[Event],
    origin: Origin,
    *,
    declared: tuple[Tool, ...] = (),
    meta: Mapping[str, Json] = NOTHING,
    initial_state: str = "",
    facts: Mapping[str, Json] = NOTHING,
    domain: str = "",
    left_out: Mapping[str, int] = MappingProxyType({}),
) -> Trajectory:
    """The trajectory of one conversation.

    ``meta`` is completed by ``task`` (the first thing the user said), ``system`` (the agent's instructions) and
    ``dropped``, to which ``left_out`` adds what the format did not make an event, by reason. The domain is the
    caller's, the format's, or what the names of the called tools suggest.
    """
    events = list(events)
    dropped: Counter[str] = Counter(left_out)
    known, called, answered = _told(events)
    found = tuple(_turns(events, answered, dropped))
    known.update(meta)
    setup = Setup(initial_state=initial_state, tools=declared, facts=facts)
    return assembled(found, setup, known, dropped, origin, domain or domain_of(called or {t.name for t in declared}))


def assembled(
    found: tuple[Turn, ...], setup: Setup, known: dict[str, Json], dropped: Counter[str], origin: Origin, domain: str
) -> Trajectory:
    """The trajectory of turns that have been found; ``known`` becomes its ``meta``, with what was left out."""
    if counted := +dropped:
        known["dropped"] = dict(counted)
    return Trajectory(origin.id, origin.domain or domain, setup, found, origin.source, known)


def _told(events: list[Event]) -> tuple[dict[str, Json], set[str], set[str]]:
    """The agent's task and instructions; the names of the tools that were called; the ids of the results."""
    known: dict[str, Json] = {}
    called: set[str] = set()
    answered: set[str] = set()
    system: list[str] = []
    for event in events:
        if isinstance(event, Call):
            called.add(event.name)
        elif isinstance(event, Result):
            answered.add(event.id)
        elif event.role == "system":
            system.append(event.text)
        elif event.role == "user":
            known.setdefault("task", event.text)
    if any(system):
        known["system"] = "\n\n".join(system)
    return known, called, answered


_SHELLS = frozenset(
    "bash shell terminal execute_bash bash_command run_command execute_command run_shell_command exec".split()
)
_EDITS = frozenset("edit str_replace_editor str_replace_based_edit_tool apply_patch edit_file write_file".split())
_EDITORS = frozenset(
    "edit write read multiedit str_replace_editor str_replace_based_edit_tool edit_file write_file read_file patch"
    " apply_patch create_file view_file open_file search_files grep glob str_replace insert notebookedit think finish"
    " submit ls find_file search_dir search_file goto scroll_down scroll_up open create undo_edit".split()
)
_SEARCHES = frozenset(
    "search web_search google_search websearch visit browse fetch web_fetch webfetch web_extractor open_url lookup"
    " search_engine tavily_search finish answer click_link find wikipedia_search read_page think".split()
)


def domain_of(called: Iterable[str]) -> str:
    """What the names of the called tools suggest: ``swe``, ``search``, or else ``mcp``.

    A shell that is a tool among others belongs to ``swe``; the domain ``terminal`` is text typed into a shell.
    """
    names = {name.lower().replace("-", "_").rpartition(".")[2] for name in called}
    if names & (_SHELLS | _EDITS) and names <= _SHELLS | _EDITORS:
        return "swe"
    return "search" if names and names <= _SEARCHES else "mcp"

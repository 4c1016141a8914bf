"""What the kernel knows: the set-up, what it gives, and everything that was called and shown, in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import effects, shown, tree, words
from nextstate.domains.mcp.kernel.given import Given
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.shown import Shown
    from nextstate.domains.mcp.kernel.tree import Tree
    from nextstate.domains.mcp.kernel.words import Profile
    from nextstate.types import Action, Setup, Tool

MAX_EVENTS = 3_000
"""Calls that are remembered; where there were more, the first ones are forgotten, and with them what the facts gave."""
MAX_LESSONS = 500
"""Demonstrations that are learned from."""
MAX_RECORDS = 2_000
"""Objects of one result that can be read again one by one."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object that a result showed, ``way`` the keys that lead to it; it is told by its field ``name``."""

    name: str
    value: Mapping[str, Any]
    way: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A call and what it showed. ``marks`` are those of the call and the result, ``named`` those of the call alone."""

    call: Call
    key: str
    shown: Shown
    profile: Profile
    named: frozenset[str]
    marks: frozenset[str]
    records: Mapping[str, tuple[Record, ...]]
    told: Mapping[str, frozenset[str]]
    """The marks of what the call speaks of, under their names."""
    paths: tuple[str, ...]
    refused: bool = False
    """Whether it failed as a call of a tool that is not declared, or with arguments against the schema of its tool."""

    @property
    def reads(self) -> bool:
        return self.profile.effect.reads


@dataclass(frozen=True, slots=True)
class State:
    """Immutable; a later state shares everything with an earlier one."""

    setup: Setup
    tools: Mapping[str, Tool]
    profiles: Mapping[str, Profile]
    given: Given
    events: tuple[Event, ...] = ()
    last: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    """The index of the last event of each tool and arguments."""
    files: tuple[Tree, ...] = ()
    """The files and folders that the facts give, before the first call; several where the folder is in doubt."""
    lessons: State | None = None
    """What the demonstrations of the set-up showed: not of this world, but of the manner of its tools."""

    def profile(self, name: str) -> Profile:
        return self.profiles.get(name) or words.profile(name)

    def of(self, name: str) -> Iterator[Event]:
        """The calls of a tool that did not fail, the latest first; those of the demonstrations last."""
        shown = (*(self.lessons.events if self.lessons else ()), *self.events)
        return (event for event in reversed(shown) if event.call.name == name and event.shown.failed is False)

    def latest(self, name: str) -> Event | None:
        """The last call of a tool that did not fail, if there was one; see :meth:`of`."""
        return next(self.of(name), None)

    def like(self, name: str) -> Shown | None:
        """What that call showed, in whose manner another one shows its result."""
        latest = self.latest(name)
        return latest.shown if latest else None

    def fields(self, name: str) -> dict[str, Any]:
        """The members of a tool's result that its output schema declares."""
        tool = self.tools.get(name)
        return calls.properties(tool.output_schema) if tool else {}


def opened(setup: Setup) -> State:
    """The state before the first call."""
    tools = {tool.name: tool for tool in setup.tools}
    first = State(setup, tools, words.profiles(setup.tools), Given.of({}))
    lessons = first
    for turn in setup.demonstrations[:MAX_LESSONS]:
        lessons = absorbed(lessons, turn.action, turn.observation)
    facts = Given.of(setup.facts)
    return replace(first, given=facts, files=tree.given(facts), lessons=lessons if lessons.events else None)


def absorbed(state: State, action: Action, text: str) -> State:
    """The state after an action showed a text."""
    try:
        call = calls.parse(action)
    except ActionError:
        return after(state, unreadable(text))
    return after(state, event(state, call, text))


def after(state: State, event: Event) -> State:
    """The state after one more call."""
    if len(state.events) >= MAX_EVENTS:
        kept = state.events[MAX_EVENTS // 2 :]
        last = {(one.call.name, one.key): index for index, one in enumerate(kept)}
        state = replace(state, events=kept, last=last, given=Given.of({}), files=())
    last = {**state.last, (event.call.name, event.key): len(state.events)}
    return replace(state, events=(*state.events, event), last=last)


_OPEN = frozenset("additionalProperties patternProperties allOf anyOf oneOf $ref".split())
"""Words of a schema that may declare more properties than it lists."""


def understood(state: State, call: Call) -> Call:
    """The call without arguments that its tool does not declare, which servers pass over where they do not refuse."""
    tool = state.tools.get(call.name)
    declared: Any = tool.input_schema.get("properties") if tool and not _OPEN & tool.input_schema.keys() else None
    if not isinstance(declared, dict) or call.arguments.keys() <= declared.keys():
        return call
    return calls.Call(call.name, {name: value for name, value in call.arguments.items() if name in declared})


def event(state: State, call: Call, text: str) -> Event:
    """What there is to remember of a call."""
    call = understood(state, call)
    result = shown.read(text)
    named = shown.marks(call.arguments)
    return Event(
        call,
        shown.key(call.arguments),
        result,
        _profile(state, call),
        named,
        named | shown.marks(result.value),
        records(result.value) if result.failed is False else {},
        effects.names(call.arguments, result.value),
        effects.paths(call.arguments),
        result.failed is True and _against(state, call),
    )


def _profile(state: State, call: Call) -> Profile:
    """The profile of the tool; that of one that may do anything where the arguments say that it does not only read."""
    profile = state.profile(call.name)
    doubtful = profile.effect.reads and words.changes(call.arguments)
    return replace(profile, effect=words.Effect.UNKNOWN) if doubtful else profile


def _against(state: State, call: Call) -> bool:
    tool = state.tools.get(call.name)
    return bool(calls.problems(tool.input_schema, dict(call.arguments))) if tool is not None else bool(state.tools)


def unreadable(text: str) -> Event:
    """An action that is no call of a tool, which may have done anything."""
    result = shown.read(text)
    return Event(calls.Call("", {}), "", result, words.profile(""), frozenset(), frozenset(), {}, {}, ())


def records(value: Any) -> dict[str, tuple[Record, ...]]:
    """The objects in a value under the marks of their identifying fields."""
    found: dict[str, tuple[Record, ...]] = {}
    for count, (way, one) in enumerate(shown.objects(value)):
        if count >= MAX_RECORDS:
            break
        for name, item in one.items():
            if words.identifies(name) and shown.scalar(item):
                mark = shown.mark(str(item))
                found[mark] = (
                    (*found.get(mark, ()), Record(name, one, way)) if len(found.get(mark, ())) < 20 else found[mark]
                )
    return found

"""What the kernel tells where it does not know the result: why, and what a model should respect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import effects, entities, shown, sums, tree, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.refusals import Refusal
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_FACTS = 2_000
"""Characters of all facts together."""
MAX_FACT = 500
MAX_THING = 900
MAX_LOOKED = 200
MAX_FIELDS = 30
MAX_OBJECTS = 2_000
MAX_THINGS = 3
MAX_KNOWN = 12

_REASONS = {
    Effect.READ: "what the call reads was not shown before",
    Effect.SEEK: "what the call lists was not shown before",
    Effect.VOLATILE: "the tool shows what changes by itself",
    Effect.UNKNOWN: "the tool may do anything",
}


def reason(state: State, call: Call) -> str:
    """Why the result is not determined, in words that hold no values."""
    effect = state.profile(call.name).effect
    if effect in (Effect.VOLATILE, Effect.UNKNOWN):
        return _REASONS[effect]
    if sums.calculated(state, call) is not None:
        return "how the tool writes a number was not shown"
    if (call.name, shown.key(call.arguments)) in state.last:
        return "another call may have changed what the call shows" if effect.reads else "the call was made before"
    if effect.reads:
        return _REASONS[effect]
    if state.latest(call.name) is None:
        return "the tool was not seen to succeed before"
    return "earlier results of the tool do not determine this one"


def refused(refusal: Refusal, name: str) -> str:
    """What is wrong with a call that the server refuses, or may refuse."""
    will = "The server refuses this call" if refusal.certain else "The server may refuse this call"
    lines = [f"- {why[:300]}" for why in refusal.why]
    return "\n".join((f"{will} of {name[:100]} with an error message that names what is wrong:", *lines))[:MAX_FACTS]


def facts(state: State, call: Call) -> str:
    """What is known of the things that a call names, and what its tool showed before."""
    found = []
    size = 0
    for line in (
        *_determined(state, call),
        *_things(state, call),
        *_fields(state, call),
        *_gone(state, call),
        *_before(state, call),
    ):
        size += len(line) + 1
        if size > MAX_FACTS:
            break
        found.append(line)
    return "\n".join(found)


def known(state: State) -> str:
    """What was given and what the latest calls showed, for people."""
    given = [f"- {_short(one)}" for _, one in state.given.objects[:MAX_THINGS]]
    calls = [event for event in state.events[-MAX_KNOWN:] if event.shown.failed is False]
    latest = [
        f"- {event.call.name[:60]} {_short(dict(event.call.arguments), 120)}: {_short(event.shown.value)}"
        for event in reversed(calls)
    ]
    lines = ["Given before the first call:", *given] if given else []
    lines += [f"Shown by the latest of {len(state.events)} calls:", *latest] if latest else []
    return "\n".join(lines)[:MAX_FACTS]


def _things(state: State, call: Call) -> Iterator[str]:
    """The latest object that was shown of each thing that the call names, else what the facts of the set-up give."""
    for name, value in list(effects.addresses(call.arguments).items())[:MAX_THINGS]:
        line = _last_shown(state, call, name, value)
        if line:
            yield line
            continue
        for _, given in state.given.named(value)[:2]:
            yield f"Before the first call, {_short(value)} is: {_short(given, MAX_THING)}"


def _last_shown(state: State, call: Call, name: str, value: Any) -> str:
    """What was last shown of the thing with this name, and what may have changed it since."""
    mark = shown.mark(str(value))
    for index in range(len(state.events) - 1, max(-1, len(state.events) - MAX_LOOKED), -1):
        found = [one.value for one in state.events[index].records.get(mark, ()) if shown.related(one.name, name)]
        if found:
            thing = max(found, key=len)
            changed = _changed(effects.since(state, index, call, shown.marks(thing)))
            return f"Known of {name} {_short(value)}: {_short(thing, MAX_THING)}{changed}"
    return ""


def _changed(since: list[Event]) -> str:
    names = sorted({event.call.name[:60] for event in since})[:8]
    return f" (since then {', '.join(names)} may have changed it)" if names else ""


def _determined(state: State, call: Call) -> Iterator[str]:
    """What of the result is known, where only its form is not."""
    number = sums.calculated(state, call)
    if number is not None:
        yield f"The number that is asked for is {number!r}."
    world = tree.known(state, call) if state.files else None
    if world is None:
        return
    yield f"The current folder is /{'/'.join(world.place)} and holds: {_short(', '.join(world.names()) or 'nothing')}"
    for value in list(call.arguments.values())[:MAX_THINGS]:
        way = world.at(value) if isinstance(value, str) else None
        text = world.nodes.get(way) if way is not None else None
        if text is not None:
            yield f"The file {_short(value)} holds: {_short(text, MAX_THING)}"


def _fields(state: State, call: Call) -> Iterator[str]:
    """The values of the fields that the tool declares to show, where the facts or later results tell one of a name."""
    tool = state.tools.get(call.name)
    names = {words.normal(name) for name in _declared(tool.output_schema)} if tool else set()
    found: dict[str, Any] = {}
    twice: set[str] = set()
    for _, one in state.given.objects[:MAX_OBJECTS] if names else ():
        for name, value in one.items():
            own = words.normal(name)
            if own in names and not isinstance(value, dict):
                twice |= {own} & found.keys()
                found[own] = value
    service = state.profile(call.name).service
    for event in state.events[-MAX_LOOKED:]:
        shows = event.shown.value if event.profile.service == service and event.shown.failed is False else None
        for name, value in list(shows.items())[:MAX_FIELDS] if isinstance(shows, dict) else ():
            if words.normal(name) in found:
                found[words.normal(name)] = value
    kept = [f"{name} {_short(value, 100)}" for name, value in found.items() if name not in twice][:MAX_FIELDS]
    if kept:
        yield f"Fields as they were last known: {', '.join(kept)}"


def _declared(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of the properties in a schema, those inside each other too."""
    todo: list[Any] = [schema]
    for one in todo:
        if isinstance(one, Mapping) and len(todo) < MAX_OBJECTS:
            properties = one.get("properties")
            yield from properties if isinstance(properties, Mapping) else ()
            todo += [*(properties.values() if isinstance(properties, Mapping) else ()), one.get("items")]


def _gone(state: State, call: Call) -> Iterator[str]:
    if entities.gone(state, call):
        yield "What the call names was deleted or moved away earlier."


def _before(state: State, call: Call) -> Iterator[str]:
    """What the same call showed and what may have changed it since; else the latest result of the tool."""
    index = state.last.get((call.name, shown.key(call.arguments)))
    if index is not None:
        event = state.events[index]
        changed = _changed(effects.since(state, index, call, event.marks))
        yield f"The same call showed: {_short(event.shown.text)}{changed}"
        return
    latest = _latest(state, call)
    if latest is not None:
        yield f"{call.name[:100]} with {_short(dict(latest.call.arguments))} showed: {_short(latest.shown.text)}"


def _latest(state: State, call: Call) -> Event | None:
    return next((event for event in reversed(state.events[-500:]) if event.call.name == call.name), None)


def _short(value: Any, most: int = MAX_FACT) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[:most] + "..."

"""What the kernel tells where it does not know the result: why, and what a model should respect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import effects, entities, shown
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.refusals import Refusal
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_FACTS = 2_000
"""Characters of all facts together."""
MAX_FACT = 500
MAX_THINGS = 3

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
    if (call.name, shown.key(call.arguments)) in state.last:
        return "another call may have changed what the call shows" if effect.reads else "the call was made before"
    if effect.reads:
        return _REASONS[effect]
    if next(state.of(call.name), None) is None:
        return "the tool was not seen to succeed before"
    return "earlier results of the tool do not determine this one"


def refused(refusal: Refusal, name: str) -> str:
    """What is wrong with a call that the server refuses, or may refuse."""
    will = "The server refuses this call" if refusal.certain else "The server may refuse this call"
    lines = [f"- {why[:300]}" for why in refusal.why]
    return "\n".join((f"{will} of {name[:100]}, whose arguments do not fit what is declared:", *lines))[:MAX_FACTS]


def facts(state: State, call: Call) -> str:
    """What is known of the things that a call names, and what its tool showed before."""
    found = []
    size = 0
    for line in (*_things(state, call), *_gone(state, call), *_before(state, call)):
        size += len(line) + 1
        if size > MAX_FACTS:
            break
        found.append(line)
    return "\n".join(found)


def _things(state: State, call: Call) -> Iterator[str]:
    """The latest object that was shown of each thing that the call names, else what the facts of the set-up give."""
    for name, value in list(effects.addresses(call.arguments).items())[:MAX_THINGS]:
        one = calls_thing(state, call, name, value)
        if one is not None:
            yield f"Known of {name} {_short(value)}: {_short(one)}"
        for _, given in state.given.named(value)[:2] if one is None else ():
            yield f"Before the first call, {_short(value)} is: {_short(given)}"


def calls_thing(state: State, call: Call, name: str, value: Any) -> Any:
    """What was last shown of the thing with this name."""
    mark = shown.mark(str(value))
    for event in reversed(state.events[-200:]):
        found = [one.value for one in event.records.get(mark, ()) if shown.related(one.name, name)]
        if found:
            return max(found, key=len)
    return None


def _gone(state: State, call: Call) -> Iterator[str]:
    if entities.gone(state, call):
        yield "What the call names was deleted or moved away earlier."


def _before(state: State, call: Call) -> Iterator[str]:
    """What the same call showed and what may have changed it since; else the latest result of the tool."""
    index = state.last.get((call.name, shown.key(call.arguments)))
    if index is not None:
        event = state.events[index]
        since = effects.since(state, index, call, event.marks)
        names = sorted({one.call.name[:60] for one in since})[:8]
        changed = f" Since then {', '.join(names)} may have changed it." if names else ""
        yield f"The same call showed: {_short(event.shown.text)}{changed}"
        return
    latest = _latest(state, call)
    if latest is not None:
        yield f"{call.name[:100]} with {_short(dict(latest.call.arguments))} showed: {_short(latest.shown.text)}"


def _latest(state: State, call: Call) -> Event | None:
    return next((event for event in reversed(state.events[-500:]) if event.call.name == call.name), None)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_FACT else text[:MAX_FACT] + "..."

"""Reads without arguments, such as an account or a list of favourites: found by the names of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import effects, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.shown import Shown
    from nextstate.domains.mcp.kernel.state import Event, State


def find(state: State, call: Call) -> str | None:
    """What a read without arguments shows, where every field of it is known."""
    if call.arguments or state.profile(call.name).effect not in (Effect.READ, Effect.SEEK):
        return None
    like = state.like(call.name)
    fields = _fields(state, call, like)
    if not fields:
        return None
    known = current(state, call, fields)
    return None if known is None else shown.written(known, like)


def current(state: State, call: Call, fields: frozenset[str]) -> dict[str, Any] | None:
    """The values of the fields that a read without arguments would show, if nothing may have changed them."""
    index, known = _latest(state, call, fields)
    for event in effects.since(state, index, call, shown.marks(known) | fields) if known is not None else ():
        known = _after(event, known) if known is not None else None
    return known


def _after(event: Event, known: dict[str, Any]) -> dict[str, Any] | None:
    """The values after a write; ``None`` where it may have changed them unseen.

    A write that shows just the fields that its name speaks of changes no others. One that removes something from a list
    of the name of a field takes out its argument.
    """
    result = event.shown.value
    if event.shown.failed is not False or event.profile.effect is Effect.UNKNOWN:
        return None
    if isinstance(result, dict) and result and not result.keys() & known.keys() and writes(event, frozenset(result)):
        return known
    lists = [name for name, value in known.items() if isinstance(value, list) and writes(event, frozenset((name,)))]
    given = list(event.call.arguments.values())
    if event.profile.effect is not Effect.DELETE or len(lists) != 1 or len(given) != 1:
        return None
    items = known[lists[0]]
    left = [one for one in items if one != given[0]]
    return {**known, lists[0]: left} if shown.scalar(given[0]) and len(left) == len(items) - 1 else None


def _fields(state: State, call: Call, like: Shown | None) -> frozenset[str]:
    if like is not None:
        return frozenset(like.value) if isinstance(like.value, dict) else frozenset()
    return frozenset(state.fields(call.name))


def _latest(state: State, call: Call, fields: frozenset[str]) -> tuple[int, dict[str, Any] | None]:
    """The index of the last event that showed all the fields and their values; -1 for what the facts give."""
    service = state.profile(call.name).service
    for index in range(len(state.events) - 1, -1, -1):
        event = state.events[index]
        value = event.shown.value
        if event.shown.failed or event.profile.service != service or not isinstance(value, dict):
            continue
        if fields <= value.keys() and (event.call == call or writes(event, fields)):
            return index, {name: value[name] for name in value if name in fields}
    found = state.given.holding(fields)
    return -1, _picked(found[0], fields) if len(found) == 1 else None


def writes(event: Event, fields: frozenset[str]) -> bool:
    """Whether a call writes just these fields: its name speaks of them."""
    name = words.normal(event.call.name)
    return not event.reads and all(words.normal(one) in name for one in fields)


def _picked(one: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any] | None:
    under = {words.normal(name): value for name, value in one.items()}
    return {name: under[words.normal(name)] for name in fields} if len(under) == len(one) else None

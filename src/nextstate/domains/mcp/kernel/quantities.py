"""Single values of a service's state, found by their names in the facts and in what calls showed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

_SHARED = frozenset(
    "balance fund funds cash money credit credits budget total count counter quantity inventory stock available "
    "remaining points score version state status history last updated at".split()
)
"""Words of values that other writes change too, though their names do not tell."""


def untouched(state: State, call: Call, name: str) -> Any:
    """The value of this name, if neither the call nor those before it speak of it; ``None`` where it is not known.

    A write that shows the value tells it anew. Any other one that speaks of none of the words of its name leaves it as
    it is, unless it is one that many writes change, such as a balance.
    """
    return None if set(words.words(name)) & set(words.words(call.name)) else current(state, call, name)


def current(state: State, call: Call, name: str) -> Any:
    """The value of this name before the call, if no write before it may have changed it unseen."""
    value = None if set(words.words(name)) & _SHARED else _given(state, name)
    for event in state.events if value is not None else ():
        if event.reads or event.shown.failed is True:
            continue
        value = _after(state, event, call, name, value)
    return value


def _after(state: State, event: Event, call: Call, name: str, value: Any) -> Any:
    """The value after a write; ``None`` where the write may have changed it unseen."""
    if event.profile.service != state.profile(call.name).service and not event.profile.runs:
        return value
    result = event.shown.value
    if isinstance(result, dict) and name in result:
        return result[name] if isinstance(result[name], type(value)) else None
    if event.profile.effect is Effect.UNKNOWN or speaks(event, words.words(name)):
        return None
    return value


def speaks(event: Event, of: Iterable[str]) -> bool:
    """Whether the name of a call's tool holds one of these words."""
    return bool({words.singular(word) for word in words.words(event.call.name)} & {words.singular(one) for one in of})


def touched(state: State, name: str, kinds: set[str]) -> bool:
    """Whether a write of the service of a tool may have changed things of these kinds before."""
    service = state.profile(name).service
    return any(
        event.profile.effect is Effect.UNKNOWN or speaks(event, kinds)
        for event in state.events
        if not event.reads
        and event.shown.failed is not True
        and (event.profile.service == service or event.profile.runs)
    )


def _given(state: State, name: str) -> Any:
    """The only text, number or truth value of this name in the facts."""
    own = words.normal(name)
    found = [
        value
        for _, one in state.given.objects
        for key, value in one.items()
        if words.normal(key) == own and isinstance(value, (str, int, float))
    ]
    return found[0] if len(found) == 1 else None

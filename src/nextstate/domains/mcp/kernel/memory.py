"""The same call again: it shows the same where it only reads and nothing it shows may have changed."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from nextstate.domains.mcp.kernel import effects, shown
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

_PASSING = re.compile(
    r"time[d -]*out|rate.?limit|too many requests|temporar|connection|network|internal|unavailable|try again|busy"
    r"|\b(429|500|502|503|504)\b",
    re.IGNORECASE,
)
"""Failures that may pass."""


def again(state: State, call: Call) -> str | None:
    """What the same call showed before, where it shows that again."""
    index = state.last.get((call.name, shown.key(call.arguments)))
    if index is None:
        return None
    event = state.events[index]
    if not _repeats(state, event) or effects.since(state, index, call, event.marks):
        return None
    return event.shown.text


def _repeats(state: State, event: Event) -> bool:
    if event.shown.failed:
        return lasting(event)
    return event.profile.effect in (Effect.READ, Effect.SEEK) and not _wavers(state, event)


def lasting(event: Event) -> bool:
    """Whether a failure is one that does not pass by itself, of a tool of which it is known what it does."""
    return event.profile.effect is not Effect.UNKNOWN and not _PASSING.search(event.shown.text[:2_000])


def _wavers(state: State, event: Event) -> bool:
    """Whether the tool once showed something else for the same call though nothing had changed."""
    same = [
        index for index, one in enumerate(state.events) if one.call.name == event.call.name and one.key == event.key
    ]
    return any(_changed(state, left, right) for left, right in pairwise(same))


def _changed(state: State, left: int, right: int) -> bool:
    one, other = state.events[left], state.events[right]
    if one.shown.text == other.shown.text:
        return False
    between = state.events[left + 1 : right]
    return not any(effects.touches(state, event, one.call, one.marks) for event in between)

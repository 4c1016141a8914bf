"""Refusals that name their cause, which still stands in the call of now.

- The same call is refused again if the refusal says that something is not there, and nothing since took or showed it.
- A call that differs from a refused one only behind the item that the refusal names, in the same list, is refused too.
- A refusal that compares sums is made anew from the sums of now (`amounts`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import amounts, effects, entities, lookups, memory, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_LOOKED = 50
"""Calls among which an earlier refusal is looked for."""
MAX_MESSAGE = 500
"""Characters of a refusal that is understood."""
MIN_WHOLE = 4
"""Fields of a result that shows the whole of a thing."""
_ABSENT = re.compile(r"\b(?:not found|does not exist|doesn't exist|no such|not exist)\b", re.IGNORECASE)
_TELLING = re.compile(r"[\w./:@#-]*\d[\w./:@#-]*")


def find(state: State, call: Call) -> str | None:
    """The refusal of a call, where an earlier one names a cause that still stands."""
    index = state.last.get((call.name, shown.key(call.arguments)))
    if index is not None and _still_absent(state, index):
        return state.events[index].shown.text
    for at in _refused(state, call):
        event = state.events[at]
        if effects.since(state, at, call, event.marks | shown.marks(call.arguments)):
            return None
        text = event.shown.text if _same_item(state, event, call) else amounts.again(state, at, call)
        if text is not None:
            return text
    return None


def _refused(state: State, call: Call) -> Iterator[int]:
    """The calls of the tool that were refused since it last succeeded, the latest first."""
    for index in range(len(state.events) - 1, max(-1, len(state.events) - 1 - MAX_LOOKED), -1):
        event = state.events[index]
        if event.call.name == call.name and event.shown.failed is not True:
            return
        if event.call.name == call.name and not event.refused and _lasting(event):
            yield index


def _lasting(event: Event) -> bool:
    return event.shown.failed is True and len(event.shown.text) <= MAX_MESSAGE and memory.lasting(event)


def telling(text: str) -> list[str]:
    """The words of a refusal that hold a digit, without the marks around them."""
    return [word.strip(".:,/#-") for word in _TELLING.findall(text[:MAX_MESSAGE])]


def _still_absent(state: State, index: int) -> bool:
    """Whether a refusal names what is not there, and since then nothing took or showed it, or made something unseen."""
    event = state.events[index]
    if not _lasting(event) or event.refused or not _ABSENT.search(event.shown.text):
        return False
    named = {shown.mark(word) for word in telling(event.shown.text)}
    identifying = {
        shown.mark(str(leaf))
        for way, leaf in shown.leaves(event.call.arguments, 500)
        if shown.scalar(leaf) and words.identifies(next((step for step in reversed(way) if isinstance(step, str)), ""))
    }
    if not named or not named <= identifying:
        return False
    return all(_apart(state, one, event.call, named) for one in state.events[index + 1 :])


def _apart(state: State, event: Event, call: Call, named: set[str]) -> bool:
    """Whether a call cannot have brought what these marks name: it failed, or shows all that it did without them."""
    if named & event.marks:
        return event.shown.failed is True
    if not effects.touches(state, event, call, shown.marks(call.arguments)):
        return True
    value = event.shown.value
    whole = isinstance(value, dict) and len(value) >= MIN_WHOLE and any(map(words.identifies, value))
    return whole and event.shown.failed is False and event.profile.effect is not Effect.UNKNOWN


def _same_item(state: State, event: Event, call: Call) -> bool:
    """Whether a call differs from a refused one only behind the one item that the refusal names."""
    then, now = event.call.arguments, call.arguments
    if then.keys() != now.keys():
        return False
    changed = [name for name in then if then[name] != now[name]]
    if len(changed) != 1 or not _of_one(event.shown.text, changed[0]):
        return False
    old, new = lookups.items(then[changed[0]]), lookups.items(now[changed[0]])
    if not old or not new or old[0].keys() != new[0].keys() or not _seen_long(state, event, changed[0], len(new)):
        return False
    named = {shown.mark(word) for word in telling(event.shown.text)}
    holding = [at for at, item in enumerate(old) if named and named <= _values(item)]
    return len(holding) == 1 and old[: holding[0] + 1] == new[: holding[0] + 1] and _kinds(old, new)


def _values(item: Mapping[str, Any]) -> set[str]:
    return {shown.mark(str(value)) for value in item.values() if shown.scalar(value)}


def _kinds(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> bool:
    """Whether the members of all items are of the same types, and none stands twice, as is looked at beforehand."""
    once = len(set(map(shown.key, new))) == len(new)
    return once and all(_types(one) == _types(old[0]) for one in (*old, *new))


def _types(item: Mapping[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in item.items()}


def _of_one(text: str, name: str) -> bool:
    """Whether a message speaks of one thing of a list, by its name in the singular, and not of several."""
    said = words.words(text[:MAX_MESSAGE])
    own = words.words(name)[-1:]
    return bool(own) and words.singular(own[0]) in said and (own[0] not in said or words.singular(own[0]) == own[0])


def _seen_long(state: State, event: Event, name: str, length: int) -> bool:
    """Whether a list is not longer than the refused one, or than the one of that name in the thing that is named."""
    known = entities.named(state, state.last.get((event.call.name, event.key), 0), event.call) or {}
    own = known.get(name)
    return length <= max(len(lookups.items(event.call.arguments[name])), len(own) if isinstance(own, list) else 0)

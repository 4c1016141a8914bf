"""What a tool showed for other arguments, carried over to these.

Only calls in the same situation count (`entities.situation`): what they name was known, gone or new alike. All of them
must give the same. A plain acknowledgement is believed once it was seen; a result with other constants once carrying
over an earlier result gave the latest one. A result of a read, or a failure, must speak of what was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import carry, entities, shown
from nextstate.domains.mcp.kernel.carry import Carried, Not
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

EXAMPLES = 4
"""Earlier results, the latest first, that must agree."""
MAX_LOOKED = 20
"""Earlier calls of the tool among which these are looked for."""
MAX_RESULT = 20_000
"""Characters of a result that is carried over."""
MAX_ITEMS = 200
MAX_OPTION = 20
"""Characters of a word that may choose between results."""


@dataclass(frozen=True, slots=True)
class _Example:
    """An earlier call in the situation of this one, and its sources."""

    event: Event
    sources: carry.Sources


def find(state: State, call: Call) -> str | None:
    """What the call shows, where the earlier results of the tool determine it."""
    effect = state.profile(call.name).effect
    if effect in (Effect.SEEK, Effect.VOLATILE, Effect.UNKNOWN):
        return None
    if effect is not Effect.READ and (any(map(_twice, call.arguments.values())) or entities.renames(state, call)):
        return None  # what is done twice to the same thing may be told once, or refused
    if effect is not Effect.READ and (call.name, shown.key(call.arguments)) in state.last and not _seen(state, call):
        return None  # the second time, a write may find what the first one did
    now = carry.sources(state, len(state.events), call)
    found = [(one, carried) for one in _examples(state, call) if (carried := _carried(one, now)) is not Not.FIRST]
    examples, results = [one for one, _ in found], [carried for _, carried in found]
    if not results or not _agree(results):
        return None
    first = results[0]
    if not isinstance(first, Carried) or not _believed(state, call, first, examples):
        return None
    last = examples[0].event.shown
    return shown.written(first.value, last) if last.is_json else str(first.value)


def _twice(value: Any) -> bool:
    """Whether something stands twice in a list."""
    return isinstance(value, list) and any(one in value[:at] for at, one in enumerate(value[:MAX_ITEMS]))


def _seen(state: State, call: Call) -> bool:
    """Whether what the call finds is known from a tree of files, with all that was done to it."""
    situation = entities.situation(state, len(state.events), call)
    return bool(situation) and all(status in entities.STANDING.values() for _, status in situation or ())


def _carried(example: _Example, now: carry.Sources) -> Carried | Not:
    """The result of an example with the sources of now; doubtful where an argument that is new has no place in it."""
    then = example.sources
    if example.event.shown.failed is True:  # what was written is not what a failure speaks of
        then, now = replace(then, written={}), replace(now, written={})
    found = carry.carry(example.event.shown.value, then, now)
    if isinstance(found, Carried) and found.unused & (now.arguments.keys() - example.sources.arguments.keys()):
        return Not.DOUBTFUL
    return found


def _agree(results: Sequence[Carried | Not]) -> bool:
    first = results[0]
    return isinstance(first, Carried) and all(isinstance(one, Carried) and one.value == first.value for one in results)


def _examples(state: State, call: Call) -> list[_Example]:
    """The latest calls of the tool in the situation of this one, those of the demonstrations last.

    A demonstration that is one of these calls itself proves nothing more.
    """
    now = entities.situation(state, len(state.events), call)
    if now is None:
        return []
    found = _in(state, call, now, EXAMPLES)
    if state.lessons is None:
        return found
    known = {(one.event.key, one.event.shown.text) for one in found}
    more = _in(state.lessons, call, now, EXAMPLES)
    return [*found, *(one for one in more if (one.event.key, one.event.shown.text) not in known)][:EXAMPLES]


def _in(world: State, call: Call, now: entities.Situation, most: int) -> list[_Example]:
    """The latest calls in a world, with no other arguments than this one has."""
    found: list[_Example] = []
    looked = 0
    for index in range(len(world.events) - 1, -1, -1):
        event = world.events[index]
        if event.call.name != call.name or event.refused:
            continue
        looked += 1
        if looked > MAX_LOOKED or len(found) >= most or len(event.shown.text) > MAX_RESULT:
            break
        if event.call.arguments.keys() <= call.arguments.keys() and _alike(world, index, event, call, now):
            found.append(_Example(event, carry.sources(world, index, event.call)))
    return found


def _alike(state: State, index: int, event: Event, call: Call, now: entities.Situation) -> bool:
    """Whether an earlier call was made in the situation of now, as far as it gave the same arguments."""
    then = entities.situation(state, index, event.call)
    more = call.arguments.keys() - event.call.arguments.keys()
    kept = tuple(one for one in now if one[0] not in more)
    if then is not None and event.shown.failed is True:  # what was never shown and what is gone are missed alike
        return entities.missed(then) == entities.missed(kept)
    return kept in (then, entities.proven(then))


def _believed(state: State, call: Call, first: Carried, examples: list[_Example]) -> bool:
    last = examples[0].event
    reads, failed = state.profile(call.name).effect is Effect.READ, last.shown.failed is not False
    if (reads or failed) and (not first.holes or first.digits):
        return False
    if failed and entities.unlooked(state, call):
        return False
    if first.unused if reads else any(_chooses(call, examples[0].event, name) for name in first.unused):
        return False
    if not _proven(examples) or (not first.holes and _empty(first.value)):
        return False
    if len(examples) > 1 or not (first.constant or first.data):
        return True
    if failed or reads:
        return last.shown.failed is True and entities.gone(state, call)
    return _acknowledges(first)


def _empty(value: Any) -> bool:
    """Whether a result is an object or an array in which nothing stands: something else might have been found."""
    return isinstance(value, (dict, list)) and all(leaf in (None, "") for _, leaf in shown.leaves(value))


def _acknowledges(first: Carried) -> bool:
    """Whether a result is a plain acknowledgement, which tells nothing of the state of the service."""
    if first.data or first.digits or (not first.holes and isinstance(first.value, (dict, list))):
        return False
    texts = [leaf for _, leaf in shown.leaves(first.value) if isinstance(leaf, str)]
    return not any("\n" in text.strip() or _STATE.search(text) for text in texts)


_STATE = re.compile(r"\b(now|current|currently|total|contains?|all|items|remaining|left|list of)\b", re.IGNORECASE)


def _chooses(call: Call, event: Event, name: str) -> bool:
    """Whether an argument that is another one now may choose what the tool does: a switch, or one of a few words."""
    values: list[Any] = [one.arguments[name] for one in (call, event.call) if name in one.arguments]
    return any(isinstance(one, bool) for one in values) or (
        len(values) == 2 and all(isinstance(one, str) and len(one) <= MAX_OPTION and one.isalpha() for one in values)
    )


def _proven(examples: list[_Example]) -> bool:
    """Whether the earlier results, carried over to the latest call, give what it showed."""
    last = examples[0]
    names = last.event.call.arguments.keys()
    found = [
        carried
        for one in examples[1:]
        if one.event.call.arguments.keys() <= names and (carried := _carried(one, last.sources)) is not Not.FIRST
    ]
    if len(examples) > 1 and not found:
        return False
    return all(isinstance(one, Carried) and one.value == last.event.shown.value for one in found)

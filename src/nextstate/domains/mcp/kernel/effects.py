"""What a call may have changed of what another one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State
    from nextstate.types import Json


def touches(state: State, event: Event, call: Call, marks: frozenset[str]) -> bool:
    """Whether ``event`` may have changed what ``call`` shows; ``marks`` are those of the call and of what it showed.

    A call that reads or was refused changes nothing, and one that failed changed nothing unless it may do anything. Two
    calls that name different things by the same argument speak of different things, unless one of them turns up in the
    other. A list of things of one kind is not changed by what shows the whole of a thing of another kind that is not in
    it.
    """
    effect = event.profile.effect
    if effect.reads or event.refused:
        return False
    about = state.profile(call.name)
    alien = about.service != event.profile.service
    if effect is Effect.UNKNOWN and (not alien or event.profile.runs):
        return True
    if event.shown.failed is True:
        return False
    if event.named & marks or _beside(event.paths, paths(call.arguments)):
        return True
    if alien:
        return False
    if any(map(words.programs, event.call.arguments)):
        return True
    addressed = addresses(call.arguments)
    kin = bool(event.profile.nouns & about.nouns)
    if not addressed:
        return True
    if about.effect is Effect.SEEK:
        return kin or not _shows_one(event) or bool(event.marks & marks)
    if any(_another(event, name, value, kin) for name, value in addressed.items()):
        return False
    return kin or bool(event.marks & marks)


def _shows_one(event: Event) -> bool:
    """Whether a call shows the whole of the one thing that it changed, which was there before."""
    value = event.shown.value
    told = event.profile.effect in (Effect.UPDATE, Effect.DELETE) and isinstance(value, dict)
    return told and len(value) >= MIN_WHOLE and any(map(words.identifies, value))


MIN_WHOLE = 4
"""Fields of a result that is the whole of a thing, and not what is told of a change."""


def _another(event: Event, name: str, value: Json, kin: bool) -> bool:
    """Whether a call names something else by an argument. Of things of one kind, ``id`` is the same as ``note_id``."""
    own = words.one(name)
    told = event.told.get(own) or (event.told.get("id") if kin and own.endswith("id") else None)
    return told is not None and shown.mark(str(value)) not in told


def addresses(arguments: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments that may name what a call speaks of."""
    return {
        name: value
        for name, value in arguments.items()
        if shown.scalar(value) and not words.programs(name) and len(str(value)) <= MAX_NAME
    }


MAX_NAME = 300
"""Characters of a text that names something."""


def names(arguments: Mapping[str, Json], result: Any) -> Mapping[str, frozenset[str]]:
    """What a call speaks of: the marks of its arguments, and of the thing that it showed, under their names."""
    found: dict[str, set[str]] = {}
    told = list(result.items())[:MAX_NAMES] if isinstance(result, dict) else []
    for name, value in (*told, *list(arguments.items())[:MAX_NAMES]):
        for one in value[:MAX_NAMES] if isinstance(value, list) else [value]:
            if shown.scalar(one):
                found.setdefault(words.one(name), set()).add(shown.mark(str(one)[:MAX_NAME]))
    return {name: frozenset(marks) for name, marks in found.items()}


MAX_NAMES = 500
"""Names, and values under a name, that are looked at."""


def _beside(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether a path in one call lies above or below a path in the other."""
    return any(_within(left, right) for left in one for right in other)


def paths(arguments: Mapping[str, Json]) -> tuple[str, ...]:
    """The paths in the arguments of a call."""
    found = [leaf for _, leaf in shown.leaves(arguments, MAX_NAMES) if isinstance(leaf, str) and "/" in leaf]
    return tuple(leaf for leaf in found[:20] if len(leaf) <= MAX_NAME)


def _within(one: str, other: str) -> bool:
    short, long = sorted((one.rstrip("/"), other.rstrip("/")), key=len)
    return long == short or long.startswith(short + "/")


def since(state: State, index: int, call: Call, marks: frozenset[str]) -> list[Event]:
    """The calls after the event with this index that may have changed what ``call`` shows."""
    return [event for event in state.events[index + 1 :] if touches(state, event, call, marks)]

"""Lists, searches and deletions among things that are all known (`kinds`).

What an argument chooses is told by its name, or by the description: a value of a field of its name, the keys of things,
or a text that fields hold. Where searches may differ (in upper and lower case, in whole words, in the fields that are
looked at, in the order), all ways must find the same.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import kinds, lists, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.kinds import Kind
    from nextstate.domains.mcp.kernel.lists import Items
    from nextstate.domains.mcp.kernel.state import State

MAX_UNLIMITED = 10
"""Things that are shown at once where no limit is declared."""
MAX_TOLD = 20
_QUERIES = frozenset("query keyword text term search q".split())
_COUNTS = frozenset("total count".split())
_GONE = frozenset(("deleted", "removed"))
_MISSED = frozenset("missing absent unknown nonexistent found".split())
_NONE = object()


def find(state: State, call: Call) -> str | None:
    """What a list, a search or a deletion shows, where all the things are known among which it looks."""
    effect = state.profile(call.name).effect
    if effect is Effect.DELETE:
        value = _deleted(state, call)
    elif effect in (Effect.SEEK, Effect.READ):
        value = _listed(state, call)
    else:
        return None
    return None if value is None else shown.written(value, state.like(call.name) or _manner(state, call))


def _manner(state: State, call: Call) -> shown.Shown | None:
    """The latest result of the service that is JSON, whose manner of writing is kept."""
    service = state.profile(call.name).service
    alike = (one.shown for one in reversed(state.events) if one.profile.service == service and one.shown.is_json)
    return next(alike, None)


def _deleted(state: State, call: Call) -> dict[str, Any] | None:
    """Which of the things that a call names are deleted, and which were not there."""
    profile = state.profile(call.name)
    names = list(state.fields(call.name))
    gone = [name for name in names if _GONE & set(words.words(name))]
    missed = [name for name in names if _MISSED & set(words.words(name))]
    if len(names) != 2 or len(gone) != 1 or len(missed) != 1 or gone == missed:
        return None
    for kind in _kinds(state, profile.service):
        found = kinds.members(state, profile.service, kind) if kind.noun in profile.nouns else None
        ids = kinds.named(call, kind, found) if found is not None else None
        if found is None or ids is None or len(ids) != len(set(map(str, ids))):
            continue
        there = {shown.mark(str(one[lists.telling(one)])) for one in found}
        parts = {gone[0]: [one for one in ids if shown.mark(str(one)) in there]}
        parts[missed[0]] = [one for one in ids if shown.mark(str(one)) not in there]
        return {name: parts[name] for name in names} if isinstance(next(iter(call.arguments.values())), list) else None
    return None


def _kinds(state: State, service: str) -> list[Kind]:
    """The kinds of things of which the tools of a service show lists."""
    own = [name for name in state.tools if state.profile(name).service == service and state.profile(name).effect.reads]
    return list(dict.fromkeys(kind for name in own for kind in kinds.shown_by(state, name).values()))


def _listed(state: State, call: Call) -> dict[str, Any] | None:
    shows = kinds.shown_by(state, call.name)
    service = state.profile(call.name).service
    found = {name: kinds.members(state, service, kind) for name, kind in shows.items()}
    whole = {name: items for name, items in found.items() if items is not None}
    chosen = _chosen(state, call, whole) if shows and len(whole) == len(found) else None
    if chosen is None or any(not _ordered(state, service, shows[name], items) for name, items in chosen.items()):
        return None
    value = {name: _member(state, call, name, chosen) for name in state.fields(call.name)}
    return None if any(one is _NONE for one in value.values()) else value


def _chosen(state: State, call: Call, found: Mapping[str, Items]) -> dict[str, Items] | None:
    """The things that the arguments choose, all of which stand on the first page."""
    given = {name: value for name, value in call.arguments.items() if value is not None}
    limits = [name for name in kinds.declared_by(state, call) if kinds.LIMITS & set(words.words(name))]
    rest = {name: value for name, value in given.items() if name not in limits}
    if (
        kinds.passes_over(state, call)
        or len(limits) > 1
        or (rest and len([items for items in found.values() if items]) > 1)
    ):
        return None
    chosen: dict[str, Items] = dict(found)
    for name, items in found.items():
        for argument, value in rest.items():
            left = _those(state, call, chosen[name], argument, value) if items else ()
            if left is None:
                return None
            chosen[name] = left
    limit = kinds.limit_of(state, call) if limits else MAX_UNLIMITED
    if limit is None or any(len(items) > limit for items in chosen.values()):
        return None
    return chosen if _all_understood(state, call, rest, found) else None


def _all_understood(state: State, call: Call, rest: Mapping[str, Any], found: Mapping[str, Items]) -> bool:
    """Whether each argument chooses among things or is one that may: among none, nothing else can be found."""
    fields = {words.one(name) for kind in kinds.shown_by(state, call.name).values() for name in kind.fields}
    return all(
        any(found.values()) or words.one(name) in fields or _QUERIES & set(words.words(name)) or isinstance(value, list)
        for name, value in rest.items()
    )


def _those(state: State, call: Call, items: Items, argument: str, value: Any) -> Items | None:
    """The things that an argument chooses; ``None`` where that is not certain."""
    if _QUERIES & set(words.words(argument)) and isinstance(value, str):
        return _searched(state, call, items, argument, value)
    alone = calls.Call(call.name, {argument: value})
    key = lists.telling(items[0])
    if isinstance(value, list) and key and words.one(argument) == words.one(key):
        marks = {shown.mark(str(one)) for one in value}
        return tuple(one for one in items if shown.mark(str(one[key])) in marks)
    told = [lists.asked_for(one, alone) for one in items]
    return None if None in told else tuple(one for one, yes in zip(items, told, strict=True) if yes)


def _searched(state: State, call: Call, items: Items, argument: str, query: str) -> Items | None:
    """The things that hold a text, where all ways of searching find the same."""
    tool = state.tools[call.name]
    schema = kinds.declared_by(state, call).get(argument, {})
    about = [words.singular(one) for one in words.words(f"{tool.description[:1_000]} {schema.get('description', '')}")]
    texts = [name for name in items[0] if all(_texts(one[name]) for one in items)]
    named = [name for name in texts if words.singular(words.words(name)[-1]) in about]
    fields = [named] if named else [texts, [name for name in texts if words.identifies(name)]]
    cases: list[Callable[[str], str]] = [str.lower] if "case" in about else [str.lower, str]
    parts: list[Callable[[str, str], bool]] = (
        [str.__contains__] if {"hold", "contain", "containing", "substring"} & set(about) else [*_PARTS]
    )
    if not query.strip() or len(query.split()) > 1:
        return None
    found = {
        tuple(at for at, one in enumerate(items) if any(part(case(text), case(query)) for text in _of(one, names)))
        for names, case, part in product(fields, cases, parts)
    }
    return tuple(items[at] for at in found.pop()) if len(found) == 1 else None


def _word(text: str, query: str) -> bool:
    return query in text.split()


_PARTS = (str.__contains__, _word)
"""A piece of a text, or one of its words."""


def _texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _of(thing: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [text for name in names for text in ([thing[name]] if isinstance(thing[name], str) else thing[name])]


def _ordered(state: State, service: str, kind: Kind, items: Items) -> bool:
    """Whether the things stand in the order in which all lists of their kind were shown."""
    if len(items) < 2:
        return True
    told = [
        tuple(listed)
        for event in state.events
        if event.profile.service == service and event.reads and isinstance(event.shown.value, dict)
        if isinstance(listed := event.shown.value.get(kind.name), list) and len(listed) > 1
        if all(map(kind.holds, listed))
    ][-MAX_TOLD:]
    return bool(told) and all(lists.in_order(items, order) == items for order in lists.orders(state, told))


def _member(state: State, call: Call, name: str, chosen: Mapping[str, Items]) -> Any:
    """A member of the result: a list of things, their number, or nothing where the next page would be told."""
    if name in chosen:
        return list(chosen[name])
    own = set(words.words(name))
    if own & _COUNTS and len(chosen) == 1:
        return len(next(iter(chosen.values())))
    schema = state.fields(call.name)[name]
    if "next" in own and any(one == {"type": "null"} for one in schema.get("anyOf", ())):
        return None
    return _NONE

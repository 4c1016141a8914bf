"""Kinds of things whose members are all known.

A list that was shown whole tells all members of a kind, and so does the creation of the first one, under the number 1.
What calls created, changed and deleted since is followed as long as each of them shows or names what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import lists, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.lists import Items
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_MEMBERS = 500
MAX_EVENTS = 1_000
"""Calls that are followed; in a longer session no kind is known whole."""
MAX_TEXT = 300_000
"""Characters of all results that are followed."""
_PAGES = frozenset("limit offset page size max top skip first per cursor after".split())
_STARTS = frozenset("offset skip page cursor after".split())
_COUNTS = frozenset("total count".split())
LIMITS = frozenset("limit max top size".split())


@dataclass(frozen=True, slots=True)
class Kind:
    """Things with the same fields, in a list of this name in the results of a service."""

    name: str
    fields: tuple[str, ...]

    @property
    def noun(self) -> str:
        return words.one(self.name)

    def holds(self, thing: Any) -> bool:
        return isinstance(thing, dict) and thing.keys() == set(self.fields)


def shown_by(state: State, name: str) -> dict[str, Kind]:
    """The kinds of things of which a tool declares to show lists, under the names of these."""
    tool = state.tools.get(name)
    root = tool.output_schema if tool else {}
    found = {}
    for field, schema in state.fields(name).items():
        items = schema.get("items") if isinstance(schema, dict) and schema.get("type") == "array" else None
        properties = _resolved(items, root).get("properties")
        if isinstance(properties, dict) and properties:
            found[field] = Kind(field, tuple(properties))
    return found


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema, or the one among the definitions beside it that it refers to."""
    if not isinstance(schema, dict):
        return {}
    place, _, name = str(schema.get("$ref", "")).rpartition("/")
    if place in ("#/$defs", "#/definitions"):
        definitions = root.get(place[2:])
        schema = definitions.get(name) if isinstance(definitions, dict) else None
    return schema if isinstance(schema, dict) else {}


def members(state: State, service: str, kind: Kind) -> Items | None:
    """All things of a kind, in the order in which they came; ``None`` where they are not known whole."""
    found: Items | None = None
    if len(state.events) > MAX_EVENTS or sum(len(event.shown.text) for event in state.events) > MAX_TEXT:
        return None
    for event in state.events:
        if event.profile.effect is Effect.UNKNOWN and (event.profile.service == service or event.profile.runs):
            found = None
        elif event.profile.service == service and event.shown.failed is not True:
            found = _read(state, found, event, kind) if event.reads else _written(found, event, kind)
        if found is not None and len(found) > MAX_MEMBERS:
            return None
    return found


def _read(state: State, found: Items | None, event: Event, kind: Kind) -> Items | None:
    whole = _whole(state, event, kind)
    if whole is not None:
        return whole
    key = lists.telling(dict.fromkeys(kind.fields, "x")) if found is None else _key(found)
    known = {shown.mark(str(one.get(key))) for one in found or ()}
    others = [one for one in _things(event, kind) if shown.mark(str(one.get(key))) not in known]
    return None if others else found


def _whole(state: State, event: Event, kind: Kind) -> Items | None:
    """The list of a result that holds all things of the kind: nothing chose among them and none is left out."""
    value = event.shown.value
    listed = value.get(kind.name) if isinstance(value, dict) else None
    if event.shown.failed is not False or not isinstance(listed, list) or not all(map(kind.holds, listed)):
        return None
    if passes_over(state, event.call):
        return None
    given = event.call.arguments
    if any(not _PAGES & set(words.words(name)) for name in given) or any(map(_starts, given.items())):
        return None
    counts = {name: inner for name, inner in value.items() if _COUNTS & set(words.words(name))}
    if list(counts.values()) != [len(listed)] * len(counts):
        return None
    pages = [name for name in declared_by(state, event.call) if _PAGES & set(words.words(name))]
    if not pages:
        return tuple(listed) if counts or not declared_by(state, event.call) else None
    total = any("total" in words.words(name) for name in counts)
    limit = limit_of(state, event.call)
    return tuple(listed) if total or (counts and limit is not None and len(listed) < limit) else None


def passes_over(state: State, call: Call) -> bool:
    """Whether a list may leave things out that no argument of the call tells: by its name, a switch or a default."""
    name, about = set(words.words(call.name)[1:]), state.profile(call.name).about - {"open"}
    defaults = {
        argument: schema
        for argument, schema in declared_by(state, call).items()
        if argument not in call.arguments and not _PAGES & set(words.words(argument))
    }
    switches = any(schema.get("type") == "boolean" for schema in declared_by(state, call).values())
    return switches or bool(_SOME & (name | about)) or any(one.get("default") for one in defaults.values())


_SOME = frozenset(
    "open closed active inactive archived unarchived pinned recent recently latest newest oldest new unread my own "
    "favorite favourite starred complete completed incomplete pending done overdue enabled disabled public private "
    "current available visible first last top next previous due today".split()
)
"""Words that say that a list holds only some of the things."""


def declared_by(state: State, call: Call) -> dict[str, Any]:
    """The arguments that a tool declares, each with its schema."""
    tool = state.tools.get(call.name)
    declared = calls.properties(tool.input_schema) if tool else {}
    return {name: schema for name, schema in declared.items() if isinstance(schema, dict)}


def limit_of(state: State, call: Call) -> int | None:
    """How many things a call shows at most, given or declared as a default, where one argument tells it."""
    declared = declared_by(state, call)
    names = [name for name in declared if LIMITS & set(words.words(name))]
    limit = call.arguments.get(names[0], declared[names[0]].get("default")) if len(names) == 1 else None
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else None


def _starts(argument: tuple[str, Any]) -> bool:
    name, value = argument
    return bool(_STARTS & set(words.words(name))) and value not in (0, None, "")


def _things(event: Event, kind: Kind) -> Iterator[Mapping[str, Any]]:
    return (one for _, one in shown.objects(event.shown.value) if kind.holds(one))


def _written(found: Items | None, event: Event, kind: Kind) -> Items | None:
    """The members after a write; ``None`` where it is not certain what it did to them."""
    things = list(_things(event, kind))
    if event.shown.failed is not False:
        return None
    if event.profile.effect is Effect.DELETE:
        return _without(found, event, kind)
    if found is None:
        first = len(things) == 1 and event.profile.effect is Effect.CREATE and things[0] == event.shown.value
        return tuple(things) if first and _number_one(things[0]) else None
    if not things:
        return found if _of_others(event) or _nothing(event, kind) else None
    for one in things:
        made = _with(found, one, event)
        if made is None:
            return None
        found = made
    return found


def _number_one(thing: Mapping[str, Any]) -> bool:
    """Whether a thing bears the first number, and belongs to nothing that counts for itself."""
    key = lists.telling(thing)
    others = [name for name in thing if name != key and words.words(name)[-1:] == ("id",)]
    return not others and thing.get(key) == 1 and not isinstance(thing.get(key), bool)


def _with(found: Items, one: Mapping[str, Any], event: Event) -> Items | None:
    key = lists.telling(one)
    at = next((at for at, item in enumerate(found) if key and item.get(key) == one[key]), None)
    if at is not None:
        return (*found[:at], one, *found[at + 1 :])
    return (*found, one) if key and event.profile.effect is Effect.CREATE else None


def _of_others(event: Event) -> bool:
    """Whether a call made things of other kinds, just as they were given to it."""
    given = [inner for value in event.call.arguments.values() if isinstance(value, list) for inner in value]
    value = event.shown.value
    made = value if isinstance(value, list) else next(iter(value.values()), None) if isinstance(value, dict) else None
    return (
        event.profile.effect is Effect.CREATE
        and isinstance(made, list)
        and all(isinstance(one, dict) and one in given for one in made)
    )


def _nothing(event: Event, kind: Kind) -> bool:
    """Whether a call that makes things of the kind shows that it made none."""
    return kind.noun in event.profile.nouns and event.shown.value in ([], {kind.name: []})


def _without(found: Items | None, event: Event, kind: Kind) -> Items | None:
    """The members without those that a call named; that of another kind may take members of this one with it."""
    if found is None or kind.noun not in event.profile.nouns:
        return None if found else found
    ids = named(event.call, kind, found)
    if ids is None:
        return None if found else found
    key = _key(found)
    return tuple(one for one in found if shown.mark(str(one[key])) not in set(map(shown.mark, map(str, ids))))


def named(call: Call, kind: Kind, found: Items) -> list[Any] | None:
    """The keys of things that the only argument of a call names; ``None`` where it names them otherwise."""
    if len(call.arguments) != 1:
        return None
    ((argument, value),) = call.arguments.items()
    ids = value if isinstance(value, list) else [value]
    key = _key(found) if found else lists.telling(dict.fromkeys(kind.fields, "x"))
    told = key and words.one(argument) in lists.naming(kind.name, key)
    return list(ids) if told and all(map(shown.scalar, ids)) else None


def _key(found: Items) -> str:
    return lists.telling(found[0]) if found else ""

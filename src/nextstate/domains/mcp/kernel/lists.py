"""Lists after writes: the same lists as they were shown before, with what was created, changed and deleted since.

Every call since that may have changed them must show the things that it made or changed, or name those that it removed.
Where a new thing stands is told by the orders that all earlier lists of the tool keep (that in which things came, or by
a field); where these differ on the new list, nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domain.strict_json import inside
from nextstate.domains.mcp.kernel import effects, records, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_ITEMS = 500
MAX_SINCE = 100
MAX_TOLD = 20
"""Earlier results of the tool whose order is looked at."""
MAX_CREATED = 400
"""Calls among which the order of creation is looked for."""
_COUNTS = frozenset("total count size length number".split())
Items: TypeAlias = "tuple[Mapping[str, Any], ...]"
_Lists: TypeAlias = "Mapping[str, Items]"
"""The lists of a result by the names of their fields; a result that is a list itself is under the empty name."""
Order: TypeAlias = "tuple[str, bool]"
"""The field by which things are sorted, empty for the order in which they came, and whether the last comes first."""


def find(state: State, call: Call) -> str | None:
    """What the lists show now, if they were shown before with the same arguments."""
    index = state.last.get((call.name, shown.key(call.arguments)))
    if index is None or state.profile(call.name).effect not in (Effect.SEEK, Effect.READ):
        return None
    event = state.events[index]
    since = effects.since(state, index, call, event.marks)
    before = _lists(event.shown.value) if event.shown.failed is False else None
    if not before or not since or len(since) > MAX_SINCE:
        return None
    found = [_after(state, before, since, call, order) for order in orders(state, _told(state, call.name))]
    if not found or found[0] is None or any(one != found[0] for one in found):
        return None
    value = _with(event.shown.value, before, found[0])
    return None if value is None else shown.written(value, event.shown)


def _lists(value: Any) -> _Lists | None:
    """The lists in a result, each of objects with the same fields; ``None`` where it holds anything else inside it."""
    if isinstance(value, list):
        return {"": tuple(value)} if value and _uniform(value) else None
    if not isinstance(value, dict):
        return None
    held = [inner for inner in value.values() if inside(inner)]
    if not all(isinstance(inner, list) and _uniform(inner) for inner in held):
        return None
    return {name: tuple(inner) for name, inner in value.items() if isinstance(inner, list)}


def _uniform(value: list[Any]) -> bool:
    return len(value) <= MAX_ITEMS and all(isinstance(one, dict) and one.keys() == value[0].keys() for one in value)


def telling(item: Mapping[str, Any]) -> str:
    """The field that tells an item: an id, else the first that identifies."""
    names = [name for name in item if words.identifies(name) and shown.scalar(item[name])]
    return next((name for name in names if words.words(name)[-1:] == ("id",)), names[0] if names else "")


def _with(value: Any, before: _Lists, after: _Lists) -> Any:
    """The result with other items; ``None`` where a part of it may count or tell them in a way that is not known."""
    if isinstance(value, list):
        return list(after[""])
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if name in after:
            made[name] = list(after[name])
        elif isinstance(inner, int) and not isinstance(inner, bool) and len(after) == 1:
            ((field, items),) = after.items()
            if inner != len(before[field]) or not (
                _COUNTS & set(words.words(name)) or words.one(name) == words.one(field)
            ):
                return None
            made[name] = len(items)
        elif inner is None:
            made[name] = None
        else:
            return None
    return made


def _told(state: State, name: str) -> list[Items]:
    """The lists of more than one thing that a tool showed."""
    return [
        items
        for event, _ in zip(state.of(name), range(MAX_TOLD), strict=False)
        for items in (_lists(event.shown.value) or {}).values()
        if len(items) > 1
    ]


def orders(state: State, told: list[Items]) -> list[Order]:
    """The orders that all of these lists keep."""
    came = [("", back) for back in (False, True) if all(_came(state, items, back) for items in told)]
    if not told:
        return came
    fields = set.intersection(*({name for name, value in items[0].items() if shown.scalar(value)} for items in told))
    return came + [
        (name, back)
        for name in sorted(fields)
        for back in (False, True)
        if all(_by(items, name, back) for items in told)
    ]


def _came(state: State, items: Items, back: bool) -> bool:
    """Whether items may stand in the order in which they were created, as their numbers or what was seen tell."""
    numbers = [one.get(telling(one)) for one in items]
    if all(isinstance(one, int) for one in numbers):
        return _by(items, telling(items[0]), back)
    first: dict[str, int] = {}
    for index, event in enumerate(state.events[-MAX_CREATED:]):
        for mark in event.records if event.profile.effect is Effect.CREATE else ():
            first.setdefault(mark, index)
    seen = [first[mark] for one in items if (mark := shown.mark(str(one.get(telling(one))))) in first]
    return seen == sorted(seen, reverse=back)


def _by(items: Iterable[Mapping[str, Any]], name: str, back: bool) -> bool:
    found = tuple(items)
    return found == in_order(found, (name, back))


def in_order(items: Items, order: Order) -> Items | None:
    name, back = order
    try:
        return tuple(sorted(items, key=lambda one: one[name], reverse=back)) if name else items
    except (TypeError, KeyError):
        return None


def _after(state: State, before: _Lists, since: list[Event], call: Call, order: Order) -> _Lists | None:
    """The lists after these calls; ``None`` where one of them is not understood, or a list has become empty."""
    lists: _Lists | None = before
    for event in since:
        if lists is None or event.shown.failed is not False or event.profile.effect is Effect.UNKNOWN:
            return None
        lists = (
            _without(lists, event) if event.profile.effect is Effect.DELETE else _put(state, lists, event, call, order)
        )
    return lists


def _put(state: State, lists: _Lists, event: Event, call: Call, order: Order) -> _Lists | None:
    """The lists with the things that a call shows to have been made or changed."""
    made = event.shown.value if isinstance(event.shown.value, list) else [event.shown.value]
    if not all(isinstance(one, dict) for one in made):
        return None
    for one in made:
        field, listed = _field(state, lists, one, event, call), asked_for(one, call)
        if field is None or listed is None or not telling(one):
            return None
        items = list(lists[field])
        old = next((at for at, item in enumerate(items) if item.get(telling(one)) == one[telling(one)]), None)
        if old is None and listed and event.profile.effect is not Effect.CREATE:
            return None
        if old is not None:
            items[old : old + 1] = [one] if listed else []
        elif listed:
            items = [one, *items] if order == ("", True) else [*items, one]
        kept = in_order(tuple(items), order)
        if kept is None or records.runs_on((order[0],)):
            return None
        lists = {**lists, field: kept}
    return lists


def _field(state: State, lists: _Lists, one: Mapping[str, Any], event: Event, call: Call) -> str | None:
    """The list to which a thing belongs: that of things with its fields, told by its items or by the output schema."""
    fields = state.fields(call.name)
    found = []
    for name, items in lists.items():
        kind = words.one(name)
        if items[0].keys() == one.keys() if items else _of_kind(fields.get(name), one) or kind in event.profile.nouns:
            found.append(name)
    return found[0] if len(found) == 1 else None


def _of_kind(schema: Any, one: Mapping[str, Any]) -> bool:
    items = schema.get("items") if isinstance(schema, dict) else None
    properties = items.get("properties") if isinstance(items, dict) else None
    return isinstance(properties, dict) and properties.keys() == one.keys()


def asked_for(one: Mapping[str, Any], call: Call) -> bool | None:
    """Whether a thing is among those that the call asks for: each argument is a value of a field of its name."""
    found = True
    for name, value in call.arguments.items():
        fields = [inner for key, inner in one.items() if words.one(key) == words.one(name)]
        if len(fields) != 1:
            return None
        found = found and (value in fields[0] if isinstance(fields[0], list) else value == fields[0])
    return found


def _without(lists: _Lists, event: Event) -> _Lists | None:
    """The lists without the things that a call named, which nothing in another list may speak of."""
    if len(event.call.arguments) != 1:
        return None
    ((argument, value),) = event.call.arguments.items()
    named = {shown.mark(str(leaf)) for leaf in (value if isinstance(value, list) else [value]) if shown.scalar(leaf)}
    found = dict(lists)
    for field, items in lists.items():
        key = telling(items[0]) if items else ""
        if key and words.one(argument) in naming(field, key):
            found[field] = tuple(one for one in items if shown.mark(str(one.get(key))) not in named)
        elif (items and len(lists) == 1) or any(leaf in named for _, leaf in shown.leaves(list(items))):
            return None
    return found


def naming(field: str, key: str) -> set[str]:
    """The names under which a call names things of a list: ``id``, ``note_id`` or ``note``."""
    return {words.one(key), words.one(f"{words.one(field)}_{key}"), words.one(field)}

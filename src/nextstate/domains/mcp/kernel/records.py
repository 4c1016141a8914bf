"""Reads of one thing: answered from what an earlier result or write showed of it, or from what the facts give.

How a tool shows a thing is learned from its earlier results: which argument names it, which field of the result bears
that name, where in the result the thing stands, and which fields it has. For a tool that was not seen yet, its output
schema tells the fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import cells, effects, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.shown import Shown
    from nextstate.domains.mcp.kernel.state import Event, Record, State

MAX_LOOKED = 400
"""Events that are searched for a thing, the latest first."""
_SAID = frozenset("success ok message error result msg response detail acknowledged".split())
"""Fields that a write shows beside the thing that it wrote."""
_DONE = frozenset("success successful ok done updated deleted created error failed completed true".split())
_KEPT_BY_SERVER = frozenset("updated modified version revision last history at timestamp changed etag".split())
"""Words of fields that change with every write."""


@dataclass(frozen=True, slots=True)
class View:
    """How a tool shows a thing: named by ``argument``, told by ``field``, at ``way``, with one of the sets of fields.

    ``like`` is an earlier result, whose manner of writing is kept; without one the view is only declared.
    """

    argument: str
    field: str
    way: tuple[str | int, ...]
    fields: frozenset[frozenset[str]]
    like: Shown | None

    @property
    def always(self) -> frozenset[str]:
        return frozenset.intersection(*self.fields)


def find(state: State, call: Call) -> str | None:
    """What a read of one thing shows, where that is known."""
    if state.profile(call.name).effect is not Effect.READ:
        return None
    found = _views(state, call)
    texts = {text for view in found if (text := _shown(state, call, view)) is not None}
    return texts.pop() if len(texts) == 1 else None


def _views(state: State, call: Call) -> list[View]:
    """The view that earlier results of the tool prove; else those that its declaration allows."""
    named = effects.addresses(call.arguments)
    earlier = [event for event, _ in zip(state.of(call.name), range(20), strict=False)]
    if not earlier:
        return _declared(state, call) if len(call.arguments) == 1 == len(named) else []
    alike = [event for event in earlier if event.call.arguments.keys() == call.arguments.keys()]
    found = [view for name in named for view in _learned(name, call, alike)]
    if found or len(call.arguments) != 1 or len(named) != 1:
        return found[:1]
    declared = _declared(state, call)  # what is shown does not bear the name by which it is asked for
    kept = all(
        isinstance(one.shown.value, dict) and frozenset(one.shown.value) in view.fields
        for one in earlier
        for view in declared
    )
    return [view for view in declared if not view.field] if kept else []


def _declared(state: State, call: Call) -> list[View]:
    properties = state.fields(call.name)
    if len(properties) < 2:
        return []
    (argument,) = call.arguments
    fields = frozenset({frozenset(properties)})
    related = [name for name in properties if shown.related(name, argument)]
    return [View(argument, name, (), fields, None) for name in related or [""]]


def _learned(argument: str, call: Call, alike: list[Event]) -> Iterator[View]:
    """The views in which ``argument`` names the thing, if all that was seen agrees."""
    rest = {name: value for name, value in call.arguments.items() if name != argument}
    same = [event for event in alike if {**event.call.arguments, argument: 0} == {**rest, argument: 0}]
    if not same:
        return
    told = [record for record in _named(same[0], argument) if shown.related(record.name, argument)]
    for record in told or _named(same[0], argument):
        seen = [_at(event.shown.value, record.way) for event in same]
        named = zip(seen, (event.call.arguments[argument] for event in same), strict=True)
        if _alone(same[0].shown.value, record.way) and all(_told(one, record.name, value) for one, value in named):
            yield View(argument, record.name, record.way, frozenset(map(frozenset, seen)), same[0].shown)


def _told(one: Any, name: str, value: Any) -> bool:
    return isinstance(one, dict) and _is(one.get(name), value)


def _named(event: Event, argument: str) -> list[Record]:
    return list(event.records.get(shown.mark(str(event.call.arguments[argument])), ()))


def _at(value: Any, way: tuple[str | int, ...]) -> Any:
    for step in way:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _alone(value: Any, way: tuple[str | int, ...]) -> bool:
    """Whether nothing stands around the thing but objects with one field."""
    for step in way:
        if len(value) != 1 or isinstance(step, int):
            return False
        value = value[step]
    return True


def _is(one: Any, other: Any) -> bool:
    return shown.scalar(one) and shown.mark(str(one)) == shown.mark(str(other))


def _shown(state: State, call: Call, view: View) -> str | None:
    record = known(state, call, view)
    if record is None:
        return None
    value: Any = record
    for step in reversed(view.way):
        value = {step: value}
    return shown.written(value, view.like)


def known(state: State, call: Call, view: View) -> Mapping[str, Any] | None:
    """The thing as it is now: from the latest event that showed it whole, and what later ones showed of it."""
    mark = shown.mark(str(call.arguments[view.argument]))
    last = len(state.events) - 1
    for index in range(last, max(-1, last - MAX_LOOKED), -1):
        event = state.events[index]
        if (whole := _whole(event, mark, view)) is not None:
            return _brought_up(state, index, call, view, whole)
    if last >= MAX_LOOKED:
        return None
    given = _given(state, call, view)
    return None if given is None else _brought_up(state, -1, call, view, given)


def _whole(event: Event, mark: str, view: View) -> Mapping[str, Any] | None:
    found = [
        record.value
        for record in event.records.get(mark, ())
        if record.name == view.field and _fits(event, record, view)
    ]
    return found[0] if found and all(one == found[0] for one in found) else None


def _fits(event: Event, record: Record, view: View) -> bool:
    fields = frozenset(record.value)
    if fields in view.fields:
        return event.reads or event.profile.effect is not Effect.DELETE
    if event.reads or view.like is None or record.way != view.way:
        return False
    return view.always <= fields and not (fields - view.always) & _SAID


def _given(state: State, call: Call, view: View) -> Mapping[str, Any] | None:
    """What the facts give of the thing, if its fields are those that the tool shows."""
    found = [
        (way, one)
        for way, one in state.given.named(call.arguments[view.argument])
        if isinstance(one, dict) and _field_of(one, view, call)
    ]
    fitting = [one for _, one in found if _given_fits(frozenset(one), view)]
    if not fitting and view.like is None:
        fitting = [one for way, one in found if len(found) == 1 and _housed(state, call, way)]
    return fitting[0] if fitting and all(one == fitting[0] for one in fitting) else None


def _housed(state: State, call: Call, way: tuple[str | int, ...]) -> bool:
    """Whether the collection in which a thing stands bears the name of what the tool reads."""
    home = next((step for step in reversed(way[:-1]) if isinstance(step, str)), "")
    return bool({words.singular(word) for word in words.words(home)} & state.profile(call.name).nouns)


def _field_of(one: Mapping[str, Any], view: View, call: Call) -> bool:
    return view.field not in one or _is(one[view.field], call.arguments[view.argument])


def _given_fits(fields: frozenset[str], view: View) -> bool:
    """Whether an object of the facts has the fields that are shown; optional ones may lack where an id tells it."""
    if fields in view.fields:
        return True
    return view.like is None and view.field in fields and len(fields) > 1 and any(fields <= one for one in view.fields)


def _brought_up(
    state: State, index: int, call: Call, view: View, record: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    marks = shown.marks(record) | shown.marks(call.arguments)
    for event in effects.since(state, index, call, marks):
        changed = _patched(event, call, view, record)
        if changed is None:
            return None
        record = changed
    return record


def _patched(event: Event, call: Call, view: View, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The thing after a write whose result shows all that it changed; ``None`` where that is not certain."""
    result = event.shown.value
    if event.profile.effect is Effect.UNKNOWN or not isinstance(result, dict):
        return None
    if result and not result.keys() & record.keys() and cells.writes(event, frozenset(result)):
        return record
    if not result.keys() <= record.keys():
        return None
    if not _is(result.get(view.field), call.arguments[view.argument]) or runs_on(record):
        return None
    if any(name in record and name not in result for name in event.call.arguments):
        return None
    return {**record, **result} if all(_alike(record[name], result[name]) for name in result) else None


def runs_on(names: Iterable[str]) -> bool:
    """Whether one of these names is that of a field that changes with every write."""
    return any(_KEPT_BY_SERVER & set(words.words(name)) for name in names)


def _alike(old: Any, new: Any) -> bool:
    """Whether a value may follow another one in the same field (and does not just report that all went well)."""
    if isinstance(new, str) and set(words.words(new)) & _DONE and not set(words.words(str(old))) & _DONE:
        return False
    return (
        isinstance(new, type(old)) or old is None or (isinstance(old, (int, float)) and isinstance(new, (int, float)))
    )

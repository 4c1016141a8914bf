"""Changes whose new values earlier results showed: items completed from them, and an entry for the difference.

Earlier calls of the tool teach the rule for each field of the thing that is shown: it stays, it becomes the argument of
its name, it is the list of that argument with members from earlier results (`lookups`), or it is the old list with
one more entry. The number in such an entry is what a column of a list grew or shrank by, times how many items another
list of the thing has. All rules that fit every lesson must give the same now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import entities, lookups, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State

MAX_LOOKED = 100
MAX_CASES = 10
"""Calls of the tool among which lessons are looked for."""
LESSONS = 3
"""Earlier results, the latest first, that every rule must fit."""
MAX_NODES = 2_000
"""Values of a thing among which an argument is looked for."""
_STATES = frozenset(("status", "state"))
Thing: TypeAlias = "Mapping[str, Any]"
Rule: TypeAlias = "tuple[str, ...]"
"""A rule by its kind and the names in it; see :func:`_rules` and :func:`_sums`."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A call of the tool, the thing that it names as it was, and what was known before the event with this index."""

    state: State
    index: int
    call: Call
    before: Thing

    def relation(self) -> tuple[tuple[str, bool, bool], ...]:
        """How the arguments stand to the thing: which equal its field of their name, and which are found in it."""
        held = {shown.mark(str(leaf)) for _, leaf in shown.leaves(self.before, MAX_NODES) if shown.scalar(leaf)}
        found = [
            (name, self.before.get(name) == value, shown.mark(str(value)) in held)
            for name, value in sorted(self.call.arguments.items())
            if shown.scalar(value)
        ]
        return tuple(found)

    def kept(self) -> frozenset[tuple[str, str]]:
        """Whether the lists among the arguments hold items that stand in the thing, others, and leave some out."""
        found = set()
        for name, value in self.call.arguments.items():
            given, held = lookups.items(value), lookups.items(self.before.get(name))
            found |= {(name, "kept" if any(_within(item, one) for one in held) else "new") for item in given}
            found |= {(name, "left out") for one in held if not any(_within(item, one) for item in given)}
        return frozenset(found)


def _within(item: Thing, one: Thing) -> bool:
    return item.items() <= one.items()


def find(state: State, call: Call) -> str | None:
    """The thing after the write, where the lessons and earlier results give every field of it."""
    thing = entities.named(state, len(state.events), call)
    if state.profile(call.name).effect is not Effect.UPDATE or thing is None:
        return None
    now = _Case(state, len(state.events), call, thing)
    lessons = _lessons(now)
    if not lessons or any(after.keys() != thing.keys() for _, after in lessons):
        return None
    if all(_fitting(lessons, name) for name in call.arguments if name in thing):
        return None  # nothing is completed: that is a plain change
    made: dict[str, Any] = {}
    names = sorted(thing, key=lambda name: name not in call.arguments)  # what was given first: entries hang on it
    for name in names:
        value = _field(lessons, now, name, made)
        if value is None and thing[name] is not None:
            return None
        made[name] = value
    last = state.events[lessons[0][0].index].shown
    return shown.written({name: made[name] for name in last.value}, last)


def _lessons(now: _Case) -> list[tuple[_Case, Thing]]:
    """The latest calls of the tool that stood to their things as this one does, and what they showed."""
    found: list[tuple[_Case, Thing]] = []
    looked = 0
    events, relation, kept = now.state.events, now.relation(), now.kept()
    for index in range(len(events) - 1, max(-1, len(events) - 1 - MAX_LOOKED), -1):
        event = events[index]
        if event.call.name != now.call.name or event.shown.failed is not False:
            continue
        looked += 1
        if len(found) == LESSONS or looked > MAX_CASES:
            break
        before = entities.named(now.state, index, event.call)
        if before is None or not isinstance(event.shown.value, dict) or before.keys() != event.shown.value.keys():
            return []
        case = _Case(now.state, index, event.call, before)
        if case.relation() == relation and kept <= case.kept():
            found.append((case, event.shown.value))
    return found


def _field(lessons: list[tuple[_Case, Thing]], now: _Case, name: str, made: Thing) -> Any:
    """The value of a field by the rules that fit every lesson; ``None`` where there is none, or they disagree."""
    fitting = _fitting(lessons, name)
    values = [now.before[name] if rule == ("stays",) else now.call.arguments[name] for rule in fitting]
    if values:
        return values[0] if all(one == values[0] for one in values) else None
    if name in now.call.arguments:
        return _completed(lessons, now, name)
    return _grown(lessons, now, name, made)


def _fitting(lessons: list[tuple[_Case, Thing]], name: str) -> set[Rule]:
    return set.intersection(*(_rules(case, after, name) for case, after in lessons))


def _rules(case: _Case, after: Thing, name: str) -> set[Rule]:
    found: set[Rule] = {("stays",)} if after[name] == case.before[name] else set()
    return found | (
        {("argument",)} if name in case.call.arguments and after[name] == case.call.arguments[name] else set()
    )


def _completed(lessons: list[tuple[_Case, Thing]], now: _Case, name: str) -> list[dict[str, Any]] | None:
    """The list that was given, with the members that the lessons added from earlier results."""
    shape = lookups.items(lessons[0][1][name])
    given = lookups.items(now.call.arguments[name])
    if not shape or not given:
        return None
    added = [member for member in shape[0] if member not in given[0]]
    taught = [pair for case, after in lessons for pair in _taught(case, after, name)]
    if not taught or any(item.keys() != shape[0].keys() for _, item in taught):
        return None
    ways = {member: _ways(taught, member) for member in added}
    columns = {path[1] for paths in ways.values() for path in paths if path[1]}
    states = {str(cell) for cells, _ in taught for path, cell in cells.items() if _tells_state(path)}
    made = [_item(now, item, ways, list(shape[0])) for item in given]
    ready = all(_ready(now, item, columns, states) for item in given)
    return [one for one in made if one is not None] if ready and all(made) else None


_Cells: TypeAlias = "Mapping[lookups.Path, Any]"


def _taught(case: _Case, after: Thing, name: str) -> list[tuple[_Cells, Thing]]:
    """The items that a lesson showed, each with the cells that were known of it; one without any where they differ."""
    given, made = lookups.items(case.call.arguments[name]), lookups.items(after[name])
    if len(given) != len(made) or not all(map(_within, given, made)):
        return [({}, {})]
    return [
        (lookups.cells(case.state, case.index, case.call, item, fresh=True), one)
        for item, one in zip(given, made, strict=True)
    ]


def _ways(taught: list[tuple[_Cells, Thing]], member: str) -> set[lookups.Path]:
    """The cells that hold the member in every item of the lessons."""
    return set.intersection(*({path for path, cell in cells.items() if cell == item[member]} for cells, item in taught))


def _item(now: _Case, item: Thing, ways: Mapping[str, set[lookups.Path]], order: list[str]) -> dict[str, Any] | None:
    cells = lookups.cells(now.state, now.index, now.call, item, fresh=True)
    made = dict(item)
    for member, paths in ways.items():
        values = [cells[path] for path in paths if path in cells]
        if not values or any(one != values[0] for one in values):
            return None
        made[member] = values[0]
    return {member: made[member] for member in order}


def _ready(now: _Case, item: Thing, columns: set[str], states: set[str]) -> bool:
    """Whether nothing shown of an item speaks against taking it: a small number in the column, or another state."""
    most = max((len(value) for value in now.before.values() if isinstance(value, list)), default=1)
    cells = lookups.cells(now.state, now.index, now.call, item, fresh=True)
    small = any(cell < most for path, cell in cells.items() if path[1] in columns and lookups.number(cell))
    return not small and all(str(cell) in states for path, cell in cells.items() if _tells_state(path))


def _tells_state(path: lookups.Path) -> bool:
    return not path[1] and bool(_STATES & set(words.words(path[0])))


def _grown(lessons: list[tuple[_Case, Thing]], now: _Case, name: str, made: Thing) -> list[Any] | None:
    """The old list and one more entry of arguments and of a number that pays back a difference."""
    old = now.before[name]
    entries = [_entry(case, after, name) for case, after in lessons]
    first = entries[0]
    if not isinstance(old, list) or first is None or any(one is None or one.keys() != first.keys() for one in entries):
        return None
    entry: dict[str, Any] = {}
    for member in first:
        told = [
            _given(case, one[member]) | _sums(case, after, one[member]) for (case, after), one in _both(lessons, name)
        ]
        values = [_value(now, made, rule) for rule in set.intersection(*told)]
        if not values or values[0] is None or any(one != values[0] for one in values):
            return None
        entry[member] = values[0]
    numbers = [value for value in entry.values() if not isinstance(value, str)]
    return [*old, entry] if len(numbers) == 1 and numbers[0] < 0 else None  # more to pay may be refused


def _both(lessons: list[tuple[_Case, Thing]], name: str) -> list[tuple[tuple[_Case, Thing], Thing]]:
    return [((case, after), after[name][-1]) for case, after in lessons]


def _entry(case: _Case, after: Thing, name: str) -> Thing | None:
    """The entry that a lesson added to a list."""
    old, new = case.before[name], after[name]
    grown = isinstance(old, list) and isinstance(new, list) and len(new) == len(old) + 1 and new[:-1] == old
    return new[-1] if grown and isinstance(new[-1], dict) else None


def _given(case: _Case, value: Any) -> set[Rule]:
    """The arguments that a member of an entry may be."""
    return {("given", name) for name, one in case.call.arguments.items() if isinstance(value, str) and one == value}


def _sums(case: _Case, after: Thing, value: Any) -> set[Rule]:
    """The differences that a number in an entry may be: by the list, its column, and the list that counts."""
    if not lookups.number(value):
        return set()
    counting = ["", *(name for name, one in case.before.items() if isinstance(one, list) and one == after[name])]
    return {
        ("sum", name, column, count)
        for name in case.call.arguments
        for column, grown in _differences(case.before.get(name), after.get(name)).items()
        for count in counting
        if grown * (len(case.before[count]) if count else 1) == value
    }


def _differences(old: Any, new: Any) -> dict[str, int]:
    """By how much the columns of numbers in a list grew."""
    before, after = lookups.items(old), lookups.items(new)
    columns = before[0].keys() & after[0].keys() if before and after else set()
    return {
        column: sum(one[column] for one in after) - sum(one[column] for one in before)
        for column in columns
        if all(lookups.number(one[column]) for one in (*before, *after))
    }


def _value(now: _Case, made: Thing, rule: Rule) -> Any:
    """What a rule gives now; ``None`` where it gives nothing."""
    if rule[0] == "given":
        return now.call.arguments[rule[1]]
    _, name, column, count = rule
    grown = _differences(now.before.get(name), made.get(name)).get(column)
    many = now.before.get(count) if count else [1]
    return grown * len(many) if grown is not None and isinstance(many, list) else None

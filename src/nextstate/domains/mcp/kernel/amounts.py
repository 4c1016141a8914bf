"""Refusals that compare numbers: made anew from the sums of now, as long as the numbers compare as they did.

Each number of the message is bound to what gave it: the sum of a column of a list among the arguments, or that of the
cells which earlier results show for the items of such a list, times how many items another list has. Of two numbers
that are set against each other (``is 40, but 25``) one may be bound to nothing: neither is made of the other, as a
demand that followed what is offered could never be met.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import lookups

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State

MAX_MESSAGE = 500
"""Characters of a refusal that is understood."""
_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,12}(?![\w:/-]|[.,]\d)")
_AGAINST = re.compile(r"\b(?:but|than|instead of|got|versus|while)\b")
Column: TypeAlias = "tuple[str, str]"
"""A list among the arguments and a member of its items; that is empty where a number itself is the argument."""


def again(state: State, index: int, call: Call) -> str | None:
    """The refusal with the numbers of now; ``None`` where one of them is not certain, or they compare otherwise."""
    event = state.events[index]
    text = event.shown.text
    spans = list(_NUMBER.finditer(text))
    changed = _changed(event.call.arguments, call.arguments)
    if not spans or len(text) > MAX_MESSAGE or not changed or any(map(str.isdigit, _NUMBER.sub("", text))):
        return None
    then, now = _columns(event.call.arguments), _columns(call.arguments)
    priced = _priced(state, index, event.call)
    old = [int(span[0]) for span in spans]
    sources = [_sources(value, then, now, priced) for value in old]
    if any(len(one) > 1 for one in sources):
        return None
    moved = changed & then.keys()
    if any(then[column] not in old for column in moved):
        return None
    bound = all(sources) and all(_smaller(event.call, call, name) for name, _ in changed - moved)
    if not bound and not (changed == moved and _set_against(text, spans, sources)):
        return None
    if not all(_allowed(state, column, event.call, call) for column in moved):
        return None
    new = [next(iter(one), value) for one, value in zip(sources, old, strict=True)]
    return _written(text, spans, new) if _orders(old) == _orders(new) else None


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> set[Column] | None:
    """The numbers that are others now; ``None`` where anything else is."""
    found: set[Column] = set()
    for name in then.keys() | now.keys():
        old, new = then.get(name), now.get(name)
        if old == new:
            continue
        if lookups.number(old) and lookups.number(new):
            found.add((name, ""))
            continue
        one, other = lookups.items(old), lookups.items(new)
        if not one or len(one) != len(other) or one[0].keys() != other[0].keys():
            return None
        columns = {key for left, right in zip(one, other, strict=True) for key in left if left[key] != right[key]}
        found |= {(name, column) for column in columns}
    numbers = _columns(then).keys() & _columns(now).keys()
    return found if all(not column or (name, column) in numbers for name, column in found) else None


def _columns(arguments: Mapping[str, Any]) -> dict[Column, int]:
    """The sums of the columns of numbers in the lists among the arguments."""
    found = {}
    for name, value in arguments.items():
        listed = lookups.items(value)
        for column in listed[0] if listed else ():
            if all(lookups.number(one[column]) for one in listed):
                found[name, column] = sum(one[column] for one in listed)
    return found


def _priced(state: State, index: int, call: Call) -> set[int]:
    """The sums of the cells shown for the items of a list, once and for each item of another list."""
    lists = {name: listed for name, value in call.arguments.items() if (listed := lookups.items(value))}
    return {
        count * total
        for name, listed in lists.items()
        for total in lookups.sums(state, index, call, listed).values()
        for count in (1, *(len(other) for key, other in lists.items() if key != name))
    }


def _sources(value: int, then: Mapping[Column, int], now: Mapping[Column, int], priced: set[int]) -> set[int]:
    """What a number of the message is now, by each of the sums that gave it."""
    return {now[column] for column, total in then.items() if total == value} | ({value} & priced)


def _smaller(then: Call, now: Call, name: str) -> bool:
    """Whether a number that had no part in any sum got smaller, and stands to the other numbers as it did."""
    old: Any = then.arguments[name]
    new: Any = now.arguments[name]
    others: list[Any] = [value for key, value in now.arguments.items() if key != name and lookups.number(value)]
    return 0 <= new < old and all(_orders([old, other]) == _orders([new, other]) for other in others)


def _set_against(text: str, spans: list[re.Match[str]], sources: list[set[int]]) -> bool:
    """Whether the message sets two numbers against each other, of which one is bound."""
    return (
        len(spans) == 2
        and sorted(map(len, sources)) == [0, 1]
        and _AGAINST.search(text[spans[0].end() : spans[1].start()]) is not None
    )


def _allowed(state: State, column: Column, then: Call, now: Call) -> bool:
    """Whether each number of a column that grew is within what was shown under that name for the thing of its item."""
    name, member = column
    before, after = lookups.items(then.arguments[name]), lookups.items(now.arguments[name])
    for old, new in zip(before, after, strict=True):
        least = _least(state, member, new) if new[member] > old[member] else new[member]
        if new[member] <= 0 or least is None or least < new[member]:
            return False
    return True


def _least(state: State, member: str, item: Mapping[str, Any]) -> int | None:
    """The least number of this name that was shown for the thing of an item, if nothing wrote of that thing since."""
    marks = lookups.keys(item)
    found: list[int] = []
    for index in range(max(0, len(state.events) - lookups.MAX_LOOKED), len(state.events)):
        event = state.events[index]
        for record in event.records.get(marks[0], ()) if len(marks) == 1 and event.shown.failed is False else ():
            value: Any = record.value.get(member)
            if lookups.number(value) and not lookups.written(state, index, len(state.events), item):
                found.append(value)
    return min(found, default=None)


def _orders(numbers: list[int]) -> list[int]:
    return [(one > other) - (one < other) for one, other in combinations(numbers, 2)]


def _written(text: str, spans: list[re.Match[str]], numbers: list[int]) -> str:
    parts, at = [], 0
    for span, number in zip(spans, numbers, strict=True):
        parts += [text[at : span.start()], str(number)]
        at = span.end()
    return "".join((*parts, text[at:]))

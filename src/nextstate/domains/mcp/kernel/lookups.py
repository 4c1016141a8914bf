"""Cells of earlier results, found by the keys of an item: the price of an article in a list that a search showed.

An item of a call, such as an article and a date, finds the records that bear all its values; what a record does not
hold may stand among the arguments of the call that showed it. A cell is a field of such a record, or a member of an
object in it that a text among the arguments names (``prices`` by the argument ``size``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_LOOKED = 200
"""Earlier results that are searched."""
MAX_ITEMS = 50
"""Items of a list that are looked up."""
Path: TypeAlias = "tuple[str, str]"
"""The field of a record, and the argument that names a member of it; that is empty where the field itself is meant."""
Item: TypeAlias = "Mapping[str, Any]"


def items(value: Any) -> list[Item]:
    """The items of a list of flat objects with the same members; none where a value is something else."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ITEMS:
        return []
    flat = all(isinstance(one, dict) and one and not any(map(_inner, one.values())) for one in value)
    return value if flat and all(one.keys() == value[0].keys() for one in value) else []


def _inner(value: Any) -> bool:
    return isinstance(value, (dict, list))


def number(value: Any) -> bool:
    """Whether a value is a whole number, which sums give back exactly."""
    return isinstance(value, int) and not isinstance(value, bool)


def found(state: State, index: int, item: Item) -> Iterator[tuple[int, Item]]:
    """The records before the event with this index that bear all values of an item, the latest first."""
    marks = keys(item)
    for at in range(index - 1, max(-1, index - 1 - MAX_LOOKED), -1) if marks else ():
        event = state.events[at]
        if event.shown.failed is False:
            yield from ((at, one.value) for one in event.records.get(marks[0], ()) if _bears(one.value, event, item))


def keys(item: Item) -> list[str]:
    """The marks of the fields that tell an item."""
    return [shown.mark(str(value)) for name, value in item.items() if words.identifies(name) and shown.scalar(value)]


def _bears(record: Item, event: Event, item: Item) -> bool:
    return all(_same(record.get(name, event.call.arguments.get(name)), value) for name, value in item.items())


def _same(one: Any, other: Any) -> bool:
    return shown.scalar(one) and shown.scalar(other) and shown.mark(str(one)) == shown.mark(str(other))


def paths(record: Item, call: Call) -> Iterator[tuple[Path, Any]]:
    """The cells of a record for a call, each with the path to it."""
    for name, value in record.items():
        if isinstance(value, dict):
            chosen = [
                (argument, text)
                for argument, text in call.arguments.items()
                if isinstance(text, str) and text in value and not _inner(value[text])
            ]
            yield from (((name, argument), value[text]) for argument, text in chosen)
        elif shown.scalar(value):
            yield (name, ""), value


def cells(state: State, index: int, call: Call, item: Item, fresh: bool) -> dict[Path, Any]:
    """The cells that were last shown for an item; ``fresh``: without those that a write since may have changed."""
    told: dict[Path, Any] = {}
    for at, record in found(state, index, item):
        if fresh and written(state, at, index, item):
            break
        for path, value in paths(record, call):
            told.setdefault(path, value)
    return told


def written(state: State, since: int, index: int, item: Item) -> bool:
    """Whether a call after one event and before another may have changed a thing that an item names."""
    marks = set(keys(item))
    return any(
        event.profile.effect is Effect.UNKNOWN or (event.shown.failed is not True and marks & event.marks)
        for event in state.events[since + 1 : index]
        if not event.reads
    )


def sums(state: State, index: int, call: Call, listed: Sequence[Item]) -> dict[Path, int]:
    """The sums over a list of the cells in columns that arguments name, as far as every item has such a cell."""
    told = [cells(state, index, call, item, fresh=False) for item in listed]
    columns = [path for path, value in told[0].items() if path[1] and number(value)] if told else []
    return {path: sum(one[path] for one in told) for path in columns if all(number(one.get(path)) for one in told)}

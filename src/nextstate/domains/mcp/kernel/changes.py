"""Writes that show the thing that they changed: the same change is made to another thing.

An earlier result of the tool, beside what was known of its thing before, tells for each field whether it stays, becomes
an argument, becomes a certain word (``cancelled``), or is a list to which everything in it is added once more with
the opposite sign, as what was paid is paid back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import entities, records, shown
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State

EXAMPLES = 3
"""Earlier results, the latest first, that must teach the same change."""
MAX_LOOKED = 200
_NONE = object()
Change: TypeAlias = Callable[["Mapping[str, Any]", "Call"], Any]
"""The value of a field, made from the thing before and the call; ``_NONE`` where it is not known."""


def find(state: State, call: Call) -> str | None:
    """The thing after the write, where an earlier call of the tool shows what it changes."""
    if state.profile(call.name).effect not in (Effect.UPDATE, Effect.DELETE):
        return None
    thing = entities.named(state, len(state.events), call)
    lessons = _lessons(state, call) if thing is not None else []
    if thing is None or not lessons or entities.renames(state, call):
        return None
    made = [_applied(changes, thing, call) for _, changes in lessons]
    if made[0] is None or any(one != made[0] for one in made):
        return None
    return shown.written(made[0], state.events[lessons[0][0]].shown)


def _lessons(state: State, call: Call) -> list[tuple[int, dict[str, Change]]]:
    """The changes that the latest calls of the tool with the same arguments made; none where one is not understood."""
    found: list[tuple[int, dict[str, Change]]] = []
    for index in range(len(state.events) - 1, max(-1, len(state.events) - 1 - MAX_LOOKED), -1):
        event = state.events[index]
        if event.call.name != call.name or event.shown.failed is not False or len(found) == EXAMPLES:
            continue
        before = entities.named(state, index, event.call)
        after = event.shown.value
        same = event.call.arguments.keys() == call.arguments.keys()
        if not same or before is None or not isinstance(after, dict) or not before.keys() <= after.keys():
            return []
        changes = {name: _change(name, before.get(name, _NONE), value, event.call) for name, value in after.items()}
        if len(before) < 2 or any(change is None for change in changes.values()):
            return []
        found.append((index, {name: change for name, change in changes.items() if change is not None}))
    return found


def _change(name: str, old: Any, new: Any, call: Call) -> Change | None:
    """What became of a field; ``None`` where that is not understood."""
    if name in call.arguments:
        return (lambda thing, now: now.arguments[name]) if new == call.arguments[name] else None
    if old == new:
        return lambda thing, now: thing.get(name, _NONE)
    if isinstance(new, str) and new.isalpha() and not records.runs_on((name,)):
        return lambda thing, now: _NONE if thing.get(name) == new else new
    if isinstance(old, list) and old and new == [*old, *map(_opposite, old)]:
        return lambda thing, now: _undone(thing.get(name), len(old))
    return None


def _undone(items: Any, many: int) -> Any:
    """A list with the opposites of its items; not known where one item was seen to be undone, and there are more."""
    if not isinstance(items, list) or not items or (many == 1 and len(items) > 1):
        return _NONE
    return [*items, *map(_opposite, items)]


def _opposite(item: Any) -> Any:
    """An item with the opposite of the only number in it; ``_NONE`` where it has none, or more than one."""
    numbers = [name for name, value in item.items() if _number(value)] if isinstance(item, dict) else []
    return {**item, numbers[0]: -item[numbers[0]]} if len(numbers) == 1 else _NONE


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _applied(changes: Mapping[str, Change], thing: Mapping[str, Any], call: Call) -> dict[str, Any] | None:
    if not thing.keys() <= changes.keys():
        return None
    made = {name: change(thing, call) for name, change in changes.items()}
    lists = [item for value in made.values() if isinstance(value, list) for item in value]
    return None if any(one is _NONE for one in (*made.values(), *lists)) else made

"""Reading and changing values along paths: ``.a``, ``.[0]``, ``.[1:2]``, ``setpath``, ``del``."""

from __future__ import annotations

from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq.values import JqError, Json, kind, order, same, unworded

MAX_INDEX = 100_000


def whole(index: float) -> int:
    if index != int(index):
        raise Undetermined("jq: an index that is no whole number")
    return int(index)


def get(value: Json, key: Json) -> Json:
    """``value[key]``"""
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and kind(key) == "number":
        at = whole(key)
        at += len(value) if at < 0 else 0
        return value[at] if 0 <= at < len(value) else None
    if isinstance(key, dict) and (value is None or isinstance(value, list | str)):
        low, high = bounds(value, key)
        return None if value is None else value[low:high]
    if isinstance(value, list) and isinstance(key, list):
        return positions(value, key)
    if value is None and (isinstance(key, str) or kind(key) == "number" or key is None):
        return None
    raise no_index(value, key)


def no_index(value: Json, key: Json) -> JqError:
    if isinstance(key, str):
        return JqError(f'Cannot index {kind(value)} with string "{key}"', f'Cannot index {kind(value)} with "{key}"')
    if value is None or key is None or isinstance(key, bool):
        return unworded("Cannot index")
    return JqError(f"Cannot index {kind(value)} with {kind(key)}")


def bounds(value: Json, key: dict[str, Json]) -> tuple[int, int]:
    """The start and end of a slice."""
    if set(key) != {"start", "end"} or any(v is not None and kind(v) != "number" for v in key.values()):
        raise JqError("Start and end indices of an array slice must be numbers")
    size = 0 if value is None else len(value)
    low = 0 if key["start"] is None else whole(key["start"])
    high = size if key["end"] is None else whole(key["end"])
    low, high = (max(0, at + size) if at < 0 else min(at, size) for at in (low, high))
    return low, max(low, high)


def positions(value: list[Json], part: list[Json]) -> Json:
    if not part:
        return None
    size = len(part)
    return [float(at) for at in range(len(value) - size + 1) if same(value[at : at + size], part)]


def put(value: Json, path: list[Json], new: Json) -> Json:
    """``setpath``: a copy of ``value`` with ``new`` at ``path``."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(key, dict):
        return splice(value, key, rest, new)
    if isinstance(key, str) and (value is None or isinstance(value, dict)):
        copy = dict(value or {})
        copy[key] = put(copy.get(key), rest, new)
        return copy
    if kind(key) == "number" and (value is None or isinstance(value, list)):
        items, at = list(value or []), whole(key)
        if at < 0 and at + len(items) < 0:
            raise JqError("Out of bounds negative array index")
        at += len(items) if at < 0 else 0
        if at > MAX_INDEX:
            raise Undetermined("jq: a huge array")
        items += [None] * (at + 1 - len(items))
        items[at] = put(items[at], rest, new)
        return items
    raise no_index(value, key)


def splice(value: Json, key: dict[str, Json], rest: list[Json], new: Json) -> Json:
    if value is not None and not isinstance(value, list):
        raise unworded("Cannot update this")
    low, high = bounds(value, key)
    items = list(value or [])
    part = put(None if value is None else items[low:high], rest, new)
    if not isinstance(part, list):
        raise unworded("A slice of an array can only be assigned another array")
    return items[:low] + part + items[high:]


def at_path(value: Json, path: list[Json]) -> Json:
    """``getpath``: nulls have everything, as null."""
    for key in path:
        if value is None:
            return None
        value = get(value, key)
    return value


def without(value: Json, paths: list[list[Json]]) -> Json:
    """``delpaths``: the last paths first, so that positions stay."""
    for path in sorted(paths, key=order, reverse=True):
        value = drop(value, path)
    return value


def drop(value: Json, path: list[Json]) -> Json:
    if not path:
        return None
    if value is None:
        return None
    key, rest = path[0], path[1:]
    if rest:
        inner = get(value, key)
        return value if inner is None else put(value, [key], drop(inner, rest))
    if isinstance(value, dict) and isinstance(key, str):
        return {name: each for name, each in value.items() if name != key}
    if isinstance(value, list) and kind(key) == "number":
        at = whole(key) + (len(value) if key < 0 else 0)
        return value[:at] + value[at + 1 :] if 0 <= at < len(value) else value
    if isinstance(value, list) and isinstance(key, dict):
        low, high = bounds(value, key)
        return value[:low] + value[high:]
    if isinstance(value, list | dict):
        raise unworded("Cannot delete this field")
    raise unworded("Cannot delete this")


def all_paths(value: Json, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a value, its own (empty) one first."""
    found = [prefix]
    pairs = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, each in pairs:
        found += all_paths(each, (*prefix, float(key) if isinstance(key, int) else key))
    return found

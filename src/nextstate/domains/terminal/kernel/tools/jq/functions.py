"""The functions of jq that make one value of another, whatever else a program does."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq import operators, regexes
from nextstate.domains.terminal.kernel.tools.jq.evaluate import each
from nextstate.domains.terminal.kernel.tools.jq.operators import as_json, as_text
from nextstate.domains.terminal.kernel.tools.jq.paths import get, put, without
from nextstate.domains.terminal.kernel.tools.jq.values import (
    JqError,
    Json,
    Reader,
    brief,
    kind,
    order,
    same,
    truth,
    unworded,
)


def listed(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise JqError(f"{brief(value)} cannot be {what}, as it is not an array")
    return value


def length(value: Json) -> float:
    if isinstance(value, bool):
        raise JqError(f"{brief(value)} has no length")
    return abs(float(value)) if isinstance(value, float) else float(len(value or ""))


def keys(value: Json) -> list[Json]:
    return sorted(value) if isinstance(value, dict) else keys_unsorted(value)


def keys_unsorted(value: Json) -> list[Json]:
    if isinstance(value, list):
        return [float(at) for at in range(len(value))]
    if not isinstance(value, dict):
        raise JqError(f"{brief(value)} has no keys")
    return list(value)


def has(value: Json, key: Json) -> bool:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and kind(key) == "number":
        return bool(0 <= key < len(value))
    raise JqError(f"Cannot check whether {kind(value)} has a {kind(key)} key")


def contains(value: Json, part: Json) -> bool:
    if isinstance(value, dict) and isinstance(part, dict):
        return all(key in value and contains(value[key], inner) for key, inner in part.items())
    if isinstance(value, list) and isinstance(part, list):
        return all(any(kind(x) == kind(p) and contains(x, p) for x in value) for p in part)
    if isinstance(value, str) and isinstance(part, str):
        return part in value
    if kind(value) == kind(part):
        return same(value, part)
    raise JqError(f"{brief(value)} and {brief(part)} cannot have their containment checked")


def add(value: Json) -> Json:
    total: Json = None
    for _, inner in each(None, value):
        total = operators.apply("+", total, inner)
    return total


def join(value: Json, separator: Json) -> Json:
    items = [inner for _, inner in each(None, value)]
    if not isinstance(separator, str) or any(isinstance(inner, list | dict) for inner in items):
        raise unworded("cannot be added")
    return separator.join("" if inner is None else as_text(inner) for inner in items)


def flatten(value: Json, depth: Json = 1e9) -> Json:
    if not isinstance(value, list) or kind(depth) != "number" or depth < 0:
        raise unworded("flatten")
    result: list[Json] = []
    for inner in value:
        result += flatten(inner, depth - 1) if isinstance(inner, list) and depth > 0 else [inner]
    return result


def text_pair(name: str, value: Json, other: Json) -> None:
    if not isinstance(value, str) or not isinstance(other, str):
        raise JqError(f"{name} must be strings" if name.startswith("split") else f"{name}() requires string inputs")


def startswith(value: Json, other: Json) -> bool:
    text_pair("startswith", value, other)
    return bool(value.startswith(other))


def endswith(value: Json, other: Json) -> bool:
    text_pair("endswith", value, other)
    return bool(value.endswith(other))


def split(value: Json, separator: Json) -> list[str]:
    text_pair("split input and separator", value, separator)
    return operators.split(value, separator)


def trim_left(value: Json, other: Json) -> Json:
    return value.removeprefix(other) if isinstance(value, str) and isinstance(other, str) else value


def trim_right(value: Json, other: Json) -> Json:
    if not isinstance(value, str) or not isinstance(other, str):
        return value
    if value == other and value:
        return ""
    return value.removesuffix(other)


def cased(upper: bool) -> Callable[[Json], str]:
    def change(value: Json) -> str:
        if not isinstance(value, str):
            raise unworded("input must be a string")
        return "".join((ch.upper() if upper else ch.lower()) if ch.isascii() else ch for ch in value)

    return change


def tonumber(value: Json) -> float:
    if kind(value) == "number":
        return float(value) if type(value) is float else value
    if not isinstance(value, str):
        raise JqError(f"{brief(value)} cannot be parsed as a number")
    try:
        reader = Reader(value)
        found = reader.next() if value.strip() == value else None
        if isinstance(found, float) and not reader.more():
            return float(found)
    except ValueError:
        pass
    raise unworded(f"{value} cannot be parsed as a number")


def fromjson(value: Json) -> Json:
    if not isinstance(value, str):
        raise JqError(f"{brief(value)} only strings can be parsed")
    reader = Reader(value)
    if not reader.more():
        raise unworded("empty JSON")
    try:
        found = reader.next()
    except ValueError:
        raise unworded("JSON that is wrong") from None
    if reader.more():
        raise unworded("JSON with more behind it")
    return found


def indices(value: Json, part: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, str) and isinstance(part, str):
        if not (value + part).isascii() or not part:
            raise Undetermined("jq: versions count positions in bytes or characters")
        return [float(at) for at in range(len(value)) if value.startswith(part, at)]
    if isinstance(value, list):
        return get(value, part if isinstance(part, list) else [part])
    return get(value, part)


def end_of(at: int) -> Callable[[Json, Json], Json]:
    def find(value: Json, part: Json) -> Json:
        found = indices(value, part)
        if found is not None and not isinstance(found, list):
            raise unworded("index")
        return found[at] if found else None

    return find


def reverse(value: Json) -> Json:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Undetermined("jq: versions differ in what can be reversed")
    return value[::-1]


def unique(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise unworded("cannot be sorted")
    return [run[0] for run in runs(value, [order(inner) for inner in value])]


def runs(items: list[Json], marks: list[Any]) -> list[list[Json]]:
    """Items grouped by equal marks, in the order of the marks."""
    found: list[tuple[Any, list[Json]]] = []
    for at in sorted(range(len(items)), key=lambda at: marks[at]):
        if not found or found[-1][0] != marks[at]:
            found.append((marks[at], []))
        found[-1][1].append(items[at])
    return [group for _, group in found]


def transpose(value: Json) -> Json:
    if not isinstance(value, list) or not all(isinstance(inner, list) for inner in value):
        raise unworded("transpose")
    size = max((len(inner) for inner in value), default=0)
    return [[inner[at] if at < len(inner) else None for inner in value] for at in range(size)]


def from_entries(value: Json) -> Json:
    made: dict[str, Json] = {}
    for _, entry in each(None, value):
        key = entry.get("key", entry.get("name")) if isinstance(entry, dict) else None
        if not isinstance(key, str):
            raise Undetermined("jq: versions differ in how this entry is read")
        if "value" not in entry:
            raise Undetermined("jq: an entry without a value")
        made[key] = entry["value"]
    return made


def rounded(function: Callable[[float], float]) -> Callable[[Json], float]:
    def compute(value: Json) -> float:
        if kind(value) != "number":
            raise JqError(f"{brief(value)} number required")
        if math.isinf(value) or math.isnan(value):
            raise Undetermined("jq: a number without bounds")
        try:
            result = float(function(float(value)))
        except (ValueError, OverflowError):
            raise Undetermined("jq: a number without bounds") from None
        return math.copysign(result, value) if result == 0 and function is not math.sqrt else result

    return compute


def half_away(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value) if abs(value) < 2**52 else value


def power(_: Json, base: Json, exponent: Json) -> float:
    if kind(base) != "number" or kind(exponent) != "number":
        raise unworded("number required")
    try:
        result = math.pow(base, exponent)
    except (ValueError, OverflowError):
        raise Undetermined("jq: a number without bounds") from None
    return result


def to_date(value: Json) -> str:
    if kind(value) != "number" or value != int(value) or not 0 <= value < 2**33:
        raise Undetermined("jq: a time that is no whole number")
    return datetime.datetime.fromtimestamp(int(value), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_date(value: Json) -> float:
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC).timestamp()
    except (ValueError, TypeError):
        raise unworded("does not match format") from None


def implode(value: Json) -> str:
    if not isinstance(value, list) or any(kind(v) != "number" or not 0 < v < 0xD800 for v in value):
        raise Undetermined("jq: what is imploded")
    return "".join(chr(int(v)) for v in value)


def explode(value: Json) -> list[float]:
    if not isinstance(value, str):
        raise unworded("explode input must be a string")
    return [float(ord(ch)) for ch in value]


def setpath(value: Json, path: Json, new: Json) -> Json:
    if not isinstance(path, list):
        raise JqError("Path must be specified as an array")
    return put(value, path, new)


def delpaths(value: Json, paths: Json) -> Json:
    if not isinstance(paths, list) or not all(isinstance(path, list) for path in paths):
        raise unworded("Paths must be specified as an array")
    return without(value, paths)


def throw_value(_: Json, value: Json) -> Json:
    return throw(value)


def throw(value: Json) -> Json:
    if value is None:
        raise Undetermined("jq: an error that is null")
    raise JqError(value)


def extreme(value: Json, marks: list[Json], *, largest: bool) -> Json:
    if not value:
        return None
    best = 0
    for at in range(1, len(value)):
        smaller = order(marks[at]) < order(marks[best])
        best = at if smaller is not largest else best
    return value[best]


def plain_extreme(largest: bool) -> Callable[[Json], Json]:
    def find(value: Json) -> Json:
        if not isinstance(value, list):
            raise unworded("cannot be iterated over")
        return extreme(value, value, largest=largest)

    return find


SIMPLE: dict[tuple[str, int], Callable[..., Json]] = {
    ("length", 0): length, ("keys", 0): keys, ("keys_unsorted", 0): keys_unsorted, ("has", 1): has,
    ("contains", 1): contains, ("add", 0): add, ("join", 1): join, ("flatten", 0): flatten, ("flatten", 1): flatten,
    ("startswith", 1): startswith, ("endswith", 1): endswith, ("split", 1): split, ("ltrimstr", 1): trim_left,
    ("rtrimstr", 1): trim_right, ("ascii_upcase", 0): cased(True), ("ascii_downcase", 0): cased(False), ("not", 0):
    lambda value: not truth(value), ("type", 0): kind, ("tostring", 0): as_text, ("tojson", 0): as_json,
    ("tonumber", 0): tonumber, ("fromjson", 0): fromjson, ("indices", 1): indices, ("index", 1): end_of(0),
    ("rindex", 1): end_of(-1), ("reverse", 0): reverse, ("unique", 0): unique, ("transpose", 0): transpose,
    ("from_entries", 0): from_entries, ("floor", 0): rounded(math.floor), ("ceil", 0): rounded(math.ceil),
    ("round", 0): rounded(half_away), ("sqrt", 0): rounded(math.sqrt), ("fabs", 0): rounded(abs), ("pow", 2): power,
    ("todateiso8601", 0): to_date, ("fromdateiso8601", 0): from_date, ("implode", 0): implode, ("explode", 0): explode,
    ("setpath", 2): setpath, ("delpaths", 1): delpaths, ("error", 0): throw, ("error", 1): throw_value,
    ("sort", 0): lambda value: sorted(listed(value, "sorted"), key=order), ("min", 0): plain_extreme(False),
    ("max", 0): plain_extreme(True), ("utf8bytelength", 0): lambda value: float(len(operators.as_text(value).encode())),
    ("test", 1): regexes.test, ("test", 2): regexes.test, ("capture", 1): regexes.capture,
    ("infinite", 0): lambda _: math.inf, ("split", 2): regexes.split,
}  # fmt: skip

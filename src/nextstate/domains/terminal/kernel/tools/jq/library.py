"""The functions of jq that programs use most; any other name is undetermined."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq import operators, regexes
from nextstate.domains.terminal.kernel.tools.jq.evaluate import Item, Machine, Scope, deleted, each
from nextstate.domains.terminal.kernel.tools.jq.operators import as_json, as_text
from nextstate.domains.terminal.kernel.tools.jq.paths import all_paths, at_path, get, put, without
from nextstate.domains.terminal.kernel.tools.jq.syntax import Node, parse
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

DEFINED = {
    ("map", 1): "def map(f): [.[] | f]; .",
    ("select", 1): "def select(f): if f then . else empty end; .",
    ("recurse", 0): "def recurse: ., (.[]? | recurse); .",
    ("recurse", 1): "def recurse(f): def r: ., (f | r); r; .",
    ("recurse", 2): "def recurse(f; test): def r: ., (f | select(test) | r); r; .",
    ("map_values", 1): "def map_values(f): .[] |= f; .",
    ("to_entries", 0): "def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}]; .",
    ("with_entries", 1): "def with_entries(f): to_entries | map(f) | from_entries; .",
    ("values", 0): "def values: select(. != null); .",
    ("nulls", 0): "def nulls: select(. == null); .",
    ("first", 0): "def first: .[0]; .",
    ("last", 0): "def last: .[-1]; .",
    ("nth", 1): "def nth($n): .[$n]; .",
    ("while", 2): "def while(test; f): def w: if test then ., (f | w) else empty end; w; .",
    ("repeat", 1): "def repeat(f): def r: ., (f | r); r; .",
    ("until", 2): "def until(test; f): def u: if test then . else (f | u) end; u; .",
    ("paths", 1): "def paths(f): . as $top | paths | select(. as $p | $top | getpath($p) | f); .",
    ("leaf_paths", 0): 'def leaf_paths: paths((type == "array" or type == "object") | not); .',
    ("in", 1): "def in($o): . as $k | $o | has($k); .",
    ("inside", 1): "def inside($o): . as $part | $o | contains($part); .",
    ("walk", 1): 'def walk(f): def w: if type == "object" then with_entries(.value |= w) | f '
    'elif type == "array" then map(w) | f else f end; w; .',
    ("any", 0): "def any: any(.); .",
    ("all", 0): "def all: all(.); .",
    ("any", 1): "def any(f): any(.[]; f); .",
    ("all", 1): "def all(f): all(.[]; f); .",
    ("objects", 0): 'def objects: select(type == "object"); .',
    ("arrays", 0): 'def arrays: select(type == "array"); .',
    ("strings", 0): 'def strings: select(type == "string"); .',
    ("numbers", 0): 'def numbers: select(type == "number"); .',
    ("booleans", 0): 'def booleans: select(type == "boolean"); .',
    ("scalars", 0): 'def scalars: select((type == "array" or type == "object") | not); .',
    ("iterables", 0): 'def iterables: select(type == "array" or type == "object"); .',
    ("todate", 0): "def todate: todateiso8601; .",
    ("fromdate", 0): "def fromdate: fromdateiso8601; .",
    ("IN", 1): "def IN(s): . as $x | any(s; . == $x); .",
    ("INDEX", 1): "def INDEX(f): reduce .[] as $row ({}; .[$row | f | tostring] = $row); .",
    ("combinations", 0): "def combinations: if length == 0 then [] else .[0][] as $x | "
    "(.[1:] | combinations) as $w | [$x] + $w end; .",
}


def call(machine: Machine, name: str, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    """The outputs of a function that the program did not define itself."""
    key = (name, len(args))
    if key in DEFINED:
        _, _, params, body, _ = parse(DEFINED[key])
        inner = Scope().define(name, params, body)
        yield from machine.applied(params, args, body, inner, scope, item)
    elif key in STREAMS:
        yield from STREAMS[key](machine, args, scope, item)
    elif key in SIMPLE:
        values = [machine.one(arg, scope, item[1]) for arg in args] if len(args) > 1 else None
        if values is not None or not args:
            yield Machine.plain(item, SIMPLE[key](item[1], *(values or ())))
        else:
            for value in machine.values(args[0], scope, item[1]):
                yield Machine.plain(item, SIMPLE[key](item[1], value))
    elif key == ("env", 0):
        yield Machine.plain(item, machine.environment(""))
    else:
        raise Undetermined(f"jq: {name}/{len(args)}")


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


def by(machine: Machine, node: Node, scope: Scope, value: Json) -> list[list[Json]]:
    """What a key gives for each item of an array."""
    return [list(machine.values(node, scope, inner)) for _, inner in each(None, value)]


def keyed(function: Callable[[Json, list[Json]], Json]) -> Callable[..., Iterator[Item]]:
    def compute(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
        if isinstance(item[1], dict):
            raise unworded("as it is not an array")
        yield Machine.plain(item, function(item[1], by(machine, args[0], scope, item[1])))

    return compute


def sort_by(value: Json, marks: list[Json]) -> Json:
    return [inner for group in runs(value, [order(mark) for mark in marks]) for inner in group]


def group_by(value: Json, marks: list[Json]) -> Json:
    return runs(value, [order(mark) for mark in marks])


def unique_by(value: Json, marks: list[Json]) -> Json:
    return [group[0] for group in group_by(value, marks)]


def empty(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    yield from ()


def limit(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    count = machine.one(args[0], scope, item[1])
    if kind(count) != "number" or count < 1 or count != int(count):
        raise Undetermined("jq: versions differ in this limit")
    yield from taken(machine, args[1], scope, item, int(count))


def taken(machine: Machine, node: Node, scope: Scope, item: Item, count: int) -> Iterator[Item]:
    """The first outputs; stopping early leaves no ``try`` open."""
    before = machine.unwound
    source = machine.run(node, scope, item)
    for found in islice(source, count):
        machine.unwound = before
        yield found
        before = machine.unwound


def first(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    return taken(machine, args[0], scope, item, 1)


def last(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    found = list(machine.values(args[0], scope, item[1]))
    yield from (Machine.plain(item, value) for value in found[-1:])


def isempty(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    yield Machine.plain(item, not list(machine.values(args[0], scope, item[1])))


def span(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    ends = [list(machine.values(arg, scope, item[1])) for arg in args]
    for given in product(*ends):
        if any(kind(value) != "number" for value in given):
            raise unworded("Range bounds must be numeric")
        low, high, step = (0.0, *given, 1.0) if len(given) == 1 else (*given, 1.0) if len(given) == 2 else given
        if step == 0:
            raise Undetermined("jq: a range without an end")
        at = float(low)
        while at < high if step > 0 else at > high:
            machine.count()
            yield Machine.plain(item, at)
            at += step


def path(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    for found in machine.paths(args[0], scope, item[1]):
        yield Machine.plain(item, list(found))


def paths(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    for found in all_paths(item[1])[1:]:
        yield Machine.plain(item, list(found))


def delete(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    yield Machine.plain(item, deleted(machine, args[0], scope, item[1]))


def getpath(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    for found in machine.values(args[0], scope, item[1]):
        if not isinstance(found, list):
            raise JqError("Path must be specified as an array")
        yield (None if item[0] is None else (*item[0], *found)), at_path(item[1], found)


def some(expected: bool) -> Callable[..., Iterator[Item]]:
    def decide(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
        for value in machine.values(args[0], scope, item[1]):
            if any(truth(found) is expected for found in machine.values(args[1], scope, value)):
                yield Machine.plain(item, expected)
                return
        yield Machine.plain(item, not expected)

    return decide


def read_one(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    for value in machine.inputs:
        yield Machine.plain(item, value)
        return
    raise unworded("No more inputs")


def read_all(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
    for value in machine.inputs:
        yield Machine.plain(item, value)


def matching(function: Callable[..., list[Json]]) -> Callable[..., Iterator[Item]]:
    def find(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
        for found in function(item[1], *(machine.one(arg, scope, item[1]) for arg in args)):
            yield Machine.plain(item, found)

    return find


def substituted(everywhere: bool) -> Callable[..., Iterator[Item]]:
    def change(machine: Machine, args: tuple[Node, ...], scope: Scope, item: Item) -> Iterator[Item]:
        pattern = machine.one(args[0], scope, item[1])
        flags = machine.one(args[2], scope, item[1]) if len(args) > 2 else ""

        def replacement(captured: Json) -> Json:
            return machine.one(args[1], scope, captured)

        yield Machine.plain(item, regexes.replaced(item[1], pattern, replacement, flags, everywhere=everywhere))

    return change


STREAMS: dict[tuple[str, int], Callable[..., Iterator[Item]]] = {
    ("empty", 0): empty, ("limit", 2): limit, ("first", 1): first, ("last", 1): last, ("isempty", 1): isempty,
    ("range", 1): span, ("range", 2): span, ("range", 3): span, ("path", 1): path, ("paths", 0): paths,
    ("del", 1): delete, ("getpath", 1): getpath, ("any", 2): some(True), ("all", 2): some(False),
    ("input", 0): read_one, ("inputs", 0): read_all, ("sort_by", 1): keyed(sort_by), ("group_by", 1): keyed(group_by),
    ("unique_by", 1): keyed(unique_by), ("min_by", 1): keyed(lambda v, m: extreme(v, m, largest=False)),
    ("max_by", 1): keyed(lambda v, m: extreme(v, m, largest=True)), ("match", 1): matching(regexes.match),
    ("match", 2): matching(regexes.match), ("scan", 1): matching(regexes.scan), ("splits", 1): matching(regexes.split),
    ("sub", 2): substituted(False), ("sub", 3): substituted(False), ("gsub", 2): substituted(True),
    ("gsub", 3): substituted(True),
}  # fmt: skip

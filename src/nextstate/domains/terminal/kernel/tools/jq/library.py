"""The functions of jq that programs use most; any other name is undetermined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq import regexes
from nextstate.domains.terminal.kernel.tools.jq.evaluate import Item, Machine, Scope, deleted, each
from nextstate.domains.terminal.kernel.tools.jq.functions import SIMPLE, extreme, runs
from nextstate.domains.terminal.kernel.tools.jq.paths import all_paths, at_path
from nextstate.domains.terminal.kernel.tools.jq.syntax import Node, parse
from nextstate.domains.terminal.kernel.tools.jq.values import (
    JqError,
    Json,
    kind,
    order,
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

"""Runs a jq program: every node yields its outputs in order, each with the path at which it lies when that is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq import operators
from nextstate.domains.terminal.kernel.tools.jq.paths import at_path, get, put, without
from nextstate.domains.terminal.kernel.tools.jq.syntax import Node
from nextstate.domains.terminal.kernel.tools.jq.values import JqError, Json, brief, kind, truth, unworded

Path: TypeAlias = "tuple[Json, ...] | None"
Item: TypeAlias = "tuple[Path, Json]"
MAX_STEPS = 300_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables and functions in sight. A function is ``(params, body, scope)``; its scope holds itself."""

    variables: dict[str, Json] = field(default_factory=dict)
    functions: dict[tuple[str, int], tuple[tuple[str, ...], Node, Scope]] = field(default_factory=dict)

    def bind(self, name: str, value: Json) -> Scope:
        return Scope({**self.variables, name: value}, self.functions)

    def define(self, name: str, params: tuple[str, ...], body: Node) -> Scope:
        inner = Scope(self.variables, dict(self.functions))
        inner.functions[name, len(params)] = (params, body, inner)
        return inner

    def closure(self, name: str, node: Node, scope: Scope) -> Scope:
        return Scope(self.variables, {**self.functions, (name, 0): ((), node, scope)})


class Break(Exception):
    def __init__(self, label: object) -> None:
        super().__init__("break")
        self.label = label


class Machine:
    """What a run shares: inputs, the environment and how much it has done."""

    def __init__(self, inputs: Iterator[Json], environment: Callable[[str], Json]) -> None:
        self.inputs = inputs
        self.environment = environment
        self.steps = 0
        self.unwound = False
        """Whether an error may have passed a ``try`` that was left open; versions differ in whether it catches it."""

    def values(self, node: Node, scope: Scope, value: Json) -> Iterator[Json]:
        for _, each in self.run(node, scope, (None, value)):
            yield each

    def one(self, node: Node, scope: Scope, value: Json) -> Json:
        """The only output of a node."""
        found = list(self.values(node, scope, value))
        if len(found) != 1:
            raise Undetermined("jq: not exactly one value here")
        return found[0]

    def count(self) -> None:
        """One step more of those that a program may take."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Undetermined("jq: a long computation")

    def run(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        self.count()
        method: Callable[[Node, Scope, Item], Iterator[Item]] = getattr(self, "on_" + node[0])
        return method(node, scope, item)

    @staticmethod
    def plain(item: Item, value: Json) -> Item:
        """An output that lies at no path."""
        if item[0] is not None:
            raise Undetermined("jq: a path through a value that was computed")
        return None, value

    def on_id(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        yield item

    def on_group(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        return self.run(node[1], scope, item)

    def on_lit(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        if node[1] is None and item[0] is not None:
            raise Undetermined("jq: a path of null")
        yield self.plain(item, node[1])

    def on_index(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for path, value in self.run(node[1], scope, item):
            for key in self.values(node[2], scope, item[1]):
                yield step(path, value, key)

    def on_slice(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for path, value in self.run(node[1], scope, item):
            low = None if node[2] is None else self.one(node[2], scope, item[1])
            high = None if node[3] is None else self.one(node[3], scope, item[1])
            yield step(path, value, {"start": low, "end": high})

    def on_iter(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for path, value in self.run(node[1], scope, item):
            yield from each(path, value)

    def on_pipe(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for found in self.run(node[1], scope, item):
            yield from self.run(node[2], scope, found)

    def on_comma(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        yield from self.run(node[1], scope, item)
        yield from self.run(node[2], scope, item)

    def on_neg(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for value in self.values(node[1], scope, item[1]):
            if kind(value) != "number":
                raise JqError(f"{brief(value)} cannot be negated")
            yield self.plain(item, 0.0 - value if value == 0 else -float(value))

    def on_bin(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        if node[1] in "/%" and node[3][0] == "lit" and node[2][0] == "lit" and not node[3][1]:
            raise Undetermined("jq: a division that is computed when the program is read")
        for right in self.values(node[3], scope, item[1]):
            for left in self.values(node[2], scope, item[1]):
                yield self.plain(item, operators.apply(node[1], left, right))

    def on_and(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for left in self.values(node[2], scope, item[1]):
            if truth(left) is (node[0] == "or"):
                yield self.plain(item, node[0] == "or")
                continue
            for right in self.values(node[3], scope, item[1]):
                yield self.plain(item, truth(right))

    on_or = on_and

    def on_alt(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        found = False
        source = self.run(node[2], scope, item)
        while True:
            try:
                path, value = next(source)
            except StopIteration:
                break
            except JqError as error:
                self.caught(error)
                break
            if truth(value):
                found = True
                yield from self.watched(path, value)
        if not found:
            yield from self.run(node[3], scope, item)

    def watched(self, path: Path, value: Json) -> Iterator[Item]:
        """One output of a ``try``; when the program never comes back for more, an error may have passed."""
        self.unwound, before = True, self.unwound
        yield path, value
        self.unwound = before

    def caught(self, error: JqError) -> None:
        if self.unwound:
            raise Undetermined("jq: versions differ in which try catches this") from error

    def on_try(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        source = self.run(node[1], scope, item)
        while True:
            try:
                path, value = next(source)
            except StopIteration:
                return
            except JqError as error:
                self.caught(error)
                if error.value is None:
                    raise Undetermined("jq: an error that is null") from error
                if node[2] is not None:
                    if error.later != error.value:
                        raise Undetermined("jq: versions word an error differently") from error
                    yield from self.run(node[2], scope, (None if item[0] is None else (), error.value))
                return
            yield from self.watched(path, value)

    def on_assign(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        _, op, target, source = node
        value = item[1]
        if op == "|=":
            for path in self.paths(target, scope, value):
                new = list(islice(self.values(source, scope, at_path(item[1], list(path))), 1))
                if not new:
                    raise Undetermined("jq: an update without a value")
                item = self.plain(item, put(item[1], list(path), new[0]))
            yield item
            return
        for right in self.values(source, scope, value):
            result = value
            for path in self.paths(target, scope, value):
                old = at_path(result, list(path))
                new = right if op == "=" else operators.update(op[:-1], old, right)
                result = put(result, list(path), new)
            yield self.plain(item, result)

    def paths(self, node: Node, scope: Scope, value: Json) -> list[tuple[Json, ...]]:
        return [path or () for path, _ in self.run(node, scope, ((), value))]

    def on_if(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for test in self.values(node[1], scope, item[1]):
            yield from self.run(node[2] if truth(test) else node[3], scope, item)

    def on_as(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for value in self.values(node[1], scope, item[1]):
            for inner in self.bound(node[2], scope, value, item[1]):
                yield from self.run(node[3], inner, item)

    def bound(self, pattern: Node, scope: Scope, value: Json, dot: Json) -> Iterator[Scope]:
        if pattern[0] == "$":
            yield scope.bind(pattern[1], value)
        elif pattern[0] == "array":
            yield from self.bound_each([(float(at), p) for at, p in enumerate(pattern[1])], scope, value, dot)
        else:
            keys = [(self.one(key, scope, dot), inner) for key, inner, _ in pattern[1]]
            if any(not isinstance(key, str) for key, _ in keys):
                raise unworded("Cannot index object")
            yield from self.bound_each(keys, scope, value, dot)

    def bound_each(self, keys: list[tuple[Json, Any]], scope: Scope, value: Json, dot: Json) -> Iterator[Scope]:
        if not keys:
            yield scope
            return
        (key, pattern), *rest = keys
        for inner in self.bound(pattern, scope, get(value, key), dot):
            yield from self.bound_each(rest, inner, value, dot)

    def on_reduce(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for state in self.values(node[3], scope, item[1]):
            for value in self.values(node[1], scope, item[1]):
                for inner in self.bound(node[2], scope, value, item[1]):
                    state = self.one(node[4], inner, state)
            yield self.plain(item, state)

    def on_foreach(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        for state in self.values(node[3], scope, item[1]):
            for value in self.values(node[1], scope, item[1]):
                for inner in self.bound(node[2], scope, value, item[1]):
                    for made in self.values(node[4], inner, state):
                        state = made
                        if len(node) == 5:
                            yield self.plain(item, state)
                        else:
                            for shown in self.values(node[5], inner, state):
                                yield self.plain(item, shown)

    def on_def(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        return self.run(node[4], scope.define(node[1], node[2], node[3]), item)

    def on_label(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        mark = object()
        try:
            yield from self.run(node[2], scope.bind("*" + node[1], mark), item)
        except Break as leaving:
            if leaving.label is not mark:
                raise

    def on_break(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        if "*" + node[1] not in scope.variables:
            raise Undetermined("jq: a label that is not defined")
        raise Break(scope.variables["*" + node[1]])
        yield

    def on_var(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        if node[1] not in scope.variables:
            raise Undetermined(f"jq: {node[1]} is not defined")
        yield self.plain(item, scope.variables[node[1]])

    def on_array(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        yield self.plain(item, [] if node[1] is None else list(self.values(node[1], scope, item[1])))

    def on_object(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        if all(key[0] == "lit" and isinstance(key[1], str) for key, _ in node[1]):
            results = self.product(node[1], scope, item[1])
        else:
            results = self.single(node[1], scope, item[1])
        for made in results:
            yield self.plain(item, made)

    def product(self, pairs: list[tuple[Node, Node]], scope: Scope, dot: Json) -> Iterator[dict[str, Json]]:
        """Objects of all combinations; the first key changes slowest."""
        if not pairs:
            yield {}
            return
        several = [list(self.values(value, scope, dot)) for _, value in pairs]
        if sum(len(found) > 1 for found in several) > 1:
            raise Undetermined("jq: versions differ in the order of these objects")
        combined: list[dict[str, Json]] = [{}]
        for (key, _), found in zip(pairs, several, strict=True):
            combined = [{**made, key[1]: value} for made in combined for value in found]
        yield from combined

    def single(self, pairs: list[tuple[Node, Node]], scope: Scope, dot: Json) -> Iterator[dict[str, Json]]:
        """An object with computed keys, each with one value."""
        made: dict[str, Json] = {}
        for key, node in pairs:
            names, values = list(self.values(key, scope, dot)), list(self.values(node, scope, dot))
            if len(names) != 1 or len(values) != 1:
                if len(pairs) == 1:
                    yield from self.spread(names, values)
                    return
                raise Undetermined("jq: several computed keys or values")
            if not isinstance(names[0], str):
                raise unworded("Object keys must be strings")
            made[names[0]] = values[0]
        yield made

    @staticmethod
    def spread(names: list[Json], values: list[Json]) -> Iterator[dict[str, Json]]:
        if any(not isinstance(name, str) for name in names) or (len(names) > 1 and len(values) > 1):
            raise Undetermined("jq: several keys and values")
        for name in names:
            for value in values:
                yield {name: value}

    def on_text(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        texts = [""]
        for part in node[2]:
            if isinstance(part, str):
                texts = [text + part for text in texts]
                continue
            found = [operators.formatted(node[1] or "@text", value) for value in self.values(part, scope, item[1])]
            if len(texts) > 1 and len(found) > 1:
                raise Undetermined("jq: the order of several texts")
            texts = [text + more for text in texts for more in found]
        for text in texts:
            yield self.plain(item, text)

    def on_format(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        yield self.plain(item, operators.formatted(node[1], item[1]))

    def on_call(self, node: Node, scope: Scope, item: Item) -> Iterator[Item]:
        from nextstate.domains.terminal.kernel.tools.jq import library

        _, name, args = node
        known = scope.functions.get((name, len(args)))
        if known is None:
            return library.call(self, name, args, scope, item)
        params, body, inner = known
        return self.applied(params, args, body, inner, scope, item)

    def applied(
        self, params: tuple[str, ...], args: tuple[Node, ...], body: Node, inner: Scope, scope: Scope, item: Item
    ) -> Iterator[Item]:
        if not params:
            yield from self.run(body, inner, item)
            return
        param, arg = params[0], args[0]
        if not param.startswith("$"):
            yield from self.applied(params[1:], args[1:], body, inner.closure(param, arg, scope), scope, item)
            return
        if len([p for p in params if p.startswith("$")]) > 1:
            given = list(self.values(arg, scope, item[1]))
            if len(given) != 1:
                raise Undetermined("jq: several values for several parameters")
        for value in self.values(arg, scope, item[1]):
            bound = inner.bind(param, value).closure(param[1:], ("lit", value), scope)
            yield from self.applied(params[1:], args[1:], body, bound, scope, item)


def step(path: Path, value: Json, key: Json) -> Item:
    """One step down: ``value[key]``."""
    if path is None:
        return None, get(value, key)
    return (*path, key), get(value, key)


def each(path: Path, value: Json) -> Iterator[Item]:
    """``.[]``"""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (None if path is None else (*path, name)), inner
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield (None if path is None else (*path, float(at))), inner
    else:
        raise JqError(f"Cannot iterate over {brief(value)}")


def deleted(machine: Machine, node: Node, scope: Scope, value: Json) -> Json:
    """``del(node)``"""
    return without(value, [list(path) for path in machine.paths(node, scope, value)])

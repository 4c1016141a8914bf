"""Comprehensions and generator expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.expressions import Expressions, enclosing
from nextstate.domains.terminal.kernel.tools.python.limits import Budget
from nextstate.domains.terminal.kernel.tools.python.objects import Frame
from nextstate.domains.terminal.kernel.tools.python.showing import need_order, unordered


class Comprehensions(Expressions):
    """Each has a frame of its own, as in Python 3.11; what its first loop walks through is evaluated outside."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.table |= {
            ast.ListComp: self.list_comp, ast.SetComp: self.set_comp, ast.DictComp: self.dict_comp,
            ast.GeneratorExp: self.generator,
        }  # fmt: skip

    def comprehension(self, node: Any, frame: Frame, name: str) -> tuple[Frame, Any]:
        """The frame of a comprehension, and what its first ``for`` walks through."""
        allowed, self.unordered_ok = self.unordered_ok, False
        first = node.generators[0]
        if first.is_async:
            raise Undetermined("an asynchronous comprehension")
        values = self.iterable(first.iter, frame)
        frame.node = node
        if allowed and unordered(values):
            self.was_unordered = True
            values = list(values)
        inner = Frame(name, self.scope(node), {}, enclosing(frame), frame.globals, frame.source)
        inner.path = f"{frame.path}.<locals>.{name}" if frame.scope.kind != "module" else name
        inner.function, inner.home = frame, frame.home
        return inner, self.walk(values)

    def iterable(self, node: ast.expr, frame: Frame) -> Any:
        if isinstance(node, ast.Set) and all(isinstance(element, ast.Constant) for element in node.elts):
            return frozenset(self.elements(node.elts, frame))  # as the compiler does it
        return self.ev(node, frame)

    def walk(self, values: Any) -> Iterator[Any]:
        """The values of a loop, each of which costs a step."""
        need_order(values)
        if isinstance(values, type) and type(values).__name__ != "EnumType":
            raise Undetermined("a loop over a class")
        return self.budget.metered(iter(values))

    def each(self, node: Any, at: int, values: Any, frame: Frame, action: Callable[[], None]) -> None:
        """Does ``action`` for every round of the nested loops of a comprehension."""
        generator = node.generators[at]
        for value in values:
            self.assign(generator.target, value, frame)
            if all(self.ev(test, frame) for test in generator.ifs):
                if at + 1 == len(node.generators):
                    action()
                else:
                    inner = self.iterable(node.generators[at + 1].iter, frame)
                    frame.node = node
                    self.each(node, at + 1, self.walk(inner), frame, action)

    def assign(self, target: ast.AST, value: Any, frame: Frame) -> None:
        raise NotImplementedError

    def _loops(self, node: Any, frame: Frame, name: str, action: Callable[[Frame], None]) -> None:
        outer = frame.node
        inner, values = self.comprehension(node, frame, name)
        frame.node = node
        try:
            self.each(node, 0, values, inner, lambda: action(inner))
        except BaseException as error:
            self.saw(error, inner)
            raise
        frame.node = outer

    def list_comp(self, node: ast.ListComp, frame: Frame) -> list[Any]:
        made: list[Any] = []
        self._loops(node, frame, "<listcomp>", lambda inner: made.append(self.ev(node.elt, inner)))
        return made

    def set_comp(self, node: ast.SetComp, frame: Frame) -> set[Any]:
        made: set[Any] = set()
        self._loops(node, frame, "<setcomp>", lambda inner: made.add(self.ev(node.elt, inner)))
        return made

    def dict_comp(self, node: ast.DictComp, frame: Frame) -> dict[Any, Any]:
        made: dict[Any, Any] = {}

        def add(inner: Frame) -> None:
            key = self.ev(node.key, inner)
            made[key] = self.ev(node.value, inner)

        self._loops(node, frame, "<dictcomp>", add)
        return made

    def generator(self, node: ast.GeneratorExp, frame: Frame) -> Iterator[Any]:
        inner, values = self.comprehension(node, frame, "<genexpr>")
        return self.generate_each(node, values, inner)

    def generate_each(self, node: ast.GeneratorExp, values: Any, frame: Frame) -> Iterator[Any]:
        try:
            yield from self._rounds(node, 0, values, frame)
        except BaseException as error:
            if not isinstance(error, GeneratorExit):
                self.saw(error, frame)
            raise

    def _rounds(self, node: ast.GeneratorExp, at: int, values: Any, frame: Frame) -> Iterator[Any]:
        generator = node.generators[at]
        for value in values:
            self.assign(generator.target, value, frame)
            if all(self.ev(test, frame) for test in generator.ifs):
                if at + 1 == len(node.generators):
                    yield self.ev(node.elt, frame)
                else:
                    inner = self.iterable(node.generators[at + 1].iter, frame)
                    frame.node = node
                    yield from self._rounds(node, at + 1, self.walk(inner), frame)

"""Functions that yield: their statements run inside a Python generator."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.limits import Budget
from nextstate.domains.terminal.kernel.tools.python.objects import Frame
from nextstate.domains.terminal.kernel.tools.python.scope import has_yield
from nextstate.domains.terminal.kernel.tools.python.statements import BREAK, HALTS, Returned, Signal, Statements

Steps: TypeAlias = Generator[Any, Any, Any]


class Flow(Statements):
    """A yield may be a statement of its own, the value of an assignment or of ``return``; elsewhere it is refused."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.steps: dict[type[ast.AST], Callable[[Any, Frame], Steps]] = {
            ast.Expr: self.step_expr, ast.Assign: self.step_assign, ast.AugAssign: self.step_augmented,
            ast.AnnAssign: self.step_annotated, ast.Return: self.step_return, ast.If: self.step_if,
            ast.While: self.step_while, ast.For: self.step_for, ast.With: self.step_with, ast.Try: self.step_try,
        }  # fmt: skip
        self._yielding: dict[ast.AST, bool] = {}

    def yields(self, node: ast.AST) -> bool:
        found = self._yielding.get(node)
        if found is None:
            found = self._yielding[node] = has_yield(node)
        return found

    def walk_body(self, body: list[ast.stmt], frame: Frame) -> Steps:
        """Like :meth:`run`, as a generator; returns how the block ended."""
        for statement in body:
            if self.yields(statement):
                handler = self.steps.get(type(statement))
                if handler is None:
                    raise Undetermined("a yield in an unusual place")
                signal = yield from handler(statement, frame)
            else:
                signal = self.run([statement], frame)
            if signal is not None:
                return signal
        return None

    def value(self, node: ast.expr | None, frame: Frame) -> Steps:
        """The value of an expression that is a yield or holds none."""
        match node:
            case ast.Yield(value=inner):
                given = None if inner is None else self.ev(inner, frame)
                frame.node = node
                return (yield given)
            case ast.YieldFrom(value=inner):
                values = self.ev(inner, frame)
                frame.node = node
                return (yield from values)
            case None:
                return None
        if self.yields(node):
            raise Undetermined("a yield in an unusual place")
        return self.ev(node, frame)

    def step_expr(self, node: ast.Expr, frame: Frame) -> Steps:
        yield from self.value(node.value, frame)

    def step_assign(self, node: ast.Assign, frame: Frame) -> Steps:
        value = yield from self.value(node.value, frame)
        for target in node.targets:
            self.assign(target, value, frame)

    def step_annotated(self, node: ast.AnnAssign, frame: Frame) -> Steps:
        value = yield from self.value(node.value, frame)
        self.assign(node.target, value, frame)

    def step_augmented(self, node: ast.AugAssign, frame: Frame) -> Steps:
        value = yield from self.value(node.value, frame)
        constant = ast.copy_location(ast.Constant(value), node.value)
        self.do_augmented(ast.copy_location(ast.AugAssign(node.target, node.op, constant), node), frame)

    def step_return(self, node: ast.Return, frame: Frame) -> Steps:
        return Returned((yield from self.value(node.value, frame)))

    def step_if(self, node: ast.If, frame: Frame) -> Steps:
        test = yield from self.value(node.test, frame)
        return (yield from self.walk_body(node.body if test else node.orelse, frame))

    def step_while(self, node: ast.While, frame: Frame) -> Steps:
        while (yield from self.value(node.test, frame)):
            self.budget.spend(1)
            signal = yield from self.walk_body(node.body, frame)
            if signal is BREAK:
                return None
            if isinstance(signal, Returned):
                return signal
        return (yield from self.walk_body(node.orelse, frame))

    def step_for(self, node: ast.For, frame: Frame) -> Steps:
        for value in self.loop(node, frame):
            self.assign(node.target, value, frame)
            signal = yield from self.walk_body(node.body, frame)
            if signal is BREAK:
                return None
            if isinstance(signal, Returned):
                return signal
            frame.node = node
        return (yield from self.walk_body(node.orelse, frame))

    def step_with(self, node: ast.With, frame: Frame, at: int = 0) -> Steps:
        if at == len(node.items):
            return (yield from self.walk_body(node.body, frame))
        item = node.items[at]
        manager, leave = self.enter(item, frame)
        try:
            signal = yield from self.step_with(node, frame, at + 1)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            frame.node = item.context_expr
            if self.call(leave, (manager, type(error), error, None)):
                return None
            raise
        frame.node = item.context_expr
        self.call(leave, (manager, None, None, None))
        return signal

    def step_try(self, node: ast.Try, frame: Frame) -> Steps:
        if not node.finalbody:
            return (yield from self.step_handlers(node, frame))
        try:
            signal = yield from self.step_handlers(node, frame)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            ended = yield from self.walk_body(node.finalbody, frame)
            if ended is None:
                raise
            return ended
        ended = yield from self.walk_body(node.finalbody, frame)
        return signal if ended is None else ended

    def step_handlers(self, node: ast.Try, frame: Frame) -> Steps:
        try:
            signal: Signal = yield from self.walk_body(node.body, frame)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            handler = self.handler(node, error, frame)
            if handler is None:
                raise
            if handler.name is not None:
                self.put(handler.name, error, frame)
            try:
                return (yield from self.walk_body(handler.body, frame))
            finally:
                if handler.name is not None:
                    frame.vars.pop(handler.name, None)
        if signal is None and node.orelse:
            return (yield from self.walk_body(node.orelse, frame))
        return signal

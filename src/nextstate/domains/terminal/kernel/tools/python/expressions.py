"""Expressions: one method for every kind of node, all operators guarded by the budget."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.calls import Calls
from nextstate.domains.terminal.kernel.tools.python.formats import formatted, percent
from nextstate.domains.terminal.kernel.tools.python.limits import Budget
from nextstate.domains.terminal.kernel.tools.python.objects import Frame, Function
from nextstate.domains.terminal.kernel.tools.python.showing import need_order

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}  # fmt: skip
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift, ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor,
    ast.MatMult: operator.imatmul,
}  # fmt: skip
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
_VALUES = (int, float, complex, str, bytes, tuple, frozenset)
"""Types whose equal values may or may not be one object."""
_NESTED = (list, tuple, dict, set, frozenset)


class Expressions(Calls):
    """Evaluates expressions in a frame."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.current: Frame
        """The frame that called a function last: what ``globals()`` and ``eval()`` look at."""
        self.was_unordered = False
        """Whether the comprehension that was evaluated last walked through what has no order."""
        self.unordered_ok = False
        """Whether the comprehension about to be evaluated goes to a function that does not show an order."""
        self.table: dict[type[ast.AST], Callable[[Any, Frame], Any]] = {
            ast.Constant: lambda node, frame: node.value,
            ast.Name: self.name, ast.Call: self.call_, ast.Attribute: self.attribute, ast.BinOp: self.binary,
            ast.Compare: self.compare, ast.Subscript: self.subscript, ast.BoolOp: self.boolean, ast.UnaryOp: self.unary,
            ast.IfExp: self.choice, ast.JoinedStr: self.joined, ast.FormattedValue: self.field,
            ast.List: self.list_, ast.Tuple: self.tuple_, ast.Dict: self.dict_, ast.Set: self.set_,
            ast.Lambda: self.lambda_, ast.Slice: self.slice_, ast.NamedExpr: self.named,
        }  # fmt: skip

    def ev(self, node: ast.AST, frame: Frame) -> Any:
        budget = self.budget
        budget.left -= 1
        if budget.left < 0:
            budget.spend(0)
        handler = self.table.get(type(node))
        if handler is None:
            raise Undetermined(f"{type(node).__name__} is not computed")
        return handler(node, frame)

    # -- names ------------------------------------------------------------------------------------------------

    def name(self, node: ast.Name, frame: Frame) -> Any:
        values = frame.vars
        if node.id in values:
            return values[node.id]
        frame.node = node
        return self.find(node.id, frame)

    def find(self, name: str, frame: Frame) -> Any:
        """A name that is not among the frame's own values."""
        if name not in frame.scope.globals:
            if name in frame.scope.bound and frame.scope.kind in ("function", "comprehension"):
                raise UnboundLocalError(
                    self.message("unbound", name) if frame.scope.kind == "function" else self.message("free", name)
                )
            outer = frame.outer
            while outer is not None:
                if name in outer.vars:
                    return outer.vars[name]
                if name in outer.scope.bound:
                    raise NameError(self.message("free", name))
                outer = outer.outer
        if name in frame.globals:
            return frame.globals[name]
        if name in self.builtins:
            return self.builtins[name]
        if hasattr(builtins, name):
            raise Undetermined(f"{name} is not computed")
        raise NameError(f"name '{name}' is not defined", name=name)

    builtins: dict[str, Any]

    def message(self, kind: str, name: str) -> str:
        raise NotImplementedError

    def put(self, name: str, value: Any, frame: Frame) -> None:
        """Binds a name."""
        scope = frame.scope
        if name in scope.bound or scope.kind == "module":
            frame.vars[name] = value
        elif name in scope.globals:
            frame.globals[name] = value
        elif name in scope.nonlocals:
            outer = frame.outer
            while outer is not None and name not in outer.scope.bound:
                outer = outer.outer
            if outer is None:
                raise Undetermined(f"nonlocal {name}")
            outer.vars[name] = value
        else:
            frame.vars[name] = value

    def named(self, node: ast.NamedExpr, frame: Frame) -> Any:
        value = self.ev(node.value, frame)
        target = frame
        while target.function is not None:
            target = target.function
        self.put(node.target.id, value, target)
        return value

    # -- operators --------------------------------------------------------------------------------------------

    def binary(self, node: ast.BinOp, frame: Frame) -> Any:
        left = self.table[type(node.left)](node.left, frame)
        right = self.ev(node.right, frame)
        frame.node = node
        return self.operate(type(node.op), left, right, BINARY)

    def operate(
        self,
        kind: type[ast.operator],
        left: Any,
        right: Any,
        table: dict[type[ast.operator], Callable[[Any, Any], Any]] = BINARY,
    ) -> Any:
        """``left op right``, if the result is not too large."""
        if kind is ast.Add:
            self.budget.joined(left, right)
            if table is IN_PLACE and isinstance(left, list):
                right = self._tamed(right)
        elif kind is ast.Mult:
            self.budget.product(left, right)
        elif kind is ast.Pow:
            self.budget.power(left, right)
        elif kind is ast.LShift:
            self.budget.shift(left, right)
        elif kind is ast.BitOr and isinstance(left, dict | type) and not self.exact:
            raise Undetermined("whether this version joins dictionaries and types")
        elif kind is ast.Mod and isinstance(left, str | bytes):
            return percent(self, left, right)  # type: ignore[arg-type]
        return table[kind](left, right)

    def unary(self, node: ast.UnaryOp, frame: Frame) -> Any:
        value = self.ev(node.operand, frame)
        frame.node = node
        return UNARY[type(node.op)](value)

    def boolean(self, node: ast.BoolOp, frame: Frame) -> Any:
        value: Any = None
        stop = isinstance(node.op, ast.Or)
        for part in node.values:
            value = self.ev(part, frame)
            if part is not node.values[-1] and bool(value) is stop:
                break
        return value

    def choice(self, node: ast.IfExp, frame: Frame) -> Any:
        return self.ev(node.body if self.ev(node.test, frame) else node.orelse, frame)

    def compare(self, node: ast.Compare, frame: Frame) -> Any:
        left = self.ev(node.left, frame)
        result: Any = True
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.ev(comparator, frame)
            frame.node = node
            result = self.related(op, left, right)
            if comparator is not node.comparators[-1] and not result:
                break
            left = right
        return result

    def related(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        found = COMPARE.get(type(op))
        if found is not None:
            if isinstance(left, _NESTED) and isinstance(right, _NESTED):
                self.weigh(left)
            return found(left, right)
        if isinstance(op, ast.In | ast.NotIn):
            if isinstance(right, Iterator) and not isinstance(right, GeneratorType):
                right = self.budget.metered(right)
            elif isinstance(right, _NESTED):
                self.budget.spend(len(right) >> 6)
                if isinstance(left, _NESTED):
                    self.weigh(left)
            return (left in right) is isinstance(op, ast.In)
        return same(left, right) is isinstance(op, ast.Is)

    def weigh(self, value: Any) -> None:
        """Costs a step for every element, however deeply nested: what comparing or hashing costs."""
        if isinstance(value, _NESTED):
            self.budget.spend(1 + (len(value) >> 4))
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, _NESTED):
                    self.weigh(item)

    # -- parts ------------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        value = self.ev(node.value, frame)
        frame.node = node
        return self.getattr(value, node.attr)

    def subscript(self, node: ast.Subscript, frame: Frame) -> Any:
        value = self.ev(node.value, frame)
        index = self.ev(node.slice, frame)
        frame.node = node
        return self.item(value, index)

    def item(self, value: Any, index: Any) -> Any:
        if type(index) is tuple:
            self.weigh(index)
        need_order(value)
        if isinstance(value, type) and value not in self.classes and (value not in _GENERIC or not self.exact):
            raise Undetermined(f"{value.__name__}[...]")
        return value[index]

    def slice_(self, node: ast.Slice, frame: Frame) -> slice:
        parts = [None if part is None else self.ev(part, frame) for part in (node.lower, node.upper, node.step)]
        return slice(*parts)

    # -- displays ---------------------------------------------------------------------------------------------

    def elements(self, nodes: list[ast.expr], frame: Frame) -> list[Any]:
        """The values of a display or of arguments, with ``*`` unpacked."""
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                values = self.ev(node.value, frame)
                frame.node = node
                self.unpack_into(found, values)
            else:
                found.append(self.ev(node, frame))
        return found

    def unpack_into(self, found: list[Any], values: Any) -> None:
        need_order(values)
        if not hasattr(type(values), "__iter__") and not hasattr(type(values), "__getitem__"):
            raise TypeError(f"Value after * must be an iterable, not {type(values).__name__}")
        found.extend(self.budget.metered(values))

    def list_(self, node: ast.List, frame: Frame) -> list[Any]:
        return self.elements(node.elts, frame)

    def tuple_(self, node: ast.Tuple, frame: Frame) -> tuple[Any, ...]:
        made = tuple(self.elements(node.elts, frame))
        if any(type(item) is tuple for item in made):
            self.weigh(made)
        return made

    def set_(self, node: ast.Set, frame: Frame) -> set[Any]:
        values = self.elements(node.elts, frame)
        frame.node = node
        if len(values) > 2 and all(isinstance(element, ast.Constant) for element in node.elts):
            made: set[Any] = set()
            made.update(frozenset(values))  # as the compiler does it, which shows in the order
            return made
        made = set()
        for value in values:
            made.add(value)
        return made

    def dict_(self, node: ast.Dict, frame: Frame) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                merged = self.ev(value, frame)
                frame.node = node
                if not hasattr(merged, "keys"):
                    raise TypeError(f"'{type(merged).__name__}' object is not a mapping")
                made.update(merged)
            else:
                at = self.ev(key, frame)
                content = self.ev(value, frame)
                frame.node = node
                made[at] = content
        return made

    # -- texts ------------------------------------------------------------------------------------------------

    def joined(self, node: ast.JoinedStr, frame: Frame) -> str:
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else self.field(part, frame)  # type: ignore[arg-type]
            for part in node.values
        ]
        text = "".join(parts)
        self.budget.text(len(text))
        return text

    def field(self, node: ast.FormattedValue, frame: Frame) -> str:
        value = self.ev(node.value, frame)
        spec = "" if node.format_spec is None else self.ev(node.format_spec, frame)
        frame.node = node
        return formatted(self, value, "" if node.conversion < 0 else chr(node.conversion), spec)  # type: ignore[arg-type]

    # -- calls ------------------------------------------------------------------------------------------------

    def call_(self, node: ast.Call, frame: Frame) -> Any:
        f = self.ev(node.func, frame)
        if f is super:
            return self.super_(node, frame)
        args = self.arguments(node, f, frame)
        frame.node = node
        kwargs = self.keywords(node.keywords, f, frame) if node.keywords else None
        frame.node = node
        self.current = frame
        return self.call(f, args, kwargs)

    def arguments(self, node: ast.Call, f: Any, frame: Frame) -> tuple[Any, ...]:
        found: list[Any] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                values = self.ev(arg.value, frame)
                frame.node = node
                if not hasattr(type(values), "__iter__") and not hasattr(type(values), "__getitem__"):
                    raise TypeError(f"{_shown(f)} argument after * must be an iterable, not {type(values).__name__}")
                self.unpack_into(found, values)
            elif isinstance(arg, ast.GeneratorExp | ast.ListComp | ast.SetComp):
                self.unordered_ok = len(node.args) == 1 and not node.keywords and self._orderless(f)
                self.was_unordered = False
                found.append(self.ev(arg, frame))
                self.unordered_ok = False
            else:
                found.append(self.ev(arg, frame))
        return tuple(found)

    def _orderless(self, f: Any) -> bool:
        try:
            return f in self.orderless
        except TypeError:
            return False

    def keywords(self, given: list[ast.keyword], f: Any, frame: Frame) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for keyword in given:
            value = self.ev(keyword.value, frame)
            if keyword.arg is not None:
                found[keyword.arg] = value
                continue
            if not hasattr(value, "keys"):
                raise TypeError(f"{_shown(f)} argument after ** must be a mapping, not {type(value).__name__}")
            for name in list(value.keys()):
                if not isinstance(name, str):
                    raise TypeError("keywords must be strings")
                if name in found:
                    raise TypeError(f"{_shown(f)} got multiple values for keyword argument '{name}'")
                found[name] = value[name]
        return found

    def super_(self, node: ast.Call, frame: Frame) -> Any:
        """``super()`` looks at the class around the function and at its first argument."""
        frame.node = node
        if node.args:
            args = self.elements(node.args, frame)
            if len(args) != 2 or args[0] not in self.classes:
                raise Undetermined("super() of a native class")
            return super(*args)
        first = next(iter(frame.scope.order), None)
        if frame.home is None or frame.home.value is None or frame.scope.kind != "function" or first is None:
            raise Undetermined("super() outside a method")
        return super(frame.home.value, frame.vars[first])

    def lambda_(self, node: ast.Lambda, frame: Frame) -> Function:
        return self.function(node, frame, "<lambda>")

    def function(self, node: ast.FunctionDef | ast.Lambda, frame: Frame, name: str) -> Function:
        raise NotImplementedError


_GENERIC = frozenset((list, dict, tuple, set, frozenset, type))


def enclosing(frame: Frame) -> Frame | None:
    """The frame in which names of an inner function are looked up: classes and modules are passed over."""
    return frame.outer if frame.scope.kind in ("class", "module") else frame


def same(left: Any, right: Any) -> bool:
    """``left is right``; whether equal numbers and texts are one object is a matter of the implementation."""
    if left is right:
        return True
    if type(left) is type(right) and isinstance(left, _VALUES) and left == right:
        raise Undetermined("whether equal values are one object")
    return False


def _shown(f: Any) -> str:
    name = getattr(f, "__qualname__", None) or type(f).__name__
    if isinstance(f, Function) or getattr(f, "__module__", None) in (None, "builtins"):
        return f"{name}()"
    raise Undetermined("how a message names a function")

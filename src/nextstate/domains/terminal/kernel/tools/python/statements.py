"""Statements of functions that do not yield; `flow` has those that do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import prepare_class, resolve_bases
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import access
from nextstate.domains.terminal.kernel.tools.python.comprehensions import Comprehensions
from nextstate.domains.terminal.kernel.tools.python.expressions import IN_PLACE, enclosing
from nextstate.domains.terminal.kernel.tools.python.limits import Budget
from nextstate.domains.terminal.kernel.tools.python.matching import Matcher
from nextstate.domains.terminal.kernel.tools.python.objects import Cell, Frame, Function, qualified, trace_of
from nextstate.domains.terminal.kernel.tools.python.showing import need_order


@dataclass(frozen=True, slots=True)
class Returned:
    """How a block ended: with ``return value``."""

    value: Any


class _Jump:
    """How a block ended: with ``break`` or ``continue``."""


BREAK, CONTINUE = _Jump(), _Jump()
Signal = Returned | _Jump | None
HALTS = (Undetermined, RecursionError, MemoryError, KeyboardInterrupt)
"""What no handler of a program may catch: it is not the program's own."""
SPECIAL_BASES = frozenset(
    """object Exception BaseException list dict tuple set str int float Enum IntEnum StrEnum Flag IntFlag ABC
    NamedTuple Generic Protocol UserDict UserList Counter OrderedDict defaultdict TypedDict JSONEncoder""".split()
)
"""Native classes that a class of the program may have as a base (exceptions too)."""


class Statements(Comprehensions):
    """Executes statements in a frame."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.does: dict[type[ast.AST], Callable[[Any, Frame], Signal]] = {
            ast.Expr: self.do_expr, ast.Assign: self.do_assign, ast.AugAssign: self.do_augmented,
            ast.AnnAssign: self.do_annotated, ast.If: self.do_if, ast.For: self.do_for, ast.While: self.do_while,
            ast.Return: self.do_return, ast.Pass: lambda node, frame: None, ast.Break: lambda node, frame: BREAK,
            ast.Continue: lambda node, frame: CONTINUE, ast.FunctionDef: self.do_def, ast.ClassDef: self.do_class,
            ast.Raise: self.do_raise, ast.Try: self.do_try, ast.With: self.do_with, ast.Assert: self.do_assert,
            ast.Delete: self.do_delete, ast.Global: lambda node, frame: None, ast.Nonlocal: lambda node, frame: None,
            ast.Import: self.do_import, ast.ImportFrom: self.do_import_from, ast.Match: self.do_match,
        }  # fmt: skip
        self.matcher = Matcher(self)
        self.outside = sys.exception()
        """What our own caller is handling, if anything."""

    def run(self, body: list[ast.stmt], frame: Frame) -> Signal:
        """Executes a block; says how it ended unless it came to its end."""
        for statement in body:
            handler = self.does.get(type(statement))
            if handler is None:
                raise Undetermined(f"{type(statement).__name__} is not computed")
            signal = handler(statement, frame)
            if signal is not None:
                return signal
        return None

    # -- binding ----------------------------------------------------------------------------------------------

    def do_expr(self, node: ast.Expr, frame: Frame) -> None:
        self.ev(node.value, frame)

    def do_assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.ev(node.value, frame)
        for target in node.targets:
            self.assign(target, value, frame)

    def assign(self, target: ast.AST, value: Any, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                self.put(name, value, frame)
            case ast.Attribute():
                owner = self.ev(target.value, frame)
                frame.node = target
                access.assign(self, owner, target.attr, value)  # type: ignore[arg-type]
            case ast.Subscript():
                owner = self.ev(target.value, frame)
                index = self.ev(target.slice, frame)
                frame.node = target
                self.store_item(owner, index, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                frame.node = target
                for inner, part in zip(targets, self.unpacked(targets, value), strict=True):
                    self.assign(inner, part, frame)
            case ast.Starred(value=inner):
                self.assign(inner, value, frame)
            case _:
                raise Undetermined(f"assigning to {type(target).__name__}")

    def store_item(self, owner: Any, index: Any, value: Any) -> None:
        if type(index) is tuple:
            self.weigh(index)
        if isinstance(index, slice):
            value = self._tamed(value)
        owner[index] = value

    def unpacked(self, targets: list[ast.expr], value: Any) -> list[Any]:
        """The values for ``a, *b, c = value``."""
        if isinstance(value, list | tuple) and type(value).__iter__ in (list.__iter__, tuple.__iter__):
            need_order(value)
            values = list(value)
        else:
            values = self._drawn(targets, value)
        star = next((at for at, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        wanted = len(targets)
        if star is None:
            if len(values) < wanted:
                raise ValueError(f"not enough values to unpack (expected {wanted}, got {len(values)})")
            if len(values) > wanted:
                raise ValueError(f"too many values to unpack (expected {wanted})")
            return values
        if len(values) < wanted - 1:
            raise ValueError(f"not enough values to unpack (expected at least {wanted - 1}, got {len(values)})")
        behind = wanted - star - 1
        end = len(values) - behind
        return [*values[:star], values[star:end], *values[end:]]

    def _drawn(self, targets: list[ast.expr], value: Any) -> list[Any]:
        need_order(value)
        if not hasattr(type(value), "__iter__") and not hasattr(type(value), "__getitem__"):
            raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
        values = self.budget.metered(iter(value))
        if any(isinstance(target, ast.Starred) for target in targets):
            return list(values)
        found = []
        for one in values:
            found.append(one)
            if len(found) > len(targets):
                break
        return found

    def do_augmented(self, node: ast.AugAssign, frame: Frame) -> None:
        kind = type(node.op)
        match node.target:
            case ast.Name():
                old = self.name(node.target, frame)
                value = self.ev(node.value, frame)
                frame.node = node
                self.put(node.target.id, self.operate(kind, old, value, IN_PLACE), frame)
            case ast.Attribute(value=owner, attr=name):
                target = self.ev(owner, frame)
                frame.node = node.target
                old = self.getattr(target, name)
                value = self.ev(node.value, frame)
                frame.node = node
                new = self.operate(kind, old, value, IN_PLACE)
                frame.node = node.target
                access.assign(self, target, name, new)  # type: ignore[arg-type]
            case ast.Subscript(value=owner, slice=where):
                target = self.ev(owner, frame)
                index = self.ev(where, frame)
                frame.node = node.target
                old = self.item(target, index)
                value = self.ev(node.value, frame)
                frame.node = node
                new = self.operate(kind, old, value, IN_PLACE)
                frame.node = node.target
                self.store_item(target, index, new)

    def do_annotated(self, node: ast.AnnAssign, frame: Frame) -> None:
        value = self.ev(node.value, frame) if node.value is not None else None
        if frame.scope.kind != "function" and node.simple and isinstance(node.target, ast.Name):
            annotation = self.annotation(node.annotation, frame)
            frame.vars.setdefault("__annotations__", {})[node.target.id] = annotation
        if node.value is not None:
            self.assign(node.target, value, frame)

    def annotation(self, node: ast.expr, frame: Frame) -> Any:
        if "annotations" in self.futures(frame):
            return ast.unparse(node)
        return self.ev(node, frame)

    def futures(self, frame: Frame) -> Any:
        """What ``from __future__ import`` named in the frame's module."""
        return frame.globals.get("\0futures", ())

    def do_delete(self, node: ast.Delete, frame: Frame) -> None:
        for target in node.targets:
            self.delete(target, frame)

    def delete(self, target: ast.expr, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                frame.node = target
                values = frame.globals if name in frame.scope.globals else frame.vars
                if name not in values:
                    self.find(name, frame)  # raises for what is unbound or unknown
                    raise Undetermined(f"deleting {name}")
                del values[name]
            case ast.Attribute():
                owner = self.ev(target.value, frame)
                frame.node = target
                access.delete(self, owner, target.attr)  # type: ignore[arg-type]
            case ast.Subscript():
                owner, index = self.ev(target.value, frame), self.ev(target.slice, frame)
                frame.node = target
                del owner[index]
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for inner in targets:
                    self.delete(inner, frame)
            case _:
                raise Undetermined("what is deleted")

    # -- flow -------------------------------------------------------------------------------------------------

    def do_if(self, node: ast.If, frame: Frame) -> Signal:
        return self.run(node.body if self.ev(node.test, frame) else node.orelse, frame)

    def do_while(self, node: ast.While, frame: Frame) -> Signal:
        while self.ev(node.test, frame):
            self.budget.spend(1)
            signal = self.run(node.body, frame)
            if signal is BREAK:
                return None
            if isinstance(signal, Returned):
                return signal
        return self.run(node.orelse, frame)

    def do_for(self, node: ast.For, frame: Frame) -> Signal:
        values = self.loop(node, frame)
        for value in values:
            self.assign(node.target, value, frame)
            signal = self.run(node.body, frame)
            if signal is BREAK:
                return None
            if isinstance(signal, Returned):
                return signal
            frame.node = node
        return self.run(node.orelse, frame)

    def loop(self, node: ast.For, frame: Frame) -> Any:
        values = self.iterable(node.iter, frame)
        frame.node = node
        return self.walk(values)

    def do_return(self, node: ast.Return, frame: Frame) -> Signal:
        return Returned(None if node.value is None else self.ev(node.value, frame))

    def do_match(self, node: ast.Match, frame: Frame) -> Signal:
        subject = self.ev(node.subject, frame)
        for case in node.cases:
            found: dict[str, Any] = {}
            if self.matcher.fits(case.pattern, subject, found, frame):
                for name, value in found.items():
                    self.put(name, value, frame)
                if case.guard is None or self.ev(case.guard, frame):
                    return self.run(case.body, frame)
        return None

    # -- exceptions -------------------------------------------------------------------------------------------

    def do_raise(self, node: ast.Raise, frame: Frame) -> None:
        if node.exc is None:
            error = self.handled()
            frame.node = node
            if error is None:
                raise RuntimeError("No active exception to reraise")
            raise error
        made = self._exception(self.ev(node.exc, frame), node, frame)
        if node.cause is not None:
            cause = self.ev(node.cause, frame)
            frame.node = node
            made.__cause__ = None if cause is None else self._exception(cause, node, frame)
        if isinstance(made, HALTS):
            raise Undetermined(f"a program that raises {type(made).__name__}")
        frame.node = node
        trace = trace_of(made)
        trace.own = trace.own or not trace.entries
        trace.top = None
        raise made

    def _exception(self, value: Any, node: ast.Raise, frame: Frame) -> BaseException:
        frame.node = node
        made = self.call(value) if isinstance(value, type) and issubclass(value, BaseException) else value
        if not isinstance(made, BaseException):
            raise TypeError("exceptions must derive from BaseException")
        if isinstance(made, BaseExceptionGroup):
            raise Undetermined("a group of exceptions")
        return made

    def handled(self) -> BaseException | None:
        """The exception that the program is handling."""
        error = sys.exception()
        return None if error is self.outside else error

    def do_try(self, node: ast.Try, frame: Frame) -> Signal:
        if not node.finalbody:
            return self.do_handlers(node, frame)
        try:
            signal = self.do_handlers(node, frame)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            ended = self.run(node.finalbody, frame)
            if ended is None:
                raise
            return ended
        ended = self.run(node.finalbody, frame)
        return signal if ended is None else ended

    def do_handlers(self, node: ast.Try, frame: Frame) -> Signal:
        try:
            signal = self.run(node.body, frame)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            handler = self.handler(node, error, frame)
            if handler is None:
                raise
            return self.handle(handler, error, frame)
        if signal is None and node.orelse:
            return self.run(node.orelse, frame)
        return signal

    def handler(self, node: ast.Try, error: BaseException, frame: Frame) -> ast.ExceptHandler | None:
        """The handler that takes ``error``."""
        for handler in node.handlers:
            if handler.type is None:
                return handler
            wanted = self.ev(handler.type, frame)
            kinds = wanted if isinstance(wanted, tuple) else (wanted,)
            if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
                frame.node = handler.type
                raise TypeError("catching classes that do not inherit from BaseException is not allowed")
            if isinstance(error, kinds):
                return handler
        return None

    def handle(self, handler: ast.ExceptHandler, error: BaseException, frame: Frame) -> Signal:
        if handler.name is None:
            return self.run(handler.body, frame)
        self.put(handler.name, error, frame)
        try:
            return self.run(handler.body, frame)
        finally:
            frame.vars.pop(handler.name, None)

    def do_with(self, node: ast.With, frame: Frame, at: int = 0) -> Signal:
        if at == len(node.items):
            return self.run(node.body, frame)
        item = node.items[at]
        manager, leave = self.enter(item, frame)
        try:
            signal = self.do_with(node, frame, at + 1)
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

    def enter(self, item: ast.withitem, frame: Frame) -> tuple[Any, Any]:
        """Enters a context manager and binds its target."""
        manager = self.ev(item.context_expr, frame)
        frame.node = item.context_expr
        kind = type(manager)
        if not hasattr(kind, "__enter__") or not hasattr(kind, "__exit__"):
            raise TypeError(f"'{kind.__name__}' object does not support the context manager protocol")
        if kind not in self.classes and kind not in self.natives:
            raise Undetermined(f"with a {kind.__name__}")
        entered = self.call(kind.__enter__, (manager,))
        if item.optional_vars is not None:
            self.assign(item.optional_vars, entered, frame)
        return manager, kind.__exit__

    def do_assert(self, node: ast.Assert, frame: Frame) -> None:
        if self.ev(node.test, frame):
            return
        args = () if node.msg is None else (self.ev(node.msg, frame),)
        frame.node = _asserted(node.test) or node
        raise AssertionError(*args)

    # -- definitions ------------------------------------------------------------------------------------------

    def do_def(self, node: ast.FunctionDef, frame: Frame) -> None:
        decorators = [self.ev(decorator, frame) for decorator in node.decorator_list]
        made: Any = self.function(node, frame, node.name)
        notes = {}
        arguments = node.args
        for arg in (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg):
            if arg is not None and arg.annotation is not None:
                notes[arg.arg] = self.annotation(arg.annotation, frame)
        if node.returns is not None:
            notes["return"] = self.annotation(node.returns, frame)
        made.__dict__ |= {"__annotations__": notes}
        self.put(node.name, self.decorated(node, decorators, made, frame), frame)

    def decorated(self, node: Any, decorators: list[Any], made: Any, frame: Frame) -> Any:
        for at in range(len(decorators) - 1, -1, -1):
            frame.node = node.decorator_list[at]
            made = self.call(decorators[at], (made,))
        return made

    def function(self, node: ast.FunctionDef | ast.Lambda, frame: Frame, name: str) -> Function:
        defaults = tuple([self.ev(default, frame) for default in node.args.defaults])
        keyword_defaults = {
            arg.arg: self.ev(default, frame)
            for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        }
        return Function(self, node, frame, defaults, keyword_defaults, name)  # type: ignore[arg-type]

    def do_class(self, node: ast.ClassDef, frame: Frame) -> None:
        decorators = [self.ev(decorator, frame) for decorator in node.decorator_list]
        bases = tuple(self.elements(node.bases, frame))
        keywords = self.keywords(node.keywords, None, frame) if node.keywords else {}
        frame.node = node
        for base in bases:
            self.check_base(base)
        if any(name != "metaclass" or value.__name__ != "ABCMeta" for name, value in keywords.items()):
            raise Undetermined("a class with keywords")
        resolved = resolve_bases(bases)
        meta, values, keywords = prepare_class(node.name, resolved, keywords)
        inner = Frame(node.name, self.scope(node), values, enclosing(frame), frame.globals, frame.source)
        inner.path = qualified(frame, node.name)
        inner.home = Cell()
        self._class_body(node, inner, values)
        for name in ("__init_subclass__", "__class_getitem__"):
            if name in values and isinstance(values[name], Function):
                values[name] = classmethod(values[name])  # as Python does it with a plain function
        if resolved is not bases:
            values["__orig_bases__"] = bases
        made = meta(node.name, resolved, values, **keywords)
        self.classes.add(made)
        inner.home.value = made
        frame.node = node
        result = self.decorated(node, decorators, made, frame)
        if isinstance(result, type):
            self.classes.add(result)
        self.put(node.name, result, frame)

    def _class_body(self, node: ast.ClassDef, inner: Frame, values: Any) -> None:
        values["__module__"] = inner.source.module
        values["__qualname__"] = inner.path
        doc = ast.get_docstring(node, clean=False)
        if doc is not None:
            values["__doc__"] = doc
        try:
            self.run(node.body, inner)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, inner)
            raise
        for name in values:
            if name.startswith("__") and name.endswith("__") and name not in access.DUNDERS:
                raise Undetermined(f"a class that defines {name}")

    def check_base(self, base: Any) -> None:
        if base in self.classes:
            return
        name = getattr(base, "__name__", "")
        known = name in SPECIAL_BASES or (isinstance(base, type) and issubclass(base, BaseException))
        origin = getattr(base, "__origin__", None)
        if not known and not (hasattr(base, "_fields") and issubclass(base, tuple)) and origin is None:
            raise Undetermined(f"a class made from {name or base!r}")
        if origin is not None:
            self.check_base(origin)

    # -- modules ----------------------------------------------------------------------------------------------

    def do_import(self, node: ast.Import, frame: Frame) -> None:
        raise NotImplementedError

    def do_import_from(self, node: ast.ImportFrom, frame: Frame) -> None:
        raise NotImplementedError


def _asserted(test: ast.expr) -> ast.expr | None:
    """What the compiler marks as the place of a failed assertion: the last comparison that it jumps on."""
    if isinstance(test, ast.Compare):
        return test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _asserted(test.operand)
    if isinstance(test, ast.BoolOp):
        found = [mark for mark in map(_asserted, test.values) if mark is not None]
        return found[-1] if found else None
    return None

"""Calling: arguments are bound with Python's own messages, and native code is guarded."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import access, showing
from nextstate.domains.terminal.kernel.tools.python.limits import Budget, too_large
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Frame, Function, Module, Trace, trace_of
from nextstate.domains.terminal.kernel.tools.python.scope import Scope, scope_of

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

LONG = 5_000
"""A range longer than this is walked through step by step by native code."""
_NATIVE = (types.BuiltinFunctionType, types.MethodDescriptorType, types.FunctionType, types.MethodType, type)
_SLOW = frozenset(("statistics", "heapq", "calendar"))
"""Modules whose functions may do as much as a number in their arguments says."""
_SAFE = (int, float, len, abs, ord, chr)
_KEY = type(functools.cmp_to_key(lambda a, b: 0))
_STEPPED = (types.GeneratorType, map, filter, zip)
"""Iterators whose elements cost steps already."""
_SLOTS = (types.WrapperDescriptorType, types.MethodWrapperType)


class Calls:
    """What all parts of the machine share, and how anything is called."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.classes: set[type] = set()
        """The classes of the program."""
        self.settable: set[type] = set()
        """Native types whose attributes may be set."""
        self.depth = 0
        self.exact = True
        """Whether the program's version of Python is ours."""
        self.frames: list[Frame] = []
        self.let_in: set[type] = set()
        """Types of the standard library all of whose public attributes are harmless."""
        self.natives: set[Any] = set()
        """Types and functions that native code made for the program or that a module let in."""
        self.guards: dict[Any, Callable[..., Any]] = {}
        """What is called instead of a native function or type."""
        self.methods: dict[tuple[type, str], Callable[..., Any]] = {}
        """What is called instead of a native method; it gets the object first."""
        self.orderless: set[Any] = set()
        """Functions that do not show the order of what they are given."""
        self.lazy: set[Any] = set()
        """Functions that do not walk through what they are given."""
        self._scopes: dict[ast.AST, Scope] = {}

    def scope(self, node: ast.AST) -> Scope:
        found = self._scopes.get(node)
        if found is None:
            found = self._scopes[node] = scope_of(node)
        return found

    def vet(self, value: Any) -> None:
        showing.vet(self, value)  # type: ignore[arg-type]

    def getattr(self, value: Any, name: str) -> Any:
        return access.attribute(self, value, name)  # type: ignore[arg-type]

    # -- calling ----------------------------------------------------------------------------------------------

    def call(self, f: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """``f(*args, **kwargs)`` as the program may do it."""
        self.budget.spend(1)
        kwargs = kwargs or {}
        kind = type(f)
        if kind is Function:
            return self.invoke(f, args, kwargs)
        if kind is Builtin:
            return f(*args, **kwargs)
        if kind is types.MethodType and type(f.__func__) is Function:
            return self.invoke(f.__func__, (f.__self__, *args), kwargs)
        if kind in self.classes or (isinstance(f, type) and f in self.classes):
            return self._construct(f, args, kwargs)
        if kind is functools.partial:
            return self.call(f.func, f.args + args, {**f.keywords, **kwargs})
        if kind.__name__ == "_lru_cache_wrapper":
            return f(*args, **kwargs)
        return self._native(f, kind, args, kwargs)

    def _construct(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls a class of the program or an instance of one."""
        if isinstance(f, type) and not isinstance(getattr(f, "__init__", None), Function):
            args = tuple(self._tamed(arg) for arg in args)
        return f(*args, **kwargs)

    def _native(self, f: Any, kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        guard = self._guard(f, kind)
        if guard is not None:
            return guard(*args, **kwargs)
        if isinstance(f, type):
            allowed = f in access.OPEN or f in self.natives or access.harmless(self, f)  # type: ignore[arg-type]
            if not allowed:
                raise Undetermined(f"{f.__name__}() is not computed")
        elif kind in _SLOTS:
            self._slot(f, args)
        elif not isinstance(f, _NATIVE) and kind not in self.natives and not _within(f, self.natives):
            if callable(f):
                raise Undetermined(f"calling a {kind.__name__}")
            return f(*args, **kwargs)  # raises: it is not callable
        if kind is types.FunctionType and f.__module__ in _SLOW:
            self.budget.width(*args, *kwargs.values())
        if not _within(f, self.lazy):
            orderless = _within(f, self.orderless)
            args = tuple([self._tamed(arg, orderless) for arg in args])
            kwargs = {name: self._tamed(value, orderless) for name, value in kwargs.items()}
        return f(*args, **kwargs)

    def _guard(self, f: Any, kind: type) -> Callable[..., Any] | None:
        if kind is types.BuiltinFunctionType or kind is types.MethodType:
            owner = f.__self__
            if not isinstance(owner, types.ModuleType | type | None):
                for base in type(owner).__mro__:
                    found = self.methods.get((base, f.__name__))
                    if found is not None:
                        return functools.partial(found, owner)
                return None
        elif kind is types.MethodDescriptorType:
            return self.methods.get((f.__objclass__, f.__name__))
        try:
            return self.guards.get(f)
        except TypeError:
            return None

    def _slot(self, f: Any, args: tuple[Any, ...]) -> None:
        """Special methods of native classes."""
        if f.__name__ in ("__setattr__", "__delattr__"):
            target, *rest = args if isinstance(f, types.WrapperDescriptorType) else (f.__self__, *args)
            name = rest[0] if rest else ""
            if type(target) not in self.classes or not isinstance(name, str) or name.startswith("__"):
                raise Undetermined(f"{f.__name__} of a native class")

    def _tamed(self, value: Any, orderless: bool = False) -> Any:
        """An argument as native code may have it: of known order, and walked through step by step."""
        kind = type(value)
        if kind is str or kind is int:
            return value
        if not orderless:
            showing.need_order(value)
        if kind is range:
            return self.budget.metered(value) if len(value) > LONG else value
        if kind in (list, tuple, dict, set):
            self.budget.spend(len(value) >> 4)
            return value
        if kind.__module__ in ("builtins", "itertools") and kind not in _STEPPED and isinstance(value, Iterator):
            return self.budget.metered(value)
        return value

    def wrapped(self, f: Any) -> Any:
        """A callable as native code may have it: what it calls comes back through :meth:`call`."""
        if f is None or type(f) in (Function, Builtin) or any(f is one for one in _SAFE) or type(f) is _KEY:
            return f
        return lambda *args, **kwargs: self.call(f, args, kwargs)

    # -- functions of the program -----------------------------------------------------------------------------

    def invoke(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError

    def bind(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a call by name."""
        node = function.node_.args
        names = [arg.arg for arg in (*node.posonlyargs, *node.args)] if node.posonlyargs else [a.arg for a in node.args]
        values = dict(zip(names, args, strict=False))
        if len(args) > len(names):
            if node.vararg is None:
                raise TypeError(_too_many(function, names, len(args), kwargs))
            values[node.vararg.arg] = args[len(names) :]
        elif node.vararg is not None:
            values[node.vararg.arg] = ()
        only = [arg.arg for arg in node.kwonlyargs]
        if kwargs or node.kwarg is not None:
            self._keywords(function, node, values, names, only, kwargs)
        if len(args) < len(names):
            self._defaults(function, names, values)
        if only:
            self._keyword_only(function, only, values)
        return values

    def _keywords(
        self,
        function: Function,
        node: ast.arguments,
        values: dict[str, Any],
        names: list[str],
        only: list[str],
        kwargs: dict[str, Any],
    ) -> None:
        rest: dict[str, Any] = {}
        positional = {arg.arg for arg in node.posonlyargs}
        for name, value in kwargs.items():
            if (name in names and name not in positional) or name in only:
                if name in values:
                    raise TypeError(f"{_called(function)} got multiple values for argument '{name}'")
                values[name] = value
            elif node.kwarg is not None:
                rest[name] = value
            elif name in positional:
                raise Undetermined("a positional-only argument by keyword")
            else:
                raise TypeError(f"{_called(function)} got an unexpected keyword argument '{name}'")
        if node.kwarg is not None:
            values[node.kwarg.arg] = rest

    def _defaults(self, function: Function, names: list[str], values: dict[str, Any]) -> None:
        defaults = function.defaults_
        first = len(names) - len(defaults)
        missing = []
        for at, name in enumerate(names):
            if name not in values:
                if at >= first:
                    values[name] = defaults[at - first]
                else:
                    missing.append(name)
        if missing:
            raise TypeError(_missing(function, missing, "positional"))

    def _keyword_only(self, function: Function, only: list[str], values: dict[str, Any]) -> None:
        missing = []
        for name in only:
            if name not in values:
                if name in function.keyword_defaults_:
                    values[name] = function.keyword_defaults_[name]
                else:
                    missing.append(name)
        if missing:
            raise TypeError(_missing(function, missing, "keyword-only"))

    # -- exceptions -------------------------------------------------------------------------------------------

    def owns(self, kind: type) -> bool:
        """Whether ``kind`` is a class of the program; one that is just being made counts too."""
        if kind in self.classes:
            return True
        if any(type(value) is Function for value in vars(kind).values()):
            self.classes.add(kind)
            return True
        return False

    def saw(self, error: BaseException, frame: Frame) -> Trace:
        """Notes that ``error`` passes through ``frame``."""
        trace = trace_of(error)
        if trace.top is not frame:
            trace.entries.append((frame, frame.node))
            trace.top = frame
        return trace

    # -- what modules need ------------------------------------------------------------------------------------

    def submodule(self, module: Module, name: str) -> Any:
        """A part of a package of the program, if it was imported."""
        return None

    def formatter(self, text: str, name: str) -> Any:
        raise NotImplementedError


def _within(value: Any, table: set[Any]) -> bool:
    try:
        return value in table
    except TypeError:  # not hashable
        return False


def _called(function: Function) -> str:
    return f"{function.__dict__['__qualname__']}()"


def _missing(function: Function, missing: list[str], kind: str) -> str:
    quoted = [f"'{name}'" for name in missing]
    if len(quoted) > 2:
        listed = ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
    else:
        listed = " and ".join(quoted)
    plural = "s" if len(missing) > 1 else ""
    return f"{_called(function)} missing {len(missing)} required {kind} argument{plural}: {listed}"


def _too_many(function: Function, names: list[str], given: int, kwargs: dict[str, Any]) -> str:
    optional, total = len(function.defaults_), len(names)
    if any(arg.arg in kwargs for arg in function.node_.args.kwonlyargs):
        raise Undetermined("too many arguments beside keyword-only ones")
    takes = f"from {total - optional} to {total}" if optional else str(total)
    plural = "" if total == 1 and not optional else "s"
    verb = "was" if given == 1 else "were"
    return f"{_called(function)} takes {takes} positional argument{plural} but {given} {verb} given"


__all__ = ["Calls", "Machine", "too_large"]

"""What exists beside Python's own objects while a program is interpreted: frames, functions, modules, own builtins."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine
    from nextstate.domains.terminal.kernel.tools.python.scope import Scope


@dataclass(frozen=True, slots=True)
class Source:
    """One program text. ``shown`` is its name in messages; ``lines`` are what messages quote (a file's only)."""

    shown: str
    module: str
    lines: tuple[str, ...] | None = None


@dataclass(slots=True)
class Cell:
    """The class that a class statement will have made: what ``super()`` needs."""

    value: Any = None


class Frame:
    """One activation: ``node`` is the operation that is being done, for messages."""

    __slots__ = ("function", "globals", "home", "name", "node", "outer", "path", "scope", "source", "vars")

    def __init__(
        self, name: str, scope: Scope, values: Any, outer: Frame | None, globals_: dict[str, Any], source: Source
    ) -> None:
        self.name = self.path = name
        self.scope, self.vars, self.outer, self.globals, self.source = scope, values, outer, globals_, source
        self.node: ast.AST | None = None
        self.home: Cell | None = outer.home if outer is not None else None
        self.function: Frame | None = None
        """For a comprehension: the frame in which a walrus binds."""


class Function:
    """A function of the program. To Python it is a callable and a descriptor, so that classes work by themselves."""

    __slots__ = (
        "__dict__", "__weakref__", "defaults_", "frame_", "home_", "keyword_defaults_", "machine_", "node_", "scope_",
    )  # fmt: skip

    def __init__(
        self,
        machine: Machine,
        node: ast.FunctionDef | ast.Lambda,
        frame: Frame,
        defaults: tuple[Any, ...],
        keyword_defaults: dict[str, Any],
        name: str,
    ) -> None:
        self.machine_, self.node_, self.frame_ = machine, node, frame
        self.defaults_, self.keyword_defaults_ = defaults, keyword_defaults
        self.scope_ = machine.scope(node)
        self.home_ = frame.home
        doc = ast.get_docstring(node, clean=False) if isinstance(node, ast.FunctionDef) else None
        self.__dict__ |= {
            "__name__": name,
            "__qualname__": qualified(frame, name),
            "__module__": frame.source.module,
            "__doc__": doc,
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.machine_.invoke(self, args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


Function.__name__ = Function.__qualname__ = "function"
Function.__module__ = "builtins"


def qualified(frame: Frame, name: str) -> str:
    """``__qualname__`` of something defined in ``frame``."""
    if frame.scope.kind == "module" or name in frame.scope.globals:
        return name
    if frame.scope.kind == "class":
        return f"{frame.path}.{name}"
    return f"{frame.path}.<locals>.{name}"


class Builtin:
    """A function of ours that stands for one of Python's. ``deep``: the real one is written in Python, so that a
    traceback would go through it."""

    __slots__ = ("__name__", "deep_", "run_")

    def __init__(self, name: str, run: Callable[..., Any], *, deep: bool = False) -> None:
        self.__name__, self.run_, self.deep_ = name, run, deep

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.run_(*args, **kwargs)
        except TypeError as error:
            trace = error.__traceback__
            if trace is not None and trace.tb_next is None:
                raise Undetermined(f"how {self.__name__} is called") from None
            raise
        except Exception as error:
            if self.deep_:
                mark_foreign(error)
            raise


Builtin.__qualname__ = "builtin_function_or_method"
Builtin.__module__ = "builtins"


class Module:
    """A module as the program sees it: the names that it may use. ``real``: the module that it stands for."""

    def __init__(
        self, name: str, values: dict[str, Any], *, real: Any = None, own: bool = False, file: str = ""
    ) -> None:
        self.__dict__ |= values
        self.__dict__["\0"] = Details(name, real, own, file)


@dataclass(frozen=True, slots=True)
class Details:
    name: str
    real: Any
    own: bool
    """A module of the program, whose names are known whole."""
    file: str


Module.__name__ = Module.__qualname__ = "module"
Module.__module__ = "builtins"


def details(module: Module) -> Details:
    found: Details = module.__dict__["\0"]
    return found


class Unordered(list[Any]):
    """A list whose order is not determined, such as the names in a directory."""


@dataclass(slots=True)
class Trace:
    """Where an exception has been: ``(frame, node)``, innermost first. ``foreign``: also in code that we do not see."""

    entries: list[tuple[Frame, ast.AST | None]] = field(default_factory=list)
    top: Frame | None = None
    foreign: bool = False
    own: bool = False
    """The program itself made it: its message is the program's."""


_KEY = "\0trace"


def trace_of(error: BaseException) -> Trace:
    found: Trace | None = error.__dict__.get(_KEY)
    if found is None:
        found = error.__dict__[_KEY] = Trace()
    return found


def mark_foreign(error: BaseException) -> None:
    trace_of(error).foreign = True

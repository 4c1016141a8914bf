"""What may be shown: values whose text depends on an address, on a hash seed or on the order of a directory may not."""

from __future__ import annotations

import re
import types
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Function, Module, Unordered, trace_of

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

PLAIN = frozenset({int, float, bool, complex, type(None), type(...), type(NotImplemented), range, slice})
_NUMBERS = frozenset({int, bool, float})
_SEQUENCES: tuple[type, ...] = (set, frozenset, list, tuple, deque, UserList)
_MAPS: tuple[type, ...] = (dict, UserDict, ChainMap, types.MappingProxyType)
_SIZED = (list, tuple, dict, set, frozenset, deque)
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_MODULES = frozenset(
    "datetime decimal fractions uuid re pathlib ipaddress urllib.parse argparse calendar time collections".split()
)
"""Modules whose objects show what they hold and nothing else."""


def ordered_hash(value: Any) -> bool:
    """Whether a value's hash is the same in every process."""
    kind = type(value)
    return kind in _NUMBERS or (kind is tuple and all(ordered_hash(item) for item in value))


def unordered(value: Any) -> bool:
    """Whether the order in which ``value`` gives its elements is not determined."""
    if isinstance(value, set | frozenset):
        return len(value) > 1 and not all(ordered_hash(item) for item in value)
    return isinstance(value, Unordered) and len(value) > 1


def need_order(value: Any) -> None:
    if unordered(value):
        raise Undetermined("the order of a set or of a directory")


def vet(machine: Machine, value: Any, depth: int = 0) -> None:
    """Raises :class:`Undetermined` when the text of ``value`` is not determined."""
    kind = type(value)
    if kind in PLAIN:
        return
    if kind is str or kind is bytes or kind is bytearray:
        machine.budget.text(len(value))
        return
    if depth > 50:
        raise Undetermined("a value that is nested deeply")
    machine.budget.spend(1 + (len(value) >> 2 if isinstance(value, _SIZED) else 0))
    if isinstance(value, type):
        _class(machine, value)
        return
    shows = _own_text(machine, kind)
    if shows:
        return
    for inner in _parts(machine, value):
        vet(machine, inner, depth + 1)


def _own_text(machine: Machine, kind: type) -> bool:
    """Whether the program itself says how a value is shown."""
    for base in kind.__mro__:
        if base in machine.classes:
            for name in ("__repr__", "__str__"):
                if isinstance(vars(base).get(name), Function):
                    return True
    return False


def _class(machine: Machine, kind: type) -> None:
    if kind.__module__.startswith("nextstate"):
        raise Undetermined(f"how {kind.__name__} is shown")


def _parts(machine: Machine, whole: object) -> Iterable[Any]:
    """What a value shows of others; one that shows an address is undetermined."""
    value: Any = whole
    kind: Any = type(value)
    if kind.__module__.startswith("nextstate") and kind is not Unordered:
        raise Undetermined(f"how a {kind.__name__} is shown")
    if isinstance(whole, _SEQUENCES):
        need_order(value)
        return list(value)
    if isinstance(value, OrderedDict) and not machine.world.exact:
        raise Undetermined("how this version shows an OrderedDict")
    if isinstance(value, defaultdict):
        return [value.default_factory, *value.keys(), *value.values()]
    if isinstance(whole, _MAPS):
        return [*value.keys(), *value.values()]
    if isinstance(whole, _VIEWS):
        return list(value)
    if isinstance(value, BaseException):
        _message(machine, value)
        return list(value.args)
    if isinstance(value, Enum):
        return (value.value,)
    if isinstance(value, types.SimpleNamespace):
        return list(vars(value).values())
    if hasattr(kind, "__dataclass_fields__"):
        return [getattr(value, name) for name in kind.__dataclass_fields__]
    if isinstance(value, types.GenericAlias | types.UnionType) or kind.__module__ == "typing":
        return ()
    if isinstance(value, int | float | str | bytes) or kind.__module__ in _MODULES:
        return _inside(value)
    if isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, types.ModuleType):
        return ()
    raise Undetermined(f"how {'a module' if kind is Module else 'a ' + kind.__name__} is shown")


_SAME = re.compile(
    r"(integer |float |)(division|modulo).* by zero|invalid literal for int|could not convert string to float: '|"
    r"(list|string|tuple) index out of range|pop from empty list|list\.remove\(x\)|substring not found|"
    r"not enough values to unpack|too many values to unpack|unsupported operand type|can only concatenate str|"
    r"\[Errno \d+\]|name '\w+' is not defined|'\w+' object (has no attribute|is not (iterable|callable|subscriptable))|"
    r"'[<>]=?' not supported between|No module named "
)
"""Messages of Python itself that all versions word alike."""


def _message(machine: Machine, error: BaseException) -> None:
    trace = trace_of(error)
    if machine.world.exact or trace.own or not trace.entries or isinstance(error, KeyError):
        return
    if not _SAME.match(str(error)):
        raise Undetermined("how this version words an error")


def _inside(value: Any) -> Iterable[Any]:
    """What an object of one of the known modules holds."""
    if type(value).__module__ == "argparse":
        return list(vars(value).values())
    return ()


def deterministic_keys(values: Iterable[Any]) -> bool:
    """Whether no two of ``values`` are equal (so that the order of ties does not matter)."""
    seen: list[Any] = list(values)
    return len({repr(value) for value in seen}) == len(seen)


__all__ = ["Counter", "OrderedDict", "deterministic_keys", "need_order", "ordered_hash", "unordered", "vet"]

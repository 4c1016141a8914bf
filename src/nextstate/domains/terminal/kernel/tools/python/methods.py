"""Guards of native methods: what would grow too large, or show an order that is not determined."""

from __future__ import annotations

import types
from collections import deque
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.limits import ITEMS, too_large
from nextstate.domains.terminal.kernel.tools.python.objects import Unordered
from nextstate.domains.terminal.kernel.tools.python.showing import unordered
from nextstate.domains.terminal.kernel.tools.python.statements import HALTS

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine


def install(machine: Machine) -> None:
    """Gives the machine its guards of native methods."""
    own = Methods(machine)
    for kind in (str, bytes, bytearray):
        machine.methods[kind, "join"] = own.join
        machine.methods[kind, "replace"] = own.replace
        machine.methods[kind, "translate"] = own.translate
        machine.methods[kind, "expandtabs"] = own.wide("expandtabs")
        for name in ("ljust", "rjust", "center", "zfill"):
            machine.methods[kind, name] = own.wide(name)
    machine.methods[int, "to_bytes"] = own.wide("to_bytes")
    machine.methods[list, "sort"] = own.sort
    machine.methods[set, "pop"] = own.pop
    machine.methods[types.GeneratorType, "throw"] = own.throw
    for name in ("union", "update", "intersection", "difference", "symmetric_difference", "issubset", "issuperset",
                 "isdisjoint", "difference_update", "intersection_update", "symmetric_difference_update"):  # fmt: skip
        machine.methods[set, name] = own.of_set(name)
        machine.methods[frozenset, name] = own.of_set(name)
    for name in ("append", "add", "insert", "setdefault", "get", "index", "count", "remove"):
        for owner in (list, dict, set, deque):
            if hasattr(owner, name):
                machine.methods[owner, name] = own.weighed(name)


class Methods:
    """Each takes the object first, then the arguments of its method."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.budget = machine.budget

    def join(self, text: Any, parts: Any) -> Any:
        if type(parts) not in (list, tuple):
            parts = list(self.machine._tamed(parts))
        size = len(text) * len(parts)
        for part in parts:
            size += len(part) if isinstance(part, str | bytes | bytearray) else 0
        self.budget.text(size)
        return text.join(parts)

    def replace(self, text: Any, old: Any, new: Any, *count: Any) -> Any:
        if isinstance(new, type(text)) and isinstance(old, type(text)) and len(new) > len(old):
            self.budget.text(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
        return text.replace(old, new, *count)

    def translate(self, text: Any, table: Any) -> Any:
        if isinstance(table, dict) and any(isinstance(value, str) and len(value) > 100 for value in table.values()):
            raise too_large("a translated text")
        return text.translate(table)

    def wide(self, name: str) -> Any:
        def method(text: Any, *args: Any, **kwargs: Any) -> Any:
            self.budget.width(*args, *kwargs.values())
            return getattr(text, name)(*args, **kwargs)

        return method

    def sort(self, values: list[Any], *, key: Any = None, reverse: Any = False) -> None:
        if isinstance(values, Unordered) and key is not None:
            raise Undetermined("the order of what sorts alike")
        self.budget.spend(len(values) >> 3)
        if type(values) is Unordered:
            raise Undetermined("sorting the names of a directory in place")
        values.sort(key=self.machine.wrapped(key), reverse=reverse)

    def pop(self, values: set[Any]) -> Any:
        if unordered(values):
            raise Undetermined("which element of a set is taken")
        return values.pop()

    def throw(self, generator: Any, *args: Any) -> Any:
        if any(isinstance(arg, HALTS) or (isinstance(arg, type) and issubclass(arg, HALTS)) for arg in args):
            raise Undetermined("what is thrown into a generator")
        return generator.throw(*args)

    def of_set(self, name: str) -> Any:
        def method(values: Any, *others: Any) -> Any:
            return getattr(values, name)(*(self.machine._tamed(other, True) for other in others))

        return method

    def weighed(self, name: str) -> Any:
        def method(owner: Any, *args: Any, **kwargs: Any) -> Any:
            if type(owner) is list and len(owner) >= ITEMS:
                raise too_large("a list")
            for arg in args:
                if type(arg) is tuple or (name in ("index", "count", "remove") and isinstance(arg, list | dict)):
                    self.machine.weigh(arg)
            if name in ("index", "count", "remove", "insert"):
                self.budget.spend(len(owner) >> 6)
            return getattr(owner, name)(*args, **kwargs)

        return method

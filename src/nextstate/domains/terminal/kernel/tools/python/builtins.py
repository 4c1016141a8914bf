"""The builtin functions. What a program holds is harmless even where native code calls it: the rest are our own."""

from __future__ import annotations

import ast
import builtins as python
import types
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import access, files, methods
from nextstate.domains.terminal.kernel.tools.python.formats import formatted
from nextstate.domains.terminal.kernel.tools.python.limits import BITS, ITEMS, too_large
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Frame, Function, Module, Source
from nextstate.domains.terminal.kernel.tools.python.reading import checked
from nextstate.domains.terminal.kernel.tools.python.showing import ordered_hash, unordered
from nextstate.domains.terminal.kernel.tools.python.streams import BinaryFile, Output, TextFile

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

PLAIN = """abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter
    float frozenset hex int isinstance issubclass iter len list map max min next object oct ord pow property range repr
    reversed round set slice sorted staticmethod str sum super tuple type zip NotImplemented Ellipsis""".split()
"""Python's own, as they are; calls to some are guarded."""
OWN = "print input getattr setattr hasattr delattr vars hash format eval exec exit open globals dir id".split()
ORDERLESS = (sorted, sum, len, set, frozenset, min, max, any, all, bool, isinstance, type, callable)
LAZY = (len, isinstance, issubclass, type, iter, next, callable, enumerate, bool, range, slice, reversed)


def install(machine: Machine) -> None:
    """Gives the machine its builtins and the guards of native functions."""
    names = {name: getattr(python, name) for name in PLAIN}
    for name, value in vars(python).items():
        if isinstance(value, type) and issubclass(value, BaseException):
            names[name] = value
    names["__debug__"] = True
    own = Own(machine)
    for name in OWN:
        names[name] = Builtin(name, getattr(own, f"{name}_"))
    names["quit"] = Builtin("quit", own.exit_)
    machine.builtins = names
    machine.orderless |= set(ORDERLESS)
    machine.lazy |= set(LAZY)
    machine.natives |= {map, filter, zip, enumerate, reversed, type, super, TextFile, BinaryFile, Output}
    machine.natives |= {value for value in names.values() if isinstance(value, type | types.BuiltinFunctionType)}
    machine.guards |= {
        str: own.str_, repr: own.repr_, ascii: own.ascii_, sorted: own.sorted_, sum: own.sum_, max: own.extreme(max),
        min: own.extreme(min), map: own.map_, filter: own.filter_, pow: own.pow_, round: own.round_, int: own.int_,
        bytes: own.sized(bytes), bytearray: own.sized(bytearray), type: own.type_, next: own.next_, iter: own.iter_,
        list: own.list_,
    }  # fmt: skip
    methods.install(machine)


class Own:
    """Builtins that must look at what they are given first."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    # -- texts ------------------------------------------------------------------------------------------------

    def print_(self, *values: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: Any = False) -> None:
        sep = " " if sep is None else sep
        end = "\n" if end is None else end
        if not isinstance(sep, str) or not isinstance(end, str):
            raise Undetermined("print() with an unusual separator")
        text = sep.join([self.text(value) for value in values]) + end
        target = self.machine.modules["sys"].__dict__["stdout"] if file is None else file
        if type(target) in (Output, TextFile):
            target.write(text)
        else:
            self.machine.call(self.machine.getattr(target, "write"), (text,))
        if flush:
            self.machine.call(self.machine.getattr(target, "flush"), ())

    def text(self, value: Any) -> str:
        if type(value) is not str:
            self.machine.vet(value)
            value = str(value)
        self.machine.budget.text(len(value))
        return str(value)

    def str_(self, *args: Any, **kwargs: Any) -> str:
        if len(args) == 1 and not kwargs:
            return self.text(args[0])
        return str(*args, **kwargs)

    def repr_(self, value: Any) -> str:
        self.machine.vet(value)
        return repr(value)

    def ascii_(self, value: Any) -> str:
        self.machine.vet(value)
        return ascii(value)

    def format_(self, value: Any, spec: str = "") -> str:
        return formatted(self.machine, value, "", spec)

    # -- numbers ----------------------------------------------------------------------------------------------

    def sum_(self, values: Any, start: Any = 0) -> Any:
        if unordered(values) and not all(isinstance(value, int) for value in values):
            raise Undetermined("the order in which a set is summed up")
        given = list(self.machine.budget.metered(values))
        if start == 0 and all(type(value) is int for value in given):
            return sum(given)
        if any(isinstance(value, float) for value in given):
            if not self.machine.world.exact:
                raise Undetermined("how this version sums up floats")
            if self.machine.was_unordered:
                raise Undetermined("the order in which a set is summed up")
        if isinstance(start, str | bytes | bytearray) or not isinstance(start, list | tuple):
            return sum(given, start)
        total = start
        for value in given:
            self.machine.budget.joined(total, value)
            total = total + value
        return total

    def pow_(self, base: Any, exp: Any, mod: Any = None) -> Any:
        if mod is None:
            self.machine.budget.power(base, exp)
        return pow(base, exp, mod)

    def round_(self, number: Any, ndigits: Any = None) -> Any:
        if isinstance(ndigits, int):
            self.machine.budget.width(ndigits)
        return round(number, ndigits)

    def int_(self, *args: Any, **kwargs: Any) -> int:
        value = args[0] if args else 0
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() * 4 > BITS:
            raise too_large("a number")
        if isinstance(value, str | bytes) and len(value) > 4300:
            raise too_large("a number")
        return int(*args, **kwargs)

    def sized(self, kind: Any) -> Any:
        def make(*args: Any, **kwargs: Any) -> Any:
            if args and isinstance(args[0], int) and args[0] > ITEMS:
                raise too_large("a sequence of bytes")
            return kind(*(self.machine._tamed(arg) for arg in args), **kwargs)

        return make

    def hash_(self, value: Any) -> int:
        if not ordered_hash(value) and type(value) not in self.machine.classes:
            raise Undetermined("a hash")
        if type(value) in self.machine.classes and not isinstance(type(value).__hash__, Function):
            raise Undetermined("a hash")
        return hash(value)

    def id_(self, value: Any) -> int:
        raise Undetermined("an address")

    # -- sequences --------------------------------------------------------------------------------------------

    def list_(self, *args: Any) -> list[Any]:
        if (args and type(args[0]) is type({}.items())) or not args:
            return list(*args)
        found = list(self.machine._tamed(args[0]), *args[1:])
        if len(found) > ITEMS:
            raise too_large("a list")
        self.machine.budget.spend(len(found) >> 4)
        return found

    def sorted_(self, *args: Any, key: Any = None, reverse: Any = False) -> list[Any]:
        if args and unordered(args[0]) and key is not None:
            keys = [self.machine.call(key, (value,)) for value in args[0]]
            if len({repr(one) for one in keys}) < len(keys):
                raise Undetermined("the order of what sorts alike")
        values = [self.machine._tamed(arg, True) for arg in args]
        return sorted(*values, key=self.machine.wrapped(key), reverse=reverse)

    def extreme(self, which: Any) -> Any:
        def find(*args: Any, **kwargs: Any) -> Any:
            key = kwargs.get("key")
            if key is not None:
                kwargs["key"] = self.machine.wrapped(key)
                if len(args) == 1 and unordered(args[0]):
                    return self._extreme_of_set(which, args[0], key)
            return which(*(self.machine._tamed(arg, True) for arg in args), **kwargs)

        return find

    def _extreme_of_set(self, which: Any, values: Any, key: Any) -> Any:
        keyed = [(self.machine.call(key, (value,)), value) for value in values]
        best = which(one for one, _ in keyed)
        found = [value for one, value in keyed if one == best]
        if len(found) > 1:
            raise Undetermined("which of several extremes of a set comes first")
        return found[0]

    def map_(self, f: Any, *values: Any) -> Any:
        return map(self.machine.wrapped(f), *(self._counted(value) for value in values))

    def filter_(self, f: Any, values: Any) -> Any:
        return filter(self.machine.wrapped(f), self._counted(values))

    def _counted(self, values: Any) -> Any:
        values = self.machine._tamed(values)
        return self.machine.budget.metered(values) if type(values) is range else values

    def next_(self, *args: Any) -> Any:
        self.machine.budget.spend(1)
        return next(*args)

    def iter_(self, *args: Any) -> Any:
        if len(args) == 2:
            return iter(self.machine.wrapped(args[0]), args[1])
        self.machine._tamed(args[0] if args else None)
        return iter(*args)

    # -- objects ----------------------------------------------------------------------------------------------

    def type_(self, *args: Any) -> Any:
        if len(args) != 1:
            raise Undetermined("a class made by type()")
        if isinstance(args[0], Builtin):
            return types.BuiltinFunctionType
        if type(args[0]) is not TextFile and type(args[0]).__module__.startswith("nextstate"):
            raise Undetermined("the type of a native function")
        return type(args[0])

    def getattr_(self, value: Any, name: Any, *default: Any) -> Any:
        if not isinstance(name, str):
            raise Undetermined("an attribute that is not named by a text")
        try:
            return self.machine.getattr(value, name)
        except AttributeError:
            if default:
                return default[0]
            raise

    def hasattr_(self, value: Any, name: Any) -> bool:
        missing = object()
        return self.getattr_(value, name, missing) is not missing

    def setattr_(self, value: Any, name: Any, new: Any) -> None:
        if not isinstance(name, str):
            raise Undetermined("an attribute that is not named by a text")
        access.assign(self.machine, value, name, new)

    def delattr_(self, value: Any, name: str) -> None:
        access.delete(self.machine, value, name)

    def vars_(self, *args: Any) -> Any:
        if not args:
            return self.globals_()
        value = args[0]
        if type(value) in self.machine.classes or type(value).__name__ in ("Namespace", "SimpleNamespace"):
            return vars(value)
        if type(value) in (int, str, list, dict, tuple, float):
            return vars(value)  # raises: no __dict__
        raise Undetermined("the attributes of a native object")

    def dir_(self, *args: Any) -> list[str]:
        if not args or not self.machine.world.exact or isinstance(args[0], Module | Function | Builtin):
            raise Undetermined("the names of an object")
        return dir(args[0])

    def globals_(self) -> Any:
        frame = self.machine.current
        return frame.globals

    def eval_(self, source: Any, *rest: Any) -> Any:
        if rest or not isinstance(source, str) or len(source) > 10_000:
            raise Undetermined("eval() with its own names")
        frame: Frame = self.machine.current
        try:
            tree = ast.parse(source.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise Undetermined("eval() of what is no expression") from None
        return self.machine.ev(tree.body, frame)

    def exec_(self, source: Any, *rest: Any) -> None:
        frame = self.machine.current
        if not isinstance(source, str) or len(rest) > 1 or (rest and type(rest[0]) is not dict):
            raise Undetermined("exec() with its own names")
        if frame.scope.kind != "module" and not rest:
            raise Undetermined("exec() in a function")
        tree = checked(source, "<string>")
        if isinstance(tree, SyntaxError):
            raise Undetermined("exec() of what is no program")
        values = rest[0] if rest else frame.globals
        self.machine.program(tree, Source("<string>", values.get("__name__", "builtins")), values)

    # -- the world --------------------------------------------------------------------------------------------

    def input_(self, prompt: Any = "") -> str:
        machine = self.machine
        system = machine.modules["sys"].__dict__
        self.print_(prompt, end="")
        machine.world.flush()
        line: str = system["stdin"].readline()
        if not line:
            raise EOFError("EOF when reading a line")
        return line.removesuffix("\n")

    def exit_(self, code: Any = None) -> None:
        raise SystemExit(code)

    def open_(self, file: Any, *args: Any, **kwargs: Any) -> Any:
        return files.open_file(self.machine.world, file, *args, **kwargs)

"""More modules of our own: formats of data, messages and the command line of a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import access
from nextstate.domains.terminal.kernel.tools.python.limits import WIDTH, too_large
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

Values = dict[str, Any]
SMALL = 50_000
"""Characters that a slow function of the library takes."""


def json_(machine: Machine) -> Values:
    import json

    def prepared(value: Any, kwargs: dict[str, Any]) -> None:
        machine.weigh(value)
        if isinstance(kwargs.get("indent"), int):
            machine.budget.width(kwargs["indent"])
        if kwargs.get("default") is not None:
            kwargs["default"] = machine.wrapped(kwargs["default"])

    def dumps(value: Any, **kwargs: Any) -> Any:
        prepared(value, kwargs)
        return json.dumps(value, **kwargs)

    def dump(value: Any, fp: Any, **kwargs: Any) -> None:
        prepared(value, kwargs)
        json.dump(value, fp, **kwargs)

    def loads(text: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            kwargs[name] = machine.wrapped(kwargs[name]) if callable(kwargs[name]) else kwargs[name]
        return json.loads(text, **kwargs)

    def load(fp: Any, **kwargs: Any) -> Any:
        return loads(machine.call(machine.getattr(fp, "read")), **kwargs)

    functions: Values = {"dumps": dumps, "dump": dump, "loads": loads, "load": load}
    machine.let_in |= {json.JSONEncoder, json.JSONDecodeError}
    return {name: Builtin(name, run, deep=True) for name, run in functions.items()}


def csv_(machine: Machine) -> Values:
    import csv
    import io

    writer, reader = type(csv.writer(io.StringIO())), type(csv.reader([]))
    machine.let_in |= {writer, reader, csv.DictReader, csv.DictWriter}
    machine.natives |= {writer, reader}

    def vetted(name: str) -> Callable[..., Any]:
        def write(target: Any, rows: Any) -> Any:
            rows = list(machine.walk(rows)) if name == "writerows" else rows
            machine.vet(rows)
            return getattr(target, name)(rows)

        return write

    for kind in (writer, csv.DictWriter):
        for name in ("writerow", "writerows"):
            machine.methods[kind, name] = vetted(name)
    return {}


def decimal_(machine: Machine) -> Values:
    import decimal

    before = decimal.getcontext()
    decimal.setcontext(decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN))
    machine.cleanup.append(lambda: decimal.setcontext(before))
    machine.settable.add(decimal.Context)
    access.NAMED[decimal.Context] = frozenset(("prec", "rounding"))
    return {"getcontext": decimal.getcontext}


def fractions_(machine: Machine) -> Values:
    from fractions import Fraction

    def make(*args: Any) -> Fraction:
        if any(isinstance(arg, str) and ("e" in arg.lower() or len(arg) > 200) for arg in args):
            raise too_large("a fraction")
        return Fraction(*args)

    machine.guards[Fraction] = make
    machine.let_in.add(Fraction)
    machine.natives.add(Fraction)
    return {"Fraction": Fraction}


def dates(machine: Machine) -> Values:
    import datetime

    def strftime(value: Any, form: str) -> str:
        machine.budget.format(form)
        if "%s" in form or "%Z" in form:
            raise Undetermined("the time zone")
        return str(value.strftime(form))

    machine.let_in.add(type(datetime.date(2000, 1, 1).timetuple()))
    for kind in (datetime.date, datetime.datetime, datetime.time):
        machine.methods[kind, "strftime"] = strftime
    return {}


def managers(machine: Machine) -> Values:
    import contextlib

    kinds = [type(contextlib.contextmanager(lambda: iter(()))()), contextlib.suppress, contextlib.nullcontext]
    machine.natives |= {*kinds, contextlib.closing, contextlib.ExitStack}
    machine.let_in |= {contextlib.ExitStack}

    class Redirect:
        """``redirect_stdout`` and ``redirect_stderr``."""

        def __init__(self, name: str, target: Any) -> None:
            self.name, self.target = name, target
            self.before: list[Any] = []

        def __enter__(self) -> Any:
            values = machine.modules["sys"].__dict__
            self.before.append(values[self.name])
            values[self.name] = self.target
            return self.target

        def __exit__(self, *_: Any) -> None:
            machine.modules["sys"].__dict__[self.name] = self.before.pop()

    machine.natives.add(Redirect)
    return {
        "redirect_stdout": Builtin("redirect_stdout", lambda target: Redirect("stdout", target)),
        "redirect_stderr": Builtin("redirect_stderr", lambda target: Redirect("stderr", target)),
    }


def memory_files(machine: Machine) -> Values:
    import io

    def bounded(name: str) -> Callable[..., Any]:
        def run(file: Any, *args: Any) -> Any:
            if any(isinstance(arg, int) and arg > WIDTH * 10 for arg in args):
                raise too_large("a position")
            return getattr(file, name)(*args)

        return run

    for kind in (io.StringIO, io.BytesIO):
        for name in ("seek", "truncate"):
            machine.methods[kind, name] = bounded(name)
    bases = {base for kind in (io.StringIO, io.BytesIO) for base in kind.__mro__}
    machine.let_in |= bases - {object}
    machine.natives |= {io.StringIO, io.BytesIO}
    return {}


def pretty(machine: Machine) -> Values:
    import pprint

    def pformat(value: Any, **kwargs: Any) -> str:
        machine.vet(value)
        machine.budget.width(*(one for one in kwargs.values() if isinstance(one, int)))
        return pprint.pformat(value, **kwargs)

    def shown(value: Any, stream: Any = None, **kwargs: Any) -> None:
        machine.builtins["print"](pformat(value, **kwargs), file=stream)

    def pp(value: Any, **kwargs: Any) -> None:
        shown(value, **{"sort_dicts": False, **kwargs})

    return {name: Builtin(name, run) for name, run in (("pformat", pformat), ("pprint", shown), ("pp", pp))}


def traces(machine: Machine) -> Values:
    from nextstate.domains.terminal.kernel.tools.python.trace import described

    def format_exc() -> str:
        error = machine.handled()
        return "NoneType: None\n" if error is None else described(machine, error)

    def print_exc() -> None:
        machine.modules["sys"].__dict__["stderr"].write(format_exc())

    return {"format_exc": Builtin("format_exc", format_exc), "print_exc": Builtin("print_exc", print_exc)}


def templates(machine: Machine) -> Values:
    import string

    def filled(name: str) -> Callable[..., Any]:
        def run(template: Any, *args: Any, **kwargs: Any) -> Any:
            machine.vet([*args, kwargs])
            return getattr(template, name)(*args, **kwargs)

        return run

    for name in ("substitute", "safe_substitute"):
        machine.methods[string.Template, name] = filled(name)
    return {}


def small_texts(module: str, names: str) -> Callable[[Machine], Values]:
    """Functions that take long for long texts."""

    def install(machine: Machine) -> Values:
        from importlib import import_module

        real = import_module(module)

        def bounded(name: str) -> Callable[..., Any]:
            def run(*args: Any, **kwargs: Any) -> Any:
                args = tuple(list(machine.walk(arg)) if hasattr(arg, "__next__") else arg for arg in args)
                machine.vet([args, kwargs])
                if sum(len(str(arg)) for arg in args) > SMALL:
                    raise too_large("a text")
                result = getattr(real, name)(*args, **kwargs)
                return machine.budget.metered(result) if hasattr(result, "__next__") else result

            return run

        return {name: Builtin(name, bounded(name), deep=True) for name in names.split()}

    return install


def toml(machine: Machine) -> Values:
    import tomllib

    def loads(text: Any, **kwargs: Any) -> Any:
        if isinstance(text, str) and len(text) > SMALL:
            raise too_large("a text")
        return tomllib.loads(text, **kwargs)

    def load(fp: Any) -> Any:
        return loads(machine.call(machine.getattr(fp, "read")).decode())

    return {"loads": Builtin("loads", loads, deep=True), "load": Builtin("load", load, deep=True)}


def digests(machine: Machine) -> Values:
    import hashlib

    kinds = {type(getattr(hashlib, name)()) for name in ("md5", "sha256", "sha3_256", "blake2b", "blake2s")}
    machine.let_in |= kinds
    return {}


def packing(machine: Machine) -> Values:
    import struct

    def bounded(name: str) -> Callable[..., Any]:
        def run(form: Any, *args: Any) -> Any:
            if any(len(digits) > 4 for digits in re.findall(r"\d+", str(form))):
                raise too_large("a packed value")
            return getattr(struct, name)(form, *args)

        return run

    return {name: Builtin(name, bounded(name)) for name in ("pack", "unpack", "calcsize", "unpack_from", "iter_unpack")}


def data_classes(machine: Machine) -> Values:
    import dataclasses

    def check(kind: Any, options: dict[str, Any]) -> None:
        notes = vars(kind).get("__annotations__", {})
        if options.get("slots") or any(isinstance(note, str) and "Var" in note for note in notes.values()):
            raise Undetermined("an unusual dataclass")
        if kind.__module__ != "__main__" and any(isinstance(note, str) for note in notes.values()):
            raise Undetermined("an unusual dataclass")

    def dataclass(kind: Any = None, /, **options: Any) -> Any:
        if kind is None:
            return Builtin("wrap", lambda kind: dataclass(kind, **options), deep=True)
        check(kind, options)
        return dataclasses.dataclass(kind, **options)

    machine.let_in |= {dataclasses.Field}
    return {"dataclass": Builtin("dataclass", dataclass, deep=True)}


def enums(machine: Machine) -> Values:
    import enum

    def unusual(*args: Any, **kwargs: Any) -> Any:
        raise Undetermined("an enumeration that is made by a call")

    for kind in (enum.Enum, enum.IntEnum, enum.Flag, enum.IntFlag, enum.StrEnum):
        machine.guards[kind] = unusual
    machine.let_in |= {enum.auto, enum.property}
    return {}


OWN: dict[str, Callable[[Machine], Values]] = {
    "json": json_, "csv": csv_, "decimal": decimal_, "fractions": fractions_, "datetime": dates,
    "contextlib": managers, "io": memory_files, "pprint": pretty, "traceback": traces, "string": templates,
    "textwrap": small_texts("textwrap", "fill wrap dedent indent shorten"),
    "difflib": small_texts("difflib", "get_close_matches unified_diff ndiff"),
    "shlex": small_texts("shlex", "split quote join"), "ast": small_texts("ast", "literal_eval"),
    "tomllib": toml,
    "hashlib": digests, "struct": packing, "dataclasses": data_classes, "enum": enums,
}  # fmt: skip

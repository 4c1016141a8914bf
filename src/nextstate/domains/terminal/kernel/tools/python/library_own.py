"""Modules, or parts of modules, that are our own: those that reach files, streams, the clock or global state."""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import (
    access,
    files,
    library_programs,
    library_tools,
    paths,
    patterns,
)
from nextstate.domains.terminal.kernel.tools.python.library import SYSTEM_PATH, own
from nextstate.domains.terminal.kernel.tools.python.limits import too_large
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Function, Module, mark_foreign
from nextstate.domains.terminal.kernel.tools.python.streams import Output, TextFile

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

Values = dict[str, Any]
SMALL = 50_000
"""Characters of a text that a slow function of the library takes."""


class SearchPath(list[Any]):
    """``sys.path``, of which only the first elements are known."""


def system(machine: Machine) -> Values:
    world = machine.world
    text = world.call.stdin or ""
    stdin = TextFile(world, "<stdin>", "", "r", text, None, "utf-8") if world.call.stdin is not None else None
    extra = [part for part in world.environ.get("PYTHONPATH", "").split(":") if part]
    values: Values = {
        "argv": list(world.argv), "path": SearchPath([world.folder, *extra, SYSTEM_PATH]), "platform": "linux",
        "maxsize": sys.maxsize, "byteorder": "little", "stdout": Output(world, "<stdout>"), "maxunicode": 0x10FFFF,
        "stderr": Output(world, "<stderr>"), "dont_write_bytecode": False, "float_info": sys.float_info,
        "getrecursionlimit": Builtin("getrecursionlimit", lambda: 1000), "exit": machine.builtins["exit"],
        "setrecursionlimit": Builtin("setrecursionlimit", lambda limit: None),
        "getdefaultencoding": Builtin("getdefaultencoding", lambda: "utf-8"),
        "exc_info": Builtin("exc_info", lambda: _exc_info(machine)), "intern": Builtin("intern", lambda text: text),
    }  # fmt: skip
    if stdin is not None:
        values["stdin"] = stdin
    if world.version is not None:
        values["version_info"] = _version_info(world.version)
    machine.let_in.add(type(sys.float_info))
    return values


def _version_info(version: tuple[int, int, int]) -> Any:
    from collections import namedtuple

    make: Any = namedtuple
    kind = make("version_info", "major minor micro releaselevel serial")
    kind.__name__ = "sys.version_info"
    return kind(*version, "final", 0)


class Traceback:
    """Stands for a traceback, of which nothing is shown."""


def _exc_info(machine: Machine) -> tuple[Any, Any, Any]:
    error = machine.handled()
    return (None, None, None) if error is None else (type(error), error, Traceback())


class Environ(dict[str, str]):
    """``os.environ``."""

    def __missing__(self, key: str) -> str:
        error = KeyError(key)
        mark_foreign(error)
        raise error

    def __repr__(self) -> str:
        raise Undetermined("the whole environment")


def operating_system(machine: Machine) -> Values:
    world = machine.world
    tools = files.System(world)
    environ = Environ(world.environ)
    for name in ("_", "SHLVL", "LINES", "COLUMNS", "OLDPWD"):
        if name not in world.call.env:
            environ.pop(name, None)
    values: Values = {
        "sep": "/", "linesep": "\n", "pathsep": ":", "curdir": ".", "pardir": "..", "extsep": ".", "name": "posix",
        "devnull": "/dev/null", "error": OSError, "environ": environ, "F_OK": 0, "R_OK": 4, "W_OK": 2, "X_OK": 1,
        "getcwd": Builtin("getcwd", lambda: world.cwd), "stat": Builtin("stat", lambda p: paths.Stat(tools.getsize(p))),
        "getenv": Builtin("getenv", lambda key, default=None: environ.get(key, default)),
        "fspath": Builtin("fspath", lambda p: p.__fspath__() if hasattr(p, "__fspath__") else p),
    }  # fmt: skip
    values |= files.functions(
        tools, "listdir mkdir remove rmdir rename symlink readlink chmod chdir access", deep="makedirs walk"
    )
    values |= {"unlink": values["remove"], "replace": values["rename"]}
    machine.let_in.add(Environ)
    machine.natives.add(Environ)
    machine.methods[files.Directories, "sort"] = files.sort_directories
    values["path"] = machine.modules["os.path"] = Module("os.path", os_path(machine), real=__import__("posixpath"))
    return values


def os_path(machine: Machine) -> Values:
    import posixpath

    pure = "join basename dirname split splitext isabs normpath normcase commonprefix commonpath splitdrive sep curdir"
    values: Values = {name: getattr(posixpath, name) for name in pure.split()}
    tools = files.System(machine.world)
    return values | files.functions(
        tools, "exists lexists isfile isdir islink abspath realpath relpath expanduser", deep="getsize"
    )


def shell_utilities(machine: Machine) -> Values:
    tools = files.System(machine.world)
    return files.functions(tools, "", deep="copy copyfile move rmtree copytree") | {
        "copy2": Builtin("copy2", tools.copy, deep=True)
    }


def globbing(machine: Machine) -> Values:
    tools = files.System(machine.world)
    return own({"glob": tools.glob, "iglob": lambda pattern, recursive=False: iter(tools.glob(pattern, recursive))})


def regular_expressions(machine: Machine) -> Values:
    values = patterns.install(machine)
    return {name: Builtin(name, value, deep=True) if type(value) is type(own) or hasattr(value, "__func__") else value
            for name, value in values.items()}  # fmt: skip


def mathematics(machine: Machine) -> Values:
    import math

    def bounded(name: str) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            if any(isinstance(arg, int) and arg > 3_000 for arg in args):
                raise too_large("a number")
            return getattr(math, name)(*args)

        return run

    def prod(values: Any, *, start: Any = 1) -> Any:
        total = start
        for value in machine.budget.metered(values):
            total = machine.operate(ast.Mult, total, value)
        return total

    return own({"prod": prod, **{name: bounded(name) for name in ("factorial", "comb", "perm")}})


def operators(machine: Machine) -> Values:
    kinds = {
        "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "truediv": ast.Div, "floordiv": ast.FloorDiv, "mod": ast.Mod,
        "pow": ast.Pow, "lshift": ast.LShift, "rshift": ast.RShift, "concat": ast.Add,
    }  # fmt: skip

    def calculate(kind: Any) -> Callable[[Any, Any], Any]:
        return lambda left, right: machine.operate(kind, left, right)

    def attrgetter(*names: str) -> Any:
        def get(value: Any, name: str) -> Any:
            for part in name.split("."):
                value = machine.getattr(value, part)
            return value

        if len(names) == 1:
            return Builtin("attrgetter", lambda value: get(value, names[0]))
        return Builtin("attrgetter", lambda value: tuple(get(value, name) for name in names))

    def methodcaller(name: str, *args: Any, **kwargs: Any) -> Any:
        return Builtin("methodcaller", lambda value: machine.call(machine.getattr(value, name), args, kwargs))

    machine.natives.add(operator.itemgetter)
    machine.natives.add(type(operator.itemgetter(0)))
    return own(
        {name: calculate(kind) for name, kind in kinds.items()}
        | {"attrgetter": attrgetter, "methodcaller": methodcaller}
    )


def function_tools(machine: Machine) -> Values:
    import functools

    def reduce(function: Any, values: Any, *initial: Any) -> Any:
        given = machine.walk(values)
        if initial:
            total = initial[0]
        else:
            try:
                total = next(given)
            except StopIteration:
                raise TypeError("reduce() of empty iterable with no initial value") from None
        for value in given:
            total = machine.call(function, (total, value))
        return total

    machine.natives |= {functools.partial, functools.cached_property}
    machine.let_in |= {type(functools.cmp_to_key(lambda a, b: 0))}
    access.NAMED[type(functools.lru_cache(lambda: None))] = frozenset(("cache_info", "cache_clear"))
    machine.let_in.add(type(functools.lru_cache(lambda: None).cache_info()))
    return {
        "reduce": Builtin("reduce", reduce),
        "cmp_to_key": Builtin("cmp_to_key", lambda f: functools.cmp_to_key(machine.wrapped(f))),
    }


def containers(machine: Machine) -> Values:
    import collections

    def namedtuple(typename: str, field_names: Any, *, rename: bool = False, defaults: Any = None) -> Any:
        names = field_names if isinstance(field_names, str) else list(machine.walk(field_names))
        if len(names) > 1_000:
            raise too_large("a named tuple")
        module = machine.current.source.module
        make: Any = collections.namedtuple
        made = make(typename, names, rename=rename, defaults=defaults, module=module)
        machine.natives.add(made)
        return made

    machine.methods[collections.Counter, "most_common"] = lambda counter, *args: counter.most_common(*args)
    return {"namedtuple": Builtin("namedtuple", namedtuple, deep=True)}


def clock(machine: Machine) -> Values:
    def sleep(seconds: Any) -> None:
        if not 0 <= seconds <= 5:
            raise Undetermined("how the recorder deals with waiting")

    return own({"sleep": sleep})


def mixing(machine: Machine) -> Values:
    """``random``: only what follows from a seed."""
    import random

    generator = random.Random(0)
    seeded = [False]

    def seed(*args: Any, **kwargs: Any) -> None:
        if not args or not isinstance(args[0], int | str | float | bytes):
            raise Undetermined("chance")
        seeded[0] = True
        generator.seed(*args, **kwargs)

    def drawn(name: str) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            if not seeded[0]:
                raise Undetermined("chance")
            return draw(generator, name, args, kwargs)

        return run

    def draw(source: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not machine.world.exact:
            raise Undetermined("what this version draws by chance")
        for value in (*args, *kwargs.values()):
            machine._tamed(value) if not isinstance(value, range) else None
        if any(isinstance(value, int) and value > 100_000 for value in kwargs.values()):
            raise too_large("a sample")
        return getattr(source, name)(*args, **kwargs)

    names = "random randint randrange choice choices shuffle sample uniform gauss triangular expovariate normalvariate"

    class Random:
        def __init__(self, *args: Any) -> None:
            if not args or not isinstance(args[0], int | str):
                raise Undetermined("chance")
            self.source_ = random.Random(args[0])

    def method(name: str) -> Callable[..., Any]:
        return lambda self, *args, **kwargs: draw(self.source_, name, args, kwargs)

    for name in (*names.split(), "seed"):
        setattr(Random, name, method(name))
    Random.__module__ = "random"
    machine.let_in.add(Random)
    machine.natives.add(Random)
    return {**own({name: drawn(name) for name in names.split()}), "seed": Builtin("seed", seed), "Random": Random}


def kinds_of_things(machine: Machine) -> Values:
    return {"FunctionType": Function, "LambdaType": Function}


def platform(machine: Machine) -> Values:
    version = machine.world.version
    values: Values = own({"system": lambda: "Linux", "python_implementation": lambda: "CPython"})
    if version is not None:
        values["python_version"] = Builtin("python_version", lambda: ".".join(map(str, version)))
    return values


def database(machine: Machine) -> Values:
    from nextstate.domains.terminal.kernel.tools.python.library_database import install

    return install(machine)


OWN: dict[str, Callable[[Machine], Values]] = {
    "sys": system, "os": operating_system, "os.path": os_path, "shutil": shell_utilities, "glob": globbing,
    "re": regular_expressions, "pathlib": paths.install, "math": mathematics, "operator": operators,
    "functools": function_tools, "collections": containers, "time": clock, "random": mixing, "types": kinds_of_things,
    "platform": platform, "sqlite3": database, **library_tools.OWN, **library_programs.OWN,
}  # fmt: skip

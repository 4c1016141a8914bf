"""``import``: the standard library as far as `library` lets it in, and modules that the program finds in its folder."""

from __future__ import annotations

import ast
import posixpath
import sys
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import decode
from nextstate.domains.terminal.kernel.tools.python import library
from nextstate.domains.terminal.kernel.tools.python.objects import Frame, Module, Source, details

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine


def load(machine: Machine, name: str) -> Module:
    """The module called ``name``; its parents are loaded first."""
    found = machine.modules.get(name)
    if found is not None:
        return found
    parent, _, last = name.rpartition(".")
    if name == "sys":
        return _from_library(machine, name, None)
    if parent:
        above = load(machine, parent)
        known = details(above)
        if not known.own:
            return _from_library(machine, name, above)
        if not known.file.endswith("__init__.py") and known.file:
            raise ModuleNotFoundError(f"No module named {name!r}; {parent!r} is not a package", name=name)
        places = [posixpath.dirname(known.file)] if known.file else list(above.__dict__["__path__"])
    else:
        places = [
            place or machine.world.cwd for place in machine.modules["sys"].__dict__["path"] if isinstance(place, str)
        ]
        places = [place for place in places if place is not library.SYSTEM_PATH]
    own = _search(machine, name, last, places)
    if own is not None:
        if parent:
            machine.modules[parent].__dict__[last] = own
        return own
    if not parent:
        return _from_library(machine, name, None)
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _from_library(machine: Machine, name: str, above: Module | None) -> Module:
    made = library.find(machine, name)
    if made is None:
        if name.partition(".")[0] in sys.stdlib_module_names or name.partition(".")[0] in thirdparty():
            raise Undetermined(f"the module {name} is not computed")
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    machine.modules[name] = made
    if above is not None:
        above.__dict__[name.rpartition(".")[2]] = made
    return made


_THIRD: frozenset[str] | None = None


def thirdparty() -> frozenset[str]:
    """Names of packages that a machine may have; that any other name is missing counts as certain."""
    global _THIRD
    if _THIRD is None:
        _THIRD = frozenset((resources(__package__ or "") / "packages.txt").read_text("utf-8").split())
    return _THIRD


# -- the program's own modules --------------------------------------------------------------------------------


def _search(machine: Machine, name: str, last: str, places: list[str]) -> Module | None:
    standard = "." not in name and name in sys.stdlib_module_names
    for place in places:
        folder = place if place.startswith("/") else posixpath.join(machine.world.cwd, place)
        for path in (f"{folder}/{last}/__init__.py", f"{folder}/{last}.py"):
            if _there(machine, path, standard):
                if standard:
                    raise Undetermined(f"a file that stands for the module {name}")
                return _run(machine, name, path, folder)
        if not standard and _there(machine, f"{folder}/{last}", False, directory=True):
            made = Module(name, {"__name__": name, "__path__": [f"{folder}/{last}"]}, own=True)
            machine.modules[name] = made
            return made
    return None


def _there(machine: Machine, path: str, standard: bool, *, directory: bool = False) -> bool:
    """Whether a file is there. That a file of a standard module's name is not there is taken for granted."""
    try:
        node = machine.world.call.tree.lookup(posixpath.normpath(path))
    except FsError:
        return False
    except Undetermined:
        if standard:
            return False
        raise
    return isinstance(node, Dir if directory else File)


def _run(machine: Machine, name: str, path: str, folder: str) -> Module:
    shown = posixpath.normpath(path)
    text = decode(machine.world.read(shown), shown)
    values: dict[str, Any] = {"__name__": name, "__file__": shown, "__builtins__": None}
    if path.endswith("__init__.py"):
        values["__path__"] = [posixpath.dirname(shown)]
    values["__package__"] = name if "__path__" in values else name.rpartition(".")[0]
    made = Module(name, {}, own=True, file=shown)
    made.__dict__ |= values
    machine.modules[name] = made
    tree = parsed(machine, text, shown)
    names = made.__dict__
    cached(machine, shown)
    try:
        machine.program(tree, Source(shown, name, tuple(text.split("\n"))), names)
    except BaseException:
        machine.modules.pop(name, None)
        raise
    return made


def parsed(machine: Machine, text: str, shown: str) -> ast.Module:
    """The syntax tree of an imported module; one with an error in it is undetermined."""
    from nextstate.domains.terminal.kernel.tools.python.reading import checked

    found = checked(text, shown)
    if isinstance(found, SyntaxError):
        raise Undetermined("a module with a syntax error")
    return found


def cached(machine: Machine, path: str) -> None:
    """Importing leaves compiled code in ``__pycache__``."""
    world = machine.world
    if world.environ.get("PYTHONDONTWRITEBYTECODE") or machine.modules["sys"].__dict__["dont_write_bytecode"]:
        return
    if world.minor is None or world.environ.get("PYTHONPYCACHEPREFIX"):
        raise Undetermined("where compiled code is kept")
    folder, name = posixpath.split(path)
    compiled(machine, folder, f"{name.removesuffix('.py')}.cpython-3{world.minor}.pyc")


def compiled(machine: Machine, folder: str, name: str) -> None:
    tree = machine.world.call.tree
    place = f"{folder.rstrip('/')}/__pycache__"
    try:
        if tree.lookup(place) is None:
            tree.mkdir(place, 0o777 & ~machine.world.call.umask)
        tree.write(f"{place}/{name}", b"", mode=0o666 & ~machine.world.call.umask)
        tree.put(tree.resolve(f"{place}/{name}"), File(None, 0o666 & ~machine.world.call.umask, True))
    except FsError:
        return  # Python goes on silently when it cannot write there


# -- names ----------------------------------------------------------------------------------------------------


def absolute(node: ast.ImportFrom, frame: Frame) -> str:
    """The module that ``from .x import y`` means."""
    if not node.level:
        return node.module or ""
    package = frame.globals.get("__package__")
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    parts = package.split(".")
    if node.level > len(parts):
        raise ImportError("attempted relative import beyond top-level package")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def star(module: Module) -> dict[str, Any]:
    """What ``from module import *`` binds."""
    values = module.__dict__
    known = details(module)
    names = values.get("__all__")
    if names is None:
        names = [name for name in values if not name.startswith("_") and name != "\0"]
    if not known.own and any(name not in values for name in getattr(known.real, "__all__", names)):
        raise Undetermined(f"all names of {known.name}")
    return {name: values[name] for name in names if name != "\0"}


def member(machine: Machine, module: Module, name: str) -> Any:
    """What ``from module import name`` gives: a name of it, or a module inside it."""
    known = details(module)
    try:
        return machine.getattr(module, name)
    except AttributeError:
        pass
    if "__path__" in module.__dict__:
        try:
            return load(machine, f"{known.name}.{name}")
        except ModuleNotFoundError:
            pass
    if not known.own:
        if library.find(machine, f"{known.name}.{name}") is not None:
            return load(machine, f"{known.name}.{name}")
        raise Undetermined(f"how {known.name} lacks {name}")
    where = known.file or "unknown location"
    raise ImportError(f"cannot import name {name!r} from {known.name!r} ({where})", name=known.name, path=known.file)

"""The part of the standard library that a program may use, and how much of it is ours.

A module that is let in is harmless: it reaches no file, no process and no clock, evaluates no text, and changes nothing
outside the objects that it is given.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Module

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

_TABLE = re.compile(r"^(\S+):\n((?:[ ].*\n)*)", re.M)


@cache
def names() -> dict[str, str]:
    """Module -> the names that it gives as they are (``*``: all public ones; ``-name``: one that is our own)."""
    text = (resources(__package__ or "") / "library.txt").read_text("utf-8")
    return dict(_TABLE.findall(text))


PLAIN_VERSIONS = frozenset(
    """math string itertools functools collections operator textwrap datetime json csv hashlib base64 binascii zlib copy
    bisect heapq abc contextlib io html shlex keyword errno sys os os.path re pathlib glob shutil time typing
    __future__ random""".split()
)
"""Modules whose results are the same in all versions."""
SYSTEM_PATH = "\0system"
"""Stands in ``sys.path`` for the directories of the installation."""

Maker = Callable[["Machine"], dict[str, Any]]


def find(machine: Machine, name: str) -> Module | None:
    """A module of the standard library, or ``None`` when it is not computed."""
    from nextstate.domains.terminal.kernel.tools.python.library_own import OWN

    if name not in names() and name not in OWN:
        return None
    if not machine.world.exact and name not in PLAIN_VERSIONS:
        raise Undetermined(f"the module {name} of this version")
    real = import_module(name)
    values = _given(machine, real, names().get(name, ""))
    if name in OWN:
        values |= OWN[name](machine)
    values["__name__"] = name
    return Module(name, values, real=real)


def _given(machine: Machine, real: Any, listed: str) -> dict[str, Any]:
    words = listed.split()
    left_out = {word[1:] for word in words if word.startswith("-")}
    chosen = [word for word in words if word[0] not in "*-"]
    if "*" in words:
        chosen += [name for name in dir(real) if not name.startswith("_")]
    values = {name: getattr(real, name) for name in chosen if name not in left_out and hasattr(real, name)}
    for value in values.values():
        admit(machine, value)
    return values


def admit(machine: Machine, value: Any) -> None:
    """Lets the program call a native function, or use a native class."""
    if isinstance(value, types.ModuleType):
        raise Undetermined("a module inside a module")
    try:
        machine.natives.add(value)
    except TypeError:
        return
    if isinstance(value, type):
        machine.let_in.add(value)
        if issubclass(value, BaseException):
            machine.let_in |= {base for base in value.__mro__ if issubclass(base, BaseException)}


def own(values: dict[str, Callable[..., Any]], *, deep: bool = False) -> dict[str, Builtin]:
    """Functions of ours under the names of real ones."""
    return {name: Builtin(name, run, deep=deep) for name, run in values.items()}

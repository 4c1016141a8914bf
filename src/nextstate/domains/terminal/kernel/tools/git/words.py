"""Arguments, endings and the wording of paths that git's commands share."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out


class Stop(Exception):
    """The command ends here with ``out``."""

    def __init__(self, out: Out) -> None:
        super().__init__(out.stderr)
        self.out = out


def fatal(message: str, code: int = 128) -> Stop:
    return Stop(Out(stderr=f"fatal: {message}\n", code=code))


def error(message: str, code: int = 1) -> Stop:
    return Stop(Out(stderr=f"error: {message}\n", code=code))


@dataclass(frozen=True, slots=True)
class Given:
    """Options as ``(key, value)`` in order, operands, and those behind ``--`` (``None``: there was no ``--``)."""

    options: tuple[tuple[str, str], ...]
    before: tuple[str, ...]
    behind: tuple[str, ...] | None

    def has(self, *keys: str) -> bool:
        return any(key in keys for key, _ in self.options)

    def last(self, *keys: str) -> str | None:
        return next((value for key, value in reversed(self.options) if key in keys), None)

    def values(self, key: str) -> list[str]:
        return [value for name, value in self.options if name == key]

    @property
    def operands(self) -> tuple[str, ...]:
        return self.before + (self.behind or ())


def parse(command: str, args: tuple[str, ...], known: Mapping[str, str]) -> Given:
    """Reads options, also between operands. ``known`` maps ``-q``, ``--quiet``, ``-m=`` (takes a value), ``--color?``
    (may take one behind ``=``) to keys; anything else is undetermined. ``-N`` stands for a number."""
    options: list[tuple[str, str]] = []
    before: list[str] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            return Given(tuple(options), tuple(before), tuple(rest))
        if not arg.startswith("-") or arg == "-":
            before.append(arg)
        elif arg.startswith("--"):
            options.append(_long(command, arg, rest, known))
        elif re.fullmatch(r"-\d+", arg) and "-N" in known:
            options.append((known["-N"], arg[1:]))
        else:
            options += _cluster(command, arg, rest, known)
    return Given(tuple(options), tuple(before), None)


def _long(command: str, arg: str, rest: list[str], known: Mapping[str, str]) -> tuple[str, str]:
    name, equals, value = arg.partition("=")
    if equals and (f"{name}=" in known or f"{name}?" in known):
        return known.get(f"{name}=") or known[f"{name}?"], value
    if not equals and name in known:
        return known[name], ""
    if not equals and f"{name}?" in known:
        return known[f"{name}?"], ""
    if not equals and f"{name}=" in known and rest:
        return known[f"{name}="], rest.pop(0)
    raise Undetermined(f"git {command} {arg} is not computed")


def _cluster(command: str, arg: str, rest: list[str], known: Mapping[str, str]) -> list[tuple[str, str]]:
    found, letters = [], arg[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if f"-{letter}" in known:
            found.append((known[f"-{letter}"], ""))
        elif f"-{letter}=" in known and (letters or rest):
            found.append((known[f"-{letter}="], letters or rest.pop(0)))
            letters = ""
        elif f"-{letter}?" in known:
            found.append((known[f"-{letter}?"], letters))
            letters = ""
        else:
            raise Undetermined(f"git {command} {arg} is not computed")
    return found


_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def quoted(path: str, *, spaces: bool = False) -> str:
    """A path as git shows it: in quotes with escapes where it holds odd characters (or ``spaces``)."""
    raw = path.encode("utf-8", "surrogateescape")
    text = "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in raw)
    return f'"{text}"' if text != path or (spaces and " " in path) else path


def relative(path: str, prefix: str) -> str:
    """A path of the repository as seen from the directory ``prefix`` (empty, or with a slash at its end)."""
    if not prefix:
        return path
    if path.startswith(prefix) and path != prefix:
        return path[len(prefix) :]
    shown = posixpath.relpath(path, prefix)
    return shown + "/" if path.endswith("/") else shown


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"

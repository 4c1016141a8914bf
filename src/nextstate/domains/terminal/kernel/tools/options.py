"""Command-line options as GNU getopt_long reads them: clusters, abbreviations, permutation and its very messages.

A tool declares *every* option of the real program, those that it computes and those that exist but that it does not
compute, so that an invalid option is told from one that would be undetermined::

    LS = grammar("alR", {"all": "a", "recursive": "R"}, other="bI:", other_long="block-size= color[=]", code=2)

    @tool(LS)
    def ls(call: Call, options: Options) -> Out: ...

In ``short`` and ``other`` a letter is followed by ``:`` when it takes a value and by ``::`` when the value is optional.
Long names end in ``=`` or ``[=]`` likewise; they map to the key under which they are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool


class Value(Enum):
    """Whether an option takes a value."""

    NONE = ""
    REQUIRED = ":"
    OPTIONAL = "::"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The options of one program; build it with :func:`grammar`."""

    shorts: Mapping[str, Value]
    longs: Mapping[str, tuple[str, Value]]
    computed: frozenset[str]
    code: int
    hint: str
    permute: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What was given: ``(key, value)`` in order (``None``: no value), and the operands."""

    given: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]

    def has(self, *keys: str) -> bool:
        return any(key in keys for key, _ in self.given)

    def chosen(self, *keys: str) -> str | None:
        """The one of ``keys`` that was given last."""
        return next((key for key, _ in reversed(self.given) if key in keys), None)

    def last(self, *keys: str) -> str | None:
        """The value of the one of ``keys`` that was given last."""
        return next((value for key, value in reversed(self.given) if key in keys), None)

    def values(self, *keys: str) -> list[str]:
        """The values of all ``keys`` in order."""
        return [value for key, value in self.given if key in keys and value is not None]


class Stop(Exception):
    """The program ends here; ``out`` is what it printed. :func:`tool` turns it into the tool's answer."""

    def __init__(self, out: Out) -> None:
        super().__init__(out.stderr)
        self.out = out


_SHORT = re.compile(r"([^:])(:{0,2})")
HINT = "Try '{name} --help' for more information.\n"


def grammar(
    short: str,
    long: Mapping[str, str] | None = None,
    *,
    other: str = "",
    other_long: str = "",
    code: int = 1,
    hint: str = HINT,
    permute: bool = True,
) -> Grammar:
    """The options of a program: computed ones (``short``, ``long``) and existing ones that are not (``other``...).

    ``code`` is the exit status for wrong usage, ``hint`` the lines after its message (``{name}`` is filled in).
    ``--help`` and ``--version`` are added to those not computed.
    """
    mine = {letter: Value(colons) for letter, colons in _SHORT.findall(short)}
    rest = {letter: Value(colons) for letter, colons in _SHORT.findall(other)}
    longs: dict[str, tuple[str, Value]] = {}
    for word, key in (long or {}).items():
        name, kind = _long(word)
        longs[name] = (key, kind)
    computed = frozenset(mine) | {key for key, _ in longs.values() if key not in rest}
    for word in (*other_long.split(), "help", "version"):
        name, kind = _long(word)
        longs.setdefault(name, (f"--{name}", kind))
    return Grammar({**rest, **mine}, longs, computed, code, hint, permute)


def _long(word: str) -> tuple[str, Value]:
    if word.endswith("[=]"):
        return word[:-3], Value.OPTIONAL
    return (word[:-1], Value.REQUIRED) if word.endswith("=") else (word, Value.NONE)


def tool(rules: Grammar) -> Callable[[Callable[[Call, Options], Out]], Tool]:
    """Makes a tool of a function that takes its options parsed; a :class:`Stop` becomes its answer."""

    def decorate(function: Callable[[Call, Options], Out]) -> Tool:
        def run(call: Call) -> Out:
            try:
                return function(call, parse(call, rules))
            except Stop as stop:
                return stop.out

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        return run

    return decorate


def wrong_usage(call: Call, message: str, code: int = 1, hint: str = HINT) -> Stop:
    """The end of a program that was used wrongly: ``name: message`` and the hint."""
    return Stop(Out(stderr=f"{call.name}: {message}\n{hint.format(name=call.name)}", code=code))


def parse(call: Call, rules: Grammar, args: tuple[str, ...] | None = None) -> Options:
    """The options and operands of a call; wrong usage raises :class:`Stop`, what is not computed `Undetermined`."""
    if "POSIXLY_CORRECT" in call.env:
        raise Undetermined("POSIXLY_CORRECT changes how options are read")
    return _Parser(call, rules).run(list(call.args if args is None else args))


class _Parser:
    def __init__(self, call: Call, rules: Grammar) -> None:
        self.call = call
        self.rules = rules
        self.given: list[tuple[str, str | None]] = []

    def run(self, args: list[str]) -> Options:
        operands: list[str] = []
        while args:
            arg = args.pop(0)
            if arg == "--":
                operands += args
                break
            if arg.startswith("--"):
                self.long(arg[2:], args)
            elif arg.startswith("-") and arg != "-":
                self.cluster(arg[1:], args)
            elif self.rules.permute:
                operands.append(arg)
            else:
                operands += [arg, *args]
                break
        return Options(tuple(self.given), tuple(operands))

    def cluster(self, letters: str, args: list[str]) -> None:
        for at, letter in enumerate(letters):
            kind = self.rules.shorts.get(letter)
            if kind is None:
                self.fail(f"invalid option -- '{letter}'")
            if kind is Value.NONE:
                self.add(letter, None, f"-{letter}")
                continue
            rest = letters[at + 1 :]
            if not rest and kind is Value.REQUIRED:
                if not args:
                    self.fail(f"option requires an argument -- '{letter}'")
                rest = args.pop(0)
                self.add(letter, rest, f"-{letter}")
            else:
                self.add(letter, rest or (None if kind is Value.OPTIONAL else rest), f"-{letter}")
            return

    def long(self, text: str, args: list[str]) -> None:
        typed, equals, value = text.partition("=")
        name = self.full_name(typed, text)
        key, kind = self.rules.longs[name]
        if equals:
            if kind is Value.NONE:
                self.fail(f"option '--{name}' doesn't allow an argument")
            self.add(key, value, f"--{name}")
        elif kind is Value.REQUIRED:
            if not args:
                self.fail(f"option '--{name}' requires an argument")
            self.add(key, args.pop(0), f"--{name}")
        else:
            self.add(key, None, f"--{name}")

    def full_name(self, typed: str, text: str) -> str:
        if typed in self.rules.longs:
            return typed
        names = [name for name in self.rules.longs if name.startswith(typed)]
        if not names:
            self.fail(f"unrecognized option '--{text}'")
        if len({self.rules.longs[name] for name in names}) > 1:
            raise Undetermined(f"--{typed} is ambiguous")
        return names[0]

    def add(self, key: str, value: str | None, shown: str) -> None:
        if key not in self.rules.computed:
            raise Undetermined(f"{self.call.name} {shown} is not computed")
        self.given.append((key, value))

    def fail(self, message: str) -> NoReturn:
        if any(value is not None for _, value in self.given) or not message.isascii():
            raise Undetermined("which of two wrong arguments is reported")
        raise wrong_usage(self.call, message, self.rules.code, self.rules.hint)

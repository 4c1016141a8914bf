"""Reads sed scripts as GNU sed 4.9 does, with its messages for scripts that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.regex import Pattern
from nextstate.domains.terminal.kernel.tools.regex_parse import RegexError
from nextstate.domains.terminal.kernel.tools.sed_text import (
    Part,
    plain_characters,
    produced,
    replacement,
    unescaped_regex,
)


class ScriptError(Exception):
    """The script is wrong; the text is the whole message without the program's name."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Kind(Enum):
    """What an address asks for."""

    LINE = "line"
    LAST = "$"
    MATCH = "/re/"
    STEP = "first~step"
    PLUS = "+n"
    MULTIPLE = "~n"


@dataclass(frozen=True, slots=True)
class Address:
    """``pattern`` of a MATCH is ``None`` for the last expression used."""

    kind: Kind
    number: int = 0
    step: int = 0
    pattern: Pattern | None = None


@dataclass(slots=True)
class Command:
    name: str
    first: Address | None = None
    second: Address | None = None
    negate: bool = False
    text: str = ""
    """The text of ``a i c``, the label of ``: b t T``, the file of ``r R w W``."""
    number: int | None = None
    target: int = -1
    """Where a jump or a block that is not entered goes on."""
    pattern: Pattern | None = None
    parts: tuple[Part, ...] = ()
    everywhere: bool = False
    nth: int = 1
    shows: int = 0
    path: str | None = None
    table: dict[int, str] = field(default_factory=dict)


Compile = Callable[[str, bool, bool], Pattern]
"""``(expression, ignore case, lines)`` to a pattern; raises :class:`RegexError`."""

_SIMPLE = "={}dDgGhHnNpPxzF"
_ONE_ADDRESS = "=aiqQrR"


class Source:
    """One ``-e`` text or ``-f`` file, read character by character."""

    def __init__(self, text: str, name: str, *, is_file: bool) -> None:
        self.text = text
        self.name = name
        self.is_file = is_file
        self.at = 0
        self.mark = 0
        """Where the last relative address ended."""

    def next(self) -> str:
        """The next character, or nothing at the end."""
        ch = self.text[self.at : self.at + 1]
        self.at += len(ch)
        return ch

    def back(self, ch: str) -> None:
        self.at -= len(ch)

    def next_solid(self) -> str:
        """The next character that is no blank."""
        ch = self.next()
        while ch in (" ", "\t"):
            ch = self.next()
        return ch

    def digits(self) -> int | None:
        match = re.compile(r"[0-9]{1,15}").match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return int(match[0])

    def bad(self, message: str, at: int | None = None) -> ScriptError:
        if self.is_file:
            line = self.text.count("\n", 0, self.at) + 1
            return ScriptError(f"file {self.name} line {line}: {message}")
        return ScriptError(f"-e expression #{self.name}, char {self.at if at is None else at}: {message}")

    def rest_of_line(self) -> str:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        line, self.at = self.text[self.at : end], min(end + 1, len(self.text))
        return line


class Script:
    """All commands of a run; blocks and jumps are resolved by :meth:`finish`."""

    def __init__(self, compile_: Compile, *, extended: bool) -> None:
        self.compile = compile_
        self.extended = extended
        self.commands: list[Command] = []
        self.blocks: list[tuple[int, Source]] = []
        self.quiet = False
        """The script begins with ``#n``."""

    def read(self, source: Source, *, first: bool) -> None:
        while True:
            ch = source.next()
            while ch and (ch == ";" or ch.isspace()):
                ch = source.next()
            if not ch:
                return
            self.command(source, ch, first)

    def finish(self) -> None:
        if self.blocks:
            source = self.blocks[-1][1]
            if source.is_file:
                raise Undetermined("which line of a script file is reported")
            raise source.bad("unmatched `{'", 0)
        labels: dict[str, int] = {}
        for at, command in enumerate(self.commands):
            if command.name == ":":
                if command.text in labels:
                    raise Undetermined("a label twice")
                labels[command.text] = at
        for command in self.commands:
            if command.name in ("b", "t", "T"):
                if command.text and command.text not in labels:
                    raise ScriptError(f"can't find label for jump to `{command.text}'", 4)
                command.target = labels.get(command.text, len(self.commands))

    # -- commands and addresses -----------------------------------------------------------------------------

    def command(self, source: Source, ch: str, first: bool) -> None:
        command = Command("")
        command.first, ch = self.address(source, ch)
        if command.first is not None:
            if command.first.kind in (Kind.PLUS, Kind.MULTIPLE):
                raise source.bad("invalid usage of +N or ~N as first address", source.mark)
            if ch == ",":
                command.second, ch = self.address(source, source.next_solid())
                if command.second is None:
                    raise source.bad("unexpected `,'")
            zero = command.first.kind is Kind.LINE and command.first.number == 0
            if zero and (command.second is None or command.second.kind is not Kind.MATCH):
                raise source.bad("invalid usage of line address 0")
        if ch == "!":
            command.negate = True
            ch = source.next_solid()
            if ch == "!":
                raise source.bad("multiple `!'s")
        if not ch:
            raise source.bad("missing command")
        command.name = ch
        if command.second is not None and ch in "qQ":
            raise source.bad("command only uses one address")
        if ch == "#":
            self.comment(source, command, first)
            return
        self.argument(source, command)
        self.commands.append(command)

    def address(self, source: Source, ch: str) -> tuple[Address | None, str]:
        """The address that begins with ``ch`` (if any), and the next solid character behind it."""
        if ch and ch in "/\\":
            if ch == "\\":
                ch = source.next()
                if not ch:
                    raise source.bad("unterminated address regex")
            text = self.until(source, ch, regex=True)
            if text is None:
                raise source.bad("unterminated address regex")
            return self.match_address(source, text)
        if ch and ch in "0123456789":
            source.back(ch)
            number = source.digits() or 0
            after = source.next_solid()
            if after == "~":
                skip_blanks(source)
                return Address(Kind.STEP, number, source.digits() or 0), source.next_solid()
            return Address(Kind.LINE, number), after
        if ch and ch in "+~":
            skip_blanks(source)
            number = source.digits() or 0
            source.mark = source.at
            return Address(Kind.PLUS if ch == "+" else Kind.MULTIPLE, number), source.next_solid()
        if ch == "$":
            return Address(Kind.LAST), source.next_solid()
        return None, ch

    def match_address(self, source: Source, text: str) -> tuple[Address, str]:
        fold = lines = False
        while True:
            ch = source.next_solid()
            if ch == "I":
                fold = True
            elif ch == "M":
                lines = True
            else:
                break
        source.back(ch)
        pattern = self.pattern(source, text, fold, lines)
        return Address(Kind.MATCH, pattern=pattern), source.next_solid()

    def pattern(self, source: Source, text: str, fold: bool, lines: bool) -> Pattern | None:
        if not text:
            if fold or lines:
                raise Undetermined("flags on an empty expression")
            return None
        try:
            return self.compile(unescaped_regex(text), fold, lines)
        except RegexError as error:
            raise source.bad(str(error)) from None

    def comment(self, source: Source, command: Command, first: bool) -> None:
        if command.first is not None:
            raise source.bad("comments don't accept any addresses")
        starts = source.at == 1
        line = source.rest_of_line()
        if first and starts and line.startswith("n"):
            if line != "n":
                raise Undetermined("a comment that begins with #n")
            self.quiet = True

    # -- arguments ------------------------------------------------------------------------------------------

    def argument(self, source: Source, command: Command) -> None:
        name = command.name
        if name == "{":
            self.blocks.append((len(self.commands), source))
        elif name == "}":
            if not self.blocks:
                raise source.bad("unexpected `}'")
            if command.first is not None:
                raise Undetermined("an address before }")
            self.commands[self.blocks.pop()[0]].target = len(self.commands)
            end_of_command(source)
        elif name in _SIMPLE:
            end_of_command(source)
        elif name in "aic":
            command.text = added_text(source)
        elif name == ":":
            if command.first is not None:
                raise source.bad(": doesn't want any addresses")
            command.text = label(source)
            if not command.text:
                raise source.bad('":" lacks a label')
        elif name in "btT":
            command.text = label(source)
        elif name in "rRwW":
            command.path = file_name(source)
        elif name in "qQlL":
            skip_blanks(source)
            command.number = source.digits()
            end_of_command(source)
            if name == "L":
                raise Undetermined("the command L")
        elif name == "s":
            self.substitute(source, command)
        elif name == "y":
            self.transliterate(source, command)
        elif name in "ev":
            raise Undetermined(f"the sed command {name}")
        else:
            raise source.bad(f"unknown command: `{name}'")

    def until(self, source: Source, slash: str, *, regex: bool) -> str | None:
        """The text up to the next ``slash``; ``None`` when the line ends before it."""
        if not slash.isascii() or slash in "\n\\":
            raise Undetermined("an odd delimiter")
        found: list[str] = []
        while True:
            ch = source.next()
            if ch == slash:
                return "".join(found)
            if ch in ("", "\n"):
                source.back(ch)
                return None
            if ch == "[" and regex:
                found.append(bracket(source, ch))
            elif ch == "\\":
                found.append(self.escape(source, slash, regex=regex))
            else:
                found.append(ch)

    def escape(self, source: Source, slash: str, *, regex: bool) -> str:
        ch = source.next()
        if ch == slash:
            if (regex and ch in ("^$.*[]\\+?(){}|<>`'" if self.extended else "^$.*[]\\{}<>`'")) or (
                regex and ch.isalnum()
            ):
                raise Undetermined("an escaped delimiter that means something else")
            return "\\&" if ch == "&" and not regex else ch
        if ch == "\n":
            return "\n" if regex else "\\\n"
        return "\\" + ch

    def substitute(self, source: Source, command: Command) -> None:
        slash = source.next()
        text = self.until(source, slash, regex=True) if slash else None
        new = self.until(source, slash, regex=False) if text is not None else None
        if text is None or new is None:
            raise source.bad("unterminated `s' command")
        command.parts, highest = replacement(new)
        fold, lines = self.flags(source, command)
        command.pattern = self.pattern(source, text, fold, lines)
        if command.pattern is not None and highest > command.pattern.groups:
            raise source.bad(f"invalid reference \\{highest} on `s' command's RHS")
        if command.pattern is None and highest:
            raise Undetermined("groups of an empty expression")

    def flags(self, source: Source, command: Command) -> tuple[bool, bool]:
        fold = lines = numbered = False
        while True:
            ch = source.next()
            if ch in ("i", "I"):
                fold = True
            elif ch in ("m", "M"):
                lines = True
            elif ch == "p":
                if command.shows:
                    raise source.bad("multiple `p' options to `s' command")
                command.shows = 1
            elif ch == "g":
                if command.everywhere:
                    raise source.bad("multiple `g' options to `s' command")
                command.everywhere = True
            elif ch and ch in "0123456789":
                if numbered:
                    raise source.bad("multiple number options to `s' command")
                source.back(ch)
                command.nth, numbered = source.digits() or 0, True
                if not command.nth:
                    raise source.bad("number option to `s' command may not be zero")
            elif ch == "w":
                command.path = file_name(source)
                return fold, lines
            elif ch in ("}", "#"):
                source.back(ch)
                return fold, lines
            elif ch in ("", "\n", ";"):
                return fold, lines
            elif ch == "e":
                raise Undetermined("the flag e of s")
            elif ch not in (" ", "\t"):
                raise source.bad("unknown option to `s'")

    def transliterate(self, source: Source, command: Command) -> None:
        slash = source.next()
        old = self.until(source, slash, regex=False) if slash else None
        new = self.until(source, slash, regex=False) if old is not None else None
        if old is None or new is None:
            raise source.bad("unterminated `y' command")
        left, right = plain_characters(old), plain_characters(new)
        if len(left) != len(right):
            raise source.bad("strings for `y' command are different lengths")
        for one, other in zip(left, right, strict=True):
            command.table.setdefault(ord(one), other)
        end_of_command(source)


def skip_blanks(source: Source) -> None:
    source.back(source.next_solid())


def end_of_command(source: Source) -> None:
    ch = source.next_solid()
    if ch in ("}", "#"):
        source.back(ch)
    elif ch not in ("", "\n", ";"):
        raise source.bad("extra characters after command")


def label(source: Source) -> str:
    skip_blanks(source)
    match = re.compile(r"[^\s;}]*").match(source.text, source.at)
    assert match is not None
    source.at = match.end()
    ch = source.next_solid()
    if ch == "}":
        source.back(ch)
    elif ch not in ("", "\n", ";"):
        raise Undetermined("something after a label")
    return match[0]


def file_name(source: Source) -> str:
    skip_blanks(source)
    start = source.at
    name = source.rest_of_line()
    if not name:
        source.at = start
        raise source.bad("missing filename in r/R/w/W commands")
    return name


def bracket(source: Source, opening: str) -> str:
    """A bracket expression, in which the delimiter is an ordinary character."""
    match = re.compile(r"\^?\]?(?:\[:[a-z]+:\]|\[\.[^\n]\.\]|\[=[^\n]=\]|[^\]\n])*\]").match(source.text, source.at)
    if match is None:
        return opening + _unclosed(source)
    source.at = match.end()
    return opening + match[0]


def _unclosed(source: Source) -> str:
    """Without a closing bracket the line is used up, so that the end of the expression is missing."""
    end = source.text.find("\n", source.at)
    source.at = len(source.text) if end < 0 else end
    return ""


def added_text(source: Source) -> str:
    """The text of ``a``, ``i`` and ``c`` with its last newline."""
    ch = source.next_solid()
    if not ch:
        raise source.bad("expected \\ after `a', `c' or `i'")
    if ch == "\n":
        raise Undetermined("a text that begins on the next line")
    if ch == "\\":
        ch = source.next()
        if not ch:
            return ""
        if ch == "\\" and (source.text.startswith("\n", source.at) or "\\" in source.text[source.at :]):
            raise Undetermined("a text that begins with an escaped backslash or line end")
        if ch in " \t":
            rest = source.text[source.at :].split("\n", 1)[0]
            if not rest.strip():
                raise Undetermined("blanks after a backslash")
        if ch != "\n":
            source.back(ch)
    else:
        source.back(ch)
    found: list[str] = []
    escaped = False
    while (ch := source.next()) and ch != "\n":
        if ch != "\\":
            found.append(ch)
            continue
        if escaped and source.at == len(source.text):
            raise Undetermined("a text with backslashes, the last of them at its end")
        escaped = True
        made = produced(source.text, source.at)
        if made is not None:
            found.append(made[0])
            source.at = made[1]
        else:
            found.append(source.next())
    return "".join(found) + "\n"

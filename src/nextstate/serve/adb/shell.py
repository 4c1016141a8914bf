"""Command lines of a device's shell: words and quotes, ``;``, ``&&``, ``||``, pipes, and output into files.

What else a shell has (variables, substitutions, input from files, jobs) is refused, not guessed: such a line ends with
the status 2 before anything is done. ``$?`` in words is the last status; ``*`` and ``?`` stand for themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.errors import UsageError
from nextstate.serve.adb import programs
from nextstate.serve.adb.programs import Done
from nextstate.serve.adb.wire import MAX_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.serve.adb.phone import Phone

MAX_COMMANDS = 200
"""Commands on one line."""

_PIECE = re.compile(
    r"""(?P<blank>[ \t\r]+)
    | (?P<mark>\n|;|&&|\|\||\||&>|2>&1|[12]?>>?(?!&))
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^\s'"\\;&|<>()`]+)
    | (?P<foreign>.)""",
    re.VERBOSE | re.DOTALL,
)
_INNER = re.compile(r'\\(["\\$`])')
_VARIABLE = re.compile(r"\$(?=[\w{(])|`")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a mark between words."""

    text: str
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One program with its words; ``before`` is what joins it to the command in front (``;``, ``&&``, ``||``, ``|``).

    ``out`` is the file that its output goes to, added to it where ``more`` says so; ``error`` that of its standard
    error, which is not kept, or ``&1``: where the output goes.
    """

    words: tuple[str, ...] = ()
    before: str = ";"
    out: str = ""
    error: str = ""
    more: bool = False


async def run(phone: Phone, line: str, *, joined: bool = False) -> Done:
    """Run a line: all that it printed, and the status of its last command.

    ``joined``: errors stand among the output, in their order, as on a terminal.
    """
    try:
        commands = list(parse(line))
    except UsageError as problem:
        said = f"/system/bin/sh: {problem}\n".encode("utf-8", "replace")
        return Done(said if joined else b"", b"" if joined else said, 2)
    out, error, status, ran = b"", b"", 0, True
    piped = b""
    for command, following in zip(commands, [*commands[1:], Command()], strict=False):
        if command.before != "|":
            ran, piped = {"&&": status == 0, "||": status != 0}.get(command.before, True), b""
        if not ran:
            continue
        words = tuple(word.replace("$?", str(status)) for word in command.words)
        done = _sent(phone, command, await programs.run(phone, words, piped))
        shown, piped = (b"", done.out) if following.before == "|" else (done.out, b"")
        out = (out + shown + (done.error if joined else b""))[:MAX_OUTPUT]
        error = (error + (b"" if joined else done.error))[:MAX_OUTPUT]
        status = done.status
    return Done(out, error, status)


def _sent(phone: Phone, command: Command, done: Done) -> Done:
    """What is left of an output after some of it went into files."""
    if command.error == "&1":
        done = Done(done.out + done.error, b"", done.status)
    elif command.error:
        done = replace(done, error=b"")
    if not command.out:
        return done
    if command.out != "/dev/null":
        before = phone.files.get(command.out, b"") if command.more else b""
        try:
            phone.keep(command.out, before + done.out)
        except UsageError as problem:
            return Done(error=f"{problem}\n".encode("utf-8", "replace"), status=1)
    return replace(done, out=b"")


def parse(line: str) -> Iterator[Command]:
    """The commands of a line. Raises :class:`UsageError` for what this shell does not know."""
    command, count = Command(), 0
    tokens = iter([*_tokens(line), Token(";", mark=True)])
    for token in tokens:
        if not token.mark:
            command = replace(command, words=(*command.words, token.text))
        elif ">" in token.text:
            command = _redirected(command, token.text, tokens)
        else:
            joint = token.text if token.text in ("&&", "||", "|") else ";"
            if command.words:
                yield command
            elif command != Command() or joint != ";":
                raise UsageError(f"syntax error: unexpected {token.text!r}")
            command, count = Command(before=joint), count + 1
            if count > MAX_COMMANDS:
                raise UsageError(f"more than {MAX_COMMANDS} commands on a line")


def _redirected(command: Command, mark: str, tokens: Iterator[Token]) -> Command:
    if mark == "2>&1":
        return replace(command, error="&1")
    target = next(tokens)
    if target.mark or not target.text:
        raise UsageError(f"syntax error: a file is missing behind {mark!r}")
    if mark == "&>":
        return replace(command, out=target.text, error="&1")
    if mark.startswith("2"):
        return replace(command, error=target.text)
    return replace(command, out=target.text, more=mark.endswith(">>"))


def _tokens(line: str) -> Iterator[Token]:
    word: str | None = None
    for piece in _PIECE.finditer(line):
        kind = piece.lastgroup or ""
        if kind in ("blank", "mark"):
            if word is not None:
                yield Token(word)
            word = None
            if kind == "mark":
                yield Token(piece["mark"], mark=True)
        else:
            word = (word or "") + _text(kind, piece[kind])
    if word is not None:
        yield Token(word)


def _text(kind: str, text: str) -> str:
    """What a piece of a word says."""
    if kind == "foreign" or (kind in ("plain", "double") and _VARIABLE.search(_INNER.sub("", text))):
        raise UsageError(f"syntax error: {text[:80]!r} is not known here")
    return _INNER.sub(r"\1", text) if kind == "double" else text

"""How GNU programs quote and order names, and in which order they print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from nextstate.domains.terminal.kernel.files import Errno, FsError, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out

_PLAIN = frozenset("%+,-./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZ]_abcdefghijklmnopqrstuvwxyz")
_SPECIAL = frozenset(" !\"$&()*:;<=>?[\\^`|'")
_IGNORED = frozenset("_- ,;:!?/.`'\"()[]{}@*\\&#%+^~=<>|")


def quoteaf(call: Call, text: str) -> str:
    """A name as a shell would read it, always quoted: ``'a b'``, ``"it's"``."""
    if any(ord(ch) < 32 or 127 <= ord(ch) < 160 or (ord(ch) >= 160 and not call.utf8) for ch in text):
        raise Undetermined(f"how a message quotes {text!r}")
    if any(ord(ch) >= 160 and not ch.isprintable() for ch in text):
        raise Undetermined(f"how a message quotes {text!r}")
    if "'" not in text:
        return f"'{text}'"
    if all(ch in _PLAIN or ch in " '" or (at == 0 and ch in "#~") for at, ch in enumerate(text)):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def quotef(call: Call, text: str) -> str:
    """A name quoted only where a shell would need it: ``a``, ``'a b'``."""
    quoted = quoteaf(call, text)
    special = not text or text[0] in "#~" or text in ("{", "}") or any(ch in _SPECIAL for ch in text)
    return quoted if special else text


def ordered(call: Call, names: Iterable[str]) -> list[str]:
    """Names as ``strcoll`` orders them. Outside the C locales only an order that every locale agrees on counts.

    Locales compare letters and digits first, without case and punctuation; only what differs there and stands in
    the order of its bytes is taken as determined (the locale may also be missing on that machine).
    """
    result = sorted(names)
    if call.bytewise or len(result) < 2:
        return result
    keys = [_collation(name) for name in result]
    if any(left >= right for left, right in pairwise(keys)):
        raise Undetermined("the order of names in this locale")
    return result


def _collation(name: str) -> tuple[str, ...]:
    if name in (".", ".."):
        return ("",) * (len(name) - 1)
    if any(not (ch.isascii() and (ch.isalnum() or ch in _IGNORED)) for ch in name):
        raise Undetermined(f"the order of {name!r} in this locale")
    return tuple(ch.lower() for ch in name if ch.isalnum())


class Report:
    """What a program prints and its exit status. A message flushes what was printed before it (glibc ``error``)."""

    __slots__ = ("_both", "_err", "_out", "call", "code", "size")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.code = 0
        self.size = 0
        """Characters on both streams so far."""
        self._out: list[str] = []
        self._err: list[str] = []
        self._both: list[str] = []

    def say(self, text: str, *, named: bool = False) -> None:
        """Prints ``text``, behind ``name:`` when ``named``."""
        text = f"{self.call.name}: {text}" if named else text
        self._out.append(text)
        self._both.append(text)
        self.size += len(text)

    def warn(self, message: str) -> None:
        """``name: message`` without a change of the exit status."""
        self.ask(f"{message}\n")

    def ask(self, question: str) -> None:
        """A question on standard error, without a newline."""
        self.note(f"{self.call.name}: {question}")

    def note(self, text: str) -> None:
        """Any text on standard error."""
        self._err.append(text)
        self._both.append(text)
        self.size += len(text)

    def fail(self, message: str, code: int = 1) -> None:
        self.warn(message)
        self.code = max(self.code, code)

    def absorb(self, out: Out) -> None:
        """Takes over what another program printed; its exit status does not count."""
        self._out.append(out.stdout)
        self._err.append(out.stderr)
        self._both.append(out.both)
        self.size += len(out.stdout) + len(out.stderr)

    def out(self, *, unordered: bool = False) -> Out:
        stdout, stderr = "".join(self._out), "".join(self._err)
        merged = "".join(self._both) if stdout and stderr else None
        return Out(stdout, stderr, self.code, merged, unordered)


def locate(call: Call, operand: str) -> str:
    """The absolute path of an operand; an empty one does not exist."""
    if not operand:
        raise FsError(Errno.NOENT, operand)
    return call.path(operand)


def coreutils(call: Call, *, since: tuple[int, int] = (0, 0), until: tuple[int, int] = (99, 0)) -> bool:
    """Whether the known version of the GNU core utilities lies in a range; an unknown one is undetermined."""
    match = re.match(r"(\d+)\.(\d+)", call.facts.get("coreutils", ""))
    if match is None:
        raise Undetermined("versions of the core utilities differ here")
    return since <= (int(match[1]), int(match[2])) <= until


def why(error: FsError) -> str:
    """The words of an error."""
    return error.errno.value


def searchable(tree: Tree, mode: int) -> None:
    """A directory that may not be searched by its owner leaves too much open."""
    if not tree.allowed(mode, 0o100):
        raise Undetermined("a directory that may not be searched")

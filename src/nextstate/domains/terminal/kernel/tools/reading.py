"""What the text tools share: texts as bytes or as characters, names quoted in messages, and what was printed so far."""

from __future__ import annotations

from collections.abc import Iterator

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Grammar, Options, Stop, parse
from nextstate.domains.terminal.kernel.tools.wording import quotef

MAX_OUT = 4_000_000
"""Characters; a longer output is not worth computing."""
BUFFER = 4096
"""Bytes that the C library collects before it writes to anything that is no terminal."""

_SHELL_SPECIAL = frozenset(' !"$&()*;<=>?[^`|:')


def raw(text: str) -> str:
    """The bytes of ``text`` as characters below 256."""
    return text if text.isascii() else text.encode().decode("latin-1")


def cooked(text: str, what: str = "the output") -> str:
    """The inverse of :func:`raw`; bytes that are no UTF-8 are undetermined."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Undetermined(f"{what} is not UTF-8 text") from None


def opened(call: Call, operand: str) -> str | Errno:
    """The text of an operand, or why it cannot be read."""
    try:
        return call.read_text(operand) if operand else Errno.NOENT
    except FsError as error:
        return error.errno


def parsed(call: Call, rules: Grammar) -> Options:
    """Options of a program whose words for wrong usage are not written down here."""
    try:
        return parse(call, rules)
    except Stop:
        raise Undetermined(f"how {call.name} reports wrong usage") from None


class Printer:
    """Collects what a program prints on both streams, in order.

    The C library's ``error`` flushes standard output before it writes a message, so that both streams together are in
    the true order; programs that write messages by other means (``buffers``) show what they printed in blocks.
    """

    def __init__(self, call: Call, *, buffers: bool = False) -> None:
        self.call = call
        self.code = 0
        self.buffers = buffers
        self.size = 0
        self.pieces: list[tuple[bool, str]] = []

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_OUT:
            raise Undetermined(f"more than {MAX_OUT} characters of output")
        self.pieces.append((False, text))

    def error(self, message: str, code: int = 1) -> None:
        """One line ``name: message`` on standard error."""
        self.pieces.append((True, f"{self.call.name}: {message}\n"))
        self.code = max(self.code, code)

    def fails(self, operand: str, errno: Errno, code: int = 1) -> None:
        """The most common message: ``name: operand: No such file or directory``."""
        self.error(f"{quotef(self.call, operand)}: {errno.value}", code)

    def out(self) -> Out:
        stdout = "".join(text for is_error, text in self.pieces if not is_error)
        stderr = "".join(text for is_error, text in self.pieces if is_error)
        merged = None
        if stdout and stderr:
            merged = self.buffered(stdout) if self.buffers else "".join(text for _, text in self.pieces)
        return Out(stdout, stderr, self.code, merged)

    def buffered(self, stdout: str) -> str | None:
        """Both streams as they arrive when standard output is written in blocks."""
        if len(stdout) < BUFFER // 4 or len(raw(stdout)) < BUFFER:
            return None
        seen, sent, merged = "", 0, ""
        for is_error, text in self.pieces:
            if is_error:
                block = max(0, len(raw(seen)) - 1) // BUFFER * BUFFER
                merged += raw(seen)[sent:block] + raw(text)
                sent = max(sent, block)
            else:
                seen += text
        return cooked(merged + raw(seen)[sent:])


def each_text(call: Call, operands: tuple[str, ...], printer: Printer, code: int = 1) -> Iterator[tuple[str, str]]:
    """``(operand, text)`` of all operands that can be read (``-`` when there are none); the rest are reported."""
    used = False
    for operand in operands or ("-",):
        text = "" if used and operand == "-" else opened(call, operand)
        used |= operand == "-"
        if isinstance(text, Errno):
            printer.fails(operand, text, code)
        else:
            yield operand, text


def split_at(text: str, end: str = "\n") -> list[str]:
    """The records of a text without their ends; a missing last end adds no record."""
    records = text.split(end)
    if records[-1] == "":
        records.pop()
    return records


def joined(records: list[str], end: str = "\n") -> str:
    """Records with their ends."""
    return end.join(records) + end if records else ""


def only_bytewise(call: Call, texts: list[str]) -> None:
    """Raises :class:`Undetermined` when the locale may order ``texts`` otherwise than their bytes do."""
    if call.bytewise:
        return
    letters = set().union(*map(set, texts)) if texts else set()
    lower, upper = any(ch.islower() for ch in letters), any(ch.isupper() for ch in letters)
    plain = all(ch.isascii() and ch.isalnum() for ch in letters)
    if len(texts) > 1 and not (plain and not (lower and upper)):
        raise Undetermined("the order of these texts is a matter of the locale")

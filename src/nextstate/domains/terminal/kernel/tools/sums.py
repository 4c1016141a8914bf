"""``cksum`` and ``sum``: the old check sums; and ``shuf``, as far as chance leaves anything determined."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import Printer, split_at
from nextstate.domains.terminal.kernel.tools.wording import locate

MAX_BYTES = 500_000


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        found.append(value & 0xFFFFFFFF)
    return tuple(found)


TABLE = _table()


def crc(content: bytes) -> int:
    """The POSIX check sum: of the content and then of its length, the lowest byte first."""
    size, tail = len(content), b""
    while size:
        tail += bytes([size & 255])
        size >>= 8
    value = 0
    for byte in content + tail:
        value = (value << 8) & 0xFFFFFFFF ^ TABLE[(value >> 24) ^ byte]
    return value ^ 0xFFFFFFFF


def bsd(content: bytes) -> int:
    value = 0
    for byte in content:
        value = ((value >> 1) + ((value & 1) << 15) + byte) & 0xFFFF
    return value


def contents(call: Call, operands: tuple[str, ...], printer: Printer) -> list[tuple[str, bytes]]:
    """``[(operand, content)]``; what cannot be read must be the last operand or be reported by the caller's printer."""
    found = []
    for operand in operands or ("-",):
        content = call.input().encode() if operand == "-" else call.tree.read(locate(call, operand))
        if len(content) > MAX_BYTES:
            raise Undetermined(f"{call.name} of a big file")
        found.append((operand if operands else "", content))
    return found


@tool(grammar("", other="a:l:cwz", other_long="algorithm= length= check untagged tag binary text raw zero debug"))
def cksum(call: Call, options: Options) -> Out:
    printer = Printer(call)
    for operand in options.operands or ("",):
        try:
            for _, content in contents(call, (operand,) if operand else (), printer):
                printer.write(f"{crc(content)} {len(content)}{' ' if operand else ''}{operand}\n")
        except FsError as error:
            if error.errno is Errno.ISDIR:
                raise Undetermined("cksum of a directory") from None
            printer.fails(operand, error.errno)
    return printer.out()


@tool(grammar("r", other="s", other_long="sysv"))
def sum_(call: Call, options: Options) -> Out:
    printer = Printer(call)
    if len(options.operands) != 1:
        raise Undetermined("versions differ in when sum shows names")
    try:
        for operand, content in contents(call, options.operands, printer):
            printer.write(f"{bsd(content):05d} {-(-len(content) // 1024):5d} {operand}\n")
    except FsError as error:
        if error.errno is Errno.ISDIR:
            raise Undetermined("sum of a directory") from None
        printer.fails(options.operands[0], error.errno)
    return printer.out()


SHUF = grammar(
    "ei:n:",
    {"echo": "e", "input-range=": "i", "head-count=": "n"},
    other="o:rz",
    other_long="output= repeat zero-terminated random-source=",
)


@tool(SHUF)
def shuf(call: Call, options: Options) -> Out:
    """Lines in no determined order; which are chosen (``-n``) is chance."""
    if options.has("e") and not options.has("i"):
        lines = list(options.operands)
    elif options.has("i") and not options.operands and not options.has("e"):
        match = re.fullmatch(r"(\d{1,9})-(\d{1,9})", options.last("i") or "")
        if match is None or not 0 <= int(match[2]) - int(match[1]) < 100_000 or len(options.values("i")) > 1:
            raise Undetermined("a range of shuf")
        lines = [str(number) for number in range(int(match[1]), int(match[2]) + 1)]
    elif len(options.operands) <= 1 and not options.has("e", "i"):
        try:
            lines = split_at(call.read_text(options.operands[0] if options.operands else "-"))
        except FsError:
            raise Undetermined("shuf of what cannot be read") from None
    else:
        raise Undetermined("shuf used wrongly")
    counts = options.values("n")
    if any(not re.fullmatch(r"\d{1,9}", count) for count in counts):
        raise Undetermined("a count of shuf")
    if counts and min(map(int, counts)) < len(lines) and len(set(lines)) > 1:
        raise Undetermined("chance")
    if counts:
        lines = lines[: min(map(int, counts))]
    return Out("".join(f"{line}\n" for line in lines), unordered=len(lines) > 1)


TOOLS = {"cksum": cksum, "sum": sum_, "shuf": shuf}

"""The older checksums, and base32: cksum, sum, b2sum, base32."""

from __future__ import annotations

import base64 as codec
import binascii
import hashlib
import re
from functools import cache

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.dumping import data_of
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import Printer, parsed
from nextstate.domains.terminal.kernel.tools.wording import quotef

POLYNOMIAL = 0x04C11DB7


@cache
def table() -> tuple[int, ...]:
    """The remainders of all bytes (CRC-32 as POSIX has it: the highest bit first)."""
    found = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (POLYNOMIAL if value & 0x80000000 else 0)
        found.append(value & 0xFFFFFFFF)
    return tuple(found)


def crc(data: bytes) -> int:
    """The POSIX checksum of data followed by its length."""
    rests, value, length = table(), 0, len(data)
    tail = length.to_bytes((length.bit_length() + 7) // 8, "little")
    for byte in (*data, *tail):
        value = ((value << 8) & 0xFFFFFFFF) ^ rests[(value >> 24) ^ byte]
    return value ^ 0xFFFFFFFF


def posix(data: bytes) -> str:
    return f"{crc(data)} {len(data)}"


def bsd(data: bytes) -> str:
    value = 0
    for byte in data:
        value = ((value >> 1) + ((value & 1) << 15) + byte) & 0xFFFF
    return f"{value:05d} {-(-len(data) // 1024):5d}"


def system_v(data: bytes) -> str:
    total = sum(data)
    rest = (total & 0xFFFF) + ((total & 0xFFFFFFFF) >> 16)
    return f"{(rest & 0xFFFF) + (rest >> 16)} {-(-len(data) // 512)}"


def each(call: Call, operands: tuple[str, ...], line: str, printer: Printer, kind: str) -> None:
    """One line for every operand; ``line`` holds places for the sum and the name."""
    if operands.count("-") > 1:
        raise Undetermined("standard input twice")
    for operand in operands or ("-",):
        data = data_of(call, operand)
        if data is Errno.ISDIR:
            raise Undetermined("the checksum of a directory")
        if isinstance(data, Errno):
            printer.fails(operand, data)
            continue
        if re.search(r"[\\\n\r]", operand):
            raise Undetermined("a name that needs escaping")
        shown = {"bsd": bsd, "sysv": system_v, "crc": posix}[kind](data)
        printer.write(f"{shown}{line.format(operand) if operands else ''}\n")


CKSUM = grammar("a:", {"algorithm=": "a"}, other="cl:wz", other_long="tag untagged check length= zero debug")


def cksum(call: Call) -> Out:
    options = parsed(call, CKSUM)
    kind = options.last("a") or "crc"
    if kind not in ("crc", "bsd", "sysv"):
        raise Undetermined(f"cksum -a {kind}")
    printer = Printer(call)
    each(call, options.operands, " {}", printer, kind)
    return printer.out()


@tool(grammar("rs", {"sysv": "s"}))
def sum_(call: Call, options: Options) -> Out:
    printer = Printer(call)
    each(call, options.operands, " {}", printer, "sysv" if options.chosen("r", "s") == "s" else "bsd")
    return printer.out()


@tool(grammar("l:", {"length=": "l"}, other="bctwz", other_long="binary check tag text zero ignore-missing quiet"))
def b2sum(call: Call, options: Options) -> Out:
    bits = options.last("l") or "512"
    if not bits.isdecimal() or int(bits) % 8 or not 8 <= int(bits) <= 512:
        raise Undetermined(f"b2sum -l {bits}")
    printer = Printer(call)
    for operand in options.operands or ("-",):
        data = data_of(call, operand)
        if isinstance(data, Errno):
            printer.fails(operand, data)
            continue
        if re.search(r"[\\\n\r]", operand):
            raise Undetermined("a name that needs escaping")
        printer.write(f"{hashlib.blake2b(data, digest_size=int(bits) // 8).hexdigest()}  {operand}\n")
    return printer.out()


@tool(grammar("dw:", {"decode": "d", "wrap=": "w"}, other="i", other_long="ignore-garbage"))
def base32(call: Call, options: Options) -> Out:
    if len(options.operands) > 1:
        raise wrong_usage(call, f"extra operand {call.quote(options.operands[1])}")
    operand = (options.operands or ("-",))[0]
    data = data_of(call, operand)
    if data is Errno.NOENT:
        raise Stop(Out(stderr=f"base32: {quotef(call, operand)}: {data.value}\n", code=1))
    if isinstance(data, Errno):
        raise Undetermined("base32 of something that cannot be read")
    if options.has("d"):
        try:
            return Out(decode(codec.b32decode(data.replace(b"\n", b"")), "what is decoded"))
        except binascii.Error:
            raise Undetermined("how much of broken base32 is decoded") from None
    text, width = codec.b32encode(data).decode(), options.last("w") or "76"
    if not re.fullmatch(r"\d{1,6}", width):
        raise Undetermined("a wrong width")
    wide = int(width)
    return Out("".join(text[at : at + wide] + "\n" for at in range(0, len(text), wide)) if wide else text)


TOOLS = {"b2sum": b2sum, "base32": base32, "cksum": cksum, "sum": sum_}

"""wc: lines, words, characters and bytes, in columns as wide as the real program makes them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import Printer
from nextstate.domains.terminal.kernel.tools.wording import locate, quotef

WC = grammar(
    "clLmw",
    {"bytes": "c", "chars": "m", "lines": "l", "max-line-length": "L", "words": "w"},
    other_long="files0-from= debug",
)
_ORDER = "lwmcL"
_SPACES = " \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of an operand and what its size adds to the width of the columns (``None``: it is no file)."""

    data: bytes
    sized: bool


def width_of(ch: str) -> int:
    """Columns on a terminal, as the C library counts them."""
    if ch.isascii():
        return 1 if ch.isprintable() else 0
    if not ch.isprintable():
        raise Undetermined(f"how wide {ch!r} is")
    if unicodedata.category(ch) in ("Mn", "Me"):
        return 0
    wide = unicodedata.east_asian_width(ch)
    if wide in "WF":
        return 2
    if wide in ("Na", "N", "H") or ch in "éèàùçâêîôûäöüßñáíóú→←↑↓─│┌┐└┘├┤┬┴┼•–—‘’“”…€°·×÷±§":
        return 1
    if unicodedata.category(ch).startswith(("L", "P", "S")):
        return 1
    raise Undetermined(f"how wide {ch!r} is")


def longest_line(text: str) -> int:
    """The widest line; tabs go to multiples of eight, returns and form feeds begin a new line."""
    best = column = 0
    for ch in text:
        if ch in "\n\r\f":
            best, column = max(best, column), 0
        elif ch == "\t":
            column += 8 - column % 8
        else:
            column += width_of(ch)
    return max(best, column)


def words(text: str, utf8: bool) -> int:
    """Runs of printable characters between spaces."""
    if text.isascii() and text.isprintable():
        return len(text.split())
    total, inside = 0, False
    for ch in text:
        if ch in _SPACES or (utf8 and ch.isspace() and ord(ch) > 127):
            if ord(ch) > 127 and ch not in "\u00a0\u3000\u2028\u2029" and not 0x2000 <= ord(ch) <= 0x200A:
                raise Undetermined(f"whether {ch!r} parts words")
            inside = False
        elif ch.isprintable() if ch.isascii() else utf8 and printable(ch):
            total += not inside
            inside = True
    return total


def printable(ch: str) -> bool:
    if not ch.isprintable():
        raise Undetermined(f"whether {ch!r} is printable")
    return True


def counts(call: Call, data: bytes, keys: str) -> dict[str, int]:
    """The numbers that were asked for."""
    found = {"c": len(data), "l": data.count(b"\n")}
    if set(keys) & set("wmL"):
        text = decode(data, "the input")
        if "L" in keys and not call.utf8 and not text.isascii():
            raise Undetermined("how wide bytes are")
        if "w" in keys:
            found["w"] = words(text, call.utf8)
        found["m"] = len(text) if call.utf8 else len(data)
        if "L" in keys:
            found["L"] = longest_line(text)
    return found


def load(call: Call, operand: str) -> Content | Errno:
    if operand == "-":
        return Content(call.input().encode(), sized=call.piped is False)
    try:
        return Content(call.tree.read(locate(call, operand)), sized=operand != "/dev/null")
    except FsError as error:
        return error.errno


def width(call: Call, operands: tuple[str, ...], loaded: list[Content | Errno], columns: int) -> int:
    """How wide the columns are: enough for the sum of all sizes, and at least 7 when something is no file."""
    if len(operands) == 1 and columns == 1:
        return 1
    if "-" in operands and call.piped is None:
        raise Undetermined("whether standard input is a pipe or a file, which sets the width of the columns")
    least, total = 1, 0
    for found in loaded:
        if found is Errno.ISDIR or (isinstance(found, Content) and not found.sized):
            least = 7
        elif isinstance(found, Content):
            total += len(found.data)
    return max(least, len(str(total)))


@tool(WC)
def wc(call: Call, options: Options) -> Out:
    keys = "".join(key for key in _ORDER if options.has(key)) or "lwc"
    operands = options.operands or ("-",)
    if operands.count("-") > 1:
        raise Undetermined("standard input twice")
    loaded = [load(call, operand) for operand in operands]
    wide = width(call, operands, loaded, len(keys))
    printer, totals = Printer(call), dict.fromkeys(keys, 0)

    def row(found: dict[str, int], name: str) -> None:
        numbers = " ".join(f"{found[key]:{wide}d}" for key in keys)
        printer.write(f"{numbers} {name}\n" if name else f"{numbers}\n")

    for operand, found in zip(operands, loaded, strict=True):
        if isinstance(found, Errno):
            printer.error(f"{quotef(call, operand)}: {found.value}")
            if found is not Errno.ISDIR:
                continue
            numbers = dict.fromkeys(keys, 0)
        else:
            numbers = counts(call, found.data, keys)
        row(numbers, operand if options.operands else "")
        for key in keys:
            totals[key] = max(totals[key], numbers[key]) if key == "L" else totals[key] + numbers[key]
    if len(operands) > 1:
        row(totals, "total")
    return printer.out()


TOOLS = {"wc": wc}

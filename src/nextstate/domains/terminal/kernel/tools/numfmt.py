"""``numfmt``: numbers for people, and back."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.wording import coreutils

NUMFMT = grammar(
    "",
    {"from=": "from", "to=": "to", "suffix=": "suffix", "padding=": "padding"},
    other="d:z",
    other_long="debug delimiter= field= format= from-unit= grouping header[=] invalid= round= to-unit= zero-terminated",
)
LETTERS = "KMGTPE"


@tool(NUMFMT)
def numfmt(call: Call, options: Options) -> Out:
    source, target = options.last("from") or "none", options.last("to") or "none"
    if source not in ("none", "si", "iec", "iec-i", "auto") or target not in ("none", "si", "iec", "iec-i"):
        raise Undetermined("numfmt with another unit")
    padding = options.last("padding") or "0"
    suffix = options.last("suffix") or ""
    if not re.fullmatch(r"-?\d{1,3}", padding) or not re.fullmatch(r"[A-Za-z]*", suffix) or len(options.given) > 4:
        raise Undetermined("numfmt with other options")
    if options.operands:
        items = list(options.operands)
    else:
        items = call.input().split("\n")
        if items[-1]:
            raise Undetermined("a last line without an end")
        items.pop()
    lines = []
    for item in items:
        shown = human(call, read(item, source, suffix), target) + suffix
        width = int(padding)
        lines.append((shown.rjust(width) if width > 0 else shown.ljust(-width)) + "\n")
    return Out("".join(lines))


def read(text: str, source: str, suffix: str) -> Fraction:
    """A number with a unit; anything else than plain ones is undetermined."""
    text = text.removesuffix(suffix) if suffix else text
    match = re.fullmatch(r"(-?)(0|[1-9]\d{0,14})(?:\.(\d{1,3}))?([KMGTPE]?)(i?)", text)
    if match is None or (match[1] and not int(match[2])):
        raise Undetermined(f"numfmt of {text!r}")
    sign, whole, fraction, letter, binary = match.groups()
    if (letter and source == "none") or (bool(binary) != (bool(letter) and source == "iec-i") and source != "auto"):
        raise Undetermined(f"numfmt of {text!r}")
    if binary and not letter:
        raise Undetermined(f"numfmt of {text!r}")
    base = 1024 if source in ("iec", "iec-i") or binary else 1000
    value = Fraction(int(whole)) + (Fraction(int(fraction), 10 ** len(fraction)) if fraction else 0)
    if fraction and source == "none":
        raise Undetermined("numfmt of a fraction")
    value *= base ** (LETTERS.index(letter) + 1) if letter else 1
    if fraction and value.denominator != 1:
        raise Undetermined("numfmt of a fraction")
    return -value if sign else value


def human(call: Call, value: Fraction, target: str) -> str:
    """The number in the largest unit that it reaches, rounded away from zero."""
    sign, size = ("-", -value) if value < 0 else ("", value)
    if target == "none":
        if size > 10**15:
            raise Undetermined("a huge number")
        return f"{sign}{math.ceil(size)}"
    base, power = (1000 if target == "si" else 1024), 0
    while size >= base:
        size /= base
        power += 1
    if power >= len(LETTERS):
        raise Undetermined("a huge number")
    if power:
        size = Fraction(math.ceil(size * 10), 10) if size < 10 else Fraction(math.ceil(size))
        if size >= base:
            size, power = size / base, power + 1
    if not power:
        return f"{sign}{math.ceil(size)}"
    if target == "si" and power == 1 and not coreutils(call, until=(9, 1)):
        raise Undetermined("versions differ in this letter")
    shown = f"{float(size):.1f}" if size < 10 else str(math.ceil(size))
    return f"{sign}{shown}{LETTERS[power - 1]}{'i' if target == 'iec-i' else ''}"


TOOLS = {"numfmt": numfmt}

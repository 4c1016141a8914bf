"""The keys of sort: where they are in a line, and how two of them compare."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import versions
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Stop

_FLAGS = "bdfghiMnRrV"
_NUMBER = re.compile(r"[ \t\n]*(-?)([0-9]*)(?:\.([0-9]*))?")
_GENERAL = re.compile(r"[ \t\n\v\f\r]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)")
_ODD_GENERAL = re.compile(r"[ \t\n\v\f\r]*[-+]?(0[xX]|nan|inf)", re.IGNORECASE)
_UNITS = {"K": 1, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_BLANKS = re.compile(r"[ \t\n]*")
_FIELD = re.compile(r"[ \t\n]*[^ \t\n]*")
_NO_DICTIONARY = re.compile(r"[^A-Za-z0-9 \t\n]")
_NO_PRINT = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Key:
    """A key; fields and characters count from 0, ``None`` is the start or the end of the line."""

    word: int | None = None
    char: int = 0
    last_word: int | None = None
    last_char: int = 0
    flags: frozenset[str] = frozenset()
    skips_start: bool = False
    skips_end: bool = False

    @property
    def plain(self) -> bool:
        """No ordering of its own, so that it takes the global one."""
        return not self.flags and not self.skips_start and not self.skips_end


def parse_key(call: Call, text: str) -> Key:
    """A ``-k`` value; a wrong one ends the program."""
    word, at = _count(call, text, 0, "invalid number at field start")
    if word == 0:
        raise _bad(call, text, "field number is zero")
    char = 1
    if text[at : at + 1] == ".":
        char, at = _count(call, text, at + 1, "invalid number after '.'")
        if char == 0:
            raise _bad(call, text, "character offset is zero")
    start = at
    while text[at : at + 1] and text[at] in _FLAGS:
        at += 1
    flags, skips_start, skips_end = set(text[start:at]), "b" in text[start:at], False
    last_word: int | None = None
    last_char = 0
    if text[at : at + 1] == ",":
        last, at = _count(call, text, at + 1, "invalid number after ','")
        if last == 0:
            raise _bad(call, text, "field number is zero")
        last_word = last - 1
        if text[at : at + 1] == ".":
            last_char, at = _count(call, text, at + 1, "invalid number after '.'")
        start = at
        while text[at : at + 1] and text[at] in _FLAGS:
            at += 1
        flags |= set(text[start:at])
        skips_end = "b" in text[start:at]
    if at < len(text):
        raise _bad(call, text, "stray character in field spec")
    begin = None if (word, char) == (1, 1) else word - 1
    return Key(begin, char - 1, last_word, last_char, frozenset(flags - {"b"}), skips_start, skips_end)


def _count(call: Call, text: str, at: int, wrong: str) -> tuple[int, int]:
    match = re.compile(r"[0-9]{1,9}(?![0-9])").match(text, at)
    if match is None:
        if re.compile(r"[ \t+0-9-]").match(text, at):
            raise Undetermined(f"the key {text!r}")
        raise Stop(Out(stderr=f"sort: {wrong}: invalid count at start of {call.quote(text[at:])}\n", code=2))
    return int(match[0]), match.end()


def _bad(call: Call, text: str, why: str) -> Stop:
    return Stop(Out(stderr=f"sort: {why}: invalid field specification {call.quote(text)}\n", code=2))


def inherited(key: Key, common: Key) -> Key:
    """A key without an ordering of its own takes the common one."""
    if not key.plain:
        return key
    return replace(key, flags=common.flags, skips_start=common.skips_start, skips_end=common.skips_end)


def check(key: Key) -> None:
    """Orderings that exclude each other end the program."""
    kinds = sum(flag in key.flags for flag in "nghM") + bool(key.flags & set("VRdi"))
    if kinds > 1:
        shown = "".join(flag for flag in "dfghiMnRV" if flag in key.flags and not (flag == "i" and "d" in key.flags))
        raise Stop(Out(stderr=f"sort: options '-{shown}' are incompatible\n", code=2))
    if "R" in key.flags:
        raise Undetermined("a random order")


def part(line: str, key: Key, tab: str | None) -> str:
    """The text of a key in a line."""
    begin = _begin(line, key, tab)
    if key.last_word is None:
        return line[begin:]
    return line[begin : max(begin, _end(line, key, tab))]


def _begin(line: str, key: Key, tab: str | None) -> int:
    at = _past(line, key.word or 0, tab)
    if key.skips_start:
        at = _blanks(line, at)
    return min(len(line), at + key.char)


def _past(line: str, fields: int, tab: str | None) -> int:
    """Where the field with this number begins."""
    at = 0
    for _ in range(fields):
        if tab is None:
            at = _field(line, at)
        else:
            at = line.find(tab, at) + 1
            if not at:
                return len(line)
    return at


def _blanks(line: str, at: int) -> int:
    match = _BLANKS.match(line, at)
    return match.end() if match else at


def _field(line: str, at: int) -> int:
    match = _FIELD.match(line, at)
    return match.end() if match else at


def _end(line: str, key: Key, tab: str | None) -> int:
    word = key.last_word or 0
    if key.last_char:
        at = _past(line, word, tab)
        if key.skips_end:
            at = _blanks(line, at)
        return min(len(line), at + key.last_char)
    if tab is None:
        return _past(line, word + 1, tab)
    at = 0
    for done in range(word + 1):
        found = line.find(tab, at)
        if found < 0:
            return len(line)
        at = found + (done < word)
    return at


def number(text: str) -> Decimal | int:
    """The number at the start of a text, exactly; 0 when there is none."""
    match = _NUMBER.match(text)
    if match is None or not (match[2] or match[3]):
        return 0
    if match[3] or len(match[2]) > 4000:
        return Decimal(f"{match[1]}{match[2] or '0'}.{match[3] or '0'}")
    value = int(match[2])
    return -value if match[1] else value


def human(text: str) -> tuple[int, Decimal | int]:
    """The unit's order and the number, of texts such as ``1.5K``."""
    match = _NUMBER.match(text)
    value = number(text)
    if match is None or not value:
        return 0, value
    order = _UNITS.get(text[match.end() : match.end() + 1], 0)
    return (-order if match[1] else order), value


def general(text: str) -> tuple[int, Decimal]:
    """A floating-point number; texts that are none come first."""
    if _ODD_GENERAL.match(text):
        raise Undetermined("a hexadecimal number, an infinity or no number")
    match = _GENERAL.match(text)
    if match is None:
        return 0, Decimal(0)
    value = Decimal(match[1])
    if len(value.as_tuple().digits) > 17 or not -4000 < value.adjusted() < 4000:
        raise Undetermined("a number beyond the precision of the real program")
    return 1, value


def month(text: str) -> int:
    name = text.lstrip(" \t\n")[:3].upper()
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def translated(text: str, flags: frozenset[str]) -> str:
    """The text with the characters left out that do not count, in upper case with ``f``."""
    if "d" in flags:
        text = _NO_DICTIONARY.sub("", text)
    elif "i" in flags:
        text = _NO_PRINT.sub("", text)
    return "".join(ch.upper() if "a" <= ch <= "z" else ch for ch in text) if "f" in flags else text


def measure(key: Key) -> Callable[[str], Any]:
    """A function from a key's text to something that Python orders alike."""
    flags = key.flags
    if "n" in flags:
        return number
    if "h" in flags:
        return human
    if "g" in flags:
        return general
    if "M" in flags:
        return month
    if "V" in flags:
        return cmp_to_key(lambda left, right: versions.compare(translated(left, flags), translated(right, flags)))
    if flags & set("dif"):
        return lambda text: translated(text, flags)
    return lambda text: text


def textual(key: Key) -> bool:
    """Whether the locale's order of texts decides."""
    return not key.flags & set("nghMV")

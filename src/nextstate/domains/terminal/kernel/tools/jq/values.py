"""JSON values as jq has them: numbers are doubles, objects keep the order in which keys came, everything is ordered."""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined

Json: TypeAlias = Any
MAX_DUMP = 11
"""Characters of a value in a message beyond which versions cut it differently."""


class Literal(float):
    """A number whose text is not how version 1.6 prints it; later versions keep the text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Literal:
        made = super().__new__(cls, text)
        made.text = text
        return made


class JqError(Exception):
    """An error of a program; ``value`` is what ``catch`` gets. ``sure`` is false where versions word it differently."""

    def __init__(self, value: Json, later: str | None = None) -> None:
        super().__init__(str(value))
        self.value = value
        self.later = value if later is None else later
        self.seen = False


def unworded(reason: str) -> JqError:
    """An error whose words are not known; only that it happened counts."""
    error = JqError(reason)
    error.later = None
    return error


def number(text: str) -> float:
    """The double that a text stands for."""
    value = float(text)
    return value if plain(value) == text else Literal(text)


def plain(value: float) -> str:
    """A number as version 1.6 prints it: up to 17 digits, the fewest that tell it apart."""
    if math.isnan(value):
        return "null"
    if math.isinf(value):
        value = math.copysign(1.7976931348623157e308, value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0"
    mantissa, _, exponent = f"{float.__repr__(float(abs(value)))}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    if point <= -5 + 1 - 1 or point > len(digits) + 15 or point > 17:
        power = point - 1
        tail = f"e{'-' if power < 0 else '+'}{abs(power):02d}"
        return sign + digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + tail
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def order(value: Json) -> tuple[Any, ...]:
    """A key that sorts values: null, false, true, numbers, strings, arrays, objects."""
    if value is None:
        return (0,)
    if isinstance(value, bool):
        return (2,) if value else (1,)
    if isinstance(value, float):
        if math.isnan(value):
            raise Undetermined("jq: the order of nan")
        return (3, float(value))
    if isinstance(value, str):
        return (4, value)
    if isinstance(value, list):
        return (5, [order(each) for each in value])
    keys = sorted(value)
    return (6, keys, [order(value[key]) for key in keys])


def same(left: Json, right: Json) -> bool:
    return order(left) == order(right)


def truth(value: Json) -> bool:
    return value is not None and value is not False


class Writer:
    """Writes values as text. ``later``: numbers as versions after 1.6 write them; ``loose``: it matters."""

    def __init__(
        self, *, indent: str | None = None, keys_sorted: bool = False, ascii_only: bool = False, later: bool = False
    ):
        self.indent = indent
        self.keys_sorted = keys_sorted
        self.ascii_only = ascii_only
        self.later = later
        self.loose = False

    def number(self, value: float) -> str:
        shown = plain(value)
        other = value.text if isinstance(value, Literal) else shown
        if "e+" in shown and not isinstance(value, Literal) and abs(value) < 1e300:
            other = str(int(value))
        if shown == "-0":
            other = "0"
        self.loose |= other != shown
        return other if self.later else shown

    def dump(self, value: Json, depth: int = 0) -> str:
        if isinstance(value, bool) or value is None:
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, float):
            return self.number(value)
        if isinstance(value, str):
            return self.quoted(value)
        if not value:
            return "[]" if isinstance(value, list) else "{}"
        if depth > 250:
            raise Undetermined("jq: values nested too deeply")
        if isinstance(value, list):
            items = [self.dump(each, depth + 1) for each in value]
            return self.frame("[", items, "]", depth)
        colon = ":" if self.indent is None else ": "
        keys = sorted(value) if self.keys_sorted else list(value)
        items = [self.quoted(key) + colon + self.dump(value[key], depth + 1) for key in keys]
        return self.frame("{", items, "}", depth)

    def frame(self, start: str, items: list[str], end: str, depth: int) -> str:
        if self.indent is None:
            return start + ",".join(items) + end
        inner = "\n" + self.indent * (depth + 1)
        return start + inner + ("," + inner).join(items) + "\n" + self.indent * depth + end

    def quoted(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self.ascii_only).replace("\x7f", "\\u007f")


def brief(value: Json) -> str:
    """``number (1)``; the words of a longer value are cut."""
    writer = Writer()
    shown = writer.dump(value)
    if len(shown.encode()) > MAX_DUMP or writer.loose:
        raise unworded(f"{kind(value)} ({shown[:20]}...)")
    return f"{kind(value)} ({shown})"


_SPACE = re.compile(r"[ \t\r\n]*")
_LONE = re.compile("[\ud800-\udfff]")
_NUMBER_END = re.compile(r"[ \t\r\n,:\]}\[{\"]|\Z")


class Reader:
    """Reads the values of a text one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.decoder = json.JSONDecoder(parse_float=number, parse_int=number, parse_constant=self.constant)
        if "\x00" in text or "\ufeff" in text or "\x1e" in text:
            raise Undetermined("jq: input with control characters")

    @staticmethod
    def constant(text: str) -> float:
        raise ValueError(text)

    def more(self) -> bool:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def next(self) -> Json:
        """The next value; a text that is no JSON raises ``ValueError``."""
        try:
            value, end = self.decoder.raw_decode(self.text, self.at)
        except RecursionError:
            raise Undetermined("jq: input nested too deeply") from None
        if not isinstance(value, str | list | dict) and not _NUMBER_END.match(self.text, end):
            raise ValueError("a literal that goes on")
        if "\\u" in self.text[self.at : end] and _LONE.search(json.dumps(value, ensure_ascii=False)):
            raise Undetermined("jq: half of a surrogate pair")
        self.at = end
        return value

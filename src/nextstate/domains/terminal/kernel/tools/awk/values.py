"""Values of awk: numbers are floats, strings are `str`, input that looks like a number is `Numeric`."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined


class Numeric(str):
    """A text from input that looks like a number: compared as a number, printed as it is."""

    __slots__ = ()


class Unset:
    """The value of a variable that was never set: both 0 and the empty string."""


Value: TypeAlias = "float | str | Unset"
UNSET = Unset()
_LOOKS = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
_PREFIX = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_AMBIGUOUS = re.compile(r"\s*[-+]?(?:0[xX][\da-fA-F.]*(?:[pP][-+]?\d+)?|nan(?:\(\w*\))?|inf(?:inity)?)\s*", re.I)
_SPECIAL = re.compile(r"\s*[-+]?(?:0[xX]|nan|inf)", re.I)


def from_input(text: str) -> str:
    """A field or other input."""
    if _AMBIGUOUS.fullmatch(text):
        raise Undetermined(f"whether awk takes {text[:20]!r} for a number")
    return Numeric(text) if _LOOKS.fullmatch(text) else text


def number(value: Value) -> float:
    """The value as a number; a text counts as far as it looks like one."""
    if isinstance(value, float):
        return value
    if isinstance(value, Unset):
        return 0.0
    found = _PREFIX.match(value)
    if _SPECIAL.match(value):
        raise Undetermined(f"whether awk takes {value[:20]!r} for a number")
    return float(found[1]) if found else 0.0


def text(value: Value, form: str = "%.6g", *, mawk: bool = False) -> str:
    """The value as a string; ``form`` is CONVFMT or OFMT."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Unset):
        return ""
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
        raise Undetermined("how awk prints a number that is not finite")
    if value == int(value) and (abs(value) < 2**31 or not mawk):
        if abs(value) >= 2**31:
            raise Undetermined("how this awk prints a large whole number")
        return str(int(value))
    if form != "%.6g":
        return formatted(form, [value])
    return f"{value:.6g}"


def truth(value: Value) -> bool:
    if isinstance(value, float):
        return value != 0
    if isinstance(value, Numeric):
        return number(value) != 0
    return isinstance(value, str) and value != ""


def compare(left: Value, right: Value, *, mawk: bool) -> int:
    """Negative, zero or positive; numbers are compared as numbers, everything else as text."""
    numeric = all(isinstance(value, float | Numeric | Unset) for value in (left, right))
    a: float | str
    b: float | str
    if numeric:
        a, b = number(left), number(right)
    else:
        a, b = text(left, mawk=mawk), text(right, mawk=mawk)
    return (a > b) - (a < b)  # type: ignore[operator]


_SPEC = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(hh|h|ll|l|L|q|j|z|t)?(.)?", re.DOTALL)


def formatted(form: str, values: list[Value], *, mawk: bool = False) -> str:
    """``sprintf`` of awk."""
    rest = iter(values)

    def following() -> Value:
        try:
            return next(rest)
        except StopIteration:
            raise Undetermined("printf with too few values") from None

    def one(match: re.Match[str]) -> str:
        flags, width, precision, _, kind = match.groups()
        if kind == "%" and match[0] == "%%":
            return "%"
        if kind is None or kind not in "diouxXeEfFgGcs":
            raise Undetermined(f"{match[0]!r} in printf")
        dotted = "." in match[0]
        wide = str(int(number(following()))) if width == "*" else width or ""
        exact = str(int(number(following()))) if precision == "*" else precision or ("0" if dotted else None)
        return _one(flags, wide, exact, kind, following(), mawk)

    return _SPEC.sub(one, form)


def _one(flags: str, width: str, precision: str | None, kind: str, value: Value, mawk: bool) -> str:
    spec = f"%{flags}{width}" + (f".{precision}" if precision is not None else "")
    if (width and int(width.lstrip("-")) > 10_000) or (precision and int(precision) > 1_000):
        raise Undetermined("a very wide printf")
    if kind == "c":
        if isinstance(value, float | Unset):
            code = int(number(value))
            if not 0 < code < 128:
                raise Undetermined("a character beyond ASCII")
            return f"%{flags.replace('0', '')}{width}s" % chr(code)
        if not str(value)[:1].isascii():
            raise Undetermined("a character beyond ASCII")
        return f"%{flags.replace('0', '')}{width}s" % str(value)[:1]
    if kind == "s":
        shown = text(value, mawk=mawk)
        if (width or precision is not None) and not shown.isascii():
            raise Undetermined("the width of characters beyond ASCII")
        return spec.replace("0", "", 1) % shown if flags.startswith("0") else (spec + "s") % shown
    amount = number(value)
    if not math.isfinite(amount):
        raise Undetermined("how awk prints a number that is not finite")
    if kind in "diouxX":
        if abs(amount) >= 2**53 or (amount < 0 and kind in "ouxX"):
            raise Undetermined("a number beyond whole ones")
        return (spec + ("d" if kind in "diu" else kind)) % int(amount)
    return (spec + kind) % amount

"""Numbers of bc: decimal fractions with a scale, cut off and never rounded."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined

MAX_DIGITS = 4_000
LINE = 68
"""Characters of a number on one line."""


@dataclass(frozen=True, slots=True)
class Number:
    """The value ``digits`` / 10 ** ``scale``."""

    digits: int
    scale: int = 0

    def at(self, scale: int) -> int:
        """The digits with a larger or smaller scale, cut off towards zero."""
        if scale >= self.scale:
            return int(self.digits * 10 ** (scale - self.scale))
        cut = abs(self.digits) // int(10 ** (self.scale - scale))
        return -cut if self.digits < 0 else cut

    def to(self, scale: int) -> Number:
        return Number(self.at(scale), scale)


ZERO, ONE = Number(0), Number(1)


def limited(number: Number) -> Number:
    if number.digits.bit_length() > MAX_DIGITS * 3:
        raise Undetermined("a very long number")
    return number


def plus(left: Number, right: Number) -> Number:
    scale = max(left.scale, right.scale)
    return Number(left.at(scale) + right.at(scale), scale)


def minus(left: Number, right: Number) -> Number:
    return plus(left, Number(-right.digits, right.scale))


def times(left: Number, right: Number, scale: int) -> Number:
    full = left.scale + right.scale
    product = Number(left.digits * right.digits, full)
    return limited(product.to(min(full, max(scale, left.scale, right.scale))))


def over(left: Number, right: Number, scale: int) -> Number:
    if not right.digits:
        raise Undetermined("how bc reports a division by zero")
    top = abs(left.digits) * 10 ** (scale + right.scale)
    quotient = top // (abs(right.digits) * 10**left.scale)
    return Number(-quotient if (left.digits < 0) != (right.digits < 0) else quotient, scale)


def rest(left: Number, right: Number, scale: int) -> Number:
    wide = max(left.scale, right.scale + scale)
    quotient = over(left, right, scale)
    product = Number(quotient.digits * right.digits, quotient.scale + right.scale).to(wide)
    return minus(left, product).to(wide)


def power(base: Number, exponent: Number, scale: int) -> Number:
    if exponent.scale and exponent.digits % 10**exponent.scale:
        raise Undetermined("a power that is no whole number")
    times_ = exponent.at(0)
    if exponent.scale:
        raise Undetermined("a power with a scale")
    if abs(times_) * max(1, base.digits.bit_length()) > MAX_DIGITS * 3:
        raise Undetermined("a very long number")
    raised = Number(base.digits ** abs(times_), base.scale * abs(times_))
    if times_ < 0:
        return over(ONE, raised, scale)
    return raised.to(min(base.scale * times_, max(scale, base.scale)))


def root(number: Number, scale: int) -> Number:
    if number.digits < 0:
        raise Undetermined("the root of a negative number")
    wide = max(scale, number.scale)
    if not number.digits:
        return ZERO
    if number.at(number.scale) == 10**number.scale:
        return ONE
    return Number(math.isqrt(number.at(2 * wide)), wide)


def compare(left: Number, right: Number) -> int:
    scale = max(left.scale, right.scale)
    first, second = left.at(scale), right.at(scale)
    return (first > second) - (first < second)


def length(number: Number) -> int:
    digits = len(str(abs(number.digits))) if number.digits else 1
    return max(digits, number.scale)


def text_of(number: Number, base: int) -> str:
    """The number as it is printed, without line breaks."""
    if not number.digits:
        return "0"
    sign = "-" if number.digits < 0 else ""
    if base != 10:
        if number.scale:
            raise Undetermined("a fraction in another base")
        return sign + in_base(abs(number.digits), base)
    whole, part = divmod(abs(number.digits), 10**number.scale)
    return sign + (str(whole) if whole else "") + (f".{part:0{number.scale}d}" if number.scale else "")


def in_base(value: int, base: int) -> str:
    found = ""
    while value:
        value, digit = divmod(value, base)
        found = "0123456789ABCDEF"[digit] + found
    return found


def read(text: str, base: int) -> Number:
    """A constant as it is typed."""
    if base != 10:
        if "." in text:
            raise Undetermined("a fraction in another base")
        if len(text) == 1:
            return Number(int(text, 16))
        value = 0
        for digit in text:
            value = value * base + min(int(digit, 16), base - 1)
        return Number(value)
    if any(ch in "ABCDEF" for ch in text):
        if len(text) > 1:
            raise Undetermined("letters in a decimal number")
        return Number(int(text, 16))
    whole, _, part = text.partition(".")
    return Number(int(whole + part or "0"), len(part))

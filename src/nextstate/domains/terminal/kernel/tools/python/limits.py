"""How much a program may do and how large its values may grow; beyond that nothing is determined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from nextstate.domains.terminal.kernel.files import Undetermined

STEPS = 1_000_000
"""Evaluated nodes, rounds of loops and elements that native code walks through: about a second."""
ITEMS = 1_000_000
"""Elements of one container, characters of one text."""
BITS = 200_000
"""Bits of one whole number."""
DEPTH = 900
"""Nested calls; Python itself stops at 1,000."""
WIDTH = 10_000
"""The largest width or precision in a format."""

_NUMBER = re.compile(r"\d{5,}")


def too_large(what: str) -> Undetermined:
    return Undetermined(f"{what} is larger than what is computed")


class Budget:
    """Counts down the steps of one program."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Undetermined("the program takes more steps than are computed")

    def metered(self, values: Iterable[Any]) -> Iterator[Any]:
        """The same values, each of which costs a step; for native code that walks through them."""
        for value in values:
            self.left -= 1
            if self.left < 0:
                raise Undetermined("the program takes more steps than are computed")
            yield value

    # -- operators that make large values out of small ones ---------------------------------------------------

    def power(self, base: Any, exponent: Any) -> None:
        if isinstance(base, int) and isinstance(exponent, int):
            if exponent > 0 and base.bit_length() * exponent > BITS:
                raise too_large("a power")
        elif not isinstance(base, int | float | complex) and isinstance(exponent, int) and abs(exponent) > 1000:
            raise too_large("a power")

    def shift(self, value: Any, by: Any) -> None:
        if isinstance(value, int) and isinstance(by, int) and value.bit_length() + by > BITS:
            raise too_large("a shifted number")

    def product(self, left: Any, right: Any) -> None:
        if isinstance(left, int) and isinstance(right, int):
            size = left.bit_length() + right.bit_length()
            if size > BITS:
                raise too_large("a product")
            self.left -= size >> 12
            return
        if isinstance(right, int) and hasattr(left, "__len__"):
            left, right = right, left
        if isinstance(left, int) and hasattr(right, "__len__") and left > 0:
            size = len(right) * left
            if size > ITEMS:
                raise too_large("a repeated value")
            self.spend(size >> 5)

    def joined(self, left: Any, right: Any) -> None:
        """Before ``left + right``."""
        if hasattr(left, "__len__") and hasattr(right, "__len__"):
            size = len(left) + len(right)
            if size > ITEMS:
                raise too_large("a value")
            self.left -= size >> 7
            if self.left < 0:
                self.spend(0)

    def text(self, size: int) -> None:
        """A text of ``size`` characters is made."""
        if size > ITEMS:
            raise too_large("a text")
        self.spend(size >> 7)

    def format(self, spec: str) -> None:
        """Before a value is formatted: widths in the format."""
        if _NUMBER.search(spec):
            raise too_large("a width")

    def width(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, int) and abs(value) > WIDTH:
                raise too_large("a width")

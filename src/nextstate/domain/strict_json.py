"""What a JSON text of an action or an observation may hold: numbers that there are, and a bounded depth.

:func:`no_constant` and :func:`finite` are the ``parse_constant`` and ``parse_float`` of :func:`json.loads`, which
itself takes ``NaN`` and makes an infinity of ``1e999`` (RFC 8259, section 6, knows neither).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

MAX_DEPTH = 100
"""Objects and arrays inside each other."""


def no_constant(word: str) -> NoReturn:
    """Raises :class:`ValueError` for ``NaN`` and the infinities."""
    raise ValueError(f"{word} is no number of JSON")


def finite(number: str) -> float:
    """The number of a text; raises :class:`ValueError` for one that is too large for a float."""
    if math.isfinite(value := float(number)):
        return value
    raise ValueError(f"{number[:40]} is beyond every number of JSON")


def deep(value: object) -> bool:
    """Whether objects and arrays stand more than :data:`MAX_DEPTH` inside each other."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in inside(one)]
        if not level:
            return False
    return True


def inside(value: object) -> list[Any]:
    """The values directly inside an object or an array; none in anything else."""
    return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []

"""What the values of a finished row must be, where bytes of a journal become a row again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from nextstate.errors import DataError
from nextstate.types import Origin, Outcome, Usage

Form: TypeAlias = Callable[[Any], bool]
"""Whether a value has it."""


def check(line: Mapping[str, Any], **forms: Form) -> None:
    """Raises :class:`DataError` for a value of ``line`` that is absent or has not the form that is asked of its key."""
    for name, form in forms.items():
        if name not in line:
            raise DataError(f"the row has no {name}")
        if not form(line[name]):
            raise DataError(f"{name} cannot be {repr(line[name])[:60]}")


class Answered(Protocol):
    """What somebody answered, or the row that keeps it."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def origin(self) -> Origin | None: ...

    @property
    def seconds(self) -> float: ...

    @property
    def usage(self) -> Usage: ...


def ended(answer: Answered) -> dict[str, Any]:
    """How answering ended, who answered, how long it took and what it cost, as plain JSON values."""
    return {
        "outcome": answer.outcome.value,
        "origin": answer.origin.value if answer.origin else None,
        "seconds": round(answer.seconds, 6),
        "usage": answer.usage.as_list(),
    }


def ending(line: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of :func:`ended`, by the same names. Raises :class:`DataError`, KeyError and ValueError."""
    check(line, seconds=number, usage=tokens)
    return {
        "outcome": Outcome(line["outcome"]),
        "origin": None if line["origin"] is None else Origin(line["origin"]),
        "seconds": line["seconds"],
        "usage": Usage(*line["usage"]),
    }


def text(value: Any) -> bool:
    """A text."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def number(value: Any) -> bool:
    """A finite number, not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def whole(value: Any) -> bool:
    """A whole number, not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def tokens(value: Any) -> bool:
    """The tokens of the prompt, of its cached part, and of the reply."""
    return isinstance(value, list) and len(value) == 3 and all(map(whole, value))


def counts(value: Any) -> bool:
    """Whole numbers by name."""
    return isinstance(value, Mapping) and all(map(whole, value.values()))


def numbers(value: Any) -> bool:
    """Finite numbers by name."""
    return isinstance(value, Mapping) and all(
        isinstance(one, int | float) and math.isfinite(one) for one in value.values()
    )


def texts(value: Any) -> bool:
    """Texts by name."""
    return isinstance(value, Mapping) and all(map(text, value.values()))


def optional(form: Form) -> Form:
    """What ``form`` takes, or null."""
    return lambda value: value is None or form(value)


def listed(form: Form) -> Form:
    """A list of what ``form`` takes."""
    return lambda value: isinstance(value, list) and all(map(form, value))

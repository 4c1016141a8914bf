"""The door through which built-in and third-party parts come alike: entry points of installed packages."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TypeVar

from nextstate.errors import UsageError, unknown_name

T = TypeVar("T")


def names(group: str) -> tuple[str, ...]:
    """The names installed under the entry-point ``group``, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load(group: str, name: str, kind: str, expected: type[T]) -> T:
    """What is installed under ``name``; ``kind`` is what a user calls it.

    Raises :class:`UsageError` when there is none, or it is not an instance of ``expected``.
    """
    points = entry_points(group=group, name=name)
    if not points:
        raise unknown_name(kind, name, names(group))
    point = next(iter(points))
    value = point.load()
    if not isinstance(value, expected):
        raise UsageError(
            f"{kind} {name!r} ({point.value}) is a {type(value).__name__}, not a nextstate {expected.__name__}"
        )
    return value

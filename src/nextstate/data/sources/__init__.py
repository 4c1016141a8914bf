"""Importers: one per public format, found through the entry-point group ``nextstate.sources``.

A source reads a file or a folder of files of its format and yields trajectories. Every turn that it leaves out is
counted, by reason, under ``dropped`` in the ``meta`` of its trajectory.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NoReturn, Protocol

from nextstate.errors import DataError, UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nextstate.types import Trajectory

GROUP = "nextstate.sources"


def stop(error: DataError) -> NoReturn:
    """The handler that gives up at the first broken record."""
    raise error


class Read(Protocol):
    """What an entry point of the group names."""

    def __call__(self, path: Path, on_error: Callable[[DataError], None] = stop) -> Iterator[Trajectory]:
        """The trajectories under ``path``; broken records go to ``on_error``.

        Raises :class:`UsageError` when nothing of the format is there.
        """
        ...


def names() -> tuple[str, ...]:
    """The names of all installed sources, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def find(name: str) -> Read:
    """The installed source called ``name``; raises :class:`UsageError` when there is none."""
    points = entry_points(group=GROUP, name=name)
    if not points:
        raise unknown_name("source", name, names())
    point = next(iter(points))
    value: Read = point.load()
    if not callable(value):
        raise UsageError(f"source {name!r} ({point.value}) is a {type(value).__name__}, not a function")
    return value


def files(path: Path, pattern: str) -> list[Path]:
    """``path`` itself, or the files below it that match ``pattern``, sorted; never none."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    if found := sorted(path.rglob(pattern)):
        return found
    raise UsageError(f"no {pattern} below {path}; name the folder or the file that holds them")

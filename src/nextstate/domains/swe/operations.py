"""What a tool call asks for, whatever the tool is called: a few frozen operations that all dialects come down to.

Paths are as they were given, possibly relative. Lines are counted from 1 and ranges hold both of their ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from nextstate.types import Json


@dataclass(frozen=True, slots=True)
class Run:
    """A command line for a shell."""

    command: str
    typed: bool = False
    """Whether it is input to a program that is still running."""


@dataclass(frozen=True, slots=True)
class Python:
    """Code for an interpreter that stays alive."""

    code: str


@dataclass(frozen=True, slots=True)
class View:
    """Show a file, whole or some lines of it (``last`` is ``None`` where it runs to the end), or a directory."""

    path: str
    first: int | None = None
    last: int | None = None

    @property
    def whole(self) -> bool:
        """Whether no range was asked for."""
        return self.first is None and self.last is None


@dataclass(frozen=True, slots=True)
class Create:
    """Write a file, replacing what was there."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Swap:
    """One replacement: ``old`` by ``new``, everywhere or only where it stands alone."""

    old: str
    new: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace texts in a file, one after the other; without a path, in the open file."""

    path: str
    swaps: tuple[Swap, ...]


@dataclass(frozen=True, slots=True)
class ReplaceLines:
    """Put ``text`` in the place of lines; without a path, in the open file."""

    path: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Put ``text`` behind a line (0: in front of the first); without a line, at the end."""

    path: str
    line: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the last edit of a file back."""

    path: str


@dataclass(frozen=True, slots=True)
class FindFiles:
    """Find files by name or pattern."""

    pattern: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class SearchText:
    """Search the text of a file or of the files in a folder."""

    pattern: str
    where: str = ""
    include: str = ""


@dataclass(frozen=True, slots=True)
class ListFiles:
    """List a directory."""

    path: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open a file in a viewer that shows a window of lines, at a line if one is given."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class NewFile:
    """Make an empty file and open it in the viewer."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """Move the window of the open file: ``line`` to go to, or one window up (-1) or down (1)."""

    line: int | None = None
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the work in."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A call of an editor that lacks an argument: ``missing`` for ``command``."""

    command: str
    missing: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A tool that is none of these (notes, plans, messages)."""

    name: str
    arguments: Mapping[str, Json]


Operation: TypeAlias = (
    Run
    | Python
    | View
    | Create
    | Replace
    | ReplaceLines
    | Insert
    | Undo
    | FindFiles
    | SearchText
    | ListFiles
    | Open
    | NewFile
    | Move
    | Submit
    | Incomplete
    | Other
)

ACTS_ON_FILE = (View, Create, Replace, ReplaceLines, Insert, Undo, Open, NewFile)
"""Operations with a ``path`` that names one file."""
EDITS = (Create, Replace, ReplaceLines, Insert, Undo)
"""Operations that change one file."""

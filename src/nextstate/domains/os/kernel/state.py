"""What the kernel knows of a desktop: the screen, and what the screen does not show but the history told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from nextstate.domains.os.steps import Step
from nextstate.domains.os.table import Row, Table

MAX_OPENED = 64
"""Menus that are remembered with the screen they were opened on."""
MAX_SWITCHES = 64
"""Check boxes and toggle buttons whose effect is remembered."""
MAX_LEVELS = 16
"""Menus or windows above one another that are remembered."""

Field: TypeAlias = "tuple[str, ...]"
"""What names a text field while its text, its state and the window's size change."""


def field_of(table: Table, number: int) -> Field:
    """The name of the element in a row: its kind of window, tag, name and description, its place among its like."""
    row, window = table.rows[number], table.window_of(number)
    start = 0 if window is None else window
    like = sum(one.cells[:2] == row.cells[:2] for one in table.rows[start:number])
    return ("" if window is None else table.rows[window].tag, row.tag, row.name, row.cells[4], str(like))


@dataclass(frozen=True, slots=True)
class Caret:
    """Where typed text goes in a field: the selection from ``start`` to ``end``, in characters; equal without one."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Level:
    """A screen that something opened on: a menu or a window; closing it shows this screen again.

    ``opener`` is the number of the row that was clicked, where that was a button.
    """

    below: Table
    opener: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a menu showed: the screen it was opened on, the element that was clicked, and the screen after."""

    below: Table
    name: tuple[str, ...]
    shown: Table


@dataclass(frozen=True, slots=True)
class Switch:
    """What switching a check box changed: the numbers of rows and how they look while it is off and while it is on."""

    name: tuple[str, ...]
    changes: tuple[tuple[int, Row, Row], ...]


@dataclass(frozen=True, slots=True)
class Pad:
    """A keypad: ``typing`` whether the next digit is appended (``None``: not known), and an operation that waits."""

    typing: bool | None = None
    pending: tuple[int, str] | None = None
    open: bool = False
    """Whether an operation may wait that is not known."""


@dataclass(frozen=True, slots=True)
class State:
    """The kernel's state. ``table`` is ``None`` where the screen is no table that could be read."""

    screen: str
    table: Table | None
    menus: tuple[Level, ...] = ()
    windows: tuple[Level, ...] = ()
    caret: Caret | None = None
    edited: frozenset[Field] = frozenset()
    """Fields that were seen to take typed text."""
    many_lines: frozenset[Field] = frozenset()
    """Fields that were seen to take line ends."""
    marked: tuple[tuple[Field, bool], ...] = ()
    """Whether the first edit of a field puts a star before the title of its window."""
    clipboard: str | None = None
    pointer: tuple[int, int] | None = None
    held: frozenset[str] = frozenset()
    """Keys and buttons that are down."""
    pad: Pad = field(default_factory=Pad)
    editing: bool = False
    """Whether a cell of a spreadsheet may be being edited."""
    switches: tuple[Switch, ...] = ()
    opened: tuple[Opened, ...] = ()
    last: Step | None = None
    """The last step, where it changed nothing."""

    def marks(self, name: Field) -> bool | None:
        """Whether an edit of a field is marked in the title; ``None``: not known."""
        return dict(self.marked).get(name)


def at_scroll_bar(state: State, table: Table) -> bool:
    """Whether the pointer is on a scroll bar, which may look different once the pointer has left it."""
    hit = None if state.pointer is None else table.hit(*state.pointer)
    return hit is not None and table.rows[hit].tag == "scroll-bar"


def focus_may_move(table: Table) -> bool:
    """Whether nothing but the focus itself changes when it goes to another element.

    Lists and cells change further states when they lose it, and a field for numbers may correct its text.
    """
    focused = [row for row in table.rows if "focused" in row.states]
    return len(focused) <= 1 and not any("active" in row.states or row.tag in _TOUCHY for row in focused)


_TOUCHY = frozenset(("spin-button", "table-cell", "list-item", "tree-item"))


def focus_moved(table: Table, number: int) -> Table:
    """The table with the focus on a row and on no other."""
    changes: dict[int, Row] = {at: row.with_state("focused", on=False) for at, row in _focused(table)}
    changes[number] = table.rows[number].with_state("focused", on=True)
    return table.replaced(changes)


def _focused(table: Table) -> list[tuple[int, Row]]:
    return [(at, row) for at, row in enumerate(table.rows) if "focused" in row.states]


Rule: TypeAlias = Callable[[State, Table, Step, "int | None"], "Table | str | None"]
"""``(state, table, step, row pointed at)`` -> the screen after, a refusal or, where it is no matter of it, ``None``."""

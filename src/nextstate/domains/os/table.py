"""A desktop's screen as a table: a row an element, columns between tabs, as OSWorld makes it of the accessibility tree.

``tag name text class description position (top-left x&y) size (w&h)`` and, in some recordings, ``state``: states
between commas (focused, checked, selected, active, pressed, modal, disabled). A line end inside a cell is written
``\\n``. Rows stand in the order of the tree, each window (frame, dialog, ...) before what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

HEADER = "tag\tname\ttext\tclass\tdescription\tposition (top-left x&y)\tsize (w&h)"
HEADER_WITH_STATE = HEADER + "\tstate"
MAX_TEXT = 1_000_000
"""Characters of a screen; a longer one is not read."""
MAX_ROWS = 5_000
"""Rows of a screen; a longer one is not read."""

WINDOWS = frozenset(("frame", "dialog", "window", "alert", "file-chooser", "color-chooser", "font-chooser"))
MENU_ITEMS = frozenset(("menu-item", "check-menu-item", "radio-menu-item", "tearoff-menu-item"))
EDITABLE = frozenset(("text", "entry", "password-text", "spin-button", "paragraph"))
"""Elements that may take typed text; whether one does must show."""
LISTED = frozenset(("table-cell", "list-item", "tree-item", "icon"))
"""Elements of lists, which what is typed beside them may filter."""
_SEARCH = re.compile(r"search|filter", re.IGNORECASE)
_PAIR = re.compile(r"\((-?\d{1,9}), (-?\d{1,9})\)")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the screen."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a point lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    @property
    def area(self) -> int:
        """Square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Row:
    """An element: its cells as they stand, and what position, size and state say. ``box`` is ``None`` without area."""

    cells: tuple[str, ...]
    box: Box | None
    states: frozenset[str]

    @property
    def tag(self) -> str:
        return self.cells[0]

    @property
    def name(self) -> str:
        return self.cells[1]

    @property
    def text(self) -> str:
        return self.cells[2]

    @property
    def line(self) -> str:
        return "\t".join(self.cells)

    @property
    def key(self) -> tuple[str, ...]:
        """What stays the same when text and state change: tag, name, class, description and place."""
        return (*self.cells[:2], *self.cells[3:7])

    @property
    def searches(self) -> bool:
        """Whether the name says that it is a field to search or to filter with."""
        return self.tag in EDITABLE and bool(_SEARCH.match(self.name))

    def with_text(self, text: str) -> Row:
        """The row with another text."""
        return replace(self, cells=(*self.cells[:2], text, *self.cells[3:]))

    def with_name(self, name: str) -> Row:
        """The row with another name."""
        return replace(self, cells=(self.cells[0], name, *self.cells[2:]))

    def with_state(self, state: str, on: bool) -> Row:
        """The row with a state set or not; states stand in alphabetical order."""
        states = self.states | {state} if on else self.states - {state}
        return replace(self, cells=(*self.cells[:7], ",".join(sorted(states))), states=states)


@dataclass(frozen=True, slots=True)
class Table:
    """A screen that was read: its rows in order, and whether it has the column ``state``."""

    rows: tuple[Row, ...]
    stated: bool
    owners: tuple[int | None, ...] = field(compare=False)
    """For each row the number of the row of the window that it stands in."""

    @property
    def text(self) -> str:
        """The screen as it stands in a recording."""
        return "\n".join((HEADER_WITH_STATE if self.stated else HEADER, *(row.line for row in self.rows)))

    @property
    def focused(self) -> int | None:
        """The number of the one focused row; ``None`` where there is none or more than one."""
        found = [number for number, row in enumerate(self.rows) if "focused" in row.states]
        return found[0] if len(found) == 1 else None

    @property
    def menu_is_open(self) -> bool:
        """Whether a menu has popped up: its items are shown, or a menu of the bar is selected."""
        return any(row.tag in MENU_ITEMS or (row.tag == "menu" and "selected" in row.states) for row in self.rows)

    def window_of(self, number: int) -> int | None:
        """The number of the row of the window that a row stands in; a window stands in itself."""
        return self.owners[number]

    def in_active_window(self, number: int) -> bool:
        """Whether a row stands in a window that is active and not below one that keeps all clicks to itself.

        A click elsewhere first makes a window active, or closes what pops up above it.
        """
        window = self.owners[number]
        if window is None or "active" not in self.rows[window].states:
            return False
        return not any(row.tag in WINDOWS and "modal" in row.states for at, row in enumerate(self.rows) if at != window)

    def replaced(self, changes: dict[int, Row]) -> Table:
        """The table with some rows replaced, by number."""
        return replace(self, rows=tuple(changes.get(number, row) for number, row in enumerate(self.rows)))

    def hit(self, x: int, y: int) -> int | None:
        """The number of the row under a point: of what lies on top, the smallest; ``None`` on nothing.

        Items of open menus lie on top of everything, then the active window with what is in it, then the rest.
        """
        found = [(number, row) for number, row in enumerate(self.rows) if row.box is not None and row.box.holds(x, y)]
        for layer in (self._menus(found), self._active(found), found):
            if layer:
                return min(layer, key=lambda one: (one[1].box.area if one[1].box else 0, -one[0]))[0]
        return None

    def _menus(self, found: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
        inside = self.popped()
        return [one for one in found if one[0] in inside]

    def popped(self) -> frozenset[int]:
        """The rows in popped-up menus: their items, and the submenus that stand in line with them or below the bar."""
        if not self.menu_is_open:
            return frozenset()
        columns = {(row.box.x, row.box.width) for row in self.rows if row.tag in MENU_ITEMS and row.box}
        bar = next((row.box.y for row in self.rows if row.tag == "menu" and row.box), None)
        return frozenset(
            number
            for number, row in enumerate(self.rows)
            if row.tag in MENU_ITEMS
            or (
                row.tag in ("menu", "separator")
                and row.box
                and ((row.box.x, row.box.width) in columns or row.box.y != bar)
            )
        )

    def _active(self, found: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
        active = [number for number, row in enumerate(self.rows) if row.tag in WINDOWS and "active" in row.states]
        if len(active) != 1:
            return []
        return [one for one in found if self.window_of(one[0]) == active[0]]


@lru_cache(maxsize=64)
def read(text: str) -> Table | None:
    """The table of a screen; ``None`` for any other text, a table with a broken row, or one that is too long."""
    if len(text) > MAX_TEXT or not text.startswith(HEADER):
        return None
    if text.count("\n") > MAX_ROWS:
        return None
    header, *lines = text.split("\n")
    if header not in (HEADER, HEADER_WITH_STATE):
        return None
    rows = tuple(_rows(lines, header.count("\t") + 1))
    if len(rows) != len(lines):
        return None
    return Table(rows, header == HEADER_WITH_STATE, tuple(_owners(rows)))


def _owners(rows: tuple[Row, ...]) -> Iterator[int | None]:
    window = None
    for number, row in enumerate(rows):
        window = number if row.tag in WINDOWS else window
        yield window


def _rows(lines: list[str], columns: int) -> Iterator[Row]:
    for line in lines:
        cells = tuple(line.split("\t"))
        if len(cells) != columns or not cells[0]:
            return
        states = frozenset(cells[7].split(",")) - {""} if columns > 7 else frozenset()
        yield Row(cells, _box(cells[5], cells[6]), states)


def _box(position: str, size: str) -> Box | None:
    at, extent = _PAIR.fullmatch(position), _PAIR.fullmatch(size)
    if not at or not extent:
        return None
    box = Box(int(at[1]), int(at[2]), int(extent[1]), int(extent[2]))
    return box if box.width > 0 and box.height > 0 else None

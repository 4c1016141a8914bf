"""Spreadsheets: the arrow keys and clicks move the focus from cell to cell, and the name box names the cell.

Cells are rows of the tag ``table-cell`` named by column and row (``B7``). Only cells that stand on the screen are moved
to, so nothing scrolls.
"""

from __future__ import annotations

import re

from nextstate.domains.os.kernel.state import State, focus_moved
from nextstate.domains.os.steps import Click, Hotkey, Keys, Step
from nextstate.domains.os.table import Table

_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_HOME = Hotkey(("ctrl", "home"))


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The screen after a move to another cell; a reason why not; ``None``: no matter of spreadsheets."""
    number = table.focused
    cell = (
        None if number is None or table.rows[number].tag != "table-cell" else _CELL.fullmatch(table.rows[number].name)
    )
    if number is None or cell is None:
        return None
    if state.editing:
        return "a cell is being edited"
    if isinstance(one, Click):
        return _clicked(table, number, one, hit)
    if one == _HOME:
        return _to(table, number, "A1")
    if not isinstance(one, Keys) or not one.keys or not set(one.keys) <= _ARROWS.keys():
        return None
    column, line = _column(cell[1]), int(cell[2])
    for key in one.keys[:1000]:
        column, line = column + _ARROWS[key][0], line + _ARROWS[key][1]
    if column < 1 or line < 1:
        return "a move beyond the edge of a sheet"
    return _to(table, number, _letters(column) + str(line))


def _clicked(table: Table, number: int, one: Click, hit: int | None) -> Table | None:
    if hit is None or one.button != "left" or one.clicks != 1 or table.rows[hit].tag != "table-cell":
        return None
    name = table.rows[hit].name
    return _to(table, number, name) if _CELL.fullmatch(name) else None


def _to(table: Table, number: int, name: str) -> Table | None:
    """The table with the focus on the cell called ``name`` and that name in the name box."""
    old = table.rows[number]
    found = [at for at, row in enumerate(table.rows) if row.tag == "table-cell" and row.name == name]
    boxes = [at for at, row in enumerate(table.rows) if row.tag == "text" and row.text == old.name]
    chosen = any("selected" in row.states for row in table.rows if row.tag == "table-cell")
    if len(found) != 1 or len(boxes) != 1 or chosen:
        return None
    moved = focus_moved(table, found[0])
    return moved.replaced({boxes[0]: moved.rows[boxes[0]].with_text(name)})


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def learn(state: State, before: Table, one: Step) -> bool:
    """Whether a cell may be being edited after a step: typing or a double click begins that, some keys end it."""
    if isinstance(one, Click):
        return one.clicks > 1
    if isinstance(one, Keys) and one.keys:
        if one.keys[-1] in _ENDS:
            return False
        return state.editing or not set(one.keys) <= _ARROWS.keys()
    return state.editing


_ENDS = frozenset(("enter", "escape", "tab"))

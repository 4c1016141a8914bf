"""A desktop's screen as a picture: a box for each element where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from nextstate.domain import picture
from nextstate.domain.picture import TEXT, Bounds, Box, Key
from nextstate.domains.os import table
from nextstate.domains.os.table import Row, Table
from nextstate.types import Observation

_KEYS = (
    Key("Enter", "pyautogui.press('enter')"),
    Key("Tab", "pyautogui.press('tab')"),
    Key("Escape", "pyautogui.press('escape')"),
    Key("Backspace", "pyautogui.press('backspace')"),
    Key("Scroll down", "pyautogui.scroll(-3)"),
    Key("Type…", fill=f"pyautogui.write({TEXT})"),
    Key("Press a key…", fill=f"pyautogui.press({TEXT})"),
)


def page(observation: Observation) -> str:
    """The picture of a screen; the plain lines of a text that is no table that can be read."""
    screen = table.read(observation)
    if screen is None:
        return picture.page("Desktop", picture.lines(observation))
    titles = [row.name for row in screen.rows if row.tag in table.WINDOWS and "active" in row.states]
    return picture.page(titles[0] if titles and titles[0] else "Desktop", _boxes(screen), _KEYS)


def _boxes(screen: Table) -> Iterator[Box]:
    """The rows in drawing order: menus that popped up lie above everything else."""
    above = screen.popped()
    for number in sorted(range(len(screen.rows)), key=lambda number: (number in above, number)):
        yield _box(screen.rows[number], number)


def _box(row: Row, number: int) -> Box:
    parts = [part for part in (row.name, row.text.replace("\\n", " / ")) if part]
    click, fill = _acts(row)
    states = tuple(sorted(row.states))
    return Box(row.tag, " ".join(parts), states, _bounds(row), id=str(number + 1), click=click, fill=fill)


def _acts(row: Row) -> tuple[str, str]:
    """Code that clicks in the middle of an element, and that types where the caret then is. Windows are left alone."""
    if row.box is None or row.tag in table.WINDOWS:
        return "", ""
    click = f"pyautogui.click({row.box.x + row.box.width // 2}, {row.box.y + row.box.height // 2})"
    return click, f"{click}\npyautogui.write({TEXT})" if row.tag in table.EDITABLE else ""


def _bounds(row: Row) -> Bounds | None:
    box = row.box
    return None if box is None else (box.x, box.y, box.x + box.width, box.y + box.height)

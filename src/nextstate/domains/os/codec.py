"""Actions of the desktop in words for a model, and the canonical form of its screens.

An action is pyautogui code (see `grammar`) or one of OSWorld's words WAIT, DONE, FAIL; a screen is an accessibility
table (see `table`).
"""

from __future__ import annotations

import re

from nextstate.domains.os import grammar, table
from nextstate.errors import ActionError
from nextstate.types import Action, Observation

_PANEL = frozenset(
    ("label", "menu", "menu-item", "push-button", "toggle-button", "icon", "panel", "static", "status-bar")
)
"""Elements in which panels show a clock."""
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = rf"(?:{_DAY},? )?(?:\d{{1,2}} {_MONTH}|{_MONTH} \d{{1,2}}|\d{{4}}-\d{{2}}-\d{{2}})?(?:,? \d{{4}})?"
_CLOCK = re.compile(
    rf"(?:{_DATE},? ?){{0,1}}\d{{1,2}}\u200e?[:\u2236]\d{{2}}(?:[:\u2236]\d{{2}})?(?: ?[ap]m)?", re.IGNORECASE
)
MASK = "<time>"


def validate(action: Action) -> None:
    """Raises :class:`ActionError` when an action does not parse."""
    if "\0" in action:
        raise ActionError("the action holds a NUL character, which no code does")
    if any("\ud800" <= character <= "\udfff" for character in action):
        raise ActionError("the action holds half of a surrogate pair, which is no text")
    grammar.parse(action)


def canonical(observation: Observation) -> Observation:
    """The screen with the clocks of panels masked: nobody can know what time it is when a screen is recorded.

    A clock is a label, button or menu whose whole name or text is a time of day, perhaps behind a date. Times in lists
    and documents are content and stay.
    """
    if not observation.startswith(table.HEADER):
        return observation
    return "\n".join(map(_masked, observation.split("\n")))


def _masked(line: str) -> str:
    cells = line.split("\t", 3)
    if len(cells) < 4 or cells[0] not in _PANEL:
        return line
    return "\t".join((cells[0], *(_clock(cell) for cell in cells[1:3]), cells[3]))


def _clock(cell: str) -> str:
    return MASK if len(cell) <= 60 and _CLOCK.fullmatch(cell.strip()) else cell

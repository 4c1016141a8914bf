"""What is done for the golden examples of the desktop: scripts whose points are elements, found on the live screen.

``{push-button Add}`` in a script stands for the centre of the first element with that tag and name, ``{text #2}`` for
that of the second element with that tag, ``{text #3 bottom}`` for a point near its lower edge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from nextstate.domains.os import table
from nextstate.errors import UsageError
from nextstate.types import Action, Observation

_PLACE = re.compile(r"\{(?P<tag>[a-z-]+)(?: (?P<name>[^}#]+?))?(?: #(?P<nth>\d+))?(?P<low> bottom)?\}")


def resolved(template: str, screen: Observation) -> Action:
    """The action that a line of a script stands for on a screen; raises :class:`UsageError` for what is not there."""
    found = table.read(screen)
    if found is None:
        raise UsageError("the screen is no table that can be read")
    return _PLACE.sub(lambda place: _point(place, found), template)


def _point(place: re.Match[str], found: table.Table) -> str:
    like = [row for row in found.rows if row.tag == place["tag"] and place["name"] in (None, row.name) and row.box]
    nth = int(place["nth"] or 1)
    box = like[nth - 1].box if nth <= len(like) else None
    if box is None:
        raise UsageError(f"no element {place[0]} on the screen")
    return f"{box.x + box.width // 2}, {box.y + (box.height - 8 if place['low'] else box.height // 2)}"


SCRIPTS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "desktop-form": (
            "Add a contact, then try to add one without a name",
            (
                "pyautogui.write('City Museum')",
                "pyautogui.press('tab')",
                "pyautogui.click({text #1})",
                "pyautogui.write('museum@example.org', interval=0.02)",
                "pyautogui.hotkey('ctrl', 'a')",
                "pyautogui.write('city.museum@example.org')",
                "pyautogui.click({push-button Remove})",
                "pyautogui.click({push-button Add})",
                "pyautogui.click({push-button Add})",
                "pyautogui.press('escape')",
                "pyautogui.click({table-cell Harbour})",
                "pyautogui.click({push-button Remove})",
                "pyautogui.moveTo(900, 60)",
                "pyautogui.click(3000, 40)",
            ),
        ),
        "desktop-menus": (
            "Look through the menus, hide the status line, read what the application is",
            (
                "pyautogui.click({menu File})",
                "pyautogui.press('escape')",
                "pyautogui.click({menu View})",
                "pyautogui.click({label E-mail:})",
                "pyautogui.click({menu File})",
                "pyautogui.click({menu View})",
                "pyautogui.click({check-menu-item Status line})",
                "pyautogui.click({menu Help})",
                "pyautogui.click({menu-item About})",
                "time.sleep(0.2)",
                "pyautogui.press('escape')",
                "pyautogui.press('f9')",
                "WAIT",
            ),
        ),
        "desktop-notes": (
            "Edit the notes and choose some options",
            (
                "pyautogui.click({text #3 bottom})",
                "pyautogui.write('water the plants')",
                "pyautogui.press('enter')",
                "pyautogui.write('ask Tom')",
                "pyautogui.press(['home', 'delete'])",
                "pyautogui.hotkey('ctrl', 'end')",
                "pyautogui.press('backspace', presses=3)",
                "pyautogui.scroll(-3, {text #3})",
                "pyautogui.hotkey('ctrl', 'c')",
                "pyautogui.click({check-box Weekly})",
                "pyautogui.click({check-box Newsletter})",
                "pyautogui.click({check-box Newsletter})",
                "pyautogui.click({check-box Newsletter})",
                "import pyautogui\nimport time\npyautogui.click({text #2})\npyautogui.write('Tom')\ntime.sleep(0.1)",
                "DONE",
            ),
        ),
    }
)
"""The golden examples by name: the task and what is done, on a fresh desktop with our own application."""

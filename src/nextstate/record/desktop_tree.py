"""The accessibility tree of a desktop as a table, read through AT-SPI.

It runs as a program of its own under the system's Python, which has PyGObject (packages python3-gi and
gir1.2-atspi-2.0): for every line on standard input it prints the screen as one JSON string. The columns are those of
OSWorld (xlang-ai/OSWorld) and ``state``; see `nextstate.domains.os.table`. Only what is shown has a row.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

HEADER = "tag\tname\ttext\tclass\tdescription\tposition (top-left x&y)\tsize (w&h)\tstate"
MAX_ROWS = 2_000
MAX_DEPTH = 60
MAX_TEXT = 2_000
"""Characters of one text."""

TAGS = frozenset(
    "alert check-box check-menu-item combo-box dialog document-spreadsheet document-text document-web entry "
    "file-chooser frame heading icon label link list-item menu menu-item page-tab paragraph password-text push-button "
    "radio-button radio-menu-item scroll-bar slider spin-button status-bar table-cell table-column-header text "
    "toggle-button tree-item window".split()
)
"""Elements that have a row; what only holds others (panels, fillers, scroll panes) has none."""
STATES = ("active", "checked", "expanded", "focused", "modal", "pressed", "selected")
"""States that are named, in alphabetical order; ``disabled`` is the lack of ENABLED or SENSITIVE."""


def library() -> Any:
    """The AT-SPI library, loaded here because only the system's Python has it."""
    importlib.import_module("gi").require_version("Atspi", "2.0")
    return importlib.import_module("gi.repository.Atspi")


def table(atspi: Any) -> str:
    """All applications of the desktop as one table."""
    desktop = atspi.get_desktop(0)
    lines = [HEADER]
    for row in _below(atspi, desktop, 0):
        lines.append(row)
        if len(lines) > MAX_ROWS:
            break
    return "\n".join(lines)


def _below(atspi: Any, node: Any, depth: int) -> Iterator[str]:
    for number in range(min(node.get_child_count(), MAX_ROWS)):
        child = node.get_child_at_index(number)
        if child is None or depth > MAX_DEPTH:
            continue
        row = _row(atspi, child)
        if row is not None:
            yield row
        yield from _below(atspi, child, depth + 1)


def _row(atspi: Any, node: Any) -> str | None:
    tag, states, component = node.get_role_name().replace(" ", "-"), node.get_state_set(), node.get_component_iface()
    if tag not in TAGS or component is None or not states.contains(atspi.StateType.SHOWING):
        return None
    place = component.get_extents(atspi.CoordType.SCREEN)
    if place.width <= 0 or place.height <= 0 or place.x < 0 or place.y < 0:
        return None
    name, toolkit = node.get_name() or "", (node.get_attributes() or {}).get("toolkit", "")
    cells = (
        tag, _cell(name), _cell(_text(atspi, node, name)), _cell(toolkit), _cell(node.get_description() or ""),
        f"({place.x}, {place.y})", f"({place.width}, {place.height})", _states(atspi, states),
    )  # fmt: skip
    return "\t".join(cells)


def _text(atspi: Any, node: Any, name: str) -> str:
    if node.get_text_iface() is None:
        return ""
    text = str(atspi.Text.get_text(node, 0, min(atspi.Text.get_character_count(node), MAX_TEXT)))
    return "" if text == name else text


def _cell(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\\n").replace("\t", " ").replace("\r", " ")


def _states(atspi: Any, states: Any) -> str:
    named = [name for name in STATES if states.contains(getattr(atspi.StateType, name.upper()))]
    able = states.contains(atspi.StateType.ENABLED) and states.contains(atspi.StateType.SENSITIVE)
    return ",".join(sorted([*named, *([] if able else ["disabled"])]))


def main() -> None:
    """Print the screen for every line that is read."""
    atspi = library()
    glib = importlib.import_module("gi.repository.GLib")
    for _ in sys.stdin:
        try:
            shown = table(atspi)
        except glib.Error:  # an element went away while it was read
            shown = ""
        print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()

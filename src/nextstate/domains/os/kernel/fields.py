"""Text fields: where typed text goes, and what the field and the title of its window show then.

Positions count characters of the text with real line ends. What is not known (a caret after a click into the middle of
a text, whether an element takes text at all) is a reason to refuse.
"""

from __future__ import annotations

from nextstate.domains.os.kernel import keypad
from nextstate.domains.os.kernel.state import State, field_of
from nextstate.domains.os.kernel.typing import Typing, encoded, insert, typed, typing_in
from nextstate.domains.os.steps import Click, Hotkey, Keys, Step
from nextstate.domains.os.table import EDITABLE, LISTED, Table

_STILL = frozenset(("left", "right", "home", "end"))
"""Keys that move the caret of a field and change nothing else."""
COPY = ("ctrl", "c")
CUT = ("ctrl", "x")
PASTE = ("ctrl", "v")
ALL = ("ctrl", "a")
ENDS = {("ctrl", "home"): "start", ("ctrl", "end"): "end"}
_HARMLESS = frozenset((COPY, ALL, *ENDS))
"""Keys pressed together that change nothing on the screen while a text field has the focus."""


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The screen after a step in the text field with the focus; a reason why not; ``None``: no matter of fields."""
    number = table.focused
    if number is None or table.rows[number].tag not in EDITABLE:
        return None
    if isinstance(one, Click):
        plain = hit == number and one.button == "left" and table.rows[number].tag == "text"
        return table if plain else None
    if keypad.display(table) is not None:
        return "typing into a keypad"
    if table.rows[number].tag == "password-text":
        return "a field that hides its text"
    if table.rows[number].tag == "spin-button":
        return _number(state, table, number, one)
    if isinstance(one, Hotkey):
        return _hotkey(state, table, number, one.keys)
    return _keys(state, table, number, one.keys) if isinstance(one, Keys) else None


def _number(state: State, table: Table, number: int, one: Step) -> Table | str:
    """Digits typed over a selected number; everything else may be corrected by the element when it is left."""
    typing, row = typing_in(state, table, number), table.rows[number]
    digits = isinstance(one, Keys) and all(len(key) == 1 and key.isdecimal() for key in one.keys)
    if not isinstance(one, Keys) or not digits or typing is None or typing.start is None:
        return "a step in a field for numbers"
    done = typed(typing, one.keys)
    whole = typing.start == 0 and typing.end == len(typing.text)
    if not whole or isinstance(done, str):
        return "a step in a field for numbers"
    return table.replaced({number: row.with_text(done.text)})


def _hotkey(state: State, table: Table, number: int, keys: tuple[str, ...]) -> Table | str | None:
    if keys in _HARMLESS:
        return table
    typing = typing_in(state, table, number)
    if keys not in (CUT, PASTE):
        return None
    if typing is None or typing.start is None or typing.end is None:
        return "the caret's place is not known"
    if keys == CUT and typing.start == typing.end:
        return table
    if keys == PASTE and state.clipboard is None:
        return "the clipboard is not known"
    put = state.clipboard or "" if keys == PASTE else ""
    return _shown(state, table, number, insert(typing, put))


def _keys(state: State, table: Table, number: int, keys: tuple[str, ...]) -> Table | str | None:
    typing = typing_in(state, table, number)
    if len(keys) == 1 and (keys[0] in _STILL or (keys[0] in ("up", "down") and "\\n" in table.rows[number].text)):
        return table
    if keys == ("escape",) and "\\n" in table.rows[number].text:
        return table
    if typing is None:
        return "a text that cannot be followed"
    done = typed(typing, keys)
    if isinstance(done, str):
        return done
    return _shown(state, table, number, done)


def _shown(state: State, table: Table, number: int, typing: Typing) -> Table | str:
    """The screen with the new text; a title that may or may not get a star is a reason to refuse."""
    row, name, window = table.rows[number], field_of(table, number), table.window_of(number)
    cell = encoded(typing.text)
    if cell == row.text:
        return table
    if row.searches or (name not in state.edited and any(_has(table, window, tag) for tag in LISTED)):
        return "a field that may filter what is shown"
    if (cell == "" or row.text == "") and _has(table, window, "push-button", "disabled"):
        return "a field that may enable a button"
    changes = {number: row.with_text(cell)}
    if window is not None and table.rows[window].tag != "dialog":
        if name not in state.edited:
            return "whether the element takes text is not known"
        starred, marks = table.rows[window].name.startswith("*"), state.marks(name)
        if not starred and marks is None:
            return "whether the title marks the change is not known"
        if not starred and marks:
            if _has(table, window, "page-tab"):
                return "a title that may change the width of a tab"
            changes[window] = table.rows[window].with_name("*" + table.rows[window].name)
    return table.replaced(changes)


def _has(table: Table, window: int | None, tag: str, state: str = "") -> bool:
    """Whether a window has an element with a tag, and a state if one is given."""
    return any(
        row.tag == tag and (not state or state in row.states) and table.window_of(number) == window
        for number, row in enumerate(table.rows)
    )

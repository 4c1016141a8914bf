"""What the kernel knows about a step that it does not compute, as short text for a model."""

from __future__ import annotations

from nextstate.domains.os.kernel.state import State, field_of
from nextstate.domains.os.steps import Button, Click, Hotkey, Keys, Move, Scroll, Step
from nextstate.domains.os.table import Table

MAX_FACTS = 2_000
"""Characters of all facts together."""
MAX_LINE = 400
"""Characters of a row that are quoted."""


def facts(state: State, one: Step, hit: int | None) -> str:
    """The element under the pointer, the element with the focus, what is typed and where the caret stands."""
    table = state.table
    if table is None:
        return ""
    lines = [*_pointed(table, one, hit), *_focused(state, table), *_typed(one), *_menu(table)]
    return "\n".join(lines)[:MAX_FACTS]


def known(state: State) -> str:
    """Which element has the focus, where the caret stands, whether a menu is open."""
    table = state.table
    return "\n".join([*_focused(state, table), *_menu(table)])[:MAX_FACTS] if table else ""


def _pointed(table: Table, one: Step, hit: int | None) -> list[str]:
    if not isinstance(one, Click | Move | Scroll | Button):
        return []
    if hit is None:
        return ["Under the pointer: no element of the screen."]
    return [f"Under the pointer: {_quoted(table, hit)}"]


def _focused(state: State, table: Table) -> list[str]:
    number = table.focused
    if number is None:
        return ["No single element has the focus."]
    lines = [f"Has the focus: {_quoted(table, number)}"]
    caret = state.caret
    if caret is not None and caret.field == field_of(table, number):
        place = f"at character {caret.start}" if caret.start == caret.end else f"{caret.start} to {caret.end} selected"
        lines.append(f"Caret: {place}.")
    return lines


def _typed(one: Step) -> list[str]:
    if isinstance(one, Keys | Hotkey):
        together = " together" if isinstance(one, Hotkey) else ""
        return [f"Keys pressed{together}: {' '.join(map(repr, one.keys[:100]))[:MAX_LINE]}"]
    return []


def _menu(table: Table) -> list[str]:
    return ["A menu is open; without a choice the screen before it comes back."] if table.menu_is_open else []


def _quoted(table: Table, number: int) -> str:
    return table.rows[number].line[:MAX_LINE]

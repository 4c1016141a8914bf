"""Windows: closing a dialog with Escape shows the screen that it was opened on."""

from __future__ import annotations

from collections import Counter

from nextstate.domains.os.kernel.menus import BUTTONS, closed
from nextstate.domains.os.kernel.state import MAX_LEVELS, Level, State, at_scroll_bar
from nextstate.domains.os.steps import Click, Keys, Step
from nextstate.domains.os.table import Row, Table

_CLOSED = frozenset(("dialog", "alert", "file-chooser"))


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The screen after Escape in a dialog; a reason why not; ``None``: no matter of dialogs."""
    if not isinstance(one, Keys) or one.keys != ("escape",) or table.menu_is_open:
        return None
    active = [row for row in table.rows if row.tag in _CLOSED and "active" in row.states]
    if not active:
        return None
    if table.focused is not None and table.rows[table.focused].searches:
        return "Escape in a field that searches"
    if not state.windows or not _stands(state.windows[-1].below, table):
        return "the screen below the dialog is not known"
    return closed(state.windows[-1])


def _stands(below: Table, table: Table) -> bool:
    """Whether a screen stands in another one as it was, but for the focus and for which window is active."""
    shown = Counter(map(_content, table.rows))
    return not Counter(map(_content, below.rows)) - shown


def _content(row: Row) -> tuple[tuple[str, ...], str, frozenset[str]]:
    return row.key, row.text, row.states - {"active", "focused"}


def _opened(state: State, before: Table, one: Step, hit: int | None) -> Level | None:
    """The screen that a dialog was opened on; ``None`` where the click that opened it may have moved the focus."""
    if before.menu_is_open:
        return state.menus[0] if state.menus else None
    if not isinstance(one, Click):
        return Level(before)
    return Level(before, hit) if hit is not None and before.rows[hit].tag in BUTTONS else None


def _windows(table: Table) -> tuple[tuple[str, ...], ...]:
    return tuple(row.key for row in table.rows if row.tag in _CLOSED)


def learn(state: State, before: Table, after: Table, one: Step, hit: int | None) -> tuple[Level, ...]:
    """The dialogs that are open after a step, each with the screen below it."""
    old, new = _windows(before), _windows(after)
    if old != new and at_scroll_bar(state, before):
        return ()
    if old == new:
        return state.windows
    if len(new) == len(old) + 1 and set(old) < set(new):
        level = _opened(state, before, one, hit)
        return (*state.windows, level)[-MAX_LEVELS:] if level is not None and _stands(level.below, after) else ()
    if len(new) < len(old) and set(new) < set(old):
        return state.windows[: max(0, len(state.windows) - (len(old) - len(new)))]
    return ()

"""Menus: opening one that was seen before, and closing one shows the screen below again."""

from __future__ import annotations

from nextstate.domains.os.kernel.state import MAX_LEVELS, MAX_OPENED, Level, Opened, State, at_scroll_bar, focus_moved
from nextstate.domains.os.steps import Click, Hotkey, Keys, Scroll, Step
from nextstate.domains.os.table import MENU_ITEMS, Table

BUTTONS = frozenset(("toggle-button", "push-button"))
_LIVELY = frozenset(("table-cell", "menu", "separator", "tree-item", "icon"))
"""Where a click beside an open menu was seen to do more than close it."""


def closed(level: Level) -> Table:
    """The screen after a menu was closed: a button that opened it has taken the focus."""
    return level.below if level.opener is None else focus_moved(level.below, level.opener)


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The screen after a step while a menu is open or on a menu; a reason why not; ``None``: no matter of menus."""
    if table.menu_is_open:
        return _open(state, table, one, hit)
    if isinstance(one, Click) and hit is not None and table.rows[hit].tag == "menu":
        return remembered(state, table, table, hit)
    return None


def _open(state: State, table: Table, one: Step, hit: int | None) -> Table | str:
    if isinstance(one, Scroll):
        beside = hit is not None and table.rows[hit].tag not in MENU_ITEMS | _LIVELY
        return table if beside else "scrolling over an open menu"
    if isinstance(one, Keys) and one.keys == ("escape",):
        return closed(state.menus[-1]) if state.menus else "the screen below the menu was not seen"
    if isinstance(one, Keys | Hotkey):
        return "a key in an open menu"
    if not isinstance(one, Click) or one.button != "left" or one.clicks != 1 or hit is None:
        return "the pointer in an open menu"
    return _clicked(state, table, hit)


def _clicked(state: State, table: Table, hit: int) -> Table | str:
    row = table.rows[hit]
    if not state.menus:
        return "the screen below the menu was not seen"
    if row.tag in MENU_ITEMS:
        return "an item of a menu was chosen"
    if row.tag == "menu" and "selected" in row.states:
        return closed(state.menus[-1]) if len(state.menus) == 1 else "a submenu was clicked again"
    if row.tag == "menu":
        below = state.menus[0].below
        return remembered(state, table, below, hit)
    if row.tag in _LIVELY:
        return "a click beside an open menu"
    return closed(state.menus[0])


def remembered(state: State, table: Table, below: Table, hit: int) -> Table | str:
    """What a menu showed when it was last opened on the same screen."""
    name, window = table.rows[hit].key, table.window_of(hit)
    if window is None or "active" not in table.rows[window].states:
        return "a menu of a window that is not active"
    for seen in reversed(state.opened):
        if seen.name == name and seen.below == below:
            return seen.shown
    return "a menu whose items were not seen"


def learn(state: State, before: Table, after: Table, one: Step, hit: int | None) -> tuple[Level, ...]:
    """The menus that are open after a step showed ``after``."""
    if not after.menu_is_open:
        return ()
    if not before.menu_is_open:
        if at_scroll_bar(state, before):
            return ()
        opener = hit if hit is not None and before.rows[hit].tag in BUTTONS else None
        return (Level(before, opener),)
    shown = frozenset(row.line for row in after.rows)
    kept = [row.line in shown for row in before.rows if row.tag in MENU_ITEMS]
    if after == before:
        return state.menus
    if not all(kept):
        return state.menus[:1] if not any(kept) else state.menus[: max(1, len(state.menus) - 1)]
    return (*state.menus, Level(before))[:MAX_LEVELS] if state.menus else ()


def opened(state: State, before: Table, after: Table, one: Step, hit: int | None) -> tuple[Opened, ...]:
    """What menus showed when they were opened, the last :data:`MAX_OPENED` of them."""
    if not isinstance(one, Click) or hit is None or before.rows[hit].tag != "menu" or not after.menu_is_open:
        return state.opened
    if before == after or (before.menu_is_open and not state.menus):
        return state.opened
    below = state.menus[0].below if before.menu_is_open else before
    if before.menu_is_open and hit in before.popped():
        return state.opened
    return (*state.opened, Opened(below, before.rows[hit].key, after))[-MAX_OPENED:]

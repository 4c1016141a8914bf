"""Steps that change nothing: waits, moves of the pointer, scrolling where nothing scrolls, clicks on disabled parts."""

from __future__ import annotations

from nextstate.domains.os.kernel.state import State, at_scroll_bar
from nextstate.domains.os.steps import Click, Hold, Hotkey, Keys, Move, Scroll, Step, Wait, Word
from nextstate.domains.os.table import Table

_TURNS = frozenset(("spin-button", "combo-box", "slider", "scroll-bar", "page-tab", "page-tab-list", "table-cell"))
"""Elements that the wheel changes or that stand in what scrolls."""
_SCROLLS = _TURNS | {"list-item", "tree-item", "tree-table", "table", "list", "icon", "document-web", "paragraph"}


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The same screen; a reason why it may change; ``None``: no matter of this module."""
    if isinstance(one, Wait | Word):
        return table
    if state.held:
        return "a key or a button is held down"
    if isinstance(one, Click | Move | Scroll) and at_scroll_bar(state, table):
        return "the pointer leaves a scroll bar"
    if isinstance(one, Move):
        return _moved(table, one, hit)
    if isinstance(one, Scroll):
        return _scrolled(table, one, hit)
    if isinstance(one, Hold):
        return "a key is held down" if one.down else table
    if isinstance(one, Click) and one.clicks == 0:
        return _moved(table, Move(one.x, one.y), hit)
    if isinstance(one, Keys | Hotkey) and not one.keys:
        return table
    return None


def _moved(table: Table, one: Move, hit: int | None) -> Table | str:
    if one.button is not None:
        return "something is dragged"
    if hit is not None and table.rows[hit].tag == "scroll-bar":
        return "the pointer moves onto a scroll bar"
    return "the pointer moves over an open menu" if table.menu_is_open else table


def _scrolled(table: Table, one: Scroll, hit: int | None) -> Table | str | None:
    if one.clicks == 0:
        return table
    if table.menu_is_open:
        return None
    bars = any(row.tag == "scroll-bar" for row in table.rows)
    if hit is None or bars or table.rows[hit].tag in _SCROLLS:
        return "something may be scrolled"
    return table


def disabled(state: State, table: Table, one: Step, hit: int | None) -> Table | None:
    """The same screen where a disabled element is clicked."""
    if isinstance(one, Click) and hit is not None and not table.menu_is_open:
        plain = one.button == "left" and "disabled" in table.rows[hit].states
        return table if plain and table.in_active_window(hit) else None
    return None

"""Check boxes and toggle buttons that were seen to be switched: switching one back undoes what switching it did.

The first click on a switch may do anything (enable a button, show a panel), so it is refused. What it changed is kept;
a click that finds the switch and everything it changed as they were before or after is computed from that.
"""

from __future__ import annotations

from nextstate.domains.os.kernel.state import MAX_SWITCHES, State, Switch, focus_may_move, focus_moved
from nextstate.domains.os.steps import Click, Step
from nextstate.domains.os.table import Row, Table

_SWITCHES = frozenset(("check-box", "toggle-button", "switch"))


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | None:
    """The screen after a click on a switch whose effect was seen; ``None`` otherwise."""
    if hit is None or not _switched(table, one, hit):
        return None
    for seen in reversed(state.switches):
        if seen.name == table.rows[hit].key:
            return _done(seen, table, hit)
    return None


def _switched(table: Table, one: Step, hit: int) -> bool:
    plain = isinstance(one, Click) and one.button == "left" and one.clicks == 1
    plain = plain and table.in_active_window(hit)
    return plain and table.rows[hit].tag in _SWITCHES and not table.menu_is_open and focus_may_move(table)


def _done(seen: Switch, table: Table, hit: int) -> Table | None:
    changes: dict[int, Row] = {}
    on = "checked" in table.rows[hit].states
    for number, off_row, on_row in seen.changes:
        now, then = (on_row, off_row) if on else (off_row, on_row)
        if number >= len(table.rows) or _still(table.rows[number]) != _still(now):
            return None
        changes[number] = then.with_state("focused", on="focused" in table.rows[number].states)
    return focus_moved(table.replaced(changes), hit)


def _still(row: Row) -> Row:
    return row.with_state("focused", on=False)


def learn(state: State, before: Table, after: Table, one: Step, hit: int | None) -> tuple[Switch, ...]:
    """The switches whose effect is known after a step showed ``after``; only texts and states may have changed."""
    if hit is None or not _switched(before, one, hit) or len(before.rows) != len(after.rows):
        return state.switches
    pairs = list(zip(before.rows, after.rows, strict=True))
    was, now = ("checked" in pairs[hit][side].states for side in (0, 1))
    if was == now or any(old.key != new.key for old, new in pairs):
        return state.switches
    moved = {number for number, row in enumerate(after.rows) if "focused" in row.states}
    if moved != {hit}:
        return state.switches
    changes = tuple(
        (number, _still(new if was else old), _still(old if was else new))
        for number, (old, new) in enumerate(pairs)
        if _still(old) != _still(new)
    )
    kept = tuple(one for one in state.switches if one.name != before.rows[hit].key)
    return (*kept, Switch(before.rows[hit].key, changes))[-MAX_SWITCHES:]

"""A key that changed nothing, pressed again at once, changes nothing again."""

from __future__ import annotations

from nextstate.domains.os.kernel.state import State
from nextstate.domains.os.steps import Hotkey, Keys, Step
from nextstate.domains.os.table import Table


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | None:
    """The same screen where the same key was pressed before and changed nothing; ``None`` otherwise."""
    return table if one == state.last else None


def learn(before: Table, after: Table, one: Step) -> Step | None:
    """The step to be remembered: keys that are no text and changed nothing."""
    if before != after or not isinstance(one, Keys | Hotkey):
        return None
    return None if any(len(key) == 1 for key in one.keys) and isinstance(one, Keys) else one

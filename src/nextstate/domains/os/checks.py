"""Executable checks of a desktop's screen: rules that hold whatever the world holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from nextstate.domain import Check, last_screen
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.os import grammar, table
from nextstate.domains.os.steps import Click, Keys, Step
from nextstate.domains.os.table import MENU_ITEMS, WINDOWS, Row, Table
from nextstate.errors import ActionError
from nextstate.types import Observation, Query

_STATES = frozenset("active checked disabled expanded focused modal pressed selected".split())
"""The states that a table names."""
_MESSAGES = frozenset(("alert", "dialog"))
_FAILURE = re.compile(
    r"\W*(?:errors?\b|failed\b|failure\b|could ?n[o']t\b|can ?not\b|can't\b|unable to\b|permission denied\b)",
    re.IGNORECASE,
)


def _steps(query: Query) -> tuple[Step, ...]:
    try:
        return grammar.parse(query.action)
    except ActionError:
        return ()


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A screen is a table with the columns of the screen before it, and every row has a cell for each."""
    before = last_screen(query).split("\n", 1)[0]
    if before not in (table.HEADER, table.HEADER_WITH_STATE) or len(observation) > table.MAX_TEXT:
        return None
    header, *lines = observation.split("\n")
    columns = before.count("\t")
    return header == before and all(line.count("\t") == columns and not line.startswith("\t") for line in lines)


def _on_table(rule: Callable[[Table], bool]) -> Check:
    """A check of the screen alone; it does not apply to a text that is no table that can be read."""

    def check(query: Query, observation: Observation) -> bool | None:
        found = table.read(observation)
        return None if found is None else rule(found)

    check.__doc__ = rule.__doc__
    return check


def _has_places(found: Table) -> bool:
    """Every element that is shown has a position and a size of at least one pixel."""
    return all(row.box is not None for row in found.rows)


def _names_states(found: Table) -> bool:
    """States are known words, each once, in alphabetical order."""
    if not found.stated:
        return True
    return all(row.states <= _STATES and row.cells[7] == ",".join(sorted(row.states)) for row in found.rows)


def _one_window_is_active(found: Table) -> bool:
    """At most one window is the active one."""
    return sum("active" in row.states for row in found.rows if row.tag in WINDOWS) <= 1


def _windows_come_first(found: Table) -> bool:
    """Elements stand behind the window that they are in."""
    return not found.rows or found.rows[0].tag in WINDOWS | {"panel", "desktop-frame", "menu", *MENU_ITEMS}


def escape_closes_a_menu(query: Query, observation: Observation) -> bool | None:
    """Escape in an open menu takes items off the screen."""
    before, after = table.read(last_screen(query)), table.read(observation)
    if before is None or after is None or _steps(query) != (Keys(("escape",)),) or not _items(before):
        return None
    return _items(after) < _items(before)


def _items(found: Table) -> int:
    return sum(row.tag in MENU_ITEMS for row in found.rows)


def disabled_stays(query: Query, observation: Observation) -> bool | None:
    """A click on a disabled check box or radio button does not switch it."""
    before, after, steps = table.read(last_screen(query)), table.read(observation), _steps(query)
    if before is None or after is None or len(steps) != 1 or not isinstance(steps[0], Click):
        return None
    one = steps[0]
    hit = None if one.x is None or one.y is None else before.hit(one.x, one.y)
    if (
        hit is None
        or not before.rows[hit].states >= {"disabled"}
        or before.rows[hit].tag not in ("check-box", "radio-button")
    ):
        return None
    same = [row for row in after.rows if row.key == before.rows[hit].key]
    return all(("checked" in row.states) == ("checked" in before.rows[hit].states) for row in same)


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether a message of failure has appeared; ``None`` where the screen is the one before or cannot be read."""
    before, after = table.read(last_screen(query)), table.read(observation)
    if after is None or observation == last_screen(query):
        return None
    old = frozenset(_messages(before)) if before is not None else frozenset()
    return any(_FAILURE.match(text) for texts in _messages(after) if texts not in old for text in texts)


def _messages(found: Table) -> Iterator[tuple[str, ...]]:
    """Title and labels of each message window."""
    for number, row in enumerate(found.rows):
        if row.tag in _MESSAGES:
            yield (row.name, *_labels(found.rows[number + 1 :]))


def _labels(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        if row.tag in WINDOWS:
            return
        if row.tag == "label":
            yield row.name or row.text


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "elements_have_places": _on_table(_has_places),
        "states_are_known": _on_table(_names_states),
        "one_window_is_active": _on_table(_one_window_is_active),
        "windows_come_first": _on_table(_windows_come_first),
        "escape_closes_a_menu": escape_closes_a_menu,
        "disabled_stays": disabled_stays,
        "no_reply_tags": no_reply_tags,
    }
)

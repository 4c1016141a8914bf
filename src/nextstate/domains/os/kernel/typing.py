"""Text being typed into a field: what keys do to it and to the caret.

Positions count characters of the text with real line ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nextstate.domains.os.kernel.state import State, field_of
from nextstate.domains.os.table import Table

MAX_TEXT = 100_000
"""Characters of a field beyond which nothing is computed."""
MAX_WORK = 100_000_000
"""Keys times characters of a field beyond which nothing is computed."""
_KEYS = frozenset(("enter", "tab", "backspace", "delete", "left", "right", "home", "end"))
"""Keys beside characters whose effect in a text field is known."""


@dataclass(frozen=True, slots=True)
class Typing:
    """A field being typed into: its text and the selection; ``start`` is ``None`` where the caret is not known."""

    text: str
    start: int | None
    end: int | None
    lines: bool
    """Whether it is known to hold line ends."""


def decoded(cell: str) -> str | None:
    """The text that a cell stands for; ``None`` where a backslash makes that unsure."""
    text = cell.replace("\\n", "\n")
    return None if "\\" in text or len(text) > MAX_TEXT else text


def encoded(text: str) -> str:
    """The inverse of :func:`decoded`; a tab is written as a space, for tabs divide the columns."""
    return text.replace("\n", "\\n").replace("\t", " ")


def typed(typing: Typing, keys: tuple[str, ...]) -> Typing | str:
    if len(keys) * (len(typing.text) + len(keys)) > MAX_WORK:
        return "too much is typed into too long a text"
    for key in keys:
        after = _key(typing, key)
        if isinstance(after, str):
            return after
        typing = after
    return typing


def _key(typing: Typing, key: str) -> Typing | str:
    if len(key) > 1 and key not in _KEYS:
        return "a key in a text field"
    if typing.start is None or typing.end is None:
        return "the caret's place is not known"
    if key in ("\\", "<"):
        return "a character that is not typed as it stands"
    if len(key) == 1:
        return insert(typing, key) if key.isprintable() else "a key that types nothing"
    if key == "enter":
        return _new_line(typing)
    if key == "tab":
        return insert(typing, " ") if typing.lines else "a key that leaves the field"
    return _moved(typing, key)


def _new_line(typing: Typing) -> Typing | str:
    if not typing.lines or typing.start is None:
        return "a key that leaves the field"
    line = typing.text[: typing.start].rpartition("\n")[2]
    return "a line that may be indented" if line[:1].isspace() else insert(typing, "\n")


def _moved(typing: Typing, key: str) -> Typing | str:
    text, start, end = typing.text, typing.start or 0, typing.end or 0
    if key == "backspace":
        return insert(replace(typing, start=max(0, start - 1) if start == end else start), "")
    if key == "delete":
        return insert(replace(typing, end=min(len(text), end + 1) if start == end else end), "")
    if key == "left":
        return _at(typing, max(0, start - 1) if start == end else start)
    if key == "right":
        return _at(typing, min(len(text), end + 1) if start == end else end)
    if key == "home":
        return _at(typing, text.rfind("\n", 0, start) + 1)
    if key == "end":
        found = text.find("\n", end)
        return _at(typing, len(text) if found < 0 else found)
    return "a key in a text field"


def _at(typing: Typing, place: int) -> Typing:
    return replace(typing, start=place, end=place)


def insert(typing: Typing, put: str) -> Typing:
    start, end = typing.start or 0, typing.end or 0
    return _at(replace(typing, text=typing.text[:start] + put + typing.text[end:]), start + len(put))


def typing_in(state: State, table: Table, number: int) -> Typing | None:
    text = decoded(table.rows[number].text)
    if text is None:
        return None
    name = field_of(table, number)
    lines = "\n" in text or name in state.many_lines
    caret = state.caret
    if text == "":
        return Typing("", 0, 0, lines)
    if caret is None or caret.field != name or caret.end > len(text):
        return Typing(text, None, None, lines)
    return Typing(text, caret.start, caret.end, lines)

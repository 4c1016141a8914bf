"""How an editor words what it shows of a file: a head, lines with their numbers, a tail.

A layout is learned from a view that was shown and used for later views of the same tool. Only layouts whose head and
tail are understood (they hold the path and the count of lines at most) are used for other lines than those shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"( {0,8})(\d{1,7})(\t|→|\||: |:)(.*)")
PATH, TOTAL = "\ue0f5", "\ue0f6"
"""Stand in a head or tail for the path and for the count of lines."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A view taken apart: numbered lines between a head and a tail, and how the numbers are written."""

    head: str
    lines: Mapping[int, str]
    tail: str
    width: int
    separator: str

    @property
    def first(self) -> int:
        """The number of the first line."""
        return min(self.lines)

    @property
    def last(self) -> int:
        """The number of the last line."""
        return max(self.lines)


@dataclass(frozen=True, slots=True)
class Layout:
    """How views are worded. ``extra``: behind a file that ends in a line end, one more number stands with nothing."""

    head: str
    tail: str
    width: int
    separator: str
    extra: bool = False


def taken_apart(observation: str) -> Seen | None:
    """The first run of numbered lines in a text, where there is one of consecutive numbers."""
    rows = observation.replace("\r\n", "\n").split("\n")
    start = next((k for k, row in enumerate(rows[:60]) if _LINE.fullmatch(row)), None)
    if start is None:
        return None
    found = _LINE.fullmatch(rows[start])
    assert found is not None
    separator, number, end = found[3], int(found[2]), start
    width = len(found[1]) + len(found[2]) if found[1] else 0
    lines: dict[int, str] = {}
    while end < len(rows):
        row = _LINE.fullmatch(rows[end])
        if row is None or int(row[2]) != number or row[3] != separator:
            break
        lines[number] = row[4]
        number, end = number + 1, end + 1
    head = "".join(row + "\n" for row in rows[:start])
    tail = "".join("\n" + row for row in rows[end:])
    if width and any(len(str(n)) < width and f"{n:>{width}}" not in rows[start + n - min(lines)] for n in lines):
        return None
    return Seen(head, lines, tail, width, separator)


def inside(observation: str) -> str:
    """The part of an observation that shows lines: the ``content`` of a JSON object, else all of it."""
    if observation.startswith("{"):
        try:
            value = json.loads(observation)
        except (ValueError, RecursionError):
            return observation
        if isinstance(value, dict) and isinstance(value.get("content"), str):
            return str(value["content"])
    return observation


def layout(seen: Seen, path: str, total: int | None, *, extra: bool) -> Layout | None:
    """The layout of a view, where its head and tail are understood."""
    head, tail = (_template(part, path, total) for part in (seen.head, seen.tail))
    if head is None or tail is None:
        return None
    return Layout(head, tail, seen.width, seen.separator, extra)


def _template(part: str, path: str, total: int | None) -> str | None:
    words = part.replace(path, PATH) if path else part
    if total is not None:
        words = re.sub(rf"(?<!\d){total}(?!\d)", TOTAL, words)
    return None if re.search(r"\d", words.replace(PATH, "")) or len(words) > 1_000 else words


def laid_out(shape: Layout, lines: Mapping[int, str], path: str, total: int | None) -> str | None:
    """The text of a view; ``None`` where the count of lines is needed and not known."""
    if total is None and TOTAL in shape.head + shape.tail:
        return None
    head, tail = (part.replace(PATH, path).replace(TOTAL, str(total)) for part in (shape.head, shape.tail))
    return head + numbered(shape, lines) + tail


def numbered(shape: Layout, lines: Mapping[int, str]) -> str:
    """Lines with their numbers, joined by line ends."""
    return "\n".join(f"{n:>{shape.width}}{shape.separator}{lines[n]}" for n in sorted(lines))

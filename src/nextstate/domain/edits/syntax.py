"""How the lines of a screen are named and divided, and a screen whose lines can be found by what a model calls them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from nextstate.errors import ReplyError

MAX_KEY = 80
"""The longest key, in characters; a line with a longer one is addressed by its place."""

REMEMBERED = 400
"""The longest line whose pieces are remembered, in characters."""

TOP, END = "top", "end"
"""Addresses of the place above the first line and of the last line."""

Groups: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A named part of a line: ``text`` behind the punctuation ``lead``; with the text ``None`` it is not there.

    A piece without a name is one that no edit can set.
    """

    name: str
    lead: str
    text: str | None

    def __str__(self) -> str:
        return "" if self.text is None else self.lead + self.text


@dataclass(frozen=True, slots=True, eq=False)
class Syntax:
    """How the lines of a kind of screen are named and divided. Lines are what stands between line feeds.

    ``key(line)`` is what a model calls the line (``a12``, ``7``, ``button "OK"``), empty where it has no name; the
    second line of the same key is ``KEY#2``. ``fields(line)`` divides it: the pieces, joined, are the line exactly;
    pieces that could stand in the line but do not are listed with the text ``None``.

    ``groups`` names what can be shifted: each group with the pieces (whole numbers) that it moves together.
    ``counted`` is the group, of one piece of the same name, whose number counts the lines: an insertion raises it in
    all lines below. ``fields`` must also divide a line that lacks only that number, listing it with the text ``None``.
    ``kind`` is the piece that says what sort of element a line is; a line becomes only another one of its kind.
    """

    key: Callable[[str], str]
    fields: Callable[[str], tuple[Piece, ...]]
    groups: Groups = ()
    counted: str = ""
    kind: str = ""

    def divided(self, line: str) -> tuple[Piece, ...]:
        """``fields(line)``, remembered unless the line is long: most lines come again on the next screen."""
        return _divided(self, line) if len(line) <= REMEMBERED else self.fields(line)


@lru_cache(8_192)
def _divided(syntax: Syntax, line: str) -> tuple[Piece, ...]:
    return syntax.fields(line)


def whole(text: str | None) -> int | None:
    """The number that ``text`` spells, if it is a whole one in its plain spelling."""
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


class Screen:
    """A screen, line by line; what is worked out about its lines is kept."""

    def __init__(self, syntax: Syntax, text: str) -> None:
        self.syntax = syntax
        self.text = text
        self.lines = text.split("\n")
        self._places: dict[str, int] = {}
        self._names: list[str] = []

    def pieces(self, i: int) -> tuple[Piece, ...]:
        """The pieces of line ``i``."""
        return self.syntax.divided(self.lines[i])

    def name(self, i: int) -> str:
        """What line ``i`` is called; -1 is the place above the first line."""
        self._index()
        return TOP if i < 0 else self._names[i]

    def _index(self) -> None:
        """Name every line: by its key, else by the nearest line above that has one."""
        if self._names:
            return
        above, start, seen = TOP, -1, dict[str, int]()
        for i, line in enumerate(self.lines):
            key = self.syntax.key(line)
            if 0 < len(key) <= MAX_KEY and key.isprintable() and key == key.strip() and key not in (TOP, END):
                seen[key] = seen.get(key, 0) + 1
                key = key if seen[key] == 1 else f"{key}#{seen[key]}"
                if self._places.setdefault(key, i) == i:
                    above, start = key, i
            self._names.append(above if i == start else f"{above}+{i - start}")

    def find(self, address: str) -> int | None:
        """The line called ``address``; -1 for the place above the first line, ``None`` when there is none."""
        self._index()
        if address in self._places:
            return self._places[address]
        if address in (TOP, END):
            return -1 if address == TOP else len(self.lines) - 1
        key, plus, number = address.rpartition("+")
        start = -1 if key == TOP else self._places.get(key)
        if not plus or start is None or not re.fullmatch(r"[0-9]{1,6}", number):
            return None
        place = start + int(number)
        return place if 0 <= place < len(self.lines) else None

    def span(self, text: str) -> tuple[int, int] | None:
        """First and last line of ``A..B`` or of ``A`` alone; ``None`` when that names no lines."""
        one = self.find(text)
        if one is not None:
            return (one, one) if one >= 0 else None
        for dots in islice(re.finditer(r"(?=\.\.)", text[: 2 * MAX_KEY]), 8):
            first, last = self.find(text[: dots.start()]), self.find(text[dots.start() + 2 :])
            if first is not None and last is not None and 0 <= first <= last:
                return first, last
        return None

    def missing(self, address: str) -> ReplyError:
        """The error for an address that is not on the screen, with the nearest one that is."""
        self._index()
        shown = address if len(address) <= MAX_KEY else address[: MAX_KEY - 3] + "..."
        near = get_close_matches(address[:MAX_KEY], list(self._places)[:2000], n=1, cutoff=0.0)
        hint = f"; the nearest address is {near[0]!r}" if near else "; lines without a name are top+1, top+2, ..."
        return ReplyError(f"no lines {shown!r} on the screen that is edited{hint}")

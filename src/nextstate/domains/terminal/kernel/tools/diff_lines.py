"""Which lines two files do not share, as GNU diff finds them.

There are often several shortest ways from one file to the other. GNU diff leaves out lines without a partner, looks for
the middle of a shortest path from both ends (Myers), and then moves each run of changes as far down as it goes. All
three steps decide which way is shown, so all three are done here in the same order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.shortest import unshared

MAX_COST = 256
"""GNU diff gives up on a shortest path later than this, but the files are not worth the time here."""
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """Lines ``start`` to ``start + deleted`` of the first file became ``at`` to ``at + inserted`` of the second."""

    start: int
    deleted: int
    at: int
    inserted: int


class Side:
    """One file: the classes of its lines between the common beginning and end, and which of them changed."""

    def __init__(self, classes: list[int]) -> None:
        self.classes = classes
        self.changed = bytearray(len(classes) + 2)
        """One place before the first line and one behind the last are always 0."""
        self.kept: list[int] = []
        self.places: list[int] = []

    def mark(self, at: int) -> None:
        self.changed[self.places[at] + 1] = 1


def changes(old: list[str], new: list[str], horizon: int) -> list[Change]:
    """The changes from ``old`` to ``new``. ``horizon``: how many lines of the common ends may still be moved over."""
    if len(old) + len(new) > MAX_LINES:
        raise Undetermined("the difference of long files")
    prefix = common(old, new)
    suffix = common(old[prefix:][::-1], new[prefix:][::-1])
    prefix = max(0, prefix - horizon)
    suffix = max(0, suffix - horizon)
    numbers: dict[str, int] = {}
    sides = tuple(
        Side([numbers.setdefault(line, len(numbers)) for line in lines[prefix : len(lines) - suffix]])
        for lines in (old, new)
    )
    leave_out(sides[0], sides[1])
    for side, changed in zip(sides, unshared(sides[0].kept, sides[1].kept, MAX_COST), strict=True):
        for at in changed:
            side.mark(at)
    for this, other in (sides, sides[::-1]):
        shift(this, other)
    return script(sides[0], sides[1], prefix)


def common(one: list[str], other: list[str]) -> int:
    """How many lines two lists share at their beginning."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


# -- lines without a partner --------------------------------------------------------------------------------


def leave_out(first: Side, second: Side) -> None:
    """Fills ``kept`` with the lines that can have a partner; the others are changes."""
    for side, other in ((first, second), (second, first)):
        partners = Counter(other.classes)
        marks = provisional([partners[kind] for kind in side.classes])
        settle(marks)
        for at, kind in enumerate(side.classes):
            if marks[at]:
                side.changed[at + 1] = 1
            else:
                side.kept.append(kind)
                side.places.append(at)


def provisional(partners: list[int]) -> list[int]:
    """1: no partner; 2: very many, so that the line may be left out among lines without one."""
    many, rest = 5, len(partners) // 64
    while (rest := rest >> 2) > 0:
        many *= 2
    return [1 if count == 0 else 2 if count > many else 0 for count in partners]


def settle(marks: list[int]) -> None:
    """Decides about the 2s: they stand only deep inside a run of marked lines."""
    at, end = 0, len(marks)
    while at < end:
        if marks[at] == 2:
            marks[at] = 0
        elif marks[at]:
            stop = at
            while stop < end and marks[stop]:
                stop += 1
            while stop > at and marks[stop - 1] == 2:
                stop -= 1
                marks[stop] = 0
            run = marks[at:stop]
            settle_run(run)
            marks[at:stop] = run
            at = stop - 1
        at += 1


def settle_run(run: list[int]) -> None:
    """The 2s of one run that begins and ends with a 1."""
    length = len(run)
    if run.count(2) * 4 > length:
        run[:] = [0 if mark == 2 else mark for mark in run]
        return
    least, rest = 1, length >> 2
    while (rest := rest >> 2) > 0:
        least <<= 1
    least += 1
    row = at = 0
    while at < length:
        if run[at] != 2:
            row = 0
        else:
            row += 1
            if row == least:
                at -= row
            elif row > least:
                run[at] = 0
        at += 1
    for places in (range(length), range(length - 1, -1, -1)):
        row = 0
        for step, place in enumerate(places):
            if step >= 8 and run[place] == 1:
                break
            if run[place] == 2:
                row, run[place] = 0, 0
            elif run[place] == 0:
                row = 0
            else:
                row += 1
            if row == 3:
                break


# -- moving runs of changes ---------------------------------------------------------------------------------


def shift(this: Side, that: Side) -> None:
    """Moves each run of changes to where GNU diff shows it, merging it with runs that it meets."""
    classes, end = this.classes, len(this.classes)
    mine = Marks(this.changed)
    theirs = Marks(that.changed)
    at = across = 0
    while True:
        while at < end and not mine[at]:
            while theirs[across]:
                across += 1
            across += 1
            at += 1
        if at == end:
            return
        start = at
        at += 1
        while mine[at]:
            at += 1
        while theirs[across]:
            across += 1
        length = -1
        while length != at - start:
            length = at - start
            while start and classes[start - 1] == classes[at - 1]:
                start, at = start - 1, at - 1
                mine[start], mine[at] = 1, 0
                while mine[start - 1]:
                    start -= 1
                across -= 1
                while theirs[across]:
                    across -= 1
            meeting = at if theirs[across - 1] else end
            while at != end and classes[start] == classes[at]:
                mine[start], mine[at] = 0, 1
                start, at = start + 1, at + 1
                while mine[at]:
                    at += 1
                across += 1
                while theirs[across]:
                    meeting = at
                    across += 1
        while meeting < at:
            start, at = start - 1, at - 1
            mine[start], mine[at] = 1, 0
            across -= 1
            while theirs[across]:
                across -= 1


class Marks:
    """The marks of a side, counted from -1 (before the first line)."""

    __slots__ = ("marks",)

    def __init__(self, marks: bytearray) -> None:
        self.marks = marks

    def __getitem__(self, at: int) -> int:
        return self.marks[at + 1]

    def __setitem__(self, at: int, mark: int) -> None:
        self.marks[at + 1] = mark


def script(first: Side, second: Side, prefix: int) -> list[Change]:
    """The runs of changes in order."""
    found: list[Change] = []
    x = y = 0
    while x < len(first.classes) or y < len(second.classes):
        left, right = x, y
        while first.changed[x + 1]:
            x += 1
        while second.changed[y + 1]:
            y += 1
        if (x, y) != (left, right):
            found.append(Change(prefix + left, x - left, prefix + right, y - right))
        x, y = x + 1, y + 1
    return found

"""The edit script that git's diff finds between two texts.

It is Myers' algorithm in linear space, run on the lines that are left when those without a partner (and some of those
with too many) are set aside; afterwards every group of changed lines slides to where it reads best (git's indent
heuristic). Which of several shortest scripts comes out is a matter of the order in which diagonals are tried, so that
order is git's own. Beyond `MOST_COST` git begins to guess; then the script is left undetermined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.shortest import unshared

MOST_COST = 250
MOST_LINES = 20_000
_NEAR = 100
"""Lines to each side that decide whether a frequent line is set aside."""


@dataclass(frozen=True, slots=True)
class Change:
    """Lines ``old[a:b]`` are replaced by ``new[c:d]``; one of the two may be empty."""

    a: int
    b: int
    c: int
    d: int


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """The changes from ``old`` to ``new`` in order."""
    if len(old) + len(new) > MOST_LINES:
        raise Undetermined("a difference between long files")
    gone, come = [False] * len(old), [False] * len(new)
    _mark(old, new, gone, come)
    left, right = _Side(old, gone), _Side(new, come)
    _slide(left, right)
    _slide(right, left)
    return _collect(left.changed, right.changed)


def _collect(gone: list[bool], come: list[bool]) -> list[Change]:
    found, i, j = [], 0, 0
    while i < len(gone) or j < len(come):
        a, c = i, j
        while i < len(gone) and gone[i]:
            i += 1
        while j < len(come) and come[j]:
            j += 1
        if (a, c) != (i, j):
            found.append(Change(a, i, c, j))
        i, j = i + 1, j + 1
    return found


# -- which lines change -------------------------------------------------------------------------------------------


def _mark(old: Sequence[bytes], new: Sequence[bytes], gone: list[bool], come: list[bool]) -> None:
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    kept_old = _kept(old, Counter(new), start, len(old) - end, gone)
    kept_new = _kept(new, Counter(old), start, len(new) - end, come)
    numbers: dict[bytes, int] = {}
    left = [numbers.setdefault(old[i], len(numbers)) for i in kept_old]
    right = [numbers.setdefault(new[j], len(numbers)) for j in kept_new]
    for kept, changed, marks in zip((kept_old, kept_new), unshared(left, right, MOST_COST), (gone, come), strict=True):
        for at in changed:
            marks[kept[at]] = True


def _kept(lines: Sequence[bytes], others: Counter[bytes], start: int, end: int, changed: list[bool]) -> list[int]:
    """The lines that take part in the search; those set aside are marked as changed."""
    many = _root(len(lines))
    kinds = [0] * len(lines)
    for i in range(start, end):
        count = others[lines[i]]
        kinds[i] = 0 if count == 0 else 2 if count >= many else 1
    kept = []
    for i in range(start, end):
        if kinds[i] == 1 or (kinds[i] == 2 and not _confusing(kinds, i, start, end - 1)):
            kept.append(i)
        else:
            changed[i] = True
    return kept


def _root(count: int) -> int:
    """A power of two near the square root."""
    root = 1
    while count > 0:
        root, count = root << 1, count >> 2
    return min(root, 1024)


def _confusing(kinds: list[int], at: int, start: int, end: int) -> bool:
    """Whether a frequent line stands in a run of lines most of which have no partner at all."""
    start, end = max(start, at - _NEAR), min(end, at + _NEAR)
    alone_before, many_before = _run(kinds, range(at - 1, start - 1, -1))
    if not alone_before:
        return False
    alone_behind, many_behind = _run(kinds, range(at + 1, end + 1))
    if not alone_behind:
        return False
    many = many_before + many_behind
    return many * 4 < many + alone_before + alone_behind


def _run(kinds: list[int], positions: range) -> tuple[int, int]:
    alone, many = 0, 1
    for i in positions:
        if kinds[i] == 0:
            alone += 1
        elif kinds[i] == 2:
            many += 1
        else:
            break
    return alone, many


# -- where a group of changed lines slides to ---------------------------------------------------------------------


class _Side:
    """One of the two texts and a group of changed lines in it, ``lines[start:end]`` (it may be empty)."""

    def __init__(self, lines: Sequence[bytes], changed: list[bool]) -> None:
        self.lines, self.changed = lines, changed
        self.first()

    def first(self) -> None:
        self.start = self.end = 0
        self._grow()

    def _grow(self) -> None:
        while self.end < len(self.lines) and self.changed[self.end]:
            self.end += 1

    def next(self) -> bool:
        if self.end == len(self.lines):
            return False
        self.start = self.end = self.end + 1
        self._grow()
        return True

    def previous(self) -> None:
        self.start = self.end = self.start - 1
        while self.start > 0 and self.changed[self.start - 1]:
            self.start -= 1

    def up(self) -> bool:
        """Moves the group up by one line, and joins it to a group that it meets."""
        if self.start == 0 or self.lines[self.start - 1] != self.lines[self.end - 1]:
            return False
        self.start, self.end = self.start - 1, self.end - 1
        self.changed[self.start], self.changed[self.end] = True, False
        while self.start > 0 and self.changed[self.start - 1]:
            self.start -= 1
        return True

    def down(self) -> bool:
        if self.end == len(self.lines) or self.lines[self.start] != self.lines[self.end]:
            return False
        self.changed[self.start], self.changed[self.end] = False, True
        self.start, self.end = self.start + 1, self.end + 1
        self._grow()
        return True


def _slide(side: _Side, other: _Side) -> None:
    side.first()
    other.first()
    while True:
        if side.start != side.end:
            _place(side, other)
        if not side.next():
            return
        other.next()


def _place(side: _Side, other: _Side) -> None:
    """Slides one group, together with the place in the other text that belongs to it."""
    while True:
        size, opposite = side.end - side.start, -1
        while side.up():
            other.previous()
        earliest = side.end
        if other.end > other.start:
            opposite = side.end
        while side.down():
            other.next()
            if other.end > other.start:
                opposite = side.end
        if size == side.end - side.start:
            break
    if side.end == earliest:
        return
    if opposite != -1:
        while other.end == other.start:
            side.up()
            other.previous()
        return
    best = _best_end(side.lines, size, max(earliest, side.end - size - 1, side.end - 100), side.end)
    while side.end > best:
        side.up()
        other.previous()


def _best_end(lines: Sequence[bytes], size: int, low: int, high: int) -> int:
    best, least = high, (0, 0)
    for end in range(low, high + 1):
        indents, penalties = zip(_badness(lines, end), _badness(lines, end - size), strict=True)
        score = (sum(indents), sum(penalties))
        if end == low or _compare(score, least) <= 0:
            best, least = end, score
    return best


def _compare(one: tuple[int, int], two: tuple[int, int]) -> int:
    return 60 * ((one[0] > two[0]) - (one[0] < two[0])) + one[1] - two[1]


def _badness(lines: Sequence[bytes], at: int) -> tuple[int, int]:
    """How badly a text splits before line ``at``: the indentation there, and a penalty."""
    indent = _indent(lines[at]) if at < len(lines) else -1
    before, blank_before = _nearest(lines, range(at - 1, -1, -1))
    behind, blank_behind = _nearest(lines, range(at + 1, len(lines)))
    penalty = 1 if before == -1 and blank_before == 0 else 0
    penalty += 21 if at >= len(lines) else 0
    blank_behind = 1 + blank_behind if indent == -1 else 0
    blank = blank_before + blank_behind
    penalty += -30 * blank + 6 * blank_behind
    indent = behind if indent == -1 else indent
    if indent != -1 and before != -1 and indent != before:
        if indent > before:
            penalty += 10 if blank else -4
        elif behind != -1 and behind > indent:
            penalty += 17 if blank else 24
        else:
            penalty += 17 if blank else 23
    return indent, penalty


def _nearest(lines: Sequence[bytes], positions: range) -> tuple[int, int]:
    """The indentation of the next line that is not blank (-1: none), and the blank lines on the way to it."""
    blank = 0
    for i in positions:
        indent = _indent(lines[i])
        if indent != -1:
            return indent, blank
        blank += 1
        if blank == 20:
            return 0, blank
    return -1, blank


def _indent(line: bytes) -> int:
    """The width of the white space that a line begins with; -1 for a blank line."""
    width = 0
    for char in line:
        if char == 32:
            width += 1
        elif char == 9:
            width += 8 - width % 8
        elif char not in (10, 13):
            return width
        if width >= 200:
            return 200
    return -1

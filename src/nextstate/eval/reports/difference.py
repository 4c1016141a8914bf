"""Where two texts differ, line by line. Computed when a report is written, so that opening a row costs nothing.

Lines that begin or end both texts alike are taken off; the rest is aligned by a longest common subsequence
(bit-parallel, Hyyrö 2004, in rapidfuzz). Where that would take too much memory, lines that stand once in both texts
part it first (Cohen's patience diff), and a part that is still too large counts as replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CELLS = 400_000_000
"""Pairs of lines that are aligned at once; a bit each, 50 MB."""


def runs(truth: str, prediction: str) -> list[int]:
    """The difference as numbers of lines, three by three: equal, only in ``truth``, only in ``prediction``.

    A line ends at ``"\\n"`` only. The numbers of the first and second kind sum to the lines of ``truth``, those of the
    first and third to the lines of ``prediction``.
    """
    a, b = _numbered(truth, prediction)
    found: list[int] = []
    equal = i = j = 0
    for x, y, length in (*_blocks(a, b), (len(a), len(b), 0)):
        if x > i or y > j:
            found += [equal, x - i, y - j]
            equal = 0
        equal += length
        i, j = x + length, y + length
    return [*found, equal, 0, 0] if equal else found


def _numbered(truth: str, prediction: str) -> tuple[list[int], list[int]]:
    known: dict[str, int] = {}
    first, second = ([known.setdefault(line, len(known)) for line in text.split("\n")] for text in (truth, prediction))
    return first, second


def _blocks(a: Sequence[int], b: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Blocks of equal lines: start in ``a``, start in ``b``, length."""
    start, shorter = 0, min(len(a), len(b))
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    if start:
        yield 0, 0, start
    yield from _middle(a, b, start, end)
    if end:
        yield len(a) - end, len(b) - end, end


def _middle(a: Sequence[int], b: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int, int]]:
    bounds = [(start, start), *_anchors(a, b, start, end), (len(a) - end, len(b) - end)]
    for (i, j), (x, y) in pairwise(bounds):
        yield from _common(a[i:x], b[j:y], i, j)


def _common(a: Sequence[int], b: Sequence[int], i: int, j: int) -> Iterator[tuple[int, int, int]]:
    if not a or not b or len(a) * len(b) > CELLS:
        if a and b and a[0] == b[0]:  # an anchor
            yield i, j, 1
        return
    from rapidfuzz.distance import Indel

    for op in Indel.opcodes(a, b):
        if op.tag == "equal":
            yield i + op.src_start, j + op.dest_start, op.src_end - op.src_start


def _anchors(a: Sequence[int], b: Sequence[int], start: int, end: int) -> list[tuple[int, int]]:
    """Pairs of lines that stand once in both, rising in both; none where the whole can be aligned at once."""
    a, b = a[start : len(a) - end], b[start : len(b) - end]
    if len(a) * len(b) <= CELLS:
        return []
    once_a, once_b = ({line: n for n, line in enumerate(side)} for side in (a, b))
    counts_a, counts_b = Counter(a), Counter(b)
    pairs = [(n, once_b[line]) for line, n in once_a.items() if counts_a[line] == 1 and counts_b.get(line) == 1]
    return [(start + i, start + j) for i, j in _rising(sorted(pairs))]


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of ``pairs``, sorted by the first number, in which the second rises too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        place = bisect_left(ends, j)
        ends[place : place + 1] = [j]
        last[place : place + 1] = [n]
        before.append(last[place - 1] if place else -1)
    found = []
    at = last[-1] if last else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]

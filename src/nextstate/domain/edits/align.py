"""Which lines of one screen are the lines of the next one: pairs, in the order of both.

Lines pair in three passes, each within what the last one left: lines that stand once on both screens and are the same;
lines that are the same but for their numbers; and, where few are left, the pairing that saves most text. The second
pass is patience diff where a line stands once and a longest common subsequence (bit-parallel, Hyyrö 2004) elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.domain.edits.syntax import Piece, Screen

CELLS = 60_000
"""How many pairs of lines are compared one by one, for two screens in all."""
CELLS_OF_GAP = 20_000
ROUNDS = 40
"""How often lines that stand once are looked for between lines that stand once."""

Pairs: TypeAlias = "list[tuple[int, int]]"
_Gap: TypeAlias = "tuple[int, int, int, int]"

_TOKEN = re.compile(r" ?[A-Za-z]{1,7}|[0-9]|[^\sA-Za-z0-9]{1,2}|\n\t?|\s")


def price(text: str) -> int:
    """About how many tokens a language model spends on ``text``."""
    return len(_TOKEN.findall(text)) if len(text) < 2_000 else len(text) // 2


class Shapes:
    """What is compared of the lines of a screen: each as numbers that are the same where the texts are.

    ``exact`` is a line without the number that counts the lines, ``loose`` without any that shifts, ``layout`` its
    pieces without their texts. ``texts`` are the texts that do not shift, ``prices`` what a line costs without numbers.
    """

    def __init__(self, screen: Screen, known: dict[object, int]) -> None:
        syntax = screen.syntax
        shifting = {name for _, names in syntax.groups for name in names}
        self.exact, self.loose, self.layout, self.prices = list[int](), list[int](), list[int](), list[int]()
        self.texts: list[tuple[str | None, ...]] = []
        self.kinds: list[str] = []
        for i in range(len(screen.lines)):
            pieces = screen.pieces(i)
            exact = "".join([str(piece) for piece in pieces if piece.name != syntax.counted])
            loose = "".join(
                [piece.lead if piece.name in shifting else str(piece) for piece in pieces if piece.text is not None]
            )
            layout = tuple([(piece.name, piece.lead) for piece in pieces])
            self.exact.append(_number(known, exact))
            self.loose.append(_number(known, loose))
            self.layout.append(_number(known, layout))
            self.texts.append(tuple([piece.text for piece in pieces if piece.name not in shifting]))
            self.kinds.append(next((piece.text or "" for piece in pieces if piece.name == syntax.kind), ""))
            self.prices.append(price(loose))


def _number(known: dict[object, int], value: object) -> int:
    return known.setdefault(value, len(known))


def align(a: Shapes, b: Shapes) -> Pairs:
    """The pairs of lines of the screens ``a`` and ``b`` that are the same element, both rising."""
    whole = (0, len(a.exact), 0, len(b.exact))
    found = _anchors(a.exact, b.exact, whole)
    for gap in _gaps(found, whole):
        found += _anchors(a.loose, b.loose, gap)
    found.sort()
    cells = CELLS
    for gap in list(_gaps(found, whole)):
        found += _common(a.loose, b.loose, gap) if _cells(gap) > CELLS_OF_GAP else []
    found.sort()
    for gap in list(_gaps(found, whole)):
        if 0 < _cells(gap) <= min(CELLS_OF_GAP, cells):
            cells -= _cells(gap)
            found += _dearest(a, b, gap)
    return sorted(found)


def _cells(gap: _Gap) -> int:
    return (gap[1] - gap[0]) * (gap[3] - gap[2])


def _gaps(pairs: Pairs, whole: _Gap) -> list[_Gap]:
    """What lies between the pairs, on both sides."""
    gaps, i, j = [], whole[0], whole[2]
    for x, y in [*pairs, (whole[1], whole[3])]:
        if x > i and y > j:
            gaps.append((i, x, j, y))
        i, j = x + 1, y + 1
    return gaps


def _anchors(a: Sequence[int], b: Sequence[int], gap: _Gap) -> Pairs:
    """Equal lines at both ends, and in between those that stand once on both sides, again and again."""
    found: Pairs = []
    waiting = [(gap, 0)]
    while waiting:
        (i, x, j, y), rounds = waiting.pop()
        while i < x and j < y and a[i] == b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        while i < x and j < y and a[x - 1] == b[y - 1]:
            x, y = x - 1, y - 1
            found.append((x, y))
        once = _rising(_once(a, b, (i, x, j, y))) if rounds < ROUNDS else []
        found += once
        if once:
            waiting += [(part, rounds + 1) for part in _gaps(once, (i, x, j, y))]
    return sorted(found)


def _once(a: Sequence[int], b: Sequence[int], gap: _Gap) -> Pairs:
    i, x, j, y = gap
    if i >= x or j >= y:
        return []
    here, there = Counter(a[i:x]), Counter(b[j:y])
    places = {b[k]: k for k in range(j, y)}
    return [(k, places[a[k]]) for k in range(i, x) if here[a[k]] == 1 and there.get(a[k]) == 1]


def _rising(pairs: Pairs) -> Pairs:
    """The longest run of pairs that rises on both sides; the first numbers rise already."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for k, (_, y) in enumerate(pairs):
        place = bisect_left(ends, y)
        if place == len(ends):
            ends.append(y)
            last.append(k)
        else:
            ends[place], last[place] = y, k
        before.append(last[place - 1] if place else -1)
    k, run = (last[-1] if last else -1), []
    while k >= 0:
        run.append(pairs[k])
        k = before[k]
    return run[::-1]


def _common(a: Sequence[int], b: Sequence[int], gap: _Gap) -> Pairs:
    """A longest common subsequence: a row of bits for each line of ``a``, cleared where one more line is in common."""
    i, x, j, y = gap
    places: dict[int, int] = {}
    for k in range(j, y):
        places[b[k]] = places.get(b[k], 0) | (1 << (k - j))
    full = (1 << (y - j)) - 1
    row, rows = full, [full]
    for k in range(i, x):
        hit = row & places.get(a[k], 0)
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    found, k, m = [], x, y
    while k > i and m > j:
        bit = 1 << (m - 1 - j)
        if rows[k - i] & bit:
            m -= 1
        elif not rows[k - i - 1] & bit:
            k -= 1
        else:
            k, m = k - 1, m - 1
            found.append((k, m))
    return found[::-1]


def _dearest(a: Shapes, b: Shapes, gap: _Gap) -> Pairs:
    """The pairs that save most text, by comparing every line with every line."""
    i, x, j, y = gap
    known: dict[tuple[int, int], int] = {}
    prices: dict[str | None, int] = {}
    best = [[0] * (y - j + 1) for _ in range(x - i + 1)]
    for k in range(x - 1, i - 1, -1):
        row, below = best[k - i], best[k - i + 1]
        for m in range(y - 1, j - 1, -1):
            gain = max(below[m - j], row[m - j + 1])
            if a.kinds[k] == b.kinds[m] and a.layout[k] == b.layout[m]:
                shape = (a.loose[k], b.loose[m])
                saved = known.get(shape)
                if saved is None:
                    saved = known[shape] = _saved(a, b, (k, m), prices)
                if saved > 0:
                    gain = max(gain, below[m - j + 1] + saved + (a.exact[k] == b.exact[m]))
            row[m - j] = gain
    found: Pairs = []
    k, m = i, j
    while k < x and m < y:
        here = best[k - i][m - j]
        if here == best[k - i + 1][m - j]:
            k += 1
        elif here == best[k - i][m - j + 1]:
            m += 1
        else:
            found.append((k, m))
            k, m = k + 1, m + 1
    return found


def _saved(a: Shapes, b: Shapes, pair: tuple[int, int], prices: dict[str | None, int]) -> int:
    """About how many tokens it saves to change a line into another one of its kind."""
    k, m = pair
    saved = b.prices[m] + 4
    for here, there in zip(a.texts[k], b.texts[m], strict=True):
        if here != there:
            if there not in prices:
                prices[there] = price(there or "")
            saved -= 6 + prices[there]
            if saved <= 0:
                break
    return saved


def differences(mine: Sequence[Piece], theirs: Sequence[Piece]) -> list[tuple[str, str | None]] | None:
    """The pieces that must be set to make ``mine`` ``theirs``; ``None`` where that is not possible."""
    if len(mine) != len(theirs):
        return None
    changes: list[tuple[str, str | None]] = []
    for one, other in zip(mine, theirs, strict=True):
        if one is other or (one.name == other.name and one.lead == other.lead and one.text == other.text):
            continue
        if one.name != other.name or not one.name or one.lead != other.lead:
            return None
        changes.append((one.name, other.text))
    return changes

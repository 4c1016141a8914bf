"""The cheapest edits that turn one screen into another, as far as they are looked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.domain.edits.align import Shapes, align, differences, price
from nextstate.domain.edits.plan import counting, numbered, recounted
from nextstate.domain.edits.program import MARK
from nextstate.domain.edits.syntax import Screen, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHIFT = 12
"""About how many tokens a shift costs."""
SET = 6
"""About how many tokens a set costs beside the text."""
MOVE = 12
DELTAS = 16
"""How many different amounts one number is shifted by at most; the other lines are set."""


@dataclass(slots=True)
class Changes:
    """What makes the lines that are kept those of the new screen."""

    replaced: set[int] = field(default_factory=set)
    sets: list[tuple[int, str, str | None]] = field(default_factory=list)
    shifts: list[tuple[int, int, str, int]] = field(default_factory=list)


def difference(old: Screen, new: Screen) -> list[str]:
    """The program (its lines) that makes ``new`` of ``old``; see :mod:`~nextstate.domain.edits.program`."""
    known: dict[object, int] = {}
    a, b = Shapes(old, known), Shapes(new, known)
    pairs = align(a, b)
    moves = _moves(a, b, pairs)
    kept = dict(pairs) | {i + k: j + k for i, j, n in moves for k in range(n)}
    changes = _changes(old, new, kept)
    for last in (False, False, True):
        if not changes.replaced:
            break
        kept = {i: j for i, j in kept.items() if i not in changes.replaced}
        moves = [part for move in moves for part in _without(move, changes.replaced)]
        changes = _changes(old, new, kept, last)
    return [*_placed(old, new, kept, moves), *_changed(old, new, kept, changes)]


def _moves(a: Shapes, b: Shapes, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Blocks of lines that stand elsewhere on the new screen: first line there and here, and how many."""
    free = set(range(len(a.loose))) - {i for i, _ in pairs}
    open_ = set(range(len(b.loose))) - {j for _, j in pairs}
    places: dict[int, list[int]] = {}
    for i in sorted(free):
        places.setdefault(a.loose[i], []).append(i)
    moves, j = [], 0
    while j < len(b.loose):
        best, length = -1, 0
        for i in places.get(b.loose[j], ())[:20] if j in open_ else ():
            n = 0
            while i + n in free and j + n in open_ and a.loose[i + n] == b.loose[j + n]:
                n += 1
            if n > length:
                best, length = i, n
        if sum(b.prices[j : j + length]) > MOVE:
            moves.append((best, j, length))
            free -= set(range(best, best + length))
        j += max(length, 1)
    return moves


def _without(move: tuple[int, int, int], lines: set[int]) -> Iterator[tuple[int, int, int]]:
    """The parts of a moved block that remain when ``lines`` are taken out of it."""
    i, j, n = move
    start = 0
    for k in range(n + 1):
        if k == n or i + k in lines:
            if k > start:
                yield i + start, j + start, k - start
            start = k + 1


def _changes(old: Screen, new: Screen, kept: dict[int, int], last: bool = False) -> Changes:
    """What must be shifted and set in the lines that are kept; which are better replaced (none the ``last`` time)."""
    found = Changes()
    source = {j: i for i, j in kept.items()}
    order = [source.get(j, line) for j, line in enumerate(new.lines)]
    counts = recounted(old, order)
    lines = sorted(kept)
    wrong: dict[int, dict[str, str | None]] = {}
    for i in lines:
        differing = differences(old.pieces(i), new.pieces(kept[i]))
        if differing is None:
            found.replaced.add(i)
        else:
            wrong[i] = dict(differing)
    lines = [i for i in lines if i in wrong]
    for group, names in old.syntax.groups:
        count = counts if group == old.syntax.counted else {}
        _group(old, new, kept, lines, (group, names), count, wrong, found)
    for i in lines:
        spent = sum(SET + price(text or "") for text in wrong[i].values())
        if spent and not last and spent > price(new.lines[kept[i]]) + 4:
            found.replaced.add(i)
        else:
            found.sets += [(i, name, text) for name, text in wrong[i].items()]
    return found


def _group(
    old: Screen,
    new: Screen,
    kept: dict[int, int],
    lines: Sequence[int],
    group: tuple[str, tuple[str, ...]],
    counts: dict[int, int],
    wrong: dict[int, dict[str, str | None]],
    found: Changes,
) -> None:
    """Find the shifts of a group of numbers; what they leave wrong in a line is set."""
    name, names = group
    numbers: list[tuple[int, list[tuple[str, int, int]]]] = []
    for i in lines:
        mine = {piece.name: whole(piece.text) for piece in old.pieces(i) if piece.name in names}
        theirs = {piece.name: whole(piece.text) for piece in new.pieces(kept[i]) if piece.name in names}
        both = [
            (key, here + counts.get(i, 0), there)
            for key, here in mine.items()
            if here is not None and (there := theirs.get(key)) is not None
        ]
        if both:
            numbers.append((i, both))
    amounts = shifted([tuple(there - here for _, here, there in both) for _, both in numbers])
    for (i, both), amount in zip(numbers, amounts, strict=True):
        for key, here, there in both:
            wrong[i].pop(key, None)
            if here + amount != there:
                wrong[i][key] = str(there)
    found.shifts += _runs(name, [i for i, _ in numbers], amounts)


def shifted(deltas: Sequence[tuple[int, ...]]) -> list[int]:
    """By how much to shift each line, so that runs of shifts and the numbers then still to be set cost least."""
    tally = Counter(delta for line in deltas for delta in line if delta)
    choices = [0, *(delta for delta, _ in tally.most_common(DELTAS))]
    if len(choices) == 1:
        return [0] * len(deltas)
    costs: list[int] = [0, *[SHIFT] * (len(choices) - 1)]
    known: dict[tuple[int, ...], list[int]] = {}
    back: list[list[int]] = []
    for line in deltas:
        if line not in known:
            known[line] = [sum(SET + len(str(delta)) for delta in line if delta != choice) for choice in choices]
        least = costs.index(min(costs))
        fresh = [costs[least] + (SHIFT if choice else 0) for choice in choices]
        back.append([c if costs[c] <= fresh[c] else least for c in range(len(choices))])
        costs = [min(stay, new) + more for stay, new, more in zip(costs, fresh, known[line], strict=True)]
    c = costs.index(min(costs))
    amounts = []
    for source in reversed(back):
        amounts.append(choices[c])
        c = source[c]
    return amounts[::-1]


def _runs(name: str, lines: Sequence[int], amounts: Sequence[int]) -> Iterator[tuple[int, int, str, int]]:
    start = 0
    for k in range(1, len(lines) + 1):
        if k == len(lines) or amounts[k] != amounts[start]:
            if amounts[start]:
                yield lines[start], lines[k - 1], name, amounts[start]
            start = k


# The edits as text.


def _placed(old: Screen, new: Screen, kept: dict[int, int], moves: Sequence[tuple[int, int, int]]) -> Iterator[str]:
    """Deletions, insertions, replacements and moves, from top to bottom of the new screen."""
    moved = {j + k: (i + k, k) for i, j, n in moves for k in range(n)}
    stay = {j: i for i, j in kept.items() if j not in moved}
    gone = set(range(len(old.lines))) - set(kept)
    lines = _unnumbered(old, new)
    chunks: dict[int, list[int]] = {}
    place = -1
    for j in range(len(new.lines)):
        if j in stay:
            place = stay[j]
        else:
            chunks.setdefault(place, []).append(j)
    taken = -1
    for place in range(-1, len(old.lines)):
        if place in gone and place > taken:
            taken = _last(gone, place)
            yield f"delete {_span(old, place, taken)}"
        chunk = chunks.get(place, [])
        if chunk and place + 1 in gone and not any(j in moved for j in chunk):
            taken = _last(gone, place + 1)
            yield f"replace {_span(old, place + 1, taken)}"
            yield from (MARK + lines[j] for j in chunk)
        elif chunk:
            yield from _inserted(old, lines, place, chunk, moved)


def _unnumbered(old: Screen, new: Screen) -> list[str]:
    """The lines of ``new`` as they are inserted: without the number that counts them where the line above tells it."""
    syntax = old.syntax
    if not syntax.counted or all(counting(syntax, old.pieces(i)) is None for i in range(len(old.lines))):
        return new.lines
    lines, last = [], -1
    for j, line in enumerate(new.lines):
        number = counting(syntax, new.pieces(j))
        bare = numbered(syntax, line, None) if number == last + 1 else line
        lines.append(bare if numbered(syntax, bare, last + 1) == line else line)
        last = last if number is None else number
    return lines


def _inserted(
    old: Screen, lines: Sequence[str], place: int, chunk: Sequence[int], moved: dict[int, tuple[int, int]]
) -> Iterator[str]:
    fresh = False
    for k, j in enumerate(chunk):
        if j not in moved:
            if not fresh:
                yield f"after {old.name(place)}"
            yield MARK + lines[j]
            fresh = True
            continue
        fresh = False
        i, offset = moved[j]
        if offset == 0:
            n = 1
            while k + n < len(chunk) and moved.get(chunk[k + n]) == (i + n, n):
                n += 1
            yield f"move {_span(old, i, i + n - 1)} after {old.name(place)}"


def _last(lines: set[int], first: int) -> int:
    while first + 1 in lines:
        first += 1
    return first


def _span(screen: Screen, first: int, last: int) -> str:
    return screen.name(first) if first == last else f"{screen.name(first)}..{screen.name(last)}"


def _changed(old: Screen, new: Screen, kept: dict[int, int], changes: Changes) -> Iterator[str]:
    spans: dict[tuple[int, int], list[str]] = {}
    for first, last, name, amount in changes.shifts:
        spans.setdefault((first, last), []).append(f"{name}{amount:+d}")
    for (first, last), amounts in sorted(spans.items()):
        yield f"shift {_span(old, first, last)} {' '.join(amounts)}"
    switches: dict[tuple[int, int], list[str]] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for first, last, name, text in _ranges(new, kept, changes.sets):
        if text is None or text == name:
            switches.setdefault((first, last), []).append(f"{'-' if text is None else '+'}{name}")
            texts.setdefault((first, last), [])
        else:
            texts.setdefault((first, last), []).append(f"{name}={text}")
    for (first, last), parts in sorted(texts.items()):
        head = " ".join(switches.get((first, last), ()))
        for part in [" ".join(filter(None, (head, *parts[:1]))), *parts[1:]]:
            yield f"set {_span(old, first, last)} {part}"


def _ranges(
    new: Screen, kept: dict[int, int], sets: Sequence[tuple[int, str, str | None]]
) -> Iterator[tuple[int, int, str, str | None]]:
    """Sets of the same text in neighbouring lines, as one; a line in between must have that text, or no such piece."""
    alike: dict[tuple[str, str | None], list[int]] = {}
    for i, name, text in sets:
        alike.setdefault((name, text), []).append(i)
    lines = sorted(kept)
    for (name, text), wanted in alike.items():
        first = last = wanted[0]
        for i in wanted[1:]:
            between = lines[bisect_right(lines, last) : bisect_left(lines, i)]
            pieces = (piece for k in between for piece in new.pieces(kept[k]) if piece.name == name)
            if any(piece.text != text for piece in pieces):
                yield first, last, name, text
                first = i
            last = i
        yield first, last, name, text

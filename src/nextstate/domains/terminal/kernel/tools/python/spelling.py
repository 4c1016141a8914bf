"""The name that Python suggests instead of one that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

_MOVE, _CASE = 2, 1
_LONGEST, _MOST = 40, 750


def closest(wrong: str, names: Sequence[str]) -> str | None:
    """The nearest of ``names`` (the first of equally near ones), if it is near enough."""
    if len(names) >= _MOST:
        return None
    best: str | None = None
    distance = 0
    for name in names:
        if name == wrong:
            continue
        most = (len(wrong) + len(name) + 3) * _MOVE // 6
        if best is not None:
            most = min(most, distance - 1)
        found = _distance(wrong, name, most)
        if found <= most:
            best, distance = name, found
    return best


def _substitution(a: str, b: str) -> int:
    if a == b:
        return 0
    if ord(a) & 31 != ord(b) & 31:
        return _MOVE
    return _CASE if a.lower() == b.lower() and a.isascii() and b.isascii() else _MOVE


def _distance(a: str, b: str, most: int) -> int:
    """Levenshtein's distance with cheap changes of case; more than ``most`` as soon as that is certain."""
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if not a or not b:
        return _MOVE * (len(a) + len(b))
    if len(a) > _LONGEST or len(b) > _LONGEST:
        return most + 1
    if len(b) < len(a):
        a, b = b, a
    if (len(b) - len(a)) * _MOVE > most:
        return most + 1
    row = [(at + 1) * _MOVE for at in range(len(a))]
    result = 0
    for at, letter in enumerate(b):
        before = result = at * _MOVE
        smallest = 1 << 30
        for place, other in enumerate(a):
            replaced = before + _substitution(letter, other)
            before = row[place]
            result = min(min(result, before) + _MOVE, replaced)
            row[place] = result
            smallest = min(smallest, result)
        if smallest > most:
            return most + 1
    return result

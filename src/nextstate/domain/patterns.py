"""Whether a regular expression is found in a text, in time that a hostile pattern cannot stretch.

Python's own engine tries one way after the other, which takes for ever with patterns such as ``(a+)+$``. Whether there
is a match at all needs no single way: each part of a pattern turns the set of places where a match may stand into the
set where it may go on, so that a part costs at most one step for each place of the text and each round of a repetition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]  # the parser of `re`, which has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

MAX_PATTERN = 2_000
"""Characters of a pattern."""
MAX_WAYS = 2_000_000
"""Ways that Python's own engine may try."""

Places: TypeAlias = "set[int]"
Spend: TypeAlias = Callable[[int], None]
"""Told how many steps come next; raises to give up."""


class Unreadable(ValueError):
    """A pattern that is broken, too long, or that depends on which way it matched (a back reference)."""


_OUTSIDE = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII | re.LOCALE
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_NOT_DIGIT: lambda char: not char.isdecimal(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    op.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    op.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}


def found(pattern: str, text: str, spend: Spend) -> bool:
    """Whether ``re.search(pattern, text)`` finds something. Raises :class:`Unreadable`, and what ``spend`` raises."""
    spend(len(text) + 1)
    if tame(pattern, len(text)):
        return re.search(pattern, text) is not None
    return bool(_sequence(_parsed(pattern), text, set(range(len(text) + 1)), spend))


def tame(pattern: str, length: int) -> bool:
    """Whether Python's own engine searches a text of ``length`` characters fast, whatever it holds.

    It may try each repetition at each length it can have: none stands in another, and their number is the power.
    Raises :class:`Unreadable`.
    """
    counted = _repetitions(_parsed(pattern), 0)
    return counted is not None and (length + 1) ** (counted + 1) <= MAX_WAYS


def _repetitions(parts: Iterable[Any], inside: int) -> int | None:
    """How many repetitions an expression has that can end at several places; ``None`` where one holds another."""
    total = 0
    for kind, given in parts:
        repeats = kind in (op.MAX_REPEAT, op.MIN_REPEAT)
        varies = repeats and given[0] != given[1]
        if repeats and inside:
            return None
        if kind is op.BRANCH:
            found = [_repetitions(way, inside) for way in given[1]]
            varies = bool(inside)
        elif kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT):
            found = []
        else:
            found = [_repetitions(given[-1], inside + repeats)] if repeats or kind is op.SUBPATTERN else [None]
        if None in found or (inside and varies):
            return None
        total += varies + sum(one or 0 for one in found)
    return total


@lru_cache(256)
def _parsed(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise Unreadable("the pattern is too long")
    try:
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unreadable(str(error)[:200]) from None
    if tree.state.flags & _OUTSIDE:
        raise Unreadable("the pattern sets flags")
    return tree


def _sequence(parts: Iterable[Any], text: str, places: Places, spend: Spend) -> Places:
    for kind, given in parts:
        if not places:
            break
        spend(4 * len(places))
        places = _part(kind, given, text, places, spend)
    return places


def _part(kind: Any, given: Any, text: str, places: Places, spend: Spend) -> Places:
    """Where matches that stand at ``places`` may stand after one part of a pattern."""
    if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
        return {place + 1 for place in places if place < len(text) and _is(kind, given, text[place])}
    if kind is op.AT:
        return {place for place in places if _at(given, text, place)}
    if kind is op.BRANCH:
        return set().union(*(_sequence(way, text, places, spend) for way in given[1]))
    if kind is op.SUBPATTERN and not given[1] and not given[2]:
        return _sequence(given[3], text, places, spend)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return _repeated(given, text, places, spend)
    if kind in (op.ASSERT, op.ASSERT_NOT) and given[0] == 1:
        spend(len(places) * 10)
        return {one for one in places if bool(_sequence(given[1], text, {one}, spend)) is (kind is op.ASSERT)}
    raise Unreadable(f"{str(kind).lower()} in a pattern is not followed")


def _repeated(given: Any, text: str, places: Places, spend: Spend) -> Places:
    least, most, inner = given
    for _ in range(least):
        if not places:
            return places
        before, places = places, _sequence(inner, text, places, spend)
        if places == before:  # more of the same changes nothing
            break
    reached, new, rounds = set(places), places, least
    while new and (most is op.MAXREPEAT or rounds < most):
        new = _sequence(inner, text, new, spend) - reached
        reached |= new
        rounds += 1
    return reached


def _is(kind: Any, given: Any, char: str) -> bool:
    if kind is op.ANY:
        return char != "\n"
    if kind is op.IN:
        return _in(given, char)
    return (ord(char) == given) is (kind is op.LITERAL)


def _in(items: Any, char: str) -> bool:
    negated = items[0][0] is op.NEGATE
    for kind, given in items[negated:]:
        if kind is op.LITERAL and ord(char) == given:
            return not negated
        if kind is op.RANGE and given[0] <= ord(char) <= given[1]:
            return not negated
        if kind is op.CATEGORY and _CATEGORIES[given](char):
            return not negated
    return negated


def _at(where: Any, text: str, place: int) -> bool:
    if where in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
        return place == 0
    if where is op.AT_END:
        return place == len(text) or (place == len(text) - 1 and text[place] == "\n")
    if where is op.AT_END_STRING:
        return place == len(text)
    word = _CATEGORIES[op.CATEGORY_WORD]
    beside = [word(char) for char in (text[place - 1 : place] if place else "", text[place : place + 1]) if char]
    inside = len(beside) == 2 and beside[0] is beside[1]
    return (not inside and any(beside)) is (where is op.AT_BOUNDARY)

"""What cases look at in a text: its lines, the words that tell it from others, and the values of a JSON text.

All functions are total and take time linear in the text, whatever it holds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nextstate.domain.strict_json import deep, finite, no_constant

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_JSON = 400_000
"""Characters of a text that is read as JSON."""
MAX_LEAVES = 2_000
"""Values of a JSON text that are looked at."""

_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./@:%+-]{0,120}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,30}(?:\.\d{1,20})?(?![\w]|\.\d)")
_COMMON = frozenset(
    "true false null none error errors file files directory name names type value data text list items result results "
    "status success successfully content title total description string number object array from with that this have "
    "will been were your date time user users index first last line lines update updated created create added find "
    "echo grep print function return class import self test tests path root home usr bin main new http https www "
    "com".split()
)


def lines(text: str) -> list[str]:
    """The lines that are not blank, each with its runs of blanks made one."""
    return [folded for line in text.split("\n") if (folded := " ".join(line.split()))]


def words(text: str) -> list[str]:
    """The words that may tell a text from others, in order, each once: no common words, no short ones."""
    found = (word.rstrip(".:") for word in _WORD.findall(text[:MAX_JSON]))
    return list(dict.fromkeys(word for word in found if telling(word)))


def telling(word: str) -> bool:
    """Whether a word is long or odd enough that it does not stand in a text by chance."""
    if word.lower() in _COMMON or len(word) > 120:
        return False
    if word.replace(".", "", 1).replace("-", "").isdigit():
        return len(word.strip("-0.")) >= 3
    return len(word) >= 5 or (len(word) >= 4 and not word.islower())


def has(text: str, part: str) -> bool:
    """Whether ``part`` stands in ``text`` and is no piece of a longer word or number.

    A number counts however it is written: 30 stands in ``30.0``.
    """
    if not part:
        return True
    if _NUMBER.fullmatch(part) and has_number(text, float(part)):
        return True
    before = r"(?<!\w)" if _wordy(part[0]) else ""
    after = r"(?!\w)" if _wordy(part[-1]) else ""
    return part in text and re.search(before + re.escape(part) + after, text) is not None


def _wordy(char: str) -> bool:
    return char.isalnum() or char == "_"


def has_number(text: str, number: float) -> bool:
    """Whether a number equal to ``number`` stands in ``text``."""
    return any(float(found) == number for found in _NUMBER.findall(text))


def numbers(text: str) -> list[float]:
    """The numbers of a text, in order."""
    return [float(found) for found in _NUMBER.findall(text)]


def value_of(text: str) -> Any:
    """The value of a JSON text that is an object or an array; ``None`` for everything else."""
    text = text.strip()
    if len(text) > MAX_JSON or text[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
    except (ValueError, RecursionError):
        return None
    return None if deep(value) else value


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """The plain values of a JSON value with the key that each stands under, the first :data:`MAX_LEAVES`."""
    waiting: list[tuple[str, Any]] = [("", value)]
    left = MAX_LEAVES
    while waiting and left:
        key, one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(reversed(list(one.items())[:MAX_LEAVES]))
        elif isinstance(one, list):
            waiting.extend((key, inner) for inner in reversed(one[:MAX_LEAVES]))
        else:
            left -= 1
            yield key, one


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a JSON value, the outer ones first, at most :data:`MAX_LEAVES`."""
    waiting, left = [value], MAX_LEAVES
    while waiting and left:
        one = waiting.pop()
        left -= 1
        if isinstance(one, dict):
            yield one
            waiting.extend(reversed(list(one.values())[:MAX_LEAVES]))
        elif isinstance(one, list):
            waiting.extend(reversed(one[:MAX_LEAVES]))


def longest_list(value: Any) -> int | None:
    """How many items the longest list of objects or texts in a JSON value has; ``None`` where there is none."""
    if isinstance(value, list):
        found = [len(value)]
    else:
        found = []
    for one in objects(value):
        found += [len(inner) for inner in one.values() if isinstance(inner, list)]
    return max(found, default=None)


def written(value: Any) -> str:
    """A plain JSON value as it stands in a text."""
    return value if isinstance(value, str) else json.dumps(value)

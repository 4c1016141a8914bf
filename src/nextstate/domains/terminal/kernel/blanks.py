"""Blanks: marks in a text that stand for what a history does not determine though its shape is known.

The hash of a commit depends on the time, so `git commit` shows text of which seven characters are not known. A tool
that is called with ``blanks`` prints a *blank* in their place: one private character, repeated as often as the text
is long. Equal blanks stand for equal text. What is shown fills the blanks (:func:`fill`).
"""

from __future__ import annotations

import re

_HASH, _DATE, _WORDS = 0xF0000, 0x100000, 0x108000
KINDS = 0x7F00
"""How many different blanks there are of one kind."""
_RUN = re.compile("([\U000f0000-\U0010fffd])\\1*")
_ANY = re.compile("[\U000f0000-\U0010fffd]")
_SHAPES = {
    _DATE: r"[A-Z][a-z]{2} [A-Z][a-z]{2} [1-9]\d? \d\d:\d\d:\d\d \d{4} [-+]\d{4}",
    _WORDS: r"[^\n'\"<>]+",
}


def hash_of(number: int, length: int = 40) -> str:
    """A blank for a hash: ``length`` hexadecimal digits."""
    return chr(_HASH + number % KINDS) * length


def date_of(number: int) -> str:
    """A blank for a date as ``git log`` shows it."""
    return chr(_DATE + number % KINDS) * 30


def words_of(number: int) -> str:
    """A blank for some text without a line end."""
    return chr(_WORDS + number % KINDS)


def inside(*texts: str | None) -> bool:
    """Whether there is a blank in one of the texts."""
    return any(text and _ANY.search(text) for text in texts)


def fill(output: str, shown: str) -> dict[str, str] | None:
    """What stood in the place of each blank (the longest text of several); ``None`` when the texts do not fit."""
    parts: list[str] = []
    names: dict[str, str] = {}
    at = 0
    for match in _RUN.finditer(output):
        parts.append(re.escape(output[at : match.start()]))
        key = match[0] if match[1] < chr(_DATE) else match[1]
        known = names.get(key)
        names[key] = known or f"b{len(names)}"
        parts.append(f"(?P={known})" if known else f"(?P<{names[key]}>{_shape(match[0])})")
        at = match.end()
    parts.append(re.escape(output[at:].rstrip("\n")))
    match_ = re.fullmatch("".join(parts), shown.rstrip("\n"))
    if match_ is None:
        return None
    found: dict[str, str] = {}
    for key, name in sorted(names.items(), key=lambda item: len(item[0])):
        text = match_[name]
        if not text.startswith(found.get(key[0], "")):
            return None
        found[key[0]] = text
    return found


def _shape(blank: str) -> str:
    kind = next(kind for kind in (_WORDS, _DATE, _HASH) if ord(blank[0]) >= kind)
    return _SHAPES.get(kind, f"[0-9a-f]{{{len(blank)}}}")

"""Marks that a harness leaves where it cut a long output: such a text is not what the program printed."""

from __future__ import annotations

import re

_WORD = re.compile(
    r"elided|truncated|omitted|clipped|snipp?|shortened|abbreviated|not shown|not displayed|hidden|too long|too large|"
    r"limited to|exceed|\[(?:\.{3}|…)",
    re.I,
)
_UNIT = r"(?:characters?|chars?|lines?|bytes?|tokens?|words?|rows?|[kKMG]i?B)"
_GONE = r"(?:elided|truncated|omitted|clipped|shortened|abbreviated|hidden|removed|skipped|not shown|not displayed)"
_MARK = re.compile(
    rf"\d[\d,._]*\s*(?:more |other |interior |remaining )*{_UNIT}(?: \w+){{0,2}} {_GONE}\b|"
    rf"\b{_GONE}[_ ](?:the |about |some )?(?:\d[\d,]* )?{_UNIT}\b|"
    rf"\b(?:output|observation|response|result|text|content|contents|log|message|file)s? (?:\w+ ){{0,3}}{_GONE}\b|"
    rf"[\[<(][.… ]{{0,5}}(?:{_GONE}|snip|snipped)[.… ]{{0,5}}[\])>]|"
    rf"^\W{{0,12}}(?:{_GONE}|snip|snipped)\W{{0,12}}$|"
    rf"\[(?:\.{{3}}|…)[^\[\]\n]{{0,80}}(?:{_UNIT}|output|{_GONE})[^\[\]\n]{{0,80}}\]|"
    r"^\s*\[(?:\.{3}|…)\]\s*$|"
    rf"\b(?:output|response|observation|result)s? (?:\w+ ){{0,3}}(?:too (?:long|large)|limited to \d|exceed)",
    re.I,
)
MAX_LINE = 400
"""Characters of a line on either side of a word that may be part of a mark."""
MAX_LOOKS = 400
"""Places of a text that are looked at."""


def first(text: str) -> int | None:
    """Where the first line with such a mark begins; ``None`` where there is none."""
    seen = looks = 0
    for word in _WORD.finditer(text):
        if word.end() <= seen:
            continue
        looks += 1
        if looks > MAX_LOOKS:
            return None
        start = text.rfind("\n", max(0, word.start() - MAX_LINE), word.start()) + 1 or max(0, word.start() - MAX_LINE)
        end = text.find("\n", word.end(), word.end() + MAX_LINE)
        seen = end if end >= 0 else min(len(text), word.end() + MAX_LINE)
        if _MARK.search(text[start:seen]):
            return start
    return None


def fits(whole: str, shown: str) -> bool:
    """Whether ``shown``, which has such a mark, may be what is left of ``whole``."""
    head = shown[: first(shown)].rstrip()
    return len(whole) >= len(head) and whole.startswith(head)

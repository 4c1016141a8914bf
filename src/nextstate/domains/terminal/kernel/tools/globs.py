"""`fnmatch` patterns as the GNU C library reads them."""

from __future__ import annotations

import re
from functools import lru_cache

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r" \t\n\r\f\v",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
}  # fmt: skip


def matcher(call: Call, pattern: str, *, fold: bool = False) -> re.Pattern[str]:
    """A Python pattern for ``fullmatch``; ``*`` and ``?`` match a slash and a leading dot too."""
    if not (call.utf8 or pattern.isascii()):
        raise Undetermined(f"the pattern {pattern} in a locale of bytes")
    return _translated(pattern, fold, call.bytewise)


@lru_cache(maxsize=512)
def _translated(pattern: str, fold: bool, bytewise: bool) -> re.Pattern[str]:
    if fold and not pattern.isascii():
        raise Undetermined(f"the pattern {pattern} without case")
    parts, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            parts.append(".*")
        elif char == "?":
            parts.append(".")
        elif char == "\\":
            if at >= len(pattern):
                raise Undetermined("a pattern that ends in a backslash")
            parts.append(re.escape(pattern[at]))
            at += 1
        elif char == "[":
            text, at = _bracket(pattern, at, bytewise)
            parts.append(text)
        else:
            parts.append(re.escape(char))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE | re.ASCII if fold else 0))


_ITEM = re.compile(r"\[:(\w+):\]|([A-Za-z0-9])-([A-Za-z0-9])|([^\[\]\\-])|(-)(?=\])", re.DOTALL)


def _bracket(pattern: str, at: int, bytewise: bool) -> tuple[str, int]:
    """A bracket expression that begins at ``at``; odd ones are undetermined."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    body = ""
    while at < len(pattern) and (pattern[at] != "]" or not body):
        if pattern[at] in "]-" and not body:
            body += re.escape(pattern[at])
            at += 1
            continue
        match = _ITEM.match(pattern, at)
        if match is None or (match[1] and match[1] not in _CLASSES):
            raise Undetermined(f"the pattern {pattern}")
        if match[2]:
            if not bytewise or match[2] > match[3]:
                raise Undetermined(f"the range in the pattern {pattern}")
            body += f"{match[2]}-{match[3]}"
        else:
            body += _CLASSES[match[1]] if match[1] else re.escape(match[0])
        at = match.end()
    if at >= len(pattern):
        raise Undetermined(f"the pattern {pattern}")
    return f"[{'^' if negated else ''}{body}]", at + 1

"""The order of version numbers inside names, as GNU ``sort -V`` and ``ls -v`` have it (gnulib filevercmp)."""

from __future__ import annotations

import re

_SUFFIX = re.compile(r"(?:\.[A-Za-z~][A-Za-z0-9~]*)*\Z")


def compare(left: str, right: str) -> int:
    """Negative, zero or positive; both texts are :func:`reading.raw`."""
    if not left or not right:
        return bool(left) - bool(right)
    for special in (".", ".."):
        if left == special or right == special:
            return (left != special) - (right != special)
    if (left[0] == ".") != (right[0] == "."):
        return -1 if left[0] == "." else 1
    first, second = prefix(left), prefix(right)
    return by_parts(first, second) or by_parts(left, right)


def prefix(text: str) -> str:
    """The text without its file suffixes (``.tar.gz``)."""
    match = _SUFFIX.search(text)
    return text[: match.start()] if match else text


def order(text: str, at: int) -> int:
    """The weight of a character that is no digit; ``~`` comes before the end, letters before signs."""
    if at >= len(text):
        return -1
    ch = text[at]
    if "0" <= ch <= "9":
        return 0
    if ch.isascii() and ch.isalpha():
        return ord(ch)
    return -2 if ch == "~" else ord(ch) + 256


def digits_at(text: str, at: int) -> int:
    """Where the digits that begin at ``at`` end."""
    while at < len(text) and "0" <= text[at] <= "9":
        at += 1
    return at


def by_parts(left: str, right: str) -> int:
    """Compares runs of other characters and numbers in turn."""
    i = j = 0
    while i < len(left) or j < len(right):
        while (i < len(left) and not "0" <= left[i] <= "9") or (j < len(right) and not "0" <= right[j] <= "9"):
            difference = order(left, i) - order(right, j)
            if difference:
                return difference
            i, j = i + 1, j + 1
        end_i, end_j = digits_at(left, i), digits_at(right, j)
        first, second = left[i:end_i].lstrip("0"), right[j:end_j].lstrip("0")
        if first != second:
            return -1 if (len(first), first) < (len(second), second) else 1
        i, j = end_i, end_j
    return 0

"""Bounds of what a request may be, before anybody reads it: how many bytes, and how deep its JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from nextstate.domain.strict_json import MAX_DEPTH

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NO_BRACKET = bytes(code for code in range(256) if code not in b"[]{}")

_STEPS = [(code in b"[{") - (code in b"]}") for code in range(256)]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of a body and of a WebSocket's message, of the target and of all header fields of a request, how many
    header fields there may be, and in how many seconds a body must be there.
    """

    body: int = 4 * 2**20
    message: int = 4 * 2**20
    target: int = 8 * 2**10
    headers: int = 32 * 2**10
    fields: int = 100
    body_seconds: float = 30.0


def too_deep(text: bytes) -> bool:
    """Whether objects and arrays of a JSON text stand more than :data:`MAX_DEPTH` inside each other.

    Counted without parsing, in time that grows with the length, for parsers follow a text as deep as it goes.
    """
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", text).translate(None, _NO_BRACKET)
    return any(map(MAX_DEPTH.__lt__, accumulate(map(_STEPS.__getitem__, brackets))))


class Bucket:
    """A token bucket: ``rate`` requests a second, and as many at once (at least one)."""

    __slots__ = ("_at", "_tokens", "rate")

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._tokens = max(rate, 1.0)
        self._at = now

    def wait(self, now: float) -> float:
        """Take a token: 0.0, or where there is none, the seconds until there is one; then none is taken."""
        self._tokens = min(max(self.rate, 1.0), self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self.rate
        self._tokens -= 1.0
        return 0.0

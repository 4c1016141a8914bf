"""Objects in what models take for JSON: read strictly when the whole text is JSON, else leniently and in bounded time.

Members are kept as pairs, so that a key that stands twice is seen, and numbers as their text, so that nothing is
rounded. The lenient reading also takes trailing commas, single quotes, line breaks in strings, and keys and words
without quotes; on JSON it gives what the strict reading gives.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domain import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSIDERED = 100_000
"""Characters at the end of a reply that are looked at."""
TOKENS = 100_000
"""Strings, numbers and signs that are looked at in a reply before it counts as unreadable."""
DEPTH = 12
"""Objects and lists inside each other that are read."""


class Bare(str):
    """What stands in a text without quotes: a number, a word."""


class Pairs(list[tuple[str, "Value"]]):
    """The members of an object in order, also those whose keys are equal."""


Value: TypeAlias = "str | Bare | list[Value] | Pairs"


def strict(text: str) -> Pairs | None:
    """The object that is the whole text, when that is JSON and nothing else."""
    if len(text) > CONSIDERED or not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(
            text,
            object_pairs_hook=Pairs,
            parse_int=Bare,
            parse_float=Bare,
            parse_constant=strict_json.no_constant,
        )
        return _texts(value, DEPTH) if isinstance(value, Pairs) else None
    except (ValueError, RecursionError, _UnreadableError):
        return None


def _texts(pairs: Pairs, depth: int) -> Pairs:
    """Members whose values are what a lenient reading gives too: true, false and null are bare words."""
    return Pairs((key, _text(value, depth)) for key, value in pairs)


def _text(value: object, depth: int) -> Value:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return Bare(json.dumps(value))
    if depth == 0:
        raise _UnreadableError
    if isinstance(value, Pairs):
        return _texts(value, depth - 1)
    return [_text(one, depth - 1) for one in value]


class _UnreadableError(Exception):
    """No object begins here."""


def objects(text: str) -> Iterator[tuple[int, int, Pairs]]:
    """Begin, end and members of each outermost object of ``text``, read leniently and in bounded time."""
    reader = _Reader(text)
    start = text.find("{")
    while start >= 0 and reader.left > 0:
        try:
            pairs, end = reader.object(start + 1, DEPTH)
        except _UnreadableError:
            start = text.find("{", start + 1)
        else:
            yield start, end, pairs
            start = text.find("{", end)


_TOKEN = re.compile(
    r"""\s*+(?:(?P<sign>[{}\[\],:])"""
    r"""|"(?P<double>(?:[^"\\]++|\\.)*+)"|'(?P<single>(?:[^'\\]++|\\.)*+)'"""
    r"""|(?P<bare>[^\s{}\[\],:"']++))""",
    re.DOTALL,
)


class _Reader:
    """Reads objects in JSON and in what people and models take for it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left = TOKENS
        """Tokens that may still be looked at."""

    def object(self, at: int, depth: int) -> tuple[Pairs, int]:
        """The members after an opening brace, and where the object ends."""
        pairs = Pairs()
        while True:
            key, at = self._token(at)
            if key == "}" and isinstance(key, _Sign):
                return pairs, at
            if isinstance(key, _Sign):
                raise _UnreadableError
            colon, at = self._token(at)
            value, at = self._value(*self._token(at), depth)
            if not isinstance(colon, _Sign) or colon != ":":
                raise _UnreadableError
            pairs.append((key, value))
            sign, at = self._token(at)
            if sign == "}" and isinstance(sign, _Sign):
                return pairs, at
            if sign != "," or not isinstance(sign, _Sign):
                raise _UnreadableError

    def _list(self, at: int, depth: int) -> tuple[list[Value], int]:
        values: list[Value] = []
        while True:
            token, at = self._token(at)
            if token == "]" and isinstance(token, _Sign):
                return values, at
            value, at = self._value(token, at, depth)
            values.append(value)
            sign, at = self._token(at)
            if sign == "]" and isinstance(sign, _Sign):
                return values, at
            if sign != "," or not isinstance(sign, _Sign):
                raise _UnreadableError

    def _value(self, token: str, at: int, depth: int) -> tuple[Value, int]:
        if not isinstance(token, _Sign):
            return token, at
        if depth > 0 and token == "{":
            return self.object(at, depth - 1)
        if depth > 0 and token == "[":
            return self._list(at, depth - 1)
        raise _UnreadableError

    def _token(self, at: int) -> tuple[str, int]:
        self.left -= 1
        match = _TOKEN.match(self._text, at) if self.left > 0 else None
        if match is None:
            raise _UnreadableError
        kind, said = match.lastgroup, match[match.lastgroup or 0]
        if kind == "sign":
            return _Sign(said), match.end()
        return (Bare(said) if kind == "bare" else _unescaped(said)), match.end()


class _Sign(str):
    """A bracket, a comma or a colon."""


def _unescaped(body: str) -> str:
    """The text of a string literal; as it stands where its escapes are none of JSON's."""
    if "\\" not in body:
        return body
    try:
        return str(json.loads('"' + body.replace("\\'", "'") + '"', strict=False))
    except ValueError:
        return body

"""What a tool showed, as a value: JSON where the text is JSON, the text itself where it is not.

Texts come from recordings and models, so every walk over a value is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domain.strict_json import deep, finite, no_constant
from nextstate.domains.mcp import failures
from nextstate.domains.mcp.kernel.words import identifies, words
from nextstate.types import Query, Setup

if TYPE_CHECKING:
    from nextstate.types import Json

MAX_TEXT = 2_000_000
"""Characters of a text that is read as JSON."""
MAX_NODES = 20_000
"""Values of one result that are looked at."""
_STARTS = re.compile(r'\s*[\[{"\d\-tfn]')
_DISTINCT = re.compile(r"[\w./:@#-]{4,120}")


@dataclass(frozen=True, slots=True)
class Shown:
    """An observation: its ``text``, its ``value``, and whether it reports a failure (``None``: it does not tell)."""

    text: str
    value: Any
    is_json: bool
    failed: bool | None


def read(text: str) -> Shown:
    """The value of an observation."""
    value = _json(text)
    known = value is not _NONE
    found = value if known else text
    return Shown(text, found, known, _failed(text[:MAX_TEXT]))


_NONE = object()


def _json(text: str) -> Any:
    if len(text) > MAX_TEXT or not _STARTS.match(text):
        return _NONE
    try:
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
    except (ValueError, RecursionError):
        return _NONE
    return _NONE if deep(value) else value


def _failed(text: str) -> bool | None:
    return failures.failed(_ANY, text)


_ANY = Query("mcp", Setup(), (), "")
"""Whether a result reports a failure does not hang on the query."""


def objects(value: Any) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every object in a value with the way to it, the outer ones first, within :data:`MAX_NODES`."""
    todo: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    for count, (way, one) in enumerate(todo):
        if count > MAX_NODES:
            return
        if isinstance(one, dict):
            yield way, one
            todo += [((*way, key), inner) for key, inner in one.items() if isinstance(inner, (dict, list))]
        elif isinstance(one, list):
            todo += [
                ((*way, index), inner) for index, inner in enumerate(one[:MAX_NODES]) if isinstance(inner, (dict, list))
            ]


def leaves(value: Any, limit: int = MAX_NODES) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar in a value with the way to it, within ``limit``."""
    todo: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    for count, (way, one) in enumerate(todo):
        if count > limit:
            return
        if isinstance(one, Mapping):
            todo += [((*way, key), inner) for key, inner in one.items()]
        elif isinstance(one, list):
            todo += [((*way, index), inner) for index, inner in enumerate(one[:limit])]
        else:
            yield way, one


def marks(value: Any) -> frozenset[str]:
    """What in a value tells things apart: distinctive texts, and numbers under names that identify.

    Two values that share a mark may speak of the same thing.
    """
    found: set[str] = set()
    for way, leaf in leaves(value):
        name = next((step for step in reversed(way) if isinstance(step, str)), "")
        found |= _marks(name, leaf)
    return frozenset(found)


def _marks(name: str, leaf: Any) -> set[str]:
    if isinstance(leaf, bool) or leaf is None:
        return set()
    if isinstance(leaf, (int, float)):
        return {mark(str(leaf))} if abs(leaf) >= 1000 or identifies(name) else set()
    if not isinstance(leaf, str):
        return set()
    if len(leaf) <= 120 and (identifies(name) or _distinct(leaf)):
        return {mark(leaf)}
    return {word.strip(".:-") for word in _DISTINCT.findall(leaf[:20_000]) if _distinct(word)}


def mark(leaf: str) -> str:
    """The mark of a text; of a number written as text, that of the number."""
    whole = leaf.removesuffix(".0")
    return f"#{int(whole)}" if whole.isascii() and whole.isdigit() and len(whole) < 20 else leaf.strip()


def _distinct(text: str) -> bool:
    return len(text) >= 4 and any(one.isdigit() or one in "/@_#" or one.isupper() for one in text[1:])


def scalar(value: Json) -> bool:
    """Whether a value is a text or a number that can name something."""
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


STYLES: tuple[dict[str, Any], ...] = (
    {"ensure_ascii": False},
    {},
    {"ensure_ascii": False, "separators": (",", ":")},
    {"separators": (",", ":")},
    {"ensure_ascii": False, "indent": 2},
    {"indent": 2},
    {"ensure_ascii": False, "indent": 4},
)
"""The ways in which servers write JSON."""


def written(value: Any, like: Shown | None) -> str:
    """A value as JSON, in the way of ``like`` where that was written in one of :data:`STYLES`."""
    if like is not None and like.is_json and len(like.text) <= 50_000:
        for style in STYLES:
            if json.dumps(like.value, **style) == like.text.strip():
                return json.dumps(value, **style)
    return json.dumps(value, ensure_ascii=False)


def key(arguments: Mapping[str, Any]) -> str:
    """The same text for equal arguments, whatever their order."""
    return json.dumps(dict(arguments), sort_keys=True, ensure_ascii=False)


def related(one: str, other: str) -> bool:
    """Whether two names may be those of the same field: ``user_id`` and ``id``, ``ticketId`` and ``ticket_id``."""
    left, right = words(one), words(other)
    if not left or not right:
        return False
    short, long = sorted((left, right), key=len)
    return long[-len(short) :] == short or "".join(left) == "".join(right)

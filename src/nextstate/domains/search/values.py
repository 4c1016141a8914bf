"""JSON inside observations: read once, also where it is packed into strings, and worded in one way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from nextstate.domain.strict_json import deep, inside, no_constant

MAX_TEXT = 2_000_000
"""Characters of a text that is read as JSON; a longer one is taken as plain text."""
MAX_CONTAINERS = 50_000
"""Objects and arrays in such a text, counted by their brackets."""


def parse(text: str) -> Any | None:
    """The object or array that ``text`` is, with the JSON texts in its strings unpacked; ``None`` where it is none.

    Many tools answer with an object whose only string is itself the JSON text of the results.
    """
    if len(text) > MAX_TEXT or not _looks_like_json(text) or text.count("[") + text.count("{") > MAX_CONTAINERS:
        return None
    try:
        value = _unpacked(_loads(text))
    except RecursionError:
        return None
    return None if deep(value) else value


def _looks_like_json(text: str) -> bool:
    inner = text.strip(" \t\r\n")
    return inner[:1] + inner[-1:] in ("{}", "[]")


def _loads(text: str) -> Any | None:
    try:
        value = json.loads(text, parse_constant=no_constant, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unpacked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if isinstance(value, str) and _looks_like_json(value) and (packed := _loads(value)) is not None:
        return _unpacked(packed)
    return value


def worded(value: Any) -> str:
    """The text of a JSON value, the same for equal ones: keys sorted, one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def mapped(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """``value`` with every leaf replaced by ``change(key it stands under, leaf)``."""
    if isinstance(value, dict):
        return {name: mapped(one, change, name) for name, one in value.items()}
    if isinstance(value, list):
        return [mapped(one, change, key) for one in value]
    return change(key, value)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in ``value``, in reading order."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(reversed(one.values()))
        elif isinstance(one, list):
            stack.extend(reversed(one))


def strings(value: Any) -> Iterator[str]:
    """Every string among the leaves of ``value``, in reading order."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        else:
            stack.extend(reversed(inside(one)))

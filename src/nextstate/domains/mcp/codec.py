"""Actions and observations of the MCP domain.

An action is a tool call, ``{"name": ..., "arguments": {...}}``. An observation is the text of the result as an agent
sees it: the texts of its content, one below the other; its JSON where it has only a structure; the message of an error.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domain.strict_json import deep, finite, no_constant

if TYPE_CHECKING:
    from nextstate.types import Action, Observation

MAX_TEXT = 1_000_000
"""Characters of an observation that is read as JSON; a longer one is compared as text."""
MAX_PARTS = 10_000
"""Objects and arrays below each other; more are compared as text."""


def validate(action: Action) -> None:
    """Raises :class:`~nextstate.errors.ActionError` for what is no tool call.

    A call of a tool that is not declared, or with arguments against its schema, is an action all the same: it is the
    environment that answers it with an error.
    """
    calls.parse(action)


# Observations as values


def values(observation: Observation) -> tuple[Any, ...] | None:
    """The JSON objects and arrays that an observation consists of, each on lines of its own; ``None`` for other text.

    One is the rule. Some servers give a list as one text for each item, and then there are several.
    """
    text = observation.strip()
    if not text.startswith(("{", "[")) or len(text) > MAX_TEXT:
        return None
    try:
        found = _every(text)
    except (ValueError, RecursionError):
        return None
    return found if found is not None and not any(deep(one) for one in found) else None


def _every(text: str) -> tuple[Any, ...] | None:
    found: list[Any] = []
    end = 0
    while end < len(text):
        one, end = _DECODER.raw_decode(text, end)
        gap = _BLANK.match(text, end)
        if not isinstance(one, dict | list) or gap is None or (gap.end() < len(text) and "\n" not in gap[0]):
            return None
        found.append(one)
        if len(found) > MAX_PARTS:
            return None
        end = gap.end()
    return tuple(found)


_BLANK = re.compile(r"[ \t\r\n]*")


def value(observation: Observation) -> Any:
    """The JSON object or array that an observation is; ``None`` where it is none, or several."""
    found = values(observation)
    return found[0] if found and len(found) == 1 else None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=no_constant, parse_float=finite)


# What no model can know

_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\b{_ISO}[.,](?=\d*[1-9])\d{{1,9}}{_ZONE}(?!\d)"), "<time>"),
    (
        re.compile(
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{2} \d{4} "
            r"\d{2}:\d{2}:\d{2} GMT[+-]\d{4}(?: \([A-Z][A-Za-z ]{2,60}\))?"
        ),
        "<time>",
    ),
    (re.compile(r"\b(in|took) \d{1,9}(?:\.\d{1,9})? ?(?:ms|milliseconds)\b"), r"\1 <duration>"),
    (re.compile(r"\b(in|took) \d{1,9}\.\d{1,9} ?s(?:ec(?:ond)?s?)?\b"), r"\1 <duration>"),
    (re.compile(r"\b(pid|PID)(:? )\d{1,9}\b"), r"\1\2<pid>"),
    (re.compile(r"\b(localhost|127\.0\.0\.1|0\.0\.0\.0):(?:3[3-9]|[45]\d|6[0-5])\d{3}\b"), r"\1:<port>"),
    (re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    (re.compile(r"/tmp/tmp[a-z0-9_]{8}\b"), "/tmp/<temporary>"),
    (re.compile(r"(?<=errors\.pydantic\.dev/)\d{1,3}\.\d{1,3}(?=/)"), "<version>"),
)
"""In texts: clocks finer than a second and ECMAScript's form of a date, which nobody writes by hand; how long something
took; process ids; the ports that a system hands out; addresses in memory; names of Python's temporary files; the
version in the links of pydantic's messages."""

_NOW = re.compile(
    r"(?:timestamp|now|current_?(?:date_?)?time|server_?time|generated_?at|fetched_?at|retrieved_?at|started_?at)", re.I
)
_TOOK = re.compile(
    r"(?:elapsed|took|latency|uptime|(?:execution|response|processing|query)_?time)"
    r"(?:_?(?:ms|s|secs?|seconds|millis|milliseconds))?|duration_?(?:ms|millis|milliseconds)",
    re.I,
)
_REQUEST = re.compile(r"(?:request|trace|span|correlation)_?id", re.I)
_PROCESS = re.compile(r"pid|process_?id", re.I)
_CLOCK = re.compile(rf"{_ISO}(?:[.,]\d{{1,9}})?{_ZONE}")
_RANDOM = re.compile(r"[0-9a-fA-F]{16,64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LINE_END = re.compile(r"(?<!\r)\r+\n")
_EPOCH = 1_000_000_000
"""Seconds since 1970 in the year 2001; a smaller number is no clock."""


def canonical(observation: Observation) -> Observation:
    """The observation with what no model can know masked, and JSON in one form.

    JSON objects and arrays are compared by value: the order of keys and white space do not count. ``1`` and ``1.0``
    stay different, since whoever reads the result sees the difference. An object in which a key stands twice is text.
    Dates, ids and times to the second are data and stay; a clock without fractions is masked only under a key that
    names the present (``timestamp``, ``current_time``, ``started_at``, ...), a number under one that names how long
    something took, and a random id under one that names the request; in items of lists nothing is masked by its key.
    In text, the kind of line end and blanks around it do not count.
    """
    found = values(observation)
    if found is not None:
        masked = _masked if len(found) == 1 else _masked_item
        return "\n".join(json.dumps(masked(one), ensure_ascii=False, sort_keys=True) for one in found)
    return _masked_text(_LINE_END.sub("\n", observation)).strip()


def _masked_text(text: str) -> str:
    for pattern, mark in _TEXTS:
        text = pattern.sub(mark, text)
    return text


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked_item(inner) for inner in value]
    if isinstance(value, str):
        return _masked_string(value, key)
    return _masked_number(value, key) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _masked_item(value: Any) -> Any:
    """An item of a list. What stands in one is data, whatever its keys (the time stamps of pages that were found)."""
    if isinstance(value, dict):
        return {name: _masked_item(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked_item(inner) for inner in value]
    return _masked_text(value) if isinstance(value, str) else value


def _masked_string(value: str, key: str) -> str:
    if _NOW.fullmatch(key) and _CLOCK.fullmatch(value):
        return "<time>"
    if _REQUEST.fullmatch(key) and _RANDOM.fullmatch(value):
        return "<id>"
    return _masked_text(value)


def _masked_number(value: float, key: str) -> float | str:
    if _NOW.fullmatch(key) and value >= _EPOCH:
        return "<time>"
    if _TOOK.fullmatch(key) and value >= 0:
        return "<duration>"
    return "<pid>" if _PROCESS.fullmatch(key) and isinstance(value, int) and value > 0 else value

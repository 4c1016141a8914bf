"""Actions of the search domain, which are tool calls, and the canonical form of what they show."""

from __future__ import annotations

import re
from typing import Any

from nextstate.domain import calls
from nextstate.domains.search import values
from nextstate.types import Action, Observation


def validate(action: Action) -> None:
    """Raises :class:`~nextstate.errors.ActionError` when an action is no tool call."""
    calls.parse(action)


_UNIT = r"(?:ms|milliseconds?|s|secs?|seconds?)"
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(rf"\b(took|in|within|after|elapsed:?|time:?|duration:?) \d+[.,]\d+ ?{_UNIT}\b", re.I),
        r"\1 <duration>",
    ),
    (re.compile(rf"\(\d+[.,]\d+ ?{_UNIT}\)", re.I), "(<duration>)"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"),
        "<time>",
    ),
    (re.compile(r"\b(request|trace|search|response)([ _-]?id)([ =:]+)[0-9a-f-]{8,}\b", re.I), r"\1\2\3<id>"),
)
_BLANKS = re.compile(r"[ \t\r]+")
_GAPS = re.compile(r" ?\n(?:[ \n]*)")
_MEASURED = frozenset(
    "took took_ms time_taken elapsed elapsed_ms duration duration_ms response_time searchtime search_time latency"
    " latency_ms query_time formattedsearchtime fetched_at retrieved_at timestamp request_id requestid trace_id".split()
)


def canonical(observation: Observation) -> Observation:
    """The observation with run times, clocks and request ids masked, and without what only white space tells.

    A JSON text counts by its value, also where it is packed into a string of another; the order of results counts.
    """
    value = values.parse(observation)
    if value is None:
        return _plain(observation)
    return values.worded(values.mapped(value, _leaf))


def _leaf(key: str, value: Any) -> Any:
    if key.lower() in _MEASURED and not isinstance(value, bool | None):
        return "<measured>"
    return _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    text = _GAPS.sub("\n", _BLANKS.sub(" ", text))
    for pattern, mark in _MASKS:
        text = pattern.sub(mark, text)
    return text.strip(" \n")

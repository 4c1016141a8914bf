"""Does a result say that the call failed?

The mark ``isError`` of a result is not part of its text, so this goes by what servers write: the SDKs' own messages
(Python: ``Error executing tool NAME: ...``, ``Unknown tool: NAME``; TypeScript: ``MCP error -32602: ...``), objects
with an ``error`` or with ``success: false``, and the words with which exceptions and refusals begin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain.strict_json import inside
from nextstate.domains.mcp import codec

if TYPE_CHECKING:
    from nextstate.types import Observation, Query

HEAD = 400
"""Characters at the beginning of a text that are looked at: a message of failure says so at once."""

BATCH = 1_000
"""Items of a batch that are looked at."""

_ANY_CASE = (
    r"[\W_]{0,4}(?:error|fatal|failure|exception)\b ?(?::|-\s|\(|\[|$)",  # Error: ..., fatal: ..., ❌ Error - ...
    r"an error occurred|(?:an )?unexpected error|internal (?:server )?error",
    r"error (?:executing|calling|running|invoking|processing|reading|fetching|getting|creating|updating|deleting)\b",
    r"error (?:searching|retrieving|loading|writing|opening|parsing|in|while|when|occurred|during|from)\b",
    r"mcp error -?\d+|json-?rpc error|(?:(?:input|output) )?validation error|\d+ validation errors? for\b",
    r"(?:database|network|connection|request|http|api|syntax|query|timeout|permission|runtime|server|tool) error\b",
    r"unknown tool|no such tool|tool \S+ (?:is )?not found",
    r"failed to |failed:|(?:could|can) ?not |couldn't |can't |unable to ",
    r"access (?:is )?denied|permission denied|not authori[sz]ed|unauthori[sz]ed|forbidden\b|invalid ",
    r"http (?:error )?[45]\d\d\b|status code:? [45]\d\d\b|[45]\d\d (?:client|server) error",
    r"missing (?:required|argument|parameter)|success: false\b",
    r"[^\n]{1,200}\b(?:not found|(?:does not|doesn't) exist|timed out)[.!]?\s*$",  # one line that ends so
)
_THIS_CASE = (
    r"[A-Za-z_][\w.]{0,80}(?:Error|Exception): ",  # ValueError: ..., sqlite3.OperationalError: ...
    r"Traceback \(most recent call last\)",
    r"E[A-Z]{3,12}: [a-z]",  # ENOENT: no such file or directory, ...
)
_FAILED = re.compile(f"(?i:{'|'.join(_ANY_CASE)})|{'|'.join(_THIS_CASE)}")
_DOUBT = re.compile(
    r"\b(?:errors?|fail(?:ed|ure|s)?|not found|no such|does(?: not|n't) exist|invalid|denied|refused|cannot|can't|"
    r"could not|unable|unknown|missing|must |required|not (?:available|allowed|supported|permitted)|exception|"
    r"timed out|timeout)\b",
    re.I,
)
_WRAPPERS = frozenset({"result", "results", "output", "content", "message", "detail", "response", "text"})
"""Keys under which a single text is the result itself."""
_STATES = {"error": True, "fail": True, "success": False, "succeeded": False, "ok": False}
"""What a ``status`` says about the call; ``failed`` may be the state of an order or a job that was asked for."""


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether the result reports that the call failed; ``None`` where its text does not tell.

    True only for what is plainly a message of failure. Text that has words of failure elsewhere near its beginning,
    and a batch in which single items failed, are not decided.
    """
    found = codec.values(observation)
    if found is None:
        return _text(observation)
    return _object(found[0]) if len(found) == 1 else False  # several are the items of a list


def _text(text: str) -> bool | None:
    head = text.strip()[:HEAD]
    if not head:
        return None
    if _FAILED.match(head):
        return True
    return None if _DOUBT.search(head) and not head.startswith("success: true") else False


def _object(value: Any) -> bool | None:
    if not isinstance(value, dict):
        return False
    said = [_flag(key.lower(), inner) for key, inner in value.items()]
    if True in said:
        return True
    if False in said:
        return False
    if len(value) == 1:
        key, inner = next(iter(value.items()))
        if key.lower() in _WRAPPERS and isinstance(inner, str):
            return _text(inner)
        if key.lower() in _WRAPPERS and isinstance(inner, dict):
            return _object(inner)
    return None if value.get("errors") or _holds_a_failure(value) else False


def _holds_a_failure(value: Any) -> bool:
    """Whether something two levels down says that it failed, as one item of a batch does."""
    items = [inner for outer in inside(value) for inner in (outer, *inside(outer)) if isinstance(inner, dict)]
    return any(_flag(key.lower(), inner) for one in items[:BATCH] for key, inner in one.items())


def _flag(key: str, value: Any) -> bool | None:
    """What one entry of a result says: it failed, it did not, or nothing."""
    if key in ("error", "error_message", "errormessage"):
        return (bool(value) and not isinstance(value, int | float)) or value is True or None
    if key in ("iserror", "is_error") and isinstance(value, bool):
        return value
    if key in ("success", "ok", "succeeded") and isinstance(value, bool):
        return not value
    if key == "status" and isinstance(value, str):
        return _STATES.get(value.lower())
    return None

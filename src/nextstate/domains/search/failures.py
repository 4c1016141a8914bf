"""Does an observation report that a search, a page or a tool failed, and may it be otherwise the next time?

Sources of the wordings: status texts of HTTP (RFC 9110), what search tools and page readers print in recordings, and
the docstore of the ReAct experiments ("Could not find [x]. Similar: [...]").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nextstate.domains.search import values

if TYPE_CHECKING:
    from nextstate.types import Observation, Query

SHORT = 400
"""Characters up to which a whole text is searched for a failure; of a longer one only the beginning is."""
HEAD = 120
"""Characters of the beginning."""


class Failure(StrEnum):
    """How it failed."""

    NOTHING_FOUND = "nothing_found"
    """There are no results; asking again shows none again."""
    MISSING = "missing"
    """The page does not exist, may not be seen or is no address; asking again shows that again."""
    PASSING = "passing"
    """A time-out, a limit, a broken connection: asking again may work."""
    ERROR = "error"
    """The tool reports an error of another kind."""


_PASSING = re.compile(
    r"timed? ?-?out|too many requests|rate.?limit|\b429\b|\b50[0234]\b (?!results)|service unavailable|bad gateway"
    r"|connection (?:was |has been )?(?:reset|refused|aborted|closed|error|termination)|connect error|temporarily"
    r"|captcha|unusual traffic|are you a robot|not a robot|verify you are human|checking your browser|try again later"
    r"|\bquota\b|internal server error",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"\b404\b|\b410\b|\b40[13]\b|not found\b|forbidden|access denied|does not exist|no such page|invalid url"
    r"|not an? (?:valid |http\(?s?\)? )?url|could not find \[",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\A\W*(?:none\W*\Z|no (?:more |good |relevant |search |web )*(?:results?|matches|entries|hits|entry)\b"
    r"|nothing (?:was )?found|your search .{0,80}did not match|.{0,80}did not match any documents)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\A\W*(?:error|failed|failure|exception|traceback|fatal|invalid (?:argument|input|parameter|action|request|query)"
    r"|unable to|cannot (?:open|read|access|fetch|load|find)|could not|couldn't|tool error|unknown tool)\b",
    re.IGNORECASE,
)
_RAISED = re.compile(r"generated an exception:|traceback \(most recent call last\)|unknown tool name", re.IGNORECASE)
_FOUND_NONE = re.compile(r"found 0 results\b|\b0 results found", re.IGNORECASE)


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether the observation says that the action failed; ``None`` where nothing is shown."""
    if not observation.strip():
        return None
    return failure(observation) is not None


def failure(observation: Observation) -> Failure | None:
    """How the observation says that the action failed; ``None`` where it does not say so."""
    value = values.parse(observation)
    if value is not None:
        return _of_json(value)
    return _of_text(observation)


_GIVEN = re.compile(r"https?://[^\s'\"]+|'[^'\n]{0,300}'")
"""Addresses and quoted arguments: what stands in them says nothing about the failure."""


def _of_text(text: str) -> Failure | None:
    text = text.strip()
    if _NOTHING.search(text[:HEAD]) or _FOUND_NONE.search(text[:HEAD]):
        return Failure.NOTHING_FOUND
    said = _GIVEN.sub("", text if len(text) <= SHORT else text[:HEAD])
    is_error = _ERROR.search(text[:HEAD]) or _RAISED.search(said)
    if not is_error and not _bare(text):
        return None
    if _PASSING.search(said):
        return Failure.PASSING
    if _MISSING.search(said):
        return Failure.MISSING
    return Failure.ERROR if is_error else Failure.PASSING


_PHRASES = (
    r"bad|unauthori[sz]ed|forbidden|(?:page )?not found|gone|too many|internal|not implemented|service|gateway|request"
    r"|client error|server error|error"
)
_BARE = re.compile(
    rf"\A\W*(?:(?:http(?: error)?:? ?)?(?:4\d\d|50\d)\W{{1,3}}(?:{_PHRASES})|http error \d{{3}}"
    r"|(?:page )?not found\b|access denied|forbidden\W*\Z|just a moment|attention required|upstream connect error"
    r"|request timed out|timed? ?-?out\b|too many requests|captcha"
    r"|please (?:enable (?:js|javascript|cookies)|verify you)|could not find \[|rate.?limit(?:ed| exceeded))",
    re.IGNORECASE,
)


def _bare(text: str) -> bool:
    """Whether a short text is nothing but a status or a page that keeps visitors out."""
    return len(text) <= SHORT and _BARE.search(text) is not None


def _of_json(value: Any) -> Failure | None:
    if value == [] or (isinstance(value, dict) and len(value) <= 3 and _empty_results(value)):
        return Failure.NOTHING_FOUND
    if isinstance(value, dict) and (found := _status(value)):
        return found
    if any("title" in one and ("url" in one or "link" in one) for one in values.objects(value)):
        return None
    said = [text for text in values.strings(value) if not text.startswith(("http://", "https://"))]
    if sum(map(len, said)) > SHORT:
        return None
    return next((found for text in said if (found := _of_text(text.removeprefix("# None").strip()))), None)


def _empty_results(value: Mapping[str, Any]) -> bool:
    lists = [
        one for key, one in value.items() if key.lower() in ("results", "items", "organic", "search_results", "data")
    ]
    return bool(lists) and all(one in ([], "[]", None) for one in lists)


def _status(value: Mapping[str, Any]) -> Failure | None:
    error = value.get("error") or value.get("errors") or (value.get("isError") and "error")
    code = next((value[key] for key in ("status", "status_code", "code") if isinstance(value.get(key), int)), 0)
    if isinstance(code, bool) or not 400 <= code < 600:
        code = 0
    if not error and not code and value.get("success") is not False and value.get("status") not in ("error", "failed"):
        return None
    said = f"{code or ''} {values.worded(error) if error else ''}"
    if _PASSING.search(said + " ") or code >= 500:
        return Failure.PASSING
    return Failure.MISSING if _MISSING.search(said) else Failure.ERROR

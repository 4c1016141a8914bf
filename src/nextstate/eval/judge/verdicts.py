"""Reading what a judge said: five marks, or none and the reason why.

The reply is first read as the one JSON object that was asked for. Judges also write it into a fence, with prose around
it, behind their thinking, with trailing commas, single quotes or bare keys, with keys in other letters, with marks
like ``"4/5"`` or ``{"score": 4, "reason": "..."}``; these forms are read too. A mark is what stands in the text or
nothing: 50 does not become 5, 4.5 does not become 4, and four marks are not a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.eval.judge.lenient_json import CONSIDERED, Pairs, objects, strict

if TYPE_CHECKING:
    from nextstate.eval.judge.lenient_json import Value

DIMENSIONS = ("format", "factuality", "consistency", "realism", "quality")
"""What a judge marks, from 1 to 5 each."""

OUTCOMES = ("judged", "unreadable", "incomplete", "refused", "cut_off", "provider_error", "no_prediction")
"""How judging ends. Only ``judged`` comes with marks."""

WORDS = 2_000
"""Characters of a judge's words that are kept for each dimension."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said. ``scores`` holds all five dimensions, 1 to 5, exactly when ``outcome`` is ``judged``.

    ``words`` are the reasons that the judge gave, by dimension; ``detail`` says why there are no scores.
    """

    outcome: str
    scores: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    detail: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"{self.outcome!r} is no outcome of judging; there are {', '.join(OUTCOMES)}")
        whole = self.scores.keys() == set(DIMENSIONS) and all(1 <= mark <= 5 for mark in self.scores.values())
        if whole != (self.outcome == "judged") or (self.scores and not whole):
            raise ValueError(f"a verdict has all five scores, 1 to 5, exactly when it is judged: {dict(self.scores)}")

    @property
    def mean(self) -> float | None:
        """The mean of the five marks, from 1 to 5; ``None`` when there are none."""
        return sum(self.scores.values()) / len(DIMENSIONS) if self.scores else None


def read_verdict(text: str) -> Verdict:
    """The verdict in a judge's reply; never raises, and gives all five marks or none.

    Of several objects the last one that names a dimension counts, for that is what the judge ended with. A dimension
    that is absent or null makes the verdict ``incomplete``; a mark that is no whole number from 1 to 5, or that is
    given twice with different values, makes it ``unreadable``.
    """
    if not text.strip():
        return Verdict("unreadable", detail="the reply is empty")
    found = [pairs for pairs in map(_named, answers(text)) if pairs is not None]
    if not found:
        return Verdict("unreadable", detail="the reply holds no object that names a dimension")
    return _verdict(found[-1])


def answers(text: str) -> list[Pairs]:
    """The objects in a reply, outside its thinking, in order; one alone when the whole reply is strict JSON."""
    whole = strict(text)
    if whole is not None:
        return [whole]
    first, last = _spoken(text)
    skipped = max(0, len(text) - CONSIDERED)
    found = objects(text[skipped:])
    return [pairs for start, end, pairs in found if start + skipped >= first and end + skipped > last]


def member(pairs: Pairs, name: str) -> str | None:
    """The text of the member called ``name``, in any letters; ``None`` when there is none, or two that differ."""
    found = {value.strip() for key, value in pairs if key.strip().casefold() == name and isinstance(value, str)}
    return found.pop() if len(found) == 1 else None


def _verdict(pairs: Pairs) -> Verdict:
    scores: dict[str, int] = {}
    words: dict[str, str] = {}
    missing: list[str] = []
    for dimension in DIMENSIONS:
        said = [value for key, value in pairs if _dimension(key) == dimension]
        marks = {_mark(value) for value in said} - {""}
        if len(marks) > 1:
            return Verdict("unreadable", detail=f"{dimension} is given twice: {' and '.join(sorted(marks))[:200]}")
        if not marks:
            missing.append(dimension)
            continue
        mark = marks.pop()
        if (match := _MARK.fullmatch(mark)) is None:
            return Verdict("unreadable", detail=f"{dimension} is {mark[:60]!r}, not a whole number from 1 to 5")
        scores[dimension] = int(match[1])
        words[dimension] = next(filter(None, map(_why, said)), "")
    if missing:
        return Verdict("incomplete", detail=f"no mark for {', '.join(missing)}")
    return Verdict("judged", scores, {name: why for name, why in words.items() if why})


_MARK = re.compile(r"([1-5])(?:\.0{1,9})?(?: {0,3}/ {0,3}5(?:\.0{1,9})?| out of 5)?")
_ABSENT = frozenset({"", "null", "none", "n/a", "na", "-"})
_MARKS = ("score", "mark", "rating", "grade", "value", "points")
_WHYS = ("why", "reason", "reasoning", "explanation", "justification", "rationale", "comment", "words")


def _mark(value: Value) -> str:
    """The text of a mark; empty when there is none. What is no text at all is shown as what it is."""
    if isinstance(value, Pairs):
        inner = {_mark(one) for key, one in value if key.strip().casefold() in _MARKS} - {""}
        return " and ".join(sorted(inner))
    if isinstance(value, list):
        return "a list"
    text = value.strip()
    return "" if text.casefold() in _ABSENT else text


def _why(value: Value) -> str:
    if not isinstance(value, Pairs):
        return ""
    given = (one for key, one in value if key.strip().casefold() in _WHYS and isinstance(one, str))
    return next(given, "")[:WORDS]


def _dimension(key: str) -> str:
    return re.sub(r"[ _-]?(?:score|mark|rating)$", "", key.strip().casefold()) if len(key) < 40 else ""


def _named(pairs: Pairs) -> Pairs | None:
    """The object that names the most dimensions: ``pairs`` itself or one inside it, the outermost first."""
    best, most = None, 0
    level: list[Value] = [pairs]
    for _ in range(4):
        objects = [one for one in level if isinstance(one, Pairs)]
        for one in objects:
            count = len({_dimension(key) for key, _ in one} & {*DIMENSIONS})
            if count > most:
                best, most = one, count
        level = [value for one in objects for _, value in one]
    return best


def _spoken(text: str) -> tuple[int, int]:
    """Where objects must begin, and what they must end behind, to stand outside the judge's thinking.

    Thinking that never ended says nothing. Some servers swallow the marker that opens it; what stands before a closing
    marker is then thinking, unless the marker is a word inside an object.
    """
    opened = _OPENED.match(text)
    if opened is not None:
        closed = text.find(f"</{opened[1]}>", opened.end())
        return (len(text), len(text)) if closed < 0 else (closed, closed)
    return 0, max(text.rfind(f"</{name}>") for name in _THINKING)


_THINKING = ("think", "thinking", "reasoning", "analysis")
_OPENED = re.compile(rf"\s*+<({'|'.join(_THINKING)})>")

"""How the published script of AgentWorldBench reads its judge, in words of our own, oddities included.

Source: eval/lwm_eval_utils/judge_parser.py of QwenLM/Qwen-AgentWorld (Apache-2.0), commit cd0aa83. The rules, in
order; a reply to which none applies has *failed*:

1. Reasoning is taken off (:mod:`.official_text`); the last ``<final_evaluation>`` block, if there is one and it is not
   blank, is read alone, else the whole text.
2. The object is looked for first in fences: what stands between one run of three backticks, perhaps with ``json``
   behind it, and the next. The last one that is an object by its first and last character and holds ``"scores"``, else
   the last one that is such an object. *A fenced object without scores hides an unfenced one with them.*
3. Where no fence holds an object, objects are found by matching braces outside double quotes, from the left; one that
   never ends is passed over. The last one that holds ``"scores"``, else the last one. (A third search, from the end
   backwards, is left out here: where the second finds nothing, what the third finds is never JSON.)
4. The object is *always repaired before it is read*: commas before a closing bracket go, keys in single quotes get
   double ones, words behind a brace or a comma and before a colon are put in quotes. This also happens inside texts, so
   a reason such as ``"short, note: nothing"`` breaks valid JSON. What does not parse then is cut down to the first
   ``"scores": {...}`` in it without a brace inside, and fails if that does not parse either.
5. ``scores`` must be an object. Each dimension is a whole number as it stands (``true`` is 1); other numbers are
   rounded, halves to even; of a text counts what stands before a ``/``, if that is a whole number; everything else, and
   a dimension that is *missing, is 0*. Above 5 is 5 (*50 is 5*); 0 and below stay. ``NaN`` and ``Infinity`` fail.
6. The row's total is the mean of the dimensions above 0, or 0. *Such a row counts as judged, however many dimensions
   its judge left out, even all of them.*

A reply in which finding braces takes more than :data:`EFFORT` steps fails here; the script would take hours for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.eval.agentworldbench.official_text import block, without_reasoning
from nextstate.eval.judge.verdicts import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAG = "final_evaluation"
FENCE = "```"
SCORES = '"scores"'
EFFORT = 500_000
"""Quotes, backslashes and braces that are looked at, one after another, in one reply."""


@dataclass(frozen=True, slots=True)
class OfficialVerdict:
    """What the script makes of a judge's reply. ``scores`` is empty exactly when it has ``failed``, which says why."""

    scores: Mapping[str, int] = field(default_factory=dict)
    failed: str = ""

    @property
    def total(self) -> float:
        """The mean of the scores above 0; 0.0 when there are none."""
        counted = [score for score in self.scores.values() if score > 0]
        return sum(counted) / len(counted) if counted else 0.0


def read(reply: str) -> OfficialVerdict:
    """The verdict in a judge's reply by the rules above; never raises."""
    text = without_reasoning(reply.strip(), TAG)
    if not text:
        return OfficialVerdict(failed="nothing is left of the reply")
    text = block(text, TAG) or text
    found = _fenced(text) or _unfenced(text)
    if found is None:
        return OfficialVerdict(failed="no object")
    try:
        return _verdict(_parsed(_repaired(found)))
    except (ValueError, OverflowError, RecursionError) as error:
        return OfficialVerdict(failed=f"the object cannot be read: {type(error).__name__}")


def _fenced(text: str) -> str | None:
    bodies = [body for body in _fences(text) if body.startswith("{") and body.endswith("}")]
    return _chosen(bodies)


def _fences(text: str) -> Iterator[str]:
    start = text.find(FENCE)
    while start >= 0:
        start += len(FENCE)
        if text.startswith("json", start):
            start += len("json")
        end = text.find(FENCE, start)
        if end < 0:
            return
        yield text[start:end].strip()
        start = text.find(FENCE, end + len(FENCE))


def _unfenced(text: str) -> str | None:
    return _chosen(list(_objects(text)))


def _chosen(objects: list[str]) -> str | None:
    with_scores = [one for one in objects if SCORES in one]
    return next(reversed(with_scores or objects), None)


_STRUCTURE = re.compile(r'["\\{}]')


def _objects(text: str) -> Iterator[str]:
    """The objects of a text from left to right, by their braces."""
    signs = [(one.start(), one[0]) for one in _STRUCTURE.finditer(text)]
    left, number = EFFORT, 0
    while number < len(signs):
        start, sign = signs[number]
        last = _closing(signs, number, number + left) if sign == "{" else None
        if sign == "{":
            left -= (len(signs) if last is None else last) - number
            if left <= 0:
                return
        if last is None:
            number += 1
        else:
            yield text[start : signs[last][0] + 1]
            number = last + 1


def _closing(signs: list[tuple[int, str]], first: int, bound: int) -> int | None:
    """The number of the brace that closes the one with the number ``first``."""
    depth, quoted, escaped = 0, False, -1
    for number in range(first, min(len(signs), bound)):
        at, sign = signs[number]
        if at == escaped:
            continue
        if sign == '"':
            quoted = not quoted
        elif quoted:
            escaped = at + 1 if sign == "\\" else -1
        elif sign != "\\":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return number
    return None


_REPAIRS = (
    (re.compile(r",(?=\s*[}\]])"), ""),
    (re.compile(r"'(\w+)'(?=\s*:)"), r'"\1"'),
    (re.compile(r"(?<=[{,])\s*(\w+)\s*:"), r'"\1":'),
)
"""A comma too many, a key in single quotes, a bare key."""


def _repaired(text: str) -> str:
    for pattern, replacement in _REPAIRS:
        text = pattern.sub(replacement, text)
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        alone = _scores_alone(text)
        if alone is None:
            raise
        return json.loads(alone)


_SCORES = re.compile(rf"{SCORES}\s*:\s*\{{")


def _scores_alone(text: str) -> str | None:
    """An object with nothing but the first scores that hold no closing brace, and something."""
    for found in _SCORES.finditer(text):
        end = text.find("}", found.end())
        if end < 0:
            return None
        if end > found.end():
            return "{" + text[found.start() : end + 1] + "}"
    return None


def _verdict(value: Any) -> OfficialVerdict:
    scores = value.get("scores") if isinstance(value, dict) else None
    if not isinstance(scores, dict):
        return OfficialVerdict(failed="no scores")
    return OfficialVerdict({name: min(5, _number(scores.get(name, 0))) for name in DIMENSIONS})


def _number(value: object) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return round(value)
    if isinstance(value, str):
        try:
            return int(value.split("/")[0].strip())
        except ValueError:
            return 0
    return 0


def points(mean: float) -> float:
    """A mean of scores from 1 to 5 on the scale from 0 to 100; 0 becomes -25."""
    return (mean - 1) / 4 * 100

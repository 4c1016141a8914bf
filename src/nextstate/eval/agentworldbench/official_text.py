"""How the published script of AgentWorldBench reads texts, in words of our own, so that its numbers can be compared.

Source: eval/lwm_eval_utils/output_parser.py of QwenLM/Qwen-AgentWorld (Apache-2.0), commit cd0aa83. The rules:

**Reasoning.** The markers are ``<think>`` and ``</think>`` in any letters. Each opening marker, in order, is paired
with the next closing marker behind it that is not yet taken, and both go with what stands between. A closing marker
that is left over takes everything from the beginning of the text with it. An opening marker that is left over takes
what follows up to the next answer tag, or to the end. Markers inside an answer count like any others: an observation
in which ``</think>`` stands loses its beginning.

**Answer.** What stands behind the last opening answer tag (in any letters), up to the next closing tag or, where there
is none, to the end, without outer blanks. A reply without a tag is its own answer, whatever it says: a refusal in words
is judged as a prediction. A reply in which nothing is left becomes the placeholder :data:`NO_OUTPUT`.

**Marker.** The line that precedes observations is taken off the beginning; a text that does not begin with it loses it
everywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left

NO_OUTPUT = "No output"

_THINKING = re.compile(r"<(/?)think>", re.IGNORECASE)


def without_reasoning(text: str, tag: str) -> str:
    """``text`` without its reasoning; ``tag`` is the answer tag at which an unfinished reasoning ends."""
    markers = list(_THINKING.finditer(text))
    if not markers:
        return text
    kept, shown = [], 0
    for start, end in sorted(_spans(text, markers, tag)):
        if start > shown:
            kept.append(text[shown:start])
        shown = max(shown, end)
    return "".join([*kept, text[shown:]]).strip()


def _spans(text: str, markers: list[re.Match[str]], tag: str) -> list[tuple[int, int]]:
    opening = [one for one in markers if not one[1]]
    closing = [one for one in markers if one[1]]
    spans, unfinished, taken, at = [], [], set(), 0
    for one in opening:
        while at < len(closing) and closing[at].start() < one.start():
            at += 1
        if at < len(closing):
            spans.append((one.start(), closing[at].end()))
            taken.add(at)
            at += 1
        else:
            unfinished.append(one.start())
    spans += [(0, one.end()) for number, one in enumerate(closing) if number not in taken]
    if unfinished:
        answers = [one.start() for one in _opening(tag).finditer(text)]
        spans += [(start, [*answers[bisect_left(answers, start) :][:1], len(text)][0]) for start in unfinished]
    return spans


def block(text: str, tag: str) -> str | None:
    """What stands in the last block of ``tag``; ``None`` when no such tag is opened."""
    start = -1
    for one in _opening(tag).finditer(text):
        start = one.end()
    if start < 0:
        return None
    end = re.compile(f"</{re.escape(tag)}>", re.IGNORECASE).search(text, start)
    return text[start : end.start() if end else len(text)].strip()


def prediction(reply: str, tag: str) -> str:
    """What the script shows its judge for a reply that is not empty."""
    text = without_reasoning(reply, tag)
    found = block(text, tag)
    return found if found is not None else text.strip() or NO_OUTPUT


def without_marker(text: str, marker: str) -> str:
    """An observation without the line that precedes it."""
    if marker and not text.startswith(marker):
        return text.replace(marker, "").strip()
    return text[len(marker) :].strip()


def _opening(tag: str) -> re.Pattern[str]:
    return re.compile(f"<{re.escape(tag)}>", re.IGNORECASE)

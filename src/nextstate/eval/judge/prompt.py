"""How a judge is asked: in our own words, laid out for prefix caches, with the material fenced off.

What is the same for all rows of a domain stands in the system message, then comes the trajectory, then the turn: the
messages of turn t + 1 repeat those of turn t up to its last action. The fence is a code that is drawn from the set-up
until it occurs nowhere in the material, so no text in it can end its own part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.eval.scorers import common
from nextstate.models import keys, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nextstate.models.language import Messages
    from nextstate.types import Query, Setup

VERSION = 1
"""Of how the material is laid out; the wording has its hash."""

CONTEXT = 400
"""Characters of an equal beginning or end that stay beside what differs, when it is shortened."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters that each kind of material may take; ``text`` holds for the truth and the prediction each.

    ``entry`` is an observation of the history, which may take half of ``history`` with its action, so that the latest
    turn is always shown.
    """

    setup: int
    history: int
    entry: int
    action: int
    text: int


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """One wording: ``guide`` says how to judge, ``answer`` how to answer; the domain's rubric stands between them.

    ``closing`` stands behind the material, so that the last word is ours and not the prediction's.
    """

    name: str
    guide: str
    answer: str
    closing: str
    limits: Limits
    version: int = VERSION

    @property
    def sha256(self) -> str:
        """The hash of everything but the rubrics, whose own hashes are :func:`rubric_sha256`."""
        limits = self.limits
        sizes = [limits.setup, limits.history, limits.entry, limits.action, limits.text]
        return keys.digest(self.version, self.guide, self.answer, self.closing, sizes).hex()

    def messages(self, query: Query, predicted: str, truth: str) -> list[dict[str, str]]:
        """The conversation that asks for the marks of ``predicted``. Raises :class:`UsageError` for a domain unknown.

        What truth and prediction have in common at their beginning and end is shortened first, so that no difference
        is lost in what is left out.
        """
        rubric = domains.find(query.domain).rubric
        system = f"{self.guide.strip()}\n\n{rubric.strip()}\n\n{self.answer.strip()}"
        limits = self.limits
        shown, said = shortened(truth, predicted, limits.text)
        parts = [*material(query, limits), ("truth", shown), ("prediction", said)]
        asked = f"{fenced(parts, query)}\n\n{self.closing.strip()}"
        return [_message("system", system), _message("user", asked)]


def rubric_sha256(domain: str) -> str:
    """The hash of what a judge is told about ``domain``."""
    return sha256(domains.find(domain).rubric.encode()).hexdigest()


def material(query: Query, limits: Limits) -> Iterator[tuple[str, str]]:
    """Names and texts of what the world model knew, and of the action; of the history, the latest turns."""
    setup = render.clip(_setup(query.setup), limits.setup)
    if setup:
        yield "setup", setup
    turns = [
        (render.clip(turn.action, limits.entry // 2), render.clip(turn.observation, limits.entry))
        for turn in query.history
    ]
    start = render.first_shown([len(action) + len(seen) for action, seen in turns], limits.history)
    if start:
        yield "left out", f"{start} earlier turns are not shown"
    for number, (action, seen) in enumerate(turns[start:], start + 1):
        yield f"action {number}", action
        yield f"observation {number}", seen
    yield "action", render.clip(query.action, limits.action)


def shortened(one: str, other: str, limit: int) -> tuple[str, str]:
    """Both texts in at most ``limit`` characters each; their common beginning and end give way before what differs."""
    if max(len(one), len(other)) <= limit:
        return one, other
    if one == other:
        return render.clip(one, limit), render.clip(other, limit)
    start = common(one, other)
    end = common(one[start:][::-1], other[start:][::-1])
    head, tail = one[:start], one[len(one) - end :]
    room = max(limit - max(len(one), len(other)) + start + end, 2 * CONTEXT)
    head = _kept_end(head, max(CONTEXT, room - min(len(tail), room // 2)))
    tail = _kept_start(tail, max(CONTEXT, room - len(head)))
    return (
        render.clip(head + one[start : len(one) - end] + tail, limit),
        render.clip(head + other[start : len(other) - end] + tail, limit),
    )


def _kept_end(text: str, limit: int) -> str:
    mark = f"[... {len(text)} characters before, the same in truth and prediction, shortened ...]\n"
    return text if len(text) <= limit else mark + text[len(text) - max(0, limit - len(mark)) :]


def _kept_start(text: str, limit: int) -> str:
    mark = f"\n[... {len(text)} characters behind, the same in truth and prediction, shortened ...]"
    return text if len(text) <= limit else text[: max(0, limit - len(mark))] + mark


def fenced(parts: Sequence[tuple[str, str]], query: Query) -> str:
    """``parts`` between markers that none of them can forge."""
    texts = [(name, _plain(text)) for name, text in parts]
    code = _code([text for _, text in texts], query)
    shown = [f"[[begin {name} {code}]]\n{text}\n[[end {name} {code}]]" for name, text in texts]
    return "\n\n".join([f"The code of this message is {code}.", *shown])


def sections(messages: Messages) -> dict[str, str]:
    """The parts of the last message that :func:`fenced` wrote, by name; none when it did not."""
    content = messages[-1]["content"] if messages else ""
    match = _FIRST.match(content)
    if match is None:
        return {}
    part = re.compile(rf"\[\[begin ([a-z0-9 ]+) {match[1]}\]\]\n(.*?)\n\[\[end \1 {match[1]}\]\]", re.DOTALL)
    return dict(part.findall(content))


_FIRST = re.compile(r"The code of this message is ([0-9a-f]{12})\.\n")

_TURN_TOKENS = re.compile(r"<(?=\||/?s>|(?:start|end)_of_turn>)|\[(?=/?INST\])")
"""Where a word begins that some chat templates take for the end of a message."""


def _plain(text: str) -> str:
    """``text`` with a blank in the words that a chat template may take for its own, and without lone surrogates."""
    return _TURN_TOKENS.sub(r"\g<0> ", text).encode("utf-8", "replace").decode()


def _code(texts: Sequence[str], query: Query) -> str:
    """A code that stands in no text; the same for all turns of a trajectory, unless a text holds it."""
    key = keys.setup_key(query.domain, query.setup).hex()
    codes = (keys.digest("fence", key, number).hex()[:12] for number in range(1 << 30))
    return next(code for code in codes if not any(code in text for text in texts))


def _setup(setup: Setup) -> str:
    tools = "\n".join(f"tool {tool.name}: {tool.description}" for tool in setup.tools)
    parts = {"Initial state": setup.initial_state, "Tools": tools, "Instruction": setup.instruction}
    return "\n\n".join(f"{title}:\n{text}" for title, text in parts.items() if text)


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


@cache
def text(name: str) -> str:
    """A text of this package, as it stands in its folder."""
    return (files(__package__) / f"{name}.md").read_text("utf-8")


def _prompts() -> Iterator[JudgePrompt]:
    full, short = Limits(8_000, 24_000, 4_000, 4_000, 12_000), Limits(500, 1_200, 400, 400, 1_200)
    closing = text("closing")
    yield JudgePrompt("full", text("full"), text("answer"), closing, full)
    yield JudgePrompt("short", text("short"), text("answer_short"), closing, short)


PROMPTS: Mapping[str, JudgePrompt] = {prompt.name: prompt for prompt in _prompts()}
FULL, SHORT = PROMPTS["full"], PROMPTS["short"]

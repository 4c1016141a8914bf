"""The one place where a query becomes text for a model.

Laid out for prefix caches: what stays the same stands first, the history only grows, and what holds for this step
alone (``query.notes``) stands in the last message. Rendering turn t + 1 repeats turn t byte for byte and appends.
With a budget the history is cut at checkpoints and then grows again; it never slides by one turn.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.domain import between_tags, without_tags
from nextstate.types import Query, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nextstate.domain import Domain
    from nextstate.types import Setup, Tool

LIMIT = 32_000
"""Characters of one state, observation, action or note when there is no budget."""

STATE, TOOLS, EXAMPLES, INSTRUCTION = "Initial state", "Tools", "Examples", "Instruction for this simulation"
"""The titles of the sections of a system message, in their order."""

NOTES = "\n\nNotes for this step only:\n"
"""What stands before the notes in the last message."""

SLACK = 80
"""Characters kept free for the line that says how many turns are left out."""

PROMPT = "$ "
"""What stands before an action in a transcript."""

STOP = "\n" + PROMPT
"""Where a model that continues a transcript has finished its observation."""

_INNER = re.compile(rf"^(\\*)(?={re.escape(PROMPT)})", re.MULTILINE)
_ESCAPED = re.compile(rf"^\\(\\*)(?={re.escape(PROMPT)})", re.MULTILINE)

EXAMPLE_TURNS = 12
"""Turns of an example session that a transcript shows."""


def clip(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters: the middle gives way to a marker that says how much is missing."""
    if len(text) <= limit:
        return text
    marker = f"\n[... {len(text) - limit} or more characters left out ...]\n"
    keep = limit - len(marker)
    if keep <= 0:
        return text[: max(limit, 0)]
    return text[: keep - keep // 2] + marker + text[len(text) - keep // 2 :]


@dataclass(frozen=True, slots=True)
class Budget:
    """Characters that each part of a prompt may take; ``None`` is without limit. All but ``history`` are fixed shares,
    so that nothing in front changes while the history grows."""

    state: int | None = LIMIT
    tools: int | None = None
    examples: int | None = None
    instruction: int | None = LIMIT
    message: int = LIMIT
    notes: int = LIMIT
    total: int | None = None

    @classmethod
    def of(cls, max_chars: int | None, fixed: int) -> Budget:
        """Shares of ``max_chars`` after a ``fixed`` part that is never cut; at least 3/16 stay for the history."""
        if max_chars is None:
            return cls()
        share = max(max_chars - fixed, 0) // 16
        return cls(
            state=min(4 * share, LIMIT),
            tools=2 * share,
            examples=2 * share,
            instruction=share,
            message=min(2 * share, LIMIT),
            notes=min(2 * share, LIMIT),
            total=max_chars,
        )

    def room(self, front: int) -> int | None:
        """Characters for the history behind a front of ``front``; the last action and its notes have their share."""
        return None if self.total is None else self.total - front - self.message - self.notes - SLACK


def first_shown(sizes: Sequence[int], room: int | None) -> int:
    """The first turn to show of turns that take ``sizes`` characters.

    A cut comes only when the shown turns outgrow ``room``, and leaves half of it free. It depends on the turns up
    to it alone, so the start stays put until the next cut.
    """
    if room is None:
        return 0
    start = shown = 0
    for index, size in enumerate(sizes):
        shown += size
        if shown > room:
            while start <= index and shown > room // 2:
                shown -= sizes[start]
                start += 1
    return start


def messages(domain: Domain, query: Query, *, max_chars: int | None = None) -> list[dict[str, str]]:
    """The query as chat messages: one system message, then user = action and assistant = observation.

    ``max_chars`` bounds the sum of all contents, except that the domain's own prompt is never cut.
    """
    budget = Budget.of(max_chars, len(domain.prompt))
    system = _system(domain, query, budget)
    turns = [(clip(shown, budget.message), clip(said, budget.message)) for shown, said in _worded(domain, query)]
    start = first_shown([len(shown) + len(said) for shown, said in turns], budget.room(len(system)))
    out = [_message("system", system)]
    for index, (shown, said) in enumerate(turns[start:]):
        out += _message("user", (_gap(start) if index == 0 else "") + shown), _message("assistant", said)
    gap = _gap(start) if start == len(turns) else ""
    last = clip(domain.show(replace(query, notes="")), budget.message)
    return [*out, _message("user", gap + last + clip(_notes(query.notes), budget.notes))]


def transcript(domain: Domain, query: Query, *, max_chars: int | None = None, examples: bool = True) -> str:
    """The query as a raw session for a model to continue: ``$ action``, its output, and so on up to the action.

    An example session stands in front (the set-up's demonstrations, else the domain's first example) unless
    ``examples`` is false. Stop the model when :func:`ends_transcript` holds and read what it wrote with
    :func:`read_transcript`. Lines of an observation that look like an action are escaped by a backslash. Where
    observations are screens, a reply shows what stands between the tags of the domain's own replies: the edits.

    What is told (the initial state, notes) is worded as an action too, a comment that shows it. Plain comment lines
    in front of an action make small models write comments: notes in that form cost them a quarter to nine tenths of
    their right answers, in this form hardly any.
    """
    budget = Budget.of(max_chars, 0)
    front = _transcript_front(domain, query, budget, examples)
    turns = [_entry(turn.action, said, budget.message) for turn, said in _shown(domain, query.setup, query.history)]
    start = first_shown([len(turn) for turn in turns], budget.room(len(front)))
    gap = _entry(f"# {_gap(start).strip()}", "", SLACK) if start else ""
    notes = _told("Known now", query.notes, budget.notes)
    return front + gap + "".join(turns[start:]) + notes + PROMPT + clip(query.action, budget.message) + "\n"


def ends_transcript(text: str) -> bool:
    """Whether a model that continues a transcript has finished its observation and begun the next action."""
    return STOP in "\n" + text


def reply_of(said: str) -> str:
    """What a model wrote after :func:`transcript` in a domain of screens, as the reply that the domain reads."""
    return between_tags(said.removesuffix("\n"))


def read_transcript(text: str) -> str:
    """The observation in what a model wrote after :func:`transcript`; it may be empty.

    For an engine that swallows its stop text, give ``text + STOP`` when that stopped it. A transcript cannot tell
    whether an output ended with a newline; output that is not empty is taken to.
    """
    said, stop, _ = ("\n" + text).partition(STOP)
    said = said if stop else said.removesuffix("\n")
    return _ESCAPED.sub(r"\1", said[1:]) + "\n" if said else ""


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _system(domain: Domain, query: Query, budget: Budget) -> str:
    setup = query.setup
    parts = [
        domain.prompt.strip(),
        _section(STATE, setup.initial_state, budget.state),
        _section(TOOLS, "\n".join(map(_tool, setup.tools)), budget.tools),
        _section(EXAMPLES, _demonstrations(domain, query), budget.examples),
        _section(INSTRUCTION, setup.instruction, budget.instruction),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, text: str, limit: int | None) -> str:
    if not text:
        return ""
    whole = f"## {title}\n\n{text}"
    return whole if limit is None else clip(whole, limit - 2)


def _tool(tool: Tool) -> str:
    """One line of JSON with sorted keys: the same tool always reads the same."""
    fields = {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": dict(tool.input_schema),
        "outputSchema": dict(tool.output_schema),
    }
    kept = {key: value for key, value in fields.items() if value}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=dict)


def _worded(domain: Domain, query: Query) -> Iterator[tuple[str, str]]:
    """Each turn of the history as (what the user says, what a perfect model replies)."""
    for index, turn in enumerate(query.history):
        asked = Query(query.domain, query.setup, query.history[:index], turn.action)
        yield domain.show(asked), domain.write(asked, turn.observation)


def _demonstrations(domain: Domain, query: Query) -> str:
    demonstrated = replace(query, history=query.setup.demonstrations)
    return "\n\n".join(f"Action:\n{shown}\n\nReply:\n{said}" for shown, said in _worded(domain, demonstrated))


def _notes(notes: str) -> str:
    return NOTES + notes if notes else ""


def _gap(left_out: int) -> str:
    return f"[... {left_out} earlier turns are not shown ...]\n\n" if left_out else ""


def _transcript_front(domain: Domain, query: Query, budget: Budget, examples: bool) -> str:
    setup = query.setup
    example = _example(domain, setup) if examples else ()
    shown = "".join(_entry(turn.action, said, budget.message) for turn, said in example)
    if shown:
        shown = clip(_entry("# An example session", "", SLACK) + shown, budget.examples or LIMIT).rstrip("\n") + "\n"
        shown += _entry("# A new session", "", SLACK)
    state = _told("Initial state", setup.initial_state, budget.state or LIMIT)
    return shown + state + _told("Instruction", setup.instruction, budget.instruction or LIMIT)


def _example(domain: Domain, setup: Setup) -> list[tuple[Turn, str]]:
    if setup.demonstrations:
        return _shown(domain, setup, setup.demonstrations[:EXAMPLE_TURNS])
    recordings = domain.examples()
    return _shown(domain, recordings[0].setup, recordings[0].turns[:EXAMPLE_TURNS]) if recordings else []


def _shown(domain: Domain, setup: Setup, turns: tuple[Turn, ...]) -> list[tuple[Turn, str]]:
    """Each turn with what a transcript shows of it."""
    if not domain.screens:
        return [(turn, turn.observation) for turn in turns]
    asked = (Query(domain.name, setup, turns[:index], turn.action) for index, turn in enumerate(turns))
    return [(turn, without_tags(domain.write(one, turn.observation))) for one, turn in zip(asked, turns, strict=True)]


def _entry(action: str, observation: str, limit: int) -> str:
    shown = clip(_INNER.sub(r"\\\1", observation), limit)
    return PROMPT + clip(action, limit) + "\n" + shown + ("" if not shown or shown.endswith("\n") else "\n")


def _told(title: str, text: str, limit: int) -> str:
    """A comment as an action, and ``text`` as what it showed, in at most ``limit`` characters."""
    head = f"# {title}"
    room = limit - len(PROMPT + head) - 2
    return _entry(head, text.strip("\n"), room) if text.strip() and room > 0 else ""

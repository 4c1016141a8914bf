"""Edits: their exact effect on known text, and the answer in words that were seen before."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import forms, knowing, layouts, replies, texts, viewing
from nextstate.domains.swe.kernel.telling import Lack
from nextstate.domains.swe.kernel.texts import Text

if TYPE_CHECKING:
    from nextstate.domains.swe.kernel.shell import Shell
    from nextstate.domains.swe.kernel.state import State

UNDONE = 10
"""Edits of a file that can be taken back."""
Edit: TypeAlias = op.Create | op.Replace | op.ReplaceLines | op.Insert | op.Undo


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of an edit: its kind, what its answer may name, the text after it and which lines of it are new."""

    kind: str
    slots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    after: Text | None = None
    lines: tuple[int, int] | None = None


def computed(shell: Shell, state: State, name: str, edit: Edit | op.Incomplete) -> str | Lack:
    """The answer to an edit whose effect is known, or why it is not."""
    outcome = _outcome(shell, state, edit)
    if outcome is None:
        return Lack("whether an edit fits a file that is not known whole")
    reply = state.replies.get(f"{name} {outcome.kind}")
    if reply is None:
        return Lack("how this tool answers an edit")
    shown = replies.filled(reply, outcome.slots, outcome.lines, outcome.after)
    return Lack("the lines around an edit") if shown is None else shown


def _where(state: State, edit: Edit | op.Incomplete) -> str | None:
    return state.path(edit.path) if edit.path else state.open_file or None


def _outcome(shell: Shell, state: State, edit: Edit | op.Incomplete) -> Outcome | None:
    """What comes of an edit, where that is certain."""
    if isinstance(edit, op.Incomplete):
        return Outcome(
            f"incomplete {edit.missing}", {"missing": edit.missing, "command": edit.command, "path": edit.path}
        )
    path = _where(state, edit)
    if path is None:
        return None
    slots = {"path": edit.path}
    if isinstance(edit, op.Create):
        return Outcome(f"create {_existed(shell, state, path)}", slots, texts.of(edit.text))
    text = knowing.of(shell, state, path)
    if isinstance(edit, op.Undo):
        past = state.undo.get(path, ())
        return Outcome("undo", slots, past[-1]) if past else None
    if isinstance(edit, op.Replace):
        return _replaced(text, edit, slots)
    after, lines = _placed(text, edit)
    within = edit.line is not None and 0 <= edit.line <= len(text.lines) if isinstance(edit, op.Insert) else False
    return Outcome("insert", slots, after, lines) if after is not None and within else None


def _existed(shell: Shell, state: State, path: str) -> str:
    if path in state.files or shell.read(state.plain, path) is not None:
        return "again"
    return "new" if shell.missing(state.plain, path) else "unseen"


def _replaced(text: Text, edit: op.Replace, slots: Mapping[str, str]) -> Outcome | None:
    """What comes of replacements; where one of several fails it is not known how that is said."""
    after, first, last = text, 0, 0
    for swap in edit.swaps:
        slots = {**slots, "old": swap.old, "new": swap.new}
        if swap.old == swap.new:
            return Outcome("same", slots) if len(edit.swaps) == 1 else None
        found = texts.find(after, swap.old)
        if not found.certain:
            return None
        if len(found.lines) != 1 and not (swap.everywhere and found.lines):
            return _unfit(found, slots) if len(edit.swaps) == 1 else None
        first = found.lines[0]
        last = first + swap.new.count("\n")
        swapped = texts.swapped(after, swap.old, swap.new, everywhere=swap.everywhere)
        if swapped is None:
            return None
        after = swapped
    kind = f"replace {len(edit.swaps)}{' all' if edit.swaps[0].everywhere else ''}"
    return Outcome(kind, slots, after, (first, last))


def _unfit(found: texts.Found, slots: Mapping[str, str]) -> Outcome:
    if not found.lines:
        return Outcome("missing", slots)
    return Outcome("several", {**slots, "lines": str(list(found.lines)), "new": slots["new"]})


def _placed(text: Text, edit: op.Insert | op.ReplaceLines) -> tuple[Text | None, tuple[int, int] | None]:
    """The text after whole lines were put in, and which lines they are."""
    new = edit.text.split("\n")
    if isinstance(edit, op.ReplaceLines):
        if not 1 <= edit.first <= edit.last + 1:
            return None, None
        after = texts.with_lines(text, edit.first, edit.last, new if edit.text else [])
        return after, (edit.first, edit.first + len(new) - 1)
    line = len(text.lines) if edit.line is None and text.ended else edit.line
    if line is None or line < 0 or edit.text.endswith("\n"):
        return None, None
    return texts.with_lines(text, line + 1, line, new), (line + 1, line + len(new))


# What an answer tells


def absorbed(shell: Shell, state: State, name: str, edit: Edit | op.Incomplete, observation: str) -> State:
    """The state after an edit was answered."""
    outcome = _outcome(shell, state, edit)
    path = None if isinstance(edit, op.Incomplete) else _where(state, edit)
    refused = isinstance(edit, op.Incomplete) or replies.refuses(_without(observation, edit))
    if not refused and path is not None:
        assert not isinstance(edit, op.Incomplete)
        before = knowing.of(shell, state, path)
        after = (
            outcome.after if outcome is not None and outcome.after is not None else _guided(before, edit, observation)
        )
        if after is None:
            return _lost(shell, state, path)
        outcome = outcome or _done(before, edit, after)
        state = _edited(shell, state, path, before, after, edit)
    elif not refused or (outcome is not None and outcome.after is not None):
        return state  # it answers otherwise than it was computed, or edits a file whose place is not known
    elif outcome is None and isinstance(edit, op.Replace):
        outcome = _refusal(edit, observation)
    return state if outcome is None or forms.is_cut(observation) else _worded(state, name, outcome, observation)


def _without(observation: str, edit: Edit | op.Incomplete) -> str:
    text = observation.replace("\r\n", "\n").replace(edit.path, "") if edit.path else observation
    return text.partition("cat -n")[0] if "cat -n" in text[:500] else text


def _refusal(edit: op.Replace, observation: str) -> Outcome | None:
    """Why an edit was refused, from the words of the answer."""
    said = _without(observation, edit).replace(edit.swaps[0].old, "").lower()[:600] if edit.swaps[0].old else ""
    slots = {"path": edit.path, "old": edit.swaps[0].old, "new": edit.swaps[0].new}
    if len(edit.swaps) != 1:
        return None
    if "did not appear" in said or "not found" in said or "no match" in said:
        return Outcome("missing", slots)
    return None


def _guided(before: Text, edit: Edit, observation: str) -> Text | None:
    """The text after an edit that was done, from what is known before it and from the lines that the answer shows."""
    shown = viewing.window(observation) if "[File: " in observation else None
    seen = layouts.taken_apart(observation)
    lines = shown[2] if shown is not None else dict(seen.lines) if seen is not None else {}
    after = _applied(before, edit)
    if after is not None:
        total = shown[1] if shown is not None else None
        return texts.put(after, {n: line for n, line in lines.items() if line or n < max(lines)}, total=total)
    if not lines:
        return None
    last = max(lines)
    if lines[last] == "" and shown is None:
        del lines[last]
    kept = Text(before.lines[: min(lines) - 1]) if lines else Text()
    return texts.put(kept, lines, total=shown[1] if shown is not None else None)


def _applied(before: Text, edit: Edit) -> Text | None:
    """The text after an edit that is known to have been done: what was replaced stands only once."""
    if isinstance(edit, op.Replace):
        after: Text | None = before
        for swap in edit.swaps:
            after = None if after is None else texts.swapped(after, swap.old, swap.new, everywhere=swap.everywhere)
        return after
    if isinstance(edit, op.Insert | op.ReplaceLines):
        return _placed(before, edit)[0]
    return None


def _done(before: Text, edit: Edit, after: Text) -> Outcome | None:
    """The outcome of an edit that was done, for its wording."""
    if isinstance(edit, op.Replace) and edit.swaps and (found := texts.find(before, edit.swaps[-1].old)).lines:
        swap = edit.swaps[-1]
        kind = f"replace {len(edit.swaps)}{' all' if edit.swaps[0].everywhere else ''}"
        first = found.lines[0]
        slots = {"path": edit.path, "old": swap.old, "new": swap.new}
        return Outcome(kind, slots, after, (first, first + swap.new.count("\n")))
    return None


def _alone(shell: Shell, state: State, path: str) -> State:
    """The state without files of this name elsewhere that may be the same, the working directory being unknown."""
    name = path.rpartition("/")[2]
    for other in [one for one in state.files if one != path and one.rpartition("/")[2] == name]:
        if texts.marked(other) or texts.marked(path):
            state = knowing.forgotten(shell, state.changed(other), other)
    return state


def _lost(shell: Shell, state: State, path: str) -> State:
    state = _alone(shell, knowing.forgotten(shell, state.changed(path, everything=True), path), path)
    return replace(state, edited=(*(one for one in state.edited if one != path), path)[-20:])


def _edited(shell: Shell, state: State, path: str, before: Text, after: Text, edit: Edit) -> State:
    state = _alone(shell, knowing.known(shell, state.changed(path, everything=True), path, after), path)
    past = state.undo.get(path, ())
    past = past[:-1] if isinstance(edit, op.Undo) else (*past, before)[-UNDONE:]
    return replace(
        state,
        undo=MappingProxyType({**state.undo, path: past}),
        edited=(*(one for one in state.edited if one != path), path)[-20:],
        last_edit=_difference(path, before, after) or state.last_edit,
    )


def _difference(path: str, before: Text, after: Text) -> str:
    old, new = (["?" if line is None else line for line in text.lines] for text in (before, after))
    if len(old) + len(new) > 6_000:
        return ""
    return "\n".join(difflib.unified_diff(old, new, path, path, lineterm="", n=2))[:1_200]


def _worded(state: State, name: str, outcome: Outcome, observation: str) -> State:
    """The state that knows how this tool answers such an edit."""
    reply = replies.learned(observation, outcome.slots, outcome.lines, outcome.after)
    if reply is None:
        return state
    key = f"{name} {outcome.kind}"
    known = replies.sharper(state.replies.get(key), reply)
    return replace(state, replies=MappingProxyType({**state.replies, key: known}))

"""What is said of what is not known: a reason in general words and facts; and what a call showed before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import forms, reading, replies
from nextstate.domains.swe.kernel.shell import NOWHERE

if TYPE_CHECKING:
    from nextstate.domains.swe.kernel.state import State
    from nextstate.types import Action, Observation

MAX_FACTS = 2_000
"""Characters of the facts of one step."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why something is not known, what is known of it, and the action that a model may answer instead."""

    reason: str
    facts: str = ""
    ask: str | None = None


WHY_NOT: dict[type, str] = {
    op.Python: "code in an interpreter that stays alive",
    op.ListFiles: "a listing that was never shown",
    op.Open: "a window of lines",
    op.NewFile: "a window of lines",
    op.Move: "a window of lines",
    op.Submit: "what is handed in",
}

_GENERAL = (
    (re.compile(r".* was never shown\Z"), "a path or program that was never shown"),
    (re.compile(r".* may be a file or a directory"), "a path that may be a file or a directory"),
    (re.compile(r"the listing of .*"), "a listing that is not known whole"),
    (re.compile(r".* is a program that the kernel lacks"), "a program that is not computed"),
    (re.compile(r"whether .* is installed.*"), "whether a program is installed"),
    (re.compile(r"the module .*"), "a module of Python that is not computed"),
    (re.compile(r"the content of .*"), "the content of a file that was never shown"),
    (re.compile(r".*'s version is not .*"), "another version of a program"),
)


def general(reason: str) -> str:
    """A reason without the values in it, so that reasons can be counted."""
    for pattern, words in _GENERAL:
        if pattern.fullmatch(reason):
            return words
    return re.sub(r"\S*[/\d]\S*", "...", reason)[:120] or "not computed"


def facts(state: State, operation: op.Operation, inner: str) -> str:
    """The working directory, the files edited, the last edit, what is known of the file at hand; bounded."""
    parts = [f"working directory: {state.known_cwd}"] if state.known_cwd else []
    if state.edited:
        parts.append("files edited: " + ", ".join(state.edited[-6:]))
    if state.last_edit:
        parts.append("the last edit:\n" + state.last_edit)
    if isinstance(operation, op.ACTS_ON_FILE) and (path := state.path(operation.path)) is not None:
        parts.append(_about(state, path))
    elif isinstance(operation, op.Run):
        named = [one for one in state.files if one.rpartition("/")[2] in operation.command]
        parts += [_about(state, one) for one in named[:3]]
        parts.append(inner)
    return _spoken("\n".join(part for part in parts if part))[:MAX_FACTS]


def known(state: State, inner: str) -> str:
    """What was edited, and what the shell inside knows, for people."""
    edited = [f"files edited: {', '.join(state.edited[-6:])}"] if state.edited else []
    last = [f"the last edit:\n{state.last_edit}"] if state.last_edit else []
    return _spoken("\n".join([*edited, *last, inner]))[:MAX_FACTS]


def _spoken(text: str) -> str:
    """A text without the stand-in for an unknown working directory."""
    return text.replace(f"{NOWHERE}/", "").replace(NOWHERE, ".")


def _about(state: State, path: str) -> str:
    """The known lines of a file, numbered, at most as many as fit."""
    text = state.files.get(path)
    if text is None:
        return ""
    size = f"{len(text.lines)} lines" if text.ended else f"at least {len(text.lines)} lines"
    rows = [f"{n}:{line}" for n, line in enumerate(text.lines, 1) if line is not None][:40]
    return f"file {path} ({size}; known of it):\n" + "\n".join(rows)[:900] if rows else f"file {path} exists"


# The same call again


def key(state: State, action: Action, operation: op.Operation) -> str:
    """What a call is remembered under."""
    return f"{state.cwd}\0{operation.command if isinstance(operation, op.Run) else action}"


_RESTLESS = re.compile(r"\b(?:date|time|uptime|ps|top|free|df|ls|stat|find|du|type|which)\b|/proc|/sys|/dev/(?!null)")


def remembered(state: State, name: str, operation: op.Operation, observation: Observation) -> State:
    """The state that remembers what a call showed, where it only looked at files that are followed."""
    if isinstance(operation, op.Run):
        return _command(state, name, operation, observation)
    if isinstance(operation, op.View):
        path = state.path(operation.path)
        return state if path is None else state.remembering(name, observation, (path,) if path in state.files else None)
    if isinstance(operation, op.Replace) and (path := state.path(operation.path)) in state.files:
        refused = replies.refuses(observation.replace(operation.path, "")) and state.edited[-1:] != (path,)
        return state.remembering(name, observation, (str(path),)) if refused else state
    if isinstance(operation, op.FindFiles | op.SearchText | op.ListFiles):
        return state.remembering(name, observation, None)
    return state


def _command(state: State, name: str, run: op.Run, observation: Observation) -> State:
    if run.typed or not reading.only_reads(run.command) or _RESTLESS.search(run.command):
        return state
    named = reading.files_of(run.command)
    if not named or forms.taken_apart(observation).kind not in ("bare", state.form.kind):
        return state
    if any(call.name == "cd" for call in reading.programs(run.command) or ()):
        return state
    paths = [state.path(one) for one in named]
    if any(path is None or path not in state.files for path in paths):
        return state
    return state.remembering(name, observation, tuple(path for path in paths if path is not None))

"""How an action reaches a shell. Most recordings keep one shell alive; some start a new one for every action.

``facts["invoke"]`` describes the second kind::

    {"per_action": true, "argv": '/bin/bash -c "{action}"', "split": "shlex", "cd": "lexical",
     "keeps": ["cwd"], "strip": true}

``argv`` is a pattern into which the action is put; the line is split into arguments by the rules of Python's shlex, so
that double quotes inside the action take it apart. Without it the action reaches the shell as it is, in a way that is
not told. ``keeps`` lists what outlives an action: ``cwd``, ``exports`` (variables that were exported), or nothing. With
``cd: lexical`` the recorder itself follows actions that begin with ``cd``. ``strip`` says that blanks around an
observation were dropped. With ``per_action: false`` one shell lives on.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import normal

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.state import State

KEPT = frozenset({"cwd", "exports"})
"""What may outlive an action although its shell does not."""
_PLAIN_CD = re.compile(r"cd\s+([\w./-]+)\s*")


@dataclass(frozen=True, slots=True)
class Invocation:
    """A script, the name that the shell's messages begin with (``$0``), and the directory that it starts in."""

    script: str
    zero: str
    cwd: str
    known_lines: bool = True
    """Whether line numbers in messages count from the action's first line."""


def alone(state: State) -> bool:
    """Whether every action has a shell of its own."""
    return bool(state.invoke) and state.invoke.get("per_action") is not False


def keeps(state: State, what: str) -> bool:
    """Whether something of a shell (one of :data:`KEPT`) outlives an action."""
    kept = state.invoke.get("keeps") or ()
    return not alone(state) or (isinstance(kept, list | tuple) and what in kept)


def renewed(state: State) -> State:
    """The state in which the next action begins: where it has a new shell, nothing of the last one is left."""
    if not alone(state):
        return state
    exports = keeps(state, "exports")
    return replace(
        state,
        cwd=state.cwd if keeps(state, "cwd") else state.place.cwd,
        exit=0,
        flags="",
        pipefail=False,
        positional=(),
        functions=frozenset(),
        tainted=state.tainted if exports else frozenset(),
        assigned=state.assigned if exports else frozenset(),
        lost="" if not keeps(state, "cwd") or state.invoke.get("cd") else state.lost,
    )


def unwrap(state: State, action: str) -> Invocation | None:
    """What the shell really gets, or ``None`` when that is not determined."""
    kept = state.invoke.get("keeps") or ()
    if not isinstance(kept, list | tuple) or not {str(one) for one in kept} <= KEPT:
        return None
    pattern = state.invoke.get("argv")
    if not pattern:
        return Invocation(action, "bash", state.cwd, known_lines=not alone(state))
    script, cwd = action.strip(), state.cwd
    if state.invoke.get("cd") == "lexical" and script.startswith("cd"):
        plain = _PLAIN_CD.fullmatch(script)
        if plain is None:
            return None
        script, cwd = f"cd {_lexical(state.cwd, plain[1])}", "/"
    try:
        argv = shlex.split(str(pattern).replace("{action}", script))
    except ValueError:
        return None
    if len(argv) < 3 or argv[1] != "-c":
        return None
    head = f"set -- {shlex.join(argv[4:])}; " if argv[4:] else ""
    return Invocation(head + argv[2], argv[3] if len(argv) > 3 else argv[0], cwd)


def _lexical(cwd: str, path: str) -> str:
    return normal(posixpath.join(cwd, path))


def directory_after(state: State, action: str, cwd: str) -> str:
    """The working directory that the next action starts in, when this one ended in ``cwd``."""
    if keeps(state, "cwd") and not state.invoke.get("cd"):
        return cwd
    if not keeps(state, "cwd"):
        return state.place.cwd
    plain = _PLAIN_CD.fullmatch(action.strip()) if state.invoke.get("cd") == "lexical" else None
    if plain is None:
        return state.cwd
    stayed = cwd == "/" != _lexical(state.cwd, plain[1])  # the recorder's cd runs in /, where a failing one stays
    return state.cwd if stayed else cwd

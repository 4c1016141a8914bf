"""How an action reaches a shell. Most recordings keep one shell alive; some start a new one for every action.

``facts["invoke"]`` describes the second kind::

    {"per_action": true, "argv": '/bin/bash -c "{action}"', "split": "shlex", "cd": "lexical",
     "keeps": ["cwd"], "strip": true}

``argv`` is a pattern into which the action is put; the line is split into arguments by the rules of Python's shlex, so
that double quotes inside the action take it apart. ``keeps`` lists what outlives an action. With ``cd: lexical`` the
recorder itself follows actions that begin with ``cd``. ``strip`` says that blanks around an observation were dropped.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import normal

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.state import State

_PLAIN_CD = re.compile(r"cd\s+([\w./-]+)\s*")


@dataclass(frozen=True, slots=True)
class Invocation:
    """A script, the name that the shell's messages begin with (``$0``), and the directory that it starts in."""

    script: str
    zero: str
    cwd: str
    known_lines: bool = True
    """Whether line numbers in messages count from the action's first line."""


def unwrap(state: State, action: str) -> Invocation | None:
    """What the shell really gets, or ``None`` when that is not determined."""
    pattern = state.invoke.get("argv")
    if not pattern:
        return Invocation(action, "bash", state.cwd, known_lines=not state.invoke)
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
    if not state.invoke.get("per_action") or ("cwd" in state.invoke.get("keeps", ()) and not state.invoke.get("cd")):
        return cwd
    plain = _PLAIN_CD.fullmatch(action.strip()) if state.invoke.get("cd") == "lexical" else None
    if plain is None:
        return state.cwd
    stayed = cwd == "/" != _lexical(state.cwd, plain[1])  # the recorder's cd runs in /, where a failing one stays
    return state.cwd if stayed else cwd

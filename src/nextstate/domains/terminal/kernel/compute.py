"""Runs an action and says what is determined of it, and the state after it if everything is."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import lexis, memory, telling
from nextstate.domains.terminal.kernel.bridge import BASHISM
from nextstate.domains.terminal.kernel.files import FsError, Tree, Undetermined
from nextstate.domains.terminal.kernel.invoke import alone, directory_after, keeps, renewed, unwrap
from nextstate.domains.terminal.kernel.running import Run
from nextstate.domains.terminal.kernel.shell import ORDERS, shell_for
from nextstate.domains.terminal.kernel.state import State

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call, Out
    from nextstate.types import Action


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at computing an action: its run, the files after it, the state after it if all was determined."""

    run: Run
    tree: Tree
    state: State | None


def remembered(state: State, action: Action, attempt: Attempt) -> Attempt:
    """The attempt or, where it failed, what the whole action showed before if nothing has changed since."""
    shown = None if attempt.state else memory.repeated(state, action)
    if shown is None:
        return attempt
    return replace(
        attempt, run=replace(attempt.run, output=shown, reason=None), state=renewed(replace(state, exit=None))
    )


def same(computed: str, shown: str) -> bool:
    """Whether two observations are the same text; a missing last newline is a matter of the recorder."""
    return computed.rstrip("\n") == shown.rstrip("\n")


def compute(
    state: State, action: Action, answers: tuple[str, ...] = (), *, tree: Tree | None = None, lenient: bool = False
) -> Attempt:
    """Runs ``action`` in ``state`` (on ``tree`` if given), in every order of lines that have none."""
    first = _run(state, action, answers, tree, lenient, 0)
    if first.state is None or not first.run.unordered:
        return first
    for order in range(1, len(ORDERS)):
        other = _run(state, action, answers, None, lenient, order)
        if _effects(other) != _effects(first):
            first.run.reason = "the order of names, or times and owners"
            return replace(first, state=None)
    return first


def _effects(attempt: Attempt) -> tuple[object, ...]:
    return attempt.run.output, attempt.tree.delta, attempt.run.changed_variables, attempt.run.reason


def _run(
    state: State, action: Action, answers: tuple[str, ...], tree: Tree | None, lenient: bool, order: int
) -> Attempt:
    tree = tree or Tree(state.files, root=state.place.user == "root")
    reason = state.lost or memory.touches_tainted(state, action) or _foreign(state, action) or lexis.awkward(action)
    if state.exit is None and lexis.asks_status(action):
        reason = reason or "the exit status of the action before is not known"
    if _SH.search(action) and (BASHISM.search(action) or _bashisms(state, action)):
        reason = reason or "a script for bash that sh runs"
    if _sources_trap(state, action):
        reason = reason or "a trap that a sourced file sets"
    if "x" in state.flags or "v" in state.flags:
        reason = reason or "the shell traces its commands"
    if reason and (not lenient or reason in (lexis.NO_TEXT, lexis.TOO_LONG)):
        return Attempt(Run(reason=reason), tree, None)
    call = unwrap(state, action)
    if call is None:
        return Attempt(Run(reason="how the action reaches a shell", cwd=state.cwd), tree, None)
    shell = shell_for(state.place)
    shell.columns, shell.in_lines = (state.screen.columns, state.screen.in_lines) if state.screen else (0, False)
    run = shell.run(
        call.script,
        tree,
        state.shell,
        prelude=_prelude(state, action, call.cwd),
        zero=call.zero,
        one_stream="argv" not in state.invoke,
        known_lines=call.known_lines,
        order=order,
        functions=state.functions,
        flags=state.flags,
        answers=answers,
        lenient=lenient,
        known=lambda call: _known(state, tree, call),
        present=lambda name: state.programs.get(name),
    )
    if run.ended and not alone(state):
        run.reason = run.reason or "the action does not come to its end"
    if run.recalled and telling.hangs_on_status(action):
        run.reason = run.reason or "the exit status of a program whose output was seen"
    if run.shell_errors and _SH.search(action):
        run.reason = run.reason or "how sh words its errors"
    numbered = run.shell_errors and state.screen is None
    if numbered and lexis.calls(action, state.functions | lexis.functions(action)):
        run.reason = run.reason or "what messages begin with inside a function"
    if state.invoke.get("strip"):
        run.output = run.output.strip()
    if state.cut is not None and len(run.output) >= state.cut and not lenient:
        run.reason = run.reason or "how much of a long output is shown"
    if state.columns and "ls" in run.called and not _IN_LINES.search(action):
        run.reason = run.reason or "how names are laid out in columns"
    if reason:
        run.reason = reason
    return Attempt(run, tree, None if run.reason else after(state, action, run, tree, asked=bool(answers)))


def after(state: State, action: Action, run: Run, tree: Tree, *, asked: bool = False) -> State:
    """The state after a determined run."""
    found = lexis.PIPEFAIL.search(action)
    for path in [path for path in tree.delta if path.startswith("/dev/fd/")]:
        del tree.delta[path]
    assigned = {name.removeprefix("export ") for name, _ in run.changed_variables}
    changed = tuple(tree.delta)
    exports = _exports(state, run)
    result = replace(
        state,
        files=tree.commit(),
        shell=shell_for(state.place).renewed(exports) if alone(state) else run.snapshot,
        exports=exports,
        cwd=directory_after(state, action, run.cwd),
        exit=None if asked or run.recalled else run.code,
        tainted=state.tainted - assigned,
        assigned=state.assigned | assigned,
        flags=run.flags,
        pipefail=found[1] == "-" if found else state.pipefail,
        positional=run.positional,
        functions=state.functions | lexis.functions(action),
        seen=MappingProxyType(memory.lasting(state.seen)) if changed else state.seen,
        changed=(*(path for path in state.changed if path not in changed), *changed)[-40:],
    )
    return renewed(result)


_IN_LINES = re.compile(r"\bls\b[^|;&\n]*\s-[a-zA-Z]*[1lmx]|\bls\b[^;&\n]*(?:\||(?<![0-9])>)")
"""`ls` that prints a name a line, or in a layout of its own, wherever it prints to."""


def _exports(state: State, run: Run) -> tuple[tuple[str, str], ...]:
    """The exported variables that outlive an action with a shell of its own."""
    if not alone(state) or not keeps(state, "exports"):
        return ()
    known = dict(state.exports)
    for name, value in run.changed_variables:
        if name.startswith("export ") and name not in ("export PWD", "export OLDPWD"):
            known.pop(name.removeprefix("export "), None)
            known |= {} if value is None else {name.removeprefix("export "): value}
    return tuple(sorted(known.items()))


_SOURCED = re.compile(r"(?:^|[\n;&|({])[ \t]*(?:source|\.)[ \t]+([\w./~-]+)")


def _sources_trap(state: State, action: Action) -> bool:
    """Whether the action sources a file that sets traps: bashkit runs them when the action ends."""
    tree = Tree(state.files, root=True)
    for name in _SOURCED.findall(action):
        try:
            if b"trap " in tree.read(posixpath.join(state.cwd, name)):
                return True
        except (FsError, Undetermined):
            continue
    return False


_INHERITED = re.compile(
    r"\$\{?[#!]?(PATH|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TERM|MAIL|EDITOR|VISUAL|PAGER|DISPLAY|TZ|TMPDIR|PS1|HISTFILE|"
    r"SSH_\w+|XDG_\w+|PYTHON\w+|VIRTUAL_ENV|CONDA_\w+|JAVA_HOME|GOPATH|NODE_\w+|DEBIAN_FRONTEND|CI|HOSTNAME|OLDPWD|HOME)\b"
)


def _foreign(state: State, action: Action) -> str | None:
    """Why a variable that a shell inherits is not known: the facts do not hold it, nor the whole environment."""
    env = dict(state.place.env)
    if "SHLVL" in env or "$" not in action:
        return None
    for name in _INHERITED.findall(lexis.expanded(action)):
        told = name in env or name in state.assigned or (name == "HOSTNAME" and state.place.host)
        if not told and not re.search(rf"(?<!\w){name}=", action):
            return f"{name} is not among the variables that are known"
    return None


_SH = re.compile(r"(?:^|[\n;&|({\s])(?:/bin/)?sh\s")
_SH_FILE = re.compile(r"(?:^|[\n;&|({\s])(?:/bin/)?sh\s+(?:-\w+\s+)*([\w./~-]+)")


def _bashisms(state: State, action: Action) -> bool:
    """Whether the action lets ``sh`` run a file that only bash takes."""
    tree = Tree(state.files, root=True)
    for name in _SH_FILE.findall(action):
        try:
            text = tree.read(posixpath.join(state.cwd, name)).decode("utf-8", "replace")
        except (FsError, Undetermined):
            continue
        if BASHISM.search(text.partition("\n")[2] if text.startswith("#!") else text):
            return True
    return False


def _prelude(state: State, action: Action, cwd: str) -> str:
    """Restores what bashkit drops between two runs, on the action's own first line."""
    parts = []
    if alone(state):
        parts.append(f"cd {shlex.quote(cwd)}; unset OLDPWD" if cwd != state.place.cwd else "")
    options = "".join(flag for flag in state.flags if flag in "efuCa")
    parts.append(f"set -{options}" if options else "")
    parts.append("set -o pipefail" if state.pipefail else "")
    parts.append("set -- " + shlex.join(state.positional) if state.positional else "")
    parts.append(f"(exit {state.exit})" if state.exit and lexis.asks_status(action) else "")
    return "".join(part + "; " for part in parts if part)


def _known(state: State, tree: Tree, call: Call) -> Out | None:
    return None if tree.delta or call.stdin is not None else memory.recall(state, call)

"""Where the shell is: the prompt that a screen ends with, at the beginning and after every observation."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import facts
from nextstate.domains.terminal.kernel.compute import compute
from nextstate.domains.terminal.kernel.files import Dir, Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.pane import Pane, cells
from nextstate.domains.terminal.kernel.screen import CONTINUED, NO_DIRECTORY, Prompt, Screen
from nextstate.domains.terminal.kernel.shell import shell_for
from nextstate.domains.terminal.kernel.state import State, opening

if TYPE_CHECKING:
    from nextstate.types import Setup

_PROMPT = re.compile(
    r"(?P<lead>(?:\([\w.@+-]+\) )?)(?P<user>[\w.-]+)@(?P<host>[\w.-]+):"
    r"(?P<cwd>[/~][^$#:]{0,4096}?)(?P<mark>[$#])(?: |\Z)"
)


def opened(setup: Setup) -> State:
    """The state before the first turn; ``facts["screen"]`` makes it one of the keystroke dialect."""
    told = facts.read(setup.facts)
    terminal = told.screen
    if terminal is None:
        return opening(told)
    text = terminal.text.rstrip()
    pane = Pane(terminal.columns or 80, tuple(text.split("\n")))
    screen = Screen(pane, terminal.rows, terminal.whole and terminal.rows > 0, "\n" in text)
    prompt, cwd = _first_prompt(pane.rows[-1], told.env.get("HOME", ""))
    if prompt is not None:
        user, host = told.user or prompt.user, told.host or prompt.host
        told = replace(told, user=user, host=host, cwd=told.cwd or cwd or "/")
    state = replace(opening(told), screen=replace(screen, prompt=prompt))
    return settled(state, list(pane.rows))


def _first_prompt(row: str, home: str) -> tuple[Prompt | None, str]:
    found = _PROMPT.match(row)
    if found is None:
        return None, ""
    home = home or ("/root" if found["user"] == "root" else "")
    prompt = Prompt(found["user"], found["host"], found["mark"], home, found["lead"])
    return prompt, prompt.directory(found["cwd"])


def prompt_in(row: str, form: Prompt) -> tuple[int, str, int] | None:
    """Where a prompt of a known form begins in a row, the directory that it shows, and where it ends."""
    start = row.find(f"{form.lead}{form.user}@{form.host}:")
    found = _PROMPT.match(row, start) if start >= 0 else None
    if found is None or found["mark"] != form.mark:
        return None
    return start, form.directory(found["cwd"]), found.end()


def settled(state: State, rows: list[str], typed: str = "") -> State:
    """The state with the rows that are now on the screen, and the directory that the prompt shows."""
    screen = state.screen
    assert screen is not None
    if screen.prompt is None:
        prompt, cwd = _first_prompt(rows[-1], "")
        if prompt is not None:
            place = replace(state.place, user=prompt.user, host=prompt.host, cwd=cwd or "/")
            files = Files.start({}, (), place.cwd, {})
            state = replace(state, place=place, shell=shell_for(place).start, cwd=place.cwd, files=files)
            screen = replace(screen, prompt=prompt)
    above = screen.above or len(rows) > 1
    line = typed.rpartition("\n")[2]
    ready, skew, last, cwd = _waiting(screen, rows[-1], typed, line)
    column = _column(last)
    ready, column = ready and column is not None, column or 0
    pane = Pane(screen.columns, (*rows[:-1], last) if screen.whole else (last,), column)
    screen = replace(screen, pane=pane, above=above, ready=ready, typed=typed if ready else "", skew=skew)
    state = replace(state, screen=screen)
    if not ready or "\n" in typed:
        return state
    return located(state, cwd)


def _column(row: str) -> int | None:
    """The column behind a row; ``None`` where terminals may show it in different ways."""
    try:
        return cells(row)
    except Undetermined:
        return None


def _waiting(screen: Screen, row: str, typed: str, line: str) -> tuple[bool, int, str, str]:
    """Whether the shell waits in the last row, where its prompt begins, the full row, and the directory shown."""
    if screen.prompt is None:
        return False, 0, row, ""
    if "\n" in typed:
        last = CONTINUED + line
        return row == last.rstrip(), 0, last, ""
    found = prompt_in(row, screen.prompt)
    if found is None or row[found[2] :].rstrip() != line.rstrip():
        return False, 0, row, ""
    start, cwd, end = found
    full = row[:end].rstrip() + " " + line
    return True, start, full, cwd


def located(state: State, cwd: str) -> State:
    """The state with the shell in ``cwd``, which its prompt shows (nothing: the prompt does not tell)."""
    if cwd and cwd == state.cwd and state.lost != NO_DIRECTORY:
        return state
    if not cwd:
        return replace(state, lost=state.lost or NO_DIRECTORY)
    if state.lost not in ("", NO_DIRECTORY):
        return state
    tree = Tree(state.files, root=True)
    if not isinstance(tree.entry(cwd), Dir):
        tree.put(cwd, Dir())
    plain = replace(state, files=tree.commit(), lost="")
    moved = compute(plain, f"cd -- {shlex.quote(cwd)}").state
    if moved is None:
        return replace(state, lost=NO_DIRECTORY)
    tainted = state.tainted | {"OLDPWD"}
    return replace(moved, exit=state.exit, screen=state.screen, tainted=tainted, flags=state.flags)

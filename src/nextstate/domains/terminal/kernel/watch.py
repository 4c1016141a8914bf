"""What a screen teaches that was not computed: what each typed command printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from nextstate.domains.terminal.kernel import interactive, learn, lexis, memory, unseen_blanks
from nextstate.domains.terminal.kernel.compute import compute
from nextstate.domains.terminal.kernel.files import File, Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.pane import Pane, cells
from nextstate.domains.terminal.kernel.prompts import located, prompt_in, settled
from nextstate.domains.terminal.kernel.screen import CONTINUED, INTERRUPT, NO_DIRECTORY, Typist, events, hindrance
from nextstate.domains.terminal.kernel.state import State
from nextstate.domains.terminal.kernel.typed import first
from nextstate.domains.terminal.kernel.words import History

_ASSIGNED = re.compile(
    r"\b([A-Za-z_]\w*)(?:\+?=|\s*\(\))|\b(?:read|mapfile|readarray|local|declare|for)\s+(?:-\w+\s+)*(\w+)"
)
_RESHAPES = re.compile(r"\b(?:set|shopt|alias|unalias|exec|source|enable)\b|(?:^|[\s;])\.\s")
_NESTS = re.compile(
    r"(?<![\w./-])(?:(?:ba|z|da|k)?sh|su|sudo|ssh|docker|kubectl|chroot|newgrp|exit|logout|exec|script|tmux|screen)"
    r"(?![\w.-])"
)
_REFUSED = re.compile(r"bash: (?:[^\n]*: event not found|syntax error near unexpected token [^\n]*)\n")
"""What the shell says of a line that it does not run."""
LONGEST_SCREEN = 500_000
"""Characters of an observation that are looked at, from its end."""
ANOTHER = "which shell this is"
_MARGIN = 8
"""Columns at the right edge: a row that reaches into them may go on in the next."""


def absorb(state: State, action: str, observation: str, *, blind: bool = False) -> State:
    """The state after a screen that was not computed; ``blind``: computing it is too much work."""
    if blind:
        observation = "\0"
    if not lexis.is_text(observation):
        return settled(_disturbed(state, action), [""])
    rows = [row.rstrip() for row in observation[-LONGEST_SCREEN:].rstrip().split("\n")]
    try:
        return _absorbed(state, action, rows)
    except Undetermined:  # characters of which terminals differ in how they show them
        return settled(_disturbed(state, action), rows)


def _absorbed(state: State, action: str, rows: list[str]) -> State:
    assert state.screen is not None
    try:
        keys = [text for text, _ in events(action)]
    except Undetermined:
        return settled(_disturbed(state, action), rows)
    typed = "".join(keys)
    if not typed:
        return settled(state, rows, state.screen.typed)
    if not state.screen.ready:
        return settled(_disturbed(state, typed), rows)
    try:
        units, rest = _units(state.screen.typed + typed)
    except Undetermined:
        if state.screen.typed or typed.count("\n") != 1 or not typed.endswith("\n"):
            return settled(_disturbed(state, typed), rows)
        units, rest = [typed], ""  # one line, whatever the shell makes of it
    reader = _Reader(state, rows)
    if INTERRUPT in typed:
        reader.lost = True
    for number, unit in enumerate(units):
        reader.unit(unit, units[number + 1] if number + 1 < len(units) else rest)
    return settled(reader.state, rows, rest)


def _units(typed: str) -> tuple[list[str], str]:
    """The complete commands in a text, and what is left of it."""
    found = []
    for part in re.split(f"[^\n]*{INTERRUPT}", typed):
        text = part
        while "\n" in text:
            whole = text[: text.rindex("\n") + 1]
            size = first(whole)
            if size is None:
                break
            found.append(text[:size])
            text = text[size:]
    return found, text


@dataclass(slots=True)
class _Reader:
    """Goes down the rows of a screen, from command to command."""

    state: State
    rows: list[str]
    at: int = -1
    """The row of the prompt at which the next command was typed."""
    base: tuple[str, int] = ("", 0)
    """That row before the command was typed, and the column of the cursor."""
    lost: bool = False

    def unit(self, unit: str, following: str) -> None:
        """One command: what it printed is read off the screen, and learnt."""
        state = self.state
        assert state.screen is not None
        fresh = unit.removeprefix(state.screen.typed)
        echo = [] if self.lost else self.echo(fresh)
        if not self.lost and self.at < 0:
            self.at = self.start(echo)
        begin = self.at + len(echo)
        if self.lost or self.at < 0 or [row.rstrip() for row in echo] != self.rows[self.at : begin]:
            self.forget(unit)
            return
        self.state = replace(state, screen=replace(state.screen, typed=""))
        if not self.computed(unit, begin):
            self.read(unit, begin, following)

    def echo(self, text: str) -> list[str]:
        """The rows that typing ``text`` at the prompt gives, the prompt's own row included."""
        screen = self.state.screen
        assert screen is not None
        base, column = self.base if self.at >= 0 else (screen.pane.rows[-1], screen.pane.column)
        lines = text.removesuffix("\n").replace("\n", f"\n{CONTINUED}")
        try:
            return list(Pane(screen.columns, (base,), column).write(lines).rows)
        except Undetermined:
            self.lost = True
            return []

    def start(self, echo: list[str]) -> int:
        """The row at which the first command was typed, or -1 when that is not clear."""
        screen = self.state.screen
        assert screen is not None
        head = [row.rstrip() for row in echo]
        if not screen.whole:
            if self.rows[:1] == [""] and screen.above:
                self.rows = self.rows[1:]
            return 0 if self.rows[: len(head)] == head else -1
        old = list(screen.pane.shown()[:-1])
        scrolled = range(len(old) + 1) if len(self.rows) >= screen.rows else (len(old),)
        fits = [n for n in scrolled if self.rows[:n] == old[len(old) - n :] and self.rows[n : n + len(head)] == head]
        return fits[0] if len(fits) == 1 else -1

    def computed(self, unit: str, begin: int) -> bool:
        """Whether the command can be computed, and the screen shows just that."""
        try:
            typist = Typist(self.state)
            output, state = typist.run(unit.removesuffix("\n"))
            pane = Pane(typist.screen.columns).write(output)
            column = pane.column
            pane = pane.write(typist.prompt.text(state.cwd))
        except Undetermined:
            return False
        rows = [row.rstrip() for row in pane.rows]
        shown = self.rows[begin : begin + len(rows)]
        if len(shown) < len(rows) or shown[:-1] != rows[:-1] or not shown[-1].startswith(rows[-1]):
            return False
        self.state, self.at = state, begin + len(rows) - 1
        self.base = (pane.rows[-1], pane.column)
        return column >= 0

    def read(self, unit: str, begin: int, following: str) -> None:
        """Cuts out what the command printed, up to the prompt at which the next line was typed."""
        screen = self.state.screen
        assert screen is not None and screen.prompt is not None
        line = following.partition("\n")[0]
        last = not following or "\n" not in following
        found = []
        for number in range(begin, len(self.rows)):
            prompt = prompt_in(self.rows[number], screen.prompt)
            if prompt is None or (last and number != len(self.rows) - 1):
                continue
            start, cwd, end = prompt
            behind = self.rows[number][end:].strip()
            if behind == line.strip() or (behind and line.startswith(behind)):
                found.append((number, start, cwd))
        if len(found) != 1:
            self.forget(unit)
            return
        self.at, start, cwd = found[0]
        text = "".join(f"{row}\n" for row in self.rows[begin : self.at]) + self.rows[self.at][:start]
        self.learn(unit, text)
        self.state = located(self.state, cwd)
        prompt_text = self.rows[self.at][:start] + screen.prompt.text(cwd) if cwd else ""
        self.base = (prompt_text, cells(prompt_text))
        self.lost = not cwd

    def learn(self, unit: str, text: str) -> None:
        state, line = self.state, unit.removesuffix("\n")
        assert state.screen is not None
        if not line.strip():
            return
        if _REFUSED.fullmatch(text):
            self.state = replace(state, exit=None)
            return
        if _recalls(unit):
            self.state = _disturbed(state, line)
            return
        in_lines = replace(state, screen=replace(state.screen, in_lines=True))
        expected = compute(in_lines, line)
        plain = None if hindrance(state, line) else _plain(line, text, state.screen.columns)
        learnt = _unseen(state, line) if plain is None else self.taught(in_lines, line, plain, text)
        if expected.state is not None and expected.run.output != plain:
            learnt = learn.contradicted(learnt, expected)
        self.state = learnt

    def taught(self, state: State, line: str, plain: str, text: str) -> State:
        """The state after a command that showed ``text``, to a pipe ``plain``."""
        assert state.screen is not None
        learnt = learn.learn(state, line, plain, ())
        seen = dict(learnt.seen)
        if plain != text:
            seen.pop((state.cwd, memory.WHOLE, line), None)
        read = state.screen.read | _taught(state.files, learnt.files, plain)
        if unseen_blanks.touched(line, state.screen.read, state.cwd) and learnt.files is not state.files:
            read |= {path for path, entry in learnt.files.entries.items() if state.files.entries.get(path) != entry}
        return replace(learnt, seen=MappingProxyType(seen), screen=replace(state.screen, read=read, in_lines=False))

    def forget(self, unit: str) -> None:
        """A command of which nothing can be read off the screen."""
        self.lost = True
        if self.state.lost:
            self.state = _disturbed(self.state, unit)
        else:
            self.state = _unseen(self.state, unit.removesuffix("\n"))


def _recalls(unit: str) -> bool:
    """Whether a line asks for the shell's history."""
    try:
        first(unit)
    except History:
        return True
    except Undetermined:
        return False
    return False


def _taught(before: Files, after: Files, text: str) -> frozenset[str]:
    """The files whose content was learnt from ``text``."""
    if before is after or not text:
        return frozenset()
    return frozenset(
        path
        for path, entry in after.entries.items()
        if isinstance(entry, File)
        and entry.content
        and before.entries.get(path) != entry
        and entry.content.decode("utf-8", "replace").rstrip() in text
    )


# -- texts off the screen ---------------------------------------------------------------------------------------


def _plain(line: str, text: str, columns: int) -> str | None:
    """What the command would have printed to a pipe, or ``None`` when that cannot be told from the screen."""
    rows = text.split("\n")
    if any(cells(row) > columns - _MARGIN for row in rows) or unseen_blanks.maybe_tabs(rows):
        return None
    if re.search(r"(?<![\w./-])ls(?![\w-])", line):
        if interactive.listing(line) is False:
            return text
        return _unlisted(line, text, columns)
    return text


def _unlisted(line: str, text: str, columns: int) -> str | None:
    """The names that ``ls`` shows in columns, one a line."""
    if (
        not re.fullmatch(r"\s*ls(?:\s+-[1aAp]+)*(?:\s+[\w./~-]+)?\s*", line)
        or text.startswith("ls: ")
        or not text.endswith("\n")
    ):
        return text if not text else None
    if re.search(r"\s-\w*1", line):
        return text if "'" not in text else None
    table = [re.split(r" {2,}", row.strip()) for row in text[:-1].split("\n")]
    names = [row[column] for column in range(len(table[0])) for row in table if column < len(row)]
    if any("'" in name or '"' in name for name in names) or interactive.columns(names, columns) != text[:-1].split(
        "\n"
    ):
        return None
    return "".join(f"{name}\n" for name in names)


# -- what is left after something that is not understood -----------------------------------------------------------


def _unseen(state: State, line: str) -> State:
    """The state after a command whose output is not known."""
    if not line.strip():
        return state
    if _NESTS.search(line):
        return replace(_disturbed(state, line), lost=ANOTHER)
    tree = Tree(state.files, root=state.place.user == "root")
    attempt = compute(state, line, tree=tree, lenient=True)
    run = attempt.run
    run.reason = run.reason or "its output is not known"
    result = learn.aftermath(state, line, "?", attempt)
    names = {name for pair in _ASSIGNED.findall(line) for name in pair if name}
    lost = result.lost or ("the shell's own state" if _RESHAPES.search(line) else "")
    return replace(result, screen=state.screen, tainted=result.tainted | names, lost=lost)


def _disturbed(state: State, text: str) -> State:
    """The state after keys that went to a program, or that are not understood: any file may have changed."""
    names = {name for pair in _ASSIGNED.findall(text) for name in pair if name}
    lost = state.lost if state.lost != NO_DIRECTORY else ""
    return replace(
        state,
        files=Files.start({}, (), state.cwd, {}),
        seen=MappingProxyType(memory.lasting(state.seen)),
        exit=None,
        tainted=state.tainted | names,
        lost="the shell's own state" if _RESHAPES.search(text) else lost,
    )

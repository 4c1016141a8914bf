"""Finds the redirections of an action, and marks the places where a shell opens their files.

bashkit writes redirected files after a command has run; a shell opens (and truncates) them before. Where that may
matter, the action is run again with marks in it: calls of our own, which open the files when a shell does
(`watching.py` says what they mean). Source of the order: the manual of GNU bash 5.2, "Simple Command Expansion": words
are expanded, then redirections are made from left to right, then the command is run; a compound command is redirected
before anything in it is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel import lexis
from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.typed import Reader
from nextstate.domains.terminal.kernel.words import Open

OPEN, RUN, PIPE = "__nextstate_open", "__nextstate_run", "__nextstate_pipe"
"""The marks: before a command, in front of a program, around a pipeline."""
PLAIN = frozenset({"echo", "printf", ":", "true", "false"})
"""Commands of the shell itself that look at no file."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_TARGET = re.compile(r"(?:[\w./:@%+,=~-]|\$\w+|\$\{\w+\}|\"(?:[^\"\\`$]|\$\w+|\$\{\w+\})*\"|'[^'\n]*')+")
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})
_LOOKING = re.compile(r"[*?\[]|[<>]\(")
_MOVING = re.compile(r"\b(?:cd|pushd|popd|eval|source)\b|(?:^|[\s;&|({])\.\s")
_STATUS = re.compile(r"\$\{?\?|\b(?:exit|return)\s*(?=$|[;}\n)&|])")
_STRICT = re.compile(r"\bset\s+(?:-\w+\s+)*-\w*[eC]|\b(?:errexit|noclobber)\b")


@dataclass(frozen=True, slots=True)
class Redirection:
    """One redirection: where it stands, its operator without a number, its streams, and its target."""

    start: int
    end: int
    operator: str
    streams: frozenset[int]
    target: str

    @property
    def writes(self) -> bool:
        return self.operator.startswith((">", "&>")) and not self.copies

    @property
    def copies(self) -> bool:
        """Whether it makes one stream of two, or closes one."""
        return self.operator in ("<&", ">&") and re.fullmatch(r"\d*-?", self.target) is not None


@dataclass(slots=True)
class Command:
    """One command as it is read: where it stands, its own words and its redirections."""

    start: int
    end: int = 0
    kind: str = ""
    """The word that begins a compound command; empty for a simple one."""
    member: int = 0
    words: list[tuple[int, int]] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    defines: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """An action with marks, and what of it needs them whatever its run shows."""

    text: str
    marks: int
    needed: bool
    """A stream that is redirected twice, or a file that is opened twice, or written early in a pipeline."""
    unmarked: bool
    """Whether a command with several redirections, or a pipeline, could not be marked."""
    mixed: bool
    """Whether a command reads from one file and writes to another."""
    wordy: bool
    """Whether a redirection that fails is reported elsewhere, or otherwise, than bashkit reports it."""


def marked(text: str, programs: Set[str], functions: Set[str], flags: str) -> Marked | None:
    """``text`` with marks; ``None`` where it cannot be read. ``programs`` are computed, ``functions`` the shell's."""
    reader = _Marker(text, programs - functions, functions, flags)
    try:
        reader.everything()
    except (Open, Undetermined, RecursionError):
        return None
    return reader.result(text)


class _Marker(Reader):
    """Reads an action and notes what is to be inserted."""

    def __init__(self, text: str, programs: Set[str], functions: Set[str], flags: str) -> None:
        super().__init__(text + "\n")
        self.programs, self.functions = programs, functions
        self.stack: list[Command] = []
        self.levels: list[list[Command]] = []
        self.edits: list[tuple[int, int, int, int, str]] = []
        self.defining, self.redirect_at = 0, 0
        self.in_target = False
        self.needed = self.unmarked = self.mixed = self.wordy = False
        self.files: list[int] = []
        self.marks = 0
        self.status = '"$?"' if _STATUS.search(text) else "0"
        self.strict = bool(set(flags) & set("eC")) or _STRICT.search(text) is not None
        bodies = len(lexis.blank_heredocs(text, quoted_only=True)) - len(lexis.blank_heredocs(text, quoted_only=False))
        self.lively = bool(bodies) and re.search(r"\$\(|`", text) is not None
        self.statuses = "PIPESTATUS" in text

    def everything(self) -> None:
        """All commands of the action."""
        self.levels.append([])
        while self.at < len(self.text):
            self.blanks()
            while self.peek() != "\n":
                if self.command() is not None:
                    raise Undetermined("a word that closes nothing")
                self.separator()
            self.close()
            self.newline()

    def result(self, text: str) -> Marked:
        parts, at = [], 0
        for start, _, _, end, insert in sorted(self.edits):
            parts += [self.text[at:start], insert]
            at = max(start, end)
        parts.append(self.text[at:])
        changed = "".join(parts).removesuffix("\n")
        return Marked(changed if self.edits else text, self.marks, self.needed, self.unmarked, self.mixed, self.wordy)

    def insert(self, at: int, text: str, *, closes: bool = False) -> None:
        """What closes stands before what opens; what was read later encloses what was read before."""
        number = len(self.edits)
        self.edits.append((at, 0 if closes else 1, number if closes else -number, at, text))

    # -- no history in an action ----------------------------------------------------------------------------

    def bang(self, closing: str, at: int | None = None) -> None:
        return None

    def calm(self, start: int, end: int) -> None:
        return None

    # -- lists ----------------------------------------------------------------------------------------------

    def separator(self) -> None:
        self.blanks()
        two = self.text[self.at : self.at + 2]
        if two == "||" or not two.startswith("|"):
            self.close()
        super().separator()

    def commands(self, *ends: str) -> str:
        self.levels.append([])
        closing = super().commands(*ends)
        self.close()
        self.levels.pop()
        return closing

    def close(self) -> None:
        """The end of a pipeline."""
        members = self.levels[-1]
        self.levels[-1] = []
        if len(members) < 2:
            return
        self.needed = self.needed or any(self.early(member) for member in members[:-1])
        self.wordy = self.wordy or any(members[0].start <= at < members[-1].start for at in self.files)
        if self.defining or self.strict or self.statuses:
            self.unmarked = True
            return
        self.marks += 1
        waits = re.search(r"\b(?:while|until|xargs)\b", self.text[members[0].start : members[-1].end]) is not None
        self.insert(members[0].start, f'{{ {PIPE} {self.marks} "$?" {int(waits)}; ')
        self.insert(members[-1].end, f'; {PIPE} -{self.marks} "$?" 0; }}', closes=True)

    def early(self, member: Command) -> bool:
        """Whether a command that is not the last of a pipeline writes a file."""
        text = self.text[member.start : member.end]
        return any(one.writes and one.target not in _NOWHERE for one in member.redirections) or "tee" in text

    # -- commands -------------------------------------------------------------------------------------------

    def command(self) -> str | None:
        self.blanks()
        level = self.levels[-1]
        command = Command(self.at, member=len(level))
        self.stack.append(command)
        closing = super().command()
        self.stack.pop()
        self.defining -= command.defines
        if closing is None:
            if not (self.stack and self.stack[-1].defines):
                level.append(command)
            self.finish(command)
        return closing

    def opens_function(self, word: str) -> bool:
        opened = super().opens_function(word)
        if opened:
            self.stack[-1].defines = True
            self.defining += 1
        return opened

    def compound(self, word: str) -> bool:
        top = self.stack[-1]
        top.kind = word
        found = super().compound(word)
        top.kind = word if found else ""
        return found

    def rest(self) -> None:
        self.stack[-1].end = self.at
        super().rest()

    def word(self) -> bool:
        start = self.at
        bare = super().word()
        if self.stack and not self.in_target:
            self.stack[-1].words.append((start, self.at))
            self.stack[-1].end = self.at
        return bare

    def redirects(self) -> bool:
        found = super().redirects()
        self.redirect_at = self.at if found else self.redirect_at
        return found

    def target(self, operator: str) -> None:
        start = self.redirect_at
        number = re.match(r"\d*", self.text[start : self.at])
        self.blanks()
        at, self.in_target = self.at, True
        super().target(operator)
        self.in_target = False
        digits = number[0] if number else ""
        closes = operator.endswith("-") and operator != "<<-"
        streams = {1, 2} if operator.startswith("&") else {int(digits or operator.startswith(">"))}
        written = "-" if closes else self.text[at : self.at]
        name = operator[:-1] if closes else operator
        top = self.stack[-1]
        top.redirections.append(Redirection(start, self.at, name, frozenset(streams), written))
        top.end = self.at

    # -- marks ----------------------------------------------------------------------------------------------

    def finish(self, command: Command) -> None:
        """Marks a command if it writes a file."""
        while self.text.startswith("! ", command.start):
            command.start = re.compile(r"!\s+").match(self.text, command.start).end()  # type: ignore[union-attr]  # seen
        files = [one for one in command.redirections if one.writes or one.operator in ("<", "<>")]
        self.files += [one.start for one in files]
        self.wordy = self.wordy or self.reported(command, files)
        if self.forgets(command, files):
            self.needed = self.unmarked = True
        if command.defines or not any(one.writes for one in files):
            return
        real = [one for one in files if one.target not in _NOWHERE]
        written = [one for one in files if one.writes]
        outputs = [*written, *(one for one in command.redirections if one.operator == ">&" and one.copies)]
        doubled = len(set().union(*(one.streams for one in outputs))) < sum(len(one.streams) for one in outputs)
        several = len({one.target for one in real}) < len(real) or len([one for one in real if one.writes]) > 1
        reads = any(not one.writes for one in real)
        moves = self.moves(command, real)
        self.needed = self.needed or doubled or several or moves or self.nests(command)
        self.wordy = self.wordy or doubled
        self.mixed = self.mixed or (reads and len(real) > 1)
        if not [one for one in real if one.writes] and not doubled:
            return
        if not self.mark(command, real, doubled):
            self.unmarked = self.unmarked or doubled or several or reads or moves

    def reported(self, command: Command, files: list[Redirection]) -> bool:
        """Whether bashkit words or places the error of a redirection of this command in its own way."""
        text = self.text[command.start : command.end]
        if files and "\n" in text and (command.kind or text.startswith("(")):
            return True
        errors = [one.start for one in command.redirections if 2 in one.streams]
        return any(one.start > errors[0] for one in files) if errors else False

    def forgets(self, command: Command, files: list[Redirection]) -> bool:
        """Whether these are assignments whose status bash forgets because input is redirected."""
        words = [self.text[start:end] for start, end in command.words]
        if command.kind or not words or all(one.writes for one in files):
            return False
        return all(_ASSIGNMENT.match(word) for word in words) and any("$(" in word or "`" in word for word in words)

    def nests(self, command: Command) -> bool:
        """Whether a command that writes a file may write it by redirections inside it, too."""
        inside = any(command.start <= at < command.redirections[0].start for at in self.files)
        return inside or any(self.text[start:end] in ("bash", "sh") for start, end in command.words)

    def moves(self, command: Command, files: list[Redirection]) -> bool:
        """Whether the directory may change before bashkit looks up the name of a file to be written."""
        text = self.text[command.start : command.end]
        if text.startswith("(") or not any(one.writes and not one.target.startswith("/") for one in files):
            return False
        words = {self.text[start:end] for start, end in command.words}
        return bool(_MOVING.search(text)) or bool(words & self.functions)

    def mark(self, command: Command, files: list[Redirection], doubled: bool) -> bool:
        """Notes the marks of one command; whether they could be set."""
        targets = all(_TARGET.fullmatch(one.target) for one in files)
        odd = any(one.operator == "<>" or self.text[one.start - 1] == "}" for one in files)
        inner = self.lively and any(one.operator in ("<<", "<<-") for one in command.redirections)
        strings = any(one.operator == "<<<" and re.search(r"\$\(|`", one.target) for one in command.redirections)
        if self.defining or self.strict or odd or inner or strings or not targets:
            return False
        if doubled and not self.reorder(command, files):
            return False
        loop = any(above.kind in ("while", "until") and above.member > 0 for above in self.stack)
        arguments = " ".join(f"'{one.operator}' {one.target}" for one in files)
        errors = any(2 in one.streams for one in command.redirections)
        return self.placed(command, arguments, files, f"{int(loop)}{int(errors)}")

    def placed(self, command: Command, arguments: str, files: list[Redirection], loop: str) -> bool:
        """Puts a mark where it belongs to this kind of command; whether there is such a place."""
        words = [self.text[start:end] for start, end in command.words]
        reads = any(not one.writes for one in files)
        if command.kind or self.text[command.start] == "(":
            return self.around(command, f"group {loop} {arguments}")
        first = next((at for at, word in enumerate(words) if not _ASSIGNMENT.match(word)), None)
        name = "" if first is None else words[first]
        looking = any(self.looks(word) for word in words)
        if name in self.functions or first is None or name in PLAIN:
            plain = name not in self.functions and not reads
            if plain or (not looking and (name in self.functions or name in PLAIN)):
                return self.around(command, f"{'plain' if plain else 'group'} {loop} {arguments}")
            return False
        if name in self.programs and not reads:
            if any(re.search(r"\$\(|`", word) for word in words[:first]) or any("<(" in w or ">(" in w for w in words):
                return False
            self.insert(command.words[first][0], f"{RUN} {loop} {arguments} -- ")
            self.marks += 1
            return True
        if looking:
            return False
        return self.around(command, f"{'program' if name in self.programs else 'group'} {loop} {arguments}")

    def looks(self, word: str) -> bool:
        """Whether expanding a word looks at files or runs commands."""
        return bool(re.search(r"\$\(|`", lexis.expanded(word)) or _LOOKING.search(lexis.unquoted(word)))

    def around(self, command: Command, arguments: str) -> bool:
        self.insert(command.start, f"{{ {OPEN} {self.status} {arguments}; ")
        self.insert(command.end, "; }", closes=True)
        self.marks += 1
        return True

    def reorder(self, command: Command, files: list[Redirection]) -> bool:
        """Lets the last of several redirections of one stream come first: bashkit gives everything to the first."""
        written = [one for one in command.redirections if one.writes]
        if any(one.copies or len(one.streams) > 1 for one in command.redirections) or len(written) != 2:
            return False
        if any(not _TARGET.fullmatch(one.target) for one in written):
            return False
        for place, other in zip(written, reversed(written), strict=True):
            text = self.text[other.start : other.end]
            self.edits.append((place.start, 2, 0, place.end, text))
        return True

"""The keystroke dialect: lines typed at a prompt, and the screen that shows them.

Whole lines of text at a shell's prompt are computed: each complete command goes through the plain machinery as an
action of an interactive shell, and a `Pane` shows the echo, what was printed, and the next prompt. Other keys, other
programs than a shell, and commands that may not end in time are not determined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nextstate.domains.terminal import codec
from nextstate.domains.terminal.kernel import interactive
from nextstate.domains.terminal.kernel import unseen_blanks as blanks
from nextstate.domains.terminal.kernel.compute import compute, remembered
from nextstate.domains.terminal.kernel.files import File, Undetermined
from nextstate.domains.terminal.kernel.pane import Pane, cells
from nextstate.domains.terminal.kernel.typed import first
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.state import State

CONTINUED = "> "
"""The second prompt, for the lines of a command that is not complete."""
LONGEST = 3500
"""Characters that arrive at once: of more, the terminal may echo some before the shell reads them."""
CALL = 0.005
"""Seconds that starting a program takes at most."""
NO_DIRECTORY = "the working directory is not known"
_KEY = re.compile(
    r"(?:[CMS]-)*(?:Enter|Escape|Tab|BTab|BSpace|Space|Up|Down|Left|Right|Home|End|PageUp|PgUp|PPage|PageDown|PgDn|"
    r"NPage|IC|DC|Insert|Delete|F1[0-2]|F[1-9])|(?:[CMS]-)+[!-~]|\^[!-~]",
    re.I,
)
"""The name of one key in tmux notation; anything else is typed letter by letter."""
INTERRUPT, CLEAR = "\x03", "\x0c"
_MEANING = {"enter": "\n", "c-m": "\n", "c-j": "\n", "space": " ", "c-c": INTERRUPT, "^c": INTERRUPT, "c-l": CLEAR}
_SLOW = re.compile(r"\b(?:python3?|sqlite3|git|perl|node|gcc|cc|make|pip3?|npm|awk|find|tar|gzip|zip|bc|jq)\b")
_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)([smhd]?)(?=\s*(?:$|[;&|)}\n]))")
_LOOP = re.compile(r"\b(?:for|while|until|function|xargs)\b|\(\)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FIXED = frozenset({"HOME", "PS1", "PS2", "PROMPT_COMMAND", "TERM", "IFS", "POSIXLY_CORRECT"})
"""Variables that decide how the shell shows itself."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The form of a shell's prompt, ``user@host:directory$`` with an optional lead such as ``(venv)``."""

    user: str
    host: str
    mark: str
    home: str
    lead: str = ""

    def text(self, cwd: str) -> str:
        """The prompt in directory ``cwd``."""
        if self.home not in ("", "/") and (cwd == self.home or cwd.startswith(self.home + "/")):
            cwd = "~" + cwd[len(self.home) :]
        return f"{self.lead}{self.user}@{self.host}:{cwd}{self.mark} "

    def directory(self, shown: str) -> str:
        """The directory that a prompt shows, or nothing when that is not clear."""
        if shown.startswith("~"):
            return self.home + shown[1:] if self.home and shown[1:2] in ("", "/") else ""
        return shown


@dataclass(frozen=True, slots=True)
class Screen:
    """What is known of the terminal. ``rows`` is its height (0: not known), ``whole`` whether observations are the
    visible screen; otherwise they are what the pane gained, and ``above`` tells whether rows stand above the last."""

    pane: Pane
    rows: int = 0
    whole: bool = True
    above: bool | None = False
    prompt: Prompt | None = None
    ready: bool = False
    """Whether the shell waits for input."""
    typed: str = ""
    """What was typed since the shell last showed its first prompt."""
    skew: int = 0
    """The column in which the prompt began, of which the shell knows nothing."""
    read: frozenset[str] = frozenset()
    """Files with contents that were read off the screen, where tabs and trailing blanks do not show."""
    in_lines: bool = False
    """Whether `ls` prints to something else than the terminal (set for one command)."""

    @property
    def columns(self) -> int:
        return self.pane.columns


def events(action: str) -> list[tuple[str, float]]:
    """The batches of an action: what is typed, and seconds. Raises :class:`Undetermined` for keys that are no text."""
    try:
        batches = codec.parse_keystrokes(action)
    except ActionError as error:
        raise Undetermined(str(error)) from None
    found = []
    for keys in batches:
        text = keys.text
        if _KEY.fullmatch(text):
            if text.lower() not in _MEANING:
                raise Undetermined(f"what the key {text} does")
            text = _MEANING[text.lower()]
        if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text) and text not in (INTERRUPT, CLEAR):
            raise Undetermined("control characters among the keys")
        found.append((text, keys.duration))
    return found


@dataclass(slots=True)
class Typist:
    """Types at the prompt of a state; `state` and `pane` are what has become of it. Methods raise `Undetermined`."""

    state: State
    screen: Screen = field(init=False)
    pane: Pane = field(init=False)
    typed: str = field(init=False)
    skew: int = field(init=False)
    seconds: float = 0.0
    """What the commands of the current batch may take."""

    def __post_init__(self) -> None:
        assert self.state.screen is not None
        self.screen = self.state.screen
        self.pane, self.typed, self.skew = self.screen.pane, self.screen.typed, self.screen.skew
        if not self.screen.ready or self.screen.prompt is None:
            raise Undetermined("no shell waits at a prompt")

    @property
    def prompt(self) -> Prompt:
        assert self.screen.prompt is not None
        return self.screen.prompt

    def play(self, action: str) -> None:
        """All keys of an action."""
        for text, duration in events(action):
            self.seconds = 0.0
            self.batch(text)
            if self.seconds > duration:
                raise Undetermined("the commands may take longer than the time given to them")

    def batch(self, text: str) -> None:
        if text == INTERRUPT:
            self.interrupt()
        elif text == CLEAR:
            self.clear()
        else:
            if len(text) > LONGEST:
                raise Undetermined("the terminal may echo a part of so long a text before the shell reads it")
            first_line, *lines = text.split("\n")
            self.letters(first_line)
            for line in lines:
                self.enter()
                self.letters(line)

    def letters(self, text: str) -> None:
        """Text without line ends."""
        if not text.isascii() and "UTF" not in self.locale().upper():
            raise Undetermined("how the shell echoes this text")
        self.pane = self.pane.write(text)
        self.typed += text
        line = self.typed.rpartition("\n")[2]
        long = self.skew + cells(self.prompt.text(self.state.cwd)) + cells(line)
        if self.skew and "\n" not in self.typed and long > self.screen.columns:
            raise Undetermined("how a long line is echoed behind a partial one")

    def locale(self) -> str:
        env = dict(self.state.place.env)
        return env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""

    def enter(self) -> None:
        self.pane = self.pane.write("\n")
        self.typed += "\n"
        size = first(self.typed)
        if size is None:
            self.pane = self.pane.write(CONTINUED)
            return
        unit, self.typed = self.typed[:size], self.typed[size:]
        self.seconds += duration(unit)
        output, self.state = self.run(unit.removesuffix("\n"))
        self.pane = self.pane.write(output)
        self.show_prompt()

    def show_prompt(self) -> None:
        self.skew = self.pane.column % self.screen.columns
        self.pane = self.pane.write(self.prompt.text(self.state.cwd))

    def interrupt(self) -> None:
        """The key that kills the line that is being typed."""
        self.typed = ""
        self.pane = self.pane.write("^C\n")
        self.state = replace(self.state, exit=130)
        self.show_prompt()

    def clear(self) -> None:
        """The key that clears the screen and shows the line again."""
        if not self.screen.whole or "\n" in self.typed or self.skew:
            raise Undetermined("how the screen is cleared")
        self.pane = Pane(self.screen.columns).write(self.prompt.text(self.state.cwd) + self.typed)

    def run(self, line: str) -> tuple[str, State]:
        """What one complete command prints, and the state after it."""
        if not line.strip():
            return "", self.state
        if reason := hindrance(self.state, line):
            raise Undetermined(reason)
        modes = (interactive.listing(line),) if re.search(r"\bls\b", line) else (True,)
        results = [self._run(line, columns) for columns in ((True, False) if modes == (None,) else modes)]
        if len(results) == 2 and results[0][0] != results[1][0]:
            raise Undetermined("whether ls prints to the terminal")
        return results[0]

    def _run(self, line: str, columns: bool | None) -> tuple[str, State]:
        state = replace(self.state, screen=replace(self.screen, in_lines=not columns))
        attempt = compute(state, line)
        if attempt.state is None:
            attempt = remembered(state, line, attempt)
        run = attempt.run
        if attempt.state is None:
            raise Undetermined(run.reason or "it was not computed")
        if changed := {name for name, _ in run.changed_variables if name.removeprefix("export ") in _FIXED}:
            raise Undetermined(f"it changes {', '.join(sorted(changed))}")
        numbered = any("bash: line " in (value or "") for _, value in run.changed_variables)
        if numbered or (run.shell_errors and re.search(r"(?<![\w.-])(?:ba|da)?sh(?![\w.-])", line)):
            raise Undetermined("what messages begin with")
        if blanks.matter(line, self.screen.read, self.state.cwd):
            raise Undetermined("white space that a screen does not show")
        if blanks.touched(line, self.screen.read, self.state.cwd):
            self.screen = replace(self.screen, read=self.screen.read | frozenset(attempt.tree.delta))
        self.seconds += CALL * run.calls
        return run.output, replace(attempt.state, screen=self.screen)

    def shown(self) -> str:
        """The observation: the visible screen, or what the pane gained."""
        rows = self.pane.shown()
        if self.screen.whole:
            return "\n".join(rows[-self.screen.rows :]).rstrip("\n")
        if self.screen.above is None:
            raise Undetermined("whether anything stands above the prompt")
        return ("\n" if self.screen.above else "") + "\n".join(rows)

    def done(self) -> State:
        """The state after the action."""
        above = self.screen.above or len(self.pane.rows) > 1
        pane = self.pane.last(max(1, self.screen.rows) if self.screen.whole else 1)
        screen = replace(self.screen, pane=pane, above=above, typed=self.typed, skew=self.skew)
        return replace(self.state, screen=screen)


def duration(unit: str) -> float:
    """The seconds within which a command is sure to have ended."""
    naps = _SLEEP.findall(unit)
    if len(naps) != len(re.findall(r"\bsleep\b", unit)) or (naps and _LOOP.search(unit)):
        raise Undetermined("how long it sleeps")
    return 0.05 + 0.3 * bool(_SLOW.search(unit)) + 1.05 * sum(float(count) * _UNITS[name] for count, name in naps)


def hindrance(state: State, line: str) -> str | None:
    """Why a command cannot be computed at a terminal."""
    if "OLDPWD" in state.tainted and re.search(r"\bcd\s+-(?![\w/-])", line):
        return "the directory before is not known"
    for path, entry in state.files.entries.items():
        name = path.rpartition("/")[2]
        if isinstance(entry, File) and entry.content and len(name) > 1 and name in line and _is_script(name, entry):
            text = entry.content.decode("utf-8", "replace")
            if reason := interactive.asks(text):
                return f"{reason} in {name}"
    return interactive.hindrance(line)


def _is_script(name: str, file: File) -> bool:
    return name.endswith(".sh") or (file.content or b"").startswith(b"#!")


def step(state: State, action: str) -> tuple[str, State]:
    """The screen after ``action`` and the state; raises :class:`Undetermined`."""
    typist = Typist(state)
    typist.play(action)
    return typist.shown(), typist.done()

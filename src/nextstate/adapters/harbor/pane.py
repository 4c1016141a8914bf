"""A pane of tmux in front of a session: keys go in, whole lines become actions, and a screen comes out."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from nextstate.adapters.harbor.lines import is_whole

if TYPE_CHECKING:
    from nextstate.adapters.machine import Machine

PROMPT, MORE = "$ ", "> "
"""What stands before a line that is typed, and before the lines that continue it. A session shows no prompt."""
_NAMED = {"Enter": "\n", "KPEnter": "\n", "C-m": "\n", "C-j": "\n", "^M": "\n", "^J": "\n", "Space": " ", "Tab": "\t"}
_WAITING = "; tmux wait -S done"
"""What Terminus types behind a command to learn that it has ended; the tmux that it speaks to is this one."""
_RECORDING = "asciinema rec "


class Pane:
    """A shell at a prompt. What was typed but not run is ``typed``; ``unknown`` lists the keys that did nothing.

    The session's shell runs what is typed, so ``cd`` stays. A program that goes on reading keys (an editor, a pager)
    cannot be simulated here: an action ends with what it shows.
    """

    def __init__(self, machine: Machine, *, columns: int = 160, rows: int = 40) -> None:
        self.columns, self.rows = columns, rows
        self.typed = ""
        self.unknown: list[str] = []
        self.recordings: dict[str, list[tuple[float, str]]] = {}
        """What the pane showed while it was recorded, with the seconds since the recording began; by path."""
        self._machine = machine
        self._text = PROMPT
        self._recording = ""
        self._began = 0.0

    async def press(self, keys: list[str]) -> None:
        """Press keys by their names in tmux, or type them where they are no names."""
        for key in keys:
            if key in ("BSpace", "C-h"):
                self._erase(1)
            elif key == "C-u":
                self._erase(len(self.typed.rpartition("\n")[2]))
            elif key == "C-c":
                self._show(f"^C\n{PROMPT}")
                self.typed = ""
            elif key == "C-l":
                self._text = PROMPT + self.typed
            elif key == "C-d":
                self._recording = ""
            elif _is_a_name(key) and key not in _NAMED:
                self.unknown.append(key)
            else:
                await self._type(_NAMED.get(key, key))

    async def export(self, variables: dict[str, str], cwd: str) -> None:
        """Begin in ``cwd`` with ``variables`` set, as a shell that tmux starts does."""
        import shlex

        begin = [f"cd {shlex.quote(cwd)}"] if cwd else []
        begin += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        if begin:
            await self._machine.act("\n".join(begin))

    def visible(self) -> str:
        """The rows that a screen of this size shows, the prompt last."""
        return "\n".join(self._rows()[-self.rows :]) + "\n"

    def whole(self) -> str:
        """Everything that was shown, from the first row on."""
        return "\n".join(self._rows()) + "\n"

    def cast(self, path: str) -> bytes:
        """A recording as an asciicast, version 2."""
        lines: list[object] = [{"version": 2, "width": self.columns, "height": self.rows}]
        lines += [[seconds, "o", text.replace("\n", "\r\n")] for seconds, text in self.recordings[path]]
        return "".join(json.dumps(line) + "\n" for line in lines).encode()

    async def _type(self, text: str) -> None:
        """Type characters; each line end runs the command before it, if it is whole."""
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._show(line + "\n")
            self.typed += line
            if is_whole(self.typed + "\n"):
                typed, self.typed = self.typed, ""
                await self._run(typed)
            else:
                self.typed += "\n"
                self._show(MORE)
        self._show(rest)
        self.typed += rest

    async def _run(self, command: str) -> None:
        command = command.removesuffix(_WAITING)
        plain = command.strip()
        if plain == "clear":
            self._text = ""
        elif plain.startswith(_RECORDING) and not self._recording:
            self._recording, self._began = plain.split()[-1], time.monotonic()
            self.recordings[self._recording] = []
        elif plain:
            shown = await self._machine.act(command)
            self._show(shown if shown.endswith("\n") or not shown else shown + "\n")
        self._show(PROMPT)

    def _show(self, text: str) -> None:
        self._text += text
        if self._recording and text:
            self.recordings[self._recording].append((round(time.monotonic() - self._began, 6), text))

    def _erase(self, count: int) -> None:
        count = min(count, len(self.typed.rpartition("\n")[2]))
        if count:
            self.typed, self._text = self.typed[:-count], self._text[:-count]

    def _rows(self) -> list[str]:
        rows: list[str] = []
        for line in self._text.split("\n"):
            line = line.rstrip()
            rows += [line[at : at + self.columns] for at in range(0, len(line), self.columns)] or [""]
        return rows


def _is_a_name(key: str) -> bool:
    """Whether tmux takes a key for a name rather than for text: ``Up``, ``F1``, ``C-a``, ``M-x``."""
    modified = len(key) > 2 and key[0] in "CMS" and key[1] == "-"
    numbered = key[:1] == "F" and key[1:].isdigit()
    return modified or numbered or key in _NAMES or key in _NAMED


_NAMES = {
    "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PPage", "PgUp", "PageDown", "NPage", "PgDn", "Insert",
    "IC", "Delete", "DC", "Escape", "BTab", "BSpace",
}  # fmt: skip

"""A real interactive bash in tmux, driven by keystrokes; what it shows is the screen.

tmux runs outside of the sandbox, behind a private socket and without any configuration but ours; the bash in its one
pane runs inside.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.domains.terminal.codec import Keys, parse_keystrokes
from nextstate.errors import NextstateError, SessionEnded, UsageError
from nextstate.record import processes
from nextstate.record.shell import Limits, Shown

if TYPE_CHECKING:
    from types import TracebackType

    from nextstate.record.sandbox import Place
    from nextstate.types import Json

COLUMNS, ROWS = 160, 40
PROMPT = r"\u@\h:\w\$ "
VARIABLES = {"TERM": "screen", "PS1": PROMPT}
"""What an interactive shell has in its environment beside or instead of what a plain one has."""
_POLL = 0.05
_STATUS_POLLS = 60
_NAMES = (
    "Enter|Escape|Tab|BTab|BSpace|Space|Up|Down|Left|Right|Home|End|PageUp|PgUp|PPage|PageDown|PgDn|NPage|IC|DC|"
    "Insert|Delete|F1[0-2]|F[1-9]"
)
_KEY = re.compile(rf"(?:[CMS]-)*(?:{_NAMES})|(?:[CMS]-)+[!-~]|\^[!-~]")
"""A text that is the name of one key in tmux notation; anything else is typed letter by letter."""
_CONFIG = (
    *("set -g status off", "set -g default-terminal screen", "set -g history-limit 2000"),
    *("set -g remain-on-exit on", 'set -g remain-on-exit-format ""', "set -s escape-time 0"),
)


class Screen:
    """A terminal of :data:`COLUMNS` by :data:`ROWS` at ``place``. An async context manager."""

    def __init__(self, place: Place, limits: Limits | None = None) -> None:
        self.place, self.limits = place, limits or Limits()
        self.ending = ""
        self.first = ""
        """What the screen shows before the first key."""
        self._dead = False
        self._status: int | None = None
        self._prompt = re.compile(r"[\w.-]+@[\w.-]+:[^\s$#]*[$#] ?$")

    async def __aenter__(self) -> Screen:
        self._tmux = shutil.which("tmux") or ""
        if not self._tmux:
            raise UsageError("keystrokes are recorded in tmux, which is not installed (package tmux)")
        self._root = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="nextstate-tmux-"))
        (self._root / "conf").write_text("".join(f"{line}\n" for line in _CONFIG))
        try:
            await self._call("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), *self._command())
            self.first = await self._settled("", 20.0)
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Kill the terminal and everything in it."""
        pane = await self._call("display-message", "-p", "#{pane_pid}", check=False)
        if pane.strip().isdigit():
            processes.kill([*processes.below(int(pane)), int(pane)], signal.SIGKILL)
        await self._call("kill-server", check=False)
        await asyncio.to_thread(shutil.rmtree, self._root, ignore_errors=True)

    async def press(self, action: str) -> Shown:
        """Send a JSON array of keystrokes (:class:`ActionError` if it is none) and return the screen after it."""
        if self.ending:
            raise SessionEnded(self.ending)
        meta: dict[str, Json] = {}
        screen = self.first
        for keys in parse_keystrokes(action):
            before = await self._capture()
            await self._send(keys)
            if keys.duration > self.limits.timeout:
                meta["ended"] = "timeout"
            screen = await self._settled(before, min(keys.duration, self.limits.timeout))
        if self._dead:
            await self._status_known()
            self.ending = "exit"
            meta |= {} if self._status is None else {"exit": self._status}
        return Shown(screen, meta, self.ending)

    async def _send(self, keys: Keys) -> None:
        if _KEY.fullmatch(keys.text):
            await self._call("send-keys", keys.text)
            return
        # All lines at once: what arrives while a program runs is echoed by the terminal itself, in any place.
        text = keys.text.replace("\n", "\r")
        for start in range(0, len(text), 4000):
            await self._call("send-keys", "-l", "--", text[start : start + 4000])

    async def _settled(self, before: str, seconds: float) -> str:
        """The screen after at most ``seconds``; earlier when the shell waits at its prompt and nothing moves."""
        loop = asyncio.get_running_loop()
        start, still, last = loop.time(), 0, ""
        while True:
            screen = await self._capture()
            passed = loop.time() - start
            still = still + 1 if screen == last else 0
            waiting = bool(self._prompt.search(screen)) and (screen != before or passed > 10 * _POLL)
            if passed >= seconds or (still >= 3 and waiting) or self._status is not None:
                return screen
            last = screen
            await asyncio.sleep(min(_POLL, max(0.0, seconds - passed)))

    async def _status_known(self) -> None:
        """Wait for the exit status of a shell that has ended; after a signal there is none."""
        for _ in range(_STATUS_POLLS):
            if self._status is not None:
                return
            await asyncio.sleep(_POLL)
            await self._capture()

    async def _capture(self) -> str:
        """The screen; notes the exit status of a shell that has ended."""
        asked = ("display-message", "-p", "#{pane_dead} #{pane_dead_status}", ";", "capture-pane", "-p")
        state, _, screen = (await self._call(*asked)).partition("\n")
        dead, _, status = state.partition(" ")
        self._dead = dead == "1"
        if status.strip():  # comes a moment after the end, and never after a signal
            self._status = int(status)
        return screen.rstrip("\n")

    def _command(self) -> list[str]:
        # tmux adds variables of its own to what it starts, so the environment is made anew behind it.
        env = {**self.place.env, **VARIABLES}
        words = [f"{name}={value}" for name, value in env.items()]
        return ["-c", self.place.workdir, "env", "-i", *words, *self.place.prefix, "bash", "--noprofile", "--norc"]

    async def _call(self, *words: str, check: bool = True) -> str:
        argv = [self._tmux, "-u", "-S", str(self._root / "socket"), "-f", str(self._root / "conf"), *words]
        env = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, umask=0o022
        )
        out, err = await process.communicate()
        if process.returncode and check:
            raise NextstateError(f"tmux {words[0]} failed: {err.decode(errors='replace').strip()[:300]}")
        return out.decode("utf-8", "replace")

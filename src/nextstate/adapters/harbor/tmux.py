"""The tmux that agents call through ``exec``, without a tmux: what Terminus-2 uses of it, on panes of our own."""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.adapters.harbor.pane import Pane

if TYPE_CHECKING:
    from nextstate.adapters.machine import Machine

VERSION = "tmux 3.4"
_CALL = re.compile(r"\s*(?:export [\w]+=\S* && )*(?:timeout \S+ )?tmux\s")
_RECORDER = re.compile(r"\s*asciinema --version\s*$")
_STAGING = re.compile(r"printf %s ([A-Za-z0-9+/=]*) \| base64 -d (>>?) '?(/tmp/\.runtime-tmux-paste-\w+)'?$")
_UNSTAGING = re.compile(r"rm -f '?(/tmp/\.runtime-tmux-paste-\w+)'?$")


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of tmux printed, and its status."""

    output: str = ""
    status: int = 0


@dataclass(slots=True)
class Tmux:
    """A server of tmux: panes by the names of their sessions, and what waits to be pasted."""

    machine: Machine
    panes: dict[str, Pane] = field(default_factory=dict)
    _staged: dict[str, bytes] = field(default_factory=dict)
    _buffers: dict[str, str] = field(default_factory=dict)

    async def answer(self, command: str, cwd: str) -> Said | None:
        """What a command of ``exec`` prints where it is for tmux; ``None`` for every other command."""
        if _RECORDER.match(command):
            return Said("asciinema 2.4.0\n")
        if found := _STAGING.match(command):
            return self._stage(found[3], found[1], more=found[2] == ">>")
        if found := _UNSTAGING.match(command):
            self._staged.pop(found[1], None)
            return Said()
        if not _CALL.match(command):
            return None
        try:
            calls = _calls(shlex.split(command))
        except ValueError as error:
            return Said(f"tmux: {error}\n", 1)
        said = Said()
        for call in calls:
            said = await self._call(call, cwd)
            if said.status:
                break
        return said

    def recorded(self) -> list[str]:
        """The paths of the recordings; none of them is a file of the machine."""
        return [path for pane in self.panes.values() for path in pane.recordings]

    def cast(self, path: str) -> bytes | None:
        """The recording of a pane that stands at ``path``."""
        return next((pane.cast(path) for pane in self.panes.values() if path in pane.recordings), None)

    async def _call(self, call: list[str], cwd: str) -> Said:
        name, arguments = call[0], call[1:]
        if name == "-V":
            return Said(VERSION + "\n")
        if name == "new-session":
            return await self._new(arguments, cwd)
        if name == "has-session":
            return Said("", int(_option(arguments, "-t") not in self.panes))
        if name == "load-buffer":
            return self._load(arguments)
        if name in ("send-keys", "capture-pane", "paste-buffer"):
            return await self._on_a_pane(name, arguments)
        if name in ("set-option", "pipe-pane", "wait", "kill-session"):
            return Said()
        return Said(f"unknown command: {name[:80]}\n", 1)

    async def _on_a_pane(self, name: str, arguments: list[str]) -> Said:
        target = _option(arguments, "-t")
        pane = self.panes.get(target)
        if pane is None:
            return Said(f"can't find pane: {target[:80]}\n", 1)
        if name == "capture-pane":
            return Said(pane.whole() if "-S" in arguments else pane.visible())
        if name == "paste-buffer":
            await pane.press([self._buffers.pop(_option(arguments, "-b"), "")])
            return Said()
        keys = arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments[2:]
        await pane.press(keys)
        return Said()

    async def _new(self, arguments: list[str], cwd: str) -> Said:
        name = _option(arguments, "-s")
        if name in self.panes:
            return Said(f"duplicate session: {name[:80]}\n", 1)
        size = {"columns": _option(arguments, "-x"), "rows": _option(arguments, "-y")}
        pane = Pane(self.machine, **{key: int(value) for key, value in size.items() if value.isdigit() and int(value)})
        pairs = [arguments[at + 1] for at, one in enumerate(arguments[:-1]) if one == "-e"]
        await pane.export(dict(pair.split("=", 1) for pair in pairs if "=" in pair), cwd)
        self.panes[name] = pane
        return Said()

    def _stage(self, path: str, coded: str, *, more: bool) -> Said:
        try:
            content = base64.b64decode(coded, validate=True)
        except binascii.Error as error:
            return Said(f"base64: {error}\n", 1)
        self._staged[path] = (self._staged.get(path, b"") if more else b"") + content
        return Said()

    def _load(self, arguments: list[str]) -> Said:
        content = self._staged.get(arguments[-1])
        if content is None:
            return Said(f"{arguments[-1][:200]}: No such file or directory\n", 1)
        self._buffers[_option(arguments, "-b")] = content.decode(errors="replace")
        return Said()


def _calls(words: list[str]) -> list[list[str]]:
    """The calls of tmux in the words of a command. Keys that are sent may be any words, so they stay together."""
    while words and words[0] != "tmux":
        words = words[1:]
    if words[1:2] == ["send-keys"]:
        return [words[1:]]
    calls: list[list[str]] = [[]]
    for word in words:
        if word in (";", "&&"):
            calls.append([])
        elif word != "tmux" or calls[-1]:
            calls[-1].append(word)
    return [call for call in calls if call]


def _option(arguments: list[str], name: str) -> str:
    """The value behind an option; empty where it is not given."""
    at = arguments.index(name) + 1 if name in arguments else len(arguments)
    return arguments[at] if at < len(arguments) else ""

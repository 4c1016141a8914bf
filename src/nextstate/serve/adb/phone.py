"""A session as a device: its screen, what is done to it, and the few files that its programs wrote."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate import domain as domains
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from nextstate.domain.shapes import Device
    from nextstate.sim.sessions import Sessions
    from nextstate.types import Observation

MAX_FILES = 32
"""Files that a device keeps; the oldest goes when there are more."""
MAX_BYTES = 8_000_000
"""Bytes of one of them."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A device with a serial number. ``files`` holds what was written by path; nothing else is on it."""

    sessions: Sessions
    owner: str
    id: str
    device: Device
    serial: str
    files: dict[str, bytes] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def of(cls, sessions: Sessions, owner: str, id: str) -> Phone:
        """Raises :class:`UsageError` for a session whose world is no device."""
        begun = await sessions.scenario(owner, id)
        device = domains.find(begun.domain).device
        if device is None:
            raise UsageError(f"the world of the session {id!r}, {begun.domain!r}, is no device")
        return cls(sessions, owner, id, device, "sim-" + re.sub(r"[^A-Za-z0-9._-]", "_", id))

    async def screen(self) -> Observation:
        """What is on the screen."""
        begun = await self.sessions.scenario(self.owner, self.id)
        return domains.last_screen(begun.query())

    async def act(self, words: tuple[str, ...]) -> bool:
        """Do what a command says; whether the world has an action for it. Raises what a step may raise."""
        async with self.turn:
            action = self.device.act(await self.screen(), words)
            if action is None:
                return False
            await self.sessions.step(self.owner, self.id, action)
            return True

    async def told(self) -> dict[str, str]:
        """How far the session is, and who answered its last step."""
        begun = await self.sessions.scenario(self.owner, self.id)
        meta: dict[str, Any] = dict(begun.history[-1].meta) if begun.history else {}
        last = {f"nextstate.{name}": str(meta[name]) for name in ("origin", "model", "why") if meta.get(name)}
        return {"nextstate.session": self.id, "nextstate.turns": str(len(begun.history)), **last}

    def keep(self, path: str, content: bytes) -> None:
        """Write a file. Raises :class:`UsageError` for one that is too large."""
        if len(content) > MAX_BYTES:
            raise UsageError(f"{path[:200]}: no space: a file has at most {MAX_BYTES} bytes")
        self.files.pop(path, None)
        self.files[path] = content
        while len(self.files) > MAX_FILES:
            del self.files[next(iter(self.files))]

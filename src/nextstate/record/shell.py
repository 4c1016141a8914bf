"""One long-lived bash: a control channel that no command sees, and the one stream that a terminal would show.

Each action is evaluated as if it were the whole of a script whose name is ``bash``, in the same shell process. Standard
output and error are one pipe, so their order is true; standard input is empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.errors import ActionError, NextstateError, SessionEnded
from nextstate.record import processes

if TYPE_CHECKING:
    from types import TracebackType

    from nextstate.record.sandbox import Place
    from nextstate.types import Json


def driver(fd: int) -> str:
    """What ``bash -c`` reads, all on line 1 so that messages of an action count from there.

    The inner loop reports ``$?`` of the last action on ``fd``, then evaluates the next; its text comes out of a
    substitution that ends with the same status, so ``$?`` carries over. The channel is closed while an action runs. The
    outer loop is there because an action ``break`` leaves the inner one. ``builtin`` and the null device hide the loop
    from functions of the same names and from ``set -x``.
    """
    report = f"{{ builtin printf '%s\\n' $? >&{fd}; }} 2>/dev/null"
    receive = f"{{ builtin read -r -d '' <&{fd} || builtin kill $$; }} 2>/dev/null"
    give = '{ builtin printf %s "${REPLY#*:}"; exit "${REPLY%%:*}"; } 2>/dev/null'
    evaluate = f'builtin eval "$({receive}; {give})" {fd}>&-'
    return (
        f"unset BASH_EXECUTION_STRING; while {{ builtin :; }} 2>/dev/null; do while {report}; do {evaluate}; done; done"
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an action may run (seconds) and how much of what it prints is kept (bytes)."""

    timeout: float = 10.0
    grace: float = 2.0
    """How long the shell may take to come back after the programs of an action were killed."""
    output: int = 50_000_000
    file: int = 1_000_000_000
    """The largest file that a command may write."""
    processes: int = 512


@dataclass(frozen=True, slots=True)
class Shown:
    """What one action showed. ``ending`` is the name of how the shell ended, empty while it lives."""

    text: str
    meta: Mapping[str, Json]
    ending: str = ""


class Shell:
    """A bash started at ``place``. An async context manager; leaving it kills whatever is left."""

    def __init__(self, place: Place, limits: Limits | None = None) -> None:
        self.place, self.limits = place, limits or Limits()
        self.ending = ""
        """How the shell ended (``exit`` or ``timeout``); empty while it lives."""
        self._status = 0
        self._shown, self._dropped = bytearray(), 0

    async def __aenter__(self) -> Shell:
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)
        self._out, out = os.pipe()
        os.set_blocking(self._out, False)
        try:
            self._process = await _start(self.place, theirs, out)
        except OSError as error:
            self._control.close()
            os.close(self._out)
            raise NextstateError(f"cannot start bash (sandbox {self.place.kind}): {error}") from error
        finally:
            theirs.close()
            os.close(out)
        asyncio.get_running_loop().add_reader(self._out, self._pump)
        try:
            await self._ready()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Kill the shell and everything it started."""
        await self._end()
        asyncio.get_running_loop().remove_reader(self._out)
        self._control.close()
        os.close(self._out)

    async def run(self, action: str) -> Shown:
        """Evaluate ``action`` and return what it showed; a shell that has ended raises :class:`SessionEnded`."""
        if self.ending:
            raise SessionEnded(self.ending)
        if "\0" in action:
            raise ActionError("an action cannot hold a NUL character: no shell can read it")
        self._pump()  # what a background program printed since is shown now, as a terminal would have it
        meta: dict[str, Json] = {}
        reading = asyncio.ensure_future(self._ask(action))
        if not await _done(reading, self.limits.timeout):
            meta["ended"] = "timeout"
            await self._interrupt(reading)
        await self._settle(reading, meta)
        self._pump()
        return self._result(meta)

    async def _settle(self, reading: asyncio.Future[int | None], meta: dict[str, Json]) -> None:
        """Note the status of the action, or how the shell ended."""
        if not reading.done():
            reading.cancel()
            self.ending = "timeout"
            await self._end()
        elif (status := reading.result()) is not None:
            self._status = status
            meta["exit"] = status
        else:
            self.ending = "exit"
            if not await _done(asyncio.ensure_future(self._process.wait()), self.limits.timeout):
                self.ending = meta["ended"] = "timeout"  # the shell became, by exec, a program that never ends
            status = await self._end()
            if self.ending == "exit":
                meta["exit"] = status if status >= 0 else 128 - status

    async def _ask(self, action: str) -> int | None:
        """Send ``action`` and await its status; ``None`` when the shell closed the channel instead."""
        text = f"{self._status}:{action}\0".encode("utf-8", "surrogateescape")
        with contextlib.suppress(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(self._control, text)
            return await self._read_status()
        return None

    async def _read_status(self) -> int | None:
        line = b""
        while not line.endswith(b"\n"):
            part = await asyncio.get_running_loop().sock_recv(self._control, 64)
            if not part:
                return None
            line += part
        return int(line)

    async def _interrupt(self, reading: asyncio.Future[int | None]) -> None:
        """Kill the programs under the shell, softly first, until it comes back or its grace is over."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            processes.kill(processes.below(self._bash), number)
            if await _done(reading, self.limits.grace / 4):
                return

    async def _ready(self) -> None:
        reading = asyncio.ensure_future(self._read_status())
        if not await _done(reading, 20.0) or reading.result() is None:
            reading.cancel()
            self._pump()
            said = self._shown.decode("utf-8", "replace").strip()[:300]
            raise NextstateError(f"bash did not start in the sandbox ({self.place.kind}): {said or 'no message'}")
        walled = self.place.kind == "bubblewrap"
        below = processes.below(self._process.pid)
        # Inside bubblewrap our process has a reaper below it and bash below that; without, env became bash itself.
        self._bash = below[1] if walled else self._process.pid
        # While bash waits for its first action nothing else runs, so this needs no hook between fork and exec.
        processes.restrict(self._bash, file=self.limits.file, processes=self.limits.processes if walled else None)

    async def _end(self) -> int:
        """Kill the process and all below it; the exit status (negative: a signal)."""
        if self._process.returncode is None:
            processes.kill([*processes.below(self._process.pid), self._process.pid], signal.SIGKILL)
        return await self._process.wait()

    def _pump(self) -> None:
        """Move what is in the pipe to memory, as far as the limit allows; the rest is counted and dropped."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):  # bounded, so that a program which never stops cannot hold the event loop
                part = os.read(self._out, 1 << 16)
                if not part:
                    asyncio.get_running_loop().remove_reader(self._out)
                    return
                room = max(0, self.limits.output - len(self._shown))
                self._shown += part[:room]
                self._dropped += len(part[room:])

    def _result(self, meta: dict[str, Json]) -> Shown:
        raw, dropped = bytes(self._shown), self._dropped
        self._shown, self._dropped = bytearray(), 0
        text = raw.decode("utf-8", "replace")
        if "\ufffd" in text and (bad := _invalid(raw)):
            meta["invalid_utf8"] = bad
        if dropped:
            meta["truncated"] = dropped
            text += f"\n[cut here: {dropped} more bytes were not recorded]\n"
        return Shown(text, meta, self.ending)


async def _start(place: Place, control: socket.socket, out: int) -> asyncio.subprocess.Process:
    # A high number, out of the way of the descriptors that people use in scripts.
    fd = fcntl.fcntl(control, fcntl.F_DUPFD_CLOEXEC, 200)
    argv = (*place.prefix, "bash", "--noprofile", "--norc", "-c", driver(fd))
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(fd,),
            cwd=place.workdir,
            env=place.env,
            start_new_session=True,
            umask=0o022,
        )
    finally:
        os.close(fd)


async def _done(future: asyncio.Future[Any], seconds: float) -> bool:
    done, _ = await asyncio.wait({future}, timeout=seconds)
    return bool(done)


def _invalid(raw: bytes) -> int:
    """How many characters of ``raw`` became U+FFFD that were not one."""
    return raw.decode("utf-8", "replace").count("\ufffd") - raw.count("\ufffd".encode())

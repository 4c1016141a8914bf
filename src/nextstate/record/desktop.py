"""A real desktop, recorded: pyautogui code in (parsed, not run), accessibility tables out.

An X server without a screen (Xvfb), a window manager (openbox), a session bus with AT-SPI on it and one application run
for the length of a recording, with a home of their own. Actions are performed by XTEST
(:mod:`nextstate.record.desktop_input`), screens are read by a helper under the system's Python
(:mod:`nextstate.record.desktop_tree`). The application is our own (:mod:`nextstate.record.desktop_app`) or any command.

    python -m nextstate.record.desktop --out FILE      # the golden examples of the os domain, recorded anew
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nextstate.data import store
from nextstate.data.scrub import scrub
from nextstate.domains.os import grammar
from nextstate.domains.os.steps import Wait
from nextstate.errors import UsageError
from nextstate.record import processes
from nextstate.record.command import parser
from nextstate.record.desktop_input import Input
from nextstate.record.desktop_script import SCRIPTS, resolved
from nextstate.types import Action, Json, Setup, Source, Trajectory, Turn

PYTHON = "/usr/bin/python3"
"""The Python that has PyGObject."""
PACKAGES = "xvfb openbox dbus at-spi2-core python3-gi gir1.2-gtk-3.0 gir1.2-atspi-2.0"
"""The Debian packages that a recording needs."""
SIZE = (1024, 768)
"""Pixels of the screen."""
STEADY = 4
"""How many times in a row the screen must read the same to count as settled."""
GAP_S = 0.06
"""Seconds between two looks at the screen."""
START_S = 20.0
"""Seconds that the desktop and the application may take to show up."""
SETTLE_S = 4.0
"""Seconds after which a screen that does not settle is taken as it is."""
APART_S = 0.5
"""Seconds between two actions: clicks that are closer count as one double click (GTK takes 0.4 s)."""
MAX_WAIT_S = 10.0
"""The longest wait that an action may ask for, in seconds."""

HERE = Path(__file__).parent
APP = (PYTHON, str(HERE / "desktop_app.py"))
"""Our own application."""


def lacking() -> str:
    """What a recording lacks on this machine, in words; empty where nothing is missing."""
    missing = [name for name in ("Xvfb", "openbox", "dbus-daemon") if shutil.which(name) is None]
    missing += [] if Path(PYTHON).exists() else [PYTHON]
    libraries = (Path("/usr/lib"), Path("/usr/lib/x86_64-linux-gnu"), Path("/usr/lib/aarch64-linux-gnu"))
    for typelib in ("Atspi-2.0", "Gtk-3.0"):
        if not any((folder / "girepository-1.0" / f"{typelib}.typelib").exists() for folder in libraries):
            missing.append(typelib)
    return f"{', '.join(missing)} missing; as root, apt-get install {PACKAGES}" if missing else ""


@dataclass(slots=True)
class Desktop:
    """A running desktop with one application."""

    input: Input
    tree: asyncio.subprocess.Process
    turns: list[Turn] = field(default_factory=list)
    first: str = ""
    acted: float = 0.0
    """When the last action was performed, by the monotonic clock."""

    @property
    def screen(self) -> str:
        """The screen that was seen last."""
        return self.turns[-1].observation if self.turns else self.first

    async def look(self) -> str:
        """The screen as it is, as a table; empty where it changed while it was read."""
        stdin, stdout = self.tree.stdin, self.tree.stdout
        if stdin is None or stdout is None:
            raise UsageError("the reader of the screen was started without pipes")
        stdin.write(b"look\n")
        await stdin.drain()
        line = await asyncio.wait_for(stdout.readline(), START_S)
        if not line:
            raise UsageError(f"the reader of the screen ended; as root, apt-get install {PACKAGES}")
        return str(json.loads(line))

    async def settled(self, *, rows: int = 0, patience: float = SETTLE_S) -> str:
        """The screen once it reads the same :data:`STEADY` times in a row and has at least ``rows`` rows."""
        ends, same, last = time.monotonic() + patience, 0, ""
        while time.monotonic() < ends:
            shown = await self.look()
            same = same + 1 if shown and shown == last else 1
            last = shown or last
            if same >= STEADY and last.count("\n") >= rows:
                return last
            await asyncio.sleep(GAP_S)
        return last

    async def step(self, action: Action) -> Turn:
        """Perform an action and keep the screen after it. Raises :class:`ActionError` where it does not parse."""
        steps = grammar.parse(action)
        await asyncio.sleep(max(0.0, self.acted + APART_S - time.monotonic()))
        for one in steps:
            self.input.do(one)
            if isinstance(one, Wait):
                await asyncio.sleep(min(one.seconds, MAX_WAIT_S))
        self.acted = time.monotonic()
        shown = await self.settled()
        meta: dict[str, Json] = {"unchanged": True} if shown == self.screen else {}
        self.turns.append(Turn(action, shown, meta))
        return self.turns[-1]


@contextlib.asynccontextmanager
async def desktop(command: Sequence[str] = APP) -> AsyncIterator[Desktop]:
    """A desktop on which ``command`` has shown its window. Raises :class:`UsageError` where it cannot start."""
    if reason := lacking():
        raise UsageError(f"no desktop can be recorded here: {reason}")
    with tempfile.TemporaryDirectory(prefix="nextstate-desktop-") as home:
        async with contextlib.AsyncExitStack() as stack:
            env = _environment(home)
            env["DISPLAY"] = await _display(stack, env)
            env["DBUS_SESSION_BUS_ADDRESS"] = await _bus(stack, env)
            await _start(stack, ("openbox",), env)
            await _start(stack, command, env)
            tree = await _start(stack, (PYTHON, str(HERE / "desktop_tree.py")), env, pipes=True)
            one = Desktop(Input(env["DISPLAY"]), tree)
            stack.callback(one.input.close)
            one.first = await one.settled(rows=2, patience=START_S)
            if one.first.count("\n") < 2:
                raise UsageError(f"{' '.join(command)[:200]} showed no window within {START_S:.0f} seconds")
            yield one


def _environment(home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    runtime = Path(home) / "run"
    runtime.mkdir(mode=0o700)
    return kept | {
        "HOME": home,
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "GDK_BACKEND": "x11",
        "GSETTINGS_BACKEND": "memory",
        "GTK_THEME": "Adwaita",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    }


async def _display(stack: contextlib.AsyncExitStack, env: Mapping[str, str]) -> str:
    """Start an X server on a free display; gives its name."""
    width, height = SIZE
    command = ("Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset")
    server = await _start(stack, command, env, pipes=True)
    return ":" + await _first_line(server, "Xvfb")


async def _bus(stack: contextlib.AsyncExitStack, env: Mapping[str, str]) -> str:
    """Start a session bus, which starts AT-SPI when it is asked for; gives its address."""
    bus = await _start(stack, ("dbus-daemon", "--session", "--nofork", "--print-address=1"), env, pipes=True)
    return await _first_line(bus, "dbus-daemon")


async def _first_line(process: asyncio.subprocess.Process, name: str) -> str:
    if process.stdout is None:
        raise UsageError(f"{name} was started without a pipe")
    line = await asyncio.wait_for(process.stdout.readline(), START_S)
    if not line.strip():
        raise UsageError(f"{name} did not start; as root, apt-get install {PACKAGES}")
    return line.decode().strip()


async def _start(
    stack: contextlib.AsyncExitStack, command: Sequence[str], env: Mapping[str, str], *, pipes: bool = False
) -> asyncio.subprocess.Process:
    """Start a program that ends, with what it started, when the stack is left."""
    nowhere, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe if pipes else nowhere,
            stdout=pipe if pipes else nowhere,
            stderr=nowhere,
            env=dict(env),
            limit=2**24,
        )
    except OSError as error:
        raise UsageError(f"{command[0]} does not start: {error}") from None
    stack.push_async_callback(_stop, process)
    return process


async def _stop(process: asyncio.subprocess.Process) -> None:
    children = processes.below(process.pid)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    processes.kill(children, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 3.0)
    except TimeoutError:
        process.kill()
        await process.wait()
    processes.kill(children, signal.SIGKILL)


async def record(
    actions: Iterable[Action], *, ident: str = "desktop-0001", task: str = "", command: Sequence[str] = APP
) -> Trajectory:
    """Perform ``actions`` one after the other on a fresh desktop and give what it showed.

    Raises :class:`UsageError` where no desktop can run and :class:`ActionError` for an action that does not parse.
    """
    async with desktop(command) as one:
        for action in actions:
            await one.step(action)
        return trajectory(one, ident, task)


def trajectory(one: Desktop, ident: str, task: str = "") -> Trajectory:
    """What was recorded so far, scrubbed of secrets."""
    meta: dict[str, Json] = {"screen": list(SIZE)}
    if task:
        meta["task"] = task
    source = Source(dataset="nextstate recordings", licence="Apache-2.0", row=ident)
    return scrub(Trajectory(ident, "os", Setup(initial_state=one.first), tuple(one.turns), source, meta))


async def examples() -> list[Trajectory]:
    """The golden examples of the domain, recorded anew; see :mod:`nextstate.record.desktop_script`."""
    made = []
    for ident, (task, script) in SCRIPTS.items():
        async with desktop() as one:
            for line in script:
                await one.step(resolved(line, one.screen))
            made.append(trajectory(one, ident, task))
    return made


def main() -> None:
    """Record the golden examples of the os domain on a real desktop."""
    arguments = parser("desktop", main.__doc__).parse_args()
    store.write(arguments.out, asyncio.run(examples()))


if __name__ == "__main__":
    main()

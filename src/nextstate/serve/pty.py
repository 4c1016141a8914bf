"""A terminal on a session: ``/s/{sid}/terminal``, a WebSocket that takes lines and shows what they do.

For worlds whose actions are plain texts: the set-up declares no tools, and what is shown is no screen. The line is
edited where it is typed, and comes whole. All messages are JSON objects in text frames. From the client::

    {"type": "line", "text": "ls -l"}       an action; it waits where another one is under way
    {"type": "interrupt"}                   stop waiting for the answer, and forget the lines that wait

To the client, first the past (a ``turn`` for each of the last 200 turns), then ``ready``, then what happens::

    {"type": "turn", "index": 3, "action": "ls -l", "text": "total 0\\n", "origin": "computed", "model": "", "why": "",
     "shared": false, "seconds": 0.001, "past": false}
    {"type": "ready", "session": "...", "domain": "...", "model": "...", "turns": 4, "prompt": "$ ", "state": "",
     "ending": null}
    {"type": "delta", "text": "tot", "reset": false}       what a model is heard to write; ``reset``: it begins anew
    {"type": "error", "code": "step_failed", "message": "..."}
    {"type": "interrupted", "turns": 4}
    {"type": "ended", "ending": "turn_limit"}

Whatever would steer a terminal is made visible in all texts (``\\x1b`` for ESC): neither a model nor a recording
reaches the terminal that these frames may be printed on. A step that is interrupted is finished by the session all the
same; until then the next line is told that the session is busy.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from nextstate import domain as domains
from nextstate.data import store
from nextstate.data.visible import printable
from nextstate.errors import DataError, NextstateError, UsageError
from nextstate.models.render import PROMPT
from nextstate.serve import problems
from nextstate.serve.hearing import hearing, kept
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

    from nextstate.serve.service import Service
    from nextstate.sim.sessions import Sessions
    from nextstate.types import Json, Turn

PAST, PAST_CHARS = 200, 2_000_000
"""Turns, and characters of them, that are shown again when somebody connects."""
WAITING = 32
"""Lines that may wait while one is answered."""
MAX_LINE = 1_000_000
"""Characters of a line."""
NOT_FOUND, UNFIT = 4404, 4400
"""Why the socket is closed: no such session; one of another kind of world."""


def routes(service: Service) -> list[BaseRoute]:
    """The one address of this surface."""

    async def terminal(socket: WebSocket) -> None:
        await socket.accept()
        await _Terminal(service.sessions, socket).run()

    return [WebSocketRoute("/s/{sid}/terminal", terminal)]


def neutral(text: str) -> str:
    """``text`` with everything visible that would steer a terminal or turn the text around; line ends and tabs stay."""
    return printable(text.replace("\r\n", "\n"))


class _Terminal:
    """One connection: a reader of frames, and at most one step under way."""

    def __init__(self, sessions: Sessions, socket: WebSocket) -> None:
        self._sessions, self._socket = sessions, socket
        self._owner, self._id = problems.owner(socket), str(socket.path_params["sid"])
        self._lines: deque[str] = deque()
        self._stepping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the client goes."""
        try:
            await self._greet()
            while True:
                await self._take(await self._socket.receive())
        except WebSocketDisconnect:
            pass
        except _Unfit as unfit:
            await self._refuse(unfit)
        finally:
            await self._stop()

    async def _greet(self) -> None:
        try:
            begun = await self._sessions.scenario(self._owner, self._id)
            view = await self._sessions.view(self._owner, self._id)
        except NoSuchSession as error:
            raise _Unfit(error, NOT_FOUND) from None
        if begun.setup.tools or domains.find(begun.domain).screens:
            kind = "screens" if not begun.setup.tools else "tool calls"
            raise _Unfit(UsageError(f"a terminal shows worlds of plain actions; this one is a world of {kind}"), UNFIT)
        first = _first(begun.history)
        for index, turn in enumerate(begun.history[first:], first):
            await self._send(_turn(index, turn, past=True))
        await self._send(
            {
                "type": "ready",
                "session": self._id,
                "domain": view.domain,
                "model": view.model,
                "turns": view.turns,
                "prompt": PROMPT,
                "state": begun.setup.initial_state,
                "ending": view.ending,
            }
        )

    async def _take(self, message: Mapping[str, Any]) -> None:
        """One frame. Raises :class:`WebSocketDisconnect` for the last one."""
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1000)
        try:
            frame = _frame(message)
        except UsageError as error:
            await self._tell(error)
            return
        if frame is None:
            await self._interrupt()
        elif len(self._lines) >= WAITING:
            busy = f"{WAITING} lines are waiting; wait for an answer, or interrupt"
            await self._send({"type": "error", "code": "busy", "message": busy})
        else:
            self._lines.append(frame)
            self._go_on()

    def _go_on(self) -> None:
        if self._lines and (self._stepping is None or self._stepping.done()):
            self._stepping = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Answers lines until none waits."""
        while self._lines:
            await self._step(self._lines.popleft())

    async def _step(self, line: str) -> None:
        pieces: asyncio.Queue[str] = asyncio.Queue(1_000)
        telling = asyncio.create_task(self._tell_pieces(pieces))
        try:
            with hearing(kept(pieces)):
                step = await self._sessions.step(self._owner, self._id, line)
        except NextstateError as error:
            await _gone(telling)
            await self._tell(error)
        else:
            await _gone(telling)
            now = {"shared": step.shared, "seconds": step.seconds}
            await self._send(_turn(step.index, step.turn, past=False) | now)
            if (ending := (await self._sessions.view(self._owner, self._id)).ending) is not None:
                await self._send({"type": "ended", "ending": ending})
        finally:
            telling.cancel()

    async def _tell_pieces(self, pieces: asyncio.Queue[str]) -> None:
        while True:
            piece = await pieces.get()
            await self._send({"type": "delta", "text": piece, "reset": not piece})

    async def _interrupt(self) -> None:
        if self._stepping is not None and not self._stepping.done():
            await self._stop()
            turns = (await self._sessions.view(self._owner, self._id)).turns
            await self._send({"type": "interrupted", "turns": turns})

    async def _stop(self) -> None:
        self._lines.clear()
        if self._stepping is not None:
            await _gone(self._stepping)

    async def _refuse(self, unfit: _Unfit) -> None:
        await self._tell(unfit.error)
        await self._socket.close(unfit.code)

    async def _tell(self, error: NextstateError) -> None:
        await self._send({"type": "error", **problems.problem(error)["error"]})

    async def _send(self, frame: dict[str, Any]) -> None:
        shown = {key: neutral(value) if isinstance(value, str) else value for key, value in frame.items()}
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the client has gone: `receive` says so next
            await self._socket.send_text(store.dump(shown).decode())


class _Unfit(Exception):
    """This session cannot be shown here."""

    def __init__(self, error: NextstateError, code: int) -> None:
        super().__init__(str(error))
        self.error, self.code = error, code


async def _gone(task: asyncio.Task[None]) -> None:
    """``task`` cancelled and ended."""
    task.cancel()
    await asyncio.wait([task])


def _frame(message: Mapping[str, Any]) -> str | None:
    """The line of a frame; ``None`` for an interrupt. Raises :class:`UsageError` for anything else."""
    text = message.get("text")
    if text is None:
        raise UsageError("a frame is JSON text; bytes are not read")
    try:
        value: Json = store.parse(text.encode("utf-8", "replace"))
    except DataError as error:
        raise UsageError(f"the frame is {error}") from None
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(value, dict) and kind == "interrupt":
        return None
    line = value.get("text") if isinstance(value, dict) else None
    if kind != "line" or not isinstance(line, str):
        raise UsageError('a frame is {"type": "line", "text": ...} or {"type": "interrupt"}')
    if len(line) > MAX_LINE:
        raise UsageError(f"the line has {len(line)} characters; at most {MAX_LINE} are taken")
    return line


def _first(history: Sequence[Turn]) -> int:
    """The first turn to show again."""
    first, room = len(history), PAST_CHARS
    while first and len(history) - first < PAST and room >= 0:
        first -= 1
        room -= len(history[first].action) + len(history[first].observation)
    return first


def _turn(index: int, turn: Turn, *, past: bool) -> dict[str, Any]:
    told = {name: turn.meta.get(name) or "" for name in ("model", "why")}
    return {
        "type": "turn",
        "index": index,
        "action": turn.action,
        "text": turn.observation,
        "origin": turn.meta.get("origin"),
        **told,
        "shared": False,
        "seconds": 0.0,
        "past": past,
    }

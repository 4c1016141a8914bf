"""The two WebSockets of the wire: ``/ws`` for episodes, ``/mcp`` for tool calls. Frames are answered in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from nextstate.errors import NextstateError
from nextstate.serve.openenv import rpc, wire
from nextstate.serve.openenv.wire import Kind
from nextstate.serve.problems import owner_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from nextstate.serve.openenv.episodes import Episodes, Seat

POLICY = 1008
"""The status of a close for a client that asked for what is not there (RFC 6455, section 7.4.1)."""


class Socket:
    """One endpoint: a seat for each connection. It speaks ASGI itself, for a step costs less so.

    A connection that ends without the message ``close`` leaves its episode open, for a client that comes back with
    ``?session_id=``; an episode that nobody comes back to ends by itself when it has been idle for long.
    """

    def __init__(self, episodes: Episodes) -> None:
        self.episodes = episodes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        owner = owner_of(scope)
        await receive()
        await send({"type": "websocket.accept"})
        try:
            seat = await self._seat(scope, owner)
        except NextstateError as error:
            await _say(send, self.refusal(error))
            await send({"type": "websocket.close", "code": POLICY, "reason": "no such session or scenario"})
            return
        try:
            await self._talk(owner, seat, receive, send)
        except OSError:
            return  # the client went away while it was answered

    async def _seat(self, scope: Scope, owner: str) -> Seat:
        name = parse_qs(scope["query_string"].decode("latin-1")).get("session_id", [""])[0]
        if name:
            return await self.episodes.named(owner, name)
        return self.episodes.seat(scope.get("path_params", {}).get("scenario", ""))

    async def _talk(self, owner: str, seat: Seat, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            reply = await self.reply(owner, seat, message["bytes"] if text is None else text)
            if reply is None:
                await self.episodes.leave(owner, seat)
                await send({"type": "websocket.close", "code": 1000})
                return
            await _say(send, reply)

    async def reply(self, owner: str, seat: Seat, text: str | bytes) -> dict[str, Any] | None:
        """What a frame is answered with; ``None`` ends the conversation."""
        raise NotImplementedError

    def refusal(self, error: NextstateError) -> dict[str, Any]:
        """What a client hears that cannot be seated."""
        raise NotImplementedError


class Steps(Socket):
    """``/ws``: ``reset``, ``step``, ``state``, ``mcp`` and ``close``."""

    async def reply(self, owner: str, seat: Seat, text: str | bytes) -> dict[str, Any] | None:
        try:
            frame = wire.frame(text)
            if frame.type == Kind.CLOSE:
                return None
            kind, data = await self._answer(owner, seat, frame)
            return {"type": kind, "data": data}
        except NextstateError as error:
            return self.refusal(error)

    async def _answer(self, owner: str, seat: Seat, frame: wire.Frame) -> tuple[Kind, dict[str, Any]]:
        episodes = self.episodes
        if frame.type == Kind.STEP:
            return Kind.OBSERVATION, await episodes.step(owner, seat, wire.fields(frame.data))
        if frame.type == Kind.RESET:
            return Kind.OBSERVATION, await episodes.reset(owner, seat, wire.fields(frame.data))
        if frame.type == Kind.STATE:
            return Kind.STATE, await episodes.state(owner, seat)
        if frame.type == Kind.MCP:
            return Kind.MCP, await rpc.answer(episodes, owner, frame.data, seat)
        raise wire.Broken("UNKNOWN_TYPE", f"Unknown message type: {frame.type[:80]}")

    def refusal(self, error: NextstateError) -> dict[str, Any]:
        return {"type": Kind.ERROR, "data": wire.complaint(error)}


class Calls(Socket):
    """``/mcp``: JSON-RPC, the tools of one episode."""

    async def reply(self, owner: str, seat: Seat, text: str | bytes) -> dict[str, Any] | None:
        return await rpc.answer(self.episodes, owner, rpc.parsed(text), seat)

    def refusal(self, error: NextstateError) -> dict[str, Any]:
        return rpc.failure(error, None)


async def _say(send: Send, reply: dict[str, Any]) -> None:
    await send({"type": "websocket.send", "text": wire.encode(reply).decode()})

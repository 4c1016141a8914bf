"""The simulated server: what clients ask, answered by a session of the simulated world, with an account of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from mcp_types import INVALID_PARAMS

from mcp import MCPError
from nextstate.domain import calls
from nextstate.errors import ActionError, SessionEnded, StepFailed
from nextstate.serve.proxy.manner import Answer
from nextstate.types import Origin, Turn

if TYPE_CHECKING:
    from nextstate.record.mcp_wire import Asked
    from nextstate.serve.proxy.exchanges import Exchanges
    from nextstate.serve.proxy.world import Simulated
    from nextstate.sim.sessions import Sessions
    from nextstate.types import Action, Json

UNKNOWN = -32050
"""The error code of what a simulated server does not know, in the range that JSON-RPC leaves to servers."""
ORIGIN, WHY = "nextstate/origin", "nextstate/why"
"""Keys of ``_meta``: who answered (recorded, computed, retrieved, model), and why."""
REFUSED = "refused"
OWNER = "local"


@dataclass(slots=True)
class Account:
    """How many answers came from whom, and a line of JSON for each of them in ``log``."""

    counts: Counter[str] = field(default_factory=Counter)
    log: IO[str] | None = None

    def note(self, asked: str, origin: str, why: str) -> None:
        self.counts[origin] += 1
        if self.log is not None:
            self.log.write(json.dumps({"asked": asked, "origin": origin, "why": why}, ensure_ascii=False) + "\n")
            self.log.flush()

    def __str__(self) -> str:
        told = [f"{self.counts[name]} {name}" for name in (*map(str, Origin), REFUSED) if self.counts[name]]
        return f"{self.counts.total()} calls answered: {', '.join(told)}" if told else "no calls were made"


@dataclass(slots=True)
class Simulator:
    """Answers requests from the session called ``id``; calls that come together are taken one after the other."""

    sessions: Sessions
    id: str
    world: Simulated
    exchanges: Exchanges
    account: Account
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, asked: Asked) -> dict[str, Any]:
        """The result of a request. Raises :class:`MCPError` for errors, recorded ones and :data:`UNKNOWN`."""
        async with self._turn:
            if asked.method == "tools/call":
                return await self._call(str(asked.params.get("name")), asked.params.get("arguments") or {})
            return await self._other(asked)

    async def _call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        action = calls.render(name, arguments)
        try:
            before = (await self.sessions.scenario(OWNER, self.id)).history
            step = await self.sessions.step(OWNER, self.id, action)
        except ActionError as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None
        except StepFailed as error:
            raise self._unknown(action, error.prediction.detail or str(error)) from None
        except SessionEnded as error:
            raise self._unknown(action, str(error)) from None
        origin, why = str(step.turn.meta.get("origin")), str(step.turn.meta.get("why", ""))
        self.account.note(action, origin, why)
        return _given(self._made(before, action, step.turn, origin), origin, why)

    def _made(self, before: tuple[Turn, ...], action: Action, turn: Turn, origin: str) -> Answer:
        manner = self.world.manner
        if origin == Origin.RECORDED and (found := self.world.recollection.find(before, action)) is not None:
            return manner.recorded(found.turn)
        return manner.guessed(action, turn.observation)

    async def _other(self, asked: Asked) -> dict[str, Any]:
        history = (await self.sessions.scenario(OWNER, self.id)).history
        found = self.exchanges.find(history, asked.method, asked.params)
        if isinstance(found, str):
            raise self._unknown(asked.method, found)
        if found.error is not None:
            raise MCPError(int(found.error["code"]), str(found.error["message"]), found.error.get("data"))
        return _marked(dict(found.result or {}), Origin.RECORDED.value, found.where)

    def _unknown(self, asked: str, why: str) -> MCPError:
        self.account.note(asked, REFUSED, why)
        told: dict[str, Json] = {ORIGIN: REFUSED, WHY: why}
        return MCPError(UNKNOWN, f"the simulated server does not know the answer: {why}", told)


def _given(answer: Answer, origin: str, why: str) -> dict[str, Any]:
    if answer.result is None:
        raise MCPError(answer.code, answer.message, answer.data)
    return _marked(dict(answer.result), origin, why)


def _marked(result: dict[str, Any], origin: str, why: str) -> dict[str, Any]:
    meta = result.get("_meta")
    kept = meta if isinstance(meta, dict) else {}
    return {**result, "_meta": {**kept, ORIGIN: origin, **({WHY: why} if why else {})}}

"""A server that dies once, for the tests of the protocol's clients: STORE PORT FLAG. It makes the session ``desk``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serve" / "mcp"))

import flight_desk

from nextstate.models.fakes import Scripted
from nextstate.serve.app import build, server
from nextstate.serve.testing import service_of
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from nextstate.types import Prediction, Query

DIES_AT = 5


async def main() -> None:
    store, port, flag = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])

    def mortal(query: Query) -> str | Prediction:
        if len(query.history) == DIES_AT and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return flight_desk.desk(query)

    service = service_of({"scripted": Scripted(mortal)}, store=store)
    try:
        await service.sessions.view("local", "desk")
    except NoSuchSession:
        await flight_desk.session(service, "desk")
    running = server(build(service, surfaces=("mcp",)), port=port)
    serving = asyncio.create_task(running.serve())
    await running.listening.wait()
    print("listening", flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(main())

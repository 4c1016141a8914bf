"""A program that serves one session over standard input and output: STORE SCENARIO SESSION."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from nextstate.errors import UsageError
from nextstate.serve.mcp import serve_stdio
from nextstate.serve.testing import service_of


async def main() -> None:
    store, scenario, session = sys.argv[1:]
    service = service_of(store=Path(store))
    try:
        await serve_stdio(service, scenario, session=session)
    except UsageError as error:
        sys.exit(str(error))
    finally:
        await service.sessions.aclose()


asyncio.run(main())

"""While a step takes long: how long it has taken and how much was written, for clients that ask to be told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from nextstate.serve.hearing import hearing

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

T = TypeVar("T")

EVERY = 1.0
"""Seconds between two notifications."""


async def reported(context: ServerRequestContext[Any, Any], work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work``; a client that gave a ``progressToken`` is told meanwhile, in seconds, which only grow.

    How long a step takes is not known beforehand, so no total is told. Clients keep a request open as long as they hear
    of it, and so do proxies in between.
    """
    if not asked(context.meta):
        return await work()
    written = 0

    def hear(piece: str) -> None:
        nonlocal written
        written += len(piece)

    async def report() -> None:
        started = time.monotonic()
        while True:
            await asyncio.sleep(EVERY)
            message = f"{written} characters written" if written else None
            await context.session.report_progress(round(time.monotonic() - started, 3), message=message)

    reporter = asyncio.ensure_future(report())
    try:
        with hearing(hear):
            return await work()
    finally:
        reporter.cancel()
        await asyncio.gather(reporter, return_exceptions=True)


def asked(meta: Any) -> bool:
    """Whether the ``_meta`` of a request, as it came or as the library reads it, asks for progress."""
    if not isinstance(meta, dict):
        return False
    return any(isinstance(meta.get(name), str | int) for name in ("progressToken", "progress_token"))

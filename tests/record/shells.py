"""Real shells for the tests: without a sandbox unless a test asks for one, so that every machine can run them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nextstate.record.sandbox import World, prepare, why_no_bubblewrap
from nextstate.record.shell import Limits, Shell, Shown

needs_bubblewrap = pytest.mark.skipif(bool(why_no_bubblewrap()), reason=f"NOT TESTED: {why_no_bubblewrap()}")
QUICK = Limits(timeout=0.3, grace=0.8)


@asynccontextmanager
async def shell(limits: Limits | None = None, *, sandbox: str = "none", **world: object) -> AsyncIterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="nextstate-test-") as root:
        place = prepare(World(**world), Path(root), sandbox=sandbox, allow_unsandboxed=True)  # type: ignore[arg-type]
        async with Shell(place, limits) as running:
            yield running


async def shown(*actions: str, limits: Limits | None = None) -> list[Shown]:
    async with shell(limits) as running:
        return [await running.run(action) for action in actions]


async def texts(*actions: str) -> list[str]:
    return [one.text for one in await shown(*actions)]

"""A real bash, recorded: commands in, trajectories with what it really showed out."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from nextstate.record import facts
from nextstate.record.sandbox import Place, World, prepare
from nextstate.record.shell import Limits, Shell
from nextstate.types import Json, Setup, Source, Trajectory, Turn


async def record_commands(
    commands: Sequence[str],
    *,
    id: str,
    files: Mapping[str, str] | None = None,
    cwd: str = "/home/dev",
    user: str = "dev",
    host: str = "box",
    env: Mapping[str, str] | None = None,
    sandbox: str = "auto",
    allow_unsandboxed: bool = False,
    timeout: float = 10.0,  # noqa: ASYNC109 - a limit of each command, not of this call
    limits: Limits | None = None,
    source: Source | None = None,
) -> Trajectory:
    """Type ``commands`` into one real bash and return what it showed.

    ``files`` (absolute paths, or relative to ``cwd``) exist before the first command, and nothing else does where the
    recording owns the directory. ``timeout`` is in seconds a command. A command that ends the shell ends the
    trajectory; ``meta["ending"]`` names how, and ``meta["left"]`` counts the commands that were not typed any more.
    """
    world = World(dict(files or {}), cwd, user, host, dict(env or {}))
    async with _place(world, sandbox, allow_unsandboxed) as place:
        known = await facts.gather(place)
        turns: list[Turn] = []
        async with Shell(place, limits or Limits(timeout=timeout)) as shell:
            for command in commands:
                shown = await shell.run(command)
                turns.append(Turn(command, shown.text, shown.meta))
                if shell.ending:
                    break
        meta: dict[str, Json] = {"sandbox": place.kind, "ending": shell.ending or "end"}
        if left := len(commands) - len(turns):
            meta["left"] = left
    setup = Setup(initial_state=facts.describe(known), facts=known)
    return Trajectory(id, "terminal", setup, tuple(turns), source or Source(dataset="recorded"), meta)


@contextlib.asynccontextmanager
async def _place(world: World, sandbox: str, allow_unsandboxed: bool) -> AsyncIterator[Place]:
    root = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="nextstate-"))
    try:
        yield await asyncio.to_thread(prepare, world, root, sandbox=sandbox, allow_unsandboxed=allow_unsandboxed)
    finally:
        await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)

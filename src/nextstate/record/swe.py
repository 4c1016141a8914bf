"""A real repository in a sandbox, recorded: tool calls in, what the tools returned out.

``bash`` is a real bash (:mod:`nextstate.record.shell`); the other tools work on the same files
(:mod:`nextstate.record.swe_tools`). Two ways to run commands: one shell that lives on, with its output bare, or a new
shell for every command, with the exit status between tags. :mod:`nextstate.record.swe_examples` records the golden
examples of the domain.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.data.scrub import scrub
from nextstate.domain import calls
from nextstate.errors import ActionError
from nextstate.record import facts
from nextstate.record.sandbox import Place, World, prepare
from nextstate.record.shell import Limits, Shell, Shown
from nextstate.record.swe_tools import BASH, CALLS, TOOLS, Files, ToolError
from nextstate.types import Action, Json, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "GIT_PAGER": "cat", "PAGER": "cat"}


@dataclass(frozen=True, slots=True)
class Repository:
    """What a recording starts from: files below ``folder`` (paths relative to it), in git if ``versioned``."""

    files: Mapping[str, str]
    folder: str = "/srv/project"
    versioned: bool = False


async def record(
    actions: Sequence[Action],
    *,
    id: str,
    repository: Repository,
    fresh_shells: bool = False,
    sandbox: str = "auto",
    allow_unsandboxed: bool = False,
    limits: Limits | None = None,
    source: Source | None = None,
) -> Trajectory:
    """Call the tools, one action after the other, on the real files of ``repository`` and return what they returned.

    With ``fresh_shells`` there is only ``bash``, a new one for every command. Raises :class:`ActionError` for an action
    that is no tool call, and :class:`~nextstate.errors.UsageError` where there is no sandbox.
    """
    world = World(dict(repository.files), cwd=repository.folder, env=ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="nextstate-") as folder:
        root = Path(folder)
        place = await asyncio.to_thread(prepare, world, root, sandbox=sandbox, allow_unsandboxed=allow_unsandboxed)
        walled = place.kind == "bubblewrap"
        files = Files(root / "own" if walled else root, repository.folder)
        async with contextlib.AsyncExitStack() as stack:
            run = await _runner(stack, place, limits, fresh_shells=fresh_shells)
            if repository.versioned:
                await _committed(place)
            known = _known(await facts.gather(place), repository, fresh_shells=fresh_shells)
            turns = [await _turn(action, files, run, fresh_shells=fresh_shells) for action in actions]
        tools = (BASH,) if fresh_shells else (BASH, *TOOLS)
        setup = Setup(facts.describe(known), tools, facts=known)
        meta: dict[str, Json] = {"sandbox": place.kind}
        return scrub(Trajectory(id, "swe", setup, tuple(turns), source or Source("recorded"), meta))


async def _runner(
    stack: contextlib.AsyncExitStack, place: Place, limits: Limits | None, *, fresh_shells: bool
) -> Callable[[str], Awaitable[Shown]]:
    """What runs a command: one shell that lives on, or a new one each time."""
    if not fresh_shells:
        return (await stack.enter_async_context(Shell(place, limits))).run

    async def run(command: str) -> Shown:
        async with Shell(place, limits) as shell:
            return await shell.run(command)

    return run


async def _committed(place: Place) -> None:
    """Make the folder a git repository with one commit of everything."""
    script = (
        "git init -q -b main . && git config user.name dev && git config user.email dev@example.org && git add -A && "
        "GIT_AUTHOR_DATE=2024-01-01T00:00:00Z GIT_COMMITTER_DATE=2024-01-01T00:00:00Z git commit -qm start"
    )
    async with Shell(place) as shell:
        await shell.run(script)


def _known(told: Mapping[str, Json], repository: Repository, *, fresh_shells: bool) -> dict[str, Json]:
    """The facts of the place. Where there is a ``.git``, the directory is not known whole any more."""
    known = dict(told)
    if repository.versioned:
        known["complete"] = ["/tmp"]
    if fresh_shells:
        known["invoke"] = {"per_action": True, "keeps": []}
        known["shown"] = "tags"
    return known


async def _turn(action: Action, files: Files, run: Callable[[str], Awaitable[Shown]], *, fresh_shells: bool) -> Turn:
    call = calls.parse(action)
    given: Mapping[str, Any] = call.arguments
    if call.name == BASH.name and isinstance(given.get("command"), str):
        shown = await run(given["command"])
        status = shown.meta.get("exit")
        meta = {"exit_code": status, **{key: value for key, value in shown.meta.items() if key != "exit"}}
        if fresh_shells:
            return Turn(action, f"<returncode>{status}</returncode>\n<output>\n{shown.text}</output>", meta)
        return Turn(action, shown.text, meta)
    tool = CALLS.get(call.name)
    if tool is None or fresh_shells:
        raise ActionError(
            f"there is no tool {call.name!r} here; there are: bash{'' if fresh_shells else ', ' + ', '.join(CALLS)}"
        )
    try:
        return Turn(action, await asyncio.to_thread(tool, files, given))
    except ToolError as error:
        return Turn(action, f"Error: {error}\n", {"error": True})
    except KeyError as missing:
        return Turn(action, f"Error: the call of {call.name} lacks {missing}\n", {"error": True})

"""The scripts of the package's tasks come to what they say, for real; and reality starts afresh each time."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nextstate import domain as domains
from nextstate.errors import SessionEnded, UsageError
from nextstate.eval.loop import Agreeing, closed_loop, load
from nextstate.eval.loop.real import played, recorded, server, shell
from nextstate.models.grounded import KernelModel
from nextstate.types import Setup, Source, Turn
from record import shells
from record.shells import needs_bubblewrap

from .worlds import task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nextstate.eval.loop import Task
    from nextstate.eval.loop.real import Environment, Real


def bare() -> Real:
    return shell(sandbox="none", allow_unsandboxed=True)


async def solves(task: Task, real: Real) -> dict[str, bool]:
    """For each script whether the probes hold after it."""
    found = {}
    domain = domains.find(task.domain)
    for script, done in zip(task.scripts, await played([task], real), strict=True):
        probed = done.turns[len(script.actions) :]
        pairs = zip(task.probes, probed, strict=True)
        found[script.name] = all(probe.holds(domain, turn.observation) for probe, turn in pairs)
    return found


@contextlib.asynccontextmanager
async def plain(task: Task) -> AsyncIterator[Environment]:
    """The shell alone, without asking it what it starts from; root, outside of bubblewrap, may write everywhere."""
    sandbox = "bubblewrap" if task.id == "read-only" else "none"
    async with shells.shell(sandbox=sandbox, files=dict(task.files)) as running:

        async def run(action: str) -> Turn:
            return Turn(action, (await running.run(action)).text)

        yield Stepping(run)


@needs_bubblewrap
async def test_every_script_at_the_terminal_comes_to_what_it_says() -> None:
    tasks = load("terminal").tasks
    found = [await solves(one, plain) for one in tasks]
    assert found == [{script.name: script.solves for script in one.scripts} for one in tasks]


async def test_every_script_for_the_notes_comes_to_what_it_says() -> None:
    pytest.importorskip("mcp")

    @contextlib.asynccontextmanager
    async def inside(task: Task) -> AsyncIterator[Environment]:
        """The same server in this process, which spares the start of an interpreter a script."""
        from mcp import Client
        from nextstate.record.mcp import Recording
        from nextstate.record.mcp_notes_server import build

        async with Client(build(json.loads(task.files["notes.json"]))) as client:
            recording = Recording(task.id, Setup(), Source(), {}, client, 5.0)
            yield Stepping(recording.step)

    tasks = load("notes").tasks
    found = [await solves(one, inside) for one in tasks]
    assert found == [{script.name: script.solves for script in one.scripts} for one in tasks]


class Stepping:
    setup = Setup()

    def __init__(self, step: Callable[[str], Awaitable[Turn | None]]) -> None:
        self._step = step

    async def step(self, action: str) -> str:
        turn = await self._step(action)
        assert turn is not None
        return turn.observation


async def test_a_server_is_started_with_the_files_of_the_task_and_tells_its_tools() -> None:
    pytest.importorskip("mcp")
    one = next(task for task in load("notes").tasks if task.id == "clean-up")
    async with server()(one) as environment:
        assert "delete_notes" in {tool.name for tool in environment.setup.tools}
        assert environment.setup.facts == one.setup.facts
        assert environment.setup.initial_state == one.setup.initial_state
        assert "Paint fence" in await environment.step('{"name": "get_note", "arguments": {"id": 1}}')


async def test_a_server_that_dies_ends_the_episode_by_name() -> None:
    pytest.importorskip("mcp")
    with pytest.raises(UsageError, match="no MCP server answers"):
        async with server(("false",), seconds=5.0)(task()):
            pass
    with pytest.raises(UsageError, match="name it after --"):
        server(())


async def test_a_shell_starts_afresh_with_the_files_of_the_task() -> None:
    given = load("terminal").tasks[0]
    async with bare()(given) as environment:
        assert await environment.step("rm poem.txt; ls") == ""
        files = environment.setup.facts["files"]
        assert isinstance(files, dict) and any(path.endswith("/poem.txt") for path in files)
    async with bare()(given) as environment:
        assert await environment.step("ls") == "poem.txt\n"


async def test_the_world_is_told_the_very_files_that_are_there() -> None:
    key = "AKIA" + "Q3EXAMPLE7ZK9WTB"  # as a secret looks, which a recording that is kept would not hold
    given = replace(task(), files={"key.txt": f"aws_access_key_id = {key}\n"})
    async with bare()(given) as environment:
        assert key in str(environment.setup.facts["files"])
        assert key in await environment.step("cat key.txt")


async def test_a_shell_that_was_left_ends_by_name() -> None:
    async with bare()(load("terminal").tasks[0]) as environment:
        with contextlib.suppress(SessionEnded):
            await environment.step("exit 3")
        with pytest.raises(SessionEnded) as error:
            await environment.step("ls")
    assert error.value.ending == "exit"


async def test_a_task_that_was_made_of_no_recording_has_none() -> None:
    with pytest.raises(UsageError, match="was not made of a recording"):
        async with recorded()(task()):
            pass


@needs_bubblewrap
async def test_the_measure_tells_a_kernel_from_a_world_that_says_yes() -> None:
    (one,) = [one for one in load("terminal").tasks if one.id == "copy-needs-folder"]
    tasks = [replace(one, scripts=one.scripts[1:2])]  # the folder is missing
    kernel, agreeing = [
        (await closed_loop(world, tasks, shell(), real_name="shell")).as_dict()
        for world in (KernelModel(), Agreeing(tasks))
    ]
    assert agreeing["inside"]["mean"] == 1.0
    assert agreeing["over_optimism"]["difference"] == 1.0
    assert agreeing["failures_seen"]["mean"] == 0.0
    assert kernel["over_optimism"]["difference"] == 0.0
    assert kernel["failures_seen"]["mean"] == 1.0

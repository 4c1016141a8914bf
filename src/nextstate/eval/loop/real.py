"""Real environments for the closed loop: a shell in a sandbox, a server of tools, and a recording.

Opening one starts afresh: nothing of an earlier episode is left. Which one is used, and which program a server is,
says whoever starts the measurement, never a file of tasks.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from nextstate.errors import SessionEnded, UsageError
from nextstate.models.fakes import Replay
from nextstate.types import Query, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.eval.loop.tasks import Task
    from nextstate.types import Action, Observation

OFF_SCRIPT = "off_script"
"""The ending of a recording that does not hold the action: what really happens is not known."""


class Environment(Protocol):
    """A real environment that was just started."""

    @property
    def setup(self) -> Setup:
        """What is known before the first action."""
        ...

    async def step(self, action: Action) -> Observation:
        """What it really shows. Raises :class:`SessionEnded` where there is no answer: its name says why."""
        ...


Real: TypeAlias = "Callable[[Task], AbstractAsyncContextManager[Environment]]"
"""Starts the environment of a task; the ``name`` of what it is stands in the manifest of a run."""


def shell(*, sandbox: str = "auto", allow_unsandboxed: bool = False, seconds: float = 10.0) -> Real:
    """A real bash with the files of the task; ``seconds`` a command. See :mod:`nextstate.record.terminal`."""

    @contextlib.asynccontextmanager
    async def start(task: Task) -> AsyncIterator[Environment]:
        from nextstate.record import facts
        from nextstate.record.sandbox import World
        from nextstate.record.shell import Limits
        from nextstate.record.terminal import recording

        async with recording(
            task.id,
            World(dict(task.files)),
            sandbox=sandbox,
            allow_unsandboxed=allow_unsandboxed,
            limits=Limits(timeout=seconds),
        ) as running:
            # Not the recording's own set-up, which is scrubbed: the world is to know the very files that are there.
            setup = Setup(initial_state=facts.describe(running.known), facts=running.known)
            yield _Recorded(setup, running.step, lambda: running.ending)

    return start


NOTES = (sys.executable, "-m", "nextstate.record.mcp_notes_server", "notes.json")
"""The words that start the server of notes of this package; the notes before the first call are in ``notes.json``."""


def server(command: tuple[str, ...] = NOTES, *, seconds: float = 30.0) -> Real:
    """A real MCP server over standard input and output, ``seconds`` a call.

    The command is started, without a sandbox, in a new folder that holds the files of the task. Its tools are asked of
    it; what it starts from is what the task says.
    """
    if not command:
        raise UsageError("a server is started by a command; name it after --")

    @contextlib.asynccontextmanager
    async def start(task: Task) -> AsyncIterator[Environment]:
        from nextstate.record import mcp

        with tempfile.TemporaryDirectory(prefix="nextstate-loop-") as folder:
            for path, text in task.files.items():
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            told = task.setup.initial_state or None
            asked = mcp.session(
                mcp.Server(command, cwd=folder),
                id=task.id,
                initial_state=told,
                facts=task.setup.facts,
                timeout=seconds,
            )
            async with asked as running:
                yield _Recorded(running.setup, running.step, lambda: running.ending)

    return start


@dataclass(slots=True)
class _Recorded:
    """A recording under way, of whatever kind."""

    setup: Setup
    _step: Callable[[Action], object]
    _ending: Callable[[], str]

    async def step(self, action: Action) -> Observation:
        turn = await self._step(action)  # type: ignore[misc]  # both recorders' steps are coroutines
        if not isinstance(turn, Turn):
            raise SessionEnded(self._ending())
        return turn.observation


def recorded() -> Real:
    """The recording that a task was made of (:func:`nextstate.eval.loop.tasks.of_recordings`).

    It knows what was recorded after the very history and nothing else: any other action ends it as ``off_script``.
    """

    @contextlib.asynccontextmanager
    async def start(task: Task) -> AsyncIterator[Environment]:
        if task.recording is None:
            raise UsageError(f"the task {task.id!r} was not made of a recording; name a real environment for it")
        yield _Replayed(task.setup, Query(task.domain, task.setup, (), ""), Replay([task.recording]))

    return start


@dataclass(slots=True)
class _Replayed:
    setup: Setup
    _query: Query
    _replay: Replay

    async def step(self, action: Action) -> Observation:
        found = await self._replay.predict(replace(self._query, action=action))
        if found.observation is None:
            raise SessionEnded(OFF_SCRIPT)
        turn = Turn(action, found.observation, {"answers": list(found.answers)} if found.answers else {})
        self._query = replace(self._query, history=(*self._query.history, turn))
        return found.observation


async def played(tasks: Iterable[Task], real: Real) -> tuple[Trajectory, ...]:
    """What really came of each script of ``tasks``: its actions and, behind them, the probes, as one trajectory.

    Where the real environment ended before its time, the trajectory does.
    """
    found = []
    for task in tasks:
        for script in task.scripts:
            turns: list[Turn] = []
            async with real(task) as environment:
                with contextlib.suppress(SessionEnded):
                    for action in (*script.actions, *(probe.action for probe in task.probes)):
                        turns.append(Turn(action, await environment.step(action)))
            ident, source = f"{task.id}/{script.name}", Source("closed loop tasks", row=task.fingerprint())
            found.append(Trajectory(ident, task.domain, environment.setup, tuple(turns), source))
    return tuple(found)

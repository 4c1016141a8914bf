"""Inspect evaluations (inspect-ai 0.3) against simulated worlds.

A simulated machine as a sandbox, for the stock tools ``bash()``, ``python()`` and for everything else that runs
commands or reads and writes files::

    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.solver import generate, use_tools
    from inspect_ai.tool import bash
    from nextstate.adapters.inspect_ai import machine, provenance

    task = Task(
        dataset=[Sample(input="Which files are here?", target="readme.md")],
        solver=[use_tools(bash()), generate(), provenance()],
        sandbox=machine("http://127.0.0.1:8000", scenario=SCENARIO),
    )

and any world through its tools, by MCP: ``solver=world("http://127.0.0.1:8000", scenario=SCENARIO)``.

Each sample has a session of its own; where its metadata has ``scenario`` or ``seed``, these are what its session begins
from. The log of a sample says who answered: ``metadata["nextstate"]``, and for sandboxes also ``store["nextstate"]``.
The key of a server that asks for one is read from ``NEXTSTATE_KEY``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, overload

from inspect_ai.solver import Generate, Solver, TaskState, solver, use_tools
from inspect_ai.tool import mcp_server_http, mcp_tools
from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentSpec,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    sandboxenv,
    store,
)
from pydantic import BaseModel

from nextstate.adapters import KEY
from nextstate.adapters.client import Client
from nextstate.adapters.machine import Machine
from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nextstate.adapters.client import Remote

NAME = "nextstate"
"""The kind of the sandbox, and the key of what is told in metadata and store."""
SHELLS = ("bash", "sh", "/bin/bash", "/bin/sh")


class World(BaseModel, frozen=True):
    """Where a session comes from: the server's address, and what the session begins with."""

    url: str
    scenario: str = ""
    model: str = ""
    seed: int = 0
    instruction: str | None = None

    def create(self, metadata: Mapping[str, Any]) -> Remote:
        """A new session; the sample's metadata may name its scenario and seed."""
        return Client(self.url, os.environ.get(KEY)).create(
            scenario=str(metadata.get("scenario", self.scenario)),
            model=self.model,
            seed=int(metadata.get("seed", self.seed)),
            instruction=self.instruction,
        )


def machine(
    url: str, *, scenario: str = "", model: str = "", seed: int = 0, instruction: str | None = None
) -> SandboxEnvironmentSpec:
    """The ``sandbox`` of a task or a sample: a simulated machine."""
    return SandboxEnvironmentSpec(
        NAME, World(url=url, scenario=scenario, model=model, seed=seed, instruction=instruction)
    )


@sandboxenv(name=NAME)
class SimulatedMachine(SandboxEnvironment):  # type: ignore[misc]  # Inspect lives in its user's environment
    """A sandbox whose commands and files are answered by a session. There is one user, and no time passes."""

    def __init__(self, session: Remote) -> None:
        super().__init__()
        self.machine = Machine(session)

    @classmethod
    async def sample_init(
        cls, task_name: str, config: BaseModel | str | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """A session for one sample; ``config`` is a :class:`World` or the address of a server."""
        world = World(url=config) if isinstance(config, str) else config
        if not isinstance(world, World):
            raise ValueError(f"the sandbox {NAME!r} needs the address of a server: sandbox=machine('http://...')")
        with _unavailable():
            session = await asyncio.to_thread(world.create, metadata)
        return {"default": cls(session)}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: BaseModel | str | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Close the sample's session; it can still be read on the server."""
        for environment in environments.values():
            session = environment.as_type(SimulatedMachine).machine.session
            with contextlib.suppress(NextstateError):  # one that is gone, or a server that is, needs no closing
                await asyncio.to_thread(session.close)

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:
        return World(**config)

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  # the base class has it
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Run a command; what it shows, errors too, is its output, as on a terminal."""
        if user is not None:
            raise SandboxUserUnsupportedError(f"a simulated machine has one user; it cannot run as {user!r}")
        given = input.decode(errors="replace") if isinstance(input, bytes) else input
        with _unavailable():
            ran = await self.machine.run(_command(cmd), cwd=cwd or "", variables=env, given=given)
        store().set(NAME, _told(self.machine.session, self.machine.origins))
        unread = "" if ran.told else "nextstate: the world did not show how the command ended"
        return ExecResult(ran.status == 0, ran.status, ran.output, unread)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        content = contents.encode() if isinstance(contents, str) else contents
        with _unavailable():
            ran = await self.machine.write(file, content)
        if ran.status:
            kind = IsADirectoryError if "Is a directory" in ran.output else PermissionError
            raise kind(f"{file} was not written: {ran.output.strip()[:300] or 'the world did not say why'}")

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        with _unavailable():
            content = await self.machine.read(file)
        return content.decode() if text else content


@solver  # type: ignore[untyped-decorator]  # as above
def provenance() -> Solver:
    """Copies what the sample's sandbox tells of its session into ``metadata["nextstate"]`` of the sample."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.metadata[NAME] = state.store.get(NAME)
        return state

    return solve


@solver  # type: ignore[untyped-decorator]  # as above
def world(url: str, *, scenario: str = "", model: str = "", seed: int = 0, instruction: str | None = None) -> Solver:
    """Gives the agent the tools of a world, by MCP, and lets it act until it calls none.

    ``metadata["nextstate"]`` of the sample then holds the session, who answered, and how the session ended.
    """
    begun = World(url=url, scenario=scenario, model=model, seed=seed, instruction=instruction)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        with _unavailable():
            session = await asyncio.to_thread(begun.create, state.metadata)
        server = mcp_server_http(
            name=NAME, url=f"{begun.url.rstrip('/')}/s/{session.id}/mcp", authorization=os.environ.get(KEY)
        )
        try:
            state = await use_tools(mcp_tools(server))(state, generate)
            state = await generate(state, tool_calls="loop")
        finally:
            with _unavailable():
                state.metadata[NAME] = await asyncio.to_thread(_ended, session)
        return state

    return solve


def _ended(session: Remote) -> dict[str, Any]:
    turns = session.trajectory()["turns"]
    session.close()
    return _told(session, Counter(str(turn["meta"].get("origin", "")) for turn in turns))


def _told(session: Remote, origins: Counter[str]) -> dict[str, Any]:
    view = session.view
    told = {name: view[name] for name in ("scenario", "model", "seed")}
    return {"simulated": True, "session": session.id, **told, "origins": dict(origins)}


def _command(words: list[str]) -> str:
    """The command in a shell's words. A script that was to be given to a new shell stands for itself."""
    at = words.index("-c") if "-c" in words[1:3] and words[0] in SHELLS else len(words)
    if at + 1 >= len(words) or not set(words[1:at]) <= {"--login", "-l"}:
        return shlex.join(words)
    script, arguments = words[at + 1], words[at + 3 :]
    return f"set -- {shlex.join(arguments)}\n{_without_exec(script)}" if arguments else script


def _without_exec(script: str) -> str:
    """A script that ends by giving its process to a program, as Inspect's own do: here there is none to give."""
    before, line_end, last = script.rpartition("\n")
    last = re.sub(r'^env "(\w+)=([^"]*)" ', r'\1="\2" ', last.removeprefix("exec "))
    return before + line_end + last


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    """Our errors as the one that Inspect turns into the error of a tool, so that the sample goes on."""
    try:
        yield
    except NextstateError as error:
        raise SandboxUnavailableError(str(error)) from error

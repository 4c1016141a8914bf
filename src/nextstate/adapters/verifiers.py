"""Tasks for verifiers 0.4 (``verifiers.v1``) whose agents act in simulated worlds: a new session for every rollout.

verifiers finds a taskset by the name of a module, so yours is a module of a few lines, ``my_worlds.py``::

    from nextstate.adapters.verifiers import WorldTask, WorldTaskset

    class MyTask(WorldTask):
        def graded(self, trajectory):
            return float(any("readme.md" in turn["observation"] for turn in trajectory["turns"]))

    class MyWorlds(WorldTaskset):
        TASK = MyTask

    __all__ = ["MyWorlds"]

It is run in the environment of verifiers, with that module and this package on the path::

    vf-eval my_worlds -m MODEL -r 2 --no-push --env.taskset.task.url http://127.0.0.1:8000 \\
        --env.taskset.scenarios '["SCENARIO"]' --env.taskset.seeds 2 --env.taskset.prompt "Which files are here?" \\
        --env.agent.harness.id null --env.agent.runtime.type subprocess

The agent has the world's tools, by MCP. What it did and who answered is in every trace, ``info["nextstate"]``, with the
whole trajectory, so that rewards can be given later too: verifiers' own plugged rewards see it there. The key of a
server that asks for one is read from ``NEXTSTATE_KEY``; but most harnesses of verifiers send a tool server no headers,
so an agent in one of them can use the tools of a server without keys only.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar

import verifiers.v1 as vf
from pydantic import Field

from nextstate.adapters import KEY
from nextstate.adapters.client import Client

INFO = "nextstate"
"""Where a trace's ``info`` tells of the session."""
PAGE = 100
"""Scenarios of one page of a server's list."""

_SESSION: ContextVar[str] = ContextVar("nextstate_session", default="")
"""The session of the rollout in whose task of asyncio this is asked. verifiers builds the tool servers of a rollout
from its configuration alone, after the task's set-up and in the same task of asyncio."""


class WorldData(vf.TaskData):  # type: ignore[misc]  # verifiers lives in its user's environment
    """A task: what a session begins from. The model is the world model, by its public name on the server."""

    scenario: str = ""
    seed: int = 0
    model: str = ""


class WorldTaskConfig(vf.TaskConfig):  # type: ignore[misc]  # verifiers lives in its user's environment
    """``url`` is the address of the server."""

    url: str = "http://127.0.0.1:8000"


class WorldTasksetConfig(vf.TasksetConfig):  # type: ignore[misc]  # verifiers lives in its user's environment
    """One task for each of ``scenarios`` (none: all that the server offers of ``domain``) and each of ``seeds``.

    ``prompt`` is what the agent is told; where it is empty, the beginning of what the scenario tells.
    """

    task: WorldTaskConfig = WorldTaskConfig()
    scenarios: list[str] = Field(default_factory=list)
    domain: str = ""
    seeds: int = 1
    model: str = ""
    prompt: str = ""


class WorldTools(vf.Toolset[vf.ToolsetConfig, vf.State]):  # type: ignore[misc]  # verifiers lives in its user's environment
    """The tools of a session, at its own address; nothing is launched."""

    TOOL_PREFIX = None


class WorldTask(vf.Task[WorldData, vf.State, WorldTaskConfig]):  # type: ignore[misc]  # verifiers lives in its user's environment
    """A rollout in a session of its own. Override :meth:`graded` for a reward."""

    def graded(self, trajectory: Mapping[str, Any]) -> float | None:
        """The reward of an episode, an object of the trajectory file; ``None`` where it cannot be graded.

        An episode without a grade has no reward and counts in the metric ``unscored``.
        """
        return None

    async def setup(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Create the session of this rollout."""
        data = self.data
        client = _client(self.config)
        session = await asyncio.to_thread(client.create, scenario=data.scenario, model=data.model, seed=data.seed)
        view = {name: session.view[name] for name in ("scenario", "model", "seed")}
        trace.info[INFO] = {"simulated": True, "session": session.id, **view}
        _SESSION.set(session.id)

    @classmethod
    def toolsets(cls, config: WorldTaskConfig) -> list[WorldTools]:
        """The tools of the rollout under way; outside of one, an address that only says that nothing is launched."""
        return [WorldTools(vf.ToolsetConfig(url=f"{config.url.rstrip('/')}/s/{_SESSION.get()}/mcp"))]

    async def finalize(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Close the session and keep what happened in it."""
        told = trace.info[INFO]
        client = _client(self.config)
        session = await asyncio.to_thread(client.session, told["session"])
        told["trajectory"] = await asyncio.to_thread(session.trajectory)
        await asyncio.to_thread(session.close)
        origins = Counter(str(turn["meta"].get("origin", "")) for turn in told["trajectory"]["turns"])
        told["origins"] = dict(origins)

    @vf.reward  # type: ignore[untyped-decorator]  # as above
    async def world(self, trace: vf.Trace) -> dict[str, float]:
        grade = self._grade(trace)
        return {} if grade is None else {"world": grade}

    @vf.metric  # type: ignore[untyped-decorator]  # as above
    async def unscored(self, trace: vf.Trace) -> float:
        others = self.config.rewards or self.config.judges
        return float(not others and self._grade(trace) is None)

    @vf.metric  # type: ignore[untyped-decorator]  # as above
    async def world_steps(self, trace: vf.Trace) -> dict[str, float]:
        """How many steps of the world were answered by whom."""
        origins = trace.info.get(INFO, {}).get("origins", {})
        return {f"steps_{name}": float(count) for name, count in origins.items()}

    def _grade(self, trace: vf.Trace) -> float | None:
        trajectory = trace.info.get(INFO, {}).get("trajectory")
        return None if trajectory is None else self.graded(trajectory)


class WorldTaskset(vf.Taskset[WorldTask, WorldTasksetConfig]):  # type: ignore[misc]  # verifiers lives in its user's environment
    """Tasks in the scenarios of a server. Its subclass names its kind of task in ``TASK``."""

    TASK: ClassVar[type[WorldTask]] = WorldTask

    @classmethod
    def task_type(cls) -> type[WorldTask]:
        return cls.TASK

    def load(self) -> Iterator[WorldTask]:
        """One task for each scenario and seed."""
        config = self.config
        titles = dict(_offered(_client(config.task), config.domain)) if _asks(config) else {}
        for scenario in config.scenarios or titles:
            for seed in range(config.seeds):
                name = f"{scenario}#{seed}"
                prompt = config.prompt or titles.get(scenario, "")
                data = WorldData(name=name, prompt=prompt, scenario=scenario, seed=seed, model=config.model)
                yield self.TASK(data, config.task)


def _client(config: WorldTaskConfig) -> Client:
    return Client(config.url, os.environ.get(KEY))


def _asks(config: WorldTasksetConfig) -> bool:
    return not config.scenarios or not config.prompt


def _offered(client: Client, domain: str) -> Iterator[tuple[str, str]]:
    """Names and titles of all the scenarios that a server offers."""
    offset = 0
    while page := client.scenarios(domain=domain, offset=offset, limit=PAGE):
        yield from ((entry["name"], entry["title"]) for entry in page)
        offset += len(page)

"""Measure a world by the closed loop: every task, every agent, each finished episode kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from nextstate import __version__
from nextstate import domain as domains
from nextstate.errors import UsageError
from nextstate.eval.journal import Journal
from nextstate.eval.loop import episode
from nextstate.eval.loop.agents import ScriptedAgent
from nextstate.eval.loop.report import Report
from nextstate.eval.working import each
from nextstate.models import keys
from nextstate.models.base import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nextstate.eval.loop.agents import Agent
    from nextstate.eval.loop.episode import Episode
    from nextstate.eval.loop.real import Real
    from nextstate.eval.loop.tasks import Task
    from nextstate.types import WorldModel


async def closed_loop(
    world: WorldModel,
    tasks: Sequence[Task],
    real: Real,
    *,
    real_name: str,
    agent: Agent | None = None,
    steps: int = 30,
    seed: int = 0,
    out: Path | None = None,
    workers: int = 4,
    on_episode: Callable[[Episode, int, int], None] | None = None,
) -> Report:
    """Let ``agent``, or each script of a task, act inside ``world`` and do the same for real, twice.

    ``steps`` bounds the actions of an episode, probes not counted. ``real_name`` says in the manifest what the real
    environment is. With a folder ``out`` finished episodes are kept there, and the same call goes on where it was.
    Raises :class:`UsageError` for no episodes, another run in ``out``, or a real environment that does not start.
    """
    if workers < 1 or steps < 1:
        raise UsageError(f"workers is {workers} and steps is {steps}; give at least 1 of each")
    started = time.perf_counter()
    planned = _planned(tasks, agent)
    if not planned:
        raise UsageError("there is nothing to do: no task has a script, and no agent was named")
    run = {
        "measure": "closed loop",
        "world": world.name,
        "fingerprint": fingerprint(world),
        "agent": agent.fingerprint if agent else "scripts",
        "real": real_name,
        "tasks_sha256": keys.digest(*(one.key for one in planned)).hex(),
        "domains": domains.versions(one.domain for one in tasks),
        "steps": steps,
        "seed": seed,
        "version": __version__,
    }
    with Journal(out, run, episode.decode) as journal:

        async def play(one: _Planned) -> None:
            done = await episode.run(one.key, one.task, one.agent, world, real, steps=steps, seed=seed)
            journal.append(done.as_dict(), done)
            if on_episode is not None:
                on_episode(done, len(journal.rows), len(planned))

        await each((one for one in planned if one.key not in journal.rows), play, workers)
        episodes = tuple(journal.rows[one.key] for one in planned)
    return Report(episodes, run, time.perf_counter() - started)


class _Planned(NamedTuple):
    key: str
    task: Task
    agent: Agent


def _planned(tasks: Sequence[Task], agent: Agent | None) -> list[_Planned]:
    """The episodes in order; what is planned twice is done once."""
    found: dict[str, _Planned] = {}
    for task in tasks:
        for one in [agent] if agent else [ScriptedAgent(script) for script in task.scripts]:
            key = f"{task.domain}/{task.id}/{one.name}/{keys.digest(task.fingerprint(), one.fingerprint).hex()[:16]}"
            found.setdefault(key, _Planned(key, task, one))
    return list(found.values())

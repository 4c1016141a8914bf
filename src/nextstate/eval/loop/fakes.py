"""A world that says yes to everything: what the closed loop is there to catch. Part of the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.types import Origin, Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.eval.loop.tasks import Probe, Task
    from nextstate.types import Query


class Agreeing:
    """Shows nothing wrong after any action, and to every probe of ``tasks`` what the task hopes to see.

    It stands for a world model that has guessed the goal and wants to please. Where several tasks probe with the same
    action, it goes by the one of whose scripts the history is; else by the first.
    """

    name = "agreeing"

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = tuple(tasks)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        hoped = {task.id: _hoped(task, query) for task in self._tasks if task.domain == query.domain}
        texts = {ident: text for ident, text in hoped.items() if text is not None}
        told = [texts[task.id] for task in self._tasks if task.id in texts and _followed(task, query)]
        return Prediction(Outcome.OK, next(iter([*told, *texts.values()]), ""), Origin.MODEL, model=self.name)


def _hoped(task: Task, query: Query) -> str | None:
    """What the task hopes to see; ``None`` where it does not probe with this action."""
    return next((_text(probe) for probe in task.probes if probe.action == query.action), None)


def _followed(task: Task, query: Query) -> bool:
    """Whether the history is a script of the task, perhaps with probes behind it."""
    done = tuple(turn.action for turn in query.history)
    probes = tuple(probe.action for probe in task.probes)
    return any(done == (*one.actions, *probes)[: len(done)] and len(done) >= len(one.actions) for one in task.scripts)


def _text(probe: Probe) -> str:
    return "\n".join(probe.contains) if probe.exactly is None else probe.exactly

"""Tasks at a terminal whose reality is a table, and worlds that are a table as well."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from nextstate.errors import SessionEnded
from nextstate.eval.loop.tasks import Probe, Script, Task
from nextstate.models.fakes import Scripted
from nextstate.types import Setup

if TYPE_CHECKING:
    from nextstate.eval.loop.real import Environment, Real
    from nextstate.types import Action, Observation, Query

COPY, SHOW = "cp plan.txt backup/", "cat backup/plan.txt"
REFUSED = "cp: cannot create regular file 'backup/': Not a directory\n"
MISSING = "cat: backup/plan.txt: No such file or directory\n"


def task(*actions: Action, ident: str = "copy", solves: bool | None = None) -> Task:
    """Copy a plan; the probe shows the copy."""
    scripts = (Script("only", actions or (COPY,), solves),)
    return Task(ident, "terminal", "copy the plan", (Probe(SHOW, exactly="plant beans\n"),), scripts)


def world(shown: Mapping[Action, Observation]) -> Scripted:
    """A world that shows after each action what the table says, else nothing."""

    def answer(query: Query) -> str:
        return shown.get(query.action, "")

    return Scripted(answer, name="table")


class Table:
    """A real environment that is a table, another one each time it is started; ``None`` ends it."""

    def __init__(self, *tables: Mapping[Action, Observation | None], ending: str = "exit") -> None:
        self.started = 0
        self.seen: list[list[Action]] = []
        self._tables, self._ending = tables, ending

    @property
    def real(self) -> Real:
        @contextlib.asynccontextmanager
        async def start(task: Task) -> AsyncIterator[Environment]:
            table = self._tables[min(self.started, len(self._tables) - 1)]
            self.started += 1
            self.seen.append([])
            yield _Tabled(table, self._ending, self.seen[-1])

        return start


class _Tabled:
    def __init__(self, table: Mapping[Action, Observation | None], ending: str, seen: list[Action]) -> None:
        self.setup = Setup(initial_state="a shell")
        self._table, self._ending, self._seen = table, ending, seen

    async def step(self, action: Action) -> Observation:
        self._seen.append(action)
        shown = self._table.get(action, "")
        if shown is None:
            raise SessionEnded(self._ending)
        return shown

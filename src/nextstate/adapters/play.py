"""Episodes one after another, for frameworks that call and wait: in this process, or on a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from nextstate.adapters.client import Client, Remote
from nextstate.errors import UsageError, unknown_name
from nextstate.types import Turn, WorldModel

if TYPE_CHECKING:
    from nextstate.sim.scenario import Scenario
    from nextstate.sim.session import Session

T = TypeVar("T")


class Play(Protocol):
    """One episode after another."""

    @property
    def id(self) -> str:
        """The id of the episode; empty before the first one."""
        ...

    def begin(self, seed: int, *, scenario: Any = "", instruction: str | None = None) -> str:
        """End the episode, begin another one, and give what can be seen before its first action."""
        ...

    def step(self, action: str) -> tuple[Turn, str | None]:
        """The turn that ``action`` makes and, where the episode takes no more, the name of its ending."""
        ...

    def close(self) -> None:
        """End the episode."""
        ...


class OnServer:
    """Episodes as sessions of a server."""

    def __init__(
        self, url: str, key: str | None, scenario: str, model: str, instruction: str | None, turns: int | None
    ) -> None:
        self._client = Client(url, key)
        self._scenario, self._model, self._instruction = scenario, model, instruction
        self._limits = None if turns is None else {"turns": turns}
        self._session: Remote | None = None

    @property
    def id(self) -> str:
        return self._session.id if self._session else ""

    def begin(self, seed: int, *, scenario: Any = "", instruction: str | None = None) -> str:
        self._end()
        self._session = self._client.create(
            scenario=scenario or self._scenario,
            model=self._model,
            seed=seed,
            instruction=self._instruction if instruction is None else instruction,
            limits=self._limits,
        )
        return self._session.shown()

    def step(self, action: str) -> tuple[Turn, str | None]:
        session = _begun(self._session)
        taken = session.step(action)
        return Turn(taken["action"], taken["observation"], taken["meta"]), session.ending()

    def close(self) -> None:
        self._end()
        self._client.close()

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


class InProcess:
    """Episodes of a world model in this process; ``model`` may be what ``--model`` takes on the command line."""

    def __init__(
        self, scenario: str | Scenario, model: str | WorldModel, instruction: str | None, turns: int | None
    ) -> None:
        from nextstate.models import spec

        self._scenario, self._instruction, self._turns = scenario, instruction, turns
        self._own = isinstance(model, str)
        self._model = spec.build(model) if isinstance(model, str) else model
        self._session: Session | None = None

    @property
    def id(self) -> str:
        return self._session.id if self._session else ""

    def begin(self, seed: int, *, scenario: Any = "", instruction: str | None = None) -> str:
        from nextstate.domain import find
        from nextstate.sim.limits import Limits
        from nextstate.sim.session import Session
        from nextstate.types import Query

        start = _scenario(scenario or self._scenario)
        domain, setup = find(start.domain), start.setup
        instruction = self._instruction if instruction is None else instruction
        if instruction is not None:
            setup = replace(setup, instruction=instruction)
        turns = None if self._turns is None else self._turns + len(start.history)
        self._session = Session(
            self._model, domain, setup, limits=Limits(turns=turns), seed=seed, history=start.history
        )
        return domain.before(Query(domain.name, setup, start.history, ""))

    def step(self, action: str) -> tuple[Turn, str | None]:
        session = _begun(self._session)
        _wait(session.step(action))
        ending = session.ending
        return session.history[-1], ending.value if ending else None

    def close(self) -> None:
        from nextstate.models import base

        if self._session is not None:
            self._session.close()
        if self._own:
            _wait(base.close(self._model))


def _begun(session: T | None) -> T:
    if session is None:
        raise UsageError("no episode was begun; call reset() first")
    return session


def _scenario(asked: str | Scenario) -> Scenario:
    """A scenario, or the one called ``DOMAIN/ID`` among the examples of the installed domains."""
    from nextstate import domain as domains
    from nextstate.sim.scenario import Scenario

    if isinstance(asked, Scenario):
        return asked
    kind = asked.partition("/")[0]
    examples = domains.find(kind).examples() if kind in domains.names() else ()
    for one in examples:
        if asked == f"{kind}/{one.id}":
            return Scenario.of(one, name=asked)
    raise unknown_name(
        "scenario", asked, (f"{name}/{one.id}" for name in domains.names() for one in domains.find(name).examples())
    )


def _wait(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of ``coroutine``, which runs in a loop of our own, so that this works inside a running one too."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all, for the connections of a world model belong to the loop that they were opened in."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="nextstate-play", daemon=True).start()
    return loop

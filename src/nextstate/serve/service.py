"""What every surface of a server works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.errors import UsageError
from nextstate.serve.queues import Queues
from nextstate.sim.limits import Ending
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.serve.catalogue import Catalogue
    from nextstate.serve.gate import Gate
    from nextstate.sim.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Service:
    """The sessions, the scenarios they begin with, and the gate in front of them.

    ``reports`` are folders of runs and of reports that the playground may show. In ``queues`` the steps of a session
    wait for each other, for the surfaces whose clients may ask for several at once.
    """

    sessions: Sessions
    catalogue: Catalogue
    gate: Gate
    reports: tuple[Path, ...] = ()
    queues: Queues = field(default_factory=Queues)


async def opened(service: Service, scenario: str, *, session: str, model: str, seed: int, owner: str) -> str:
    """The id of the one session that a program is begun to serve: one that is there, or a new one under that id.

    A session that has ended because nobody touched it is open again. Raises :class:`UsageError` for an unknown scenario
    or model, and for a session of another scenario.
    """
    try:
        view = await service.sessions.view(owner, session)
    except NoSuchSession:
        begun = service.catalogue.find(scenario)
        return (await service.sessions.create(owner, begun, model=model, seed=seed, id=session)).id
    if scenario not in ("", view.scenario):
        raise UsageError(f"the session {session!r} is of the scenario {view.scenario[:80]!r}, not of {scenario[:80]!r}")
    if view.ending == Ending.IDLE:
        await service.sessions.rewind(owner, session, 0)  # no turn is taken back; it is open again
    return view.id

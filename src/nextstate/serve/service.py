"""What every surface of a server works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.serve.queues import Queues

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

"""The OpenEnv wire alone, in front of one file of scenarios: what the server of an environment folder runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.errors import DataError
from nextstate.models import base, spec
from nextstate.serve.app import build
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.service import Service
from nextstate.sim.sessions import Sessions
from nextstate.sim.tree import Tree

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from nextstate.types import WorldModel


def application(file: Path, model: str, *, keys: str | None = None, hosts: Iterable[str] = ()) -> ASGIApp:
    """The application: the scenarios of ``file``, the first of which is the default, answered by ``model``.

    ``model`` is what ``--model`` takes on the command line. With ``keys``, a file, every client needs one; without,
    only clients that call this machine by a name of its own, or one of ``hosts``, are answered. Sessions end with the
    server. Raises :class:`UsageError` and :class:`DataError`.
    """
    scenarios = {one.id: one for one in store.read(file)}
    if not scenarios:
        raise DataError("no scenario", where=str(file))
    answering = spec.build(model)
    gate = Gate(Keys(Path(keys)) if keys else None, hosts=[host for host in hosts if host])
    sessions = Sessions({"world": answering}, Tree(), quota=gate.quota)
    closing = ModuleType("closing")
    closing.__dict__.update(routes=lambda service: [], running=lambda service: _running(sessions, answering))
    return build(Service(sessions, Catalogue(scenarios), gate), closing, surfaces=("openenv",))


@contextlib.asynccontextmanager
async def _running(sessions: Sessions, model: WorldModel) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await sessions.aclose()
        await base.close(model)

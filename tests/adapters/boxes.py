"""A small machine that is known whole, and a server that simulates it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from nextstate import domain
from nextstate.domain import Determined, calls, interface
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import Grounded
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.service import Service
from nextstate.serve.testing import served, service_of
from nextstate.types import Query, Setup, Trajectory

NAME = "boxes/box"


def box() -> Trajectory:
    """A container: root in /app, nothing else on it than what is listed."""
    example = domain.find("terminal").examples()[0]
    facts = dict(example.setup.facts)
    facts |= {
        "user": "root",
        "uid": 0,
        "home": "/root",
        "cwd": "/app",
        "complete": ["/"],
        "files": {"/app/readme.md": "# demo\n", "/tmp/": "", "/root/": ""},
        "env": {**facts["env"], "HOME": "/root", "USER": "root", "LOGNAME": "root", "PWD": "/app"},
    }
    return replace(example, id="box", setup=Setup("A container with /app/readme.md.", facts=facts), turns=())


def service(answer: Callable[[Query], str], **options: object) -> Service:
    """One model, ``grounded``: what the kernel does not know, ``answer`` says."""
    grounded = Grounded(Scripted(answer))
    return service_of({"grounded": grounded}, catalogue=Catalogue({NAME: box()}), **options)


@contextlib.asynccontextmanager
async def box_server(answer: Callable[[Query], str], **options: object) -> AsyncIterator[str]:
    """The address of a server with the box, reached by REST, MCP and the OpenEnv wire."""
    async with served(service(answer, **options), surfaces=("rest", "openenv", "mcp")) as url:
        yield url


def unasked(query: Query) -> str:
    """For tests in which everything is computed."""
    raise AssertionError(f"the model was asked for {query.action!r}")


def typing(command: str) -> tuple[str, dict[str, str]]:
    """The call of the box's one tool that types ``command``: its name and arguments."""
    (tool,) = interface.offered(domain.find("terminal"), box().setup)
    (argument,) = calls.properties(tool.input_schema)
    return tool.name, {argument: command}


class Computed:
    """A session that the kernel answers; ``answer`` is shown where it does not know."""

    def __init__(self, answer: str = "") -> None:
        kernel = domain.find("terminal").kernel
        assert kernel is not None
        self.kernel = kernel()
        self.state = self.kernel.open(box().setup)
        self.answer = answer
        self.actions: list[str] = []

    def step(self, action: str) -> dict[str, Any]:
        self.actions.append(action)
        step = self.kernel.step(self.state, action)
        if not isinstance(step, Determined):
            return {"observation": self.answer, "origin": "model"}
        self.state = step.state
        return {"observation": step.observation, "origin": "computed"}

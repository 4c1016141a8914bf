"""OpenEnv's Task API: the scenarios of the catalogue as tasks, and where they come from as splits.

The task of a scenario is what a reset takes: ``reset(scenario=task["scenario"])``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from nextstate.errors import UsageError, unknown_name
from nextstate.serve.openenv.endpoints import body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from nextstate.serve.catalogue import Catalogue, Entry
    from nextstate.serve.service import Service

NAME = "nextstate"
"""What the environment is called in the paths of the Task API."""
TYPES = ("train", "validation", "test")
"""The types of a split; one of another name counts as validation."""
MOST = 10_000
"""Tasks in one answer."""


def routes(service: Service) -> Iterable[Route]:
    """The routes of the Task API; they ask for no owner, for the catalogue is the same for all."""
    splits = _splits(service.catalogue)

    async def environments(request: Request) -> JSONResponse:
        return JSONResponse([NAME])

    async def listed(request: Request) -> JSONResponse:
        return JSONResponse([{"name": one, "type": one if one in TYPES else "validation"} for one in splits])

    async def tasks(request: Request) -> JSONResponse:
        found = _of(splits, await body(request))
        return JSONResponse({"tasks": [_task(one) for one in found[:MOST]], "env_name": NAME})

    async def number(request: Request) -> JSONResponse:
        return JSONResponse({"num_tasks": len(_of(splits, await body(request)))})

    async def one(request: Request) -> JSONResponse:
        asked = await body(request)
        found, index = _of(splits, asked), _whole(asked, "index")
        if index is None or not 0 <= index < len(found):
            raise UsageError(f"'index' must be a number from 0 to {len(found) - 1}")
        return JSONResponse({"task": _task(found[index])})

    async def some(request: Request) -> JSONResponse:
        asked = await body(request)
        part = slice(_whole(asked, "start"), _whole(asked, "stop"))
        return JSONResponse({"tasks": [_task(entry) for entry in _of(splits, asked)[part][:MOST]]})

    yield Route("/list_environments", environments)
    yield Route(f"/{NAME}/splits", listed)
    for name, handler in (("tasks", tasks), ("num_tasks", number), ("task", one), ("task_range", some)):
        yield Route(f"/{NAME}/{name}", handler, methods=["POST"])


def _splits(catalogue: Catalogue) -> dict[str, list[Entry]]:
    """The catalogue's entries by what their names begin with."""
    found: dict[str, list[Entry]] = {}
    for entry in catalogue.page(limit=len(catalogue)):
        found.setdefault(entry.name.partition("/")[0], []).append(entry)
    return found


def _of(splits: dict[str, list[Entry]], asked: dict[str, Any]) -> list[Entry]:
    name = asked.get("split")
    if not isinstance(name, str):
        raise UsageError("'split' must be the name of a split")
    if name not in splits:
        raise unknown_name("split", name, splits)
    return splits[name]


def _task(entry: Entry) -> dict[str, Any]:
    return {"scenario": entry.name, "domain": entry.domain, "title": entry.title, "turns": entry.turns}


def _whole(asked: dict[str, Any], name: str) -> int | None:
    value = asked.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**53):
        raise UsageError(f"{name!r} must be a whole number")
    return value

"""The REST surface: sessions under ``/v1``, the lists that one chooses from, ``/openapi.json``, health and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.routing import Route

from nextstate.serve.rest.openapi import document
from nextstate.serve.rest.operations import Answer, Call, Endpoint, Operation
from nextstate.serve.rest.table import OPERATIONS

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from nextstate.serve.service import Service


def routes(service: Service) -> list[BaseRoute]:
    """One route for each path of the table, and the document that describes them."""
    by_path: dict[str, dict[str, Operation]] = {}
    for one in (*OPERATIONS, _described()):
        by_path.setdefault(one.path, {})[one.method] = one
    return [Route(_template(path), Endpoint(service, found)) for path, found in by_path.items()]


def _template(path: str) -> str:
    """The path as Starlette writes it; the name of a scenario holds slashes."""
    return path.replace("{name}", "{name:path}")


def _described() -> Operation:
    text = msgspec.json.encode(document(OPERATIONS))

    async def openapi(call: Call) -> Answer:
        return Answer(text)

    return Operation("GET", "/openapi.json", "openapi", "This document.", openapi)

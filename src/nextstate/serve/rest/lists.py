"""What the REST surface tells of a server: its scenarios, world models and domains, its health and its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.data import store
from nextstate.serve.metrics import CONTENT_TYPE
from nextstate.serve.rest.operations import Answer
from nextstate.types import Setup

if TYPE_CHECKING:
    from nextstate.serve.rest.operations import Call
    from nextstate.types import Json


async def scenarios(call: Call) -> Answer:
    query = call.query
    if query.domain:
        domains.find(query.domain)
    found = call.service.catalogue.page(domain=query.domain, offset=query.offset, limit=query.limit)
    following = query.offset + query.limit if len(found) == query.limit else None
    return Answer({"scenarios": found, "next": following})


async def scenario(call: Call) -> Answer:
    return Answer(store.encode(call.service.catalogue.recorded(call.path["name"])))


async def models(call: Call) -> Answer:
    sessions = call.service.sessions
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "nextstate"} for name in sessions.models]
    return Answer({"object": "list", "data": data, "default": sessions.default_model})


async def kinds(call: Call) -> Answer:
    return Answer({"domains": [_told(domains.find(name)) for name in domains.names()]})


def _told(domain: domains.Domain) -> dict[str, Json]:
    return {
        "name": domain.name,
        "version": domain.version,
        "screens": domain.screens,
        "pictures": domain.picture is not None,
        "tool": store.encode_tool(domain.tool(Setup())),
    }


async def health(call: Call) -> Answer:
    return Answer({"status": "ok"})


async def metrics(call: Call) -> Answer:
    return Answer(call.service.gate.metrics.text(call.service.sessions), CONTENT_TYPE)

"""The official client of Tavily, and LangChain's of Serper and SearXNG, against a session of a world that searches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.models.grounded import KernelModel
from nextstate.serve.testing import served, service_of
from nextstate.sim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_clients_of_search_engines_find_the_same_in_the_world(client: Callable[..., Awaitable[str]]) -> None:
    service = service_of({"kernel": KernelModel()})
    await service.sessions.create("local", Scenario("search", domains.find("search").examples()[0].setup), id="mine")
    async with served(service, surfaces=["search"]) as base:
        seen = json.loads(await client("engines", f"{base}/s/mine"))
    tavily, serper, searxng = seen["tavily"], seen["serper"], seen["searxng"]
    assert len(tavily["urls"]) == 3
    assert tavily["scores"] == [1, 0.5, 1 / 3]
    assert "41 metres high" in tavily["page"]
    assert tavily["failed"] == ["https://orrin.example/none"]
    assert "'query'" in tavily["refused"]
    assert serper["links"] == tavily["urls"] == [one["link"] for one in searxng["results"]]
    assert searxng["results"][0]["engines"] == ["nextstate"]
    assert serper["text"]
    assert searxng["text"].split("\n\n")[0] in serper["text"]
    assert seen["together"] == 6

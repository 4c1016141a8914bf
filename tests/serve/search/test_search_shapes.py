"""Search engines' interfaces on a session, and how the set-up's tools are taken for a search engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.domain.shapes import Hit
from nextstate.domains.search import engine
from nextstate.errors import ActionError
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import KernelModel
from nextstate.serve import search
from nextstate.serve.queues import Place
from nextstate.serve.service import Service
from nextstate.serve.testing import served, service_of
from nextstate.sim.scenario import Scenario
from nextstate.types import Query, Setup, Tool

SEARCH = domains.find("search")
ORRIN = SEARCH.examples()[0].setup
LIGHT = "https://orrin.example/lighthouse"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def computed(domain: str = "search", setup: Setup = ORRIN, model: Any = None) -> Service:
    service = service_of({"kernel": model or KernelModel()})
    await service.sessions.create("local", Scenario(domain, setup), id="mine")
    return service


async def ask(http: aiohttp.ClientSession, url: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    send = http.get(url, **more) if body is None else http.post(url, json=body, **more)
    async with send as response:
        return response.status, json.loads(await response.read())


async def test_tavily_searches_and_extracts_what_the_kernel_computes(http: aiohttp.ClientSession) -> None:
    service = await computed()
    async with served(service, surfaces=["search"]) as base:
        url = f"{base}/s/mine/tavily"
        status, found = await ask(http, f"{url}/search", {"query": "lighthouse engineer", "max_results": 2})
        _, pages = await ask(http, f"{url}/extract", {"urls": [LIGHT, "https://orrin.example/none"]})
    assert status == 200
    assert found["query"] == "lighthouse engineer"
    assert [one["score"] for one in found["results"]] == [1.0, 0.5]
    assert LIGHT in [one["url"] for one in found["results"]]
    assert all(one["title"] and one["content"] and one["raw_content"] is None for one in found["results"])
    assert found["nextstate"] == {"origin": "computed", "model": "kernel", "turn": 0, "shared": False}
    assert "41 metres high" in pages["results"][0]["raw_content"]
    assert pages["failed_results"][0]["url"] == "https://orrin.example/none"
    assert "404" in pages["failed_results"][0]["error"]
    trajectory = await service.sessions.trajectory("local", "mine")
    assert json.loads(trajectory.turns[0].action) == {
        "name": "web_search",
        "arguments": {"query": "lighthouse engineer", "max_results": 2},
    }
    assert len(trajectory.turns) == 3


async def test_sites_are_chosen_among_the_results(http: aiohttp.ClientSession) -> None:
    async with served(await computed(), surfaces=["search"]) as base:
        url = f"{base}/s/mine/tavily/search"
        body = {"query": "the lighthouse of the Sound", "max_results": 10}
        _, only = await ask(http, url, {**body, "include_domains": ["www.orrin.example"]})
        _, without = await ask(http, url, {**body, "exclude_domains": ["orrin.example"]})
    assert {one["url"].split("/")[2] for one in only["results"]} == {"orrin.example"}
    assert "orrin.example" not in {one["url"].split("/")[2] for one in without["results"]}
    assert without["results"]


async def test_serper_takes_the_body_or_the_address(http: aiohttp.ClientSession) -> None:
    async with served(await computed(), surfaces=["search"]) as base:
        url = f"{base}/s/mine/serper/search"
        _, by_body = await ask(http, url, {"q": "wool market", "num": 3})
        _, by_address = await ask(http, url, {}, params={"q": "wool market", "num": "3"})
        _, by_get = await ask(http, url, params={"q": "wool market", "num": "3"})
    assert by_body["organic"] == by_address["organic"] == by_get["organic"]
    assert [one["position"] for one in by_body["organic"]] == [1, 2, 3]
    assert set(by_body["organic"][0]) == {"title", "link", "snippet", "position"}


async def test_searxng_is_asked_by_get_and_by_form(http: aiohttp.ClientSession) -> None:
    async with served(await computed(), surfaces=["search"]) as base:
        _, by_get = await ask(http, f"{base}/s/mine/searxng", params={"q": "puffins", "format": "json"})
        async with http.post(f"{base}/s/mine/searxng/search", data={"q": "puffins", "format": "json"}) as response:
            by_form = await response.json()
        status, _ = await ask(http, f"{base}/s/mine/searxng", params={"q": "puffins", "format": "html"})
    assert by_get["results"] == by_form["results"]
    assert by_get["results"][0]["parsed_url"][1].endswith(".example")
    assert by_get["number_of_results"] == len(by_get["results"]) > 0
    assert status == 400


async def test_requests_that_come_together_wait_for_each_other(http: aiohttp.ClientSession) -> None:
    async with served(await computed(), surfaces=["search"]) as base:
        url = f"{base}/s/mine/tavily/search"
        answers = await asyncio.gather(*(ask(http, url, {"query": f"ferry {number}"}) for number in range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert sorted(body["nextstate"]["turn"] for _, body in answers) == list(range(8))


async def test_nothing_found_is_no_result_and_what_cannot_be_read_is_an_error(http: aiohttp.ClientSession) -> None:
    shown = ["No results found for 'x'.", "I think the lighthouse is nice.", "{}"]
    service = await computed(model=Scripted(shown))
    async with served(service, surfaces=["search"]) as base:
        url = f"{base}/s/mine/serper/search"
        _, none = await ask(http, url, {"q": "x"})
        status, unreadable = await ask(http, url, {"q": "x"})
    assert none["organic"] == []
    assert (status, unreadable["error"]["code"]) == (502, "unreadable")
    assert "I think the lighthouse" in unreadable["message"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("mine/tavily/search", {}, 400),
        ("mine/tavily/search", {"query": ""}, 400),
        ("mine/tavily/search", {"query": "x", "max_results": 0}, 400),
        ("mine/tavily/search", {"query": "x", "max_results": "many"}, 400),
        ("mine/tavily/search", {"query": "x", "include_domains": "one"}, 400),
        ("mine/tavily/search", [], 400),
        ("mine/tavily/extract", {"urls": []}, 400),
        ("mine/tavily/extract", {"urls": ["x"] * 21}, 400),
        ("mine/tavily/extract", {"urls": [3]}, 400),
        ("mine/serper/search", {"q": 3}, 400),
        ("none/tavily/search", {"query": "x"}, 404),
    ],
)
async def test_a_bad_request_says_what_is_wrong_where_each_client_looks(
    path: str, body: Any, status: int, http: aiohttp.ClientSession
) -> None:
    async with served(await computed(), surfaces=["search"]) as base:
        answered, said = await ask(http, f"{base}/s/{path}", body)
    assert answered == status
    assert said["detail"]["error"] == said["message"] == said["error"]["message"]


async def test_a_world_that_does_not_search_is_refused(http: aiohttp.ClientSession) -> None:
    async with served(await computed("terminal", Setup()), surfaces=["search"]) as base:
        status, said = await ask(http, f"{base}/s/mine/tavily/search", {"query": "x"})
    assert status == 400
    assert "no search engine" in said["message"]


def tool(name: str, required: list[Any], **properties: Any) -> Tool:
    return Tool(name, "", {"type": "object", "properties": properties, "required": required})


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("tools", "action"),
    [
        ([], {"name": "search", "arguments": {"query": "q"}}),
        ([tool("google_search", ["q"], q=TEXT)], {"name": "google_search", "arguments": {"q": "q"}}),
        (
            [tool("search", ["queries"], queries={"type": "array"}, top_k={"type": "integer", "maximum": 4})],
            {"name": "search", "arguments": {"queries": ["q"], "top_k": 4}},
        ),
        (
            [tool("memory_search", ["query"], query=TEXT), tool("web_search", ["query"], query=TEXT)],
            {"name": "web_search", "arguments": {"query": "q"}},
        ),
        (
            [tool("search_in", ["query", "site"], query=TEXT, site=TEXT), tool("search", [], query=TEXT)],
            {"name": "search", "arguments": {"query": "q"}},
        ),
    ],
)
def test_the_tool_that_searches_is_found_among_those_declared(tools: list[Tool], action: Any) -> None:
    assert json.loads(engine.search(Setup(tools=tuple(tools)), "q", 7)) == action


@pytest.mark.parametrize(
    ("tools", "goal", "action"),
    [
        ([], "", {"name": "visit", "arguments": {"url": "u"}}),
        ([tool("visit", ["url", "goal"], url=TEXT, goal=TEXT)], "", {"url": "u", "goal": "the whole page"}),
        ([tool("visit", ["url"], url=TEXT, goal=TEXT)], "prices", {"url": "u", "goal": "prices"}),
        ([tool("fetch", ["urls"], urls={"type": "array"})], "prices", {"urls": ["u"]}),
    ],
)
def test_the_tool_that_reads_pages_is_found(tools: list[Tool], goal: str, action: Any) -> None:
    found = json.loads(engine.fetch(Setup(tools=tuple(tools)), "u", goal))
    assert action in (found, found["arguments"])


def test_without_such_a_tool_it_is_said_which_there_are() -> None:
    setup = Setup(tools=(tool("calculator", ["expression"], expression=TEXT),))
    with pytest.raises(ActionError, match="no tool that searches; it has 'calculator'"):
        engine.search(setup, "q", None)
    with pytest.raises(ActionError, match="no tool that reads pages"):
        engine.fetch(setup, "u", "")


def test_every_search_and_page_of_the_golden_examples_is_read() -> None:
    searched = paged = 0
    for example in SEARCH.examples():
        for index, turn in enumerate(example.turns):
            name = json.loads(turn.action)["name"]
            query = Query("search", example.setup, example.turns[:index], turn.action)
            fine = SEARCH.failed is not None and SEARCH.failed(query, turn.observation) is False
            searched += name == "web_search" and fine and bool(engine.hits(turn.observation))
            paged += name == "web_extractor" and fine and engine.page(turn.observation) is not None
            if name == "web_search" and fine:
                assert engine.hits(turn.observation) is not None
    assert searched > 5
    assert paged > 3


def test_results_and_pages_in_json_are_read() -> None:
    shown = json.dumps({"results": [{"title": "A", "url": "https://a.example/", "content": "text"}]})
    assert engine.hits(shown) == (Hit("https://a.example/", "A", "text"),)
    assert engine.page(json.dumps({"url": "https://a.example/", "markdown": "# A"})) == "# A"
    assert engine.hits("[]") == ()


@given(st.text(max_size=200))
def test_any_observation_is_read_as_something(text: str) -> None:
    hits = engine.hits(text)
    assert hits is None or all(isinstance(one, Hit) for one in hits)
    assert engine.page(text) is None or engine.page(text) is not None


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_address_is_on_a_site_or_not(url: str, sites: list[str]) -> None:
    assert search._on(url, sites) in (True, False)
    assert search._on("https://www.a.example/x", ["a.example"])
    assert not search._on("https://notaa.example/x", ["a.example"])


async def test_a_search_waits_for_what_another_surface_does_in_the_session(http: aiohttp.ClientSession) -> None:
    service, place, gate = await computed(), Place("local", "mine"), asyncio.Event()
    order: list[str] = []

    async def other() -> None:
        await gate.wait()
        order.append("other")

    async with served(service, surfaces=("search",)) as url, asyncio.timeout(10):
        service.sessions.on_step = lambda model, taken, seconds: order.append("search")
        first = asyncio.create_task(service.queues.next(place, other))
        await asyncio.sleep(0)
        second = asyncio.create_task(ask(http, f"{url}/s/mine/serper/search", {"q": "lighthouse"}))
        while service.queues._queues[place].inside < 2:  # noqa: ASYNC110 - nobody tells when the request is there
            await asyncio.sleep(0)
        gate.set()
        await first
        assert (await second)[0] == 200
    assert order == ["other", "search"]

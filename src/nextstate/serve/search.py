"""Search engines' interfaces on a session: a program that asks Tavily, Serper or SearXNG asks the world instead.

For worlds that search (:attr:`nextstate.domain.Domain.engine`). Every request is a step of the session; requests wait
for each other. The addresses, and whose shapes they have (of each, what its client reads):

``POST /s/{sid}/tavily/search``, ``/extract``
    Tavily, as its client ``tavily-python`` 0.8.5 asks and reads: give it ``api_base_url``. ``max_results`` reaches the
    world's tool, ``include_domains`` and ``exclude_domains`` select among its results.
``POST`` or ``GET /s/{sid}/serper/search``
    Serper (``google.serper.dev``), as ``GoogleSerperAPIWrapper`` of ``langchain-community`` 0.4.2 asks and reads: ``q``
    and ``num``, in the body or the address.
``GET`` or ``POST /s/{sid}/searxng`` and ``/s/{sid}/searxng/search``
    SearXNG's search API with ``format=json``, as ``SearxSearchWrapper`` of ``langchain-community`` 0.4.2 asks and
    reads.

What a world does not tell is empty: answers, pictures, dates, the raw content of results. ``score`` tells the order
alone: 1, 1/2, 1/3, ... Other settings of a search (topic, time, country, depth) have no effect. ``nextstate`` in a
response says who answered the step. A search that shows no results in any layout that is read is the error 502
``unreadable``.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response
from starlette.routing import Route

from nextstate import domain as domains
from nextstate.data import store
from nextstate.errors import DataError, NextstateError, UsageError
from nextstate.serve import problems
from nextstate.serve.queues import Place

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from nextstate.domain.shapes import Hit, SearchEngine
    from nextstate.serve.service import Service
    from nextstate.sim.sessions import Step
    from nextstate.types import Action, Json, Setup

MAX_URLS = 20
"""Pages of one request, as Tavily has it."""
MAX_QUERY = 10_000
"""Characters of a query, and of an address."""
MOST = 100
"""Results that may be asked for."""

Fields = Mapping[str, Any]


def routes(service: Service) -> list[BaseRoute]:
    """The addresses of the three engines."""
    return [
        Route("/s/{sid}/tavily/search", _guarded(service, _tavily_search), methods=["POST"]),
        Route("/s/{sid}/tavily/extract", _guarded(service, _tavily_extract), methods=["POST"]),
        Route("/s/{sid}/serper/search", _guarded(service, _serper), methods=["GET", "POST"]),
        Route("/s/{sid}/searxng", _guarded(service, _searxng), methods=["GET", "POST"]),
        Route("/s/{sid}/searxng/search", _guarded(service, _searxng), methods=["GET", "POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _World:
    """A session that searches; its steps wait for each other."""

    service: Service
    place: Place
    setup: Setup
    engine: SearchEngine

    @classmethod
    async def of(cls, service: Service, request: Request) -> _World:
        """The world that a request asks. Raises :class:`UsageError` where it does not search."""
        place = Place(problems.owner(request), request.path_params["sid"])
        begun = await service.sessions.scenario(place.owner, place.session)
        engine = domains.find(begun.domain).engine
        if engine is None:
            raise UsageError(f"the world of this session, {begun.domain!r}, is no search engine")
        return cls(service, place, begun.setup, engine)

    async def step(self, action: Action) -> Step:
        place = self.place
        return await self.service.queues.next(
            place, lambda: self.service.sessions.step(place.owner, place.session, action)
        )

    async def hits(self, query: str, at_most: int | None) -> tuple[tuple[Hit, ...], Step]:
        """What a search shows. Raises :class:`~nextstate.serve.problems.Refused` where it shows no results to read."""
        step = await self.step(self.engine.search(self.setup, query, at_most))
        found = self.engine.hits(step.turn.observation)
        if found is None:
            said = " ".join(step.turn.observation[:300].split())
            raise problems.Refused(502, "unreadable", f"the world showed no results that can be read: {said}")
        return found if at_most is None else found[:at_most], step


async def _tavily_search(world: _World, asked: Fields) -> dict[str, Json]:
    query, at_most = _text(asked, "query"), _count(asked, "max_results", 5)
    hits, step = await world.hits(query, at_most)
    only, never = _texts(asked, "include_domains"), _texts(asked, "exclude_domains")
    chosen = [one for one in hits if (not only or _on(one.url, only)) and not _on(one.url, never)]
    return {
        "query": query,
        "follow_up_questions": None,
        "answer": None,
        "images": [],
        "results": [
            {"url": one.url, "title": one.title, "content": one.content, "score": 1 / rank, "raw_content": None}
            for rank, one in enumerate(chosen, 1)
        ],
        "response_time": round(step.seconds, 3),
        "request_id": secrets.token_hex(16),
        "nextstate": _origin(step),
    }


async def _tavily_extract(world: _World, asked: Fields) -> dict[str, Json]:
    urls = [asked["urls"]] if isinstance(asked.get("urls"), str) else _texts(asked, "urls")
    if not 0 < len(urls) <= MAX_URLS or max(map(len, urls)) > MAX_QUERY:
        raise UsageError(f"'urls' is to hold 1 to {MAX_URLS} addresses of at most {MAX_QUERY} characters")
    goal = _text(asked, "query") if asked.get("query") else ""
    results: list[Json] = []
    failed: list[Json] = []
    told: list[Json] = []
    seconds = 0.0
    for url in urls:
        step = await world.step(world.engine.fetch(world.setup, url, goal))
        page = world.engine.page(step.turn.observation)
        if page is None:
            failed.append({"url": url, "error": " ".join(step.turn.observation[:500].split())})
        else:
            results.append({"url": url, "raw_content": page, "images": []})
        seconds += step.seconds
        told.append(_origin(step))
    return {
        "results": results,
        "failed_results": failed,
        "response_time": round(seconds, 3),
        "request_id": secrets.token_hex(16),
        "nextstate": told,
    }


async def _serper(world: _World, asked: Fields) -> dict[str, Json]:
    query, at_most = _text(asked, "q"), _count(asked, "num", 10)
    hits, step = await world.hits(query, at_most)
    return {
        "searchParameters": {"q": query, "num": at_most},
        "organic": [
            {"title": one.title, "link": one.url, "snippet": one.content, "position": place}
            for place, one in enumerate(hits, 1)
        ],
        "credits": 0,
        "nextstate": _origin(step),
    }


async def _searxng(world: _World, asked: Fields) -> dict[str, Json]:
    if asked.get("format", "json") != "json":
        raise UsageError(f"'format' is {str(asked['format'])[:40]!r}; only json is served")
    query = _text(asked, "q")
    hits, step = await world.hits(query, None)
    return {
        "query": query,
        "number_of_results": len(hits),
        "results": [_searxng_result(rank, one) for rank, one in enumerate(hits, 1)],
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [],
        "nextstate": _origin(step),
    }


def _searxng_result(rank: int, hit: Hit) -> dict[str, Json]:
    return {
        "url": hit.url,
        "title": hit.title,
        "content": hit.content,
        "engine": "nextstate",
        "engines": ["nextstate"],
        "parsed_url": list(_split(hit.url)),
        "template": "default.html",
        "positions": [rank],
        "score": 1 / rank,
        "category": "general",
    }


def _split(url: str) -> tuple[str, ...]:
    """The six parts that ``urllib.parse.urlparse`` gives; parameters of a path stay with it."""
    try:
        scheme, netloc, path, query, fragment = urlsplit(url)
    except ValueError:
        return ("", "", url, "", "", "")
    return (scheme, netloc, path, "", query, fragment)


def _on(url: str, sites: list[str]) -> bool:
    """Whether an address is on one of some sites, or on a part of one."""
    host = _split(url)[1].rpartition("@")[2].partition(":")[0].lower().removeprefix("www.")
    named = [site.lower().removeprefix("www.").strip("/") for site in sites]
    return any(host == site or host.endswith("." + site) for site in named)


def _origin(step: Step) -> dict[str, Json]:
    meta = step.turn.meta
    told: dict[str, Json] = {name: meta[name] for name in ("origin", "why", "model") if meta.get(name)}
    return {**told, "turn": step.index, "shared": step.shared}


def _text(asked: Fields, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_QUERY:
        raise UsageError(f"{name!r} is to be a text of 1 to {MAX_QUERY} characters")
    return value


def _texts(asked: Fields, name: str) -> list[str]:
    value = asked.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{name!r} is to be a list of texts")
    return value


def _count(asked: Fields, name: str, usual: int) -> int:
    value = asked.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 5:
        value = int(value)
    if value is None:
        return usual
    if type(value) is not int or not 0 < value <= MOST:
        raise UsageError(f"{name!r} is to be a number from 1 to {MOST}")
    return value


def _guarded(
    service: Service, answer: Callable[[_World, Fields], Awaitable[dict[str, Json]]]
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return _json(await answer(await _World.of(service, request), await _fields(request)))
        except NextstateError as error:
            return _problem(error)

    return guarded


async def _fields(request: Request) -> Fields:
    """What is asked: of the address, and of the body, which is JSON or a form."""
    fields: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if not body.strip():
        return fields
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return fields | _form(body)
    try:
        value = store.parse(body)
    except DataError as error:
        raise UsageError(f"the body is {error}") from None
    if not isinstance(value, dict):
        raise UsageError("the body is to be a JSON object")
    return fields | value


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=100))
    except ValueError:
        raise UsageError("the form in the body has more than 100 fields") from None


def _problem(error: NextstateError) -> Response:
    """An error where each of the clients looks for it: Tavily's in ``detail``, Serper's in ``message``."""
    status, message = problems.status(error), str(error)
    told = {**problems.problem(error), "detail": {"error": message}, "message": message, "statusCode": status}
    return _json(told, status)


def _json(value: Json, status: int = 200) -> Response:
    return Response(store.dump(value), status, media_type="application/json")

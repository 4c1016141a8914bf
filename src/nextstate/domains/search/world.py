"""The local world that the facts of a set-up describe, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domains.search import index, layout
from nextstate.domains.search.layout import Page
from nextstate.domains.search.operations import Read, Search

if TYPE_CHECKING:
    from nextstate.domains.search.index import Index
    from nextstate.types import Json

MAX_PAGES = 20_000
"""Pages of a local world."""


@dataclass(frozen=True, slots=True)
class World:
    """Known pages by address; ``complete`` where there are no others; ``index`` where searches are answered from them.

    ``results`` is how many a search shows at most.
    """

    pages: Mapping[str, Page]
    complete: bool
    index: Index | None
    results: int
    memory: Mapping[str, str] | None
    """The entries before the first turn; ``None`` where nothing is known of a memory."""

    def page_at(self, url: str) -> Page | None:
        """The known page at an address; a fragment does not matter."""
        url = url.strip()
        return self.pages.get(url) or self.pages.get(url.partition("#")[0])


def of(facts: Mapping[str, Json]) -> World:
    """The world of ``facts``; what is not of the documented form is left out, as something unknown."""
    pages = _pages(facts.get("pages"))
    complete = facts.get("complete") is True
    asked = facts.get("index")
    known = complete and isinstance(asked, dict) and asked.get("ranking") == "bm25"
    results = asked.get("results") if isinstance(asked, dict) else None
    counted = isinstance(results, int) and not isinstance(results, bool) and results > 0
    return World(
        pages=pages,
        complete=complete,
        index=index.build(list(pages.values())) if known else None,
        results=results if counted and isinstance(results, int) else layout.RESULTS,
        memory=_entries(facts.get("memory")),
    )


def _pages(value: Any) -> dict[str, Page]:
    if not isinstance(value, dict) or len(value) > MAX_PAGES:
        return {}
    return {url: page for url, one in value.items() if (page := _page(url, one)) is not None}


def _page(url: str, value: Any) -> Page | None:
    if isinstance(value, str):
        return Page(url, url, value)
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        title = value.get("title")
        return Page(url, title if isinstance(title, str) else url, value["text"])
    return None


def _entries(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {key: text for key, text in value.items() if isinstance(text, str)}


def searched(world: World, asked: Search) -> str | None:
    """What a search shows; ``None`` where the pages are not all known."""
    if world.index is None:
        return None
    if not asked.queries or not all(query.strip() for query in asked.queries):
        return layout.NO_QUERY
    if len(asked.queries) > layout.MAX_BATCH:
        return layout.TOO_MANY
    limit = min(asked.at_most or world.results, layout.MAX_RESULTS)
    return layout.JOINT.join(_block(world.index, query.strip(), limit) for query in asked.queries)


def _block(known: Index, query: str, limit: int) -> str:
    return layout.found(query, index.ranked(known, query, limit), layout.words_of(query))


def shown(world: World, asked: Read) -> str | None:
    """What reading pages shows; ``None`` where one of them is not known."""
    if not world.pages and not world.complete:
        return None
    if not asked.urls or not all(url.strip() for url in asked.urls):
        return layout.NO_ADDRESS
    if len(asked.urls) > layout.MAX_BATCH:
        return layout.TOO_MANY
    blocks = [page(world, url.strip()) for url in asked.urls]
    return layout.JOINT.join(block for block in blocks if block is not None) if None not in blocks else None


def page(world: World, url: str) -> str | None:
    """What reading one page shows."""
    if not layout.is_address(url):
        return layout.bad_address(url)
    if known := world.page_at(url):
        return layout.page(known)
    return layout.missing(url) if world.complete else None

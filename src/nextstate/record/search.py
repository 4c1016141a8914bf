"""A real search engine of our own, recorded: a full-text index over a folder of pages, a page reader and a memory.

The index is SQLite's FTS5 (tokenizer ``ascii``, ranking ``bm25``), the memory a table of the same database. Nothing
is fetched from anywhere. The tools:

=====================================  =============================================================================
``web_search``                         ``query`` (a text or a list of them), ``max_results``
``web_extractor``                      ``url`` (an address or a list of them), ``goal`` (which changes nothing)
``lookup``                             ``keyword``: its next place on the page that was shown last
``memory_write``, ``memory_append``    ``key``, ``value``
``memory_read``, ``memory_delete``     ``key``
``memory_list``                        nothing
``memory_search``                      ``query``
=====================================  =============================================================================

:mod:`nextstate.record.search_examples` records the golden examples of the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.data.scrub import scrub
from nextstate.domain import calls
from nextstate.domains.search import layout, memory
from nextstate.domains.search.layout import Page
from nextstate.record.search_pages import PAGES, read_pages
from nextstate.record.search_tools import TOOLS
from nextstate.types import Action, Json, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    import sqlite3


@dataclass(slots=True)
class Engine:
    """The tools over one database in memory. ``results`` is how many results a search shows unless it says more."""

    pages: Sequence[Page]
    results: int = layout.RESULTS
    notes: Mapping[str, str] = field(default_factory=dict)
    _database: sqlite3.Connection = field(init=False)
    _page: Page | None = field(init=False, default=None)
    _looked: tuple[str, int] = field(init=False, default=("", 0))

    def __post_init__(self) -> None:
        import sqlite3

        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE page USING fts5(url UNINDEXED, title, body, tokenize = 'ascii')")
        self._database.execute("CREATE TABLE note (place INTEGER PRIMARY KEY, key TEXT UNIQUE, body TEXT)")
        rows = [(one.url, one.title, one.text) for one in self.pages]
        self._database.executemany("INSERT INTO page VALUES (?, ?, ?)", rows)
        self._database.executemany("INSERT INTO note (key, body) VALUES (?, ?)", list(self.notes.items()))

    def call(self, action: Action) -> str:
        """What a tool shows for ``action``, failures included.

        Raises :class:`~nextstate.errors.ActionError` where it is no call.
        """
        call = calls.parse(action)
        tool = next((one for one in TOOLS if one.name == call.name), None)
        if tool is None:
            return f"Error: there is no tool '{call.name}'."
        if wrong := calls.problems(tool.input_schema, dict(call.arguments)):
            return f"Error: {wrong[0]}"
        given: Mapping[str, Any] = call.arguments
        if given.get("key") == "":
            return memory.missing("key")
        return _HANDLERS[call.name](self, given)

    def _search(self, given: Mapping[str, Any]) -> str:
        queries = _listed(given["query"])
        if not queries or not all(query.strip() for query in queries):
            return layout.NO_QUERY
        if len(queries) > layout.MAX_BATCH:
            return layout.TOO_MANY
        limit = min(given.get("max_results") or self.results, layout.MAX_RESULTS)
        return layout.JOINT.join(self._block(query.strip(), limit) for query in queries)

    def _block(self, query: str, limit: int) -> str:
        words = layout.words_of(query)
        match = " OR ".join(f'"{word}"' for word in words)
        sql = "SELECT url, title, body FROM page WHERE page MATCH ? ORDER BY rank, rowid LIMIT ?"
        hits = [Page(*row) for row in self._database.execute(sql, (match, limit))] if words else []
        return layout.found(query, hits, words)

    def _extract(self, given: Mapping[str, Any]) -> str:
        urls = _listed(given["url"])
        if not urls or not all(url.strip() for url in urls):
            return layout.NO_ADDRESS
        if len(urls) > layout.MAX_BATCH:
            return layout.TOO_MANY
        return layout.JOINT.join(self._read(url.strip()) for url in urls)

    def _read(self, url: str) -> str:
        if not layout.is_address(url):
            return layout.bad_address(url)
        sql = "SELECT url, title, body FROM page WHERE url IN (?, ?) ORDER BY rowid LIMIT 1"
        row = self._database.execute(sql, (url, url.partition("#")[0])).fetchone()
        if row is None:
            return layout.missing(url)
        self._page, self._looked = Page(*row), ("", 0)
        return layout.page(self._page)

    def _look_up(self, given: Mapping[str, Any]) -> str:
        if self._page is None:
            return layout.NO_PAGE
        keyword = given["keyword"].strip().casefold()
        before, times = self._looked
        self._looked = (keyword, times + 1 if keyword == before else 1)
        return layout.place(layout.places(self._page.text, keyword), self._looked[1])

    def _note(self, key: str) -> str | None:
        row = self._database.execute("SELECT body FROM note WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def _write(self, given: Mapping[str, Any]) -> str:
        return self._put(given["key"], given["value"], "Replaced")

    def _append(self, given: Mapping[str, Any]) -> str:
        old = self._note(given["key"])
        return self._put(given["key"], given["value"] if old is None else f"{old}\n{given['value']}", "Appended to")

    def _put(self, key: str, body: str, verb: str) -> str:
        known = self._note(key) is not None
        sql = "INSERT INTO note (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
        self._database.execute(sql, (key, body))
        return f"{verb if known else 'Stored'} '{key}'."

    def _recall(self, given: Mapping[str, Any]) -> str:
        body = self._note(given["key"])
        return memory.no_entry(given["key"]) if body is None else body

    def _delete(self, given: Mapping[str, Any]) -> str:
        gone = self._database.execute("DELETE FROM note WHERE key = ?", (given["key"],)).rowcount
        return f"Deleted '{given['key']}'." if gone else memory.no_entry(given["key"])

    def _list(self, given: Mapping[str, Any]) -> str:
        rows = self._database.execute("SELECT key FROM note ORDER BY place")
        return "\n".join(f"- {key}" for (key,) in rows) or memory.EMPTY

    def _find(self, given: Mapping[str, Any]) -> str:
        if not given["query"]:
            return memory.missing("query")
        wanted = given["query"].casefold()
        rows = self._database.execute("SELECT key, body FROM note ORDER BY place")
        found = [f"{key}: {body}" for key, body in rows if wanted in key.casefold() or wanted in body.casefold()]
        return "\n".join(found) or f"No entry contains '{given['query']}'."


_HANDLERS: Mapping[str, Callable[[Engine, Mapping[str, Any]], str]] = {
    "web_search": Engine._search,
    "web_extractor": Engine._extract,
    "lookup": Engine._look_up,
    "memory_write": Engine._write,
    "memory_append": Engine._append,
    "memory_read": Engine._recall,
    "memory_delete": Engine._delete,
    "memory_list": Engine._list,
    "memory_search": Engine._find,
}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def record(
    actions: Sequence[Action],
    *,
    id: str,
    pages: Sequence[Page] | None = None,
    notes: Mapping[str, str] | None = None,
    known: Sequence[str] = ("pages", "memory"),
    source: Source | None = None,
) -> Trajectory:
    """Call the tools and return what they showed, without secrets.

    ``known`` says which facts the set-up tells: ``pages`` (all of them, and how they are ranked), ``memory``. Raises
    :class:`~nextstate.errors.ActionError` for an action that is no call.
    """
    shown = read_pages(PAGES) if pages is None else list(pages)
    engine = Engine(shown, notes=notes or {})
    turns = tuple(Turn(action, engine.call(action)) for action in actions)
    facts = dict(_facts(shown, notes or {}, known))
    setup = Setup(initial_state=_told(shown, notes or {}, known), tools=TOOLS, facts=facts)
    return scrub(Trajectory(id, "search", setup, turns, source or Source(dataset="recorded")))


def _facts(pages: Sequence[Page], notes: Mapping[str, str], known: Sequence[str]) -> Iterator[tuple[str, Json]]:
    if "pages" in known:
        yield "pages", {one.url: {"title": one.title, "text": one.text} for one in pages}
        yield "complete", True
        yield "index", {"ranking": "bm25", "results": layout.RESULTS}
    if "memory" in known:
        yield "memory", dict(notes)


def _told(pages: Sequence[Page], notes: Mapping[str, str], known: Sequence[str]) -> str:
    lines = ["A search engine, a reader of pages and a memory."]
    if "pages" in known:
        lines += [f"There are {len(pages)} pages and no others:", *(f"- {one.url} ({one.title})" for one in pages)]
    if "memory" in known:
        entries = [f"- {key}: {text}" for key, text in notes.items()]
        lines += ["The memory holds:", *entries] if entries else [memory.EMPTY]
    return "\n".join(lines)

"""The texts of the local tools: what a world of known pages and a known memory shows.

A search (blocks of several queries joined by :data:`JOINT`)::

    A search for 'ferry to Brask' found 2 results:

    1. [Ferries of the Orrin Sound](https://orrin.example/ferries)
    The Brask ferry leaves at 07:10 ...

A call of a tool that is not declared shows :data:`NO_TOOL`, one against its schema ``Error: `` and what is wrong.
A page: its title behind ``# ``, its address, an empty line and its text. A look-up: ``(Result 1 / 3) sentence``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

JOINT = "\n=======\n"
"""Between the blocks of a batch."""
MAX_BATCH = 10
"""Queries or addresses in one call."""
MAX_WORDS = 64
"""Words of a query that count."""
MAX_RESULTS = 10
"""Results of one query that a call may ask for."""
RESULTS = 5
"""Results of one query, unless the call or the facts say otherwise."""
MAX_PAGE = 20_000
"""Characters of a page that are shown."""
SNIPPET = 160
"""Characters of a snippet."""

NO_TOOL = "Error: there is no tool '{}'."
NO_QUERY = "Error: the query is empty."
NO_ADDRESS = "Error: no address was given."
TOO_MANY = f"Error: at most {MAX_BATCH} at a time."
NO_PAGE = "Error: no page has been shown yet."
NO_MORE = "No more results."


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a local world."""

    url: str
    title: str
    text: str


def found(query: str, hits: Sequence[Page], words: Sequence[str]) -> str:
    """The block of a query; ``words`` are what it was searched for with."""
    if not hits:
        return f"No results found for '{query}'."
    head = f"A search for '{query}' found {len(hits)} result{'s' * (len(hits) != 1)}:"
    items = (f"{k}. [{hit.title}]({hit.url})\n{snippet(hit.text, words)}" for k, hit in enumerate(hits, 1))
    return "\n\n".join((head, *items))


def snippet(text: str, words: Sequence[str]) -> str:
    """The sentence with the most of ``words`` in it, the first of equal ones, cut to :data:`SNIPPET` characters."""
    wanted = set(words)
    lines = sentences(text) or [""]
    best = max(lines, key=lambda line: len(wanted & set(tokens(line))))
    return best if len(best) <= SNIPPET else best[: SNIPPET - 4].rstrip() + " ..."


def page(one: Page) -> str:
    """What reading a page shows."""
    text = one.text
    if len(text) > MAX_PAGE:
        text = f"{text[:MAX_PAGE]}\n[{len(text) - MAX_PAGE} more characters]"
    return f"# {one.title}\n{one.url}\n\n{text}"


def missing(url: str) -> str:
    """What reading a page that does not exist shows."""
    return f"Error: 404 Not Found: {url}"


def bad_address(url: str) -> str:
    """What reading something that is no address shows."""
    return f"Error: not an http(s) URL: '{url}'"


def is_address(url: str) -> bool:
    """Whether ``url`` is an absolute address of the web."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"\s", url)


_TOKEN = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def tokens(text: str) -> list[str]:
    """The words of a text as SQLite's ``ascii`` tokenizer cuts them: ASCII letters in lower case, all else as it is."""
    return _TOKEN.findall(text.translate(_LOWER))


def words_of(query: str) -> list[str]:
    """The words that a query is searched for with: each once, in their order, the first :data:`MAX_WORDS`."""
    return list(dict.fromkeys(tokens(query)))[:MAX_WORDS]


_STOP = re.compile(r"(?<=[.!?]) +|\n+")


def sentences(text: str) -> list[str]:
    """The sentences of a text: cut behind ``.``, ``!`` or ``?`` and a blank, and at line ends."""
    return [cut.strip() for cut in _STOP.split(text) if cut.strip()]


def places(text: str, keyword: str) -> list[str]:
    """The sentences with ``keyword`` in them, in whatever case."""
    wanted = keyword.strip().casefold()
    return [line for line in sentences(text) if wanted in line.casefold()] if wanted else []


def place(lines: Sequence[str], number: int) -> str:
    """What looking up a word shows for the ``number``-th time (from 1)."""
    return f"(Result {number} / {len(lines)}) {lines[number - 1]}" if number <= len(lines) else NO_MORE

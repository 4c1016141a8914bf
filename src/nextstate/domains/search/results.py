"""Search results and batches in observations, whatever layout a tool has.

Read are numbered Markdown links (``1. [title](address)``, the snippet below) and JSON objects with an address and a
title. A batch of several queries or pages is a block for each, joined by a line of ``=`` or ``-``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nextstate.domains.search import values

MAX_RESULTS = 1_000
"""Results read from one observation."""
_ITEM = re.compile(r"^(\d{1,4})\. \[([^\n]*)\)[ \t]*$", re.MULTILINE)
_HEADER = re.compile(r"\AA [\w ]{0,30}search for '(.*?)' found (\d+) results?:?$", re.DOTALL | re.MULTILINE)
_SEPARATOR = re.compile(r"\n{1,3}(?:={3,}|-{3,})\n{1,3}")
_ADDRESSES = ("url", "link", "href")
"""Keys of an address; else it is the first one that ends in ``url``."""
_TITLES = ("title", "name", "heading")
_SNIPPETS = ("snippet", "content", "description", "text", "summary", "body")


@dataclass(frozen=True, slots=True)
class Result:
    """One hit; ``number`` is the one printed before it (0 where none is)."""

    url: str
    title: str
    snippet: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says about itself: the query, and how many results were found."""

    query: str
    found: int


def results(observation: str) -> tuple[Result, ...]:
    """The results that an observation lists, in their order; empty where it lists none."""
    value = values.parse(observation)
    if value is not None:
        return tuple(_of_json(value))[:MAX_RESULTS]
    return _of_text(observation)


def _of_text(text: str) -> tuple[Result, ...]:
    found: list[Result] = []
    items = list(_ITEM.finditer(text))[:MAX_RESULTS]
    for item, following in zip(items, [*items[1:], None], strict=False):
        end = following.start() if following else len(text)
        title, linked, url = item[2].rpartition("](")
        if linked and not re.search(r"\s", url):
            snippet = " ".join(text[item.end() : min(end, item.end() + 2_000)].split())
            found.append(Result(url, title, snippet, int(item[1])))
    return tuple(found)


def _of_json(value: Any) -> list[Result]:
    found = []
    for one in values.objects(value):
        url, title = _first(one, (*_ADDRESSES, *_named_so(one))), _first(one, _TITLES)
        if url.startswith(("http://", "https://")) and title:
            found.append(Result(url, title, " ".join(_first(one, _SNIPPETS)[:2_000].split())))
    return found


def _named_so(one: dict[str, Any]) -> list[str]:
    return [key for key in one if key.lower().endswith("url")]


def _first(one: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((one[key] for key in keys if isinstance(one.get(key), str)), "")


def header(block: str) -> Header | None:
    """The first line of a block, where it tells the query and the number of results."""
    found = _HEADER.match(block[:5_000])
    return Header(found[1], int(found[2])) if found else None


def blocks(observation: str, count: int) -> tuple[tuple[str, ...], str] | None:
    """The blocks of a batch of ``count``, and what joins them; ``None`` where there is another number of them."""
    separators = list(_SEPARATOR.finditer(observation))
    if count < 2 or len(separators) != count - 1 or len({one[0] for one in separators}) != 1:
        return None
    joint = separators[0][0]
    return tuple(observation.split(joint)), joint

"""What a tool call asks for, recognised from the name and the arguments, whatever the tool is called.

======================  ==========================================================================================
search                  a name with ``search`` in it; ``query`` / ``queries`` / ``q`` ... (one or many)
read a page             ``url`` / ``urls`` / ``link`` ... (one or many), perhaps a ``goal``; ``visit``, ``fetch``, ...
keep a page             the same with a ``key`` or a file to keep it under: it changes what is kept
look up a word          ``lookup`` / ``find`` with ``keyword`` on the page that was shown last
memory                  ``memory_write`` (``write_note``, ...) with ``key`` and ``value``, or a tool with an ``action``
calculate               a calculator's ``expression``
answer                  ``submit`` / ``finish`` / ``final_answer``: what the agent hands in
======================  ==========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domain.calls import Call

if TYPE_CHECKING:
    from nextstate.types import Json


@dataclass(frozen=True, slots=True)
class Search:
    """``queries`` asked for at once; ``at_most`` results asked for each (``None``: the call does not say)."""

    queries: tuple[str, ...]
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Pages to show; ``goal`` is what is wanted from them."""

    urls: tuple[str, ...]
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """A page to keep under ``key``."""

    urls: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The next place of ``keyword`` on the page shown last."""

    keyword: str


class Verb(StrEnum):
    """What is done to the memory."""

    WRITE = "write"
    APPEND = "append"
    READ = "read"
    DELETE = "delete"
    LIST = "list"
    SEARCH = "search"
    OTHER = "other"

    @property
    def changes(self) -> bool:
        """Whether the memory may be another afterwards."""
        return self in (Verb.WRITE, Verb.APPEND, Verb.DELETE, Verb.OTHER)


@dataclass(frozen=True, slots=True)
class Memory:
    """An entry to write, read, ...; ``key`` and ``text`` are ``None`` where they were not given as strings."""

    verb: Verb
    key: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Calculate:
    """An arithmetic expression."""

    expression: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent hands in."""

    text: str


@dataclass(frozen=True, slots=True)
class Other:
    """Anything else."""


Operation: TypeAlias = "Search | Read | Keep | Lookup | Memory | Calculate | Answer | Other"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# The names of arguments, as tools have them.
QUERIES = ("query", "queries", "q", "search_query", "search_queries", "search_term", "keywords", "question")
URLS = ("url", "urls", "link", "links", "href", "uri", "page_url", "website")
GOALS = ("goal", "prompt", "instruction", "question", "query")
_KEPT = ("key", "save_as", "filename", "file_path", "destination")
LIMITS = (
    "max_results", "num_results", "number_of_results", "n_results", "top_n_results", "top_n", "top_k", "topk", "num",
    "count", "limit", "size",
)  # fmt: skip
_MEMORIES = frozenset("memory memories memo note notes notebook notepad scratchpad".split())
_KEYS = ("key", "name", "title", "id", "label")
_TEXTS = ("value", "content", "text", "note", "entry", "data", "body")
_WORDED = frozenset({*QUERIES, *URLS, *GOALS, *_KEPT, *_KEYS, *_TEXTS, "keyword", "term", "pattern", "expression"})
_VERBS = {
    Verb.WRITE: "write store save add set put create update insert remember record take",
    Verb.APPEND: "append extend",
    Verb.READ: "read get recall retrieve load view fetch",
    Verb.DELETE: "delete remove forget clear erase",
    Verb.LIST: "list keys all",
    Verb.SEARCH: "search find query",
}
_VERB_OF = {word: verb for verb, words in _VERBS.items() for word in words.split()}
_CALCULATORS = frozenset("calculator calculate calc".split())
_ANSWERS = frozenset("submit finish answer final".split())


def operation(call: Call) -> Operation:
    """What ``call`` asks for."""
    words = [word.lower() for word in _WORD.findall(call.name[:200])]
    given = call.arguments
    if _MEMORIES & set(words):
        return _memory(words, given)
    if _CALCULATORS & set(words) and isinstance(given.get("expression"), str):
        return Calculate(str(given["expression"]))
    if any(key in given for key in URLS):
        return _page(given)
    if "search" in call.name.lower():
        return _search(given)
    return _rest(words, given)


def readable(call: Call) -> bool:
    """Whether the arguments that tell what is asked for have the types that they have in any such tool.

    One of another type may be refused or converted; it is never as if it had not been given.
    """
    return all(_usual(key, value) for key, value in call.arguments.items())


def _usual(key: str, value: Json) -> bool:
    if key in LIMITS:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if key in (*QUERIES, *URLS) and isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str) if key in _WORDED else True


def _rest(words: list[str], given: Mapping[str, Json]) -> Operation:
    if {"lookup", "find"} & set(words):
        keyword = next((given[key] for key in ("keyword", "term", "pattern", "text") if key in given), None)
        if isinstance(keyword, str):
            return Lookup(keyword)
        return _search(given) if _texts(given, QUERIES) else Other()
    if _ANSWERS & set(words):
        return Answer(next((value for value in given.values() if isinstance(value, str)), ""))
    return Other()


def _search(given: Mapping[str, Json]) -> Operation:
    limit = next((given[key] for key in LIMITS if key in given), None)
    counted = isinstance(limit, int) and not isinstance(limit, bool) and limit > 0
    return Search(_texts(given, QUERIES), limit if counted and isinstance(limit, int) else None)


def _page(given: Mapping[str, Json]) -> Operation:
    urls = _texts(given, URLS)
    key = next((given[key] for key in _KEPT if key in given), None)
    if key is not None:
        return Keep(urls, key if isinstance(key, str) else "")
    goal = next((given[key] for key in GOALS if isinstance(given.get(key), str)), "")
    return Read(urls, str(goal))


def _texts(given: Mapping[str, Json], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The texts under the first of ``keys`` that is given: one, or a list of them."""
    value = next((given[key] for key in keys if key in given), None)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return ()


def _memory(words: list[str], given: Mapping[str, Json]) -> Memory:
    verb = next((_VERB_OF[word] for word in words if word in _VERB_OF), None)
    for key in ("action", "operation", "command"):
        if verb is None and isinstance(given.get(key), str):
            verb = _VERB_OF.get(str(given[key]).strip().lower())
    return Memory(verb or Verb.OTHER, _string(given, _KEYS), _string(given, (*_TEXTS, "query")))


def _string(given: Mapping[str, Json], keys: tuple[str, ...]) -> str | None:
    value = next((given[key] for key in keys if key in given), None)
    return value if isinstance(value, str) else None

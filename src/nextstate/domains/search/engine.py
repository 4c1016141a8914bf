"""The set-up's tools as a search engine: the call that searches, and what it shows as results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domain.calls import Call
from nextstate.domain.shapes import Hit, SearchEngine
from nextstate.domains.search import failures, results, values
from nextstate.domains.search.failures import Failure
from nextstate.domains.search.operations import GOALS, LIMITS, QUERIES, URLS, Read, Search, operation
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.types import Action, Json, Observation, Setup, Tool

_WHOLE = "the whole page"
"""What is wanted from a page, where a tool must be told and nobody said it."""
_TEXTS = ("content", "text", "markdown", "raw_content", "body")
"""Keys of a page's text in JSON."""


def search(setup: Setup, query: str, at_most: int | None) -> Action:
    """The call that searches for ``query``, of the first declared tool that searches."""
    for tool, given in _fitting(setup, QUERIES, query, ()):
        if isinstance(operation(Call(tool.name, given)), Search):
            return calls.render(tool.name, given | _limit(tool, at_most))
    if not setup.tools:
        return calls.render("search", {"query": query})
    raise ActionError(f"the set-up has no tool that searches; it has {_names(setup)}")


def fetch(setup: Setup, url: str, goal: str) -> Action:
    """The call that shows the page at ``url``, of the first declared tool that reads pages."""
    for tool, given in _fitting(setup, URLS, url, GOALS):
        wanted = next((key for key in GOALS if key in calls.properties(tool.input_schema)), None)
        if wanted is not None and (goal or wanted in _required(tool)):
            given = {**given, wanted: goal or _WHOLE}
        if isinstance(operation(Call(tool.name, given)), Read):
            return calls.render(tool.name, given)
    if not setup.tools:
        return calls.render("visit", {"url": url} | ({"goal": goal} if goal else {}))
    raise ActionError(f"the set-up has no tool that reads pages; it has {_names(setup)}")


def _fitting(
    setup: Setup, keys: tuple[str, ...], text: str, further: tuple[str, ...]
) -> Iterator[tuple[Tool, dict[str, Json]]]:
    """The tools that take ``text`` under one of ``keys`` and need nothing more, ``further`` aside."""
    for tool in setup.tools:
        declared = calls.properties(tool.input_schema)
        key = next((key for key in keys if key in declared), None)
        if key is not None and _required(tool) <= {key, *further}:
            alone: Json = [text] if _takes_lists_only(declared[key]) else text
            yield tool, {key: alone}


def _required(tool: Tool) -> set[str]:
    required = tool.input_schema.get("required")
    return {one for one in required if isinstance(one, str)} if isinstance(required, list) else set()


def _takes_lists_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "array"


def _limit(tool: Tool, at_most: int | None) -> dict[str, Json]:
    """The argument that bounds the results, inside what the tool's schema allows."""
    declared = calls.properties(tool.input_schema)
    key = next((key for key in LIMITS if key in declared), None)
    if key is None or at_most is None:
        return {}
    schema: Mapping[str, Any] = declared[key] if isinstance(declared[key], dict) else {}
    least, most = (value if type(value) is int else None for value in (schema.get("minimum"), schema.get("maximum")))
    bounded = max(at_most, 1 if least is None else least)
    return {key: bounded if most is None else min(bounded, most)}


def _names(setup: Setup) -> str:
    return ", ".join(repr(tool.name[:80]) for tool in setup.tools[:20])


def hits(observation: Observation) -> tuple[Hit, ...] | None:
    """The results that a search showed; none where it says that nothing was found."""
    found = results.results(observation)
    if found:
        return tuple(Hit(one.url, one.title, one.snippet) for one in found)
    return () if failures.failure(observation) is Failure.NOTHING_FOUND else None


def page(observation: Observation) -> str | None:
    """The text of a page; of JSON the longest text under a key for one."""
    if not observation.strip() or failures.failure(observation) is not None:
        return None
    value = values.parse(observation)
    if value is None:
        return observation
    texts = [one[key] for one in values.objects(value) for key in _TEXTS if isinstance(one.get(key), str)]
    return max(texts, key=len, default=observation)


ENGINE = SearchEngine(search, hits, fetch, page)

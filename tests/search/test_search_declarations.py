"""Calls against the declared tools are refused as it was seen, or not answered; never taken for what they resemble."""

from __future__ import annotations

import pytest

from nextstate.domain import Determined, Unknown, calls
from nextstate.domains.search.kernel import SearchKernel
from nextstate.domains.search.layout import Page
from nextstate.record.search import Engine, record
from nextstate.types import Json, Setup

KERNEL = SearchKernel()
PAGES = [Page("https://a.example/tarn", "Tarn", "A lighthouse on a rock.")]
OURS = record([], id="ours", pages=PAGES, notes={"tower": "built"}).setup
FOREIGN = Setup(tools=OURS.tools)
READ = ("web_extractor", {"url": "https://a.example/tarn"})

AGAINST: list[tuple[str, dict[str, Json]]] = [
    ("web_extractor_async", {"url": "https://a.example/tarn"}),
    ("memory_append_legacy", {"key": "tower", "value": "high"}),
    ("memory_append", {"key": "tower"}),
    ("memory_read", {"key": 7}),
    ("web_extractor", {}),
    ("web_search", {"query": "tarn", "max_results": "abc"}),
    ("web_search", {"q": "tarn"}),
    ("lookup", {"keyword": "rock", "zebra": "on"}),
]


def step(setup: Setup, turns: list[tuple[str, str]], action: str) -> Determined | Unknown:
    state = KERNEL.open(setup)
    for one, shown in turns:
        state = KERNEL.absorb(state, one, shown)
    return KERNEL.step(state, action)


@pytest.mark.parametrize(("name", "given"), AGAINST)
def test_our_own_tools_refuse_as_the_engine_does(name: str, given: dict[str, Json]) -> None:
    action = calls.render(name, given)
    found = step(OURS, [], action)
    assert isinstance(found, Determined)
    assert found.observation == Engine(PAGES, notes={"tower": "built"}).call(action)


@pytest.mark.parametrize(("name", "given"), AGAINST)
def test_the_tools_of_others_are_not_answered_for(name: str, given: dict[str, Json]) -> None:
    good = calls.render(*READ)
    found = step(FOREIGN, [(good, "A page.")], calls.render(name, given))
    assert isinstance(found, Unknown)
    assert found.reason in ("a tool that is not declared is called", "the arguments break the declared schema")
    assert step(FOREIGN, [(good, "A page.")], good) != found


def test_a_refusal_that_was_shown_is_shown_for_the_next_undeclared_tool() -> None:
    seen = [(calls.render("memory_read_v9", {"key": "tower"}), "Error: Unknown tool: memory_read_v9")]
    found = step(FOREIGN, seen, calls.render("lookup_async", {"keyword": "rock"}))
    assert isinstance(found, Determined)
    assert found.observation == "Error: Unknown tool: lookup_async"


def test_a_refusal_in_other_words_leaves_the_memory_as_it_was() -> None:
    seen = [
        (calls.render("memory_append_legacy", {"key": "tower", "value": "high"}), "Unknown tool memory_append_legacy!")
    ]
    found = step(OURS, seen, calls.render("memory_read", {"key": "tower"}))
    assert isinstance(found, Determined)
    assert found.observation == "built"
    refused = step(OURS, seen, calls.render("lookup_async", {"keyword": "rock"}))
    assert isinstance(refused, Determined)
    assert refused.observation == "Unknown tool lookup_async!"
    assert isinstance(step(OURS, seen, calls.render("memory_read", {})), Unknown)


def test_values_of_unusual_types_are_not_ignored_without_a_schema() -> None:
    bare = Setup(facts=OURS.facts)
    for given in ({"query": "tarn", "max_results": "abc"}, {"query": 7}, {"query": ["tarn", 7]}):
        assert isinstance(step(bare, [], calls.render("web_search", dict(given))), Unknown)
    assert isinstance(step(bare, [], calls.render("web_search", {"query": "tarn", "max_results": 1})), Determined)

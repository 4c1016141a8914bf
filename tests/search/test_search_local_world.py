"""A world of known pages is ranked, shown and looked up exactly as the recorded engine does it; so is its memory."""

from __future__ import annotations

import json

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nextstate.domain import Determined, calls
from nextstate.domains.search import index, layout
from nextstate.domains.search.kernel import SearchKernel
from nextstate.domains.search.layout import Page
from nextstate.record.search import Engine, record
from nextstate.types import Json, Setup, Trajectory

KERNEL = SearchKernel()
WORDS = ("tarn", "light", "Wool", "ferry", "the", "of", "brask", "1874", "haldo's", "e\u0301", "\u00c4rm")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
PAGES = st.lists(st.tuples(TEXTS, TEXTS), max_size=8).map(
    lambda rows: [Page(f"https://p{k}.example/", title or "untitled", text) for k, (title, text) in enumerate(rows)]
)
KEYS = st.sampled_from(("todo", "x", "it's", ""))


def call(name: str, **arguments: st.SearchStrategy[Json]) -> st.SearchStrategy[str]:
    return st.fixed_dictionaries(arguments).map(lambda given: calls.render(name, given))


URLS = st.sampled_from(("https://p0.example/", "https://p1.example/#top", "https://p9.example/", "p"))
CALLS = st.one_of(
    call("web_search", query=TEXTS | st.lists(TEXTS, max_size=3), max_results=st.integers(0, 11)),
    call("web_extractor", url=URLS | st.lists(URLS, max_size=2)),
    call("lookup", keyword=st.sampled_from(("tarn", "Light", "the", " "))),
    call("memory_write", key=KEYS, value=TEXTS),
    call("memory_append", key=KEYS, value=TEXTS),
    call("memory_read", key=KEYS),
    call("memory_delete", key=KEYS),
    call("memory_search", query=TEXTS),
    call("memory_list"),
)


def wrong(recorded: Trajectory) -> list[tuple[str, str, object]]:
    """The turns that the kernel does not compute exactly."""
    found, state = [], KERNEL.open(recorded.setup)
    for turn in recorded.turns:
        step = KERNEL.step(state, turn.action)
        if not isinstance(step, Determined) or step.observation != turn.observation:
            found.append((turn.action, turn.observation, step))
        state = KERNEL.absorb(state, turn.action, turn.observation)
    return found


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(PAGES, st.lists(CALLS, min_size=1, max_size=12))
def test_every_turn_of_the_engine_is_computed_to_the_letter(pages: list[Page], actions: list[str]) -> None:
    assert wrong(record(actions, id="x", pages=pages, notes={"x": "old"})) == []


@settings(max_examples=40, deadline=None)
@given(PAGES, TEXTS)
def test_pages_rank_as_in_sqlite(pages: list[Page], query: str) -> None:
    engine = Engine(pages, results=10)
    shown = engine.call(calls.render("web_search", {"query": query or "x"}))
    hits = index.ranked(index.build(pages), query or "x", 10)
    assert shown == layout.found((query or "x").strip(), hits, layout.words_of(query or "x"))


def world(**facts: Json) -> Setup:
    return Setup(facts=facts)


def shown(setup: Setup, name: str, **arguments: Json) -> str | None:
    found = KERNEL.step(KERNEL.open(setup), calls.render(name, arguments))
    return found.observation if isinstance(found, Determined) else None


PAGE: dict[str, Json] = {"https://a.example/": {"title": "A", "text": "Alpha one. Beta two."}}


def test_without_complete_an_unknown_page_is_unknown_and_a_search_as_well() -> None:
    setup = world(pages=PAGE, index={"ranking": "bm25"})
    assert shown(setup, "web_search", query="alpha") is None
    assert shown(setup, "visit", url="https://b.example/") is None
    assert shown(setup, "visit", url="https://a.example/") == "# A\nhttps://a.example/\n\nAlpha one. Beta two."


def test_a_ranking_that_is_not_known_is_not_computed() -> None:
    assert shown(world(pages=PAGE, complete=True, index={"ranking": "magic"}), "web_search", query="alpha") is None
    assert shown(world(pages=PAGE, complete=True), "web_search", query="alpha") is None
    assert shown(world(pages=PAGE, complete=True), "visit", url="https://b.example/") == layout.missing(
        "https://b.example/"
    )


def test_a_batch_with_one_unknown_page_asks_for_that_page() -> None:
    action = calls.render("visit", {"url": ["https://a.example/", "https://b.example/"]})
    state = KERNEL.open(world(pages=PAGE))
    found = KERNEL.step(state, action)
    assert getattr(found, "ask", None) == calls.render("visit", {"url": ["https://b.example/"]})
    done = KERNEL.step(state, action, ("# B",))
    assert isinstance(done, Determined)
    assert done.observation.endswith("Beta two.\n=======\n# B")


def test_a_world_that_an_observation_contradicts_is_trusted_no_more() -> None:
    action = calls.render("web_search", {"query": "alpha"})
    state = KERNEL.open(world(pages=PAGE, complete=True, index={"ranking": "bm25"}))
    state = KERNEL.absorb(state, action, "1. [Something else](https://c.example)")
    assert not isinstance(KERNEL.step(state, calls.render("web_search", {"query": "beta"})), Determined)
    assert isinstance(KERNEL.step(state, calls.render("visit", {"url": "https://a.example/"})), Determined)


def test_a_failure_in_passing_does_not_contradict_the_world() -> None:
    action = calls.render("web_search", {"query": "alpha"})
    state = KERNEL.open(world(pages=PAGE, complete=True, index={"ranking": "bm25"}))
    state = KERNEL.absorb(state, action, "Error: 503 Service Unavailable")
    assert isinstance(KERNEL.step(state, action), Determined)


def test_facts_of_another_form_are_left_out() -> None:
    for facts in (
        {"pages": [1], "memory": "x"},
        {"pages": {"u": 1}, "complete": "yes", "index": 5},
        {"memory": {"k": 1}},
    ):
        state = KERNEL.open(world(**json.loads(json.dumps(facts))))
        assert dict(state.world.pages) == {}
        assert state.world.complete is False


def test_the_memory_tool_may_be_one_tool_with_an_action() -> None:
    setup = world(memory={"a": "one"})
    assert shown(setup, "memory", action="read", key="a") == "one"
    assert shown(setup, "memory", action="list") == "- a"
    assert shown(setup, "memory", action="write", key="b") == "Error: 'value' is missing."
    assert shown(setup, "memory", action="rotate", key="b") is None

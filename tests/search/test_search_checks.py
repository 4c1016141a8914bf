"""Each check holds where its rule is kept, fails where it is certainly broken, and is silent where it cannot tell."""

from __future__ import annotations

import pytest

from nextstate.domain import calls
from nextstate.domains.search.checks import CHECKS
from nextstate.types import Json, Query, Setup, Tool, Turn


def do(name: str, **arguments: Json) -> str:
    return calls.render(name, arguments)


def query(action: str, *history: tuple[str, str], setup: Setup | None = None) -> Query:
    return Query("search", setup or Setup(), tuple(Turn(*one) for one in history), action)


def listed(text: str, *links: str, count: int | None = None) -> str:
    items = (f"{k}. [Title]({link})\nCutting." for k, link in enumerate(links, 1))
    head = f"A search for '{text}' found {len(links) if count is None else count} results:"
    return "\n\n".join((head, *items))


A, B = "https://a.example", "https://b.example"
X = do("search", query="x")
SCHEMA: dict[str, Json] = {"type": "object", "required": ["hits"], "properties": {"hits": {"type": "array"}}}
TYPED = Setup(tools=(Tool("search", "", {}, SCHEMA),))
JSON_BEFORE = (do("search", query="y"), '[{"url": "https://a.example", "title": "A"}]')
READ_BEFORE = (do("visit", url=A, goal="find"), "For the goal find: nothing.")
WROTE = (do("memory_write", key="k", value="v w"), "Stored.")
READ = do("memory_read", key="k")

CASES: tuple[tuple[str, Query, str, bool | None], ...] = (
    ("well_formed", query(X, JSON_BEFORE), '[{"url": "https://b.example", "title": "B"}]', True),
    ("well_formed", query(X, JSON_BEFORE), "1. [B](https://b.example)", False),
    ("well_formed", query(X, JSON_BEFORE), "Error: timed out", None),
    ("well_formed", query(X), "anything", None),
    ("well_formed", query(X, setup=TYPED), '{"hits": [1]}', True),
    ("well_formed", query(X, setup=TYPED), '{"hits": 1, "more": 2}', False),
    ("well_formed", query(X, setup=TYPED), "some words that are no JSON", False),
    ("well_formed", query(X, setup=TYPED), '{"hits": ["a\ttab"]}', True),
    ("no_more_than_asked", query(do("search", query="x", max_results=1)), listed("x", A), True),
    ("well_formed", query(X, setup=TYPED), '{"hits": ["a\ttab"]}', True),
    ("no_more_than_asked", query(do("search", query="x", max_results=1)), listed("x", A, B), False),
    ("no_more_than_asked", query(X), listed("x", A, B), None),
    ("headers_tell_the_truth", query(X), listed("x", A, B), True),
    ("headers_tell_the_truth", query(X), listed("x", A, B, count=3), False),
    ("headers_tell_the_truth", query(X), "A snippet.", None),
    ("queries_have_their_blocks", query(X), listed("x", A), True),
    ("queries_have_their_blocks", query(X), listed("y", A), False),
    ("queries_have_their_blocks", query(do("search", query=["x", "y"])), listed("x", A), False),
    (
        "queries_have_their_blocks",
        query(do("search", query=["x", "y"])),
        f"{listed('x', A)}\n=======\n{listed('y', B)}",
        True,
    ),
    ("queries_have_their_blocks", query(X), "A snippet.", None),
    ("addresses_are_addresses", query(X), listed("x", A), True),
    ("addresses_are_addresses", query(X), listed("x", "example-url"), False),
    ("addresses_are_addresses", query(X), "A snippet.", None),
    ("shown_again", query(X, (X, "one")), "one ", True),
    ("shown_again", query(X, (X, "one")), "two", False),
    ("shown_again", query(X, (X, "Error: timed out")), "two", None),
    ("shown_again", query(X, (X, "one")), "Error: timed out", None),
    ("shown_again", query(READ_BEFORE[0], READ_BEFORE), "For the goal find: a little.", None),
    ("lookup_has_its_word", query(do("lookup", keyword="Tarn")), "(Result 1 / 2) On tarn.", True),
    ("lookup_has_its_word", query(do("lookup", keyword="Tarn")), "(Result 3 / 2) On tarn.", False),
    ("lookup_has_its_word", query(do("lookup", keyword="Tarn")), "(Result 1 / 2) On Sule.", False),
    ("lookup_has_its_word", query(do("lookup", keyword="Tarn")), "No more results.", None),
    ("memory_keeps", query(READ, WROTE), '{"k": "v w"}', True),
    ("memory_keeps", query(READ, WROTE), "something else", False),
    ("memory_keeps", query(READ, WROTE, (do("memory_delete", key="k"), "Gone.")), "Error: no entry", None),
    ("memory_keeps", query(READ, (WROTE[0], "Error: full")), "Error: no entry", None),
    ("no_reply_tags", query(X), "words", True),
    ("no_reply_tags", query(X), "<predicted_observation>", False),
    ("no_reply_tags", query(do("search", query="<predicted_observation>")), "<predicted_observation>", None),
)


@pytest.mark.parametrize(
    ("name", "asked", "shown", "holds"), CASES, ids=[f"{one[0]}-{k}" for k, one in enumerate(CASES)]
)
def test_a_check_says_what_is_certain(name: str, asked: Query, shown: str, holds: bool | None) -> None:
    assert CHECKS[name](asked, shown) is holds


def test_every_check_has_a_case_that_holds_and_one_that_fails() -> None:
    for name in CHECKS:
        assert {holds for one, _, _, holds in CASES if one == name} >= {True, False}


def test_no_check_raises_on_what_is_no_call() -> None:
    assert {one(query("search[x]", ("nonsense", "y")), "z") for one in CHECKS.values()} == {None, True}

"""What a call asks for is recognised from name and arguments, and what failed from the text."""

from __future__ import annotations

import pytest

from nextstate.domain.calls import Call
from nextstate.domains.search import arithmetic, failures, layout, results, templates, values
from nextstate.domains.search.failures import Failure
from nextstate.domains.search.operations import (
    Answer,
    Calculate,
    Keep,
    Lookup,
    Memory,
    Operation,
    Other,
    Read,
    Search,
    Verb,
    operation,
)

ASKED: tuple[tuple[str, dict[str, object], Operation], ...] = (
    ("search", {"query": "tarn"}, Search(("tarn",))),
    ("google_search", {"q": "tarn", "num": 3}, Search(("tarn",), at_most=3)),
    ("webSearch", {"queries": ["a", "b"]}, Search(("a", "b"))),
    ("search-the-web", {"query": "tarn", "max_results": True}, Search(("tarn",))),
    ("filing_search", {"ticker": "ORR"}, Search(())),
    ("lookup", {"query": "tarn"}, Search(("tarn",))),
    ("lookup", {"keyword": "lens"}, Lookup("lens")),
    ("visit", {"url": ["https://a.example"], "goal": "x"}, Read(("https://a.example",), "x")),
    ("browse", {"url": "https://a.example"}, Read(("https://a.example",))),
    ("parse_page", {"url": "https://a.example", "key": "k"}, Keep(("https://a.example",), "k")),
    ("memory_write", {"key": "k", "value": "v"}, Memory(Verb.WRITE, "k", "v")),
    ("memory", {"action": "append", "name": "k", "content": "v"}, Memory(Verb.APPEND, "k", "v")),
    ("getNote", {"title": "k"}, Memory(Verb.READ, "k")),
    ("forget_memory", {"id": "k"}, Memory(Verb.DELETE, "k")),
    ("list_notes", {}, Memory(Verb.LIST)),
    ("search_memory", {"query": "v"}, Memory(Verb.SEARCH, None, "v")),
    ("memory", {"action": "defragment"}, Memory(Verb.OTHER)),
    ("calculator", {"expression": "1+1"}, Calculate("1+1")),
    ("submit_final_result", {"final_result": "42"}, Answer("42")),
    ("weather", {"place": "Brask"}, Other()),
)


@pytest.mark.parametrize(("name", "arguments", "asked"), ASKED, ids=[f"{one[0]}-{k}" for k, one in enumerate(ASKED)])
def test_an_operation_is_recognised(name: str, arguments: dict[str, object], asked: Operation) -> None:
    assert operation(Call(name, arguments)) == asked  # type: ignore[arg-type]


FAILED: tuple[tuple[str, Failure | None], ...] = (
    ("Error: 404 Not Found: https://a.example/timeout-captcha", Failure.MISSING),
    ("403 Forbidden", Failure.MISSING),
    ("Failed to fetch https://a.example: request timed out", Failure.PASSING),
    ("Error: 429 Too Many Requests", Failure.PASSING),
    ("Just a moment... Checking your browser before accessing a.example", Failure.PASSING),
    ('{"url": "https://a.example", "content": "upstream connect error or reset"}', Failure.PASSING),
    ("No results found for 'qwxz'.", Failure.NOTHING_FOUND),
    ("A search for 'qwxz' found 0 results:", Failure.NOTHING_FOUND),
    ("None", Failure.NOTHING_FOUND),
    ('{"results": "[]"}', Failure.NOTHING_FOUND),
    ("[]", Failure.NOTHING_FOUND),
    ("Could not find [Tarnby]. Similar: ['Tarn', 'Tarnby Light']", Failure.MISSING),
    ("('click', 'x') generated an exception: Unknown tool name: click", Failure.ERROR),
    ('{"error": "quota exceeded"}', Failure.PASSING),
    ('{"status": 404, "message": "x"}', Failure.MISSING),
    ('{"success": false}', Failure.ERROR),
    ("500 species", None),
    ("The error of the compass is two degrees. Not found on any chart is the rock 404.", None),
    ("No one knows who built the circles.", None),
    ("... 500 Greatest Harbours; number 404 on the list; time out of mind", None),
    ('{"results": [{"title": "Errors", "url": "https://a.example", "content": "not found"}]}', None),
    ('{"error": null, "results": ["x"]}', None),
)


@pytest.mark.parametrize(("text", "how"), FAILED, ids=[text[:30] for text, _ in FAILED])
def test_a_failure_is_told_from_a_find(text: str, how: Failure | None) -> None:
    assert failures.failure(text) is how


def test_a_long_page_about_failures_did_not_fail() -> None:
    assert failures.failure("Sound Herald. " + "The request timed out, access denied, captcha. " * 100) is None


def test_results_are_read_from_numbered_links_and_from_json() -> None:
    text = "A search for 'x' found 2 results:\n\n1. [T (a)](https://a.example/b_(c))\none\ntwo\n\n2. [U](https://u.example)\n"
    first, second = results.results(text)
    assert (first.title, first.url, first.snippet, first.number) == ("T (a)", "https://a.example/b_(c)", "one two", 1)
    assert (second.title, second.number) == ("U", 2)
    packed = '{"results": "[{\\"url\\": \\"https://a.example\\", \\"title\\": \\"T\\", \\"content\\": \\"c\\"}]"}'
    assert results.results(packed) == (results.Result("https://a.example", "T", "c"),)


def test_a_batch_is_cut_only_into_as_many_blocks_as_were_asked_for() -> None:
    assert results.blocks("a\n=======\nb", 2) == (("a", "b"), "\n=======\n")
    assert results.blocks("a\n=======\nb", 3) is None
    assert results.blocks("a\n=======\nb\n---\nc", 3) is None, "two ways to join are none"


def test_json_in_strings_of_json_is_unpacked() -> None:
    assert values.parse('{"a": "[1, \\"{}\\"]", "b": "[no"}') == {"a": [1, {}], "b": "[no"}
    assert values.parse("plain") is None
    assert values.parse('{"a": NaN}') is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(3/2)**2-1", 1.25),
        ("7//2 + 7%2", 4),
        ("sqrt(16)+max(1,2)", 6.0),
        ("2**1000000", None),
        ("9**9**9", None),
        ("1/0", None),
        ("(-8)**0.5", None),
        ("__import__('os')", None),
        ("1if 2else 3", None),
        ("abs", None),
        ("", None),
        ("(" * 900, None),
    ],
)
def test_arithmetic_is_computed_and_nothing_else_is(expression: str, value: float | None) -> None:
    assert arithmetic.value(expression) == value


def test_a_wording_is_learned_and_filled_with_other_texts() -> None:
    found = templates.learn("Saved 'ferry' (new).", {"key": "ferry", "value": "07:10"})
    assert found is not None
    assert found.fill({"key": "reeve", "value": "x"}) == "Saved 'reeve' (new)."


def test_a_wording_with_a_number_of_its_own_is_not_learned() -> None:
    assert templates.learn("Saved 'ferry', entry 3.", {"key": "ferry"}) is None
    assert templates.learn("Saved 'a note'.", {"key": "a"}) is None, "a key that may be any word"
    assert templates.learn("The value is 12.5", {"value": "12"}, must="value") is None, "a part of a longer number"


def test_escapes_that_were_not_seen_are_not_guessed() -> None:
    found = templates.learn('{"note": "plain words"}', {"value": "plain words"}, must="value")
    assert found is not None
    assert found.fill({"value": "other words"}) == '{"note": "other words"}'
    assert found.fill({"value": 'a "quote"'}) is None


def test_sentences_are_cut_at_stops_and_line_ends() -> None:
    assert layout.sentences("One. Two at 7.30! Three\n\nFour") == ["One.", "Two at 7.30!", "Three", "Four"]

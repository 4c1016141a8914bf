"""The recorded engine finds, reads and remembers, its failures are told, and the golden examples are what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nextstate.data import store
from nextstate.domain import calls, find
from nextstate.domains.search import failures
from nextstate.errors import ActionError, DataError, UsageError
from nextstate.record import search_examples
from nextstate.record.search import Engine, record
from nextstate.record.search_pages import PAGES, read_pages

if TYPE_CHECKING:
    from nextstate.types import Json

ENGINE = Engine(read_pages(PAGES))


def show(name: str, **arguments: Json) -> str:
    return ENGINE.call(calls.render(name, arguments))


def test_the_golden_examples_are_what_the_engine_shows_today(tmp_path: Path) -> None:
    search_examples.main(["--out", str(tmp_path / "examples.jsonl")])
    recorded = list(store.read(tmp_path / "examples.jsonl"))
    assert [one.turns for one in recorded] == [one.turns for one in find("search").examples()]


def test_the_golden_examples_fail_now_and_then_and_are_small() -> None:
    turns = [turn for one in search_examples.golden() for turn in one.turns]
    assert 10 <= sum(failures.failure(turn.observation) is not None for turn in turns) < len(turns) / 2
    assert sum(len(turn.observation) for turn in turns) < 50_000


def test_a_word_of_one_page_finds_that_page_first() -> None:
    assert "1. [The wool market of Brask](https://orrin.example/wool)" in show("web_search", query="Velling fleece")
    assert show("web_search", query="zeppelin") == "No results found for 'zeppelin'."


def test_words_that_mean_something_in_a_query_language_are_words() -> None:
    for text in ('"', "a AND NOT", "NEAR(x y)", "title: x*", "'; DROP TABLE page; --"):
        assert not show("web_search", query=text).startswith("Error")
    assert "lighthouse" in show("web_search", query="lighthouse")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("web_search", {}),
        ("web_search", {"query": ""}),
        ("web_search", {"query": ["x"] * 11}),
        ("web_search", {"query": "x", "max_results": 0}),
        ("web_extractor", {"url": "no address"}),
        ("web_extractor", {"url": "https://orrin.example/nowhere"}),
        ("memory_read", {"key": "never"}),
        ("memory_write", {"key": "", "value": "x"}),
        ("web_click", {"id": 1}),
    ],
)
def test_a_call_that_cannot_succeed_shows_an_error(name: str, arguments: dict[str, Json]) -> None:
    assert show(name, **arguments).startswith("Error: ")


def test_what_is_no_call_is_no_action() -> None:
    with pytest.raises(ActionError):
        record(["search[x]"], id="x")


def test_pages_are_read_from_a_folder_of_html_and_text(tmp_path: Path) -> None:
    html = "<head><title>A &amp; B</title><style>p {}</style></head><body><p>One<b>two</b></p><script>x()</script>"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_text(html + "<ul><li>three</ul></body>", "utf-8")
    (tmp_path / "b.md").write_text("# Heading\n\nText.", "utf-8")
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    heading, page = read_pages(tmp_path, "https://x.example/")
    assert (heading.url, heading.title, heading.text) == ("https://x.example/b.md", "Heading", "Text.")
    assert (page.url, page.title) == ("https://x.example/sub/a.html", "A & B")
    assert page.text.split() == ["One", "two", "three"]


def test_pages_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a folder"):
        read_pages(tmp_path / "nowhere")
    (tmp_path / "broken.jsonl").write_text(json.dumps({"url": "u"}) + "\n", "utf-8")
    with pytest.raises(DataError, match=r"broken\.jsonl:1: a page needs"):
        read_pages(tmp_path / "broken.jsonl")


def test_a_set_up_tells_only_what_it_is_to_tell() -> None:
    action = calls.render("memory_list", {})
    assert set(record([action], id="x").setup.facts) == {"pages", "complete", "index", "memory"}
    nothing = record([action], id="x", known=(), notes={"secret": "word"})
    assert dict(nothing.setup.facts) == {}
    assert "secret" not in nothing.setup.initial_state
    assert nothing.turns[0].observation == "- secret"

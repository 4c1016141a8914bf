from __future__ import annotations

import math
import time
from collections import Counter
from html.parser import HTMLParser
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import picture
from nextstate.domain.picture import Box, page, visible

HOSTILE = (
    "<script>window.ran = true</script>",
    '"><img src=x onerror="window.ran = true">',
    "</div></body><iframe srcdoc='<script>parent.ran = 1</script>'>",
    "' style='position:fixed",
    "</title><script>window.ran = true</script>",
    "</style><script>window.ran = true</script>",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "<!-- <svg onload=window.ran=1> -->",
    "javascript:window.ran=true",
)
OURS = {"html", "head", "meta", "title", "style", "body", "h1", "div", "span", "ul", "li", "p"}


class Reader(HTMLParser):
    """Counts the elements of a page and collects the texts of those of one class."""

    def __init__(self, kind: str = "text") -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.texts: list[str] = []
        self.notes: list[str] = []
        self._kind, self._into = kind, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self._into = dict(attrs).get("class") or ""
        if self._into == self._kind:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._into = ""

    def handle_data(self, data: str) -> None:
        if self._into == self._kind:
            self.texts[-1] += data
        if self._into == "note":
            self.notes.append(data)


def read(html: str, kind: str = "text") -> Reader:
    reader = Reader(kind)
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_any_text_never_becomes_an_element(text: str) -> None:
    for bounds in (None, (0.0, 0.0, 10.0, 10.0)):
        found = read(page(text, [Box(text, text, (text,), bounds, 0, text)]))
        assert set(found.tags) <= OURS
        assert set(found.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class", "style", "title"}
        assert found.texts == [text]


@given(st.lists(st.text(max_size=40), max_size=5))
def test_what_a_page_shows_is_the_visible_form_of_every_text(texts: list[str]) -> None:
    found = read(page("screen", [Box("kind", text) for text in texts]))
    assert found.texts == [visible(text) for text in texts]
    assert found.tags["li"] == len(texts)


@given(st.text())
def test_the_visible_form_can_be_written_and_hides_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert len(shown) >= len(text)
    assert not set(shown) & set("\x00\x07\r\n\u202e\u2028\ud800")


def test_control_characters_are_shown_by_signs() -> None:
    assert visible("a\nb\x1b\x7f") == "a\u240ab\u241b\u2421"
    assert visible("\u202eevil\ud800\x85") == "\u27e8U+202E\u27e9evil\u27e8U+D800\u27e9\u27e8U+0085\u27e9"
    assert visible("family \U0001f468\u200d\U0001f469 fine") == "family \U0001f468\u200d\U0001f469 fine"


def test_boxes_with_positions_are_drawn_to_scale_and_the_others_are_listed() -> None:
    html = page("s", [Box("Window", "whole", (), (0, 0, 200, 100)), Box("Button", "half", (), (100, 50, 200, 100))])
    assert 'style="left:50.0000%;top:50.0000%;width:50.0000%;height:50.0000%"' in html
    assert 'style="width:1000px;aspect-ratio:1000/500"' in html
    assert "<ul" not in html
    listed = page("s", [Box("Window", "outer"), Box("Button", "inner", ("checked",), None, 2)])
    assert 'style="margin-left:2.4em"' in listed
    assert 'class="screen"' not in listed


@pytest.mark.parametrize(
    "bounds",
    [
        (math.nan, 0, 1, 1),
        (0, 0, math.inf, 1),
        (0, 0, 1e300, 1e300),
        (5, 5, 1, 1),
        (3, 3, 3, 9),
        (-20, -20, -10, -10),
    ],
)
def test_boxes_that_cannot_be_drawn_are_listed(bounds: picture.Bounds) -> None:
    found = page("s", [Box("Button", "odd", (), bounds), Box("Button", "even", (), (0, 0, 10, 10))])
    assert read(found).texts == ["even", "odd"]
    assert "nan" not in found
    assert "inf" not in found.replace("info", "")


def test_numbers_of_any_size_and_sign_take_bounded_time() -> None:
    values = (-1e308, -5.0, 0.0, 1e-300, 7.0, 99_999.0, 1e308, math.nan, -math.inf)
    corners = [(a, b, c, d) for a in values for b in values for c in values[::2] for d in values[::3]]
    html = page("s", [Box("b", "t", (), one, -5 + i) for i, one in enumerate(corners)])
    assert read(html).texts == ["t"] * len(corners)


def test_of_a_million_boxes_the_first_are_shown_and_the_rest_is_counted() -> None:
    started = time.perf_counter()
    html = page("s", repeat(Box("b", "x" * 10_000, ("y" * 500,) * 50, (0, 1, 10, 9), 1), 1_000_000))
    assert time.perf_counter() - started < 5
    assert len(html) < 6_000_000
    found = read(html)
    assert len(found.texts) == picture.MAX_BOXES
    assert found.notes == ["996,000 further elements are left out; the first 4,000 are shown."]
    assert found.texts[0].endswith("\u2026 (9,600 characters more)")


def test_an_empty_screen_says_so() -> None:
    assert read(page("nothing", [])).notes == ["There is nothing on this screen."]


def test_only_known_states_become_styles() -> None:
    html = page("s", [Box("b", "t", ("focused", "x onclick=1"))])
    assert '<li class="box focused"' in html


def test_the_policy_of_the_page_allows_no_script_and_no_resource() -> None:
    html = page("s", [Box("b")])
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in html
    assert not set(read(html).tags) & {"script", "link", "img", "iframe", "object", "svg", "base", "form"}

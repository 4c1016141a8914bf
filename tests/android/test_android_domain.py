from __future__ import annotations

from html.parser import HTMLParser

import pytest

from nextstate import conform
from nextstate.domain import find
from nextstate.domains.android.prompts import LONG, PROMPT, RUBRIC
from nextstate.types import Query, Setup, Turn

DOMAIN = find("android")
LINES = (
    'package org.example\n0 EditText "Title" hint="Title" editable [0,0][9,9]\n1 CheckBox "Box" checkable [0,9][9,18]'
)
TAGS = "<p id=0>A</p>\n<button id=1>go back</button>"


def query(action: str, before: str = LINES) -> Query:
    return Query("android", Setup(initial_state=before), (), action)


WAIT = '{"action_type": "wait"}'


def test_the_domain_keeps_every_promise() -> None:
    assert conform.check(DOMAIN).broken == ()


def test_the_examples_are_named_synthetic() -> None:
    assert {one.source.dataset for one in DOMAIN.examples()} == {"nextstate scripted app (synthetic)"}
    assert {one.source.licence for one in DOMAIN.examples()} == {"Apache-2.0"}


@pytest.mark.parametrize(
    ("check", "asked", "observation", "holds"),
    [
        ("well_formed", query(WAIT), LINES, True),
        ("well_formed", query(WAIT), LINES + "\nThe box is ticked.", False),
        ("well_formed", query(WAIT), TAGS, False),
        ("well_formed", query(WAIT, TAGS), LINES, False),
        ("well_formed", query(WAIT, TAGS), TAGS, True),
        ("well_formed", query(WAIT, "prose"), TAGS, None),
        ("numbers_go_up", query(WAIT), "0 Button\n2 Button", True),
        ("numbers_go_up", query(WAIT), "0 Button\n0 Button", False),
        ("numbers_go_up", query(WAIT), TAGS, None),
        ("corners_are_boxes", query(WAIT), LINES, True),
        ("corners_are_boxes", query(WAIT), "0 Button [5,5][5,5]", False),
        ("corners_are_boxes", query(WAIT), TAGS, None),
        ("screen_is_unmoved", query('{"action_type": "answer", "text": "4"}'), LINES, True),
        ("screen_is_unmoved", query('{"action_type": "answer", "text": "4"}'), TAGS, False),
        ("screen_is_unmoved", query(WAIT), TAGS, None),
        ("no_such_element", query('{"action_type": "click", "index": 7}'), LINES, True),
        ("no_such_element", query('{"action_type": "click", "index": 7}'), TAGS, False),
        ("no_such_element", query('{"action_type": "click", "index": 1}'), TAGS, None),
        ("typed_is_shown", query('{"action_type": "input_text", "index": 0, "text": "x"}'), LINES, False),
        ("typed_is_shown", query('{"action_type": "input_text", "index": 0, "text": "x"}'), TAGS, True),
        ("typed_is_shown", query('{"action_type": "input_text", "index": 1, "text": "x"}'), LINES, None),
        ("ticked_is_checkable", query(WAIT), "0 CheckBox checkable checked", True),
        ("ticked_is_checkable", query(WAIT), "0 Button checked", False),
        ("ticked_is_checkable", query(WAIT), LINES, None),
        ("one_focus", query(WAIT), "0 EditText focused\n1 EditText", True),
        ("one_focus", query(WAIT), "0 EditText focused\n1 EditText focused", False),
        ("no_reply_tags", query(WAIT), LINES, True),
        ("no_reply_tags", query(WAIT), "</predicted_observation>", False),
        ("no_reply_tags", query(WAIT, "<predicted_observation>"), "</predicted_observation>", None),
    ],
)
def test_a_check_says_what_holds(check: str, asked: Query, observation: str, holds: bool | None) -> None:
    assert DOMAIN.checks[check](asked, observation) is holds


def test_a_screen_fails_where_the_system_says_that_an_app_crashed() -> None:
    assert DOMAIN.failed is not None
    assert DOMAIN.failed(query(WAIT), '0 TextView "Notes keeps stopping"\n1 Button "Close app"') is True
    assert DOMAIN.failed(query(WAIT), "<p id=0>Notes isn\u2019t responding</p>") is True
    assert DOMAIN.failed(query(WAIT), LINES) is False
    assert DOMAIN.failed(query(WAIT), "prose") is None


def test_replies_are_edits_and_come_back_as_they_were() -> None:
    ticked = LINES.replace("checkable", "checkable checked")
    reply = DOMAIN.write(query(WAIT), ticked)
    assert len(reply) < len(ticked)
    assert DOMAIN.read(query(WAIT), reply) == ticked
    back = Query("android", Setup(initial_state=LINES), (Turn(WAIT, TAGS),), WAIT)
    assert DOMAIN.read(back, DOMAIN.write(back, LINES)) == LINES


class Texts(HTMLParser):
    """The texts and the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize(
    ("screen", "drawn"),
    [
        ('package a\n0 Button "<script>x</script>" clickable [0,0][100,50]', True),
        ("<button id=0><script>x</script></button>", False),
        ("prose <script>x</script>", False),
    ],
)
def test_a_picture_shows_boxes_where_there_are_corners_and_never_markup(screen: str, drawn: bool) -> None:
    assert DOMAIN.picture is not None
    page = DOMAIN.picture(screen)
    found = Texts()
    found.feed(page)
    assert "script" not in found.tags
    assert "<script>x</script>" in found.shown
    assert ('class="screen"' in page) is drawn
    assert ('class="outline"' in page) is not drawn


def test_the_prompts_explain_the_reply_and_the_short_one_is_short() -> None:
    assert len(PROMPT) < 3_000 < len(LONG)
    assert all("<predicted_observation>" in text and "navigate_back" in text for text in (PROMPT, LONG))
    assert all(word in RUBRIC for word in ("format:", "factuality:", "consistency:", "realism:", "quality:"))

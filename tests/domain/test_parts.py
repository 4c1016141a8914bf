"""The small parts that several domains are made of: a check, prompts, bounded JSON, the screen before an action."""

from __future__ import annotations

import json

import pytest

from nextstate.domain import TAG, calls, last_screen, picture, prompts, strict_json
from nextstate.domain.checks import no_reply_tags
from nextstate.types import Query, Setup, Turn

TAGGED = f"<{TAG}>"


@pytest.mark.parametrize(
    "query",
    [
        Query("a", Setup(), (), f"cat {TAGGED}"),
        Query("a", Setup(initial_state=TAGGED), (), "ls"),
        Query("a", Setup(demonstrations=(Turn("ls", TAGGED),)), (), "ls"),
        Query("a", Setup(), (Turn(TAGGED, ""),), "ls"),
        Query("a", Setup(), (Turn("ls", TAGGED),), "ls"),
    ],
    ids=["action", "set-up", "demonstration", "earlier action", "earlier observation"],
)
def test_tags_of_the_reply_format_may_come_from_wherever_they_were_before(query: Query) -> None:
    assert no_reply_tags(query, TAGGED) is None


def test_tags_of_the_reply_format_that_come_from_nowhere_are_wrong() -> None:
    query = Query("a", Setup(initial_state="a"), (Turn("b", "c"),), "ls")
    assert no_reply_tags(query, f"x\n</{TAG}>") is False
    assert no_reply_tags(query, "x\n") is True


def test_the_guide_stands_behind_both_prompts_and_not_behind_the_rubric() -> None:
    package = "nextstate.domains.android"
    short, long, rubric = prompts.read(package, "# How\n")
    plain = prompts.read(package)
    assert short == plain[0].rstrip("\n") + "\n\n# How\n"
    assert long == plain[1].rstrip("\n") + "\n\n# How\n"
    assert rubric == plain[2]


def test_what_is_no_call_is_none_where_nobody_asks_why() -> None:
    assert calls.call_of('{"name": "a"}') == calls.Call("a", {})
    assert calls.call_of("a()") is None


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "1e999", '{"a": -1e999}'])
def test_numbers_that_json_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number of JSON"):
        json.loads(text, parse_constant=strict_json.no_constant, parse_float=strict_json.finite)


def test_only_what_is_nested_beyond_the_limit_is_deep() -> None:
    value: object = []
    for _ in range(strict_json.MAX_DEPTH - 1):
        value = {"a": value}
    assert not strict_json.deep(value)
    assert strict_json.deep([value])


def test_the_screen_before_the_first_action_is_the_first_one() -> None:
    assert last_screen(Query("a", Setup(initial_state="first"), (), "x")) == "first"
    assert last_screen(Query("a", Setup(initial_state="first"), (Turn("x", "second"),), "x")) == "second"


def test_a_text_in_no_known_form_is_shown_line_by_line_as_it_is_indented() -> None:
    found = list(picture.lines("a\n\n  b c \n"))
    assert [(one.text, one.depth) for one in found] == [("a", 0), ("b c", 2)]

"""Calls are parsed and never run; screens are compared without what nobody can know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domains.web import checks, codec
from nextstate.domains.web.actions import ACTIONS, BUTTONS, MODIFIERS, STANDARD
from nextstate.domains.web.codec import Call
from nextstate.errors import ActionError
from nextstate.types import Query, Setup

TEXTS = st.text(max_size=40).filter(lambda text: text.isprintable() or "\n" in text).map(str)
VALUES = {
    "text": st.text(st.characters(codec="utf-8"), max_size=30),
    "number": st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6),
    "integer": st.integers(-99, 99),
    "flag": st.booleans(),
    "button": st.sampled_from(BUTTONS),
    "modifiers": st.lists(st.sampled_from(MODIFIERS), max_size=3).map(tuple),
    "texts": st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=3).map(tuple),
}


@st.composite
def some_call(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from(sorted(ACTIONS)))
    return Call(name, {one.name: draw(VALUES[one.kind]) for one in ACTIONS[name]})


@given(st.lists(some_call(), min_size=1, max_size=4))
def test_what_is_rendered_parses_to_the_same_calls(calls: list[Call]) -> None:
    assert codec.parse(codec.render(tuple(calls))) == tuple(calls)


@given(st.lists(some_call(), min_size=1, max_size=4))
def test_rendering_is_canonical(calls: list[Call]) -> None:
    text = codec.render(tuple(calls))
    assert codec.render(codec.parse(text)) == text


@given(st.text(max_size=200))
def test_any_text_is_calls_or_an_action_error(text: str) -> None:
    try:
        assert codec.parse(text)
    except ActionError as error:
        assert str(error)


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    shown = f"x\n{codec.ERROR}\n\n{text}"
    assert codec.canonical(codec.canonical(shown)) == codec.canonical(shown)


def test_the_usual_action_space_has_21_actions() -> None:
    assert len(STANDARD) == 21


def test_arguments_are_bound_by_position_or_by_name_with_defaults() -> None:
    by_name = codec.parse("click(bid='a12', button=\"right\")")
    assert by_name == codec.parse("click('a12', 'right')")
    assert by_name[0].arguments == {"bid": "a12", "button": "right", "modifiers": ()}


def test_several_calls_stand_one_a_line_and_comments_are_passed_over() -> None:
    calls = codec.parse("fill('7', 'x')  # the name\n  press('7', 'Enter')\n")
    assert [call.name for call in calls] == ["fill", "press"]


def test_a_text_over_several_lines_keeps_its_lines() -> None:
    (call,) = codec.parse("fill('7', '''one\n  two''')")
    assert call.text("value") == "one\n  two"


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("", "the action is empty"),
        ("clik('a1')", "did you mean 'click'"),
        ("fill('a1')", "lacks the argument 'value'; its form is fill(bid, value"),
        ("click('a1', botton='left')", "did you mean 'button'"),
        ("click('a1', bid='a2')", "'bid' twice"),
        ("click(12)", "is a text such as 'a12', got int 12"),
        ("click('a1', 'up')", "one of 'left', 'middle', 'right'"),
        ("tab_focus(1.5)", "a whole number"),
        ("tab_focus(True)", "a whole number"),
        ("scroll(0, 1e999)", "a number"),
        ("go_back(1)", "takes 0 arguments"),
        ("click(*['a1'])", "is a text"),
        ("click(**{'bid': 'a1'})", "has no argument '**'"),
        ("click(open('x'))", "is a text such as 'a12', got code (Call)"),
        ("page.goto('x')", "an action is a call"),
        ("import os", "an action is a call"),
        ("click('a1'", "no call"),
        ("\x00", "no call"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_would_be_right(action: str, said: str) -> None:
    with pytest.raises(ActionError) as error:
        codec.validate(action)
    assert said in str(error.value)


def test_a_huge_action_is_refused() -> None:
    for action in ("noop()\n" * 101, f"fill('1', '{'x' * codec.MAX_ACTION}')", "-" * 100_000 + "1", "[" * 100_000):
        with pytest.raises(ActionError):
            codec.validate(action)


def logged(*lines: str) -> str:
    return f"# Currently open tabs\n\n{codec.ERROR}\n\nTimeoutError: Timeout 500ms exceeded.\nCall log:\n" + "\n".join(
        lines
    )


def test_how_often_a_failing_click_was_tried_again_does_not_count() -> None:
    once = logged("  - waiting for x", '    - <p bid="3"></p> intercepts pointer events', "  - waiting 20ms")
    often = logged(
        "  - waiting for x",
        '  -   <p bid="3" browsergym_visibility_ratio="1"></p> intercepts pointer events',
        "  - retrying click action, attempt #2",
        "  - waiting 500ms",
        '    2 × <p bid="3"></p> intercepts pointer events',
    )
    assert codec.canonical(once) == codec.canonical(often)
    assert codec.canonical(once) != codec.canonical(logged("  - waiting for y"))


def test_a_screen_with_an_error_section_has_failed() -> None:
    query = Query("web", Setup(), (), "noop()")
    good = f"{codec.TABS}\n\nTab 0\n\n{codec.TREE}\n\nRootWebArea ''"
    assert checks.failed(query, good) is False
    assert checks.failed(query, f"{good}\n\n{codec.ERROR}\n\nIndexError: list index out of range") is True
    assert checks.failed(query, "a screen of another form") is None

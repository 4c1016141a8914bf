from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domains.android import codec
from nextstate.errors import ActionError

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(0, 10_000)


@st.composite
def actions(draw: st.DrawFn) -> codec.Act:
    kind = draw(st.sampled_from(codec.KINDS))
    index = draw(NUMBERS) if kind in codec.TOUCHES or draw(st.booleans()) else None
    return codec.Act(
        kind,
        index,
        text=draw(WORDS) if kind in ("input_text", "answer") else None,
        direction=draw(st.sampled_from(codec.DIRECTIONS)) if kind in codec.MOVES else None,
        goal_status="complete" if kind == "status" else None,
        app_name="A" + draw(WORDS) if kind == "open_app" else None,
        clear_text=draw(st.none() | st.booleans()),
        rest=(("extra", json.dumps(draw(WORDS), ensure_ascii=False)),) if draw(st.booleans()) else (),
    )


@given(actions())
def test_parsing_undoes_rendering(act: codec.Act) -> None:
    assert codec.parse(codec.render(act)) == act
    assert codec.render(codec.parse(codec.render(act))) == codec.render(act)


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats() | WORDS, lambda x: st.lists(x)).map(json.dumps))
def test_only_an_action_error_leaves_the_parser(text: str) -> None:
    try:
        codec.parse(text)
    except ActionError as error:
        assert str(error)


def test_members_are_written_in_one_order_and_nulls_not_at_all() -> None:
    text = '{"text": "Milk", "index": "5", "action_type": "input_text", "x": null, "more": [1], "clear_text": true}'
    expected = '{"action_type": "input_text", "index": 5, "text": "Milk", "clear_text": true, "more": [1]}'
    assert codec.render(codec.parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("click 3", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"index": 3}', "no action_type"),
        ('{"action_type": "clik", "index": 3}', "did you mean 'click'?"),
        ('{"action_type": "dance"}', "known: click"),
        ('{"action_type": "click"}', "needs 'index'"),
        ('{"action_type": "click", "x": 3}', "only one of 'x' and 'y'"),
        ('{"action_type": "click", "x": 3, "y": 4, "index": 1}', "both 'index' and a point"),
        ('{"action_type": "click", "index": -1}', "got '-1'"),
        ('{"action_type": "click", "index": true}', "got 'True'"),
        ('{"action_type": "click", "x": 1e99, "y": 1}', "'x' must be a number"),
        ('{"action_type": "click", "x": NaN, "y": 1}', "JSON"),
        ('{"action_type": "input_text", "index": 1}', "needs 'text'"),
        ('{"action_type": "input_text", "index": 1, "text": 5}', "'text' must be a text"),
        ('{"action_type": "scroll", "direction": "dwon"}', "did you mean 'down'?"),
        ('{"action_type": "scroll"}', "it is one of up, down"),
        ('{"action_type": "open_app", "app_name": " "}', "is empty"),
        ('{"action_type": "open_app"}', "needs 'app_name'"),
        ('{"action_type": "status"}', "needs 'goal_status'"),
        ('{"action_type": "wait", "clear_text": 1}', "true or false"),
        ('{"action_type": "answer", "text": "\ud800"}', "surrogate"),
        ('{"action_type": "answer", "text": "\\ud800"}', "surrogate"),
        ('{"a":' * 30_000, "no JSON"),
        ('{"action_type": "answer", "text": "' + "x" * 200_000 + '"}', "at most 200000"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ActionError, match=says.replace("(", r"\(").replace("?", r"\?")):
        codec.parse(text)


SCREEN = """package com.example.clock
0 TextView "10:12" id=clock [0,200][1080,400]
package com.android.systemui
1 TextView "10:12" desc="10:12" id=clock [50,1][148,128]
2 LinearLayout desc="Battery 88 percent." id=battery [986,1][1006,128]
3 FrameLayout desc="Phone two bars." id=mobile_combo [931,35][970,93]
4 TextView "9:05 PM" [1,1][2,2]
5 ImageView desc="A message" [1,1][2,2]"""


def test_clock_battery_and_signals_of_the_status_bar_do_not_count() -> None:
    later = SCREEN.replace('"10:12" desc="10:12"', '"10:13" desc="10:13"').replace("88", "87")
    later = later.replace("two bars", "signal full").replace("9:05 PM", "9:06 PM")
    assert later != SCREEN
    assert codec.canonical(later) == codec.canonical(SCREEN)


@pytest.mark.parametrize(
    "change", [('"10:12" id', '"10:13" id'), ("A message", "Two messages"), ("5 Image", "6 Image")]
)
def test_everything_else_counts(change: tuple[str, str]) -> None:
    assert change[0] in SCREEN
    assert codec.canonical(SCREEN.replace(*change)) != codec.canonical(SCREEN)


@given(st.text(st.sampled_from('ab "\\1:23\n\r \x0bid=clockpackage com.android.systemui'), max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    text = f"package com.android.systemui\n{text}"
    assert codec.canonical(codec.canonical(text)) == codec.canonical(text)

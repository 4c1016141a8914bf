"""Calculations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_kernel_worlds import after, call, said, tool

from nextstate.domains.mcp.kernel import sums
from nextstate.types import Setup

NUMBERS = {"type": "array", "items": {"type": "number"}}
RESULT = {"type": "object", "properties": {"result": {"type": "number"}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(6 - 4) + (13 - 6)", 9.0),
        ("-2 ** 2", -4.0),
        ("2 ** 3 ** 2", 512.0),
        ("10 / 4", 2.5),
        ("0.1+0.2", 0.1 + 0.2),
        ("1 / 0", None),
        ("9 ** 999", None),
        ("(1", None),
        ("1 +", None),
        ("", None),
        ("2(3)", None),
        ("7 // 2", None),
        ("__import__('os')", None),
        ("(" * 400 + "1" + ")" * 400, None),
        ("0.5 ** 0.5 * (0 - 8) ** 0.5", None),
    ],
)
def test_an_expression_is_worked_out_or_refused(text: str, value: float | None) -> None:
    assert sums.expression(text) == value


@given(st.lists(st.integers(0, 999), min_size=1, max_size=6), st.lists(st.sampled_from("+-*/"), min_size=6, max_size=6))
def test_an_expression_has_the_value_that_python_gives_it(numbers: list[int], signs: list[str]) -> None:
    text = str(numbers[0]) + "".join(f" {sign} {number}" for sign, number in zip(signs, numbers[1:], strict=False))
    try:
        expected = float(eval(text))  # digits and signs made above
    except ZeroDivisionError:
        expected = None
    if expected is None or abs(expected) < sums.MAX_VALUE:
        assert sums.expression(text) == expected


@given(st.text(max_size=600))
def test_any_text_is_taken_as_an_expression(text: str) -> None:
    sums.expression(text)


def test_the_form_of_a_number_is_learned_from_an_earlier_result() -> None:
    first = (call("calculate", expression="150 + 5"), "155.0")
    assert said(after(Setup()), "calculate", expression="7 * 2") is None
    assert said(after(Setup(), first), "calculate", expression="7 * 2") == "14.0"
    assert said(after(Setup(), (first[0], '{"value": 155}')), "calculate", expression="7 * 2") == '{"value": 14}'


def test_rounding_that_was_not_seen_is_left_open_where_it_matters() -> None:
    first = (call("calculate", expression="150 + 5"), "155.0")
    assert said(after(Setup(), first), "calculate", expression="1 / 3") is None
    rounded = (call("calculate", expression="2 / 3"), "0.67")
    assert said(after(Setup(), first, rounded), "calculate", expression="1 / 3") == "0.33"


def test_a_tool_that_once_showed_something_else_is_not_worked_out() -> None:
    odd = (call("calculate", expression="150 + 5"), "about 155")
    assert said(after(Setup(), odd), "calculate", expression="7 * 2") is None


def test_a_mean_with_one_declared_place_is_worked_out_where_it_is_a_fraction() -> None:
    setup = Setup(tools=(tool("mean", {"numbers": NUMBERS}, RESULT),))
    assert said(after(setup), "mean", numbers=[3, 16, 60]) == '{"result": 26.333333333333332}'
    assert said(after(setup), "mean", numbers=[3, 5]) is None


@pytest.mark.parametrize("numbers", [[], [True, False], ["1"], [1e308, 1e308, 3.5]])
def test_what_is_no_list_of_numbers_has_no_mean(numbers: list[object]) -> None:
    setup = Setup(tools=(tool("mean", {"numbers": {"type": "array"}}, RESULT),))
    assert said(after(setup), "mean", numbers=numbers) is None

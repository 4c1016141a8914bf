"""Actions are tool calls; observations count by what they say, not by white space, order of keys or run time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.conform import check
from nextstate.domain import find
from nextstate.domains.search import codec, failures
from nextstate.errors import ActionError
from nextstate.types import Query, Setup

SEARCH = find("search")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def test_the_domain_keeps_its_promises() -> None:
    report = check(SEARCH)
    assert [f"{one.name}: {one.sentence}" for one in report.broken] == []
    assert report.kernel.answered >= 30


@pytest.mark.parametrize("action", ["", "search[Tarn]", "[]", '{"name": ""}', '{"name": "search", "arguments": 1}'])
def test_what_is_no_call_is_refused(action: str) -> None:
    with pytest.raises(ActionError):
        codec.validate(action)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a  b\r\n\n\nc  ", "a b\nc"),
        ("Results (0.31 seconds)", "Results (1.2 seconds)"),
        ("it took 0.31 s.", "it took 12.5 s."),
        ('{"b": 1, "a": [1, 2]}', '{"a":[1,2],\n "b": 1}'),
        ('{"results": "[{\\"a\\": 1}]"}', '{"results": "[{\\"a\\":1}]"}'),
        ('{"response_time": 0.4, "x": 1}', '{"response_time": 2, "x": 1}'),
        ("fetched 2026-11-27T10:00:00Z", "fetched 2026-11-28 11:30:59+00:00"),
    ],
)
def test_what_no_model_can_know_and_white_space_do_not_count(left: str, right: str) -> None:
    assert codec.canonical(left) == codec.canonical(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("[1, 2]", "[2, 1]"),
        ("found 3 results", "found 4 results"),
        ('{"score": 0.4}', '{"score": 0.5}'),
        ("built in 1874", "built in 1875"),
        ("a b", "ab"),
    ],
)
def test_order_of_results_and_content_count(left: str, right: str) -> None:
    assert codec.canonical(left) != codec.canonical(right)


@given(st.text() | JSON.map(json.dumps) | JSON.map(lambda one: json.dumps({"a": json.dumps(one)})))
def test_canonical_is_canonical_already(text: str) -> None:
    once = codec.canonical(text)
    assert codec.canonical(once) == once


@given(JSON.filter(lambda one: isinstance(one, dict | list)))
def test_json_counts_by_value_however_it_is_laid_out(value: object) -> None:
    assert codec.canonical(json.dumps(value)) == codec.canonical(json.dumps(value, indent=3, ensure_ascii=False))


def test_failed_says_nothing_about_nothing() -> None:
    query = Query("search", Setup(), (), '{"name": "search", "arguments": {"query": "x"}}')
    assert failures.failed(query, "  \n") is None
    assert failures.failed(query, "No results found.") is True
    assert failures.failed(query, "Tarn Light is a lighthouse.") is False

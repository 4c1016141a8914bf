"""Verifiers are data: every rule says what it says, refuses what it does not take, and is quick."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate.errors import DataError
from nextstate.eval.cases import verify
from nextstate.eval.cases.verify import Shown
from nextstate.types import Query, Setup

QUERY = Query("terminal", Setup(), (), "ls")


def holds(verifier: dict[str, Any], text: str) -> bool:
    return verify.holds(verify.check(verifier), Shown(QUERY, text))


@pytest.mark.parametrize(
    ("verifier", "right", "wrong"),
    [
        ({"contains": "30"}, "fuel: 30.0 litres", "fuel: 300 litres"),
        ({"contains": "note"}, "a note.", "notes"),
        ({"contains": "two  words"}, "two words", "words two"),
        ({"shows": "xists"}, "File exists", "File is there"),
        ({"absent": "old"}, "older", "the old one"),
        ({"equals": "a  b\n\nc"}, "a b\nc\n", "a b c"),
        ({"lines": ["a", "c"]}, "a\nb\nc\n", "c\na\n"),
        ({"no_line": ["b"]}, "a\nbb\n", "a\nb\n"),
        ({"first_line": "a"}, "\na\nb\n", "b\na\n"),
        ({"last_line": "b"}, "a\nb\n\n", "b\na\n"),
        ({"line_count": {"least": 2, "most": 2}}, "a\n\nb\n", "a\n"),
        ({"items": {"least": 2, "most": 2}}, '{"found": [1, 2]}', '{"found": [1, 2, 3]}'),
        ({"items": {"most": 2}}, "[1, 2]", "no list"),
        ({"leaf": {"key": "fuel", "value": 30}}, '{"car": {"fuel": 30.0}}', '{"car": {"fuel": 31}}'),
        ({"leaf": {"key": "on", "value": True}}, '{"on": true}', '{"on": 1}'),
        ({"leaf": {"key": "id", "value": 7}}, '[{"id": 7}]', '[{"id": 7}, {"id": 8}]'),
        ({"size": {"most": 3}}, "abc", "abcd"),
        ({"failed": True}, "cat: x: No such file or directory", "x"),
        ({"failed": False}, "x", "cat: x: No such file or directory"),
        ({"not": {"contains": "x"}}, "y", "x"),
        ({"any": [{"contains": "x"}, {"contains": "y"}]}, "y", "z"),
        ({"all": [{"contains": "x"}, {"contains": "y"}]}, "y x", "y"),
    ],
)
def test_a_rule_holds_for_the_right_answer_and_not_for_the_wrong_one(
    verifier: dict[str, Any], right: str, wrong: str
) -> None:
    assert holds(verifier, right)
    assert not holds(verifier, wrong)


@pytest.mark.parametrize(
    "verifier",
    [
        {},
        {"contains": 3},
        {"contians": "x"},
        {"contains": "x", "absent": "y"},
        {"all": []},
        {"line_count": {"least": -1}},
        {"line_count": {"about": 3}},
        {"leaf": {"key": "a"}},
        {"failed": "yes"},
        {"not": "x"},
        {"all": [{"any": "x"}]},
        ["contains"],
        {"all": [{"contains": "x"}] * 600},
    ],
)
def test_what_is_no_verifier_is_refused(verifier: Any) -> None:
    with pytest.raises(DataError):
        verify.check(verifier, "case 1")


def test_a_misspelt_rule_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="did you mean 'contains'"):
        verify.check({"contians": "x"})


def test_a_verifier_nested_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {"contains": "x"}
    for _ in range(50):
        deep = {"not": deep}
    with pytest.raises(DataError, match="nested"):
        verify.check(deep)


def test_why_not_names_the_first_rule_that_is_broken() -> None:
    rules = {"all": [{"contains": "a"}, {"all": [{"contains": "b"}, {"contains": "c"}]}]}
    assert verify.why_not(rules, Shown(QUERY, "a b")) == "contains: c"
    assert verify.why_not(rules, Shown(QUERY, "a b c")) == ""


EVERY_RULE: list[dict[str, Any]] = [
    {"contains": "aa"},
    {"shows": "ab"},
    {"equals": "a"},
    {"lines": ["a", "b"]},
    {"no_line": ["a"]},
    {"items": {"most": 3}},
    {"leaf": {"key": "a", "value": 1}},
    {"failed": True},
    {"line_count": {"most": 3}},
]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=20).map(str))
def test_every_rule_is_total(text: str) -> None:
    for rule in EVERY_RULE:
        assert isinstance(holds(rule, text), bool)


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "a\n" * 500_000, "[" * 1_000_000, '{"a":' * 300_000, "9" * 1_000_000, "12 " * 300_000],
    ids=["word", "lines", "brackets", "objects", "digits", "numbers"],
)
def test_a_million_characters_are_judged_by_each_rule_within_two_seconds(text: str) -> None:
    for rule in [*EVERY_RULE, {"contains": "4417"}]:
        started = time.perf_counter()
        holds(rule, text)
        assert time.perf_counter() - started < 2, rule

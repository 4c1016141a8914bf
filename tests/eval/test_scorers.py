"""Scorers compare canonical texts, cost linear time and never flatter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from nextstate.errors import UsageError
from nextstate.eval import scorers
from nextstate.types import Origin, Outcome, Prediction, Query, Setup

if TYPE_CHECKING:
    from nextstate.domain import Domain

QUERY = Query("weather-desk", Setup(), (), "clock")


def shown(text: str) -> Prediction:
    return Prediction(Outcome.OK, text, Origin.MODEL)


async def test_what_nobody_can_know_does_not_count(desk: Domain) -> None:
    for scorer in scorers.DEFAULT.values():
        (value,) = (await scorer(QUERY, shown("it is 12:00:00\n"), "it is 23:59:59\n")).values.values()
        assert value == 1.0


async def test_a_wrong_answer_is_not_exact_but_may_be_similar(desk: Domain) -> None:
    assert (await scorers.exact(QUERY, shown("7C, rain\n"), "8C, rain\n")).values == {"exact": 0.0}
    assert (await scorers.similarity(QUERY, shown("7C, rain\n"), "8C, rain\n")).values == {"similarity": 1 - 1 / 9}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
async def test_a_model_that_failed_scores_zero_even_where_nothing_was_shown(desk: Domain, outcome: Outcome) -> None:
    for name, scorer in scorers.DEFAULT.items():
        score = await scorer(QUERY, Prediction(outcome), "")
        assert score.values == {name: 0.0}
        assert score.unscored is None


TEXTS = st.text(alphabet="ab\n", max_size=60)


@given(TEXTS, TEXTS)
def test_short_texts_get_the_normalised_levenshtein_similarity(a: str, b: str) -> None:
    assert scorers.alike(a, b) == Levenshtein.normalized_similarity(a, b)


@given(a=TEXTS, b=TEXTS, start=TEXTS)
def test_long_texts_get_at_most_the_true_similarity(a: str, b: str, start: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorers, "WHOLE", 8)
        patch.setattr(scorers, "WINDOW", 5)
        patch.setattr(scorers, "COMPARED", 30)
        a, b = start + a, start + b
        assert 0 <= scorers.alike(a, b) <= Levenshtein.normalized_similarity(a, b) + 1e-9
        assert scorers.alike(a, a) == 1.0


def test_one_change_in_a_long_text_costs_one_character() -> None:
    text = "line of text\n" * 10_000
    assert scorers.alike(text, text[:60_000] + "X" + text[60_001:]) == 1 - 1 / len(text)


def test_two_huge_texts_are_compared_in_bounded_time() -> None:
    started = time.perf_counter()
    assert scorers.alike("ab" * 25_000_000, "xy" * 20_000_000) == 0.0
    assert time.perf_counter() - started < 10


def test_two_empty_texts_are_alike() -> None:
    assert scorers.alike("", "") == 1.0
    assert scorers.alike("", "x" * 100_000) == 0.0


def test_scorers_are_found_by_name_and_third_party_ones_too(desk: Domain) -> None:
    assert list(scorers.find(["similarity", "same-length", "exact"])) == ["similarity", "same-length", "exact"]
    with pytest.raises(UsageError, match="unknown scorer 'exakt'; did you mean 'exact'"):
        scorers.find(["exakt"])

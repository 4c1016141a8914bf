"""Scorers of what an action changed, of failures and of form apply where there is something to say, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.eval import evaluate, scorers
from nextstate.models.fakes import CopyLast, Scripted
from nextstate.types import Origin, Outcome, Prediction, Query, Score, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from nextstate.domain import Domain

SCREEN = "title\nbox: off\nend"
CHANGED = "title\nbox: on\nend"
FAILED = Prediction(Outcome.CUT_OFF)


def shown(text: str) -> Prediction:
    return Prediction(Outcome.OK, text, Origin.MODEL)


@pytest.fixture
def screens(desk: Domain, monkeypatch: pytest.MonkeyPatch) -> Domain:
    """A domain whose observations are screens, which say ``error`` in their last line when an action failed."""
    domain = replace(
        desk,
        screens=True,
        canonical=lambda text: text,
        failed=lambda query, text: None if not text else text.endswith("error"),
        checks={"well_formed": lambda query, text: text.startswith("title") if "title" in text else None},
    )
    monkeypatch.setattr(domains, "find", lambda name: domain)
    return domain


def query(*turns: Turn) -> Query:
    return Query("weather-desk", Setup(initial_state=SCREEN), turns, "clock")


async def test_a_predicted_change_is_told_from_an_unchanged_copy(screens: Domain) -> None:
    assert await scorers.change(query(), shown(CHANGED), CHANGED) == Score({"change": 1.0})
    assert await scorers.change(query(), shown(SCREEN), CHANGED) == Score({"change": 0.0})
    assert await scorers.change(query(), FAILED, CHANGED) == Score({"change": 0.0})


async def test_a_half_predicted_change_scores_between(screens: Domain) -> None:
    half = "title\nbox: odd\nend"  # the old line went, the new one is another
    assert await scorers.change(query(), shown(half), CHANGED) == Score({"change": 0.5})


async def test_change_is_counted_from_the_screen_before_not_from_the_first_one(screens: Domain) -> None:
    asked = query(Turn("clock", CHANGED))
    assert await scorers.change(asked, shown(SCREEN), SCREEN) == Score({"change": 1.0})
    assert not (await scorers.change(asked, shown(SCREEN), CHANGED)).applies


async def test_no_change_applies_exactly_where_change_does_not(screens: Domain) -> None:
    assert await scorers.no_change(query(), shown(SCREEN), SCREEN) == Score({"no-change": 1.0})
    assert await scorers.no_change(query(), shown(CHANGED), SCREEN) == Score({"no-change": 0.0})
    assert await scorers.no_change(query(), FAILED, SCREEN) == Score({"no-change": 0.0})
    assert not (await scorers.no_change(query(), shown(CHANGED), CHANGED)).applies


@given(st.text("ab\n"), st.text("ab\n"))
async def test_the_truth_scores_full_marks_for_its_change(before: str, truth: str) -> None:
    domain = replace(domains.find("terminal"), screens=True, canonical=lambda text: text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domains, "find", lambda name: domain)
        asked = Query("terminal", Setup(initial_state=before), (), "ls")
        score = await scorers.change(asked, shown(truth), truth)
        assert score.values == ({"change": 1.0} if score.applies else {})
        assert score.applies == (sorted(before.split("\n")) != sorted(truth.split("\n")))


async def test_a_failure_must_be_predicted_as_one_and_a_success_as_none(screens: Domain) -> None:
    failure, success = SCREEN + "\nerror", SCREEN
    assert await scorers.error(query(), shown("other error"), failure) == Score({"error": 1.0})
    assert await scorers.error(query(), shown(success), failure) == Score({"error": 0.0})
    assert await scorers.error(query(), shown(""), failure) == Score({"error": 0.0}), "undecidable is not predicted"
    assert await scorers.error(query(), FAILED, failure) == Score({"error": 0.0})
    assert await scorers.no_error(query(), shown(failure), success) == Score({"no-error": 0.0})
    assert await scorers.no_error(query(), shown(""), success) == Score({"no-error": 1.0}), "nor is it a report"
    assert not (await scorers.error(query(), shown(failure), success)).applies
    assert not (await scorers.no_error(query(), shown(success), failure)).applies


async def test_the_form_of_a_prediction_counts_where_the_form_of_the_truth_is_known(screens: Domain) -> None:
    assert await scorers.schema(query(), shown(CHANGED), SCREEN) == Score({"schema": 1.0})
    assert await scorers.schema(query(), shown("no title"), SCREEN) == Score({"schema": 0.0})
    assert await scorers.schema(query(), FAILED, SCREEN) == Score({"schema": 0.0})
    assert not (await scorers.schema(query(), shown(SCREEN), "else")).applies


async def test_a_domain_that_cannot_tell_is_not_scored_for_it(desk: Domain) -> None:
    assert not (await scorers.error(query(), shown(""), "")).applies
    assert not (await scorers.schema(query(), shown(""), "")).applies


async def test_rows_that_a_scorer_does_not_apply_to_count_as_neither_scored_nor_unscored(screens: Domain) -> None:
    turns = (Turn("clock", SCREEN), Turn("clock", CHANGED), Turn("cities", SCREEN + "\nerror"))
    recorded = Trajectory("one", "weather-desk", Setup(initial_state=SCREEN), turns, Source("desk", licence="MIT"))
    report = (await evaluate(Scripted([SCREEN, CHANGED, SCREEN]), [recorded], scorers=scorers.BUILT_IN)).as_dict()
    counts = {name: (score["n"], score["mean"]) for name, score in report["scores"].items()}
    assert counts["change"] == (2, pytest.approx((1 + 4 / 5) / 2))
    assert counts["no-change"] == (1, 1.0)
    assert (counts["error"], counts["no-error"], counts["schema"]) == ((1, 0.0), (2, 1.0), (3, 1.0))
    assert (report["scored"], report["unscored"]) == (3, {})


async def test_copy_last_shows_the_first_screen_before_the_first_action(screens: Domain) -> None:
    model = CopyLast(lambda name: screens)
    assert (await model.predict(query())).observation == SCREEN
    assert (await model.predict(query(Turn("clock", CHANGED)))).observation == CHANGED
    elsewhere = CopyLast(lambda name: replace(screens, screens=False))
    assert (await elsewhere.predict(query())).observation == ""

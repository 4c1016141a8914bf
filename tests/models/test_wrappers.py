"""Trying again, and answering from recordings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.models.base import fingerprint
from nextstate.models.wrappers import Recorded, Retried, reseed, same_screen
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn, Usage

from .worlds import Counting, domain_of, queries, query, trajectory

ONE = Usage(10, 5, 2)


def failing(times: int, outcome: Outcome) -> Counting:
    """Fails ``times`` before it answers."""
    left = [Prediction(outcome, detail="bad", usage=ONE, seconds=1.0)] * times

    def answer(query: Query, seed: int | None) -> Prediction:
        return left.pop() if left else Prediction(Outcome.OK, "fine", Origin.MODEL, usage=ONE, seconds=1.0)

    return Counting(answer)


async def test_an_unreadable_reply_is_asked_for_again_with_another_seed() -> None:
    inner = failing(2, Outcome.UNTAGGED)
    prediction = await Retried(inner).predict(query("ls"), seed=5)
    assert (prediction.observation, prediction.usage, prediction.seconds) == ("fine", Usage(30, 15, 6), 3.0)
    seeds = [seed for _, seed in inner.asked]
    assert seeds[0] == 5
    assert len(set(seeds)) == 3


async def test_a_first_good_answer_is_the_last() -> None:
    inner = failing(0, Outcome.EMPTY)
    assert (await Retried(inner).predict(query("ls"))).observation == "fine"
    assert [seed for _, seed in inner.asked] == [None]


async def test_giving_up_names_every_try() -> None:
    prediction = await Retried(failing(9, Outcome.CUT_OFF), 2).predict(query("ls"))
    assert (prediction.outcome, prediction.detail) == (Outcome.CUT_OFF, "bad (tries: cut_off, cut_off, cut_off)")


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.PROVIDER_ERROR])
async def test_only_named_outcomes_are_tried_again(outcome: Outcome) -> None:
    inner = failing(1, outcome)
    assert (await Retried(inner).predict(query("ls"))).outcome is outcome
    assert len(inner.asked) == 1
    inner = failing(1, outcome)
    assert (await Retried(inner, outcomes=frozenset({outcome})).predict(query("ls"))).outcome is Outcome.OK


def test_a_negative_number_of_tries_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        Retried(Counting(), -1)


@given(st.none() | st.integers(0, 2**40), st.integers(1, 9))
def test_new_seeds_are_repeatable_and_fit_31_bits(seed: int | None, attempt: int) -> None:
    new = reseed(seed, attempt)
    assert new == reseed(seed, attempt)
    assert new is not None
    assert 0 <= new < 2**31


RECORDED = trajectory("a", ("pwd", "/\n"), ("ls", "f\n"), setup=Setup("box"))


async def test_what_was_recorded_is_answered_from_the_recording() -> None:
    inner = Counting()
    model = Recorded(inner, [RECORDED])
    for asked, turn in zip(queries(RECORDED), RECORDED.turns, strict=True):
        prediction = await model.predict(asked)
        assert (prediction.observation, prediction.origin) == (turn.observation, Origin.RECORDED)
    assert inner.asked == []


@pytest.mark.parametrize(
    "asked",
    [
        query("pwd"),
        query("id", setup=Setup("box")),
        query("ls", ("pwd", "/tmp\n"), setup=Setup("box")),
        query("ls", setup=Setup("box")),
    ],
)
async def test_off_the_recording_the_inner_model_answers(asked: Query) -> None:
    inner = Counting()
    prediction = await Recorded(inner, [RECORDED]).predict(asked, seed=4)
    assert prediction.origin is Origin.MODEL
    assert inner.asked == [(asked, 4)]


async def test_recorded_answers_for_programs_are_kept() -> None:
    kept = replace(RECORDED, turns=(Turn("git log", "x\n", {"answers": ["x\n"]}),))
    assert (await Recorded(Counting(), [kept]).predict(queries(kept)[0])).answers == ("x\n",)


SCREENS = trajectory("a", ("open", "home 10:00"), ("click a", "page a"), ("back", "home 10:05"), ("click b", "page b"))


async def test_on_the_same_screen_a_recorded_action_counts_whatever_came_before() -> None:
    model = Recorded(Counting(), [SCREENS], state=same_screen(domain_of))
    asked = query("click b", ("open", "home 11:30"))
    assert (await model.predict(asked)).observation == "page b"
    assert (await Recorded(Counting(), [SCREENS]).predict(asked)).origin is Origin.MODEL
    assert (await model.predict(query("click b", ("open", "elsewhere")))).origin is Origin.MODEL
    assert (await model.predict(replace(asked, setup=Setup("other")))).origin is Origin.MODEL


async def test_recordings_that_disagree_about_a_state_are_not_used() -> None:
    other = trajectory("b", ("start", "home 12:00"), ("click a", "an error"))
    model = Recorded(Counting(), [SCREENS, other], state=same_screen(domain_of))
    assert (await model.predict(query("click a", ("x", "home 13:00")))).origin is Origin.MODEL
    assert (await model.predict(queries(other)[1])).observation == "an error"


def test_no_observation_and_an_empty_one_are_different_screens() -> None:
    state = same_screen(domain_of)
    assert state(query("a")) != state(query("a", ("b", "")))


async def test_closing_a_wrapper_closes_what_it_wraps() -> None:
    inner = Counting()
    await Retried(Recorded(inner, [])).aclose()
    assert inner.closed == 1


def test_fingerprints_tell_recordings_and_settings_apart() -> None:
    inner = Counting()
    models = [inner, Retried(inner), Retried(inner, 3), Recorded(inner, []), Recorded(inner, [RECORDED])]
    loose = Recorded(inner, [RECORDED], state=same_screen(domain_of))
    assert len({fingerprint(model) for model in [*models, loose]}) == 6
    assert fingerprint(Recorded(inner, [RECORDED])) == fingerprint(models[-1])

"""Reading what a model wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import write_tagged
from nextstate.errors import DataError
from nextstate.models.base import answers_of, close, decode, encode, fingerprint, read_reply
from nextstate.models.fakes import CopyLast
from nextstate.models.wrappers import Retried
from nextstate.types import Origin, Outcome, Prediction, Turn, Usage

from .worlds import PLAIN, Counting, query

QUERY = query("ls")
NASTY = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<predicted_observation>", "</predicted_observation>", "\\", "<\\", "\n", " ", "a", "é"]
    )
).map("".join)


def block(text: str) -> str:
    return write_tagged(QUERY, text)


@given(NASTY)
def test_whatever_an_observation_holds_it_is_read_back(text: str) -> None:
    read = read_reply(PLAIN, QUERY, block(text))
    assert (read.outcome, read.observation, read.origin) == (Outcome.OK, text, Origin.MODEL)


@given(NASTY, NASTY)
def test_reasoning_before_an_observation_does_not_change_it(thought: str, text: str) -> None:
    reply = f"<think>{thought}</think>\n{block(text)}"
    assert read_reply(PLAIN, QUERY, reply).observation == text


@given(NASTY, NASTY)
def test_reasoning_whose_opening_marker_is_missing_does_not_change_the_observation(thought: str, text: str) -> None:
    assert read_reply(PLAIN, QUERY, f"so{thought}</think>{block(text)}").observation == text


@given(NASTY, st.booleans())
def test_any_text_is_read_to_a_named_outcome(text: str, cut_off: bool) -> None:
    read = read_reply(PLAIN, QUERY, text, cut_off=cut_off)
    assert (read.observation is not None) == (read.outcome is Outcome.OK)
    assert read.outcome is Outcome.OK or read.detail


def test_reasoning_is_kept_apart_from_the_reply() -> None:
    read = read_reply(PLAIN, QUERY, f"<think>\nhm\n</think>\n{block('a')}")
    assert (read.reasoning, read.reply) == ("hm", "\n" + block("a"))


def test_reasoning_without_its_opening_marker_is_kept_apart_too() -> None:
    read = read_reply(PLAIN, QUERY, f"hm\n</think>\n{block('a </think> b')}")
    assert (read.reasoning, read.observation) == ("hm", "a </think> b")


def test_a_closing_marker_inside_an_observation_does_not_split() -> None:
    read = read_reply(PLAIN, QUERY, block("a </think> b"))
    assert (read.reasoning, read.observation) == ("", "a </think> b")


def test_a_draft_inside_unfinished_reasoning_is_no_answer() -> None:
    draft = f"<think>perhaps {block('draft')} or not"
    assert read_reply(PLAIN, QUERY, draft, cut_off=True).outcome is Outcome.CUT_OFF
    assert read_reply(PLAIN, QUERY, draft).outcome is Outcome.EMPTY


@pytest.mark.parametrize("opening", ["<think>", ""])
def test_a_draft_in_reasoning_with_nothing_after_it_is_no_answer(opening: str) -> None:
    read = read_reply(PLAIN, QUERY, f"{opening}perhaps {block('draft')}</think>\n")
    assert read.outcome is Outcome.EMPTY
    assert "reasoning" in read.detail


def test_endings_are_told_apart() -> None:
    def outcome(text: str, *, cut_off: bool = False) -> Outcome:
        return read_reply(PLAIN, QUERY, text, cut_off=cut_off).outcome

    assert outcome("") is Outcome.EMPTY
    assert outcome(" \n") is Outcome.EMPTY
    assert outcome("hello") is Outcome.UNTAGGED
    assert outcome("<predicted_observation>\nhel") is Outcome.UNTAGGED
    assert outcome("<predicted_observation>\nhel", cut_off=True) is Outcome.CUT_OFF
    assert outcome("", cut_off=True) is Outcome.CUT_OFF
    assert outcome(block("")) is Outcome.OK
    assert outcome(block("a") + "and so on", cut_off=True) is Outcome.OK


def test_a_huge_observation_is_read() -> None:
    assert read_reply(PLAIN, QUERY, block("x" * 10_000_000)).observation == "x" * 10_000_000


@pytest.mark.parametrize(
    "prediction",
    [
        Prediction(Outcome.OK, "\ud800 é\x00", Origin.COMPUTED, answers=("a", ""), usage=Usage(1, 2, 3), seconds=0.5),
        Prediction(Outcome.PROVIDER_ERROR, detail="down", model="m", reply="r", reasoning="t"),
    ],
)
def test_a_prediction_survives_encoding(prediction: Prediction) -> None:
    assert decode(encode(prediction)) == prediction


@pytest.mark.parametrize("row", [{}, {"outcome": "ok"}, {**encode(Prediction(Outcome.EMPTY)), "outcome": "fine"}])
def test_a_row_that_is_no_prediction_is_a_data_error(row: dict[str, object]) -> None:
    with pytest.raises(DataError, match="not a prediction"):
        decode(row)


def test_answers_are_those_of_the_turns_meta() -> None:
    assert answers_of(Turn("a", "b", {"answers": ["x", "y"]})) == ("x", "y")
    assert answers_of(Turn("a", "b", {"answers": "x"})) == ()
    assert answers_of(Turn("a", "b")) == ()


async def test_only_models_that_can_be_closed_are_closed() -> None:
    model = Counting()
    await close(model)
    await close(CopyLast())
    assert model.closed == 1


def test_a_model_without_a_fingerprint_is_told_by_its_name_and_what_it_wraps() -> None:
    wrapper = Counting()
    wrapper.inner = Retried(CopyLast(), 3)  # type: ignore[attr-defined]
    assert fingerprint(CopyLast()) == "copy-last"
    assert fingerprint(wrapper) == f"counting({fingerprint(Retried(CopyLast(), 3))})"

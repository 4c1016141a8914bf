"""The published rules, branch by branch, against results worked out by hand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.eval.agentworldbench import official, official_text
from nextstate.eval.agentworldbench.official import OfficialRow
from nextstate.eval.agentworldbench.official_verdict import OfficialVerdict, read
from nextstate.eval.judge.verdicts import DIMENSIONS

from .replies import CASES, Case, five

TAG = "predicted_observation"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_reply_gives_what_the_rules_say(case: Case) -> None:
    verdict = read(case.reply)
    found = None if verdict.failed else tuple(verdict.scores[name] for name in DIMENSIONS)
    assert (found, verdict.total) == (case.scores, case.total)


def rows(domain: str, *replies: str | None) -> list[OfficialRow]:
    return [OfficialRow(domain, None if reply is None else read(reply)) for reply in replies]


def test_the_printed_digits_are_those_worked_out_by_hand() -> None:
    """Totals: a 3, 4, 4, of b 5. The means: a 11/3 -> 66.67, overall 16/4 = 4 -> 75.00, by domains 83.33."""
    found = official.score(
        [
            *rows("a", five(5, 4, 3, 2, 1), five(4, 4, 4, 4, 4), '{"scores": {"format": 4}}', "unreadable", None),
            *rows("b", five(5, 5, 5, 5, 5)),
        ]
    )
    assert (found["overall"], found["rows"], found["valid"], found["failed"]) == (75.0, 6, 4, 2)
    a = found["by"]["domain"]["a"]
    assert (a["rows"], a["valid"], a["failed"]) == (5, 3, 2)
    # format (5+4+4)/3, factuality (4+4)/2, consistency (3+4)/2, realism (2+4)/2, quality (1+4)/2
    assert a["scores"] == {
        "format": 83.33, "factuality": 75.0, "consistency": 62.5, "realism": 50.0, "quality": 37.5,
        "total_score": 66.67,
    }  # fmt: skip


def test_a_row_without_any_score_is_valid_in_its_domain_and_failed_in_the_last_line() -> None:
    found = official.score(rows("a", '{"scores": {}}'))
    assert found["by"]["domain"]["a"]["valid"] == 1
    assert found["by"]["domain"]["a"]["scores"] == dict.fromkeys((*DIMENSIONS, "total_score"), -25.0)
    assert (found["overall"], found["valid"], found["failed"]) == (None, 0, 1)


def test_a_negative_score_counts_for_its_dimension_and_not_for_the_total() -> None:
    scores = official.score(rows("a", five(-3, 4, 4, 4, 4)))["by"]["domain"]["a"]["scores"]
    assert (scores["format"], scores["total_score"]) == (-100.0, 75.0)


def test_a_domain_without_valid_rows_shows_nothing() -> None:
    found = official.score(rows("a", None, "no"))
    assert found["by"]["domain"]["a"] == {"rows": 2, "valid": 0, "failed": 2, "scores": None}
    assert official.score([])["overall"] is None


def test_dropping_the_rows_on_which_a_model_failed_raises_its_value() -> None:
    """Not a wish but the rule: the reason why the strict scoring exists."""
    honest = official.score(rows("a", five(5, 5, 5, 5, 5), five(1, 1, 1, 1, 1)))
    silent = official.score(rows("a", five(5, 5, 5, 5, 5), None))
    assert (honest["overall"], silent["overall"]) == (50.0, 100.0)


@pytest.mark.parametrize(
    ("reply", "prediction"),
    [
        (f"<{TAG}>\n a\n</{TAG}>", "a"),
        (f"<{TAG}>a</{TAG}> and <{TAG}>b</{TAG}>", "b"),
        (f"<{TAG.upper()}>a</{TAG}>", "a"),
        (f"<{TAG}>cut off", "cut off"),
        (f"<{TAG}></{TAG}>", ""),
        ("I cannot do that.", "I cannot do that."),
        (" \n", "No output"),
        ("<think>all of it", "No output"),
        (f"<think><{TAG}>draft</{TAG}></think>the end", "the end"),
        (f"<think>never closed <{TAG}>a</{TAG}>", "a"),
        (f"<{TAG}>echo '</think>' done</{TAG}>", "' done</predicted_observation>"),
    ],
)
def test_a_prediction_is_read_as_the_script_reads_it(reply: str, prediction: str) -> None:
    assert official_text.prediction(reply, TAG) == prediction


def test_the_marker_goes_at_the_beginning_or_else_everywhere() -> None:
    assert official_text.without_marker("**M:**\na **M:** b\n", "**M:**") == "a **M:** b"
    assert official_text.without_marker(" a **M:** b", "**M:**") == "a  b"
    assert official_text.without_marker(" a ", "") == "a"


pieces = st.sampled_from(
    ["<think>", "</think>", "<final_evaluation>", "</final_evaluation>", "```", "```json", "{", "}", '"', "\\", "'",
     ",", ":", '"scores"', '"format": 4', '{"scores": {"format": 4}}', five(5, 4, 3, 2, 1), "\n", "x",
     "\u2028", "NaN", "-1"]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join) | st.text())
def test_no_reply_breaks_the_reading_or_gets_a_score_above_five(reply: str) -> None:
    verdict = read(reply)
    assert bool(verdict.failed) == (not verdict.scores)
    assert all(type(score) is int and score <= 5 for score in verdict.scores.values())
    assert 0 <= verdict.total <= 5
    official_text.prediction(reply, TAG)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        '{"',
        "```",
        "<think>",
        "</think>",
        "<final_evaluation>",
        '"scores":{',
        "{a:",
        "{ ",
        "'a",
        "[{",
        "\\",
        ",}",
        '{"a":{',
    ],
)
def test_a_million_characters_take_less_than_two_seconds(text: str) -> None:
    reply = text * (1_000_000 // len(text))
    started = time.process_time()
    assert isinstance(read(reply), OfficialVerdict)
    official_text.prediction(reply, TAG)
    assert time.process_time() - started < 2

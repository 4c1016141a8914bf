from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.eval.reports import difference

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "a\u2028b", "\r"]), max_size=30).map("\n".join)


def replayed(truth: str, prediction: str, runs: list[int]) -> str:
    """The prediction, made of the truth by what the difference says."""
    a, b = truth.split("\n"), prediction.split("\n")
    made: list[str] = []
    i = 0
    for k in range(0, len(runs), 3):
        equal, gone, come = runs[k : k + 3]
        made += a[i : i + equal]
        i += equal + gone
        made += b[len(made) : len(made) + come]
    assert i == len(a)
    return "\n".join(made)


@given(LINES, LINES)
def test_a_difference_turns_the_truth_into_the_prediction(truth: str, prediction: str) -> None:
    runs = difference.runs(truth, prediction)
    assert len(runs) % 3 == 0
    assert replayed(truth, prediction, runs) == prediction
    assert all(gone or come for gone, come in zip(runs[1:-3:3], runs[2:-3:3], strict=True))


@given(LINES)
def test_equal_texts_have_one_equal_run(text: str) -> None:
    assert difference.runs(text, text) == [text.count("\n") + 1, 0, 0]


@pytest.mark.parametrize(
    ("truth", "prediction", "runs"),
    [
        ("a\nb\nc", "a\nX\nc", [1, 1, 1, 1, 0, 0]),
        ("a\nb", "a\nb\nc", [2, 0, 1]),
        ("a\nb\nc", "c", [0, 2, 0, 1, 0, 0]),
        ("", "a", [0, 1, 1]),
        ("a\nb\nc\nd\ne", "a\nc\nd\nX\ne", [1, 1, 0, 2, 0, 1, 1, 0, 0]),
    ],
)
def test_a_small_difference_is_the_least_one(truth: str, prediction: str, runs: list[int]) -> None:
    assert difference.runs(truth, prediction) == runs


def test_texts_too_large_to_align_at_once_are_parted_at_lines_that_stand_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "CELLS", 50)
    truth = [f"line {n}" for n in range(100)]
    prediction = [line.replace("line 50", "other") for line in truth if line != "line 30"] + ["end"]
    runs = difference.runs("\n".join(truth), "\n".join(prediction))
    assert runs == [30, 1, 0, 19, 1, 1, 49, 0, 1]


@given(LINES, LINES)
def test_parted_texts_are_still_turned_into_each_other(truth: str, prediction: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "CELLS", 6)
        assert replayed(truth, prediction, difference.runs(truth, prediction)) == prediction


@pytest.mark.parametrize("kind", ["shuffled", "other", "short lines"])
def test_a_million_characters_are_compared_in_time(kind: str) -> None:
    chance = random.Random(0)
    lines = [str(chance.randrange(30)) if kind == "short lines" else f"line {n} {'x' * 30}" for n in range(25_000)]
    other = lines[:]
    chance.shuffle(other)
    if kind == "other":
        other = [line + "!" for line in lines]
    if kind == "short lines":
        lines, other = lines * 15, other * 15
    started = time.perf_counter()
    difference.runs("\n".join(lines), "\n".join(other))
    assert time.perf_counter() - started < 2

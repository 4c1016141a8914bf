"""Means come with intervals that know about trajectories."""

from __future__ import annotations

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.eval import stats

TABLE = [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (7, 2.3646), (30, 2.0423), (120, 1.9799), (5000, 1.9600)]


@pytest.mark.parametrize(("degrees", "expected"), TABLE)
def test_the_t_quantile_is_the_one_in_the_tables(degrees: int, expected: float) -> None:
    assert stats.t_quantile(degrees) == pytest.approx(expected, abs=1e-4)


def test_with_one_value_a_trajectory_the_error_is_the_textbook_one() -> None:
    values = [0.4, 0.5, 0.65, 0.35, 0.55, 0.45]
    centre = fmean(values)
    error = stats._standard_error(values, range(len(values)), centre)
    assert error == pytest.approx(stdev(values) / math.sqrt(len(values)))


def test_turns_that_agree_within_a_trajectory_count_for_less() -> None:
    values = [1.0] * 50 + [0.0] * 50
    alone = stats.mean(values, range(100))
    together = stats.mean(values, [k // 10 for k in range(100)])
    assert alone.mean == together.mean == 0.5
    assert width(together) > 2.5 * width(alone)


def test_a_perfect_score_is_not_a_certain_one() -> None:
    few, many = (stats.mean([1.0] * n * 10, [k // 10 for k in range(n * 10)]) for n in (5, 100))
    assert few.mean == few.high == many.high == 1.0
    assert few.low == pytest.approx(5 / (5 + stats.t_quantile(4) ** 2))
    assert 0.95 < many.low < 1.0


def test_one_trajectory_says_nothing_about_the_next() -> None:
    found = stats.mean([1.0, 0.0, 1.0], ["a", "a", "a"])
    assert (found.mean, found.low, found.high, found.n) == (pytest.approx(2 / 3), 0.0, 1.0, 3)
    assert stats.difference([1.0], [0.0], ["a"]).as_dict() == {"mean": 1.0, "ci95": [-1.0, 1.0], "n": 1}


def test_no_values_give_no_mean() -> None:
    assert stats.mean([], []).as_dict() == {"mean": None, "ci95": None, "n": 0}
    assert stats.difference([], [], []).n == 0


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    dice = random.Random(11)
    hits = sum(covers(dice, share=0.9, clusters=30) for _ in range(400))
    assert 0.92 <= hits / 400 <= 0.99


def covers(dice: random.Random, *, share: float, clusters: int) -> bool:
    """Ten turns a trajectory, which share luck: half of the trajectories are hard."""
    values: list[float] = []
    for _ in range(clusters):
        luck = share + dice.choice((-0.1, 0.1))
        values += [float(dice.random() < luck) for _ in range(10)]
    found = stats.mean(values, [k // 10 for k in range(10 * clusters)])
    assert found.low is not None
    assert found.high is not None
    return found.low <= share <= found.high


def test_a_paired_difference_is_tighter_than_two_means() -> None:
    dice = random.Random(3)
    theirs = [float(dice.random() < 0.5) for _ in range(200)]
    ours = [1.0 if dice.random() < 0.1 else value for value in theirs]
    clusters = [k // 5 for k in range(200)]
    found = stats.difference(ours, theirs, clusters)
    assert found.mean == pytest.approx(fmean(ours) - fmean(theirs))
    assert found.low is not None
    assert found.low > 0
    assert width(found) < width(stats.mean(ours, clusters)) / 2


def test_runs_that_never_differ_may_still_differ_a_little() -> None:
    found = stats.difference([1.0] * 60, [1.0] * 60, [k // 3 for k in range(60)])
    assert found.mean == 0
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 20))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=40))
def test_the_interval_holds_the_mean_and_stays_within_the_scale(rows: list[tuple[float, int]]) -> None:
    found = stats.mean([value for value, _ in rows], [cluster for _, cluster in rows])
    assert found.mean is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= 1


def test_a_percentile_is_one_of_the_values() -> None:
    assert stats.percentile([4, 1, 3, 2], 0.5) == 2
    assert stats.percentile(list(range(1, 101)), 0.95) == 95
    assert stats.percentile([7], 0.95) == 7
    assert stats.percentile([], 0.5) is None


def width(found: stats.Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low

"""Rank correlation with ties, and intervals that know trajectories."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.eval.calibration.stats import WIDEST, correlation, ranks, spearman, spread
from nextstate.eval.stats import NOTHING


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert ranks([30, 10, 20, 20]) == [4, 1, 2.5, 2.5]
    assert ranks([]) == []


def test_the_correlation_is_the_one_of_a_worked_example() -> None:
    """Without ties: 1 - 6 * sum(d^2) / (n (n^2 - 1)); the ranks are 2, 1, 3, 5, 4 and differ by 1, 1, 0, 1, 1."""
    assert correlation([1, 2, 3, 4, 5], [2, 1, 3, 6, 4.5]) == pytest.approx(1 - 6 * (1 + 1 + 0 + 1 + 1) / 120)
    assert correlation([1, 2, 3], [9, 5, 1]) == -1.0


def test_with_ties_it_is_the_pearson_correlation_of_the_ranks() -> None:
    """Ranks 1.5 1.5 3 4 and 1 2.5 2.5 4, which stand about 2.5: sums of squares 4.5 and 4.5, of products 3.75."""
    assert correlation([1, 1, 2, 3], [1, 2, 2, 3]) == pytest.approx(3.75 / 4.5)


def test_who_says_the_same_of_everything_agrees_with_nobody() -> None:
    assert spearman([3, 3, 3], [1, 2, 3], ["a", "b", "c"]) == NOTHING
    assert spearman([], [], []) == NOTHING


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=12), st.integers(0, 99))
def test_the_interval_holds_the_figure_and_stays_in_its_range(pairs: list[tuple[int, int]], seed: int) -> None:
    found = spearman([x for x, _ in pairs], [y for _, y in pairs], [n // 2 for n in range(len(pairs))], seed=seed)
    if found.mean is not None:
        assert found.low is not None
        assert found.high is not None
        assert -1 <= found.low <= found.mean <= found.high <= 1


def test_the_same_seed_gives_the_same_interval() -> None:
    random = Random(1)
    xs, ys = ([random.random() for _ in range(40)] for _ in range(2))
    clusters = [number // 4 for number in range(40)]
    assert spearman(xs, ys, clusters, seed=3) == spearman(xs, ys, clusters, seed=3)
    assert spearman(xs, ys, clusters, seed=3) != spearman(xs, ys, clusters, seed=4)


def test_rows_of_one_trajectory_do_not_count_as_many_trajectories() -> None:
    random = Random(2)
    xs = [random.random() for _ in range(30)]
    ys = [x + random.random() for x in xs]
    few = spearman(xs * 8, ys * 8, [*range(30)] * 8)
    alone = spearman(xs, ys, range(30))
    many = spearman(xs * 8, ys * 8, range(240))
    assert width(many) < width(few) == pytest.approx(width(alone), rel=0.2)


def width(found: object) -> float:
    low, high = getattr(found, "low"), getattr(found, "high")  # noqa: B009
    return float(high - low)


def test_one_trajectory_says_nothing_about_others() -> None:
    assert (spearman([1, 2, 3], [1, 2, 3], "aaa").low, spearman([1, 2, 3], [1, 2, 3], "aaa").high) == (-1.0, 1.0)


def test_perfect_agreement_is_no_certainty() -> None:
    values = list(range(20))
    found = spearman(values, values, values)
    assert (found.mean, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - 2 * (1 - 0.05 ** (1 / 20)))


def test_the_spread_is_pooled_over_the_groups() -> None:
    """Sums of squares 2 and 0, two degrees of freedom in all: the root of 1."""
    assert spread([[1, 3], [4, 4], [5]], ["a", "b", "c"]).mean == 1.0
    assert spread([[1, 3], [4, 4], [5]], ["a", "b", "c"]).n == 2
    assert spread([[5], [4]], ["a", "b"]) == NOTHING


def test_no_spread_at_all_may_be_some() -> None:
    found = spread([[4, 4], [2, 2]], ["a", "b"])
    assert (found.mean, found.low) == (0.0, 0.0)
    assert found.high is not None
    assert 0 < found.high <= WIDEST


def test_intervals_of_many_rows_are_there_in_bounded_time() -> None:
    random = Random(5)
    xs, ys = ([random.randrange(5) for _ in range(1_000)] for _ in range(2))
    started = time.process_time()
    spearman(xs, ys, [number // 10 for number in range(1_000)])
    assert time.process_time() - started < 5

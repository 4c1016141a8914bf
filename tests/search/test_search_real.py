"""On real recordings the kernel is right where it answers, and no check blames the truth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from nextstate.data import sources
from nextstate.domain import Determined, calls
from nextstate.domains.search import codec, failures
from nextstate.domains.search.checks import CHECKS
from nextstate.domains.search.kernel import SearchKernel
from nextstate.types import Query, Setup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.types import Trajectory

SETS = {"webdancer": "search_webdancer", "fireact": "search_fireact_hotpotqa", "nemo-gym": "multi_nemo_gym/search"}
LEAST = {"webdancer": 0, "fireact": 20, "nemo-gym": 5}
"""Turns that are answered at least."""


def sample(recordings: Callable[[str], Path], name: str) -> list[Trajectory]:
    """The trajectories; rows without any call are left out."""
    found = sources.read(name, recordings(SETS[name]), on_error=lambda error: None)
    return [one for one in found if one.domain == "search"]


@pytest.mark.parametrize("name", SETS)
def test_what_the_kernel_answers_is_right(recordings: Callable[[str], Path], name: str) -> None:
    kernel, counted = SearchKernel(), Counter[str]()
    for one in sample(recordings, name):
        state = kernel.open(one.setup)
        for turn in one.turns:
            found = kernel.step(state, turn.action)
            if isinstance(found, Determined):
                same = codec.canonical(found.observation) == codec.canonical(turn.observation)
                counted["right" if same else "wrong"] += 1
            else:
                assert len(found.facts) <= 2_000
            state = kernel.absorb(state, turn.action, turn.observation)
    assert counted["wrong"] <= 0.03 * counted["right"]
    assert counted["right"] >= LEAST[name]


@pytest.mark.parametrize("name", SETS)
def test_no_check_fails_on_what_was_really_shown(recordings: Callable[[str], Path], name: str) -> None:
    for one in sample(recordings, name)[:200]:
        for k, turn in enumerate(one.turns):
            query = Query("search", one.setup, one.turns[:k], turn.action)
            failed = [check for check, holds in CHECKS.items() if holds(query, turn.observation) is False]
            assert failed == [], f"{one.id} {k}"


def test_real_batches_are_cut_and_put_together_again(recordings: Callable[[str], Path]) -> None:
    kernel, batches = SearchKernel(), 0
    for one in sample(recordings, "webdancer"):
        parts = [turn for turn in one.turns if "batch" in turn.meta][:3]
        if len(parts) < 3:
            continue
        queries = [calls.parse(turn.action).arguments["query"][0] for turn in parts]  # type: ignore[index,call-overload]
        first, second, third = (turn.observation for turn in parts)
        shown = "\n=======\n".join((first, second, third))
        state = kernel.absorb(kernel.open(Setup()), calls.render("search", {"query": queries}), shown)
        found = kernel.step(state, calls.render("search", {"query": [queries[2], queries[0]]}))
        assert isinstance(found, Determined)
        assert found.observation == "\n=======\n".join((third, first))
        asked = kernel.step(state, calls.render("search", {"query": [queries[1], "something else"]}))
        assert getattr(asked, "ask", None) == calls.render("search", {"query": ["something else"]})
        batches += 1
    assert batches > 50


def test_errors_that_a_harness_marks_are_failures(recordings: Callable[[str], Path]) -> None:
    turns = [turn for one in sample(recordings, "fireact") for turn in one.turns]
    marked = [turn for turn in turns if turn.meta.get("error")]
    query = Query("search", sample(recordings, "fireact")[0].setup, (), "")
    assert marked
    assert all(failures.failed(query, turn.observation) for turn in marked)
    told = sum(failures.failed(query, turn.observation) is True for turn in turns)
    assert told < 0.05 * len(turns)

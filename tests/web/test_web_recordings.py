"""Real recordings: what the kernel answers is right, and what the environment says of failures is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nextstate.data import sources
from nextstate.domain import Determined, find
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.types import Trajectory

WEB = find("web")


@pytest.fixture(scope="module")
def runs(recordings: Callable[[str], Path]) -> list[Trajectory]:
    return [one for one in sources.read("browsergym", recordings("web_browsergym")) if one.turns]


def test_every_recorded_action_parses(runs: list[Trajectory]) -> None:
    assert len(runs) >= 30
    for run in runs:
        for turn in run.turns:
            WEB.validate(turn.action)


def test_failures_are_those_that_the_recordings_mark(runs: list[Trajectory]) -> None:
    assert WEB.failed is not None
    for run in runs:
        for place, turn in enumerate(run.turns):
            query = Query("web", run.setup, run.turns[:place], turn.action)
            assert WEB.failed(query, turn.observation) == bool(turn.meta.get("error"))


def test_checks_never_fail_on_the_truth(runs: list[Trajectory]) -> None:
    for run in runs:
        for place, turn in enumerate(run.turns):
            query = Query("web", run.setup, run.turns[:place], turn.action)
            said = {name: check(query, turn.observation) for name, check in WEB.checks.items()}
            assert False not in said.values(), (run.id, place, said)


def test_what_the_kernel_answers_is_right(runs: list[Trajectory]) -> None:
    assert WEB.kernel is not None
    kernel, answered, right = WEB.kernel(), 0, 0
    for run in runs:
        state = kernel.open(run.setup)
        for turn in run.turns:
            found = kernel.step(state, turn.action)
            if isinstance(found, Determined):
                answered += 1
                right += WEB.canonical(found.observation) == WEB.canonical(turn.observation)
            state = kernel.absorb(state, turn.action, turn.observation)
    assert answered >= 20
    assert right / answered >= 0.97

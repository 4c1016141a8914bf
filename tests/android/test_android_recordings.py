"""The domain on real recordings, where there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nextstate.data.sources import read as read_source
from nextstate.domain import Determined, find
from nextstate.domains.android import codec
from nextstate.domains.android.kernel import AndroidKernel
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.types import Trajectory

SETS = {"android_androidworld_t3a": "androidworld", "android_autodroid_utg": "autodroid"}


def _all(recordings: Callable[[str], Path], name: str) -> list[Trajectory]:
    return list(read_source(SETS[name], recordings(name), on_error=lambda error: None))


@pytest.mark.parametrize("name", SETS)
def test_every_recorded_action_parses_and_renders_the_same(recordings: Callable[[str], Path], name: str) -> None:
    for trajectory in _all(recordings, name):
        for turn in trajectory.turns:
            assert codec.render(codec.parse(turn.action)) == turn.action


@pytest.mark.parametrize("name", SETS)
def test_no_check_fails_on_a_recorded_screen(recordings: Callable[[str], Path], name: str) -> None:
    domain = find("android")
    failures = [
        (check, trajectory.id, number)
        for trajectory in _all(recordings, name)
        for number, turn in enumerate(trajectory.turns)
        for check, holds in domain.checks.items()
        if holds(Query("android", trajectory.setup, trajectory.turns[:number], turn.action), turn.observation) is False
    ]
    assert failures == []


def test_computed_answers_are_right(recordings: Callable[[str], Path]) -> None:
    kernel, turns, answered, right = AndroidKernel(), 0, 0, 0
    for trajectory in (one for name in SETS for one in _all(recordings, name)):
        state = kernel.open(trajectory.setup)
        for turn in trajectory.turns:
            found = kernel.step(state, turn.action)
            turns += 1
            if isinstance(found, Determined):
                answered += 1
                right += codec.canonical(found.observation) == codec.canonical(turn.observation)
            state = kernel.absorb(state, turn.action, turn.observation)
    assert right >= 0.97 * answered
    assert answered >= 0.25 * turns

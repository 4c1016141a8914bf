"""The domain on real recordings of desktops, where there are some."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from nextstate.data.sources import read as read_source
from nextstate.domain import Determined, find
from nextstate.domains.os import grammar, table
from nextstate.domains.os.kernel import decide
from nextstate.domains.os.render import render
from nextstate.domains.os.steps import Click
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.types import Trajectory

OS = find("os")
RIGHT, COVERED = 0.97, 0.35


@cache
def _read(folder: Path) -> tuple[Trajectory, ...]:
    return tuple(read_source("a11y-table", folder, on_error=lambda error: None))


@pytest.fixture
def desktops(recordings: Callable[[str], Path]) -> tuple[Trajectory, ...]:
    return _read(recordings("os_selfrecorded_atspi"))


def test_every_recorded_screen_is_read_and_written_the_same(desktops: tuple[Trajectory, ...]) -> None:
    for trajectory in desktops:
        for text in (trajectory.setup.initial_state, *(turn.observation for turn in trajectory.turns)):
            found = table.read(text)
            assert found is not None
            assert found.text == text


def test_every_recorded_action_parses_and_means_the_same_once_rendered(desktops: tuple[Trajectory, ...]) -> None:
    for trajectory in desktops:
        for turn in trajectory.turns:
            steps = grammar.parse(turn.action)
            assert grammar.parse(render(steps)) == steps


def test_what_is_hit_is_of_the_kind_that_the_recorder_aimed_at_unless_something_covers_it(
    desktops: tuple[Trajectory, ...],
) -> None:
    hits = [hit for trajectory in desktops for hit in _hits(trajectory)]
    assert len(hits) > 500
    assert sum(hits) / len(hits) >= 0.99


def _hits(trajectory: Trajectory) -> list[bool]:
    said, before = [], trajectory.setup.initial_state
    for turn in trajectory.turns:
        target, step, found = turn.meta.get("target"), grammar.parse(turn.action)[0], table.read(before)
        if isinstance(target, dict) and found is not None and isinstance(step, Click):
            at = found.hit(step.x or 0, step.y or 0)
            said.append(at is not None and found.rows[at].tag == target["tag"])
        before = turn.observation
    return said


def test_no_check_fails_on_a_recorded_screen(desktops: tuple[Trajectory, ...]) -> None:
    failures = [
        (name, trajectory.id, number)
        for trajectory in desktops
        for number, turn in enumerate(trajectory.turns)
        for name, check in OS.checks.items()
        if check(Query("os", trajectory.setup, trajectory.turns[:number], turn.action), turn.observation) is False
    ]
    assert failures == []


def test_the_failures_told_are_the_messages_of_failure(desktops: tuple[Trajectory, ...]) -> None:
    assert OS.failed is not None
    for trajectory in desktops:
        before = trajectory.setup.initial_state
        for number, turn in enumerate(trajectory.turns):
            query = Query("os", trajectory.setup, trajectory.turns[:number], turn.action)
            new = turn.observation.count("\nalert\tError\t") > before.count("\nalert\tError\t")
            assert not new or OS.failed(query, turn.observation) is True
            before = turn.observation


def test_the_kernel_is_right_where_it_answers_by_every_rule(desktops: tuple[Trajectory, ...]) -> None:
    assert OS.kernel is not None
    kernel, said = OS.kernel(), dict[str, list[bool]]()
    for trajectory in desktops:
        state = kernel.open(trajectory.setup)
        for turn in trajectory.turns:
            found = kernel.step(state, turn.action)
            if isinstance(found, Determined):
                rule = decide(state, grammar.parse(turn.action)[0])[0]
                said.setdefault(rule, []).append(OS.canonical(found.observation) == OS.canonical(turn.observation))
            state = kernel.absorb(state, turn.action, turn.observation)
    shares = {rule: sum(answers) / len(answers) for rule, answers in said.items()}
    assert {rule: share for rule, share in shares.items() if share < RIGHT} == {}
    assert sum(map(len, said.values())) / sum(len(one.turns) for one in desktops) >= COVERED

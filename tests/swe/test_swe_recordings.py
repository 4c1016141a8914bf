"""On real recordings, where there are some, what the kernel answers is right and checks hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nextstate.data import sources
from nextstate.domain import Determined, find
from nextstate.domains.swe import codec
from nextstate.domains.swe.checks import CHECKS
from nextstate.domains.swe.kernel import SweKernel
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.types import Trajectory

SETS = {
    "swe_miniswe_gemini3": ("mini-swe-agent", "trajs", 4),
    "swe_openhands": ("openhands", "", 3),
    "swe_sweagent": ("swe-agent", "", 4),
}


def some(folder: Path, name: str) -> list[Trajectory]:
    form, below, count = SETS[name]
    found = []
    for one in sources.read(form, folder / below, on_error=lambda error: None):
        if one.turns and one.domain == "swe":
            found.append(one)
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("name", SETS)
def test_what_is_answered_is_right_and_checks_hold(recordings: Callable[[str], Path], name: str) -> None:
    kernel, answered, wrong = SweKernel(), 0, []
    for one in some(recordings(name), name):
        state = kernel.open(one.setup)
        for k, turn in enumerate(one.turns):
            codec.validate(turn.action)
            query = Query("swe", one.setup, one.turns[:k], turn.action)
            assert [key for key, check in CHECKS.items() if check(query, turn.observation) is False] == []
            step = kernel.step(state, turn.action)
            if isinstance(step, Determined):
                answered += 1
                if codec.canonical(step.observation) != codec.canonical(turn.observation):
                    wrong.append((one.id, k))
            state = kernel.absorb(state, turn.action, turn.observation)
    assert answered
    assert len(wrong) <= 0.03 * answered, wrong


def test_the_domain_is_found_by_its_name() -> None:
    assert find("swe").kernel is not None

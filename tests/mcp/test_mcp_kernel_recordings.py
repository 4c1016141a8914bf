"""The kernel's answers on real recordings, where there are some."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from mcp_kernel_worlds import KERNEL

from nextstate.data import sources
from nextstate.domain import Determined, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST = 50
"""Trajectories of each source."""


@pytest.mark.parametrize(
    ("form", "folder", "least"),
    [
        ("bfcl", "tools_bfcl_replay", 85),
        ("tau-bench", "tools_tau_bench", 15),
        ("livemcpbench", "tools_livemcpbench", 1),
    ],
)
def test_answers_on_real_recordings_are_right(
    form: str, folder: str, least: int, recordings: Callable[[str], Path]
) -> None:
    canonical = find("mcp").canonical
    right, wrong = 0, []
    for trajectory in islice(sources.read(form, recordings(folder)), MOST):
        state = KERNEL.open(trajectory.setup)
        for turn in trajectory.turns:
            found = KERNEL.step(state, turn.action)
            if isinstance(found, Determined):
                equal = canonical(found.observation) == canonical(turn.observation)
                right += equal
                wrong += [] if equal else [(trajectory.id, turn.action)]
            state = KERNEL.absorb(state, turn.action, turn.observation)
    assert right >= least
    assert len(wrong) <= 0.02 * (right + len(wrong)), wrong

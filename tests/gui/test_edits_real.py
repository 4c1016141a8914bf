"""Edits on real recordings: what is written gives the screen back, and is a fraction of it."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gui_screens import DESK, NAMES, PHONE, SYNTAXES

from nextstate.data import sources, store
from nextstate.domain import edits
from nextstate.domain.edits.align import price
from nextstate.types import Query, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = {
    "web": (("browsergym", "web_browsergym"),),
    "android": (("androidworld", "android_androidworld_t3a"), ("autodroid", "android_autodroid_utg")),
    "os": (("a11y-table", "os_selfrecorded_atspi"),),
}
EVERY = {"web": 11, "android": 2, "os": 11}
"""One in how many turns is tried: most of the screens of phones are small, and differ much."""
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "edits.py"


def turns(folder: Path, name: str, every: int) -> Iterator[tuple[Query, str]]:
    """Every so many turns of the recordings of a domain."""
    for k, trajectory in enumerate(sources.read(name, folder, on_error=lambda error: None)):
        for n in range(k % every, len(trajectory.turns), every):
            turn = trajectory.turns[n]
            yield Query(trajectory.domain, trajectory.setup, trajectory.turns[:n], turn.action), turn.observation


@pytest.mark.parametrize("name", NAMES)
def test_real_screens_come_back_and_cost_a_fraction(name: str, recorded: Path) -> None:
    write, read = edits.write(SYNTAXES[name]), edits.read(SYNTAXES[name])
    ratios = []
    for source, folder in FOLDERS[name]:
        for query, screen in turns(recorded / folder, source, EVERY[name]):
            reply = write(query, screen)
            assert read(query, reply) == screen
            ratios.append(price(reply) / price(f"<predicted_observation>\nscreen\n{screen}\n</predicted_observation>"))
    assert len(ratios) > 15
    assert statistics.median(ratios) < 0.2
    assert statistics.fmean(ratios) < 0.4


def test_the_benchmark_prints_a_row_for_each_domain(tmp_path: Path) -> None:
    after = PHONE.replace("Milk", "Oats")
    runs = [
        Trajectory("a", "android", Setup(PHONE), (Turn("x", after), Turn("y", PHONE)), Source("phones")),
        Trajectory("o", "os", Setup(DESK), (Turn("x", DESK),), Source("desks")),
        Trajectory("t", "terminal", Setup(), (Turn("ls", "a\n"),), Source("shells")),
    ]
    store.write(tmp_path / "runs.jsonl", runs)
    command = [sys.executable, str(SCRIPT), "--data", str(tmp_path / "runs.jsonl"), "--tokenizer", "bytes"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split("|")[1].strip() for line in shown[2:]] == ["android", "os", "all", "desks", "phones"]
    assert "| 100.0% | 0.0% |" in shown[2]

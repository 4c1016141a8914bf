"""The generator of practice sessions, and the sessions that were recorded from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nextstate.data import store
from record.shells import needs_bubblewrap

if TYPE_CHECKING:
    from nextstate.types import Trajectory

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "terminal_sessions.py"
FIXTURE = Path(__file__).parents[1] / "fixtures" / "terminal.jsonl.zst"
PRINT = "import json, terminal_sessions as t; print(json.dumps([t.generate(s).commands for s in range({0})]))"


@cache
def generated(count: int, attempt: int = 0) -> list[list[str]]:
    code = PRINT.format(count)
    env = {**os.environ, "PYTHONPATH": str(SCRIPT.parent), "PYTHONHASHSEED": str(attempt)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@cache
def recorded() -> tuple[Trajectory, ...]:
    return tuple(store.read(FIXTURE))


def test_equal_seeds_give_equal_sessions_and_no_two_are_alike() -> None:
    sessions = generated(80)
    assert sessions == generated(80, attempt=1)
    assert len({json.dumps(one) for one in sessions}) == 80


def test_every_session_has_at_least_ten_commands() -> None:
    assert min(len(session) for session in generated(80)) >= 10


@pytest.mark.parametrize(
    "topic",
    [
        "git ",
        "python3 ",
        "awk ",
        "sed ",
        "grep ",
        "sort",
        "| ",
        "for ",
        "while ",
        "case ",
        "()",
        "((",
        "<<",
        "2>",
        "xargs",
        "diff",
        "chmod",
        "cd ",
        "trap",
        "sqlite3 ",
        "jq ",
        "tar ",
        "arr=",
        "local ",
        "date",
        "ls -l",
        "ps",
        "$RANDOM",
    ],
)
def test_what_agents_type_is_among_the_commands(topic: str) -> None:
    assert any(topic in command for session in generated(80) for command in session)


def test_the_fixture_is_small_and_holds_what_the_generator_made() -> None:
    assert FIXTURE.stat().st_size < 1_000_000
    assert len(recorded()) == 80
    assert sum(len(trajectory.turns) for trajectory in recorded()) >= 600
    for trajectory, commands in zip(recorded(), generated(80), strict=True):
        assert [turn.action for turn in trajectory.turns] == commands[: len(trajectory.turns)]


def test_the_fixture_was_recorded_inside_walls_and_names_its_endings() -> None:
    assert {trajectory.meta["sandbox"] for trajectory in recorded()} == {"bubblewrap"}
    assert {trajectory.meta["ending"] for trajectory in recorded()} <= {"end", "exit"}
    assert {trajectory.source.licence for trajectory in recorded()} == {"Apache-2.0"}


def test_the_fixture_holds_nothing_of_the_machine_that_recorded_it() -> None:
    text = "".join(json.dumps(store.encode(trajectory)) for trajectory in recorded())
    assert [word for word in ("/root/", "pyenv", "scrubbed") if word in text] == []


@needs_bubblewrap
def test_the_script_records_sessions(tmp_path: Path) -> None:
    out = tmp_path / "s.jsonl.zst"
    argv = [sys.executable, str(SCRIPT), "--seeds", "1000-1000", "--out", str(out)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    (trajectory,) = store.read(out)
    assert (trajectory.id, len(trajectory.turns) >= 10) == ("practice-1000", True)
    assert "1 trajectories" in done.stderr

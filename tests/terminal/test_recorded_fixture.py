"""The kernel on real recorded sessions: what it answers is right, and it answers most."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURE = Path(__file__).parents[1] / "fixtures" / "terminal.jsonl.zst"


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    command = [sys.executable, "-m", "nextstate", "eval", "--model", "kernel", "--data", str(FIXTURE), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_fixture_is_large_enough_and_small_enough(report: dict[str, int]) -> None:
    assert report["n"] >= 600
    assert FIXTURE.stat().st_size < 1_000_000


def test_computed_answers_are_right_in_99_of_100_turns(
    report: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]],
) -> None:
    computed = report["by"]["origin"]["computed"]
    assert computed["scores"]["exact"]["mean"] >= 0.99


def test_the_kernel_answers_at_least_70_of_100_turns(report: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    assert report["by"]["origin"]["computed"]["n"] >= 0.7 * float(str(report["n"]))


def test_what_is_not_computed_is_refused_by_name(report: dict[str, dict[str, dict[str, int]]]) -> None:
    assert set(report["by"]["outcome"]) == {"ok", "refused"}

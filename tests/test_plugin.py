"""A third-party package, really installed by pip, is found by its entry points and works like a built-in domain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from plugged import PLUGIN

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import asyncio, json, re
from nextstate import domain as domains
from nextstate.conform import check
from nextstate.eval import evaluate
from nextstate.eval.scorers import find
from nextstate.models.fakes import Replay
from nextstate.sim import Session

desk = domains.find("weather-desk")
examples = desk.examples()

async def main():
    session = Session(Replay(examples), desk, examples[0].setup)
    shown = [await session.step(turn.action) for turn in examples[0].turns]
    report = await evaluate(Replay(examples), examples, scorers=find(["exact", "same-length"]))
    return {
        "where": __import__("weather_desk").__file__,
        "names": domains.names(),
        "broken": [finding.sentence for finding in check(desk).broken],
        "steps_right": shown == [turn.observation for turn in examples[0].turns],
        "scores": {name: score["mean"] for name, score in report.as_dict()["scores"].items()},
    }

print(json.dumps(asyncio.run(main())))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the sample package, without a network."""
    target = tmp_path_factory.mktemp("installed")
    quiet = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--no-compile",
    ]
    command = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(target), str(PLUGIN)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"pip could not install the sample package:\n{done.stderr}"
    return target


def run(installed: Path, *argv: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, env=environment, cwd=installed, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_domain_is_found_conforms_is_stepped_and_evaluated(installed: Path) -> None:
    found = json.loads(run(installed, "-c", PROGRAM))
    assert found["where"].startswith(str(installed))
    assert {"terminal", "weather-desk"} <= set(found["names"])
    assert found["broken"] == []
    assert found["steps_right"] is True
    assert found["scores"] == {"exact": 1.0, "same-length": 1.0}


def test_the_command_line_checks_lists_and_evaluates_it(installed: Path, tmp_path: Path) -> None:
    from eval.worlds import episodes
    from nextstate.data import store

    assert "weather-desk" in run(installed, "-m", "nextstate", "domains", "list")
    assert "weather-desk" in run(installed, "-m", "nextstate", "domains", "check", "weather-desk")
    store.write(tmp_path / "data.jsonl", episodes(4, 10))
    command = ("-m", "nextstate", "eval", "--model", "kernel", "--data", str(tmp_path / "data.jsonl"), "--json")
    report = json.loads(run(installed, *command, "--scorers", "exact,same-length"))
    assert report["by"]["origin"]["computed"]["scores"]["exact"]["mean"] == 1.0
    assert report["by"]["origin"]["computed"]["n"] == report["n"] == 40
    assert report["scores"]["same-length"]["mean"] == 1.0


def test_the_examples_of_the_sample_are_what_its_real_desk_says(installed: Path) -> None:
    code = "from weather_desk.desk import SCRIPTS, record; import json; print(json.dumps([record(*one) for one in {}]))"
    fresh = json.loads(run(installed, "-c", code.format("[(k, *script) for k, script in enumerate(SCRIPTS)]")))
    lines = (PLUGIN / "weather_desk" / "examples.jsonl").read_text("utf-8").split("\n")
    kept = [json.loads(line) for line in lines if line]
    assert [without_clock(one) for one in fresh] == [without_clock(one) for one in kept]


def without_clock(example: dict[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    return {**example, "turns": [turn for turn in example["turns"] if turn[0] != "clock"]}

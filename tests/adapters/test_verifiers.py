"""Rollouts of verifiers in simulated worlds, with a scripted agent."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from agents import calling
from boxes import NAME, box_server, typing, unasked
from build import SOURCES
from examples import EXAMPLE, code_in, command_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


OPENENV = """
[env.taskset]
id = "openenv"
base_url = "{url}"
resets = [{{ scenario = "{name}", seed = 3 }}]
"""
NO_UV = """#!/bin/sh
# The program of the harness asks uv for an environment with its packages; verifiers' own environment has them all.
case "$*" in *--help) echo --script ;; python*) echo {python} ;; esac
"""


@pytest.fixture
def evaluate(
    inside: Callable[..., Awaitable[str]], environment: Callable[[str], Path], tmp_path: Path
) -> Callable[..., Awaitable[list[Any]]]:
    """Runs ``vf-eval`` without a network and gives the traces of its rollouts."""

    async def run(models: str, *options: str) -> list[Any]:
        python = environment("verifiers")
        program = tmp_path / "bin" / "uv"
        program.parent.mkdir()
        program.write_text(NO_UV.format(python=python))
        program.chmod(0o755)
        fixed = ["-m", "fake", "--client.base-url", models, "--client.api-key-var", "OPENAI_API_KEY"]
        variables = {
            "OPENAI_API_KEY": "none",
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCES}",
            "PATH": f"{program.parent}{os.pathsep}{python.parent}{os.pathsep}{os.environ['PATH']}",
        }
        code = "from verifiers.v1.cli.eval.main import main; main()"
        print(await inside("verifiers", "-c", code, *options, *fixed, variables=variables))
        (written,) = tmp_path.glob("outputs/**/traces.jsonl")
        episodes = [json.loads(line) for line in written.read_text().splitlines()]
        return [trace for episode in episodes for trace in episode["traces"]]

    return run


def documented(taskset: str, url: str) -> list[str]:
    """The call of ``vf-eval`` that our documentation shows, for another module."""
    known = {"my_worlds": taskset, EXAMPLE: url, '["SCENARIO"]': json.dumps([NAME])}
    words = [known.get(word, word) for word in command_in("verifiers", 1, "vf-eval")]
    return [word for word in words if word not in ("-m", "MODEL")]


async def test_the_example_of_the_adapter_gives_each_rollout_a_session_and_a_reward(
    evaluate: Any, tmp_path: Path
) -> None:
    (tmp_path / "my_worlds.py").write_text(code_in("verifiers"))
    async with box_server(unasked) as url, calling([typing("ls")]) as models:
        traces = await evaluate(models, *documented("my_worlds", url))
    assert [trace["rewards"]["world"]["score"] for trace in traces] == [1.0] * 4
    assert len({trace["info"]["nextstate"]["session"] for trace in traces}) == 4
    assert sorted(trace["info"]["nextstate"]["seed"] for trace in traces) == [0, 0, 1, 1]
    assert all(trace["metrics"] | {"unscored": 0.0, "steps_computed": 1.0} == trace["metrics"] for trace in traces)


async def test_an_episode_without_a_grade_counts_as_unscored(evaluate: Any, tmp_path: Path) -> None:
    program = "from nextstate.adapters.verifiers import WorldTaskset as Worlds\n__all__ = ['Worlds']\n"
    (tmp_path / "ungraded.py").write_text(program)
    seat = ["--env.agent.harness.id", "null", "--env.agent.runtime.type", "subprocess", "--no-push"]
    async with box_server(unasked) as url, calling([typing("ls")]) as models:
        (trace,) = await evaluate(models, "ungraded", "--env.taskset.task.url", url, *seat)
    assert trace["rewards"] == {}
    assert trace["metrics"]["unscored"] == 1.0
    assert trace["task"]["data"]["scenario"] == NAME, "where none is named, the scenarios are those of the server"


async def test_a_server_that_is_not_there_is_an_error_of_the_task_with_our_words(evaluate: Any, tmp_path: Path) -> None:
    (tmp_path / "my_worlds.py").write_text(code_in("verifiers"))
    async with calling([typing("ls")]) as models:
        (trace, *_) = await evaluate(models, *documented("my_worlds", "http://127.0.0.1:9"))
    (error,) = trace["errors"]
    assert error["type"] == "TaskError"
    assert "no answer from http://127.0.0.1:9" in error["message"]


async def test_verifiers_own_openenv_taskset_plays_on_our_wire(evaluate: Any, tmp_path: Path) -> None:
    config = tmp_path / "openenv.toml"
    seat = ["--env.player.harness.id", "null", "--env.player.runtime.type", "subprocess", "--no-push"]
    async with box_server(unasked) as url, calling(["ls", "cat readme.md", ""]) as models:
        config.write_text(OPENENV.format(url=url, name=NAME))
        (trace,) = await evaluate(models, "@", str(config), *seat)
    assert trace["stop_condition"] == "empty_action"
    assert "# demo" in json.dumps(trace["nodes"])

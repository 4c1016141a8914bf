"""Evaluations of Inspect in simulated worlds: its stock tools, its log, our machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from boxes import NAME, box_server, typing, unasked
from examples import EXAMPLE, code_in

from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.sim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

WORLD = """
from inspect_ai import Task
from inspect_ai.dataset import Sample
from nextstate.adapters.inspect_ai import world

samples = [Sample(input="Look.", metadata={"seed": 7})]
task = Task(dataset=samples, solver=world("http://127.0.0.1:8000", scenario=SCENARIO))
"""


@pytest.fixture
def evaluate(client: Callable[..., Awaitable[str]], tmp_path: Path) -> Callable[..., Awaitable[Any]]:
    """Evaluates the task of a program with a scripted model and gives the log."""

    async def run(program: str, url: str, *calls: tuple[str, dict[str, Any]], key: str = "") -> Any:
        file = tmp_path / "program.py"
        file.write_text(program.replace(EXAMPLE, url).replace("=SCENARIO", f"={NAME!r}"))
        variables = {"NEXTSTATE_KEY": key}
        printed = await client("inspect", str(file), json.dumps(calls), script="inspect_eval", variables=variables)
        return json.loads(printed.splitlines()[-1])

    return run


async def test_the_example_of_the_adapter_gives_bash_a_simulated_machine(evaluate: Any) -> None:
    async with box_server(unasked) as url:
        log = await evaluate(code_in("inspect_ai"), url, ("bash", {"command": "ls"}), ("bash", {"command": "cat none"}))
    assert (log["status"], log["error"]) == ("success", None)
    (sample,) = log["samples"]
    assert [tool["text"] for tool in sample["tools"]] == ["readme.md\n", "cat: none: No such file or directory\n"]
    told = sample["metadata"]["nextstate"]
    assert told["origins"] == {"computed": 2}
    assert told["simulated"] is True
    assert told["scenario"] == NAME


async def test_a_world_behind_a_key_is_reached_through_its_tools_and_the_sample_says_which_seed(
    evaluate: Any, tmp_path: Path
) -> None:
    keys = Keys(tmp_path / "keys.json")
    key = keys.new("inspector")
    async with box_server(unasked, gate=Gate(keys)) as url:
        log = await evaluate(WORLD, url, typing("pwd"), key=key)
    (sample,) = log["samples"]
    assert (log["status"], sample["error"]) == ("success", None)
    assert sample["tools"][0]["text"].strip() == "/app"
    assert sample["metadata"]["nextstate"] | {"seed": 7, "origins": {"computed": 1}} == sample["metadata"]["nextstate"]


FILES = """
from inspect_ai import Task
from inspect_ai.dataset import Sample
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import bash, python
from nextstate.adapters.inspect_ai import machine, provenance

task = Task(
    dataset=[Sample(input="Look.", files={"data/notes.txt": "one\\ntwo"}, setup="echo begun > begun")],
    solver=[use_tools(bash(), python()), generate(), provenance()],
    sandbox=machine("http://127.0.0.1:8000", scenario=SCENARIO),
)
"""


async def test_files_set_up_and_input_reach_the_machine(evaluate: Any) -> None:
    calls = [("bash", {"command": "cat data/notes.txt begun"}), ("python", {"code": "print(6 * 7)"})]
    async with box_server(unasked) as url:
        log = await evaluate(FILES, url, *calls)
    (sample,) = log["samples"]
    assert (log["status"], sample["error"]) == ("success", None)
    assert [tool["text"] for tool in sample["tools"]] == ["one\ntwobegun\n", "42\n"]


async def test_a_session_that_has_ended_is_an_error_of_the_tool_and_the_sample_goes_on(evaluate: Any) -> None:
    calls = [("bash", {"command": "echo 1"}), ("bash", {"command": "echo 2"})]
    async with box_server(unasked, limits=Limits(turns=1)) as url:
        log = await evaluate(code_in("inspect_ai"), url, *calls)
    (sample,) = log["samples"]
    assert (log["status"], sample["error"]) == ("success", None)
    assert sample["tools"][0]["text"] == "1\n"
    assert sample["tools"][1]["error"] == "sandbox_unavailable"
    assert "turn_limit" in sample["tools"][1]["why"]


async def test_a_scenario_that_is_not_there_fails_the_evaluation_with_the_nearest_name(evaluate: Any) -> None:
    async with box_server(unasked) as url:
        log = await evaluate(code_in("inspect_ai").replace("SCENARIO", "'boxes/bux'"), url)
    assert log["status"] == "error"
    assert f"did you mean '{NAME}'?" in log["error"]

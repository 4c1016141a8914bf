"""Harbor's own trials on a simulated machine: the task is its, the machine is ours."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from boxes import NAME, box_server, unasked
from build import CLIENTS, SOURCES
from examples import EXAMPLE, command_in

from nextstate.data import store
from nextstate.data.export import export
from nextstate.models.fake_endpoint import FakeEndpoint
from nextstate.sim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


TASK = """
schema_version = "1.4"
[task]
name = "test/hello"
[environment]
[verifier]
environment_mode = "shared"
"""
STEPS = [["ls\n", "Up"], ["cat <<'X' > hello.txt\n", "Hello, world!\nX\n"], ["mkdir -p deep && cd deep\n", "pwd\n"]]
"""What a scripted model types at Terminus's terminal, turn by turn."""
CHECK = """#!/bin/bash
if [ "$(cat /app/hello.txt)" = "Hello, world!" ]; then echo 1; else echo 0; fi > /logs/verifier/reward.txt
echo checked
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task in Harbor's form: write a line to a file."""
    folder = tmp_path / "task"
    files = {
        "task.toml": TASK,
        "instruction.md": "Write 'Hello, world!' to /app/hello.txt.\n",
        "environment/Dockerfile": "FROM debian:12\nWORKDIR /app\n",
        "tests/test.sh": CHECK,
        "solution/solve.sh": "#!/bin/bash\necho 'Hello, world!' > hello.txt\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    return folder


@pytest.fixture
def trial(inside: Callable[..., Awaitable[str]], task: Path, tmp_path: Path) -> Callable[..., Awaitable[Path]]:
    """Runs the call of Harbor that our documentation shows, and gives the folder of its results."""

    async def run(url: str, *options: str, **variables: str) -> Path:
        known = {"TASK": str(task), f"url={EXAMPLE}": f"url={url}", "scenario=SCENARIO": f"scenario={NAME}"}
        documented = [known.get(word, word) for word in command_in("harbor", 0, "harbor")]
        arguments = [*documented, "--trials-dir", str(tmp_path / "trials"), "--trial-name", "one", *options]
        variables = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HARBOR_TELEMETRY": "off", **variables}
        variables["PYTHONPATH"] = f"{SOURCES}{os.pathsep}{CLIENTS}"
        print(await inside("harbor", "-m", "harbor.cli.main", *arguments, variables=variables))
        return tmp_path / "trials" / "one"

    return run


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def rewards(trial: Path) -> Any:
    return read(trial / "result.json")["verifier_result"]["rewards"]


async def test_the_oracle_of_a_task_solves_it_and_the_reward_is_computed(trial: Any) -> None:
    async with box_server(unasked) as url:
        folder = await trial(url)
    assert rewards(folder) == {"reward": 1.0}
    label = read(folder / "nextstate.json")
    assert label["simulated"] is True
    assert label["verifier"]["verdict"] == "computed"


async def test_a_separate_verifier_has_a_machine_of_its_own_with_the_tests_and_the_artifacts(
    trial: Any, task: Path
) -> None:
    (task / "task.toml").write_text(
        TASK.replace('schema_version = "1.4"', 'schema_version = "1.4"\nartifacts = ["/app/hello.txt"]').replace(
            "shared", "separate"
        )
    )
    (task / "tests" / "Dockerfile").write_text("FROM debian:12\nCOPY . /tests/\n")
    async with box_server(unasked) as url:
        folder = await trial(url)
    assert rewards(folder) == {"reward": 1.0}


async def test_a_scripted_agent_fails_a_task_and_its_trajectory_passes_harbors_validator(
    trial: Any, inside: Any, tmp_path: Path
) -> None:
    commands = tmp_path / "commands"
    commands.write_text("echo wrong > hello.txt\nexit 3\npwd\ncat nothing\n")
    async with box_server(unasked) as url:
        folder = await trial(url, "-a", "harbor_agents:ScriptedAgent", COMMANDS=str(commands))
    assert rewards(folder) == {"reward": 0.0}
    shown = [
        step["observation"]["results"][0]["content"] for step in read(folder / "agent/trajectory.json")["steps"][1:]
    ]
    assert shown == ["[0]", "[3]", "/app\n[0]", "cat: nothing: No such file or directory\n[1]"]
    printed = await inside("harbor", "-m", "harbor.utils.trajectory_validator", str(folder / "agent/trajectory.json"))
    assert "valid" in printed.lower()


def scripted(body: Any) -> str:
    """A model for Terminus-2: the next of ``STEPS``, then that the task is complete."""
    turn = sum(message["role"] == "assistant" for message in body["messages"])
    keys = STEPS[turn] if turn < len(STEPS) else []
    commands = [{"keystrokes": text, "duration": 0.0} for text in keys]
    done = turn >= len(STEPS)
    return json.dumps({"analysis": "a", "plan": "p", "commands": commands, "task_complete": done})


async def test_terminus_types_at_a_simulated_terminal(trial: Any, inside: Any) -> None:
    async with box_server(unasked) as url, FakeEndpoint(scripted) as models:
        options = ["-a", "terminus-2", "-m", "openai/fake", "--agent-kwarg", f"api_base={models.url}"]
        folder = await trial(url, *options, OPENAI_API_KEY="none")
    assert rewards(folder) == {"reward": 1.0}
    (session,) = store.read(folder / "nextstate.jsonl")
    typed = ["ls", "cat <<'X' > hello.txt\nHello, world!\nX", "mkdir -p deep && cd deep", "pwd"]
    assert [turn.action for turn in session.turns if not turn.action.startswith("(")] == ["cd /app", *typed]
    assert read(folder / "nextstate.json")["keys_ignored"] == ["Up"]
    header = (folder / "agent/recording.cast").read_text().partition("\n")[0]
    assert json.loads(header) | {"version": 2, "width": 160} == json.loads(header)


async def test_a_reward_that_rests_on_what_a_model_said_is_labelled_as_judged(trial: Any, task: Path) -> None:
    (task / "tests/test.sh").write_text("#!/bin/bash\nif pytest; then echo 1; fi > /logs/verifier/reward.txt\n")
    async with box_server(lambda query: "1\n[exit 0]\n" if "cat /logs" in query.action else "1 passed\n") as url:
        folder = await trial(url)
    assert rewards(folder) == {"reward": 1.0}
    label = read(folder / "nextstate.json")
    assert label["verifier"]["verdict"] == "judged"
    assert label["verifier"]["origins"]["model"] >= 1


async def test_a_session_that_has_ended_is_an_error_of_the_trial_with_our_words(trial: Any) -> None:
    async with box_server(unasked, limits=Limits(turns=3)) as url:
        folder = await trial(url)
    error = read(folder / "result.json")["exception_info"]
    assert error["exception_type"] == "SimulationFailed"
    assert "turn_limit" in error["exception_message"]
    assert read(folder / "nextstate.json")["verifier"]["verdict"] == "not run"


async def test_a_scenario_that_is_not_there_fails_the_start_with_the_nearest_name(trial: Any) -> None:
    async with box_server(unasked) as url:
        folder = await trial(url, "-a", "nop", "--environment-kwarg", "scenario=boxes/bux")
    error = read(folder / "result.json")["exception_info"]
    assert error["exception_type"] == "SandboxBuildFailedError"
    assert f"did you mean '{NAME}'?" in error["exception_message"]


async def test_a_session_of_ours_is_an_atif_trajectory_that_passes_harbors_validator(
    trial: Any, inside: Any, tmp_path: Path
) -> None:
    async with box_server(unasked) as url:
        folder = await trial(url, "-a", "nop")
    (written,) = store.read(folder / "nextstate.jsonl")
    export("atif", [written], tmp_path / "atif")
    (file,) = (tmp_path / "atif").iterdir()
    assert "is valid" in await inside("harbor", "-m", "harbor.utils.trajectory_validator", str(file))
    assert [step["source"] for step in read(file)["steps"]] == ["system"] + ["agent"] * len(written.turns)

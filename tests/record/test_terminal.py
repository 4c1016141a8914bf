"""Recordings: facts, endings, files that survive, secrets that do not."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import pytest

from nextstate.data import store
from nextstate.errors import DataError, SessionEnded
from nextstate.record.sandbox import World
from nextstate.record.shell import Limits
from nextstate.record.terminal import record_commands, record_interactive, recording
from record.shells import QUICK, needs_bubblewrap

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.types import Turn

bare = functools.partial(record_commands, id="t", sandbox="none", allow_unsandboxed=True)


async def test_the_facts_are_what_the_shell_itself_says() -> None:
    asked = ("env | grep -v ^_= | sort", "pwd", "umask", 'echo "bash $BASH_VERSION"', "whoami", "uname -n")
    trajectory = await bare(asked, files={"a.txt": "x\n"}, env={"EXTRA": "y z"})
    env, cwd, umask, shell, user, host = (turn.observation.strip() for turn in trajectory.turns)
    facts = trajectory.setup.facts
    assert "".join(f"{name}={value}\n" for name, value in facts["env"].items()).strip() == env  # type: ignore[union-attr]
    assert (facts["cwd"], facts["umask"], facts["shell"], facts["user"]) == (cwd, umask, shell, user)
    assert facts["host"] == host
    assert facts["locale"] == "C.UTF-8"
    assert facts["files"][f"{cwd}/a.txt"] == "x\n"  # type: ignore[index, call-overload]


async def test_the_tools_and_their_versions_are_known() -> None:
    (turn,) = (trajectory := await bare(["bash --version | head -1"])).turns
    tools = trajectory.setup.facts["tools"]
    assert tools["bash"] in turn.observation  # type: ignore[operator, index, call-overload]
    assert all(version[0].isalnum() and any(map(str.isdigit, version)) for version in tools.values())  # type: ignore[union-attr]


async def test_the_initial_state_tells_a_model_what_the_facts_tell_a_kernel() -> None:
    trajectory = await bare([], files={"notes/a.txt": "four"})
    facts, text = trajectory.setup.facts, trajectory.setup.initial_state
    assert f"Working directory: {facts['cwd']}" in text
    assert "notes/a.txt (4 bytes)" in text
    for key in ("os", "user", "host", "shell", "umask", "locale"):
        assert str(facts[key]) in text


async def test_an_empty_start_is_called_empty() -> None:
    assert "It is empty." in (await bare([])).setup.initial_state


@needs_bubblewrap
async def test_a_recording_inside_bubblewrap_says_so_and_knows_its_directories_whole() -> None:
    trajectory = await record_commands(["ls -A /tmp /home/dev"], id="t", files={"/srv/x": ""})
    assert trajectory.meta == {"sandbox": "bubblewrap", "ending": "end"}
    assert trajectory.setup.facts["complete"] == ["/home", "/srv", "/tmp"]
    assert trajectory.turns[0].observation == "/home/dev:\n\n/tmp:\n"


async def test_a_trajectory_names_its_ending_and_what_was_not_typed() -> None:
    trajectory = await bare(["echo a", "exit 4", "echo b", "echo c"])
    assert [turn.action for turn in trajectory.turns] == ["echo a", "exit 4"]
    assert trajectory.meta == {"sandbox": "none", "ending": "exit", "left": 2}


async def test_a_recording_that_hangs_keeps_what_was_finished() -> None:
    trajectory = await bare(["echo a", "while :; do :; done", "echo b"], limits=QUICK)
    assert trajectory.turns[0].observation == "a\n"
    assert (trajectory.meta["ending"], trajectory.meta["left"]) == ("timeout", 1)


async def test_a_recording_that_has_ended_cannot_be_stepped() -> None:
    async with recording("t", World(), sandbox="none", allow_unsandboxed=True) as running:
        await running.step("exit")
        with pytest.raises(SessionEnded, match="exit"):
            await running.step("echo")
    assert len(running.trajectory.turns) == 1


async def test_what_is_recorded_can_be_written_and_read(tmp_path: Path) -> None:
    trajectory = await bare([r"printf '\377\0\u2028\r\n'", "echo café"], files={"é": "ü\n"})
    store.write(tmp_path / "t.jsonl", [trajectory])
    assert list(store.read(tmp_path / "t.jsonl")) == [trajectory]


async def test_two_recordings_of_determined_commands_are_equal() -> None:
    commands = ["echo $((6*7)) > f; cat f", "sort f nofile", "seq 3 | paste -sd+"]
    first, second = await bare(commands), await bare(commands)
    assert first.turns == second.turns


async def test_secrets_are_scrubbed_everywhere_and_counted() -> None:
    secret = "ghp_" + "a1B2" * 9
    trajectory = await bare([f"echo {secret}", "cat .env", "env | grep API"], files={".env": f"T={secret}\n"},
                            env={"API_KEY": "k3yk3yk3yk3y"})  # fmt: skip
    text = json.dumps(store.encode(trajectory))
    assert secret not in text
    assert "k3yk3y" not in text
    assert trajectory.turns[0].observation == "<GITHUB_TOKEN_1>\n"
    assert trajectory.turns[1].observation == "T=<GITHUB_TOKEN_1>\n"
    assert trajectory.meta["scrubbed"] == {"github_token": 4, "secret": 2}


async def test_an_interactive_recording_is_written_after_every_turn(tmp_path: Path) -> None:
    out = tmp_path / "live.jsonl"
    actions = iter(["echo one", "echo two", None, "echo never"])
    written: list[int] = []
    seen: list[Turn] = []

    async def ask() -> str | None:
        written.append(sum(len(one.turns) for one in store.read(out)) if out.exists() else 0)
        return next(actions)

    made = [await record_interactive(out, ask, seen.append, id="one", allow_unsandboxed=True)]
    actions = iter(["exit 2", "echo never"])
    made.append(await record_interactive(out, ask, seen.append, id="two", allow_unsandboxed=True))
    assert written == [0, 1, 2, 2]
    assert [turn.observation for turn in seen] == ["one\n", "two\n", ""]
    assert list(store.read(out)) == made


async def test_an_interactive_recording_does_not_touch_a_broken_file(tmp_path: Path) -> None:
    out = tmp_path / "broken.jsonl"
    out.write_text('{"id": \n')

    async def ask() -> str | None:
        raise AssertionError("nothing may be asked")

    with pytest.raises(DataError, match=r"broken.jsonl:1"):
        await record_interactive(out, ask, print, id="one", allow_unsandboxed=True)
    assert out.read_text() == '{"id": \n'


async def test_the_place_of_a_recording_is_removed_whatever_was_done_to_it() -> None:
    (turn,) = (await bare(["mkdir -p a/b; touch a/b/c; ln -s /usr link; chmod 000 a/b a; pwd"])).turns
    from pathlib import Path

    assert not Path(turn.observation.strip()).exists()
    assert Path("/usr").exists()


def test_the_limits_have_sane_defaults() -> None:
    limits = Limits()
    assert (limits.timeout, limits.output) == (10.0, 50_000_000)

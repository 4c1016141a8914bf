"""Where commands run: walls that agree with the facts, or a refusal, never silence."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from nextstate.errors import UsageError
from nextstate.record import sandbox
from nextstate.record.sandbox import World, prepare
from record.shells import needs_bubblewrap, shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    sandbox.why_no_bubblewrap.cache_clear()
    yield
    sandbox.why_no_bubblewrap.cache_clear()


async def lines(*actions: str, **world: object) -> list[str]:
    async with shell(sandbox="bubblewrap", **world) as running:
        return [(await running.run(action)).text.strip() for action in actions]


def test_without_bubblewrap_nothing_runs_unless_it_is_allowed(no_bubblewrap: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"package bubblewrap.*unguarded"):
        prepare(World(), tmp_path)
    with pytest.raises(UsageError, match="package bubblewrap"):
        prepare(World(), tmp_path, sandbox="bubblewrap", allow_unsandboxed=True)


def test_going_without_walls_is_said_loudly(
    no_bubblewrap: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert prepare(World(), tmp_path, allow_unsandboxed=True).kind == "none"
    assert "WITHOUT A SANDBOX" in caplog.text
    assert "bwrap is not installed" in caplog.text


def test_no_sandbox_by_name_must_be_allowed_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unguarded"):
        prepare(World(), tmp_path, sandbox="none")


def test_an_unknown_sandbox_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown sandbox 'docker'; known: auto, bubblewrap, none"):
        prepare(World(), tmp_path, sandbox="docker", allow_unsandboxed=True)


@pytest.mark.parametrize("path", ["/etc/passwd", "/usr/x", "/proc/x", "../../bin/ls"])
def test_a_recording_cannot_own_what_is_the_system_s(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which is the system's"):
        prepare(World({path: ""}), tmp_path, sandbox="none", allow_unsandboxed=True)


def test_a_place_knows_its_files_and_which_directories_it_knows_whole(tmp_path: Path) -> None:
    world = World({"a.txt": "x", "/srv/b/c": "y", "empty/": ""}, cwd="/srv/b")
    place = prepare(world, tmp_path, sandbox="none", allow_unsandboxed=True)
    found = {path.removeprefix(str(tmp_path)): text for path, text in place.files.items()}
    assert found == {"/srv/b/a.txt": "x", "/srv/b/c": "y", "/srv/b/empty/": "", "/home/dev/": "", "/tmp/": ""}
    assert place.complete == (str(tmp_path),)
    assert (tmp_path / "srv/b/a.txt").read_text() == "x"
    assert (tmp_path / "srv/b/empty").is_dir()


def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot make the file '/home/dev/a/b'"):
        prepare(World({"a": "", "a/b": ""}), tmp_path, sandbox="none", allow_unsandboxed=True)


@needs_bubblewrap
async def test_who_and_where_agree_with_what_was_asked_for() -> None:
    said = await lines("whoami; id -u; hostname; pwd; echo ~; cat /srv/x/f", cwd="/srv/x", user="eve", host="lab",
                       files={"f": "text"})  # fmt: skip
    assert said == ["eve\n1000\nlab\n/srv/x\n/home/eve\ntext"]


@needs_bubblewrap
async def test_the_environment_is_exactly_the_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK_OF_THIS_PROCESS", "1")
    (said,) = await lines("env | cut -d= -f1 | sort | paste -sd' '", env={"EXTRA": "1"})
    assert said == "EXTRA HOME LANG LOGNAME PATH PWD SHELL SHLVL TERM USER _"


@needs_bubblewrap
async def test_the_system_is_read_only_and_the_home_is_not() -> None:
    said = await lines("touch /usr/x", "touch /x", "touch /etc/x", "touch ~/x /tmp/x && echo ok", "cat /etc/shadow")
    assert ["Read-only" in one for one in said[:3]] == [True] * 3
    assert said[3:] == ["ok", "cat: /etc/shadow: Permission denied"]


@needs_bubblewrap
async def test_other_processes_and_other_homes_are_not_there() -> None:
    processes, homes = await lines("ls /proc | grep -c '^[0-9]'", "ls /home")
    assert int(processes) < 10
    assert homes == "dev"


@needs_bubblewrap
async def test_a_server_of_this_machine_cannot_be_reached() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        (said,) = await lines(f"echo > /dev/tcp/127.0.0.1/{port}")
    assert "Connection refused" in said


@needs_bubblewrap
async def test_a_fork_bomb_is_gone_with_its_shell() -> None:
    async with shell(sandbox="bubblewrap") as running:
        await running.run("(while :; do sleep 600 & sleep 0.05; done) & sleep 0.2")
        assert (await running.run("echo still")).text == "still\n"

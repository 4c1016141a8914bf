"""``nextstate domains new`` makes a third party's domain that works as it is, in fewer lines than a page of code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nextstate.cli import main, new
from nextstate.errors import UsageError
from plugged import pretend_installed

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "night-lamps"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``python ARGUMENTS`` where the new domain is installed."""
    folder = tmp_path_factory.mktemp("new")
    new.make(NAME, folder / NAME)
    metadata = folder / "metadata"
    metadata.mkdir()
    pretend_installed(folder / NAME, metadata)
    path = f"{folder / NAME}:{metadata}"

    def call(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], input=text, capture_output=True, text=True, timeout=60,
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(folder)}, cwd=folder,
        )  # fmt: skip

    return call


def test_the_new_domain_is_found_and_keeps_its_promises(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("-m", "nextstate", "domains", "check", NAME, "--json")
    report = json.loads(done.stdout)["domains"][NAME]
    assert (done.returncode, report["broken"]) == (0, 0), done.stdout
    assert report["kernel"] == {"turns": 6, "answered": 5, "wrong": []}


def test_the_new_domain_can_be_played(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("-m", "nextstate", "play", NAME, "--model", "kernel", text="on desk\nlook\noff attic\ntime\n")
    assert "desk is on\nhall is on\n" in done.stdout
    assert "there is no lamp attic\n" in done.stdout
    assert "nobody can know the time" in done.stdout


def test_its_recorded_example_is_what_its_environment_shows(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    script = "from night_lamps.environment import record; from night_lamps import DOMAIN as d; old, = d.examples(); "
    script += (
        "print(*(d.canonical(a.observation) == d.canonical(b.observation) for a, b in zip(old.turns, record().turns)))"
    )
    assert run("-c", script).stdout.split() == ["True"] * 6


def test_the_whole_of_it_takes_fewer_than_150_lines(tmp_path: Path) -> None:
    written = new.make(NAME, tmp_path / NAME)
    code = [path for path in written if path.suffix in (".py", ".toml")]
    assert len(code) == 5
    assert sum(len(path.read_text().splitlines()) for path in code) < 150


@pytest.mark.parametrize("name", ["My Shop", "json", "class", "../x", "", "terminal", "nextstate"])
def test_a_name_that_cannot_be_used_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        new.make(name, tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").write_text("mine")
    assert main(["domains", "new", NAME, "--out", str(tmp_path)]) == 2
    assert "exists; name another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]

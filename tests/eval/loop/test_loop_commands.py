"""``bench build``, ``bench loop`` and ``bench luck`` on the command line."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import domain as domains
from nextstate.cli import loop
from nextstate.data import store
from nextstate.errors import UsageError
from record.shells import needs_bubblewrap

if TYPE_CHECKING:
    from pathlib import Path


def ran(*words: str) -> int:
    root = argparse.ArgumentParser()
    loop.add(root.add_subparsers(required=True))
    arguments = root.parse_args(words)
    status: int = arguments.run(arguments)
    return status


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "data.jsonl"
    store.write(path, domains.find("terminal").examples())
    return str(path)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_set_is_built_and_told(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("build", "--data", data, "--out", str(tmp_path / "set"), "--limit", "3", "--json") == 0
    assert printed(capsys)["domains"]["terminal"]["rows"] == 3
    assert ran("build", "--data", data, "--out", str(tmp_path / "other")) == 0
    assert "terminal: " in capsys.readouterr().out


def test_broken_lines_are_named_once_and_counted(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(data, "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write("{broken\n" + '{"id": "x", "domain": "nowhere", "setup": {}, "turns": []}\n')
    assert ran("build", "--data", data, "--out", str(tmp_path / "set"), "--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["skipped"]["n"] == 2
    assert captured.err.count("skipped: ") == 2


def test_recordings_are_lived_through(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("loop", "--model", f"replay:{data}", "--data", data, "--out", str(tmp_path / "run"), "--json")
    assert ran(*words) == 0
    first = printed(capsys)
    assert first["inside"]["mean"] == first["real"]["mean"] == 1.0
    assert ran(*words) == 0
    assert printed(capsys)["inside"] == first["inside"]


def test_luck_of_recordings(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("luck", "--model", "copy-last", "--data", data, "--worlds", "2", "--turns", "3", "--limit", "2") == 0
    assert "environment luck: copy-last, 2 trajectories, 2 worlds each" in capsys.readouterr().out
    assert ran("luck", "--model", f"replay:{data}", "--data", data, "--worlds", "2", "--limit", "1", "--json") == 0
    assert printed(capsys)["outcomes"]["exact"]["mean"] == 1.0


@needs_bubblewrap
def test_tasks_are_done_inside_and_in_a_real_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("loop", "--model", "agreeing", "--tasks", "terminal", "--real", "shell", "--limit", "1", "--json") == 0
    found = printed(capsys)
    assert (found["n"], found["inside"]["mean"], found["run"]["real"]) == (3, 1.0, "shell")
    assert found["real"]["mean"] == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tasks", "terminal"), "--real shell or --real mcp"),
        ((), "give --tasks SUITE"),
        (("--tasks", "terminl", "--real", "shell"), "did you mean 'terminal'"),
        (("--tasks", "terminal", "--real", "shell", "--", "server"), "for --real mcp"),
        (("--data", "DATA", "--real", "shell"), "their own real environment"),
        (("--tasks", "terminal", "--real", "shell", "--agent", "local:x", "--no-sandbox"), "not run without a sandbox"),
        (("--tasks", "terminal", "--real", "replay"), "--real shell or --real mcp"),
    ],
)
def test_what_does_not_fit_is_said(words: tuple[str, ...], said: str, data: str) -> None:
    with pytest.raises(UsageError, match=said):
        ran("loop", "--model", "copy-last", *(data if word == "DATA" else word for word in words))

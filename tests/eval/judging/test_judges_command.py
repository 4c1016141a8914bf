"""``bench judges`` and ``eval --scorers judge:SPEC`` on the command line."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from nextstate import domain as domains
from nextstate.cli import judges, main
from nextstate.cli.common import DONE, INTERRUPTED, UNSCORED
from nextstate.data import store
from nextstate.errors import UsageError
from nextstate.eval.calibration import find
from nextstate.eval.judge import FULL
from nextstate.models.chat import ChatEndpoint
from nextstate.models.language import Reply
from nextstate.types import Outcome

from .judges import sessions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.jsonl"
    store.write(path, sessions(6, domains.names()[0]))
    return path


def run(*argv: object) -> int:
    parser = argparse.ArgumentParser()
    judges.add(parser.add_subparsers())
    arguments = parser.parse_args(["judges", *map(str, argv)])
    status: int = arguments.run(arguments)
    return status


def test_a_judge_is_measured_and_its_report_is_found(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--judge", "programmatic", "--data", data, "--out", tmp_path / "cal", "--rows", 4, "--against")
    assert run(*asked, "short+programmatic", "--model", "copy-last", "--json") == DONE
    report = json.loads(capsys.readouterr().out)
    assert (report["turns"], report["trajectories"], report["skipped"]["n"]) == (4, 4, 0)
    found = find(tmp_path, "programmatic", FULL.sha256)
    assert found is not None
    assert found.fingerprint == report["fingerprint"]


def test_without_json_the_report_is_a_page_for_people(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--judge", "programmatic", "--data", data, "--out", tmp_path / "cal", "--rows", 2, "--strict") == DONE
    shown = capsys.readouterr().out
    assert "Calibration of the judge full+programmatic" in shown
    assert "score of the truth" in shown


def test_broken_lines_and_replies_without_a_verdict_are_status_three_when_strict(data: Path, tmp_path: Path) -> None:
    with data.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    asked = ("--judge", "programmatic", "--data", data, "--rows", 2)
    assert run(*asked, "--out", tmp_path / "a") == DONE
    assert run(*asked, "--out", tmp_path / "b", "--strict") == UNSCORED


def test_an_interrupt_says_what_was_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nextstate.eval.calibration.calibrate", stopped)
    assert run("--judge", "programmatic", "--data", data, "--out", tmp_path / "cal") == INTERRUPTED
    assert "finished rows are kept in" in capsys.readouterr().err


def test_wrong_usage_is_refused_before_anything_is_asked(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        run("--judge", "programmatic", "--data", tmp_path / "absent.jsonl", "--out", tmp_path / "cal")
    with pytest.raises(UsageError, match="unknown language model"):
        run("--judge", "nobody", "--data", data, "--out", tmp_path / "cal")
    with pytest.raises(UsageError, match="must be at least 1"):
        run("--judge", "programmatic", "--data", data, "--out", tmp_path / "cal", "--rows", 0)
    with pytest.raises(UsageError, match="not asked by chat: and takes no --temperature"):
        run("--judge", "programmatic", "--data", data, "--out", tmp_path / "cal", "--temperature", 0.5)
    assert not (tmp_path / "cal").exists()


def test_a_judge_behind_an_endpoint_that_is_down_is_measured_by_nothing_and_asked_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def down(*_: object, **__: object) -> Reply:
        return Reply(Outcome.PROVIDER_ERROR, detail="down")

    monkeypatch.setattr(ChatEndpoint, "complete", down)
    asked = ("--judge", "chat:m@http://127.0.0.1:9/v1", "--data", data, "--rows", 2, "--max-tokens", 300, "--json")
    assert run(*asked, "--out", tmp_path / "cal", "--temperature", 0.5, "--strict") == UNSCORED
    report = json.loads(capsys.readouterr().out)
    assert report["figures"]["outcomes"].keys() == {"provider_error"}
    assert report["judge"]["model"] != ChatEndpoint("m", "http://127.0.0.1:9/v1").fingerprint
    assert (tmp_path / "cal" / "rows.jsonl").read_bytes() == b""


def test_eval_asks_a_judge_beside_other_scorers(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["eval", "--model", f"replay:{data}", "--data", str(data), "--json", "--out", str(tmp_path / "out")]
    assert main([*asked, "--scorers", "exact,judge:programmatic"]) == DONE
    report = json.loads(capsys.readouterr().out)
    assert (report["scores"]["judge"]["mean"], report["scores"]["judge.quality"]["n"]) == (1.0, 24)
    assert report["run"]["scorers"] == ["exact", f"judge:full@{FULL.sha256[:16]}+programmatic"]
    assert main([*asked, "--scorers", "exact,judge:short+programmatic"]) == 2, "another wording is another run"

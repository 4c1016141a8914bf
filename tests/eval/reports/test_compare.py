"""Two runs are compared pair by pair, or refused with the reason."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from nextstate.cli import reports as commands
from nextstate.data import store
from nextstate.errors import UsageError
from nextstate.eval.reports import compare, read

from .folders import DATA, benchmark, evaluation, half, right

if TYPE_CHECKING:
    from pathlib import Path


def test_differences_are_paired_counted_and_told_by_domain(tmp_path: Path) -> None:
    found = compare(read(evaluation(tmp_path / "a", DATA, half)), read(evaluation(tmp_path / "b", DATA, right)))
    exact = found["scores"]["exact"]
    assert (exact["difference"], exact["wins"], exact["losses"], exact["ties"], exact["unpaired"]) == (-0.5, 0, 6, 6, 0)
    assert {name: part["n"] for name, part in exact["domains"].items()} == {"d0": 6, "d1": 6}
    assert len(exact["largest"]) == 6
    assert exact["largest"][0]["scores"] == [0.0, 1.0]
    assert found["outcomes"][1] == {"ours": "refused", "theirs": "ok", "n": 6}


def test_judged_runs_are_compared_and_unpaired_rows_are_counted(tmp_path: Path) -> None:
    better = benchmark(tmp_path / "b", model="n")
    lines = (better / "judge" / "rows.jsonl").read_text().replace('"judged"', '"cut_off"')
    (better / "judge" / "rows.jsonl").write_text(lines)
    found = compare(read(benchmark(tmp_path / "a")), read(better))
    judged = found["scores"]["judge"]
    assert (judged["n"], judged["ties"], judged["unpaired"]) == (1, 1, 1)
    assert found["uncalibrated"] == ["strict-one, prompt full"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"prompt_sha256": "q"}, r"judge\.prompt_sha256: 'p' and 'q'"), ({"judge": "other"}, "judge.judge: 'strict-one'")],
)
def test_other_judges_and_prompts_are_refused(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        compare(read(benchmark(tmp_path / "a")), read(benchmark(tmp_path / "b", judge=change)))


def test_kinds_of_runs_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kind: evaluation and agentworldbench"):
        compare(read(evaluation(tmp_path / "a", DATA, right)), read(benchmark(tmp_path / "b")))


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    commands.add(parser.add_subparsers())
    arguments = parser.parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def test_the_command_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (str(evaluation(tmp_path / name, DATA, answer)) for name, answer in (("a", half), ("b", right)))
    assert run("compare", a, b, "--json") == 0
    assert json.loads(capsys.readouterr().out)["scores"]["exact"]["difference"] == -0.5
    assert run("compare", a, b) == 0
    text = capsys.readouterr().out
    assert "-0.500 [" in text
    assert "Rows that differ most" in text


def test_the_command_reports_and_says_what_stands_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.write(tmp_path / "data.jsonl", DATA[1:])
    with (tmp_path / "data.jsonl").open("a") as file:
        file.write("broken\n")
    folders = [str(evaluation(tmp_path / "a", DATA, half)), str(benchmark(tmp_path / "b"))]
    out = str(tmp_path / "out")
    assert run("report", *folders, "--data", str(tmp_path / "data.jsonl"), "--out", out) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}/report.html: 15 rows\n"
    assert "data.jsonl:6" in told.err
    assert "apart from the first: kind: evaluation and agentworldbench" in told.err
    assert "has no calibration report" in told.err
    assert "5 rows in none of the data files" in told.err
    assert run("report", folders[0], "--out", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["groups"][0]["n"] == 12

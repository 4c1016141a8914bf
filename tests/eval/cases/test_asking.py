"""A run of cases asks each one once, counts every ending, and reports by axis and domain beside copy-last."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from nextstate.cli import cases as command
from nextstate.data import store
from nextstate.errors import DataError, UsageError
from nextstate.eval import cases
from nextstate.models.fakes import CopyLast, Scripted
from nextstate.models.keys import state_key
from nextstate.types import Origin, Outcome, Prediction, Query

from .worlds import many

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.eval.cases import Case


class Killed(Exception):
    """Stands for whatever ends a process in the middle."""


@pytest.fixture(scope="module")
def some() -> tuple[Case, ...]:
    return cases.build(many(3)).cases


def knowing(some: tuple[Case, ...]) -> Scripted:
    """Knows every answer."""
    answers = {state_key(case.query).hex() + case.query.action: case.truth for case in some}
    return Scripted(lambda query: answers[state_key(query).hex() + query.action], name="knowing")


async def test_who_knows_all_is_right_everywhere_and_copying_nowhere(some: tuple[Case, ...]) -> None:
    rows, about = await cases.run(knowing(some), some)
    report = cases.CaseReport(rows, about).as_dict()
    assert report["n"] == report["scored"] == len(some)
    assert report["accuracy"]["mean"] == 1.0
    assert report["copy_last"]["mean"] == 0.0
    assert set(report["axes"]) == set(cases.AXES)
    for axis in report["axes"].values():
        assert sum(found["n"] for found in axis["domain"].values()) == axis["n"]
        assert axis["accuracy"]["ci95"][0] < 1.0
    copied, _ = await cases.run(CopyLast(), some)
    assert not any(row.passed for row in copied)


async def test_a_model_that_fails_or_raises_is_wrong_and_counted(some: tuple[Case, ...]) -> None:
    def answer(query: Query) -> Prediction:
        if query.domain == "mcp":
            raise RuntimeError("the wheels came off")
        return Prediction(Outcome.REFUSED, detail="no")

    rows, about = await cases.run(Scripted(answer), some)
    report = cases.CaseReport(rows, about).as_dict()
    assert report["accuracy"]["mean"] == 0.0
    assert report["by"]["outcome"] == {
        "provider_error": sum(case.domain == "mcp" for case in some),
        "refused": sum(case.domain != "mcp" for case in some),
    }
    assert report["by"]["origin"] == {}


async def test_who_answered_is_told(some: tuple[Case, ...]) -> None:
    def answer(query: Query) -> Prediction:
        return Prediction(Outcome.OK, "x", Origin.COMPUTED if query.domain == "mcp" else Origin.MODEL)

    report = cases.CaseReport(*await cases.run(Scripted(answer), some)).as_dict()
    assert report["by"]["origin"]["computed"]["n"] == sum(case.domain == "mcp" for case in some)


async def test_a_run_that_was_cut_off_goes_on_and_asks_nothing_twice(some: tuple[Case, ...], tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(query: Query) -> str:
        asked.append(query.action)
        return ""

    def stop(row: object, done: int, total: int) -> None:
        if done == 5:
            raise Killed

    model = Scripted(answer, name="one")
    with pytest.raises(Killed):
        await cases.run(model, some, out=tmp_path, workers=1, on_row=stop)
    rows, _ = await cases.run(model, some, out=tmp_path)
    assert len(asked) == len(rows) == len(some)
    assert cases.load(tmp_path).as_dict()["n"] == len(some)
    with pytest.raises(UsageError, match="another run"):
        await cases.run(CopyLast(), some, out=tmp_path)


def test_a_sample_is_the_same_for_a_seed_and_grows_with_its_limit(some: tuple[Case, ...]) -> None:
    two, three = cases.chosen(some, limit=2, seed=3), cases.chosen(some, limit=3, seed=3)
    assert {case.id for case in two} < {case.id for case in three}
    groups = [(case.axis, case.domain) for case in two]
    assert max(map(groups.count, groups)) == 2
    short = cases.chosen(some, max_chars=700)
    assert short and all(case.size <= 700 for case in short)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    arguments = parser.parse_args(["cases", *words])
    status: int = arguments.run(arguments)
    return status


def test_the_commands_build_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, file = tmp_path / "data.jsonl", tmp_path / "cases.jsonl"
    store.write(data, many(2))
    assert run("build", "--data", str(data), "--out", str(file), "--json") == 0
    built = json.loads(capsys.readouterr().out)
    assert built["n"] > 10
    assert run("run", "--model", "copy-last", "--cases", str(file), "--json", "--strict") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == built["n"]
    assert report["accuracy"]["mean"] == 0.0
    assert run("run", "--model", "copy-last", "--cases", str(file), "--limit", "1") == 0
    assert "controllability" in capsys.readouterr().out


def test_wrong_use_is_named(tmp_path: Path) -> None:
    data, file = tmp_path / "data.jsonl", tmp_path / "cases.jsonl"
    store.write(data, many(1))
    with pytest.raises(UsageError, match="no such file"):
        run("build", "--data", str(tmp_path / "none.jsonl"), "--out", str(file))
    with pytest.raises(UsageError, match="at least 1"):
        run("build", "--data", str(data), "--out", str(file), "--per-rule", "0")
    store.write(tmp_path / "empty.jsonl", [])
    with pytest.raises(UsageError, match="no case can be made of"):
        run("build", "--data", str(tmp_path / "empty.jsonl"), "--out", str(file))
    assert not file.exists()
    with pytest.raises(DataError, match="not a case"):
        run("run", "--model", "copy-last", "--cases", str(data))
    run("build", "--data", str(data), "--out", str(file))
    with pytest.raises(UsageError, match="no case to ask"):
        run("run", "--model", "copy-last", "--cases", str(file), "--max-chars", "1")

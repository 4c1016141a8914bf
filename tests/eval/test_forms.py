"""Rows of a journal that somebody broke, and numbers that mean nothing, are named; nothing is measured with them."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from nextstate.cli.common import positive, temperature
from nextstate.errors import DataError, UsageError
from nextstate.eval import builder, forms, journal
from nextstate.eval.agentworldbench import inferring, judging, work
from nextstate.eval.cases import asking
from nextstate.eval.loop import tasks
from nextstate.eval.luck import luck
from nextstate.models.fakes import CopyLast

CASE = {
    "key": "k",
    "axis": "consistency",
    "rule": "asked_again",
    "domain": "mcp",
    "trajectory": "t",
    "passed": True,
    "baseline": False,
    "outcome": "ok",
    "origin": None,
    "seconds": 0.1,
    "usage": [1, 0, 1],
    "unscored": "",
}
BROKEN = (["a"], {"a": 1}, float("nan"), float("inf"), -1, ["a", "b", "c"])


@pytest.mark.parametrize("name", ["axis", "rule", "domain", "trajectory", "passed", "baseline", "seconds", "usage"])
@pytest.mark.parametrize("value", BROKEN)
def test_a_broken_value_in_a_row_of_a_case_is_named(name: str, value: object) -> None:
    assert asking.decode(CASE).passed is True
    with pytest.raises(DataError, match=f"{name} cannot be"):
        asking.decode({**CASE, name: value})


@pytest.mark.parametrize("mark", [2.5, True, "3", float("nan")])
def test_a_mark_that_is_no_whole_number_is_no_mark(mark: object) -> None:
    scores = dict.fromkeys(("format", "factuality", "consistency", "realism", "quality"), 3)
    line = {"key": "k", "outcome": "judged", "scores": scores, "usage": [0, 0, 0], "seconds": 0}
    assert judging.decode(line).scores == scores
    with pytest.raises(DataError, match="scores cannot be"):
        judging.decode({**line, "scores": {**scores, "format": mark}})


def test_an_absent_value_is_named() -> None:
    with pytest.raises(DataError, match="the row has no usage"):
        forms.check({}, usage=forms.tokens)


@pytest.mark.parametrize("rows", [None, [], {"mcp": "many"}])
def test_a_manifest_without_counts_of_rows_is_none_of_the_first_stage(tmp_path: Path, rows: object) -> None:
    (tmp_path / "infer").mkdir()
    (tmp_path / "infer" / "run.json").write_text(json.dumps({"rows": rows, "limit": None, "seed": 0}))
    with pytest.raises(DataError, match="not the manifest of this stage"):
        inferring.manifest(tmp_path)


@pytest.mark.parametrize("line", [b"[1]\n", b"\xff\n", b"[" * 100_000 + b"\n"])
def test_a_broken_line_is_named_and_kept_when_rows_are_forgotten(tmp_path: Path, line: bytes) -> None:
    (tmp_path / journal.ROWS).write_bytes(line)
    with pytest.raises(DataError, match=r"rows\.jsonl:1"):
        work.forget(tmp_path, ("provider_error",))
    assert (tmp_path / journal.ROWS).read_bytes() == line


def test_a_folder_without_rows_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows of a run"):
        list(journal.lines(tmp_path))


async def test_more_workers_than_work_cost_nothing() -> None:
    done: list[int] = []

    async def do(item: int) -> None:
        done.append(item)

    await work.each_group([[1], [2]], do, 10**24)
    assert sorted(done) == [1, 2]


async def test_numbers_below_one_are_refused(tmp_path: Path) -> None:
    for number in (0, -1):
        with pytest.raises(UsageError, match="give at least 1"):
            await luck(CopyLast(), (), turns=number)
        with pytest.raises(UsageError, match="give at least 1"):
            builder.build(lambda: iter(()), tmp_path / "set", limit=number)
    for text in ("0", "-1", "x", "1.5"):
        with pytest.raises(ArgumentTypeError):
            positive(text)
    for text in ("-1", "nan", "inf", "x"):
        with pytest.raises(ArgumentTypeError):
            temperature(text)
    assert (positive("7"), temperature("0")) == (7, 0.0)


@pytest.mark.parametrize(
    ("old", "new"), [('"lacks"', '"lack"'), ('"solves"', '"solved"'), ('"goal"', '"commands": 1, "goal"')]
)
def test_a_key_of_a_task_that_nobody_reads_is_refused(old: str, new: str) -> None:
    suite: dict[str, object] = {"id": "t", "goal": "g", "probes": [{"action": "ls", "contains": ["a"], "lacks": ["b"]}]}
    suite["scripts"] = [{"name": "s", "actions": ["ls"], "solves": True}]
    content = json.dumps({"name": "n", "domain": "terminal", "tasks": [suite]})
    with pytest.raises(DataError, match="unknown key"):
        tasks.parse(content.replace(old, new).encode(), "file")

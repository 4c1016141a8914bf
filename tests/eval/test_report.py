"""The report has stable keys, counts everything, and refuses to compare what is not alike."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from nextstate.errors import DataError, UsageError
from nextstate.eval import compare, evaluate, load, table
from nextstate.models.fakes import AlwaysEmpty, CopyLast, Replay
from nextstate.types import Origin, Outcome, Prediction, Query

from .worlds import Counting, episodes, says

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("desk")

ESTIMATE = {"mean", "ci95", "n"}


def half_computed(query: Query) -> Prediction:
    """Right and computed for notes, a guess of a model for half of the rest, refused else."""
    if query.action.startswith("note"):
        return Prediction(Outcome.OK, f"noted {query.action[5:9]}\n", Origin.COMPUTED, seconds=0.001)
    if len(query.history) == 1:
        return says("a guess\n")
    return Prediction(Outcome.REFUSED, detail="never shown")


async def test_the_json_has_exactly_the_documented_keys() -> None:
    report = (await evaluate(Counting(half_computed), episodes(4, 4))).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert list(report) == [
        "n", "scored", "unscored", "seconds", "usage", "latency_ms", "scores", "by", "baseline", "run",
    ]  # fmt: skip
    assert set(report["usage"]) == {"prompt_tokens", "cached_tokens", "completion_tokens"}
    assert set(report["scores"]) == {"exact", "similarity"}
    assert set(report["by"]) == {"domain", "origin", "outcome"}
    assert set(report["by"]["domain"]) == {"weather-desk"}
    assert set(report["by"]["origin"]["computed"]) == {"n", "scores", "latency_ms"}
    assert set(report["baseline"]["copy-last"]["exact"]) == set(report["scores"]["exact"]) == ESTIMATE
    assert set(report["run"]) == {
        "model", "fingerprint", "data_sha256", "scorers", "domains", "seed", "free_run", "limit", "version",
    }  # fmt: skip


async def test_rows_are_counted_by_who_answered_and_how_it_ended() -> None:
    report = (await evaluate(Counting(half_computed), episodes(4, 4))).as_dict()
    by = report["by"]
    assert by["outcome"] == {"ok": 12, "refused": 4}
    assert {name: group["n"] for name, group in by["origin"].items()} == {"computed": 8, "model": 4}
    right = by["origin"]["computed"]["scores"]["exact"]
    assert (right["mean"], right["ci95"][1], right["n"]) == (1.0, 1.0, 8)
    assert 0.2 < right["ci95"][0] < 0.3
    assert by["origin"]["model"]["scores"]["exact"]["mean"] == 0.0
    assert report["scores"]["exact"]["mean"] == 0.5
    assert report["usage"] == {"prompt_tokens": 40, "cached_tokens": 20, "completion_tokens": 8}
    assert by["origin"]["computed"]["latency_ms"] == {"p50": 1.0, "p95": 1.0}


async def test_an_evaluation_of_nothing_says_so() -> None:
    report = (await evaluate(CopyLast(), [])).as_dict()
    assert (report["n"], report["scored"], report["scores"]) == (0, 0, {})
    assert report["latency_ms"] == {"p50": None, "p95": None}


async def test_the_hash_of_the_data_follows_content_not_format() -> None:
    async def hash_of(count: int, turns: int) -> str:
        return str((await evaluate(CopyLast(), episodes(count, turns))).run["data_sha256"])

    assert await hash_of(2, 3) == await hash_of(2, 3)
    assert len({await hash_of(2, 3), await hash_of(3, 3), await hash_of(2, 4)}) == 3


async def test_two_runs_are_compared_row_by_row(tmp_path: Path) -> None:
    data = episodes(10, 4)
    await evaluate(Replay(data), data, out=tmp_path / "oracle")
    await evaluate(Counting(half_computed), data, out=tmp_path / "half")
    found = compare(load(tmp_path / "oracle"), load(tmp_path / "half"))
    assert found["n"] == 40
    exact = found["scores"]["exact"]
    assert (exact["difference"], exact["n"]) == (0.5, 40)
    assert exact["ci95"][0] < 0.5 < exact["ci95"][1]
    assert [run["model"] for run in found["runs"]] == ["replay", "counting"]


async def test_unlike_runs_are_refused_and_not_compared() -> None:
    data = episodes(3, 3)
    one = await evaluate(CopyLast(), data)
    with pytest.raises(UsageError, match="they differ in data_sha256"):
        compare(one, await evaluate(CopyLast(), episodes(3, 4)))
    with pytest.raises(UsageError, match=r"they differ in scorers: \['exact', 'similarity'\] and \['exact'\]"):
        from nextstate.eval.scorers import find

        compare(one, await evaluate(AlwaysEmpty(), data, scorers=find(["exact"])))
    with pytest.raises(UsageError, match="they differ in free_run"):
        compare(one, await evaluate(CopyLast(), data, free_run=True))


async def test_a_run_that_is_not_finished_is_not_compared(tmp_path: Path) -> None:
    data = episodes(3, 3)
    whole = await evaluate(AlwaysEmpty(), data)
    await evaluate(CopyLast(), data, out=tmp_path)
    rows = (tmp_path / "rows.jsonl").read_bytes().split(b"\n")
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(rows[:4]) + b"\n")
    with pytest.raises(UsageError, match=r"different rows \(4 and 9\); resume the one that is unfinished"):
        compare(load(tmp_path), whole)


def test_a_folder_without_an_evaluation_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"run\.json: there is no run in this folder"):
        load(tmp_path)


async def test_the_table_shows_scores_intervals_and_the_baseline() -> None:
    from rich.console import Console

    report = (await evaluate(Counting(half_computed), episodes(4, 4))).as_dict()
    console = Console(file=io.StringIO(), width=120)
    console.print(table(report))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for part in ("counting: 16 rows", "origin: computed", "0.500 [", "baseline: copy-last", "4 refused", "48 tokens"):
        assert part in text

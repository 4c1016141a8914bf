"""Runs of every kind are read into one form, like ones are put together, and figures are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nextstate.data import store
from nextstate.data.sources import agentworldbench as format
from nextstate.errors import DataError, UsageError
from nextstate.eval import reports
from nextstate.eval.agentworldbench import rows as bench
from nextstate.eval.agentworldbench.costs import Price
from nextstate.eval.reports import stories
from nextstate.eval.reports.groups import grouped
from nextstate.eval.reports.model import MAX_TEXT, Texts, unpack
from nextstate.eval.rows import row_keys

from .folders import DATA, benchmark, cases, evaluation, half, journal, right, row, world

if TYPE_CHECKING:
    from pathlib import Path


def ignore(error: DataError) -> None:
    raise AssertionError(error)


def test_an_evaluation_is_read_with_its_texts(tmp_path: Path) -> None:
    run = reports.read(evaluation(tmp_path / "half", DATA, half))
    assert (run.kind, run.model, len(run.rows), run.judge, run.uncalibrated) == ("evaluation", "half", 12, "", False)
    assert unpack(run.rows[0].packed).prediction == "x\n"
    failed = run.rows[1]
    assert (failed.outcome, failed.origin, failed.scores) == ("refused", None, {"exact": 0.0})
    assert unpack(failed.packed) == Texts(None, "", "never shown")


def test_a_judged_benchmark_is_scored_strictly(tmp_path: Path) -> None:
    run = reports.read(benchmark(tmp_path / "bench"))
    judged, failed, unread = run.rows
    assert judged.scores["judge.format"] == 1.0
    assert judged.scores["judge"] == pytest.approx((1 + 1 + 0.75 + 0.5 + 0.5) / 5)
    assert unpack(judged.packed).notes["quality"] == "well said"
    assert set(failed.scores.values()) == {0.0}
    assert (unread.scores, unread.unscored) == ({}, {"judge": "judge_unreadable"})
    assert unpack(unread.packed).notes["the judge's reply"] == "I like it"
    assert (run.judge, run.uncalibrated) == ("strict-one, prompt full", True)
    assert not reports.read(benchmark(tmp_path / "other", judge={"calibration": "c0ffee"})).uncalibrated


@pytest.mark.parametrize("kind", ["evaluation", "benchmark"])
def test_a_calibration_report_is_found_for_the_judge_that_it_belongs_to(tmp_path: Path, kind: str) -> None:
    told = {"name": "j", "fingerprint": "full@p+j", "model": "j", "prompt": {"sha256": "p"}, "rubrics": {}}
    report = {
        "kind": "judge calibration",
        "judge": told,
        "fingerprint": "c0ffee",
        "date": "2026-01-01",
        "weaknesses": [],
    }
    (tmp_path / "reports" / "one").mkdir(parents=True)
    (tmp_path / "reports" / "one" / "calibration.json").write_text(json.dumps(report))
    if kind == "evaluation":
        mine = evaluation(tmp_path / "mine", DATA, right, scorers=["judge:full@p+j"])
        other = evaluation(tmp_path / "other", DATA, right, scorers=["judge:full@q+j"])
    else:
        mine = benchmark(tmp_path / "mine", judge={"fingerprint": "j"})
        other = benchmark(tmp_path / "other", judge={"fingerprint": "j", "prompt_sha256": "q"})
    found = [reports.calibrated(reports.read(folder), tmp_path / "reports") for folder in (mine, other)]
    assert [(run.calibration, run.uncalibrated) for run in found] == [("c0ffee", False), (None, True)]


def test_a_benchmark_that_nobody_has_judged_yet_has_outcomes_and_zeros_only(tmp_path: Path) -> None:
    folder = benchmark(tmp_path / "bench")
    for file in (folder / "judge").iterdir():
        file.unlink()
    run = reports.read(folder)
    assert [dict(one.unscored) for one in run.rows] == [{"judge": "not_judged"}, {}, {"judge": "not_judged"}]
    assert not run.uncalibrated


@pytest.mark.parametrize("marks", [{"format": 5}, {}, None, dict.fromkeys(("format", "factuality"), 6)])
def test_a_verdict_with_marks_missing_or_out_of_range_is_broken_data(tmp_path: Path, marks: object) -> None:
    folder = benchmark(tmp_path / "bench")
    line = {"key": "desk/7/0/0000000000000000", "outcome": "judged", "scores": marks}
    (folder / "judge" / "rows.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(DataError, match="whole marks from 1 to 5"):
        reports.read(folder)


def test_cases_are_read_by_axis_and_what_no_verifier_could_tell_is_unscored(tmp_path: Path) -> None:
    run = reports.read(cases(tmp_path / "run", tmp_path / "cases.jsonl"))
    failed, untold = run.rows
    assert failed.scores == {"accuracy": 0.0, "accuracy.consistency": 0.0}
    assert failed.baseline == {"accuracy": 1.0, "accuracy.consistency": 1.0}
    assert unpack(failed.packed).prediction == "lost"
    assert (untold.scores, untold.unscored) == ({}, {"accuracy": "verifier_error:ValueError"})
    keys = {row.key for row in run.rows}
    found = list(stories.read([tmp_path / "cases.jsonl"], keys, on_error=ignore))
    assert [dict(story.rows) for story in found] == [{"w/1/read_back": 1}, {"w/2/read_back": 1}]


def test_prices_turn_tokens_into_costs(tmp_path: Path) -> None:
    run = reports.read(benchmark(tmp_path / "bench"))
    (group,) = reports.summary([run], [(Price(1e6, 0, 2e6), None)])["groups"]
    assert group["runs"][0]["cost"] == {"model": 3 * 100 + 3 * 20 * 2, "judge": None}
    assert reports.summary([run])["groups"][0]["runs"][0]["cost"] is None


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        reports.read(tmp_path / "none")
    with pytest.raises(DataError, match="there is no run in this folder"):
        reports.read(tmp_path)
    journal(tmp_path, {"model": "m"}, [{**row("k", "d", "t", 0, "x"), "scores": {"exact": "high"}}])
    with pytest.raises(DataError, match=r"rows\.jsonl:1: exact must be a number, got 'high'"):
        reports.read(tmp_path)


def test_runs_are_grouped_by_what_they_measured(tmp_path: Path) -> None:
    folders = [
        evaluation(tmp_path / "one", DATA, right),
        benchmark(tmp_path / "bench"),
        evaluation(tmp_path / "two", DATA, half),
        evaluation(tmp_path / "seeded", DATA, half, seed=1),
        benchmark(tmp_path / "other prompt", model="n", judge={"prompt_sha256": "q"}),
        benchmark(tmp_path / "same judge", model="n", judge={"calibration": "known"}),
    ]
    groups = grouped([reports.read(folder) for folder in folders])
    assert [[run.folder.name for run in group.runs if run.folder] for group in groups] == [
        ["one", "two"], ["bench", "same judge"], ["seeded"], ["other prompt"],
    ]  # fmt: skip
    assert [group.reasons for group in groups] == [
        (),
        ("kind: evaluation and agentworldbench",),
        ("seed: 0 and 1",),
        ("kind: evaluation and agentworldbench",),
    ]


def test_an_unfinished_run_stands_apart(tmp_path: Path) -> None:
    evaluation(tmp_path / "one", DATA, right)
    evaluation(tmp_path / "two", DATA, right)
    lines = (tmp_path / "two" / "rows.jsonl").read_text().split("\n")
    (tmp_path / "two" / "rows.jsonl").write_text("\n".join(lines[:5]) + "\n")
    groups = grouped([reports.read(tmp_path / name) for name in ("one", "two")])
    assert groups[1].reasons == ("finished rows: 12 and 5, not the same ones",)


def test_figures_have_intervals_by_domain_and_by_who_answered(tmp_path: Path) -> None:
    folders = [evaluation(tmp_path / name, DATA, answer) for name, answer in (("half", half), ("right", right))]
    figures = reports.summary([reports.read(folder) for folder in folders])
    (group,) = figures["groups"]
    best, other = group["runs"]
    assert (group["leading"], best["run"], other["run"]) == ("exact", 1, 0)
    assert best["behind"] is None
    assert (other["behind"]["difference"], other["behind"]["n"]) == (-0.5, 12)
    assert other["scores"]["exact"]["mean"] == other["macro"]["exact"]["mean"] == 0.5
    assert set(other["domains"]) == {"d0", "d1"}
    assert other["outcomes"] == {"ok": 6, "refused": 6}
    assert {name: part["n"] for name, part in best["origins"].items()} == {"computed": 6, "model": 6}
    assert best["latency_ms"] == {"p50": 250.0, "p95": 250.0}
    assert group["baseline"]["scores"]["exact"]["mean"] == 0.0


def test_the_report_is_written_in_three_forms(tmp_path: Path) -> None:
    store.write(tmp_path / "data.jsonl", DATA[:4])
    run = reports.read(evaluation(tmp_path / "a|b<c>", DATA, half))
    written = reports.write([run, run], tmp_path / "out", data=[tmp_path / "data.jsonl"], on_error=ignore)
    assert written.without_truth == 4
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == written.figures
    text = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert r"| a\|b\<c\>, a\|b\<c\> | 12 | 12 | 0.500 [" in text
    assert r"| a\|b\<c\>, a\|b\<c\> | 6 ok, 6 refused | none |" in text
    assert (tmp_path / "out" / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_markdown_marks_a_judge_without_calibration_in_every_table(tmp_path: Path) -> None:
    reports.write([reports.read(benchmark(tmp_path / "bench"))], tmp_path, on_error=ignore)
    parts = (tmp_path / "report.md").read_text("utf-8").split("\n\n")
    tables = [part for part in parts if part.startswith("|")]
    assert len(tables) == 4
    assert all("(uncalibrated judge)" in table for table in tables)
    assert all(len({line.count("|") for line in table.strip().split("\n")}) == 1 for table in tables)


def test_rows_of_one_trajectory_share_a_story(tmp_path: Path) -> None:
    store.write(tmp_path / "data.jsonl.zst", DATA)
    keys = row_keys(DATA[2])
    (story,) = stories.read([tmp_path / "data.jsonl.zst"], set(keys), on_error=ignore)
    assert story.rows == {keys[0]: 0, keys[1]: 1}
    assert story.turns == (("a", "x\n"), ("b", "y\n"))
    free = row_keys(DATA[2], whole=True)[1]
    assert list(stories.read([tmp_path / "data.jsonl.zst"], {free}, on_error=ignore)) == []
    (story,) = stories.read([tmp_path / "data.jsonl.zst"], {free}, free_run=True, on_error=ignore)
    assert story.rows == {free: 1}


def test_rows_of_the_benchmark_find_their_history_and_truth(tmp_path: Path) -> None:
    file = tmp_path / "desk_test.jsonl"
    long = world("7", [(f"do {n}", f"done {n} " + "x" * 40_000 + "\n") for n in range(5)], state="empty")
    with file.open("wb") as out:
        out.writelines(store.dump(line) + b"\n" for line in format.FORMAT.write(long))
    entries = list(bench.index([file]).entries)
    assert len(entries) == 5
    found = list(stories.read([tmp_path], {entry.key for entry in entries[1:]}, on_error=ignore))
    assert [dict(story.rows) for story in found] == [{entry.key: entry.turn for entry in entries[1:]}]
    assert found[0].turns[4][1].startswith("done 4")
    assert next(stories.read([file], {entries[0].key}, on_error=ignore)).rows == {entries[0].key: 0}


def test_long_texts_are_cut_and_say_so() -> None:
    kept = unpack(Texts("x" * (MAX_TEXT + 5), notes={"a": "\ud800"}).pack())
    assert kept.prediction is not None
    assert kept.prediction.endswith("x\n[5 characters more are not in this report]")
    assert kept.notes == {"a": "\ud800"}

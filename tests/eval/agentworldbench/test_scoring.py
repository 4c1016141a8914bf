"""The third stage: nobody gains by failing, nothing is lost without a count, and the two scorings stay apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nextstate.errors import DataError
from nextstate.eval.agentworldbench import ByMessages, OwnPrompt, Price, index, infer, judge, load, score, strict, table
from nextstate.eval.agentworldbench.strict import StrictRow
from nextstate.eval.judge import FULL
from nextstate.eval.judge.verdicts import DIMENSIONS
from nextstate.models.language import Reply
from nextstate.types import Outcome, Usage

from .made import Asked, marks, rows, tagged, write

if TYPE_CHECKING:
    from pathlib import Path


def judged(domain: str, trajectory: str, *values: int) -> StrictRow:
    return StrictRow(domain, trajectory, "ok", "judged", dict(zip(DIMENSIONS, values, strict=True)))


def test_marks_become_points_and_a_model_that_failed_scores_zero() -> None:
    found = strict.score([judged("a", "1", 5, 4, 3, 2, 1), StrictRow("a", "2", "untagged", "no_prediction")])
    micro = found["scores"]["micro"]
    assert [micro[name]["mean"] for name in ("mean", *DIMENSIONS)] == [25.0, 50.0, 37.5, 25.0, 12.5, 0.0]
    assert (found["rows"], found["scored"], found["zeros"], found["unscored"]) == (2, 2, {"untagged": 1}, {})


def test_a_verdict_on_a_row_that_failed_changes_nothing() -> None:
    praised = StrictRow("a", "1", "untagged", "judged", dict.fromkeys(DIMENSIONS, 5))
    assert strict.score([praised])["scores"]["micro"]["mean"]["mean"] == 0.0


@pytest.mark.parametrize("outcome", ["unreadable", "incomplete", "refused", "cut_off", "provider_error"])
def test_a_judge_that_failed_leaves_its_row_unscored_and_counted(outcome: str) -> None:
    found = strict.score([judged("a", "1", 5, 5, 5, 5, 5), StrictRow("a", "2", "ok", outcome)])
    assert found["scores"]["micro"]["mean"]["mean"] == 100.0 and found["scores"]["micro"]["mean"]["n"] == 1
    assert found["unscored"] == found["by"]["domain"]["a"]["unscored"] == {f"judge_{outcome}": 1}


def test_macro_gives_every_domain_the_same_weight_and_micro_every_row() -> None:
    few = [judged("a", str(n), 5, 5, 5, 5, 5) for n in range(2)]
    many = [judged("b", str(n), 1, 1, 1, 1, 1) for n in range(8)]
    scores = strict.score(few + many)["scores"]
    assert (scores["macro"]["mean"]["mean"], scores["micro"]["mean"]["mean"]) == (50.0, 20.0)


def test_the_macro_interval_is_that_of_a_mean_of_independent_domains() -> None:
    rows = [judged(domain, str(n), *([5] * 5 if n % 2 else [1] * 5)) for domain in "abcd" for n in range(10)]
    found = strict.score(rows)
    (low, high), (one_low, one_high) = (
        found["scores"]["macro"]["mean"]["ci95"], found["by"]["domain"]["a"]["scores"]["mean"]["ci95"],
    )  # fmt: skip
    assert (50 - low, high - 50) == pytest.approx(((50 - one_low) / 2, (one_high - 50) / 2), abs=1e-3)


def test_a_domain_that_no_judge_could_grade_leaves_no_macro_mean() -> None:
    found = strict.score([judged("a", "1", 5, 5, 5, 5, 5), StrictRow("b", "1", "ok", "unreadable")])
    assert found["scores"]["macro"]["mean"] == {"mean": None, "ci95": None, "n": 0}


def test_intervals_are_clustered_by_trajectory() -> None:
    values = [(1, 1, 1, 1, 1), (5, 5, 5, 5, 5)] * 20
    apart = [judged("a", str(n), *marks) for n, marks in enumerate(values)]
    together = [judged("a", str(n % 2), *marks) for n, marks in enumerate(values)]
    narrow, wide = (strict.score(rows)["scores"]["micro"]["mean"]["ci95"] for rows in (apart, together))
    assert wide[0] < narrow[0] < 50 < narrow[1] < wide[1]


row = st.builds(
    StrictRow,
    st.sampled_from("abc"),
    st.sampled_from("123456"),
    st.just("ok"),
    st.just("judged"),
    st.fixed_dictionaries({name: st.integers(1, 5) for name in DIMENSIONS}),
)
failed = st.builds(
    StrictRow, st.sampled_from("abc"), st.sampled_from("12"), st.sampled_from(["empty", "refused"]), st.none()
)
ungraded = st.builds(
    StrictRow, st.sampled_from("abc"), st.sampled_from("12"), st.just("ok"), st.sampled_from([None, "cut_off"])
)


@given(st.lists(row | failed | ungraded, max_size=25))
def test_every_row_is_scored_or_unscored_by_name_and_means_lie_in_their_intervals(found: list[StrictRow]) -> None:
    report = strict.score(found)
    assert report["rows"] == len(found) == report["scored"] + sum(report["unscored"].values())
    for scores in (
        report["scores"]["macro"],
        report["scores"]["micro"],
        *(d["scores"] for d in report["by"]["domain"].values()),
    ):
        for value in scores.values():
            if value["mean"] is not None:
                assert 0 <= value["ci95"][0] <= value["mean"] <= value["ci95"][1] <= 100


@given(st.lists(row, min_size=1, max_size=20), st.data())
def test_failing_on_a_row_never_raises_a_strict_mean(found: list[StrictRow], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    one = found[place]
    worse = [*found[:place], StrictRow(one.domain, one.trajectory, "refused", None), *found[place + 1 :]]
    for kind in ("macro", "micro"):
        before, after = (strict.score(rows)["scores"][kind]["mean"]["mean"] for rows in (found, worse))
        assert after <= before + 1e-9


# From the folder of a run


async def run(folder: Path, reply: Any, verdict: Any, *, calibration: str | None = None, turns: int = 4) -> Path:
    bench = index([write(folder / "data", rows(2, turns))])
    await infer(ByMessages(Asked(reply, "world")), bench, out=folder)
    await judge(Asked(verdict, "judge"), OwnPrompt(FULL), bench, out=folder, tries=1, calibration=calibration)
    return folder


def shown(report: dict[str, Any]) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(table(report))
    return captured.get()


def good(messages: Any) -> Reply:
    return Reply(Outcome.OK, tagged("a"), usage=Usage(1000, 400, 100), seconds=0.5)


async def test_the_report_counts_outcomes_cost_and_latency(tmp_path: Path) -> None:
    verdict = Reply(Outcome.OK, marks(5, 5, 5, 5, 5), usage=Usage(2000, 0, 10), seconds=0.25)
    results = load(await run(tmp_path, good, lambda messages: verdict))
    report = score(results, price=Price(2.0, 0.5, 10.0), judge_price=Price(1.0, 1.0, 1.0))
    assert report["scores"]["macro"]["mean"]["mean"] == 100.0
    assert report["outcomes"] == {"model": {"ok": 8}, "judge": {"judged": 8}}
    assert report["cost"] == {"model": 8 * (600 * 2 + 400 * 0.5 + 100 * 10) / 1e6, "judge": 8 * 2010 / 1e6}
    assert report["latency_ms"] == {"model": {"p50": 500.0, "p95": 500.0}, "judge": {"p50": 250.0, "p95": 250.0}}
    json.dumps(report, allow_nan=False)


async def test_rows_that_are_not_finished_are_counted(tmp_path: Path) -> None:
    folder = await run(tmp_path, good, lambda messages: marks(5, 5, 5, 5, 5))
    for stage, left in (("infer", 7), ("judge", 5)):
        path = folder / stage / "rows.jsonl"
        path.write_bytes(b"\n".join([*path.read_bytes().split(b"\n")[:left], b""]))
    report = score(load(folder))
    assert report["unfinished"] == {"infer": 1, "judge": 3} and report["unscored"] == {"not_judged": 2}
    assert "3 not finished: judge" in shown(report)


async def test_the_two_scorings_never_share_a_table(tmp_path: Path) -> None:
    replies = iter([tagged("a"), "no tag", *[tagged("a")] * 6])
    results = load(await run(tmp_path, lambda messages: next(replies), lambda messages: marks(5, 5, 5, 5, 5)))
    by_rules, official = score(results), score(results, by_official=True)
    assert (by_rules["scoring"], official["scoring"]) == ("strict", "official")
    assert by_rules["scores"]["micro"]["mean"]["mean"] == 87.5
    assert (official["overall"], official["failed"]) == (100.0, 1), "a row that failed is dropped"
    assert "macro" in shown(by_rules) and "Overall" not in shown(by_rules)
    assert "Overall" in shown(official) and "macro" not in shown(official)
    assert "not the official judge prompts" in shown(official)


async def test_a_judge_without_a_calibration_report_is_marked_in_every_table(tmp_path: Path) -> None:
    results = load(await run(tmp_path / "a", good, lambda messages: marks(5, 5, 5, 5, 5)))
    for official in (False, True):
        assert "judge judge (uncalibrated)" in shown(score(results, by_official=official))
    known = load(await run(tmp_path / "b", good, lambda messages: marks(5, 5, 5, 5, 5), calibration="abc"))
    assert score(known)["judge"]["calibration"] == "abc" and "uncalibrated" not in shown(score(known))


async def test_verdicts_of_rows_that_were_never_asked_are_an_error(tmp_path: Path) -> None:
    folder = await run(tmp_path, good, lambda messages: marks(5, 5, 5, 5, 5))
    (folder / "infer" / "rows.jsonl").write_bytes(b"")
    with pytest.raises(DataError, match="8 judged rows were never asked"):
        load(folder)


async def test_a_score_that_somebody_wrote_into_the_file_by_hand_must_be_whole(tmp_path: Path) -> None:
    folder = await run(tmp_path, good, lambda messages: marks(5, 5, 5, 5, 5), turns=1)
    path = folder / "judge" / "rows.jsonl"
    path.write_text(path.read_text().replace('"realism":5,', ""))
    with pytest.raises(DataError, match=r"rows\.jsonl:1: not a row of this stage"):
        load(folder)

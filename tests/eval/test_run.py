"""An evaluation asks every row once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nextstate.errors import DataError, UsageError
from nextstate.eval import evaluate, load
from nextstate.eval import rows as planning
from nextstate.models.fakes import AlwaysEmpty, CopyLast, Replay
from nextstate.sim import Session
from nextstate.types import Origin, Outcome, Prediction, Query, Score, Turn

from .worlds import Counting, episode, episodes, says

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nextstate.domain import Domain
    from nextstate.eval import Report
    from nextstate.eval.rows import Row
    from nextstate.types import Observation

pytestmark = pytest.mark.usefixtures("desk")


def outcomes(report: Report) -> dict[str, int]:
    found: dict[str, int] = report.as_dict()["by"]["outcome"]
    return found


def lines(out: Path) -> list[bytes]:
    return (out / "rows.jsonl").read_bytes().split(b"\n")[:-1]


class Killed(Exception):
    """Stands for whatever ends a process in the middle."""


def dies_after(count: int) -> Callable[[Row, int, int], None]:
    def on_row(row: Row, done: int, total: int) -> None:
        if done == count:
            raise Killed

    return on_row


async def test_the_oracle_scores_one_and_the_baseline_what_copying_scores() -> None:
    data = episodes(6, 6)
    oracle = (await evaluate(Replay(data), data)).as_dict()
    copying = (await evaluate(CopyLast(), data)).as_dict()
    assert oracle["scores"]["exact"]["mean"] == oracle["scores"]["similarity"]["mean"] == 1.0
    assert oracle["n"] == oracle["scored"] == 36
    assert oracle["baseline"]["copy-last"] == copying["scores"] == copying["baseline"]["copy-last"]
    assert copying["scores"]["exact"]["mean"] == 0.0
    assert copying["scores"]["similarity"]["mean"] > 0.0


async def test_a_model_that_fails_scores_zero_and_is_counted_under_its_outcome() -> None:
    def answer(query: Query) -> str | Prediction:
        if query.action.startswith("note"):
            return Prediction(Outcome.CUT_OFF, detail="length", reply="<predicted", usage=says("").usage)
        return query.history[-1].action.partition(": ")[2] + "\n"

    report = await evaluate(Counting(answer), episodes(3, 4))
    assert outcomes(report) == {"cut_off": 6, "ok": 6}
    assert report.as_dict()["scores"]["exact"]["mean"] == 0.5
    assert report.as_dict()["scored"] == 12
    assert report.as_dict()["by"]["origin"]["model"]["n"] == 6


async def test_no_run_dies_from_what_a_model_raises(tmp_path: Path) -> None:
    def answer(query: Query) -> str:
        raise RuntimeError("the wheels came off")

    report = await evaluate(Counting(answer), episodes(2, 2), out=tmp_path)
    assert outcomes(report) == {"provider_error": 4}
    assert json.loads(lines(tmp_path)[0])["detail"] == "RuntimeError: the wheels came off"


async def test_a_scorer_that_cannot_grade_leaves_the_row_unscored_and_says_why(tmp_path: Path) -> None:
    async def broken(query: Query, prediction: Prediction, truth: Observation) -> Score:
        raise ZeroDivisionError("by zero")

    async def undecided(query: Query, prediction: Prediction, truth: Observation) -> Score:
        return Score(unscored="judge_failed") if query.history else Score({"undecided": 0.25})

    async def wild(query: Query, prediction: Prediction, truth: Observation) -> Score:
        return Score({"wild": float("nan")})

    async def silent(query: Query, prediction: Prediction, truth: Observation) -> Score:
        return Score()

    scorers = {"broken": broken, "undecided": undecided, "wild": wild, "silent": silent}
    report = (await evaluate(AlwaysEmpty(), episodes(2, 2), scorers=scorers, out=tmp_path)).as_dict()
    assert report["unscored"] == {
        "judge_failed": 2, "no_value": 4, "out_of_range": 4, "scorer_error:ZeroDivisionError": 4,
    }  # fmt: skip
    assert (report["n"], report["scored"]) == (4, 0)
    assert report["scores"]["undecided"]["mean"] == 0.25
    assert report["scores"]["undecided"]["n"] == 2
    assert json.loads(lines(tmp_path)[0])["evidence"]["broken"] == "ZeroDivisionError: by zero"


async def test_an_answer_that_never_comes_is_a_named_outcome(tmp_path: Path) -> None:
    class Silent:
        name = "silent"

        async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
            await asyncio.Event().wait()
            raise AssertionError

    report = await evaluate(Silent(), episodes(1, 2), seconds=0.01, out=tmp_path)
    assert outcomes(report) == {"provider_error": 2}
    assert json.loads(lines(tmp_path)[0])["detail"] == "no answer within 0.01 s"


async def test_every_row_gets_the_true_history_and_the_seed_of_its_turn(desk: Domain) -> None:
    data = episodes(1, 4)
    model = Counting(lambda query: "wrong\n")
    await evaluate(model, data, seed=5)
    assert [query.history for query in model.asked] == [data[0].turns[:turn] for turn in range(4)]
    session = Session(again := Counting(lambda query: "wrong\n"), desk, data[0].setup, seed=5)
    for turn in data[0].turns:
        await session.step(turn.action)
    assert model.seeds == again.seeds


async def test_in_a_free_run_the_model_lives_with_its_own_answers() -> None:
    def answer(query: Query) -> Prediction:
        if query.action.startswith("read"):
            return Prediction(Outcome.REFUSED, detail="no")
        return Prediction(Outcome.OK, f"mine {len(query.history)}\n", Origin.COMPUTED, answers=("inner",))

    model = Counting(answer)
    await evaluate(model, episodes(1, 3), free_run=True)
    last = model.asked[-1].history
    assert [turn.observation for turn in last] == ["mine 0\n", ""]
    assert last[0].meta["answers"] == ["inner"]
    assert last[1].meta["outcome"] == "refused"


async def test_the_workers_are_bounded_and_the_rows_of_a_trajectory_come_in_order() -> None:
    data = episodes(7, 5)
    model = Counting(lambda query: "x\n")
    await evaluate(model, data, workers=3)
    assert model.most_at_once == 3
    for trajectory in data:
        asked = [len(query.history) for query in model.asked if query.setup == trajectory.setup]
        assert asked == list(range(5))


@pytest.mark.parametrize("free_run", [False, True])
async def test_a_turn_that_is_no_target_is_shown_as_it_was_recorded_and_not_asked(free_run: bool) -> None:
    model = Counting(lambda query: "answered")
    turns = [replace(turn, meta={"skip": "truncated"} if k == 1 else {}) for k, turn in enumerate(episode(0, 4).turns)]
    report = await evaluate(model, [replace(episode(0, 4), turns=tuple(turns))], free_run=free_run)
    assert [row.turn for row in report.rows] == [0, 2, 3]
    shown = [turn.observation for turn in model.asked[-1].history]
    true = [turn.observation for turn in turns[:3]]
    assert shown == (["answered", true[1], "answered"] if free_run else true)


@pytest.mark.parametrize("free_run", [False, True])
async def test_a_run_that_was_interrupted_goes_on_where_it_was(tmp_path: Path, free_run: bool) -> None:
    data = episodes(5, 6)

    def answer(query: Query) -> str:
        return f"{len(query.history)} after {[turn.observation for turn in query.history]}\n"

    model = Counting(answer)
    with pytest.raises(Killed):
        await evaluate(model, data, out=tmp_path, on_row=dies_after(13), workers=2, free_run=free_run)
    finished = len(lines(tmp_path))
    assert 13 <= finished < 30
    again = Counting(answer)
    report = await evaluate(again, data, out=tmp_path, workers=2, free_run=free_run)
    assert len(again.asked) == 30 - finished
    assert len(lines(tmp_path)) == len({json.loads(line)["key"] for line in lines(tmp_path)}) == 30
    undisturbed = await evaluate(Counting(answer), data, free_run=free_run)
    assert scores_of(report) == scores_of(undisturbed)
    assert len(load(tmp_path).rows) == 30


async def test_a_line_that_a_kill_tore_off_is_asked_again(tmp_path: Path) -> None:
    data = episodes(2, 3)
    await evaluate(CopyLast(), data, out=tmp_path)
    whole = (tmp_path / "rows.jsonl").read_bytes()
    (tmp_path / "rows.jsonl").write_bytes(whole[:-40])
    seen: list[str] = []
    await evaluate(CopyLast(), data, out=tmp_path, on_row=lambda row, done, total: seen.append(row.key))
    assert len(seen) == 1
    assert len({json.loads(line)["key"] for line in lines(tmp_path)}) == len(lines(tmp_path)) == 6


async def test_a_line_broken_in_the_middle_is_named(tmp_path: Path) -> None:
    data = episodes(1, 3)
    await evaluate(CopyLast(), data, out=tmp_path)
    first, *rest = lines(tmp_path)
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join([first, b"{]", *rest, b""]))
    with pytest.raises(DataError, match=r"rows\.jsonl:2: not JSON.*delete this line"):
        await evaluate(CopyLast(), data, out=tmp_path)


async def test_a_different_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    data = episodes(2, 2)
    await evaluate(CopyLast(), data, out=tmp_path)
    with pytest.raises(UsageError, match=r"holds another run \(.*; model was 'copy-last', is now 'always-empty'"):
        await evaluate(AlwaysEmpty(), data, out=tmp_path)
    with pytest.raises(UsageError, match="data_sha256 was"):
        await evaluate(CopyLast(), episodes(2, 3), out=tmp_path)
    with pytest.raises(UsageError, match=r"free_run was False, is now True; limit was None, is now 1"):
        await evaluate(CopyLast(), data, out=tmp_path, free_run=True, limit=1)
    assert len(lines(tmp_path)) == 4


async def test_rows_without_a_manifest_are_nobodys(tmp_path: Path) -> None:
    await evaluate(CopyLast(), episodes(1, 1), out=tmp_path)
    (tmp_path / "run.json").unlink()
    with pytest.raises(UsageError, match=r"rows\.jsonl without run\.json"):
        await evaluate(CopyLast(), episodes(1, 1), out=tmp_path)


async def test_two_evaluations_do_not_write_into_one_folder(tmp_path: Path) -> None:
    data, refused = episodes(1, 2), []

    async def meddle() -> None:
        with pytest.raises(UsageError, match="another run is writing here"):
            await evaluate(CopyLast(), data, out=tmp_path)
        refused.append(True)

    class Meddled(CopyLast):
        async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
            await meddle()
            return await super().predict(query)

    await evaluate(Meddled(), data, out=tmp_path)
    assert refused == [True, True]


async def test_progress_counts_finished_rows() -> None:
    seen: list[tuple[int, int]] = []
    await evaluate(CopyLast(), episodes(2, 2), on_row=lambda row, done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_limit_takes_whole_trajectories_and_a_smaller_one_a_part_of_them() -> None:
    data = episodes(20, 5)

    def taken(limit: int, seed: int = 0) -> list[str]:
        return [key for task in planning.plan(data, limit=limit, seed=seed) for _, key in task.rows]

    assert len(taken(12)) == 12
    assert taken(12) == taken(30)[:12]
    assert len({key.split("/")[1] for key in taken(10)}) == 2
    assert taken(10) != taken(10, seed=1)
    assert taken(0) == []
    assert len(taken(1000)) == 100
    assert [task.trajectory.id for task in planning.plan(data)] == [one.id for one in data]


async def test_rows_are_told_apart_by_content_also_when_ids_repeat() -> None:
    one, other = episode(1, 4), episode(2, 4)
    same_id = replace(other, id=one.id)
    model = Counting(lambda query: "x\n")
    report = await evaluate(model, [one, same_id, one])
    assert len(report.rows) == len(model.asked) == 8
    assert max(model.times().values()) == 1


async def test_a_fork_in_the_data_shares_the_rows_of_its_past() -> None:
    one = episode(1, 4)
    fork = replace(one, turns=(*one.turns[:2], Turn("cities", "Oslo\n")))
    assert len((await evaluate(CopyLast(), [one, fork])).rows) == 5
    assert len((await evaluate(CopyLast(), [one, fork], free_run=True)).rows) == 7


async def test_a_domain_that_is_not_installed_is_named_before_anything_is_asked() -> None:
    strange = replace(episode(1, 1), domain="weather-dsk")
    model = Counting(lambda query: "x\n")
    with pytest.raises(UsageError, match="unknown domain 'weather-dsk'; did you mean 'weather-desk'"):
        await evaluate(model, [strange])
    assert model.asked == []


async def test_an_observation_of_many_megabytes_is_scored_whole_and_written_cut(tmp_path: Path) -> None:
    big = "y" * 3_000_000
    one = replace(episode(1, 1), turns=(Turn("cities", big), Turn("clock", "it is 10:00:00\n")))
    model = Counting(lambda query: big)
    report = await evaluate(model, [one], out=tmp_path, free_run=True)
    assert [row.scores["exact"] for row in report.rows] == [1.0, 0.0]
    assert (tmp_path / "rows.jsonl").stat().st_size < 2_100_000
    assert "more characters]" in model.asked[1].history[0].observation


async def test_texts_that_break_lines_and_encodings_survive_the_folder(tmp_path: Path) -> None:
    nasty = "a\u2028b\x85c\x00d\udc80e\r\n"
    one = replace(episode(1, 1), turns=(Turn("cities", nasty), Turn("clock", nasty)))
    report = await evaluate(Counting(lambda query: nasty), [one], out=tmp_path, free_run=True)
    assert [row.scores["exact"] for row in report.rows] == [1.0, 1.0]
    assert [json.loads(line)["shown"]["observation"] for line in lines(tmp_path)] == [nasty, nasty]


@pytest.mark.parametrize("broken", [{"workers": 0}, {"limit": -1}])
async def test_senseless_options_are_refused(broken: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least 1 worker and no negative limit"):
        await evaluate(CopyLast(), [], **broken)  # type: ignore[arg-type]


def scores_of(report: Report) -> list[tuple[str, float]]:
    return [(row.key, row.scores["similarity"]) for row in report.rows]

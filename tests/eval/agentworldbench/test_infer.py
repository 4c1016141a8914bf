"""The first stage: what is asked, what is read in the reply, what is kept."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import TAG
from nextstate.errors import UsageError
from nextstate.eval.agentworldbench import ByMessages, ByQuery, index, infer
from nextstate.eval.agentworldbench.rows import read
from nextstate.models.fakes import CopyLast, Scripted
from nextstate.models.language import Reply
from nextstate.types import Outcome, Query, Usage

from .made import Asked, rows, tagged, write

if TYPE_CHECKING:
    from pathlib import Path


async def said(reply: str | Reply) -> tuple[str | None, str, str]:
    """The observation read in a reply, the outcome, and the raw reply that is kept."""
    prediction, raw = await ByMessages(Asked(lambda messages: reply)).ask(read(rows(1)[0]), seed=0)
    return prediction.observation, str(prediction.outcome), raw


@pytest.mark.parametrize(
    ("reply", "observation"),
    [
        (tagged("a\n"), "a\n"),
        (f"<think>first {tagged('draft')}</think>\n{tagged('b')}", "b"),
        (f"I try {tagged('first')} no: {tagged('last')}", "last"),
        (tagged("echo '</think>'"), "echo '</think>'"),
        (f"reasoning</think>{tagged('c')}", "c"),
        (tagged("**Environment Observation:**\nrows"), "rows"),
        (tagged("rows\n**Environment Observation:**"), "rows\n**Environment Observation:**"),
        (tagged(""), ""),
    ],
)
async def test_the_prediction_is_the_last_block_outside_the_reasoning(reply: str, observation: str) -> None:
    assert await said(reply) == (observation, "ok", reply)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("I cannot do that.", "untagged"),
        ("", "empty"),
        (f"<think>never closed {tagged('draft')}", "empty"),
        (f"<{TAG}>\nnever closed", "untagged"),
        (Reply(Outcome.CUT_OFF, f"<{TAG}>\nnever cl"), "cut_off"),
        (Reply(Outcome.REFUSED, detail="no"), "refused"),
        (Reply(Outcome.PROVIDER_ERROR, detail="HTTP 500"), "provider_error"),
    ],
)
async def test_every_other_ending_has_a_name_and_keeps_what_was_said(reply: str | Reply, outcome: str) -> None:
    text = reply if isinstance(reply, str) else reply.text
    assert await said(reply) == (None, outcome, text)


@given(st.text() | st.lists(st.sampled_from([f"<{TAG}>", f"</{TAG}>", "<think>", "</think>", "a", "\n"])).map("".join))
async def test_no_reply_breaks_the_reading_or_invents_an_observation(reply: str) -> None:
    observation, outcome, _ = await said(reply)
    assert (outcome == "ok") == (observation is not None)
    assert observation is None or observation in reply or "\\" in reply


async def test_any_other_world_model_is_asked_the_query_of_the_row(tmp_path: Path) -> None:
    asked: list[Query] = []

    def answer(query: Query) -> str:
        asked.append(query)
        return "shown"

    bench = index([write(tmp_path / "data", rows(1))])
    found = await infer(ByQuery(Scripted(answer)), bench, out=tmp_path)
    assert found.run["protocol"] == "query"
    assert [(len(query.history), query.action) for query in asked] == [(n, f"echo 0-{n}") for n in range(4)]


async def test_copy_last_is_a_baseline_without_an_endpoint(tmp_path: Path) -> None:
    bench = index([write(tmp_path / "data", rows(2))])
    await infer(ByQuery(CopyLast()), bench, out=tmp_path)
    shown = {line["key"]: line["observation"] for line in lines(tmp_path)}
    assert sorted(shown.values()) == ["", "", *(f"{t}-{n}\u2028end\n" for t in range(2) for n in range(3))]


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "infer" / "rows.jsonl").read_bytes().split(b"\n")[:-1]]


async def test_a_finished_row_says_who_answered_what_at_what_cost(tmp_path: Path) -> None:
    bench = index([write(tmp_path / "data", rows(1, 1))])
    reply = Reply(Outcome.OK, tagged("a"), usage=Usage(100, 40, 7), seconds=1.5)
    await infer(ByMessages(Asked(lambda messages: reply)), bench, out=tmp_path)
    (line,) = lines(tmp_path)
    assert line == {
        "key": next(bench.entries).key, "domain": "terminal", "trajectory": "made-0", "turn": 0, "outcome": "ok",
        "origin": "model", "seconds": 1.5, "usage": [100, 40, 7], "observation": "a", "reply": tagged("a"),
    }  # fmt: skip
    run = json.loads((tmp_path / "infer" / "run.json").read_bytes())
    assert (run["protocol"], run["rows"], run["data_sha256"]) == ("official", {"terminal": 1}, bench.sha256)


async def test_rows_of_one_trajectory_are_asked_one_after_another(tmp_path: Path) -> None:
    model = Asked(lambda messages: tagged("a"))
    await infer(ByMessages(model), index([write(tmp_path / "data", rows(3))]), out=tmp_path, workers=1)
    whole = [json.dumps([m["content"] for m in messages[:-1]])[1:-1] for messages in model.messages]
    for group in range(3):
        part = whole[4 * group : 4 * group + 4]
        assert all(later.startswith(earlier) for earlier, later in pairwise(part))


async def test_finished_rows_are_not_asked_again_and_a_torn_line_is(tmp_path: Path) -> None:
    bench = index([write(tmp_path / "data", rows(3))])
    model = Asked(lambda messages: tagged("a"))
    await infer(ByMessages(model), bench, out=tmp_path)
    path = tmp_path / "infer" / "rows.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b'"key"') + 20])
    model.messages.clear()
    found = await infer(ByMessages(model), bench, out=tmp_path)
    assert len(model.messages) == found.asked == 1
    assert sorted(line["key"] for line in lines(tmp_path)) == sorted(entry.key for entry in bench.entries)


async def test_a_folder_that_holds_another_run_is_refused(tmp_path: Path) -> None:
    bench = index([write(tmp_path / "data", rows(1))])
    await infer(ByQuery(CopyLast()), bench, out=tmp_path)
    with pytest.raises(UsageError, match=r"holds another run.*seed was 0, is now 1"):
        await infer(ByQuery(CopyLast()), bench, out=tmp_path, seed=1)
    with pytest.raises(UsageError, match=r"holds another run.*data_sha256"):
        await infer(ByQuery(CopyLast()), index([write(tmp_path / "other", rows(2))]), out=tmp_path)


async def test_a_model_that_raises_loses_its_row_and_not_the_run(tmp_path: Path) -> None:
    def reply(messages: Any) -> str:
        if "0-2" in messages[-1]["content"]:
            raise RuntimeError("out of memory")
        return tagged("a")

    bench = index([write(tmp_path / "data", rows(1))])
    found = await infer(ByMessages(Asked(reply)), bench, out=tmp_path)
    assert [str(row.outcome) for row in found.rows] == ["ok", "ok", "provider_error", "ok"]
    assert "out of memory" in next(line["detail"] for line in lines(tmp_path) if line["turn"] == 2)


async def test_less_than_one_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="concurrency is 0"):
        await infer(ByQuery(CopyLast()), index([write(tmp_path / "data", rows(1))]), out=tmp_path, workers=0)

"""A judge's failures are named and leave a row unscored; a model's failure is zero, and no judge is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.errors import UsageError
from nextstate.eval import evaluate, scorers
from nextstate.eval.judge import DIMENSIONS, FULL, SHORT, Judge, JudgeScorer, named, programmatic
from nextstate.models.chat import ChatEndpoint
from nextstate.models.fakes import AlwaysEmpty, Replay
from nextstate.models.language import Reply, ScriptedReplies
from nextstate.types import Origin, Outcome, Prediction

from .judges import Counting, judge, marks, query_of, sessions

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.types import Score

NAME = domains.names()[0]
(SESSION,) = sessions(1, NAME)
QUERY, TRUTH = query_of(SESSION, 1), SESSION.turns[1].observation


async def scored(reply: str | Reply, prediction: Prediction | None = None) -> Score:
    shown = prediction or Prediction(Outcome.OK, "guess", Origin.MODEL)
    return await JudgeScorer(judge(lambda messages: reply, "said"))(QUERY, shown, TRUTH)


async def test_marks_become_scores_from_zero_to_one() -> None:
    score = await scored('{"format": 5, "factuality": 1, "consistency": 3, "realism": 4, "quality": 2}')
    assert score.values == {
        "judge": 0.5,
        "judge.format": 1.0,
        "judge.factuality": 0.0,
        "judge.consistency": 0.5,
        "judge.realism": 0.75,
        "judge.quality": 0.25,
    }
    assert score.unscored is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("no idea", "judge_unreadable"),
        ("", "judge_unreadable"),
        ('{"format": 5}', "judge_incomplete"),
        (marks(5).replace("5", "50"), "judge_unreadable"),
        (Reply(Outcome.REFUSED, detail="the messages take 9000 tokens"), "judge_refused"),
        (Reply(Outcome.PROVIDER_ERROR, detail="HTTP 500"), "judge_provider_error"),
        (Reply(Outcome.CUT_OFF, marks(5)[:-9]), "judge_cut_off"),
    ],
)
async def test_a_judge_that_cannot_grade_leaves_the_row_unscored_and_says_why(reply: str | Reply, reason: str) -> None:
    score = await scored(reply)
    assert (score.values, score.unscored) == ({}, reason)
    assert score.evidence


async def test_a_verdict_that_is_whole_counts_though_the_judge_talked_on_to_the_limit() -> None:
    assert (await scored(Reply(Outcome.CUT_OFF, marks(5) + "\n\nLet me ex"))).values["judge"] == 1.0


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
async def test_a_model_that_failed_scores_zero_without_asking_the_judge(outcome: Outcome) -> None:
    asked = Counting()
    score = await JudgeScorer(Judge(asked))(QUERY, Prediction(outcome), TRUTH)
    assert score.values == {"judge": 0.0} | {f"judge.{name}": 0.0 for name in DIMENSIONS}
    assert asked.asked == []


@given(st.lists(st.sampled_from([marks(3), "{", "}", '"', "format", "5", "\n", "\ud800", "<think>", "x"])), st.text())
def test_whatever_is_judged_and_said_the_scores_are_whole_or_the_row_is_unscored(said: list[str], shown: str) -> None:
    score = asyncio.run(scored("".join(said), Prediction(Outcome.OK, shown, Origin.MODEL)))
    assert (score.unscored is None) == (len(score.values) == 6)
    assert all(0 <= value <= 1 for value in score.values.values())


async def test_what_the_judge_said_is_the_evidence() -> None:
    reply = "{" + ", ".join(f'"{name}": {{"why": "{name} is fine", "mark": 4}}' for name in DIMENSIONS) + "}"
    assert "factuality 4: factuality is fine" in (await scored(reply)).evidence


async def test_the_programmatic_judge_tells_the_truth_from_what_is_alike_and_from_what_is_not() -> None:
    scorer = JudgeScorer(Judge(programmatic(), SHORT))
    shown = [TRUTH, TRUTH.replace("apple", "apply"), "nothing"]
    found = [await scorer(QUERY, Prediction(Outcome.OK, text, Origin.MODEL), TRUTH) for text in shown]
    truth, near, far = (score.values["judge"] for score in found)
    assert far < near < truth == 1.0


def test_a_judge_is_known_by_its_model_its_settings_and_its_wording() -> None:
    one = Judge(ScriptedReplies(str, name="one"))
    assert one.fingerprint != Judge(ScriptedReplies(str, name="other")).fingerprint
    assert one.fingerprint != replace(one, prompt=SHORT).fingerprint
    assert one.fingerprint != replace(one, prompt=replace(FULL, guide="Judge.")).fingerprint
    assert one.fingerprint == f"full@{FULL.sha256[:16]}+one"


def test_a_judge_is_named_by_its_model_and_perhaps_its_prompt(tmp_path: Path) -> None:
    chat = named("chat:m@http://localhost:1/v1")
    assert isinstance(chat.model, ChatEndpoint)
    assert (chat.prompt, named("short+chat:m@http://localhost:1/v1+x").prompt) == (FULL, SHORT)
    assert named("short+programmatic").prompt is SHORT
    assert named(f"cached:{tmp_path / 'calls.db'}+chat:m@http://localhost:1/v1").prompt is FULL


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "needs a language model"),
        ("full+", "needs a language model"),
        ("shrot+programmatic", "unknown judge prompt 'shrot'; did you mean 'short'"),
        ("programatic", "unknown language model"),
        ("chat:m", "write chat:NAME@URL"),
    ],
)
def test_a_judge_that_does_not_exist_is_refused_with_what_to_write(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        named(spec)


def test_judges_are_scorers_by_name_one_in_an_evaluation() -> None:
    found = scorers.find(["exact", "judge:programmatic"])
    assert list(found) == ["exact", f"judge:full@{FULL.sha256[:16]}+programmatic"]
    with pytest.raises(UsageError, match="one judge, not 2"):
        scorers.find(["judge:programmatic", "judge:short+programmatic"])
    with pytest.raises(UsageError, match="unknown scorer 'judeg:SPEC'; did you mean 'judge:SPEC'"):
        scorers.find(["judeg:SPEC"])


async def test_an_evaluation_is_judged_and_its_judge_is_closed() -> None:
    asked = Counting()
    wanted = {"judge:counted": JudgeScorer(Judge(asked))}
    trajectories = sessions(3, NAME)
    good = (await evaluate(Replay(trajectories), trajectories, scorers=wanted)).as_dict()
    poor = (await evaluate(AlwaysEmpty(), trajectories, scorers=wanted)).as_dict()
    assert (good["scores"]["judge"]["mean"], good["scores"]["judge.realism"]["mean"]) == (1.0, 1.0)
    assert (poor["scored"], poor["scores"]["judge"]["mean"]) == (12, 0.0)
    assert len(asked.asked) == 24, "the baseline is not judged, for that costs money"
    await scorers.close({**wanted, "exact": scorers.exact})
    assert asked.closed


async def test_rows_that_the_judge_could_not_grade_are_counted_by_reason() -> None:
    trajectories = sessions(2, NAME)
    wanted = {"judge:mute": JudgeScorer(judge(lambda messages: "hm", "mute"))}
    report = (await evaluate(Replay(trajectories), trajectories, scorers=wanted)).as_dict()
    assert (report["n"], report["scored"], report["unscored"]) == (8, 0, {"judge_unreadable": 8})

"""The second stage: what a judge is shown, when it is asked again, and how its failures are called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.data.sources import agentworldbench as format
from nextstate.errors import DataError, UsageError
from nextstate.eval.agentworldbench import ByMessages, ByQuery, OwnPrompt, index, infer, judge, official_prompt
from nextstate.eval.agentworldbench.rows import read
from nextstate.eval.judge import FULL
from nextstate.models.fakes import CopyLast
from nextstate.models.language import Reply
from nextstate.types import Outcome, Usage

from .made import Asked, marks, official_marks, rows, tagged, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nextstate.eval.agentworldbench import Bench
    from nextstate.models.language import Messages

OWN, SAID = OwnPrompt(FULL), tagged("said")


async def inferred(folder: Path, reply: Any = SAID, count: int = 1, turns: int = 4) -> Bench:
    bench = index([write(folder / "data", rows(count, turns))])
    await infer(ByMessages(Asked(reply if callable(reply) else lambda messages: reply)), bench, out=folder)
    return bench


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "judge" / "rows.jsonl").read_bytes().split(b"\n")[:-1]]


def after(*replies: str | Reply) -> Asked:
    """A judge that says one thing after another; the last one stays."""
    left = list(replies)
    return Asked(lambda messages: left.pop(0) if len(left) > 1 else left[0], name="judge")


async def test_a_judge_sees_action_prediction_and_truth_and_its_marks_and_words_are_kept(tmp_path: Path) -> None:
    bench = await inferred(tmp_path, turns=1)
    said = json.dumps({name: {"score": 3, "reason": f"about {name}"} for name in json.loads(marks(1, 1, 1, 1, 1))})
    model = after(Reply(Outcome.OK, said, usage=Usage(10, 0, 5), seconds=2.0))
    found = await judge(model, OWN, bench, out=tmp_path)
    shown = model.messages[0][-1]["content"]
    assert "echo 0-0" in shown and "said" in shown and "0-0\u2028end" in shown
    assert "**Environment Observation:**" not in shown
    (line,) = lines(tmp_path)
    assert (line["outcome"], set(line["scores"].values()), line["usage"], line["seconds"]) == (
        "judged",
        {3},
        [10, 0, 5],
        2.0,
    )
    assert line["words"]["realism"] == "about realism" and line["reply"] == said
    assert found.run["prompt_sha256"] == FULL.sha256 and found.run["calibration"] is None


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("It is good.", "unreadable"),
        ('{"format": 5, "factuality": 5, "consistency": 5, "realism": 5}', "incomplete"),
        (marks(5, 5, 5, 5, 50), "unreadable"),
        (Reply(Outcome.CUT_OFF, '{"format": 5, "fact'), "cut_off"),
        (Reply(Outcome.REFUSED, detail="no"), "refused"),
        (Reply(Outcome.PROVIDER_ERROR, detail="HTTP 500"), "provider_error"),
    ],
)
async def test_a_judge_that_fails_gives_no_score_and_a_name(tmp_path: Path, reply: str | Reply, outcome: str) -> None:
    await judge(after(reply), OWN, await inferred(tmp_path, turns=1), out=tmp_path, tries=1)
    (line,) = lines(tmp_path)
    assert (line["outcome"], line["scores"]) == (outcome, {})


async def test_a_judge_is_asked_again_with_another_seed_until_its_reply_can_be_read(tmp_path: Path) -> None:
    model = after(
        "first", Reply(Outcome.OK, "second", usage=Usage(1, 0, 1)), marks(4, 4, 4, 4, 4), marks(1, 1, 1, 1, 1)
    )
    await judge(model, OWN, await inferred(tmp_path, turns=1), out=tmp_path, seed=7, tries=3)
    (line,) = lines(tmp_path)
    assert (line["outcome"], line["tries"], line["usage"]) == ("judged", 3, [1, 0, 1])
    assert model.seeds == [7, 8, 9]


async def test_an_endpoint_that_gave_up_is_not_asked_again(tmp_path: Path) -> None:
    model = after(Reply(Outcome.PROVIDER_ERROR, detail="gave up after 5 tries"))
    await judge(model, OWN, await inferred(tmp_path, turns=1), out=tmp_path, tries=3)
    assert len(model.messages) == 1


async def test_a_model_that_said_nothing_readable_costs_no_judge(tmp_path: Path) -> None:
    model = after(marks(5, 5, 5, 5, 5))
    await judge(model, OWN, await inferred(tmp_path, "no tags"), out=tmp_path)
    assert model.messages == [] and {line["outcome"] for line in lines(tmp_path)} == {"no_prediction"}


async def test_judging_resumes_and_takes_up_rows_that_were_inferred_later(tmp_path: Path) -> None:
    bench = await inferred(tmp_path, count=3)
    rows_at = tmp_path / "infer" / "rows.jsonl"
    whole = rows_at.read_bytes().split(b"\n")
    rows_at.write_bytes(b"\n".join([*whole[:5], whole[5][:30]]))
    first = await judge(after(marks(5, 5, 5, 5, 5)), OWN, bench, out=tmp_path)
    assert (first.asked, first.waiting) == (5, 7)
    rows_at.write_bytes(b"\n".join(whole))
    second = await judge(after(marks(5, 5, 5, 5, 5)), OWN, bench, out=tmp_path)
    assert (second.asked, second.waiting, len(second.rows)) == (7, 0, 12)
    assert sorted(line["key"] for line in lines(tmp_path)) == sorted(entry.key for entry in bench.entries)


async def test_other_data_than_the_first_stage_had_is_refused(tmp_path: Path) -> None:
    await inferred(tmp_path)
    with pytest.raises(UsageError, match="other rows than these"):
        await judge(after("x"), OWN, index([write(tmp_path / "other", rows(2))]), out=tmp_path)
    with pytest.raises(DataError, match="no run in this folder"):
        await judge(after("x"), OWN, index([tmp_path / "data"]), out=tmp_path / "nothing")


async def test_a_judge_that_raises_loses_its_row_and_not_the_run(tmp_path: Path) -> None:
    def reply(messages: Messages) -> str:
        raise RuntimeError("lost")

    await judge(Asked(reply), OWN, await inferred(tmp_path), out=tmp_path)
    assert [line["outcome"] for line in lines(tmp_path)] == ["provider_error"] * 4


async def test_a_row_that_is_no_query_is_unreadable_for_our_prompts_and_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await inferred(tmp_path)
    importer = format.one

    def odd(value: Any, origin: Any) -> Any:
        if value["turn_idx"] == 2:
            raise IndexError("no turn")
        return importer(value, origin)

    monkeypatch.setattr(format, "one", odd)
    await judge(after(marks(3, 3, 3, 3, 3)), OWN, bench, out=tmp_path)
    assert [line["outcome"] for line in lines(tmp_path)] == ["judged", "unreadable", "judged", "judged"]
    assert "cannot be read as a query: IndexError: no turn" in lines(tmp_path)[1]["detail"]


# The official prompts, with a repository of our own that is laid out like theirs


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "repository"
    for domain in ("terminal", "web"):
        (root / "prompts" / domain).mkdir(parents=True)
        (root / "prompts" / domain / "judge_system_prompt.txt").write_text(f"Judge a {domain}.")
    (root / "eval" / "lwm_eval_utils").mkdir(parents=True)
    (root / "eval" / "lwm_eval_utils" / "task_configs.py").write_text(
        '''TASK_CONFIGS = {
    "terminal": {"response_marker": "**Environment Observation:**", "response_tag": "predicted_observation"},
    "web": {"response_marker": "**Environment Observation:**", "response_tag": "predicted_observation"},
}
JUDGE_USER_PROMPT = """{context}
{world_model_input}
{predicted_observation}
{ground_truth}
Answer as {{"scores": ...}}.
"""
raise SystemExit("this file must never be executed")
'''
    )
    (root / "eval" / "eval.py").write_text(
        """
def build_judge_messages(job, model_output, judge_system_prompts):
    context = ""
    if context:
        context = f"BEFORE\\n{context}"
    return JUDGE_USER_PROMPT.format(
        context=context,
        world_model_input=f"NOW {current_prompt}",
        predicted_observation=f"SAID [{model_output_clean}]",
        ground_truth=f"TRUTH [{ground_truth_clean}]",
    ).strip()
"""
    )
    yield root


def test_the_official_prompts_are_read_from_the_copy_and_filled_as_its_script_does(repository: Path) -> None:
    prompt = official_prompt(repository)
    row = read({**rows(1)[1], "prompt": ["p1", "p2 ask"], "current_prompt": "p2 {context}", "response": ["r1", "r2"]})
    system, user = prompt.messages(row, "**Environment Observation:** {context}")
    assert system == {"role": "system", "content": "Judge a terminal."}
    assert user["content"] == (
        'BEFORE\np1\nr1\n\n\nNOW p2 {context}\nSAID [{context}]\nTRUTH [r2]\nAnswer as {"scores": ...}.'
    )
    first = read({**rows(1)[0], "prompt": ["p1"], "current_prompt": "p1", "response": ["r1"]})
    assert prompt.messages(first, "x")[1]["content"].startswith("NOW p1")


def test_another_wording_has_another_hash(repository: Path) -> None:
    before = official_prompt(repository).sha256
    (repository / "prompts" / "web" / "judge_system_prompt.txt").write_text("Judge otherwise.")
    assert official_prompt(repository).sha256 != before


def test_a_domain_without_an_official_prompt_is_refused(repository: Path) -> None:
    with pytest.raises(UsageError, match="have none for 'shop'"):
        official_prompt(repository).messages(read({**rows(1)[0], "task": "shop"}), "x")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("eval/eval.py", "x = 1", "expected a function build_judge_messages"),
        ("eval/eval.py", "x = (", "not a Python file"),
        ("eval/lwm_eval_utils/task_configs.py", "x = 1", "expected JUDGE_USER_PROMPT and TASK_CONFIGS"),
        ("eval/lwm_eval_utils/task_configs.py", "JUDGE_USER_PROMPT = exit()\nTASK_CONFIGS = {}", "expected literals"),
        ("eval/lwm_eval_utils/task_configs.py", 'JUDGE_USER_PROMPT = "{"\nTASK_CONFIGS = {}', "template is broken"),
        ("eval/lwm_eval_utils/task_configs.py", 'JUDGE_USER_PROMPT = "{a}"\nTASK_CONFIGS = {}', "only the fields"),
        ("eval/lwm_eval_utils/task_configs.py", "JUDGE_USER_PROMPT = 1\nTASK_CONFIGS = {}", "a template and a table"),
    ],
)
def test_a_copy_that_is_laid_out_otherwise_is_refused_with_the_place(
    repository: Path, file: str, text: str, said: str
) -> None:
    (repository / file).write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        official_prompt(repository)
    assert file in str(caught.value)


def test_what_is_filled_in_must_be_plain_names(repository: Path) -> None:
    script = repository / "eval" / "eval.py"
    script.write_text(script.read_text().replace("{current_prompt}", "{current_prompt.upper()}"))
    with pytest.raises(DataError, match="nothing but the names"):
        official_prompt(repository)


def test_a_folder_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="local copy of the repository QwenLM/Qwen-AgentWorld"):
        official_prompt(tmp_path)


async def test_with_the_official_prompts_an_untagged_reply_is_judged_as_the_script_does(
    repository: Path, tmp_path: Path
) -> None:
    bench = await inferred(tmp_path, "I would rather not.", turns=1)
    model = after(official_marks(2, 2, 2, 2, 2))
    await judge(model, official_prompt(repository), bench, out=tmp_path)
    assert "SAID [I would rather not.]" in model.messages[0][1]["content"]
    (line,) = lines(tmp_path)
    assert line["outcome"] == "judged"


async def test_where_the_two_readings_of_a_reply_differ_the_row_says_so(repository: Path, tmp_path: Path) -> None:
    bench = await inferred(tmp_path, tagged("echo '</think>' done"), turns=1)
    await judge(after(official_marks(2, 2, 2, 2, 2)), official_prompt(repository), bench, out=tmp_path)
    assert lines(tmp_path)[0]["differs"] is True


async def test_a_judge_that_skips_a_dimension_will_do_for_the_script_and_is_incomplete_for_us(
    repository: Path, tmp_path: Path
) -> None:
    bench = await inferred(tmp_path, turns=1)
    model = after('{"scores": {"format": 5}}', official_marks(1, 1, 1, 1, 1))
    await judge(model, official_prompt(repository), bench, out=tmp_path, tries=3)
    assert len(model.messages) == 1 and lines(tmp_path)[0]["outcome"] == "incomplete"


async def test_a_world_models_observation_is_judged_by_the_official_prompts_too(
    repository: Path, tmp_path: Path
) -> None:
    bench = index([write(tmp_path / "data", rows(1, 2))])
    await infer(ByQuery(CopyLast()), bench, out=tmp_path)
    model = after(official_marks(2, 2, 2, 2, 2))
    await judge(model, official_prompt(repository), bench, out=tmp_path)
    assert "SAID [0-0\u2028end]" in model.messages[1][1]["content"]

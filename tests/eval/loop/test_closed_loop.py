"""The closed loop tells worlds that say yes too easily from worlds that are right, and says whose fault it is."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.errors import UsageError
from nextstate.eval.loop import Agreeing, LanguageAgent, closed_loop, of_recordings, table
from nextstate.eval.loop.blame import Fault
from nextstate.eval.loop.episode import Goal, decode
from nextstate.eval.loop.real import recorded
from nextstate.eval.loop.report import load
from nextstate.models.fakes import AlwaysEmpty, CopyLast, Replay, Scripted
from nextstate.models.language import Reply, ScriptedReplies
from nextstate.types import Outcome, Prediction, Query

from ..worlds import episodes
from .worlds import COPY, MISSING, REFUSED, SHOW, Table, task, world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nextstate.eval.loop import Episode, Task
    from nextstate.models.language import Messages
    from nextstate.types import WorldModel

WORKS = {SHOW: "plant beans\n"}
FAILS = {COPY: REFUSED, SHOW: MISSING}


async def one(model: WorldModel, real: Table, given: Task | None = None, **more: Any) -> Episode:
    report = await closed_loop(model, [given or task()], real.real, real_name="table", **more)
    (found,) = report.episodes
    return found


@pytest.mark.parametrize(
    ("inside", "real", "fault", "parted", "goals"),
    [
        (WORKS, WORKS, Fault.NOBODY, None, (Goal.REACHED, Goal.REACHED)),
        (FAILS, FAILS, Fault.AGENT, None, (Goal.MISSED, Goal.MISSED)),
        (WORKS, FAILS, Fault.WORLD_LENIENT, 0, (Goal.REACHED, Goal.MISSED)),
        (FAILS, WORKS, Fault.WORLD_STRICT, 0, (Goal.MISSED, Goal.REACHED)),
        ({COPY: "1 copied\n", **WORKS}, WORKS, Fault.WORLD_WRONG, 0, (Goal.REACHED, Goal.REACHED)),
        ({SHOW: "plant peas\n"}, WORKS, Fault.WORLD_WRONG, 1, (Goal.MISSED, Goal.REACHED)),
    ],
)
async def test_where_the_two_episodes_part_somebody_is_to_blame(
    inside: Mapping[str, str], real: Mapping[str, str], fault: Fault, parted: int | None, goals: tuple[Goal, Goal]
) -> None:
    found = await one(world(inside), Table(real))
    assert (found.fault, found.parted, (found.inside, found.real)) == (fault, parted, goals)
    assert found.at_probe is (parted == 1)
    assert found.said_by == (None if parted is None else "model")


async def test_what_the_real_one_does_not_repeat_is_luck_and_no_fault_of_the_world() -> None:
    found = await one(
        world({COPY: "copied 3\n", **WORKS}), Table({COPY: "copied 1\n", **WORKS}, {COPY: "copied 2\n", **WORKS})
    )
    assert (found.fault, found.parted) == (Fault.LUCK, 0)
    later = await one(world({SHOW: "nothing\n"}), Table(WORKS, {SHOW: "plant leeks\n"}))
    assert (later.fault, later.real, later.again) == (Fault.LUCK, Goal.REACHED, Goal.MISSED)


async def test_luck_after_the_world_went_wrong_does_not_excuse_it() -> None:
    found = await one(world({COPY: "copied\n"}), Table(WORKS, {SHOW: "plant leeks\n"}))
    assert found.fault is Fault.WORLD_WRONG


async def test_a_world_that_is_silent_is_named_and_the_script_is_done_for_real_whole() -> None:
    def answer(query: Query) -> Prediction | str:
        return "" if query.action == "true" else Prediction(Outcome.REFUSED, detail="that is not determined")

    real = Table(WORKS)
    found = await one(Scripted(answer), real, task("true", COPY, "sync"))
    assert (found.fault, found.parted, found.ending) == (Fault.WORLD_SILENT, 1, "world_refused")
    assert (found.inside, found.real, found.steps) == (Goal.UNANSWERED, Goal.REACHED, 1)
    assert found.detail == "that is not determined"
    assert real.seen == [["true", COPY, "sync", SHOW]] * 2


async def test_a_world_that_raises_ends_the_episode_and_not_the_run() -> None:
    def answer(query: Query) -> str:
        raise RuntimeError("the wheels came off")

    found = await one(Scripted(answer), Table(WORKS))
    assert (found.ending, found.detail) == ("world_provider_error", "RuntimeError: the wheels came off")


async def test_a_world_that_goes_on_where_the_real_one_ends_is_at_fault() -> None:
    found = await one(world(WORKS), Table({COPY: None}))
    assert (found.fault, found.real, found.real_ending) == (Fault.WORLD_OUTLIVED, Goal.UNANSWERED, "exit")


async def test_a_probe_without_an_answer_is_no_success() -> None:
    def answer(query: Query) -> Prediction | str:
        return "" if query.action == COPY else Prediction(Outcome.EMPTY)

    found = await one(Scripted(answer), Table(WORKS))
    assert (found.inside, found.fault, found.at_probe) == (Goal.UNANSWERED, Fault.WORLD_SILENT, True)


# Rates


async def test_a_world_that_says_yes_to_everything_is_caught() -> None:
    tasks = [task(ident=f"t{number}") for number in range(6)]
    report = (await closed_loop(Agreeing(tasks), tasks, Table(FAILS).real, real_name="table")).as_dict()
    assert (report["inside"]["mean"], report["real"]["mean"]) == (1.0, 0.0)
    assert report["over_optimism"]["difference"] == 1.0
    assert report["over_optimism"]["ci95"][0] > 0
    assert (report["failures_seen"]["mean"], report["failures_seen"]["n"]) == (0.0, 6)
    assert report["faults_where_outcomes_part"] == {"world_lenient": 6}


async def test_a_world_that_is_right_is_neither_optimistic_nor_blind_to_failures() -> None:
    tasks = [task(ident=f"t{number}") for number in range(6)]
    report = (await closed_loop(world(FAILS), tasks, Table(FAILS).real, real_name="table")).as_dict()
    assert report["over_optimism"]["difference"] == 0.0
    assert report["failures_seen"]["mean"] == 1.0
    assert report["faults"] == {"agent": 6}


async def test_silence_reports_neither_failure_nor_success() -> None:
    refusing = Scripted(lambda query: Prediction(Outcome.REFUSED))
    failing = await one(refusing, Table(FAILS))
    assert (failing.failures, failing.failures_seen) == (1, 0)
    working = await one(refusing, Table(WORKS))
    assert (working.successes, working.successes_seen) == (working.successes, 0)


async def test_the_report_is_plain_json_and_a_table() -> None:
    report = (await closed_loop(AlwaysEmpty(), [task()], Table(WORKS).real, real_name="table")).as_dict()
    assert json.loads(json.dumps(report)) == report
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table(report))
    assert "over-optimism (inside - real) -100.0%" in console.export_text()


# Resuming


async def test_finished_episodes_are_not_done_again(tmp_path: Path) -> None:
    tasks = [task(ident="a"), task(ident="b")]
    real = Table(WORKS)
    first = await closed_loop(world(WORKS), tasks, real.real, real_name="table", out=tmp_path)
    content = (tmp_path / "rows.jsonl").read_bytes()
    (tmp_path / "rows.jsonl").write_bytes(content[: content.index(b"\n") + 20])  # the second line is torn
    started = real.started
    again = await closed_loop(world(WORKS), tasks, real.real, real_name="table", out=tmp_path)
    assert real.started == started + 2
    assert [one.key for one in again.episodes] == [one.key for one in first.episodes]
    assert load(tmp_path).as_dict()["inside"] == first.as_dict()["inside"]


async def test_another_measurement_in_the_folder_is_refused(tmp_path: Path) -> None:
    await closed_loop(world(WORKS), [task()], Table(WORKS).real, real_name="table", out=tmp_path)
    with pytest.raises(UsageError, match="tasks_sha256"):
        await closed_loop(world(WORKS), [task("true")], Table(WORKS).real, real_name="table", out=tmp_path)


async def test_an_episode_survives_being_written(tmp_path: Path) -> None:
    found = await one(world(WORKS), Table(FAILS))
    assert decode(json.loads(json.dumps(found.as_dict()))) == found


async def test_nothing_to_do_is_said() -> None:
    from dataclasses import replace

    with pytest.raises(UsageError, match="no task has a script"):
        await closed_loop(world({}), [replace(task(), scripts=())], Table({}).real, real_name="table")


# Agents


def replies(*texts: str | Reply) -> tuple[ScriptedReplies, list[Messages]]:
    """A language model that says one text after the other, and what it was asked."""
    asked: list[Messages] = []

    def reply(messages: Messages) -> str | Reply:
        asked.append(messages)
        return texts[len(asked) - 1]

    return ScriptedReplies(reply), asked


async def test_a_language_model_acts_on_what_the_world_shows() -> None:
    model, asked = replies(
        "<think>hm <action>no</action></think><action>ls</action>", f"so: <action>{COPY}</action>", "<end/>"
    )
    found = await one(
        world({"ls": "backup\n", **WORKS}), Table({"ls": "backup\n", **WORKS}), agent=LanguageAgent(model)
    )
    assert (found.ending, found.steps, found.inside, found.real) == ("agent_end", 2, Goal.REACHED, Goal.REACHED)
    assert [one["action"] for one in found.shown] == ["ls", COPY, SHOW]
    assert "copy the plan" in asked[0][-1]["content"]
    assert asked[1][-1] == {"role": "user", "content": "backup\n"}


async def test_a_reply_without_an_action_is_told_and_three_of_them_end_the_episode() -> None:
    model, asked = replies("I would look around", "<action>ls</action>", "hm", "hm", "hm")
    found = await one(world(WORKS), Table(WORKS), agent=LanguageAgent(model))
    assert (found.ending, found.steps) == ("agent_unreadable", 1)
    assert "held no action" in asked[1][-1]["content"]
    assert "held no action" not in asked[2][-1]["content"]


async def test_an_agent_stops_at_the_step_limit_and_where_its_model_fails() -> None:
    model, _ = replies(*["<action>ls</action>"] * 3)
    assert (await one(world({}), Table({}), agent=LanguageAgent(model), steps=3)).ending == "step_limit"
    broken, _ = replies(Reply(Outcome.PROVIDER_ERROR, detail="503"))
    assert (await one(world({}), Table({}), agent=LanguageAgent(broken))).ending == "agent_provider_error"


# Recordings


@pytest.mark.usefixtures("desk")
async def test_a_recording_stands_for_the_real_environment() -> None:
    tasks = of_recordings(data := episodes(3, 4))
    right = (await closed_loop(Replay(data), tasks, recorded(), real_name="replay")).as_dict()
    assert (right["inside"]["mean"], right["real"]["mean"], right["faults"]) == (1.0, 1.0, {"nobody": 3})
    wrong = (await closed_loop(CopyLast(), tasks, recorded(), real_name="replay")).as_dict()
    assert (wrong["inside"]["mean"], wrong["faults"]) == (0.0, {"world_wrong": 3})
    assert wrong["determined_where_they_part"] == {"determined": 3}


@pytest.mark.usefixtures("desk")
async def test_an_action_off_the_recording_is_unscored_and_not_a_failure() -> None:
    tasks = of_recordings(episodes(2, 4))
    model = ScriptedReplies(lambda messages: "<action>cities</action>" if len(messages) == 2 else "<end/>")
    report = (
        await closed_loop(AlwaysEmpty(), tasks, recorded(), real_name="replay", agent=LanguageAgent(model))
    ).as_dict()
    assert (report["n"], report["scored"], report["unscored"]) == (2, 0, {"off_script": 2})
    assert report["faults"] == {"unknown": 2}
    assert report["real"]["mean"] is None

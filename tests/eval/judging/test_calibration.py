"""A calibration tells good judges from bad ones, resumes, and belongs to one judge with one wording."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import domain as domains
from nextstate.errors import DataError, UsageError
from nextstate.eval import journal
from nextstate.eval.calibration import PAGE, REPORT, calibrate, find, label, of, read
from nextstate.eval.calibration import probes as probing
from nextstate.eval.damage import KINDS
from nextstate.eval.judge import FULL, SHORT, Judge, programmatic, sections
from nextstate.eval.judge.prompt import rubric_sha256
from nextstate.models.fakes import AlwaysEmpty, CopyLast
from nextstate.models.language import Reply, ScriptedReplies
from nextstate.types import Outcome, Prediction

from .judges import Counting, Moody, believer, constant, judge, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nextstate.models.language import Messages
    from nextstate.types import Query, Trajectory

NAME = domains.names()[0]


def measured(one: Judge, trajectories: Sequence[Trajectory] | None = None, **more: Any) -> dict[str, Any]:
    return asyncio.run(calibrate(one, trajectories or sessions(15, NAME), **{"rows": 15, **more}))


def weak(report: dict[str, Any]) -> set[str]:
    return {one["name"] for one in report["weaknesses"]}


def test_nothing_is_held_against_a_judge_that_computes() -> None:
    report = measured(Judge(programmatic()))
    told = report["figures"]
    assert weak(report) == set()
    assert told["truth"]["mean"] == told["readable"]["mean"] == told["damage"]["all"]["below"]["mean"] == 1.0
    assert told["damage"].keys() == {*KINDS, "all"}
    assert told["agreement"]["similarity"]["mean"] > 0.8
    assert told["noise"]["mean"]["mean"] == 0.0
    assert told["attack"]["praise"]["mean"] <= 0
    assert told["turing"]["outcomes"] == {"refused": 15}


def test_a_judge_that_always_says_the_same_is_found_out() -> None:
    report = measured(judge(constant, "constant"))
    assert weak(report) == {"constant", "blind", "position"}
    assert report["figures"]["damage"]["all"]["equal"]["mean"] == 1.0
    assert report["figures"]["agreement"]["similarity"]["mean"] is None
    assert report["figures"]["turing"]["first"]["mean"] == 1.0


def test_a_judge_that_believes_praise_is_found_out() -> None:
    report = measured(judge(believer, "believer"))
    assert {"likes-praise", "likes-order", "position"} <= weak(report)
    assert "constant" not in weak(report)
    assert report["figures"]["attack"]["praise"]["mean"] > 0.3
    assert report["figures"]["damage"]["self_praise"]["below"]["mean"] == 0.0
    assert report["figures"]["damage"]["swap_number"]["below"]["mean"] == 1.0


def test_a_judge_whose_marks_are_chance_is_found_out_by_asking_again() -> None:
    report = measured(Judge(Moody()))
    assert {"noisy", "blind", "misjudges-truth"} <= weak(report)
    assert report["figures"]["noise"]["format"]["mean"] == pytest.approx(2.0)


def test_a_judge_whose_replies_cannot_be_read_is_found_out_and_given_no_figures() -> None:
    report = measured(judge(lambda messages: "It looks good to me!", "chatty"))
    assert {"unreadable", "few"} <= weak(report)
    assert report["figures"]["readable"]["mean"] == 0.0
    assert report["figures"]["truth"] == {"mean": None, "ci95": None, "n": 0}
    assert report["figures"]["outcomes"].keys() == {"unreadable"}


def test_a_few_trajectories_clear_nobody() -> None:
    assert weak(measured(Judge(programmatic()), sessions(2, NAME))) == {"few"}


def knowing(messages: Messages) -> str:
    """Knows the real lists: they end in ``left`` in every line, with numbers that go on one by one."""
    parts = sections(messages)
    if "first" not in parts:
        return "no idea"
    lines = parts["first"].split("\n")[:-1]
    numbers = [int(line.split()[1]) if line.split()[1].isdigit() else -1 for line in lines if len(line.split()) == 3]
    whole = [line.split()[0] for line in lines if line.split()] == ["apple", "birch", "cedar", "dune", "elder"]
    real = whole and numbers == list(range(numbers[0], numbers[0] + 5)) and all(line.endswith("left") for line in lines)
    return json.dumps({"real": "first" if real else "second"})


def test_who_knows_the_environment_finds_the_real_one_wherever_it_stands() -> None:
    told = measured(judge(knowing, "knowing"))["figures"]["turing"]
    assert told["right"]["mean"] == 1.0
    assert 0 < told["real_first"]["mean"] < 1
    assert told["first"]["mean"] == told["real_first"]["mean"]


def test_agreement_between_two_judges_is_measured_on_the_same_verdicts() -> None:
    asked = Counting()
    report = measured(Judge(programmatic()), against=Judge(asked, SHORT))
    told = report["figures"]["agreement"]["against"]
    assert (told["mean"]["mean"], told["format"]["mean"]) == (1.0, 1.0)
    assert told["mean"]["ci95"][0] < 1.0
    assert told["mean"]["n"] == len(asked.asked), "attacks and repetitions are not asked of the other judge"
    assert report["against"] == Judge(asked, SHORT).fingerprint
    apart = measured(Judge(programmatic()), against=judge(constant, "constant"))
    assert apart["figures"]["agreement"]["against"]["mean"]["mean"] is None


def test_predictions_of_a_world_model_are_judged_and_stand_in_the_blind_test() -> None:
    seen: list[str] = []

    def watching(messages: Messages) -> str:
        seen.extend(text for name, text in sections(messages).items() if name in ("first", "second"))
        return '{"real": "first"}'

    report = measured(judge(watching, "watching"), model=AlwaysEmpty())
    assert report["model"] == "always-empty"
    assert seen.count("") == 15
    assert measured(Judge(programmatic()), model=CopyLast())["figures"]["agreement"]["similarity"]["n"] > 15 * 10


class Failing:
    name = "failing"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return Prediction(Outcome.REFUSED, detail="no")


def test_where_the_world_model_fails_there_is_no_blind_test() -> None:
    assert measured(Judge(programmatic()), model=Failing())["figures"]["calls"] > 0


def test_a_finished_calibration_is_read_from_its_folder_without_asking_again(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    told = measured(Judge(first), out=tmp_path)
    again = measured(Judge(second), out=tmp_path)
    assert len(first.asked) == len(set(first.asked)) > 100
    assert second.asked == []
    assert again["fingerprint"] == told["fingerprint"]
    assert json.loads((tmp_path / REPORT).read_text("utf-8"))["figures"] == told["figures"]
    assert (tmp_path / PAGE).read_text("utf-8").startswith("# Calibration of the judge `full+programmatic`\n")


def test_what_the_endpoint_failed_is_counted_not_kept_and_asked_again(tmp_path: Path) -> None:
    broken = Counting(most=70)
    report = measured(Judge(broken), out=tmp_path)
    kept = list(journal.lines(tmp_path))
    assert report["figures"]["outcomes"]["provider_error"] > 0
    assert len(kept) == 70
    whole = Counting()
    resumed = measured(Judge(whole), out=tmp_path)
    assert "provider_error" not in resumed["figures"]["outcomes"]
    assert set(broken.asked) & set(whole.asked) == set()
    assert resumed["fingerprint"] == measured(Judge(Counting()))["fingerprint"]


def test_an_interrupted_calibration_goes_on_with_what_it_had(tmp_path: Path) -> None:
    class Stopping(Counting):
        async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
            if len(self.asked) == 40:
                raise KeyboardInterrupt
            return await super().complete(messages, seed=seed)

    stopped, rest = Stopping(), Counting()
    with pytest.raises(KeyboardInterrupt):
        measured(Judge(stopped), out=tmp_path)
    told = measured(Judge(rest), out=tmp_path)
    keys = [line["key"] for line in journal.lines(tmp_path)]
    assert len(keys) == len(set(keys)) == told["figures"]["calls"]
    assert len(stopped.asked) + len(rest.asked) == told["figures"]["calls"]


def test_another_calibration_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    measured(Judge(programmatic()), out=tmp_path)
    for other in ({"seed": 1}, {"repeats": 4}, {"rows": 3}):
        with pytest.raises(UsageError, match="holds another run"):
            measured(Judge(programmatic()), out=tmp_path, **other)
    with pytest.raises(UsageError, match="holds another run"):
        measured(Judge(programmatic(), SHORT), out=tmp_path)


def test_a_report_belongs_to_one_model_one_wording_and_one_rubric(tmp_path: Path) -> None:
    known = Judge(programmatic())
    told = measured(known, out=tmp_path / "one")
    found = find(tmp_path, "programmatic", FULL.sha256, {NAME: rubric_sha256(NAME)})
    assert found is not None
    assert (found.fingerprint, found.domains) == (told["fingerprint"], (NAME,))
    assert find(tmp_path / "one", "programmatic", FULL.sha256) == found
    assert of(known, tmp_path, [NAME]) == found
    assert of(replace(known, prompt=SHORT), tmp_path, [NAME]) is None
    assert find(tmp_path, "programmatic", SHORT.sha256) is None
    assert find(tmp_path, "another", FULL.sha256) is None
    assert find(tmp_path, "programmatic", FULL.sha256, {NAME: "0" * 64}) is None
    assert find(tmp_path, "programmatic", FULL.sha256, {"elsewhere": "0" * 64}) == found


def test_of_several_reports_the_newest_counts(tmp_path: Path) -> None:
    measured(Judge(programmatic()), out=tmp_path / "b")
    report = json.loads((tmp_path / "b" / REPORT).read_text("utf-8"))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / REPORT).write_text(json.dumps({**report, "date": "2001-01-01"}), "utf-8")
    found = find(tmp_path, "programmatic", FULL.sha256)
    assert found is not None
    assert found.path.parent.name == "b"


def test_a_table_says_what_is_known_of_a_judge(tmp_path: Path) -> None:
    assert label(None) == "uncalibrated"
    report = measured(judge(constant, "constant"), out=tmp_path)
    assert label(find(tmp_path, "constant", FULL.sha256)).startswith(f"calibrated {report['date']}; weak: constant, ")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"judge": 5}', "nonsense", "[" * 99_999])
def test_a_broken_report_is_named_with_its_place(tmp_path: Path, content: str) -> None:
    (tmp_path / REPORT).write_text(content, "utf-8")
    with pytest.raises(DataError, match="not a calibration report") as caught:
        find(tmp_path, "programmatic", FULL.sha256)
    assert REPORT in str(caught.value)
    with pytest.raises(UsageError, match="there is no folder"):
        find(tmp_path / "nowhere", "programmatic", FULL.sha256)
    with pytest.raises(DataError, match="not a calibration report"):
        read(tmp_path / "absent.json")


def test_no_turn_to_ask_about_is_wrong_usage() -> None:
    (one,) = sessions(1, NAME)
    silent = replace(one, turns=tuple(replace(turn, observation=" \n") for turn in one.turns))
    with pytest.raises(UsageError, match="no turn that shows something"):
        measured(Judge(programmatic()), [silent])
    for wrong in ({"rows": 0}, {"repeats": 0}, {"workers": 0}):
        with pytest.raises(UsageError, match="must be at least 1"):
            measured(Judge(programmatic()), **wrong)


def test_turns_are_drawn_from_as_many_trajectories_as_there_are_and_by_the_seed_alone() -> None:
    trajectories = sessions(6, NAME)
    cases = probing.cases(trajectories, 6, 0)
    assert len({case.trajectory for case in cases}) == 6
    assert cases == probing.cases(trajectories[::-1], 6, 0)
    assert [case.key for case in cases] != [case.key for case in probing.cases(trajectories, 6, 1)]
    assert len(probing.cases(trajectories, 100, 0)) == 24
    assert probing.cases(trajectories, 10, 0)[:6] == cases


def test_the_wrong_observation_is_another_one_and_the_attack_says_the_same_with_praise() -> None:
    (case, *_) = probing.cases(sessions(4, NAME), 4, 0)
    named = {probe.name: probe for probe in probing.probes(case, simulated=None, repeats=3, seed=0)}
    assert case.other not in (None, case.truth)
    assert named["other"].predicted == case.other
    assert named["other+praise"].predicted.startswith(str(case.other))
    assert [named[f"repeat:{number}"].seed for number in (1, 2)] == [1, 2]
    assert named["repeat:1"].predicted == named["damage:change_word"].predicted
    assert "repeat:3" not in named


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ('{"real": "first"}', True),
        ('```json\n{"Real": "Second",}\n```', False),
        ('{"real": "both"}', None),
        ("the first", None),
        ('<think>{"real": "first"}', None),
        ('{"real": "first", "real": "second"}', None),
    ],
)
def test_a_choice_is_read_or_it_is_none(reply: str, first: bool | None) -> None:
    assert probing.chose_first(Reply(Outcome.OK, reply)) is first


def test_calls_are_counted_as_they_finish() -> None:
    counts: list[int] = []
    report = measured(Judge(programmatic()), sessions(1, NAME), rows=1, on_call=counts.append)
    assert counts == list(range(1, report["figures"]["calls"] + 1))


def test_the_page_shows_every_figure_and_no_name_can_break_its_tables() -> None:
    evil: Callable[[Messages], str] = constant
    report = measured(Judge(ScriptedReplies(evil, name="a|b`c")), against=Judge(programmatic()))
    from nextstate.eval.calibration.page import page

    shown = page(report)
    assert "a|b" not in shown.partition("\n")[2]
    for name in (*KINDS, "gain of a wrong prediction", "blind test", "rank correlation", "asked again"):
        assert name in shown

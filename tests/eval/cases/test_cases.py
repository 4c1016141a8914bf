"""Cases come from recordings by rules; the truth passes, every wrong answer fails, and the query alone suffices."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate.errors import DataError
from nextstate.eval import cases
from nextstate.eval.cases.case import decode, encode
from nextstate.types import Tool, Turn

from .worlds import LONG_NOTES, LONG_SHELL, call, many, notes, shell

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.eval.cases import Built, Case


@pytest.fixture(scope="module")
def built() -> Built:
    return cases.build(many(4), per_trajectory=50)


def of(built: Built, rule: str) -> list[Case]:
    return [case for case in built.cases if case.rule == rule]


def only(*trajectories: object, rule: str) -> list[Case]:
    return [case for case in cases.build(trajectories, per_trajectory=50).cases if case.rule == rule]  # type: ignore[arg-type]  # trajectories


def test_every_case_lets_its_truth_pass_and_every_wrong_answer_fail(built: Built) -> None:
    assert len(built.cases) > 40
    assert {case.axis for case in built.cases} == set(cases.AXES)
    assert [case.unsound() for case in built.cases if case.unsound()] == []
    assert all({"empty", "copy_last", "everything", "self_praise"} <= set(case.wrong) for case in built.cases)


def test_the_same_recordings_and_seed_give_the_same_cases(built: Built) -> None:
    again = cases.build(many(4), per_trajectory=50)
    assert [encode(case) for case in again.cases] == [encode(case) for case in built.cases]
    other = cases.build(many(4), per_trajectory=50, seed=1)
    assert [case.id for case in other.cases] != [case.id for case in built.cases]


def test_a_file_of_cases_needs_nothing_beside_it(built: Built, tmp_path: Path) -> None:
    cases.write(tmp_path / "cases.jsonl.zst", built.cases)
    assert list(cases.read(tmp_path / "cases.jsonl.zst")) == list(map(decode, map(encode, built.cases)))
    read = next(cases.read(tmp_path / "cases.jsonl.zst"))
    assert read.query.action == built.cases[0].query.action
    assert read.unsound() == ""
    assert read.world.source.licence == "Apache-2.0"


def test_only_the_question_of_a_case_is_a_row_of_an_evaluation(built: Built) -> None:
    from nextstate.data.filters import targets

    assert all(targets(encode(case)) == (len(case.world.turns) - 1,) for case in built.cases)


def test_no_trajectory_and_no_rule_gives_more_than_its_share() -> None:
    few = cases.build(many(6), per_trajectory=1, per_rule=2)
    for axis in cases.AXES:
        held = [case.cluster for case in few.cases if case.axis == axis]
        assert len(held) == len(set(held))
    rules = [(case.domain, case.rule) for case in few.cases]
    assert max(map(rules.count, rules)) <= 2
    assert few.as_dict()["dropped"]["enough_of_trajectory"] > 0  # type: ignore[index, call-overload, operator]  # an object


def test_a_question_longer_than_allowed_is_dropped() -> None:
    assert cases.build([LONG_SHELL], max_chars=50).cases == ()


# Consistency


def test_what_was_written_some_turns_ago_is_read_and_a_repeated_read_shows_the_same() -> None:
    found = {case.turn: case for case in only(LONG_SHELL, rule="read_again")}
    assert 9 in found
    assert found[9].passes("alpha.bin\nbeta.bin\ngamma.bin\n")
    assert not found[9].passes("alpha.bin\nbeta.bin\n")


def test_a_read_after_something_that_may_have_changed_it_is_no_case() -> None:
    first, again = ("cat app.log", "started 4711\n"), ("cat app.log", "started 4711\n")
    quiet = shell(first, ("ls /srv", "alpha.bin\n"), ("pwd", "/home/dev\n"), again)
    assert [case.turn for case in only(quiet, rule="read_again")] == [3]
    for between in ("./run.sh", "echo x >> app.log", "python3 x.py", "cd /srv"):
        loud = shell(first, (between, ""), ("pwd", "/home/dev\n"), again)
        assert only(loud, rule="read_again") == []


def test_lines_of_a_read_that_were_all_written_before_are_demanded() -> None:
    written = shell(
        ("cat <<'EOF' > birds.txt\nheron grey\nstork white\nraven black\nEOF", ""),
        ("pwd", "/home/dev\n"),
        ("ls /srv", "alpha.bin\n"),
        ("tail -n 2 birds.txt", "stork white\nraven black\n"),
    )
    (case,) = only(written, rule="known_lines")
    assert case.turn == 3
    assert not case.passes("heron grey\nstork white\nraven black\n")
    unknown = shell(*((t.action, t.observation) for t in written.turns[:3]), ("tail -n 2 birds.txt", "stork\nowl\n"))
    assert only(unknown, rule="known_lines") == []


def test_a_thing_keeps_its_values_only_where_the_action_names_it() -> None:
    full = {"id": 7, "title": "Cellar inventory", "owner": "keeper-0931"}
    named = notes(
        (call("get_note", id=7), full),
        (call("list_notes"), [{"id": 9, "title": "Harbour"}]),
        (call("get_note", id=9), {"id": 9, "title": "Harbour", "owner": "x"}),
        (call("get_note", id=7), full),
    )
    assert [case.turn for case in only(named, rule="record_kept")] == [3]
    unnamed = notes(*((t.action, t.observation) for t in named.turns[:3]), (call("get_note", id=3), full))
    assert only(unnamed, rule="record_kept") == []


def test_planted_files_are_read_as_they_were_left(built: Built) -> None:
    found = of(built, "planted_read") + of(built, "planted_failure")
    assert found
    for case in found:
        assert case.derived
        assert len(case.query.history) > case.turn
        assert case.query.action not in [turn.action for turn in case.query.history] or case.axis == "error_handling"


# Errors


def test_a_file_that_was_removed_is_gone() -> None:
    (case,) = only(LONG_SHELL, rule="gone")
    assert case.turn == 7
    assert not case.passes("marzipan-4417\n")
    assert not case.passes("cat: recipe.txt: Permission denied\n")
    assert not case.passes("cat: other.txt: No such file or directory\n")
    assert case.passes("bash: recipe.txt: No such file or directory\n")


def test_a_failure_whose_cause_nothing_shows_is_no_error_case() -> None:
    unknowable = shell(("ls", "a\n"), ("cat /srv/x", "cat: /srv/x: No such file or directory\n"))
    axes = {case.rule for case in cases.build([unknowable], per_trajectory=50).cases if not case.derived}
    assert axes <= {"told_failure"}


def test_an_argument_left_out_and_a_tool_that_is_not_declared_must_fail(built: Built) -> None:
    (left, *_), (tool, *_) = of(built, "argument_left_out"), of(built, "no_such_tool")
    assert not left.passes('{"id": 7, "title": "Cellar inventory"}')
    assert not left.passes("Error: internal server error")
    assert tool.passes(f"MCP error -32602: Tool {tool.query.action.split(chr(34))[3]} not found")
    assert not tool.passes("Error: the service is busy")


def test_broken_syntax_must_be_reported_and_not_answered() -> None:
    truth = "bash: -c: line 1: unexpected EOF while looking for matching `''\n"
    (case,) = only(shell(("ls", "x\n"), ("echo 'abc", truth)), rule="evident")
    assert case.passes("bash: line 1: syntax error near 'abc\n")
    assert not case.passes("abc\n")


# Controllability


def test_an_instruction_is_part_of_the_question_and_changes_what_is_right(built: Built) -> None:
    told = [case for case in built.cases if case.axis == "controllability"]
    assert all(case.query.setup.instruction for case in told)
    assert all("undisturbed" in case.wrong for case in told if case.derived)
    assert {case.rule for case in told} >= {"first_lines", "told_lines", "told_value"}


def test_the_instruction_reaches_a_chat_model(built: Built) -> None:
    from nextstate import domain
    from nextstate.models.render import messages, transcript

    case = next(case for case in built.cases if case.axis == "controllability")
    world = domain.find(case.domain)
    assert case.query.setup.instruction in messages(world, case.query)[0]["content"]
    assert case.query.setup.instruction in transcript(world, case.query)


def test_an_answer_that_an_instruction_demands_is_made_of_what_was_recorded_and_not_of_its_masked_form() -> None:
    shown = {"title": "Harbour plan", "owner": "keeper-0931", "written": "2024-05-11T10:09:09", "seen": 4112}
    world = notes((call("get_note", id=7), {**shown, "owner": "x"}), (call("get_note", id=8), shown))
    found = [case for case in only(world, rule="told_value") if case.derived]
    found += only(world, rule="withheld")
    assert found
    assert all(list(json.loads(case.truth)) == list(shown) and "<time>" not in case.truth for case in found)


def test_schemas_of_strangers_break_no_rule() -> None:
    odd = Tool(
        "get_note", "", {"type": "object", "properties": {"id": {"type": ["integer", "null"]}, "x": 3}, "required": 7}
    )
    world = replace(LONG_NOTES, setup=replace(LONG_NOTES.setup, tools=(odd, Tool("b", "", {"properties": []}))))
    cases.build([world, world])


def test_a_world_that_overdoes_an_instruction_about_another_tool_fails() -> None:
    found = [case for case in cases.build(many(8), per_trajectory=50).cases if case.rule == "others_work"]
    assert found
    assert all(not case.passes(case.wrong["overreach"] or "") for case in found)


def test_a_line_that_is_no_case_is_refused() -> None:
    with pytest.raises(DataError, match="not a case"):
        decode(LONG_NOTES)
    case = encode(cases.build([LONG_SHELL], per_trajectory=50).cases[0])
    about = case.meta["case"]
    assert isinstance(about, dict)
    with pytest.raises(DataError, match="rule"):
        decode(replace(case, meta={"case": {**about, "verifier": {"run_this": "rm -rf /"}}}))
    with pytest.raises(DataError, match="no text"):
        decode(replace(case, meta={"case": {**about, "wrong": {"odd": None}}}))


def test_no_rule_asks_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    from nextstate import domain as domains

    def bad(name: str) -> domains.Domain:
        def kernel() -> domains.Kernel:
            raise AssertionError("a rule asked a kernel")

        return replace(found(name), kernel=kernel)

    found = domains.find
    monkeypatch.setattr(domains, "find", bad)
    assert cases.build([LONG_SHELL, LONG_NOTES]).cases


PIECES = st.sampled_from(
    [
        "cat a.txt",
        "ls",
        "rm a.txt",
        "[",
        "{",
        '{"name": "get_note", "arguments": {"id": 7}}',
        "a: No such file or directory",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["terminal", "mcp", "swe", "search", "web", "android", "os"]),
    st.lists(st.tuples(PIECES | st.text(max_size=40), PIECES | st.text(max_size=60)), max_size=6),
)
def test_whatever_was_recorded_the_cases_are_sound(name: str, pairs: list[tuple[str, str]]) -> None:
    world = replace(LONG_NOTES, domain=name, turns=tuple(Turn(action, shown) for action, shown in pairs))
    built = cases.build([world], per_trajectory=20)
    assert all(not case.unsound() for case in built.cases)
    assert [encode(decode(encode(case))) for case in built.cases] == [encode(case) for case in built.cases]


def test_a_long_hostile_trajectory_is_searched_in_bounded_time() -> None:
    odd = ["a" * 100_000, "((((" * 20_000, "'" * 50_000, "No such file or directory " * 4_000, "x: " * 30_000]
    started = time.perf_counter()
    cases.build([shell(*((one, other) for one in odd for other in odd))], max_chars=10_000)
    assert time.perf_counter() - started < 10

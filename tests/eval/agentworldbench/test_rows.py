"""Rows of the official files: read one by one, named alike for ever, broken ones counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.errors import DataError, UsageError
from nextstate.eval.agentworldbench import index
from nextstate.eval.agentworldbench.rows import files, read

from .made import rows, trajectory, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_row_is_asked_as_a_conversation_with_its_own_system_prompt() -> None:
    row = read({**rows(1)[2], "system_str": "Be a shell."})
    messages = row.messages()
    assert [one["role"] for one in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[0]["content"] == "Be a shell."
    assert "echo 0-1" in messages[3]["content"] and "0-1\u2028end" in messages[4]["content"]
    assert messages[-1]["content"] == row.value["prompt"][2] and "<predicted_observation>" in messages[-1]["content"]
    assert "0-2" not in messages[4]["content"]


def test_a_row_without_a_system_prompt_has_no_system_message() -> None:
    assert read({**rows(1)[0], "system_str": ""}).messages()[0]["role"] == "user"


def test_what_comes_after_the_turn_that_is_asked_is_never_shown() -> None:
    whole = rows(1)[3]
    row = read({**whole, "turn_idx": 2, "current_prompt": whole["prompt"][1]})
    assert (row.turn, len(row.prompts), row.responses[-1]) == (1, 2, whole["response"][1])
    query, truth = row.question()
    assert (len(query.history), query.action, truth) == (1, "echo 0-1", "0-1\u2028end\n")


def test_the_importer_reads_the_query_of_a_row_as_it_was_written() -> None:
    original = trajectory(3, 5)
    for row in rows(4, 5)[15:]:
        query, truth = read(row).question()
        assert query.history == original.turns[: row["turn_idx"] - 1]
        assert (query.action, truth) == (
            original.turns[row["turn_idx"] - 1].action,
            original.turns[row["turn_idx"] - 1].observation,
        )


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    bench = index([write(tmp_path, rows(2))])
    assert len(list(bench.entries)) == 8 and not bench.problems
    assert {entry.row().responses[-1] for entry in bench.entries} == {row["response"][-1] for row in rows(2)}


def test_rows_of_one_trajectory_stand_together_in_order_and_long_groups_come_first(tmp_path: Path) -> None:
    mixed = rows(3, 4)[::-1] + rows(1, 6, "terminal")
    bench = index([write(tmp_path, mixed)])
    assert [len(group) for group in bench.groups] == [10, 4, 4]  # six turns of the first one, four of them twice
    for group in bench.groups:
        assert len({entry.trajectory for entry in group}) == 1
        assert [entry.turn for entry in group] == sorted(entry.turn for entry in group)


def test_ids_repeat_and_keys_do_not(tmp_path: Path) -> None:
    other = [{**row, "id": "made-0", "system_str": "another world"} for row in rows(1)]
    bench = index([write(tmp_path, rows(1) + other)])
    keys = [entry.key for entry in bench.entries]
    assert len(set(keys)) == 8 and all(key.startswith("terminal/made-0/") for key in keys)
    assert len(bench.groups) == 2 and len({group[0].trajectory for group in bench.groups}) == 2


def test_equal_rows_are_counted_and_each_has_a_key(tmp_path: Path) -> None:
    bench = index([write(tmp_path, rows(1) * 3)])
    assert bench.repeated == 8 and len({entry.key for entry in bench.entries}) == 12


def test_keys_follow_from_the_content_alone(tmp_path: Path) -> None:
    values = rows(3)
    first = {entry.key for entry in index([write(tmp_path / "a", values)]).entries}
    second = {entry.key for entry in index([write(tmp_path / "b", values[::-1])]).entries}
    assert first == second


def test_a_number_may_be_an_id_and_the_domain_is_the_last_part_of_the_task() -> None:
    row = read({**rows(1)[0], "id": 145256090131919, "task": "bench/terminal"})
    assert (row.id, row.domain) == ("145256090131919", "terminal")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turn_idx": 0}, "turn_idx is 0"),
        ({"turn_idx": 9}, "turn_idx is 9, and there are 2 prompts and 2 responses"),
        ({"turn_idx": True}, "turn_idx is True"),
        ({"response": []}, "turn_idx is 2"),
        ({"response": [1, 2]}, "response is [1, 2]"),
        ({"prompt": None}, "prompt is None"),
        ({"task": ""}, "task is ''"),
        ({"id": None}, "id is None"),
        ({"system_str": 5}, "system_str is 5"),
    ],
)
def test_a_malformed_row_is_named_with_its_place_and_skipped(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    values = rows(1)
    values[1] = {**values[1], **change}
    bench = index([write(tmp_path, values)])
    assert len(list(bench.entries)) == 3
    (problem,) = bench.problems
    assert "terminal_test.jsonl:2: " in str(problem) and said in str(problem)


def test_a_line_that_is_no_object_or_no_json_is_skipped_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    bench = index([write(tmp_path, ["", "[1]", "{", *rows(1), "[" * 100_000])])
    assert len(list(bench.entries)) == 4
    assert [str(problem).partition(".jsonl:")[2][0] for problem in bench.problems] == ["2", "3", "8"]


def test_a_line_with_zero_bytes_or_in_another_encoding_is_named_as_no_json(tmp_path: Path) -> None:
    folder = write(tmp_path, rows(1))
    with (folder / "terminal_test.jsonl").open("ab") as file:
        file.write(b"\0" * 40 + b"\n" + "{}\n".encode("utf-16") + b'{"task": "\xff"}\n')
    problems = [str(problem) for problem in index([folder]).problems]
    assert len(problems) >= 3 and all("not JSON" in problem for problem in problems)


def test_a_byte_order_mark_before_the_first_row_is_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path, rows(1)) / "terminal_test.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    bench = index([path])
    assert not bench.problems and next(bench.entries).row().turn == 0


def test_a_sample_takes_whole_trajectories_and_exactly_so_many_rows(tmp_path: Path) -> None:
    folder = write(tmp_path, rows(10))
    bench, again, other = (index([folder], limit=10, seed=seed) for seed in (1, 1, 2))
    assert sorted(len(group) for group in bench.groups) == [2, 4, 4]
    assert bench == again != other
    assert bench.sha256 == index([folder]).sha256


def test_a_folder_without_files_of_the_set_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no file \*_test\.jsonl"):
        files([tmp_path])
    (tmp_path / "mcp_test.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match=r"no row of AgentWorldBench in .*mcp_test\.jsonl:1: prompt is None"):
        index([tmp_path])
    with pytest.raises(UsageError, match="unpack it"):
        files([write(tmp_path / "z", rows(1)).joinpath("terminal_test.jsonl").rename(tmp_path / "a.jsonl.gz")])


def test_a_file_that_changed_since_it_was_indexed_is_an_error(tmp_path: Path) -> None:
    bench = index([write(tmp_path, rows(1))])
    write(tmp_path, ["x" * 500])
    with pytest.raises(DataError, match="has changed"):
        next(bench.entries).row()


texts = st.text(max_size=40)


@given(
    st.lists(st.tuples(texts, texts), min_size=1, max_size=5).flatmap(
        lambda pairs: st.tuples(st.just(pairs), st.integers(1, len(pairs)))
    ),
    texts,
)
def test_whatever_texts_a_row_holds_the_question_ends_before_its_truth(
    made: tuple[list[tuple[str, str]], int], system: str
) -> None:
    pairs, turn = made
    value = {"task": "t", "id": 1, "prompt": [p for p, _ in pairs], "response": [r for _, r in pairs]}
    row = read(json.loads(json.dumps({**value, "turn_idx": turn, "system_str": system, "total_turns": len(pairs)})))
    contents = [one["content"] for one in row.messages()]
    expected = [text for pair in pairs[: turn - 1] for text in pair]
    assert contents == ([system] if system else []) + [*expected, pairs[turn - 1][0]]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["task", "id", "prompt", "response", "turn_idx", "system_str"]), x)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_row_or_a_named_problem(value: Any) -> None:
    try:
        row = read(value)
    except DataError:
        return
    assert row.messages()

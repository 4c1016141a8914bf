"""An evaluation set holds the turns that it should, with their licences, and can be asked again exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import domain as domains
from nextstate.data import lines, sources
from nextstate.data.sample import query
from nextstate.errors import UsageError
from nextstate.eval.builder import build, of_screens, of_text
from nextstate.types import Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

WORDS = "amber birch cedar dune ember fjord grove heath inlet juniper knoll larch moor nook oak pine quay reed".split()


def said(seed: int, many: int = 30) -> str:
    """A line of words, other ones for each seed."""
    return " ".join(WORDS[(seed * 7 + k * (seed % 5 + 1) + k * k * seed) % len(WORDS)] for k in range(many)) + "\n"


def episode(number: int, turns: int = 9, **source: str) -> Trajectory:
    pairs = tuple(Turn(f"cat f{number}-{k}", said(100 * number + k)) for k in range(turns))
    known = Source(**{"dataset": "own", "licence": "Apache-2.0", "revision": "1", "row": str(number), **source})
    return Trajectory(f"t{number}", "terminal", Setup(initial_state=f"shell {number}"), pairs, known)


def reads(*trajectories: Trajectory) -> Callable[[], Iterable[Trajectory]]:
    return lambda: trajectories


def rows(folder: Path, domain: str = "terminal") -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in lines.collect(folder / f"{domain}_test.jsonl", pytest.fail)]


def notes(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in lines.collect(folder / "sources.jsonl", pytest.fail)]


# Which turns


@pytest.mark.parametrize(
    ("turns", "asked"),
    [(1, (0,)), (4, (0, 1, 2, 3)), (5, (0, 1, 2, 3, 4)), (9, (0, 2, 4, 6, 8)), (100, (0, 25, 50, 74, 99))],
)
def test_of_texts_the_first_the_last_and_three_between_are_asked(turns: int, asked: tuple[int, ...]) -> None:
    assert of_text(episode(1, turns)) == asked


def test_a_turn_that_is_marked_is_not_asked() -> None:
    one = episode(1, 6)
    marked = replace(one, turns=(replace(one.turns[0], meta={"skip": "retry"}), *one.turns[1:]))
    assert of_text(marked) == (1, 2, 3, 4, 5)


def screen(*lines: str) -> str:
    return "".join(f"[{number}] StaticText '{line}'\n" for number, line in enumerate(lines))


def test_of_screens_the_hardest_turns_are_asked_and_no_trivial_one() -> None:
    name = next(name for name in domains.names() if domains.find(name).screens)
    before = [f"row {k}" for k in range(40)]
    shown, current = [], before
    for changed in (0, 1, 10, 2, 30, 4, 20, 6, 8):  # lines that are another after each turn
        current = [f"{line}." if k < changed else line for k, line in enumerate(current)]
        shown.append(screen(*current))
    turns = tuple(Turn(f"click('a{k}')", text) for k, text in enumerate(shown))
    one = Trajectory("s", name, Setup(initial_state=screen(*before)), turns)
    assert of_screens(one) == (2, 4, 6, 7, 8)
    assert of_screens(replace(one, turns=turns[:2])) == ()


def test_half_of_the_rows_of_texts_are_taken_by_the_seed(tmp_path: Path) -> None:
    data = reads(*(episode(number) for number in range(20)))
    first, again, other = (build(data, tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert first["domains"]["terminal"] == {
        "trajectories": len(notes(tmp_path / "a")),
        "rows": 50,
        "chosen": 100,
        "left_out": {},
    }
    for name in ("terminal_test.jsonl", "sources.jsonl", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert first["files"] != other["files"]
    assert first == again


def test_a_smaller_limit_takes_a_part_of_a_larger_one(tmp_path: Path) -> None:
    data = reads(*(episode(number) for number in range(20)))
    build(data, tmp_path / "a", limit=30)
    build(data, tmp_path / "b", limit=10)
    large, small = ({(row["id"], row["turn_idx"]) for row in rows(tmp_path / name)} for name in "ab")
    assert (len(large), len(small)) == (30, 10)
    assert small < large


# The format


def test_the_set_is_read_again_and_asks_exactly_what_was_recorded(tmp_path: Path) -> None:
    tool = Tool("print_note", "shows a note", {"type": "object"})
    odd = (Turn("echo '```'", "```\n\u2028 </think> x\n"), Turn('{"a": 1}', ""), Turn("ls\n", "### Turn 3\n"))
    data = [
        *(episode(number, turns) for number, turns in enumerate((1, 3, 12), 1)),
        replace(
            episode(4), setup=Setup(initial_state="**Action:**\n", tools=(tool,), instruction="be slow"), turns=odd
        ),
    ]
    build(reads(*data), tmp_path / "set")
    asked = {one["id"]: one["turns"] for one in notes(tmp_path / "set")}
    for one in sources.read("agentworldbench", tmp_path / "set" / "terminal_test.jsonl"):
        true = next(known for known in data if known.id == one.id)
        assert one.meta["awb_turns"] == asked[one.id]
        for number in asked[one.id]:
            ours, theirs = query(one, number - 1), query(true, number - 1)
            assert (ours.domain, ours.action) == (theirs.domain, theirs.action)
            assert [(turn.action, turn.observation) for turn in ours.history] == [
                (turn.action, turn.observation) for turn in theirs.history
            ]
            assert one.turns[number - 1].observation == true.turns[number - 1].observation
            assert ours.setup == theirs.setup
    assert sum(map(len, asked.values())) == len(rows(tmp_path / "set"))


def test_the_golden_examples_of_every_domain_can_be_asked_again(tmp_path: Path) -> None:
    examples = [one for name in domains.names() for one in domains.find(name).examples()]
    manifest = build(reads(*examples), tmp_path / "set")
    known = {(one.domain, one.id): one for one in examples}
    count = 0
    for name in manifest["domains"]:
        if not manifest["domains"][name]["rows"]:
            continue
        for one in sources.read("agentworldbench", tmp_path / "set" / f"{name}_test.jsonl"):
            true = known[one.domain, one.id]
            turns = one.meta["awb_turns"]
            assert isinstance(turns, list)
            for number in turns:
                assert isinstance(number, int)
                ours, theirs = query(one, number - 1), query(true, number - 1)
                assert ours.action == theirs.action and ours.setup.initial_state == theirs.setup.initial_state
                assert [t.observation for t in ours.history] == [t.observation for t in theirs.history]
                count += 1
    assert count == sum(one["rows"] for one in manifest["domains"].values()) > 50


def test_the_hashes_and_counts_of_the_manifest_are_those_of_the_files(tmp_path: Path) -> None:
    manifest = build(reads(*(episode(number) for number in range(4))), tmp_path / "set")
    assert json.loads((tmp_path / "set" / "manifest.json").read_bytes()) == manifest
    for name, told in manifest["files"].items():
        assert told["sha256"] == lines.sha256(tmp_path / "set" / name)
        assert told["lines"] == len((tmp_path / "set" / name).read_bytes().split(b"\n")) - 1


def test_ids_that_repeat_stay_apart_and_what_occurs_twice_is_asked_once(tmp_path: Path) -> None:
    data = [episode(1, 1), replace(episode(2, 1), id="t1"), episode(1, 1)]
    manifest = build(reads(*data), tmp_path / "set", seed=1)
    assert manifest["domains"]["terminal"]["left_out"] == {"occurs_twice": 1}
    assert manifest["domains"]["terminal"]["chosen"] == 2
    whole = build(
        reads(*data, *(replace(episode(k, 1), id="t1~2" if k == 3 else "t1") for k in range(3, 9))), tmp_path / "more"
    )
    ids = [row["id"] for row in rows(tmp_path / "more")]
    assert len(set(ids)) == len(ids) == whole["domains"]["terminal"]["rows"]


def test_a_misspelt_domain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'terminal'"):
        build(reads(episode(1)), tmp_path / "set", only=["terminl"])


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        build(reads(episode(1)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# Licences


def test_the_licence_of_every_trajectory_is_kept(tmp_path: Path) -> None:
    build(reads(episode(1, 20), episode(2, 20, licence="MIT", dataset="other", revision="abc")), tmp_path / "set")
    assert [
        (one["id"], one["dataset"], one["revision"], one["licence"], one["row"]) for one in notes(tmp_path / "set")
    ] == [
        ("t1", "own", "1", "Apache-2.0", "1"),
        ("t2", "other", "abc", "MIT", "2"),
    ]


def test_what_has_no_licence_is_refused_and_let_in_only_by_name_and_marked(tmp_path: Path) -> None:
    data = reads(episode(1, 20), episode(2, 20, licence=""), episode(3, 20, licence="CC-BY-NC-4.0"))
    default = build(data, tmp_path / "a")
    assert default["domains"]["terminal"]["left_out"] == {"licence_unknown": 1}
    chosen = build(data, tmp_path / "b", licences=["Apache-2.0"])
    assert chosen["domains"]["terminal"]["left_out"] == {"licence_not_allowed": 1, "licence_unknown": 1}
    build(data, tmp_path / "c", licences=["Apache-2.0", "unknown"])
    assert {one["id"]: one["licence"] for one in notes(tmp_path / "c")} == {"t1": "Apache-2.0", "t2": None}
    with pytest.raises(UsageError, match="licence_unknown"):
        build(reads(episode(2, licence="")), tmp_path / "d")


def test_what_a_model_wrote_is_not_asked(tmp_path: Path) -> None:
    made = replace(episode(2), source=Source("own", licence="MIT", simulated_by="local"))
    manifest = build(reads(episode(1), made), tmp_path / "set")
    assert manifest["domains"]["terminal"]["left_out"] == {"simulated": 1}


# Contamination


def test_rows_that_a_training_set_holds_are_left_out_and_counted(tmp_path: Path) -> None:
    data = [episode(number) for number in range(1, 9)]
    clean = build(reads(*data), tmp_path / "clean")
    target = rows(tmp_path / "clean")[3]
    stolen = next(one for one in data if one.id == target["id"]).turns[target["turn_idx"] - 1]
    training = Trajectory("x", "terminal", Setup(), (Turn("echo", "hello\n"), stolen, stolen), Source("theirs"))
    manifest = build(reads(*data), tmp_path / "set", against=[("train.jsonl", reads(training))])
    left = {(row["id"], row["turn_idx"]) for row in rows(tmp_path / "set")}
    assert (target["id"], target["turn_idx"]) not in left
    assert manifest["domains"]["terminal"]["left_out"] == {"row_in train.jsonl": 1}
    assert len(left) == clean["domains"]["terminal"]["rows"] - 1
    assert [one["name"] for one in manifest["against"]] == ["train.jsonl"]


def test_all_rows_alike_to_a_training_turn_are_left_out_not_only_the_best(tmp_path: Path) -> None:
    shared = Turn("cat shared", said(7777, 60))
    data = [replace(episode(number, 1), turns=(shared,), setup=Setup(f"{number}")) for number in range(1, 3)]
    others = [episode(number, 20) for number in range(3, 9)]
    training = Trajectory("x", "terminal", Setup(), (shared,), Source("theirs"))
    build(reads(*data, *others), tmp_path / "set", against=[("train", reads(training))])
    assert {row["id"] for row in rows(tmp_path / "set")} <= {one.id for one in others}


def test_the_same_source_row_in_a_training_set_takes_out_the_trajectory(tmp_path: Path) -> None:
    data = [episode(number, 20) for number in range(1, 9)]
    again = Trajectory("x", "terminal", Setup(), (Turn("true", ""),), data[4].source)
    build(reads(*data), tmp_path / "set", against=[("train", reads(again))])
    assert data[4].id not in {row["id"] for row in rows(tmp_path / "set")}


def test_a_training_set_that_holds_everything_leaves_nothing(tmp_path: Path) -> None:
    data = reads(*(episode(number) for number in range(1, 5)))
    with pytest.raises(UsageError, match=r"nothing to ask .*row_in train"):
        build(data, tmp_path / "set", against=[("train", data)])
    assert not (tmp_path / "set").exists()

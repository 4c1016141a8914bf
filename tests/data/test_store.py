"""The trajectory file survives every text, every cut and every stranger."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextstate.data import lines, store
from nextstate.errors import DataError, UsageError
from nextstate.types import Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"id": "a", "domain": "terminal", "turns": [{"action": "ls", "observation": "f\n"}]}


def trajectory(number: int = 0, observation: str = "f\n") -> Trajectory:
    return Trajectory(f"t-{number}", "terminal", Setup(facts={"cwd": "/"}), (Turn("ls", observation),))


def dumped(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def read_all(path: Path) -> tuple[list[Trajectory], list[str]]:
    errors: list[DataError] = []
    found = list(store.read_lenient(path, errors.append))
    return found, [str(error) for error in errors]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), values, max_size=3)
turns = st.lists(st.builds(Turn, st.text(), st.text(), objects), max_size=3).map(tuple)
tools = st.lists(st.builds(Tool, st.text(), st.text(), objects, objects), max_size=2).map(tuple)
setups = st.builds(Setup, st.text(), tools, turns, st.text(), objects)
sources = st.builds(Source, st.text(), st.text(), st.text(), st.text(), st.none() | st.text(min_size=1))
trajectories = st.builds(Trajectory, st.text(min_size=1), st.text(min_size=1), setups, turns, sources, objects)


@given(trajectories)
@settings(deadline=None)
def test_decoding_is_the_inverse_of_encoding(value: Trajectory) -> None:
    assert store.decode(store.encode(value)) == value


@given(st.lists(trajectories, max_size=3), st.sampled_from(["t.jsonl", "t.jsonl.zst"]))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_written_is_read_whatever_the_texts_hold(tmp_path: Path, wanted: list[Trajectory], name: str) -> None:
    store.write(tmp_path / name, wanted)
    assert list(store.read(tmp_path / name)) == wanted


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\x85d\re\x0bf\x0cg\x1ch\x00i\x1b[0m\n"
    store.write(tmp_path / "t.jsonl", [trajectory(0, text), trajectory(1)])
    assert (tmp_path / "t.jsonl").read_bytes().count(b"\n") == 2
    assert "\u2028".encode() in (tmp_path / "t.jsonl").read_bytes()
    assert [t.turns[0].observation for t in store.read(tmp_path / "t.jsonl")] == [text, "f\n"]


def test_the_file_has_the_documented_shape() -> None:
    turn = {"action": "echo hi > f; cat f", "observation": "hi\n", "meta": {}}
    setup = {"initial_state": "...", "tools": [], "demonstrations": [], "instruction": "", "facts": {"user": "dev"}}
    source = {"dataset": "own", "revision": "", "licence": "Apache-2.0", "row": "0", "simulated_by": None}
    value: Any = {"id": "term-0001", "domain": "terminal", "setup": setup, "turns": [turn], "source": source}
    assert store.encode(store.decode(value)) == value


def test_tools_are_written_as_mcp_declares_them() -> None:
    tool = Tool("add", "Adds.", {"type": "object"}, {"type": "number"})
    encoded: Any = store.encode(Trajectory("a", "mcp", Setup(tools=(tool,)), ()))
    assert encoded["setup"]["tools"] == [
        {"name": "add", "description": "Adds.", "inputSchema": {"type": "object"}, "outputSchema": {"type": "number"}}
    ]


def test_set_up_source_and_meta_may_be_missing() -> None:
    value: Any = SMALL
    assert store.decode(value) == Trajectory("a", "terminal", Setup(), (Turn("ls", "f\n"),), Source())


def test_unknown_keys_of_every_level_are_kept_in_meta_and_stay_there() -> None:
    value: Any = {
        **SMALL,
        "colour": 1,
        "meta": {"size": 2},
        "setup": {"mood": "good", "tools": [{"name": "x", "title": "X"}]},
        "source": {"url": "u"},
        "turns": [{"action": "ls", "observation": "", "clock": 3, "meta": {"exit": 0}}],
    }
    found = store.decode(value)
    assert dict(found.meta) == {
        "colour": 1,
        "size": 2,
        "setup.mood": "good",
        "setup.tools[0].title": "X",
        "source.url": "u",
    }
    assert dict(found.turns[0].meta) == {"clock": 3, "exit": 0}
    assert store.decode(store.encode(found)) == found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id": "a", "domai', "not JSON"),
        (b'{"id": "\xff"}', "not UTF-8 (byte 0xff at offset 8)"),
        (b"[1]", "the line must be an object, got [1]"),
        (dumped({**SMALL, "id": 7}), "key 'id' must be a text, got 7"),
        (dumped({**SMALL, "id": ""}), "key 'id' must be a text that is not empty"),
        (dumped({"id": "a", "turns": []}), "key 'domain' must be a text, got None"),
        (dumped({"id": "a", "domain": "d"}), "key 'turns' must be a list"),
        (dumped({**SMALL, "turns": [{"action": "ls"}]}), "key 'turns[0].observation' must be a text"),
        (dumped({**SMALL, "turns": ["ls"]}), "key 'turns[0]' must be an object"),
        (dumped({**SMALL, "setup": 3}), "key 'setup' must be an object"),
        (dumped({**SMALL, "setup": {"tools": [{}]}}), "key 'setup.tools[0].name' must be a text"),
        (dumped({**SMALL, "source": {"row": 3}}), "key 'source.row' must be a text"),
        (dumped({**SMALL, "meta": {"x": 1}, "x": 2}), "such as 'x'; rename one"),
        (dumped({**SMALL, "x": float("nan")}), "NaN is not a JSON number"),
        (b"[" * 100_000, "JSON that cannot be read"),
        (b"1" * 10_000, "JSON that cannot be read"),
    ],
)
def test_a_broken_line_says_where_and_what_and_does_not_hide_the_others(
    tmp_path: Path, line: bytes, problem: str
) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes(dumped(SMALL) + line.strip() + b"\n" + dumped({**SMALL, "id": "b"}))
    with pytest.raises(DataError) as caught:
        list(store.read(file))
    assert caught.value.where == f"{file}:2"
    assert problem in str(caught.value)
    found, errors = read_all(file)
    assert [t.id for t in found] == ["a", "b"]
    assert errors == [str(caught.value)]


def test_blank_lines_and_a_missing_last_line_end_are_no_errors(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(b"\n" + dumped(SMALL) + b"  \r\n" + dumped(SMALL).strip())
    assert len(list(store.read(tmp_path / "t.jsonl"))) == 2


def test_lone_surrogates_become_the_replacement_character_and_pairs_their_character(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    store.write(file, [trajectory(0, "\ud800x"), trajectory(1, "\ud83d\ude00")])
    file.write_bytes(
        file.read_bytes() + dumped({**SMALL, "turns": [{"action": "\udfff", "observation": "\U0001f600"}]})
    )
    first, second, third = store.read(file)
    assert first.turns[0].observation == "\ufffdx"
    assert second.turns[0].observation == "\U0001f600"
    assert third.turns[0] == Turn("\ufffd", "\U0001f600")


def test_what_is_not_json_is_refused_when_it_is_written(tmp_path: Path) -> None:
    bad: Any = {"when": object()}
    with pytest.raises(DataError, match=r"trajectory 'a': cannot be written as JSON \(object"):
        store.write(tmp_path / "t.jsonl", [Trajectory("a", "d", Setup(), (), meta=bad)])


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.zst"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    def broken() -> Any:
        yield trajectory(1)
        raise RuntimeError("stop")

    store.write(tmp_path / name, [trajectory(0)])
    with pytest.raises(RuntimeError):
        store.write(tmp_path / name, broken())
    assert [t.id for t in store.read(tmp_path / name)] == ["t-0"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_wherever_a_kill_tears_the_last_line_all_others_and_later_ones_are_read(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    for number in range(2):
        store.append(file, trajectory(number))
    whole = file.read_bytes()
    second = whole.index(b"\n") + 1
    for end in range(second + 1, len(whole) - 1):
        file.write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"t\.jsonl:2: not JSON"):
            list(store.read(file))
        store.append(file, trajectory(2))
        found, errors = read_all(file)
        assert [t.id for t in found] == ["t-0", "t-2"]
        assert len(errors) == 1


def test_appending_to_a_compressed_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"append to a \.jsonl"):
        store.append(tmp_path / "t.jsonl.zst", trajectory())


def test_a_compressed_file_that_was_cut_off_never_looks_whole(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl.zst"
    store.write(file, (trajectory(number, str(number) * 9) for number in range(40)))
    whole = file.read_bytes()
    for end in range(1, len(whole)):
        file.write_bytes(whole[:end])
        found, errors = read_all(file)
        assert len(errors) == 1, end
        assert "compress the file anew" in errors[0]
        assert [t.id for t in found] == [f"t-{number}" for number in range(len(found))]


def test_a_damaged_compressed_file_is_an_error_not_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl.zst"
    file.write_bytes(b"not zstd at all")
    found, errors = read_all(file)
    assert (found, len(errors)) == ([], 1)
    with pytest.raises(DataError, match="damaged"):
        store.sha256(file)


def test_frames_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    frames = [zstandard.compress(dumped({**SMALL, "id": name})) for name in "abc"]
    (tmp_path / "t.jsonl.zst").write_bytes(b"".join(frames))
    assert [t.id for t in store.read(tmp_path / "t.jsonl.zst")] == ["a", "b", "c"]


def test_the_hash_is_of_the_content_not_of_its_compression(tmp_path: Path) -> None:
    for name in ("t.jsonl", "t.jsonl.zst"):
        store.write(tmp_path / name, [trajectory()])
    store.write(tmp_path / "other.jsonl", [trajectory(1)])
    assert store.sha256(tmp_path / "t.jsonl") == store.sha256(tmp_path / "t.jsonl.zst")
    assert store.sha256(tmp_path / "t.jsonl") != store.sha256(tmp_path / "other.jsonl")


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.zst"])
def test_an_observation_of_50_megabytes_is_read(tmp_path: Path, name: str) -> None:
    text = "0123456789abcde\n" * (50 * 2**16)
    store.write(tmp_path / name, [trajectory(0, text), trajectory(1)])
    first, second = store.read(tmp_path / name)
    assert first.turns[0].observation == text
    assert second.id == "t-1"


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.zst"])
def test_a_line_beyond_the_limit_is_reported_and_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 100_000)
    store.write(tmp_path / name, [trajectory(0), trajectory(1, "x" * 200_000), trajectory(2)])
    found, errors = read_all(tmp_path / name)
    assert [t.id for t in found] == ["t-0", "t-2"]
    assert errors == [f"{tmp_path / name}:2: the line is longer than 100000 bytes; split or remove it"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.zst"])
def test_files_are_written_and_read_in_constant_memory(tmp_path: Path, name: str) -> None:
    tracemalloc.start()
    try:
        store.write(tmp_path / name, (trajectory(number, "x" * 2**20) for number in range(80)))
        assert sum(1 for _ in store.read(tmp_path / name)) == 80
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * 2**20


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for broken in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(UsageError, match="cannot read"):
            list(store.read(broken))
    with pytest.raises(UsageError, match="cannot write"):
        store.write(tmp_path / "none" / "t.jsonl", [])

"""The command line: what it prints where, its exit statuses, and that it starts at once."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import demo
from nextstate.cli import main
from nextstate.cli.common import count, printable
from nextstate.cli.demo import default_model
from nextstate.cli.record import split
from nextstate.data import store
from nextstate.record.sandbox import why_no_bubblewrap
from nextstate.types import Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS: dict[str, Any] = {
    "user": "dev",
    "host": "box",
    "cwd": "/home/dev",
    "env": {"HOME": "/home/dev"},
    "files": {"/home/dev/a.txt": "x\n"},
    "complete": ["/home/dev"],
}
SESSION = Trajectory(
    "s-1",
    "terminal",
    Setup(initial_state="A Linux machine.\n", facts=FACTS),
    (Turn("echo one", "one\n"), Turn("echo $((6 * 7))", "42\n"), Turn("echo two", "two\n")),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of three trajectories, whose second turn copy-last gets wrong."""
    path = tmp_path / "sessions.jsonl"
    store.write(path, [replace(SESSION, id=f"s-{i}") for i in range(3)])
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command line in this process: exit status, standard output, standard error."""

    def call(*argv: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(word) for word in argv])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


Run = "Callable[..., tuple[int, str, str]]"

# Starting up.


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HEAVY = {"aiohttp", "bashkit", "orjson", "pytest", "rapidfuzz", "rich", "ssl", "torch", "xllamacpp", "zstandard"}


def test_importing_the_package_loads_nothing_but_itself() -> None:
    bare = modules_after("pass")
    assert {name for name in modules_after("import nextstate") - bare if "nextstate" not in name} <= {"__future__"}


def test_help_loads_no_heavy_library() -> None:
    code = "import nextstate.cli\ntry: nextstate.cli.main(['--help'])\nexcept SystemExit: pass"
    assert HEAVY & modules_after(code) == set()


# Wrong usage.


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["evl"], "unknown command 'evl'; did you mean 'eval'?"),
        (["eval", "--model", "kernel", "--data", "no-such-file.jsonl"], "no such file: no-such-file.jsonl"),
        (["play", "terminl", "--model", "kernel"], "did you mean 'terminal'?"),
        (["data", "import", "intercod", "x", "--out", "y"], "did you mean 'intercode'?"),
        (["models", "pull", "smollm2"], "did you mean 'smollm2-135m'?"),
        (["domains", "check", "weather"], "unknown domain 'weather'"),
    ],
)
def test_wrong_usage_is_one_line_with_what_to_do_and_status_2(run: Any, argv: list[str], words: str) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_an_unknown_model_or_scorer_is_wrong_usage(run: Any, data: Path) -> None:
    assert run("eval", "--model", "kernl", "--data", data)[0] == 2
    status, _, err = run("eval", "--model", "kernel", "--data", data, "--scorers", "exakt")
    assert status == 2
    assert "did you mean 'exact'?" in err


def test_a_command_without_its_options_is_status_2(run: Any) -> None:
    assert run("eval")[0] == 2
    assert run()[0] == 2


def test_the_version_is_the_package_version(run: Any) -> None:
    import nextstate

    assert run("--version") == (0, f"nextstate {nextstate.__version__}\n", "")


# Evaluating.


def test_eval_prints_exactly_one_json_object(run: Any, data: Path) -> None:
    status, out, _ = run("eval", "--model", "kernel", "--data", data, "--json")
    report = json.loads(out)
    assert (status, out.count("\n")) == (0, 1)
    assert (report["n"], report["scored"], report["unscored"]) == (9, 9, {})
    assert report["scores"]["exact"]["mean"] == 1.0
    assert report["by"]["origin"]["computed"]["n"] == 9
    assert report["baseline"]["copy-last"]["exact"]["mean"] == 0.0
    assert report["skipped"] == {"n": 0, "first": []}


def test_eval_without_json_prints_a_table(run: Any, data: Path) -> None:
    status, out, _ = run("eval", "--model", "copy-last", "--data", data)
    assert status == 0
    assert "copy-last: 9 rows" in out
    assert "exact" in out
    assert "similarity" in out


def test_a_limit_is_a_number_of_rows_and_one_scorer_may_be_chosen(run: Any, data: Path) -> None:
    report = json.loads(
        run("eval", "--model", "kernel", "--data", data, "--json", "--limit", 4, "--scorers", "exact")[1]
    )
    assert report["n"] == 4
    assert list(report["scores"]) == ["exact"]


def test_a_broken_line_is_named_and_counted_and_the_run_goes_on(run: Any, data: Path) -> None:
    with data.open("a") as file:
        file.write("{torn\n")
        file.write(json.dumps({**store.encode(SESSION), "id": "elsewhere", "domain": "mars"}) + "\n")
    status, out, err = run("eval", "--model", "kernel", "--data", data, "--json")
    report = json.loads(out)
    assert (status, report["n"], report["skipped"]["n"]) == (0, 9, 2)
    assert f"{data}:4: not JSON" in report["skipped"]["first"][0]
    assert "trajectory 'elsewhere': unknown domain 'mars'" in report["skipped"]["first"][1]
    assert f"{data}:4: not JSON" in err


def test_strict_makes_skipped_lines_status_3(run: Any, data: Path) -> None:
    assert run("eval", "--model", "kernel", "--data", data, "--strict")[0] == 0
    with data.open("a") as file:
        file.write("{torn\n")
    assert run("eval", "--model", "kernel", "--data", data, "--strict")[0] == 3


def test_a_file_without_any_trajectory_is_wrong_usage(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("{torn\n")
    status, out, err = run("eval", "--model", "kernel", "--data", path)
    assert (status, out) == (2, "")
    assert "holds no trajectory" in err


def test_the_same_eval_again_in_the_same_folder_asks_nothing_twice(run: Any, data: Path, tmp_path: Path) -> None:
    argv = ("eval", "--model", "kernel", "--data", data, "--json", "--out", tmp_path / "run")
    first = json.loads(run(*argv)[1])
    rows = (tmp_path / "run" / "rows.jsonl").read_bytes()
    second = json.loads(run(*argv)[1])
    assert (tmp_path / "run" / "rows.jsonl").read_bytes() == rows
    assert second["scores"] == first["scores"]


def test_another_eval_in_the_same_folder_is_refused(run: Any, data: Path, tmp_path: Path) -> None:
    argv = ("eval", "--data", data, "--out", tmp_path / "run")
    assert run(*argv, "--model", "kernel")[0] == 0
    status, _, err = run(*argv, "--model", "copy-last")
    assert status == 2
    assert "holds another run" in err


def test_an_interrupt_says_how_to_go_on(run: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(coroutine: Any) -> int:
        coroutine.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "run", interrupt)
    status, _, err = run("eval", "--model", "kernel", "--data", data, "--out", tmp_path / "run")
    assert status == 130
    assert f"kept in {tmp_path / 'run'}; the same command goes on" in err
    status, _, err = run("eval", "--model", "kernel", "--data", data)
    assert status == 130
    assert "with --out DIR" in err


# Playing.


def play(run: Any, monkeypatch: pytest.MonkeyPatch, typed: str, *argv: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    done: tuple[int, str, str] = run("play", "terminal", "--model", "kernel", *argv)
    return done


def test_play_shows_what_is_seen_and_who_answered(run: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = play(run, monkeypatch, "echo hello\n", "--setup", data)
    assert status == 0
    assert re.search(r"\[0:0\] > echo hello\nhello\n  -- computed, [\d.]+ ms\n", out)


def test_a_fork_leaves_its_parent_as_it_was(run: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = "A=1\n:fork\nA=2\necho $A\n:switch 0\necho $A\n:quit\necho never\n"
    _, out, _ = play(run, monkeypatch, typed, "--setup", data)
    assert "[1:2] > echo $A\n2\n" in out
    assert "[0:1] > echo $A\n1\n" in out
    assert "never" not in out


def test_rewinding_takes_turns_back_and_refuses_too_many(run: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, out, _ = play(run, monkeypatch, "A=1\nA=2\n:rewind\necho $A\n:rewind 9\n", "--setup", data)
    assert "[0:1] > echo $A\n1\n" in out
    assert "! cannot rewind 9 turns" in out


def test_a_saved_session_is_a_trajectory(run: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(run, monkeypatch, f"echo hello\n:save {tmp_path / 'mine.jsonl'}\n", "--setup", data)
    (saved,) = store.read(tmp_path / "mine.jsonl")
    assert [(turn.action, turn.observation) for turn in saved.turns] == [("echo hello", "hello\n")]
    assert saved.source.simulated_by == "kernel"


def test_a_step_without_an_answer_is_told_and_play_goes_on(
    run: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, _ = play(run, monkeypatch, "ls /etc\n:nonsense\necho on\n", "--setup", data)
    assert status == 0
    assert "! no observation: refused" in out
    assert "! no such word :nonsense" in out
    assert out.index("\non\n") > out.index("! no such word")


def test_control_characters_of_an_observation_do_not_reach_the_terminal(
    run: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = play(run, monkeypatch, "printf '\\033[2J'\n", "--setup", data)
    assert "\x1b" not in out
    assert r"\x1b[2J" in out


def test_printable_keeps_lines_and_shows_what_steers() -> None:
    assert printable("a\tb\n\x1b[31m\r\u202e") == "a\tb\n\\x1b[31m\\x0d\\u202e"


# Recording.


def test_a_script_is_split_where_bash_needs_no_further_line() -> None:
    commands = [
        "echo one",
        "for i in 1 2\ndo echo $i\ndone",
        "cat <<END\na 'b\n\n# text\nEND",
        "echo 'two\nlines'",
        "echo on \\\n  two",
        "echo end\\\\",
        ") wrong",
    ]
    assert split("# a comment\n\n" + "\n".join(commands) + "\n\n") == commands


def test_a_script_that_ends_in_the_middle_keeps_its_last_command() -> None:
    assert split("pwd\nif true\nthen echo x\n") == ["pwd", "if true\nthen echo x"]


@pytest.fixture
def sandbox() -> None:
    if reason := why_no_bubblewrap():
        pytest.skip(f"recording needs a sandbox: {reason}")


@pytest.mark.usefixtures("sandbox")
def test_a_recording_is_appended_to_and_can_be_measured(run: Any, tmp_path: Path) -> None:
    script, out = tmp_path / "s.sh", tmp_path / "new" / "session.jsonl"
    script.write_text("x=1\necho $((x + 1))\n")
    assert run("record", "terminal", "--out", out, "--script", script)[1].startswith("2 turns recorded inside")
    assert run("record", "terminal", "--out", out, "--", "echo a b", "exit 3", "echo never")[0] == 0
    first, second = store.read(out)
    assert [turn.observation for turn in first.turns] == ["", "2\n"]
    assert [turn.action for turn in second.turns] == ["echo a b", "exit 3"]
    assert first.id != second.id
    report = json.loads(run("eval", "--model", f"replay:{out}", "--data", out, "--json")[1])
    assert (report["n"], report["scores"]["exact"]["mean"]) == (4, 1.0)


@pytest.mark.parametrize("argv", [["--", "ls", "-la"], ["--script", "x", "--", "ls"], ["--script", "no-such-file"]])
def test_commands_that_are_not_whole_or_given_twice_are_wrong_usage(run: Any, tmp_path: Path, argv: list[str]) -> None:
    assert run("record", "terminal", "--out", tmp_path / "t.jsonl", *argv)[0] == 2
    assert not (tmp_path / "t.jsonl").exists()


# The demo.


@pytest.mark.usefixtures("sandbox")
def test_the_demo_shows_real_and_predicted_and_scores_beside_the_baselines(run: Any) -> None:
    status, out, _ = run("demo", "--model", "kernel", "--plain")
    assert status == 0
    assert "inside bubblewrap" in out
    assert out.count("- real -") == len(demo.ACTIONS)
    assert "same, computed" in out
    assert "\x1b" not in out
    for name in ("kernel", "copy-last", "always-empty"):
        assert re.search(rf"^\| {name}.*\d\.\d\d ", out, re.MULTILINE)


def test_the_demo_goes_on_with_the_kernel_alone_when_there_are_no_weights(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTSTATE_MODELS", str(tmp_path))
    assert default_model(pulling=False) == "kernel"
    assert "Going on without a language model" in capsys.readouterr().err


def test_text_from_models_is_not_markup_and_long_text_is_cut() -> None:
    assert list(demo.shown("[red]x[/red]\x1b[2J\n")) == ["[red]x[/red]\\x1b[2J"]
    assert list(demo.shown("x\n" * 20))[-1] == "... 12 more lines"
    assert "[/nonsense]" in str(demo.panel("t", "[/nonsense]", plain=True).renderable)


# Domains, models and data.


def test_the_built_in_domain_is_listed_and_conforms(run: Any) -> None:
    listed = {row["name"]: row for row in json.loads(run("domains", "list", "--json")[1])["domains"]}
    assert listed["terminal"]["kernel"] is True
    status, out, _ = run("domains", "check", "terminal", "--json")
    assert (status, json.loads(out)["domains"]["terminal"]["broken"]) == (0, 0)


def test_models_are_listed_with_size_and_licence(run: Any) -> None:
    first = json.loads(run("models", "list", "--json")[1])["models"][0]
    assert first["name"] == "smollm2-135m"
    assert first["licence"] == "Apache-2.0"
    assert "smollm2-135m" in run("models", "list")[1]


def test_an_import_prints_its_counts(run: Any, tmp_path: Path) -> None:
    source = tmp_path / "runs.json"
    record = {
        "environment": "ic_bash",
        "dataset": "./data/nl2bash/nl2bash_fs_1.json",
        "task_id": 0,
        "query": "count",
        "turn_history": {
            "actions": ["ls /", "   ", "submit"],
            "observations": ["bin\n", "", ""],
            "rewards": [0, 0, 1],
            "valid_action": [True, True, True],
        },
    }
    source.write_text(json.dumps({"0": record, "1": {"environment": "ic_sql", "dataset": "x"}}))
    status, out, err = run("data", "import", "intercode", source, "--out", tmp_path / "out" / "t.jsonl", "--json")
    counts = json.loads(out)
    assert (status, counts["trajectories"], counts["turns"]) == (0, 1, 1)
    assert counts["dropped_turns"] == {"empty_action": 1, "submit_or_skip": 1}
    assert counts["skipped"]["n"] == 1
    assert "skipped" in err
    assert len(list(store.read(tmp_path / "out" / "t.jsonl"))) == 1


def test_an_import_of_nothing_writes_nothing(run: Any, tmp_path: Path) -> None:
    source = tmp_path / "runs.json"
    source.write_text("{}")
    assert run("data", "import", "intercode", source, "--out", tmp_path / "t.jsonl")[0] == 2
    assert not (tmp_path / "t.jsonl").exists()


def test_counts_are_words_that_people_use() -> None:
    assert [count(1, "turn"), count(2, "turn"), count(1200, "trajectory")] == [
        "1 turn",
        "2 turns",
        "1,200 trajectories",
    ]


# The process.


def test_the_reader_of_the_output_may_go_away(data: Path) -> None:
    command = [sys.executable, "-m", "nextstate", "eval", "--model", "kernel", "--data", str(data), "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr

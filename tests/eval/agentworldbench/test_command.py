"""The three commands as processes, against the scripted server: killed, resumed, strict."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.cli import agentworldbench
from nextstate.errors import NextstateError
from nextstate.eval import calibration
from nextstate.eval.agentworldbench import OwnPrompt, index
from nextstate.eval.judge import FULL
from nextstate.models import endpoint
from nextstate.models.fake_endpoint import FakeEndpoint, request_hash, scripted

from .made import rows, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM = """
import argparse, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
from nextstate.cli import agentworldbench
from nextstate.cli.common import say
from nextstate.errors import DataError, UsageError
root = argparse.ArgumentParser()
agentworldbench.add(root.add_subparsers(required=True))
arguments = root.parse_args()
try:
    sys.exit(arguments.run(arguments))
except (UsageError, DataError) as error:
    say(f"error: {error}")
    sys.exit(2)
"""
"""The command group alone, as the whole command line holds it."""


class Command:
    """Runs stages as processes; at request ``strike_at`` the asking process gets the signal ``blow``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.strike_at: int | None = None
        self.blow = signal.SIGKILL
        self._process: asyncio.subprocess.Process | None = None
        self.server = FakeEndpoint(self.answer)

    def answer(self, body: Mapping[str, Any]) -> str:
        if self.server.received.total() == self.strike_at and self._process is not None:
            self._process.send_signal(self.blow)
            self.strike_at = None
        return scripted(body)

    async def run(self, *argv: str) -> tuple[int, str, str]:
        """Status, standard output and standard error."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, "agentworldbench", *argv,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, out.decode(), err.decode()

    async def stage(self, name: str, *more: str) -> tuple[int, str, str]:
        whom = "--model" if name == "infer" else "--judge"
        model = f"chat:{'fake' if name == 'infer' else 'fake-judge'}@{self.server.url}"
        place = ["--data", str(self.folder / "data"), "--out", str(self.folder), "--concurrency", "8"]
        return await self.run(name, whom, model, *place, *more)

    def finished(self, stage: str) -> list[str]:
        whole = (self.folder / stage / "rows.jsonl").read_bytes().split(b"\n")[:-1]
        return [json.loads(line)["key"] for line in whole]


async def killed(command: Command, stage: str, strike_at: int, hashes: dict[str, str]) -> None:
    """Kill the stage, resume it, and see by the server's counts what was asked again."""
    before = command.server.received.copy()
    command.strike_at = before.total() + strike_at
    status, _, _ = await command.stage(stage)
    assert status == -signal.SIGKILL
    kept = command.finished(stage)
    asked = command.server.received.copy()
    assert 0 <= asked.total() - before.total() - len(kept) <= 8
    status, out, err = await command.stage(stage, "--json", "--strict")
    assert status == 0, err
    assert json.loads(out)["asked"] == len(hashes) - len(kept)
    assert sorted(command.finished(stage)) == sorted(hashes)
    again = command.server.received - asked
    assert again == Counter(request for key, request in hashes.items() if key not in kept)


async def test_after_kill_9_no_row_is_lost_or_doubled_and_no_finished_one_is_asked_again(tmp_path: Path) -> None:
    other = [{**row, "id": "made-1"} for row in rows(1, 4)]  # ids repeat
    bench = index([write(tmp_path / "data", rows(12, 4) + other)])
    command = Command(tmp_path)
    async with command.server:
        hashes = {entry.key: request_hash(entry.row().messages()) for entry in bench.entries}
        await killed(command, "infer", 17, hashes)
        lines = [json.loads(one) for one in (tmp_path / "infer" / "rows.jsonl").read_bytes().split(b"\n")[:-1]]
        said = {line["key"]: line["observation"] for line in lines}
        prompt = OwnPrompt(FULL)
        judged = {entry.key: prompt.messages(entry.row(), said[entry.key]) for entry in bench.entries}
        await killed(command, "judge", 23, {key: request_hash(messages) for key, messages in judged.items()})
        status, out, err = await command.run("score", str(tmp_path), "--json", "--strict", "--judge-price", "1,0.1,8")
    assert status == 0, err
    report = json.loads(out)
    assert report["rows"] == report["scored"] == 52 and report["unfinished"] == {"infer": 0, "judge": 0}
    assert report["usage"]["model"]["cached_tokens"] > 0 and report["cost"]["judge"] > 0


async def test_an_interrupt_says_that_finished_rows_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "data", rows(12))
    command = Command(tmp_path)
    command.strike_at, command.blow = 20, signal.SIGINT
    async with command.server:
        status, _, err = await command.stage("infer")
        assert (status, "finished rows are kept" in err, "Traceback" in err) == (130, True, False)
        assert 0 < len(command.finished("infer")) < 48
        assert (await command.stage("infer"))[0] == 0


def command_line(*argv: str) -> int:
    """Run a stage in this process; its status."""
    root = argparse.ArgumentParser()
    agentworldbench.add(root.add_subparsers())
    arguments = root.parse_args(["agentworldbench", *argv])
    status: int = arguments.run(arguments)
    return status


def place(folder: Path) -> list[str]:
    return ["--data", str(folder / "data"), "--out", str(folder)]


async def test_a_call_cache_answers_another_run_without_a_call(tmp_path: Path) -> None:
    write(tmp_path / "data", rows(2))
    async with FakeEndpoint() as server:
        argv = ["infer", "--model", f"chat:fake@{server.url}", *place(tmp_path), "--cache", str(tmp_path / "calls.db")]
        assert await asyncio.to_thread(command_line, *argv) == 0
        (tmp_path / "infer" / "rows.jsonl").unlink()
        assert await asyncio.to_thread(command_line, *argv) == 0
        assert server.received.total() == 8 and len(Command(tmp_path).finished("infer")) == 8


async def test_an_endpoint_that_stumbles_is_asked_until_it_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_backoff", lambda attempt: 0.0)
    write(tmp_path / "data", rows(4))
    async with FakeEndpoint(failures={"429": 0.2, "torn": 0.1}) as server:
        argv = ["infer", "--model", f"chat:fake@{server.url}", *place(tmp_path), "--json"]
        status = await asyncio.to_thread(command_line, *argv)
    assert (status, json.loads(capsys.readouterr().out)["outcome"]) == (0, {"ok": 16})
    assert server.failed.total() > 0


def test_broken_lines_are_named_counted_and_with_strict_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "data", [*rows(1), "{", '{"task": "terminal"}'])
    argv = ["infer", "--model", "copy-last", *place(tmp_path)]
    assert command_line(*argv, "--strict", "--json") == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["skipped"]["n"] == 2
    assert "terminal_test.jsonl:5: not JSON" in said.err and "terminal_test.jsonl:6: prompt is None" in said.err
    assert command_line(*argv) == 0
    out = capsys.readouterr().out
    assert "4 rows in" in out and "2 lines skipped" in out


def test_copy_last_and_the_programmatic_judge_go_all_the_way_without_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "data", rows(3))
    assert command_line("infer", "--model", "copy-last", *place(tmp_path)) == 0
    assert command_line("judge", "--judge", "programmatic", *place(tmp_path)) == 0
    capsys.readouterr()
    assert command_line("score", str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "macro" in out and "(uncalibrated)" in out
    assert command_line("score", str(tmp_path), "--official") == 0
    out = capsys.readouterr().out
    assert "Overall" in out and "macro" not in out


async def test_rows_whose_endpoint_failed_are_asked_again_when_that_is_wished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "data", rows(2))
    found: list[dict[str, int]] = []
    async with FakeEndpoint() as server:

        async def stage(*argv: str) -> None:
            await asyncio.to_thread(command_line, *argv, *place(tmp_path), "--json")
            found.append(json.loads(capsys.readouterr().out)["outcome"])

        infer, judge = ["infer", "--model", f"chat:fake@{server.url}"], ["judge", "--judge", "programmatic"]
        server.failures = {"malformed": 1.0}
        await stage(*infer)
        await stage(*judge)
        server.failures = {}
        await stage(*infer)
        await stage(*infer, "--again")
        await stage(*judge)
        await stage(*judge, "--again")
    failed, none = {"provider_error": 8}, {"no_prediction": 8}
    assert found == [failed, none, failed, {"ok": 8}, none, {"judged": 8}]
    assert len(Command(tmp_path).finished("judge")) == 8


@pytest.mark.parametrize("known", [True, False])
def test_a_calibration_report_belongs_to_its_judge_and_prompt_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], known: bool
) -> None:
    report = {
        "kind": calibration.KIND, "fingerprint": "f00d", "date": "2026-01-01", "weaknesses": [],
        "judge": {"model": "programmatic" if known else "other", "prompt": {"sha256": FULL.sha256}, "rubrics": {}},
    }  # fmt: skip
    (tmp_path / calibration.REPORT).write_text(json.dumps(report))
    write(tmp_path / "data", rows(1))
    assert command_line("infer", "--model", "copy-last", *place(tmp_path)) == 0
    argv = ["judge", "--judge", "programmatic", *place(tmp_path), "--calibration", str(tmp_path)]
    assert command_line(*argv) == 0
    assert ("uncalibrated" in capsys.readouterr().err) is not known
    assert command_line("score", str(tmp_path), "--json") == 0
    assert json.loads(capsys.readouterr().out)["judge"]["calibration"] == ("f00d" if known else "uncalibrated")


def test_the_judge_is_asked_about_the_sample_of_the_first_stage(tmp_path: Path) -> None:
    write(tmp_path / "data", rows(10))
    assert command_line("infer", "--model", "copy-last", *place(tmp_path), "--limit", "10", "--seed", "5") == 0
    assert command_line("judge", "--judge", "programmatic", *place(tmp_path)) == 0
    command = Command(tmp_path)
    assert len(command.finished("infer")) == 10
    assert sorted(command.finished("infer")) == sorted(command.finished("judge"))


async def test_an_endpoint_is_asked_as_published_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    bodies: list[Mapping[str, Any]] = []

    def answer(body: Mapping[str, Any]) -> str:
        bodies.append(body)
        return scripted(body)

    write(tmp_path / "data", rows(1, 1))
    async with FakeEndpoint(answer) as server:
        model, judge = f"chat:fake@{server.url}", f"chat:fake-judge@{server.url}"
        await asyncio.to_thread(command_line, "infer", "--model", model, *place(tmp_path))
        await asyncio.to_thread(command_line, "judge", "--judge", judge, *place(tmp_path), "--max-tokens", "99")
    assert [(body["temperature"], body["max_tokens"]) for body in bodies] == [(0.6, 32768), (0.0, 99)]
    run = json.loads((tmp_path / "judge" / "run.json").read_bytes())
    assert run["settings"] == {"temperature": 0.0, "max_tokens": 99} and run["prompt_sha256"] == FULL.sha256


def test_rows_that_no_judge_has_seen_are_the_status_of_a_strict_score(tmp_path: Path) -> None:
    write(tmp_path / "data", rows(1))
    assert command_line("infer", "--model", "always-empty", *place(tmp_path)) == 0
    assert command_line("judge", "--judge", "programmatic", *place(tmp_path)) == 0
    assert command_line("score", str(tmp_path), "--strict") == 0
    path = tmp_path / "judge" / "rows.jsonl"
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    assert command_line("score", str(tmp_path), "--strict") == 3


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["infer", "--model", "chat:m", "--data", ".", "--out", "o"], "write chat:NAME@URL"),
        (["infer", "--model", "copy-lst", "--data", ".", "--out", "o"], "did you mean 'copy-last'"),
        (["infer", "--model", "copy-last", "--data", "nowhere", "--out", "o"], "no such file: nowhere"),
        (["infer", "--model", "copy-last", "--data", ".", "--out", "o", "--limit", "0"], "the limit is 0"),
        (["infer", "--model", "copy-last", "--data", ".", "--out", "o", "--price", "1,2"], "write IN,CACHED,OUT"),
        (["judge", "--judge", "programmatic", "--data", ".", "--out", "o"], "no run in this folder"),
        (["score", "."], "no run in this folder"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_write(
    argv: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, rows(1))
    monkeypatch.chdir(tmp_path)
    with pytest.raises((NextstateError, SystemExit)) as caught:
        command_line(*argv)
    assert said in str(caught.value) or said in capsys.readouterr().err

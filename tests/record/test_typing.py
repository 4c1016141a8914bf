"""``nextstate record terminal`` as a person uses it: typed line by line on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

from nextstate.data import store

if TYPE_CHECKING:
    from pathlib import Path


def record(out: Path, typed: bytes) -> str:
    """What the command prints when ``typed`` is typed on its terminal."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "nextstate", "record", "terminal", "--no-sandbox", "--out", str(out)]
    with subprocess.Popen(argv, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        os.write(ours, typed)
        said, complaints = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0, complaints.decode()
    assert b"WITHOUT A SANDBOX" in complaints
    return said.decode()


def test_each_line_is_answered_by_the_real_shell_until_the_end_of_file(tmp_path: Path) -> None:
    said = record(tmp_path / "t.jsonl", b"x=4\necho $((x + 1)); nosuch\n\x04")
    assert said.startswith("$ $ 5\nbash: line 1: nosuch: command not found\n$ \n2 turns recorded without a sandbox")
    (trajectory,) = store.read(tmp_path / "t.jsonl")
    assert [turn.action for turn in trajectory.turns] == ["x=4", "echo $((x + 1)); nosuch"]


def test_an_unfinished_command_asks_for_its_other_lines(tmp_path: Path) -> None:
    said = record(tmp_path / "t.jsonl", b"for i in 1 2\ndo echo $i\ndone\nexit\n")
    assert said.startswith("$ > > 1\n2\n$ 2 turns recorded")
    (trajectory,) = store.read(tmp_path / "t.jsonl")
    assert [turn.action for turn in trajectory.turns] == ["for i in 1 2\ndo echo $i\ndone", "exit"]


def test_a_recording_is_added_to_a_compressed_file_too(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl.zst"
    record(out, b"echo one\n\x04")
    record(out, b"echo two\n\x04")
    first, second = store.read(out)
    assert (first.turns[0].observation, second.turns[0].observation) == ("one\n", "two\n")
    assert first.id != second.id

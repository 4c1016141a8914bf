"""Keystrokes into a real interactive bash in tmux: what is shown is the screen."""

from __future__ import annotations

import functools
import json
import shutil
import time

import pytest

from nextstate.errors import ActionError, UsageError
from nextstate.record import screen
from nextstate.record.shell import Limits
from nextstate.record.terminal import record_keystrokes
from record.shells import needs_bubblewrap

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="NOT TESTED: tmux is not installed (package tmux)")
press = functools.partial(record_keystrokes, id="t", sandbox="none", allow_unsandboxed=True)


def keys(*batch: tuple[str, float]) -> str:
    return json.dumps([{"keystrokes": text, "duration": seconds} for text, seconds in batch])


@needs_tmux
async def test_the_screen_keeps_what_was_typed_and_shown() -> None:
    first, second = (await press([keys(("echo a b\n", 5)), keys(("printf 'x'; cd /usr\n", 5))])).turns
    assert [line.partition(" ")[2] for line in first.observation.splitlines()] == ["echo a b", "b", ""]
    assert second.observation.startswith(first.observation)
    assert second.observation.splitlines()[-1].startswith("x")
    assert ":/usr" in second.observation.splitlines()[-1]


@needs_tmux
async def test_waiting_ends_when_the_prompt_is_back() -> None:
    started = time.perf_counter()
    await press([keys(("echo hi\n", 60))])
    assert time.perf_counter() - started < 30


@needs_tmux
async def test_a_program_that_runs_is_waited_for_as_long_as_was_asked() -> None:
    short, whole = (await press([keys(("sleep 0.6; echo end of it\n", 0.1)), keys(("", 10))])).turns
    assert "\nend of it" not in short.observation
    assert "\nend of it" in whole.observation


@needs_tmux
async def test_names_of_keys_are_pressed_and_other_text_is_typed() -> None:
    batch = keys(
        ("sleep 600\n", 0.3), ("C-c", 5), ("echo 'C-c Enter'", 0.1), ("Enter", 5), ("ech", 0.1), ("BSpace", 0.1)
    )
    text = (await press([batch])).turns[0].observation
    assert "^C" in text
    assert "\nC-c Enter\n" in text
    assert text.endswith(" ec")


@needs_tmux
async def test_a_full_screen_program_is_shown_as_it_stands() -> None:
    draw = r"printf '\033[2J\033[3;5Hhere'; read -n1"
    text = (await press([keys((f"{draw}\n", 1.0))])).turns[0].observation
    assert text.splitlines() == ["", "", "    here"]


@needs_tmux
async def test_the_facts_hold_the_first_screen_and_its_size() -> None:
    shown = (await press([])).setup.facts["screen"]
    assert {key: shown[key] for key in ("columns", "rows", "shows")} == {"columns": 160, "rows": 40, "shows": "whole"}  # type: ignore[index, call-overload]
    assert shown["text"][-1] in "$#"  # type: ignore[index, call-overload]


@needs_tmux
async def test_leaving_the_shell_ends_the_recording_by_name() -> None:
    trajectory = await press([keys(("exit 7\n", 5)), keys(("echo\n", 5))])
    assert (trajectory.turns[0].meta["exit"], trajectory.meta["ending"], trajectory.meta["left"]) == (7, "exit", 1)


@needs_tmux
async def test_a_wait_beyond_the_limit_is_cut_and_says_so() -> None:
    (turn,) = (await press([keys(("sleep 600\n", 500))], limits=Limits(timeout=0.2))).turns
    assert turn.meta["ended"] == "timeout"


@needs_tmux
async def test_what_is_no_batch_of_keystrokes_is_refused() -> None:
    with pytest.raises(ActionError):
        await press(["ls"])


@needs_tmux
@needs_bubblewrap
async def test_the_sandbox_is_around_the_shell_in_the_screen() -> None:
    trajectory = await record_keystrokes([keys(("env | cut -d= -f1 | sort | paste -sd' '; tty\n", 5))], id="t")
    lines = trajectory.turns[0].observation.splitlines()
    assert lines[0].startswith("dev@box:~$ env")
    assert lines[1] == "HOME LANG LOGNAME PATH PS1 PWD SHELL SHLVL TERM USER _"


async def test_without_tmux_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="package tmux"):
        await press([keys(("ls\n", 1))])

"""Keys that are sent to a pane become actions, and what it shows is what a terminal would."""

from __future__ import annotations

import json
import shlex

import pytest
from boxes import Computed
from hypothesis import given
from hypothesis import strategies as st

from nextstate.adapters.harbor.lines import is_whole
from nextstate.adapters.harbor.pane import Pane
from nextstate.adapters.harbor.tmux import Tmux
from nextstate.adapters.machine import Machine

WHOLE = [
    "ls",
    "",
    "echo 'a b' \"c $(d 'e')\"",
    "cat <<X\nhello '\nX",
    "cat <<-'E' && cat <<F\n\ta\n\tE\nb\nF",
    "if true; then echo 1; fi",
    "for i in 1 2; do\necho $i\ndone",
    "case a in a) echo 1;; esac",
    "(cd /; ls)",
    "f() { echo 1; }",
    "echo done fi esac }",
    "echo it\\'s",
    "ls # it's a comment",
    "cat <<< word",
    "echo a#b 'c'",
    "grep 'if' for while",
    "while read x; do echo $x; done < f",
]
MORE = [
    "echo 'a",
    'echo "a',
    "ls \\",
    "ls &&",
    "ls |",
    "ls ||",
    "cat <<X",
    "cat <<X\nhello",
    "if true; then",
    "for i in 1 2; do echo $i",
    "while true",
    "case a in",
    "(cd /",
    "f() {",
    "echo `date",
    "if a; then if b; then c; fi",
]


@pytest.mark.parametrize("text", WHOLE)
def test_bash_would_run_these_lines(text: str) -> None:
    assert is_whole(text + "\n")


@pytest.mark.parametrize("text", MORE)
def test_bash_would_wait_for_more_after_these_lines(text: str) -> None:
    assert not is_whole(text + "\n")


@given(st.text(alphabet="ab '\"\\\n<>&|;(){}#`if", max_size=60))
def test_any_text_is_whole_or_not_and_nothing_breaks(text: str) -> None:
    assert is_whole(text) in (True, False)


def pane(**size: int) -> Pane:
    return Pane(Machine(Computed()), **size)  # type: ignore[arg-type]  # all that a machine asks of a session


async def test_a_line_is_run_when_it_ends_and_the_screen_shows_prompt_line_and_output() -> None:
    one = pane()
    await one.press(["echo hi"])
    assert one.visible() == "$ echo hi\n"
    await one.press(["Enter", "cd /tmp\npwd\n"])
    assert one.visible() == "$ echo hi\nhi\n$ cd /tmp\n$ pwd\n/tmp\n$\n"


async def test_lines_of_one_command_are_one_action_with_prompts_for_more() -> None:
    one = pane()
    await one.press(["for i in 1 2; do\necho $i\ndone", "C-m"])
    assert one.visible() == "$ for i in 1 2; do\n> echo $i\n> done\n1\n2\n$\n"


async def test_keys_edit_the_line_and_unknown_ones_are_kept_for_the_record() -> None:
    one = pane()
    await one.press(["ls -x", "BSpace", "BSpace", "BSpace", "Space", "none", "C-u", "echo 1", "C-c", "Up", "F5", "M-x"])
    assert one.visible() == "$ echo 1^C\n$\n"
    assert one.unknown == ["Up", "F5", "M-x"]
    await one.press(["echo it", "C-l"])
    assert one.visible() == "$ echo it\n"


async def test_a_screen_has_as_many_rows_and_columns_as_it_was_made_with() -> None:
    one = pane(columns=10, rows=3)
    await one.press(["seq 5\n", "echo 123456789012345\n"])
    assert one.visible() == "1234567890\n12345\n$\n"
    assert one.whole().startswith("$ seq 5\n1\n2\n")


def tmux() -> Tmux:
    return Tmux(Machine(Computed()))  # type: ignore[arg-type]


NEW = (
    "export TERM=xterm-256color && export SHELL=/bin/bash && tmux new-session -e K=v -x 80 -y 24 -d -s main "
    "'bash --login' \\; pipe-pane -t main 'cat > /logs/x'"
)


async def say(one: Tmux, command: str) -> str:
    said = await one.answer(command, "/tmp")
    assert said is not None
    assert said.status == 0, said.output
    return said.output


async def test_a_session_of_tmux_is_a_pane_that_begins_where_and_how_it_was_asked_to() -> None:
    one = tmux()
    assert (await say(one, "tmux -V")).startswith("tmux 3")
    await say(one, NEW)
    await say(one, "tmux set-option -g history-limit 10000000")
    await say(one, "tmux send-keys -t main -- " + shlex.join(['pwd; echo "$K" && echo 2', "Enter"]))
    assert await say(one, "tmux capture-pane -p -t main") == '$ pwd; echo "$K" && echo 2\n/tmp\nv\n2\n$\n'
    assert await say(one, "tmux has-session -t main") == ""


async def test_a_blocking_command_is_run_without_what_waits_for_its_end() -> None:
    one = tmux()
    await say(one, NEW)
    await say(one, "tmux send-keys -t main -- 'echo 1' '; tmux wait -S done' Enter")
    await say(one, "timeout 180s tmux wait done")
    assert (await say(one, "tmux capture-pane -p -S - -t main")).endswith("done\n1\n$\n")


async def test_what_is_too_long_to_send_is_staged_and_pasted() -> None:
    one = tmux()
    await say(one, NEW)
    path = "/tmp/.runtime-tmux-paste-ab12"
    await say(one, f"printf %s ZWNobyB3b3 | base64 -d > {path}".replace("b3", "b3Jr"))
    await say(one, f"printf %s ZWQK | base64 -d >> {path}")
    await say(one, f"tmux load-buffer -b b {path} && tmux paste-buffer -d -b b -t main")
    await say(one, f"rm -f {path}")
    assert await say(one, "tmux capture-pane -p -t main") == "$ echo worked\nworked\n$\n"


async def test_calls_that_cannot_be_answered_fail_and_other_commands_are_left_to_the_machine() -> None:
    one = tmux()
    failed = await one.answer("tmux send-keys -t none -- ls Enter", "")
    assert failed is not None
    assert (failed.status, failed.output) == (1, "can't find pane: none\n")
    unknown = await one.answer("tmux swap-pane", "")
    assert unknown is not None
    assert unknown.status == 1
    quoted = await one.answer("tmux send-keys 'x", "")
    assert quoted is not None
    assert quoted.status == 1
    missing = await one.answer("tmux has-session -t main", "")
    assert missing is not None
    assert missing.status == 1
    assert await one.answer("ls; tmux -V", "") is None
    assert await one.answer("echo tmux", "") is None


async def test_a_recording_is_an_asciicast_of_what_the_pane_showed() -> None:
    one = tmux()
    await say(one, NEW)
    await say(
        one, "tmux send-keys -t main -- 'asciinema rec --stdin /logs/a.cast' Enter clear Enter 'echo hi' Enter C-d"
    )
    await say(one, "tmux send-keys -t main -- 'echo later' Enter")
    assert one.recorded() == ["/logs/a.cast"]
    header, *events = map(json.loads, (one.cast("/logs/a.cast") or b"").decode().splitlines())
    assert header == {"version": 2, "width": 80, "height": 24}
    assert "".join(text for _, kind, text in events if kind == "o").endswith("echo hi\r\nhi\r\n$ ")
    assert one.cast("/logs/other.cast") is None

"""One long-lived bash: what persists, what is shown, and how it ends."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate.errors import ActionError, SessionEnded
from nextstate.record.shell import Limits
from record.shells import QUICK, shell, shown, texts


async def test_directory_variables_functions_and_status_persist() -> None:
    actions = ('mkdir a && cd a; x=1; f() { echo "f $1"; }', "basename $PWD; echo $x; f 2; false", "echo $?")
    assert await texts(*actions) == ["", "a\n1\nf 2\n", "1\n"]


async def test_standard_output_and_error_keep_their_true_order() -> None:
    loop = "for i in 1 2 3; do echo out$i; echo err$i >&2; done"
    assert await texts(loop) == ["out1\nerr1\nout2\nerr2\nout3\nerr3\n"]


async def test_programs_and_the_shell_keep_their_order_too() -> None:
    assert await texts("ls nofile_; echo after; cat nofile_") == [
        "ls: cannot access 'nofile_': No such file or directory\nafter\ncat: nofile_: No such file or directory\n"
    ]


@pytest.mark.parametrize(
    ("action", "said", "status"),
    [
        ("nosuch", "bash: line 1: nosuch: command not found\n", 127),
        ("true\n\nnosuch", "bash: line 3: nosuch: command not found\n", 127),
        ("cd /no/such", "bash: line 1: cd: /no/such: No such file or directory\n", 1),
        ("cat < nofile", "bash: line 1: nofile: No such file or directory\n", 1),
        ("echo $((1/0)); echo no", 'bash: line 1: 1/0: division by 0 (error token is "0")\n', 1),
        ("f() { nosuch; }; f", "environment: line 1: nosuch: command not found\n", 127),
        ("echo )", "bash: eval: line 1: syntax error near unexpected token `)'\nbash: eval: line 1: `echo )'\n", 2),
        ("echo 'a", "bash: eval: line 1: unexpected EOF while looking for matching `''\n", 2),
        ("for i in 1", "bash: eval: line 2: syntax error: unexpected end of file\n", 2),
        ("return", "bash: line 1: return: can only `return' from a function or sourced script\n", 2),
    ],
)
async def test_messages_of_bash_read_as_documented_and_leave_it_alive(action: str, said: str, status: int) -> None:
    first, second = await shown("echo before >/dev/null", action)
    assert (first.meta["exit"], second.text, second.meta["exit"], second.ending) == (0, said, status, "")


@pytest.mark.parametrize("action", ["break", "continue", "exec 2>&1", "trap 'true' DEBUG", "set -u"])
async def test_no_ordinary_action_ends_the_shell(action: str) -> None:
    assert (await shown(action, "echo alive"))[1].text.endswith("alive\n")


@pytest.mark.parametrize("name", ["read", "printf", "eval", "exit", "kill", "echo"])
async def test_a_function_may_have_any_name(name: str) -> None:
    before, after = await shown(f"{name}() {{ command echo mine; }}", f"command printf 'still %s\\n' here; {name}")
    assert (before.text, after.text.splitlines()[0]) == ("", "still here")


async def test_trace_shows_the_action_and_not_what_feeds_it() -> None:
    on, off, after = await texts("set -x; echo a", "set +x", "echo b")
    assert on.splitlines() == ["++ echo a", "a"]
    assert "REPLY" not in off and "printf" not in off
    assert after == "b\n"


async def test_programs_find_an_empty_input_and_no_descriptor_but_three() -> None:
    assert await texts("cat; read x; echo $?", "ls /proc/self/fd | wc -l") == ["1\n", "4\n"]


async def test_a_status_and_the_shell_survive_a_background_program() -> None:
    async with shell(QUICK) as running:
        first = await running.run("sleep 60 & echo $!")
        second = await running.run("kill -0 $! && echo there")
    assert (first.meta, second.text) == ({"exit": 0}, "there\n")
    assert await _gone(int(first.text))


async def test_programs_that_never_end_are_killed_and_the_shell_goes_on() -> None:
    first, second = await shown("x=5; sleep 600", "echo $x", limits=QUICK)
    assert first.meta["ended"] == "timeout"
    assert first.ending == ""
    assert second.text == "5\n"


async def test_a_program_that_ignores_signals_is_killed_too() -> None:
    first, second = await shown("bash -c 'trap \"\" INT TERM; while :; do sleep 600; done'", "echo on", limits=QUICK)
    assert (first.meta["ended"], second.text) == ("timeout", "on\n")


async def test_a_loop_of_the_shell_itself_ends_the_recording_by_name() -> None:
    async with shell(QUICK) as running:
        result = await running.run("echo first; while :; do :; done")
        assert (result.text, result.ending, dict(result.meta)) == ("first\n", "timeout", {"ended": "timeout"})
        with pytest.raises(SessionEnded, match="timeout"):
            await running.run("echo")


@pytest.mark.parametrize(
    ("action", "text", "status"),
    [
        ("echo bye; exit 3", "bye\n", 3),
        ("trap 'echo trapped' EXIT; exit", "trapped\n", 0),
        ("exec echo replaced", "replaced\n", 0),
        ("kill -9 $$", "", 137),
        ("set -e; false", "", 1),
        ("echo ${nope?is unset}", "bash: line 1: nope: is unset\n", 127),
    ],
)
async def test_a_shell_that_ends_says_its_last_words_and_status(action: str, text: str, status: int) -> None:
    (result,) = await shown(action)
    assert (result.text, result.ending, dict(result.meta)) == (text, "exit", {"exit": status})


async def test_a_shell_replaced_by_an_endless_program_is_a_timeout() -> None:
    (result,) = await shown("exec sleep 600", limits=QUICK)
    assert (result.ending, result.meta["ended"]) == ("timeout", "timeout")


async def test_output_is_cut_at_the_limit_and_says_so() -> None:
    (first, second) = await shown("seq 100000; echo end", "echo next", limits=Limits(output=1000))
    assert first.text.startswith("1\n2\n3\n")
    assert len(first.text) < 1100
    assert first.meta["truncated"] == len("".join(f"{n}\n" for n in range(1, 100001)) + "end\n") - 1000
    assert f"{first.meta['truncated']} more bytes were not recorded" in first.text
    assert second.text == "next\n"


async def test_an_endless_output_is_cut_and_stopped() -> None:
    (first, second) = await shown("yes", "echo next", limits=Limits(timeout=0.2, output=1000))
    assert first.meta["ended"] == "timeout"
    assert len(first.text) < 1100
    assert second.text == "next\n"


async def test_bytes_that_are_no_text_are_replaced_and_counted() -> None:
    first, second = await shown(r"printf 'a\377\376b\0c'", r"printf '\357\277\275'")
    assert first.text == "a\ufffd\ufffdb\0c"
    assert first.meta["invalid_utf8"] == 2
    assert (second.text, dict(second.meta)) == ("\ufffd", {"exit": 0})


async def test_a_nul_character_is_refused_before_anything_runs() -> None:
    with pytest.raises(ActionError, match="NUL"):
        await shown("echo \0")


async def test_here_documents_come_whole() -> None:
    assert await texts("cat <<'EOF'\n$x 'y'\n\tz\nEOF", "cat <<EOF\nopen") == [
        "$x 'y'\n\tz\n",
        "bash: line 2: warning: here-document at line 1 delimited by end-of-file (wanted `EOF')\nopen\n",
    ]


PRINTABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=8, deadline=None)
@given(st.lists(PRINTABLE, min_size=10, max_size=20))
def test_any_text_reaches_the_shell_and_comes_back(wanted: list[str]) -> None:
    assert asyncio.run(texts(*(f"printf %s {shlex.quote(text)}" for text in wanted))) == wanted


async def _gone(pid: int) -> bool:
    """Whether the process ends within two seconds: killing takes effect a moment later."""
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        await asyncio.sleep(0.01)
    return False

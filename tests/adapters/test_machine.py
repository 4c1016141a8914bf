"""A simulated machine: the actions that commands and files become, and what is read back from a computed world."""

from __future__ import annotations

import asyncio

import pytest
from boxes import Computed
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain
from nextstate.adapters.machine import MOST_BYTES, NO_STATUS, PIECE, WORD, Machine, in_a_subshell, writing

LETTERS = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Co", "Cs", "Zs", "Zl", "Zp"], include_characters=" \n"
)
TEXT = st.text(LETTERS)


def machine(answer: str = "") -> Machine:
    return Machine(Computed(answer))  # type: ignore[arg-type]  # all that a machine asks of a session


@pytest.mark.parametrize(
    ("command", "shown", "status"),
    [
        ("echo hi", "hi\n", 0),
        ("printf hi", "hi", 0),
        ("exit 7", "", 7),
        ("cd /tmp; pwd", "/tmp\n", 0),
        ("cat <<X\n[exit 9]\nX", "[exit 9]\n", 0),
        ("false", "", 1),
        ("echo 'a\n)'", "a\n)\n", 0),
    ],
)
async def test_a_command_is_shown_exactly_and_ends_with_its_status(command: str, shown: str, status: int) -> None:
    ran = await machine().run(command)
    assert (ran.output, ran.status) == (shown, status)


async def test_a_command_leaves_the_session_where_it_was_and_sees_folder_variables_and_input() -> None:
    one = machine()
    ran = await one.run("cd /; export A=2; exit 3")
    ran = await one.run('pwd; echo "$A"; cat', cwd="/tmp", variables={"A": "it's"}, given="x\ny")
    assert ran.output == "/tmp\nit's\nx\ny\n"
    assert (await one.run('pwd; echo "$A."')).output == "/app\n.\n"
    assert one.origins == {"computed": 3}


async def test_a_status_that_the_world_does_not_show_is_a_failure_and_counted() -> None:
    one = machine(answer="whatever")
    ran = await one.run("kubectl get pods; ls -la /proc")
    assert (ran.output, ran.status, ran.told) == ("whatever", NO_STATUS, False)
    assert one.unread == 1
    assert (await one.run(f"exit {NO_STATUS}")).told
    assert one.origins == {"model": 1, "computed": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"x\n",
        b"END_OF_FILE\n",
        b"it's $HOME `x` >> \\n\n",
        "é\n".encode(),
        b"a\tb\n\n",
        b"word\n" * (PIECE // 4) + b"z" * (WORD + 7),
        b"z" * (PIECE + 7),
    ],
)
async def test_a_file_that_is_written_is_read_back_exactly(content: bytes) -> None:
    one = machine()
    assert (await one.write("/deep/er/it's.txt", content)).status == 0
    assert await one.read("/deep/er/it's.txt") == content
    assert await one.files("/deep") == ["/deep/er/it's.txt"]


@given(TEXT)
def test_any_text_is_written_so_that_it_is_read_back(text: str) -> None:
    async def back() -> bytes:
        one = machine()
        await one.write("/app/file", text.encode())
        return await one.read("/app/file")

    assert asyncio.run(back()) == text.encode()


@given(st.binary(max_size=300))
def test_every_command_that_writes_a_file_is_one_action_without_control_characters(content: bytes) -> None:
    commands = writing("/app/file", content, executable=True)
    assert all("\0" not in one and "\x1b" not in one for one in commands)
    for one in commands:
        domain.find("terminal").validate(in_a_subshell(one, cwd="", variables={}, given=None))


async def test_a_script_may_be_run_after_it_was_written() -> None:
    one = machine()
    await one.write("/app/run", b"#!/bin/bash\necho ran\n", executable=True)
    assert (await one.run("./run")).output == "ran\n"


@pytest.mark.parametrize(("path", "kind"), [("/none", FileNotFoundError), ("/app", IsADirectoryError)])
async def test_what_cannot_be_read_is_the_error_that_the_world_tells(path: str, kind: type[OSError]) -> None:
    with pytest.raises(kind, match=path):
        await machine().read(path)


async def test_a_world_that_shows_nothing_readable_is_an_error_and_no_empty_file() -> None:
    with pytest.raises(OSError, match="was not read"):
        await machine(answer="I am a teapot").read("/proc/cpuinfo")
    with pytest.raises(OSError, match="did not show the content"):
        await machine(answer="\x1b[1m bold [exit 0]").read("/proc/cpuinfo")


async def test_a_file_that_is_too_long_is_refused_before_anything_is_done() -> None:
    one = machine()
    with pytest.raises(ValueError, match="at most"):
        await one.write("/app/long", b"x" * (MOST_BYTES + 1))
    assert one.origins == {}


async def test_commands_that_come_at_once_are_taken_one_after_the_other() -> None:
    one = machine()
    await asyncio.gather(*(one.run(f"echo {number} >> /app/log") for number in range(5)))
    assert sorted((await one.read("/app/log")).split()) == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_name_that_looks_like_an_option_is_a_file_all_the_same() -> None:
    one = machine()
    await one.write("-n", b"x\n")
    assert await one.read("-n") == b"x\n"
    assert await one.read("/app/-n") == b"x\n"

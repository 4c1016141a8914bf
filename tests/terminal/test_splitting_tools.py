"""split, cksum, sum, shuf, numfmt, timeout and nice do what the real programs do."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call, Out

SPLIT = """
split long
split -l 10 long
split -l 10 long part_
split -10 long
split -n 3 long
split -n 6 dup
split -b 100 long
split -b 1k long
split -b 10 a.txt p
split -d -l 10 long
split -d -l 10 long part_
split -x -l 10 long
split -a 3 -l 10 long out.
split -a 1 -l 10 long out.
split -l 5 --additional-suffix=.txt long p
split --lines=7 long
split --bytes=50 a.txt
split --verbose -l 10 long
split --numeric-suffixes -l 10 long
split -l 2 -
split -l 1 c.txt
split empty
split -l x long
split -b x long
split nofile
split -l 10 nofile
split a b c
split -Q
split -l
split -l 2 b.txt d/q
split -l 1 ctl
""".strip().splitlines()
SUMS = """
cksum a.txt
cksum a.txt b.txt empty
cksum
cksum nofile
cksum a.txt nofile b.txt
cksum 'sp ace'
cksum utf ctl
sum a.txt
sum long
sum empty
sum nofile
shuf a.txt
shuf
shuf -i 1-10
shuf -e a b c
shuf -n 10 a.txt
shuf -n 0 a.txt
shuf -n1 -e x
timeout x ls
nice -Q
""".strip().splitlines()
STDIN = "b\na\nc\n"


def numbers() -> list[Case]:
    dice = random.Random(4)
    cases = [case("numfmt --to=iec --padding=8 1024"), case("numfmt --to=iec-i --suffix=B 123456")]
    for _ in range(150):
        size = dice.choice(("1000", "1024", "999", "1023", "9999", "10240", "0", "1")) if dice.random() < 0.3 else ""
        value = size or str(dice.randrange(10 ** dice.randint(1, 14)))
        cases.append(Case(("numfmt", f"--to={dice.choice(('iec', 'iec-i', 'si'))}", value)))
        letter = dice.choice("KMGT")
        source = dice.choice(("iec", "si", "auto"))
        cases.append(Case(("numfmt", f"--from={source}", f"{dice.randint(1, 900)}{letter}")))
        cases.append(Case(("numfmt", "--from=iec", "--to=si", f"{dice.randint(1, 99)}{letter}")))
    return cases


def test_files_are_split_as_the_real_program_does(tmp_path: Path) -> None:
    compare(TOOLS, [case(line, STDIN) for line in SPLIT], FILES, tmp_path, writes=True).check(0.9)


def test_sums_equal_those_of_the_real_programs(tmp_path: Path) -> None:
    compare(TOOLS, [case(line, STDIN) for line in SUMS], FILES, tmp_path).check(0.95)


def test_numbers_for_people_equal_the_real_ones(tmp_path: Path) -> None:
    compare(TOOLS, numbers(), {}, tmp_path).check(0.7)


def call_of(*words: str) -> Call:
    made = Call(words[0], words[1:], "", "/w", {}, Tree(Files.start({}, ("/w",), "/w", {}), root=False))
    return replace(made, run=lambda argv, stdin: Out(" ".join(argv) + "\n", code=3))


def test_a_program_that_ends_in_time_is_what_it_is_alone() -> None:
    assert TOOLS["timeout"](call_of("timeout", "10", "ls", "-l")) == Out("ls -l\n", code=3)
    assert TOOLS["timeout"](call_of("timeout", "-k", "5", "1m", "cat")) == Out("cat\n", code=3)
    assert TOOLS["nice"](call_of("nice", "-n", "19", "ls")) == Out("ls\n", code=3)


def test_sleeping_longer_than_allowed_is_told_by_the_exit_status() -> None:
    assert TOOLS["timeout"](call_of("timeout", "1", "sleep", "10")).code == 124
    assert TOOLS["timeout"](call_of("timeout", "5", "sleep", "1")).code == 0


@pytest.mark.parametrize(
    "line", ["timeout 1 sleep 1", "timeout 0.1 ls", "timeout 5 bash -c x", "timeout 5", "nice -n -5 ls"]
)
def test_what_time_decides_is_undetermined(line: str) -> None:
    with pytest.raises(Undetermined):
        TOOLS[line.split()[0]](call_of(*line.split()))

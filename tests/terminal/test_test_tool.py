"""`test` and `[` against bash itself: thousands of expressions in one shell."""

from __future__ import annotations

import random
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from file_worlds import PLAIN, known, lay

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call

TYPED = """
[ -f a.txt ]
[ -f missing ]
[ -d d ]
[ -d a.txt ]
[ -e broken ]
[ -L broken ]
[ -h link ]
[ -f link ]
[ -d dlink ]
[ -s empty ]
[ -s a.txt ]
[ -x run.sh ]
[ -x a.txt ]
[ -r a.txt ]
[ -w b.txt ]
[ ! -f missing ]
[ ! -d d ]
[ -f "" ]
[ -e /dev/null ]
[ -c /dev/null ]
[ -f /dev/null ]
[ "" ]
[ x ]
[ ]
[
test
[ -n "" ]
[ -z "" ]
[ -n ]
[ -z ]
[ ! ]
[ ! "" ]
[ a = a ]
[ a = b ]
[ a == a ]
[ a != b ]
[ b > a ]
[ b "<" a ]
[ "" = "" ]
[ = ]
[ a = ]
[ = a ]
[ 1 -eq 1 ]
[ 1 -ne 1 ]
[ 2 -gt 10 ]
[ 2 -lt 10 ]
[ 3 -ge 3 ]
[ 3 -le 2 ]
[ " 3 " -eq 3 ]
[ +3 -eq 3 ]
[ -3 -lt 0 ]
[ 08 -eq 8 ]
[ abc -eq 1 ]
[ 1 -eq abc ]
[ "" -eq 0 ]
[ 1.5 -gt 1 ]
[ 99999999999999999999 -gt 1 ]
[ -gt 5 ]
[ 5 -gt ]
[ a b ]
[ a b c ]
[ a b c d ]
[ -f a.txt -a -d d ]
[ -f a.txt -o -d missing ]
[ -f missing -o -d d -a -e e ]
[ ! -f a.txt -a -d d ]
[ ( -f a.txt ) ]
[ ( a = b ) -o ( c = c ) ]
[ ( a = a ]
[ ( ) ]
[ ( a ) ]
[ -f a.txt d ]
[ -f a.txt b.txt c.py ]
[ -f a.txt
test -f a.txt
test ! -f a.txt
test a = a ]
test -q x
[ -q x ]
[ foo x ]
[ a -foo b ]
[ a.txt -ef link ]
[ d -ef dlink ]
[ a.txt -ef b.txt ]
[ a.txt -nt missing ]
[ missing -nt a.txt ]
[ missing -ot a.txt ]
[ a.txt -ot missing ]
[ -d loop ]
[ -e a.txt/x ]
[ -d d/ ]
[ -f a.txt/ ]
[ -d d/sub/.. ]
[ -u run.sh ]
[ -k d ]
[ -p a.txt ]
[ x -a "" ]
[ "" -o y ]
[ a = a -a b = b -a c = d ]
[ a = a -o ]
[ -a ]
[ -a a.txt ]
[ ! ! a ]
[ ! ! ! "" ]
[ ! a = b ]
[ ! ( a = b ) ]
""".strip().splitlines()

WORDS = ["a", "", "=", "!=", "!", "(", ")", "-a", "-o", "-f", "-d", "-n", "-z", "-eq", "-lt", "1", "2", "a.txt", "d",
         "-e", "missing", "-x", "<", "-q", "]", "-1", "-L", "link", "==", "-nt", "-s"]  # fmt: skip


def bash(lines: list[list[str]], place: Path) -> list[tuple[int, str]]:
    """What bash says to each test."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash to compare with")
    script = "\n".join(f"{shlex.join(words)} 2>&1; echo :$?" for words in lines)
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C.UTF-8"}, timeout=30
    )
    pieces = re.findall(r"([^\x00]*?):(\d+)\n", done.stdout)
    return [(int(code), re.sub(r"bash: line \d+: ", "bash: line 1: ", text)) for text, code in pieces]


def check(lines: list[list[str]], tmp_path: Path, floor: float) -> None:
    place = tmp_path / "w"
    lay(PLAIN, place)
    truths, tree = bash(lines, place), known(PLAIN, place)
    assert len(truths) == len(lines)
    right, wrong = 0, []
    for words, truth in zip(lines, truths, strict=True):
        try:
            out = TOOLS[words[0]](Call(words[0], tuple(words[1:]), "", str(place), {}, tree))
        except Undetermined:
            continue
        if (out.code, out.stderr + out.stdout) == truth:
            right += 1
        else:
            wrong.append(f"{shlex.join(words)}\n  real {truth}\n  mine {(out.code, out.stderr)}")
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:10])
    assert right >= floor * len(lines), f"{right} of {len(lines)}"


def test_tests_that_people_write_are_decided_as_bash_decides_them(tmp_path: Path) -> None:
    check([shlex.split(line.replace(" < ", " '<' ")) for line in TYPED], tmp_path, 1.0)


def test_any_sequence_of_words_is_read_as_bash_reads_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    lines = []
    for _ in range(1200):
        words = [chance.choice(WORDS) for _ in range(chance.choice((1, 2, 3, 3, 4, 4, 5, 6, 7, 8)))]
        lines.append(["[", *words, "]"] if chance.random() < 0.7 else ["test", *words])
    check(lines, tmp_path, 0.9)

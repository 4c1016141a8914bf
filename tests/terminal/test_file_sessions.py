"""Random sessions of file tools: the tree must stay equal to the disk through many steps, not only one."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from file_worlds import PLAIN, VERSIONS, Case, differences, environment, known, lay

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call, Out

NAMES = """a.txt b.txt d e d/sub d/one.txt new new/x e/y link dlink broken d/sub/deep.txt dlink/z n1 n2.txt e/d run.sh
    empty .hidden""".split()
VERBS = [
    "mkdir {}", "mkdir -p {}", "mkdir {} {}", "rmdir {}", "touch {}", "touch {} {}", "rm {}", "rm -f {}", "rm -r {}",
    "rm -rf {} {}", "rm -v {}", "cp {} {}", "cp -r {} {}", "cp -v {} {}", "cp {} {} {}", "cp -rT {} {}", "cp -a {} {}",
    "cp -P {} {}", "mv {} {}", "mv -v {} {}", "mv {} {} {}", "mv -n {} {}", "mv -T {} {}", "ln -s {} {}",
    "ln -sf {} {}", "ln -sfn {} {}", "chmod 700 {}", "chmod u-w {}", "chmod -R a+rX {}", "chmod +x {}", "ls", "ls {}",
    "ls -A {}", "ls -R {}", "ls -F {}", "find {}", "find {} -type f", "stat -c '%F %a' {}", "readlink {}",
    "readlink -f {}", "realpath {}", "du -b {}", "truncate -s 5 {}", "gzip -k {}", "tar cf t.tar {}",
]  # fmt: skip


def script(lines: list[str]) -> str:
    """Runs each line and prints both streams and the status, behind marks."""
    show = r"code=$?; cat ../out; printf '\2'; cat ../err; printf '\2%s\1' $code"
    return "\n".join(f"{line} >../out 2>../err; {show}" for line in lines)


def session(chance: random.Random, steps: int) -> list[str]:
    lines = []
    for _ in range(steps):
        line = chance.choice(VERBS)
        while "{}" in line:
            line = line.replace("{}", chance.choice(NAMES), 1)
        lines.append(line)
    return lines


def live(lines: list[str], place: Path) -> tuple[int, list[str]]:
    """How many steps were determined, and what was wrong. A session ends at the first undetermined step."""
    tree, right = known(PLAIN, place), 0
    computed: list[Out] = []
    for line in lines:
        words = shlex.split(line)
        call = Call(words[0], tuple(words[1:]), "", str(place), environment(Case(line)), tree, facts=VERSIONS)
        before = dict(tree.delta)
        try:
            out = TOOLS[words[0]](call)
        except Undetermined:
            tree.delta.clear()
            tree.delta.update(before)
            break
        if out.varied:
            break
        computed.append(out)
    lay(PLAIN, place)
    done = subprocess.run(
        ["bash"], input=script(lines[: len(computed)]).encode(), cwd=place, stdout=subprocess.PIPE, umask=0o022,
        env=environment(Case("")), timeout=60,
    )  # fmt: skip
    wrong = []
    for line, out, piece in zip(lines, computed, done.stdout.decode("utf-8", "replace").split("\1"), strict=False):
        stdout, stderr, code = piece.split("\2")
        mine = out.stdout
        if out.unordered:
            stdout, mine = "".join(sorted(stdout)), "".join(sorted(mine))
        if (mine, out.stderr, out.code) != (stdout, stderr, int(code)):
            wrong.append(f"{line}\n  real {(stdout, stderr, int(code))}\n  mine {(mine, out.stderr, out.code)}")
            break
        right += 1
    if not wrong:
        wrong = differences(tree, place)
    return right, [f"{lines[: right + 1]}\n{complaint}" for complaint in wrong]


def test_many_steps_leave_the_files_that_the_real_programs_leave(tmp_path: Path) -> None:
    if shutil.which("bash") is None or os.name != "posix":
        pytest.skip("there is no bash to compare with")
    chance, total, wrong = random.Random(23), 0, []
    for number in range(60):
        right, complaints = live(session(chance, 12), tmp_path / str(number) / "w")
        total += right
        wrong += complaints
    assert not wrong, "\n".join(wrong[:5])
    assert total >= 300

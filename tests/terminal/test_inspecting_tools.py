"""`stat`, `du` and `file` against the real ones."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from file_worlds import PLAIN, Case, compare, environment, known, lay, real

from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import VARIANTS, Call

WORLD = {
    **PLAIN,
    "bash.sh": "#!/bin/bash\nset -e\necho hi\n",
    "env.sh": "#!/usr/bin/env bash\nfor i in 1 2; do echo $i; done\n",
    "tool.py": "#!/usr/bin/env python3\nimport os\nprint(os.name)\n",
    "tool2.py": "#!/usr/bin/python3\nprint(1)\n",
    "data.json": '{"a": [1, 2, {"b": null}], "c": "text"}\n',
    "list.json": "[\n  1,\n  2\n]\n",
    "records.json": '[{"name": "x", "n": 1.5}]\n',
    "chmod d": 0o750,
}
LINES = {
    "stat": r"""
stat -c %s a.txt
stat -c '%n %s' a.txt b.txt
stat -c %a run.sh a.txt b.txt d
stat -c %A run.sh a.txt link d
stat -c %F a.txt empty d link broken
stat -c %N a.txt link "it's" "notes old"
stat -c '%a %n' *.txt
stat -c '%A %a %s %F' run.sh
stat -c %f run.sh d link
stat -c '%%' a.txt
stat -c '%10s|%-10s|%010s' a.txt a.txt
stat -c '%05a' a.txt
stat -c '%20n|' a.txt
stat -c '%-20n|' a.txt
stat -c 'size: %s\n' a.txt
stat --printf='%s\n' a.txt b.txt
stat --printf '%n\t%s\n' a.txt
stat --format=%s a.txt
stat --format %s a.txt -L
stat -L -c %F link dlink
stat -L -c %s broken
stat -c %s missing
stat -c %s missing a.txt
stat missing
stat -c %s
stat
stat -c
stat -Q a.txt
stat --foo a.txt
stat -c %s d
stat -c %U a.txt
stat -c '%U %G' a.txt
stat a.txt
stat -c %s a.txt/x
stat -c %s loop
stat -Lc %s loop
stat -c %s ""
stat -c %s "no pe"
stat -c%s a.txt
stat -c '[%s]' a.txt link empty
stat -c '%s bytes' README.md c.py
""",
    "du": """
du -b a.txt
du -b a.txt b.txt
du -sb a.txt
du -bc a.txt b.txt c.py
du empty
du -h empty
du -sh empty
du -k empty
du -a empty
du -b link
du -b missing
du missing
du -sh missing
du missing empty
du -sh missing other
du -bh a.txt
du -ab a.txt
du -b0 a.txt
du -b --max-depth=1 a.txt
du --apparent-size -b a.txt
du -Q
du --foo
du a.txt
du -sh a.txt
du d
du -sb d
du "no pe"
du -c empty
""",
    "file": """
file empty
file d
file d empty missing
file link broken dlink
file missing
file -b d
file --brief empty missing
file bash.sh env.sh run.sh
file tool.py tool2.py
file data.json list.json records.json
file -b data.json
file d/
file "notes old" e
file "no pe"
file a.txt/x
file a.txt
""",
}


DU = """
du
du .
du d
du d e
du -a d
du -s d e
du -sh d
du -h --max-depth=1
du -d 1 .
du -a -d 1 d
du -ac d
du -b d
du -ab d
du a.txt d
du -k d/
du missing d
""".strip().splitlines()


@pytest.mark.parametrize("line", DU)
def test_du_names_what_the_real_du_names(line: str, tmp_path: Path) -> None:
    place, case = tmp_path / "w", Case(line, world=WORLD)
    lay(WORLD, place)
    stdout, stderr, code = real(case, place)
    words = shlex.split(line)
    outs = [
        TOOLS["du"](
            Call("du", tuple(words[1:]), "", str(place), environment(case), known(WORLD, place), variant=variant)
        )
        for variant in range(VARIANTS)
    ]
    for out in outs:
        assert sorted(names(out.stdout)) == sorted(names(stdout))
        assert (out.stderr, out.code, out.varied) == (stderr, code, True)
    assert len({out.stdout for out in outs}) == VARIANTS
    if not any(out.unordered for out in outs):
        assert names(outs[0].stdout) == names(stdout)


def names(text: str) -> list[str]:
    return [line.split("\t")[1] for line in text.splitlines()]


@pytest.mark.parametrize("program", sorted(LINES))
def test_files_are_described_as_the_real_program_does(program: str, tmp_path: Path) -> None:
    cases = [Case(line, world=WORLD) for line in LINES[program].strip().splitlines()]
    compare(cases, tmp_path).check({"stat": 0.8, "du": 0.7, "file": 0.8}[program])

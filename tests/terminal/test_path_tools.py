"""`basename`, `dirname`, `readlink` and `realpath` against the real ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from file_worlds import Case, compare

LINES = {
    "basename": """
basename a.txt
basename /a/b/c.txt
basename /a/b/c.txt .txt
basename a.txt a.txt
basename a/b/
basename a//b//
basename /
basename //
basename ///
basename ""
basename "" x
basename . .
basename ..
basename -a a/b c/d e
basename -s .txt a/b.txt c.txt
basename -a -s .py x.py y
basename --suffix=.c x.c
basename -z a/b
basename
basename a b c
basename -q
basename --foo
basename a -s
basename -- -x
basename "a b/c d"
basename .txt .txt
basename x.txt ""
basename -s
basename archive.tar.gz .gz
basename -as.c x.c y.c
""",
    "dirname": """
dirname a.txt
dirname /a/b/c.txt
dirname a/b
dirname a/b/
dirname a//b//
dirname /
dirname //
dirname ///a
dirname //a/b
dirname ""
dirname . ..
dirname /a
dirname a/b c/d e
dirname -z a/b c
dirname
dirname -q
dirname --foo
dirname "a b/c d"
dirname a/b/c/../d
dirname -- -x/y
dirname ./x
dirname a///b
""",
    "readlink": """
readlink link
readlink dlink
readlink broken
readlink loop
readlink a.txt
readlink missing
readlink d
readlink link broken a.txt
readlink -f link
readlink -f dlink/one.txt
readlink -f dlink/missing
readlink -f missing
readlink -f missing/x
readlink -f broken
readlink -f loop
readlink -f .
readlink -f ..
readlink -f d/sub/..
readlink -f a.txt/x
readlink -f a.txt/
readlink -f missing/
readlink -e link
readlink -e broken
readlink -e missing
readlink -m missing/x/y
readlink -m a.txt/x
readlink -m missing/../x
readlink -n link
readlink -z link
readlink -v a.txt
readlink -v missing
readlink -ve broken
readlink -fv missing/x
readlink
readlink -Q link
readlink --foo
readlink --canonicalize link
readlink ""
readlink -f ""
readlink -f "notes old"
readlink -v "no pe"
readlink -f link dlink missing/x
readlink dlink/
readlink -f /
readlink -q missing
""",
    "realpath": """
realpath a.txt
realpath link
realpath dlink
realpath broken
realpath loop
realpath missing
realpath missing/x
realpath a.txt/x
realpath .
realpath ..
realpath d/../e
realpath d/sub/deep.txt e
realpath -e missing
realpath -e a.txt
realpath -m missing/x/y
realpath -s dlink
realpath -s d/../missing/./x
realpath -q missing/x
realpath -z a.txt
realpath --relative-to=. d/sub
realpath --relative-to=d a.txt
realpath --relative-to=d/sub e
realpath --relative-to=a.txt e
realpath --relative-to=missing e
realpath -e --relative-to=a.txt e
realpath -e --relative-to=d e
realpath -e --relative-to=missing e
realpath -m --relative-to=missing e
realpath --relative-to . a.txt b.txt
realpath
realpath -Q x
realpath ""
realpath "notes old/x y.txt"
realpath "no pe/x"
realpath "it's"
realpath missing/x a.txt
realpath /
realpath d/
realpath a.txt/
realpath missing/
realpath -P link
realpath dlink/../a.txt
""",
}


@pytest.mark.parametrize("program", sorted(LINES))
def test_paths_are_worked_out_as_the_real_program_does(program: str, tmp_path: Path) -> None:
    compare([Case(line) for line in LINES[program].strip().splitlines()], tmp_path).check(0.9)


def test_any_string_has_the_base_and_directory_that_the_real_programs_say(tmp_path: Path) -> None:
    chance = random.Random(3)
    names = ["".join(chance.choice("/a.b-") for _ in range(chance.randint(0, 7))) for _ in range(600)]
    names = [name for name in names if not name.startswith("-")]
    quoted = " ".join(f"'{name}'" for name in names)
    cases = [Case(f"dirname {quoted}"), *(Case(f"basename -a -s {end} {quoted}") for end in (".b", "a", "-", "/a"))]
    compare(cases, tmp_path).check(1.0)

"""`xargs` against the real one."""

from __future__ import annotations

import random
from pathlib import Path

from file_worlds import Case, compare

TYPED = [
    ("xargs", "a b\nc\n"),
    ("xargs echo", "a b\nc\n"),
    ("xargs -n1", "a b\nc\n"),
    ("xargs -n 1 echo x", "a b\nc\n"),
    ("xargs -n2 echo", "a b c d e\n"),
    ("xargs -L1", "a b\nc d\n"),
    ("xargs -L 2 echo", "a\nb c\nd\n"),
    ("xargs -L1 echo", "a \nb\nc\n"),
    ("xargs -l echo", "a b\nc\n"),
    ("xargs -I{} echo '[{}]'", "a b\n\n  c d \n"),
    ("xargs -I {} echo pre-{}-post {}", "one\ntwo\n"),
    ("xargs -I % echo % %", "one\ntwo"),
    ("xargs -i echo {}", "one\ntwo\n"),
    ("xargs -I{} echo", "one\ntwo\n"),
    ("xargs -I{} basename {} .txt", "a/b.txt\nc.txt\n"),
    ("xargs -I{} touch {}.new", "x\ny\n"),
    ("xargs -I{} cp {} e", "a.txt\nb.txt\n"),
    ("xargs -I{} mv {} {}.bak", "a.txt\nb.txt\n"),
    ("xargs echo hi", ""),
    ("xargs -r echo hi", ""),
    ("xargs --no-run-if-empty echo hi", "\n\n"),
    ("xargs -I{} echo {}", ""),
    ("xargs -n1 echo", "a 'b c' d\n"),
    ("xargs -n1 echo", 'a "b c" d\n'),
    ("xargs -n1 echo", "a\\ b c\n"),
    ("xargs echo", "it's\n"),
    ("xargs echo", "x it's\n"),
    ("xargs echo", 'say "hi\n'),
    ("xargs -n1 echo", "'' x\n"),
    ("xargs -d, echo", "a,b,c"),
    ("xargs -d, -n1 echo", "a,b,,c"),
    ("xargs -d '\\n' -n1 echo", "a b\nc 'd\n"),
    ("xargs -d '\\n' -I{} echo '<{}>'", "a b\nc 'd\n"),
    ("xargs -0 -n1 echo", "a b\0c\0"),
    ("xargs -0 echo", "a b\0c"),
    ("xargs -0 -I{} echo '[{}]'", "a b\0c\0"),
    ("xargs -t echo", "a b\n"),
    ("xargs -t -n1 echo x", "a b\n"),
    ("xargs false", "a\n"),
    ("xargs -n1 false", "a\nb\n"),
    ("xargs rm", "a.txt b.txt\n"),
    ("xargs rm -f", "a.txt missing\n"),
    ("xargs rm", "a.txt missing\n"),
    ("xargs ls", "a.txt d\n"),
    ("xargs ls", "missing a.txt\n"),
    ("xargs mkdir -p", "n1 n2/x\n"),
    ("xargs -n1 mkdir -v", "n1 n2\n"),
    ("xargs chmod 600", "a.txt c.py\n"),
    ("xargs wc -l", "a.txt c.py\n"),
    ("xargs cat", "a.txt b.txt\n"),
    ("xargs grep -l alpha", "a.txt b.txt\n"),
    ("xargs grep alpha", "a.txt b.txt\n"),
    ("xargs -n1 basename", "x/a y/b\n"),
    ("xargs dirname", "x/a y/b\n"),
    ("xargs -P4 -n1 echo", "a b c\n"),
    ("xargs -P 2 -n 1 touch", "n1 n2 n3\n"),
    ("xargs -P2 echo", "a b\n"),
    ("xargs -n1 -P 4 cat", "a.txt b.txt\n"),
    ("xargs --max-args=1 echo", "a b\n"),
    ("xargs --foo", "a\n"),
    ("xargs -Q", "a\n"),
    ("xargs -n", "a\n"),
    ("xargs -n x", "a\n"),
    ("xargs -n 0", "a\n"),
    ("xargs -L x echo", "a\n"),
    ("xargs -n1 echo -n", "a b\n"),
    ("xargs printf '%s\\n'", "a b 'c d'\n"),
    ("xargs printf '%s=%s;'", "a b c\n"),
    ("xargs printf '%d%%|%5s|%-5s|\\n'", "1 a b 20 c d\n"),
    ("xargs -n1 printf '%03d\\t'", "7 -5 0\n"),
    ("xargs printf '%d\\n'", "x\n"),
    ("xargs printf 'x\\n'", ""),
    ("xargs -n1 test -d", "d a.txt\n"),
    ("xargs true", "a\n"),
    ("xargs pwd", "\n"),
    ("xargs -x echo", "a b\n"),
    ("xargs test -f", "a.txt\n"),
    ("xargs head -n 1", "a.txt\n"),
    ("xargs -I{} find {} -name '*.txt'", "d/sub\n"),
    ("xargs xargs", "a\n"),
    ("xargs -I{} grep -c . {}", "a.txt\nb.txt\n"),
    ("xargs -I{} sh -c 'echo {}'", "a\n"),
    ("xargs", "  \t a\t\tb  \n\n\nc"),
    ("xargs", "tab\tsep\n"),
]


def test_xargs_runs_what_the_real_xargs_runs(tmp_path: Path) -> None:
    compare([Case(line, stdin=stdin) for line, stdin in TYPED], tmp_path).check(0.88)


def test_any_input_is_split_as_by_the_real_xargs(tmp_path: Path) -> None:
    chance = random.Random(11)
    lines = [
        "xargs -n1 echo",
        "xargs echo",
        "xargs -I{} echo '[{}]'",
        "xargs -L1 echo",
        "xargs -d '\\n' -n1 echo",
        "xargs -L2",
    ]
    cases = []
    for _ in range(150):
        stdin = "".join(chance.choice("ab  \n\n'\"\\\t") for _ in range(chance.randint(0, 14)))
        cases.append(Case(chance.choice(lines), stdin=stdin))
    compare(cases, tmp_path).check(0.5)

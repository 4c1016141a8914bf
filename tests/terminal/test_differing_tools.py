"""diff and cmp print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare

from nextstate.domains.terminal.kernel.tools.differing import TOOLS

FILES = {
    "a": b"a\nb\nc\n",
    "b": b"a\nx\nc\nd",
    "A": b"A\nB  \nc\n",
    "sp": b"a\n b\nc c\n",
    "sp2": b" a\nb\nc  c\n",
    "e": b"",
    "nn": b"a\nb",
    "wn": b"a\nb\n",
    "bin": b"a\0b\n",
    "bin2": b"a\0c\n",
    "utf": "é\nü\n".encode(),
    "utf2": "é\no\n".encode(),
    "p/a": b"a\nb\nc\n",
    "q/a": b"a\nx\nc\nd",
    "p/same": b"1\n",
    "q/same": b"1\n",
    "p/s/f": b"x\n",
    "q/s/f": b"y\n",
    "p/new": b"",
    "p/only": b"o\n",
    "q/z/deep": b"d\n",
    "p/t": b"",
    "q/t/": b"",
    "r/s/f": b"x\n",
}
STDIN = "a\nb\nz\n"
LINES = """
diff a b
diff b a
diff a a
diff -s a a
diff -q a b
diff -q a a
diff -qs a a
diff --brief a b
diff -u a a
diff -u a b
diff -u --label x --label y a b
diff -u -L x -L y b a
diff -U1 --label x --label y a b
diff -U 0 --label x --label y a b
diff --unified=1 --label x --label y a b
diff --unified --label x --label y nn wn
diff -U x a b
diff -c a b
diff -y a b
diff --normal a b
diff nn wn
diff wn nn
diff e a
diff a e
diff -u --label x --label y e a
diff -u --label x --label y a e
diff e e
diff -w sp sp2
diff -b sp sp2
diff -Z a A
diff -i a A
diff -iw a A
diff -ib a A
diff -qw sp sp2
diff -qi a A
diff -iZ a A
diff bin bin2
diff -q bin bin2
diff -a bin bin2
diff bin a
diff -s bin bin
diff utf utf2
diff a nope
diff nope a
diff nope nope2
diff a
diff
diff -q
diff a b a
diff -Q a b
diff --foo a b
diff p q
diff -r p q
diff -rq p q
diff -qr p q
diff -rs p q
diff -rN p q
diff -rq p/ q/
diff --recursive --brief p q
diff -r p/s r/s
diff -r p/s q/s
diff -r -x f p q
diff -r -x only -x new p q
diff -q p q
diff a p
diff p a
diff a p/
diff p/only a
diff only p
diff p nope
diff - a
diff a -
diff -u --label x --label y - a
diff --color=never a b
diff -- a b
diff a b -q
cmp a b
cmp a a
cmp a nope
cmp nope a
cmp -s a b
cmp -s a a
cmp -s a nope
cmp --silent a b
cmp --quiet a b
cmp -l a b
cmp -l a A
cmp -b a b
cmp nn wn
cmp wn nn
cmp e a
cmp a e
cmp e e
cmp a -
cmp - a
cmp a p
cmp -n 2 a b
cmp -n 3 a b
cmp --bytes=1 a b
cmp bin bin2
cmp
cmp -x a b
cmp a
""".strip().splitlines()


def random_files(count: int, seed: int) -> dict[str, bytes]:
    """Pairs of files that share many lines, with few and with many different ones."""
    dice = random.Random(seed)
    files = {}
    for number in range(count):
        kinds = dice.choice(("ab", "abc", "abcdefgh", "a{};\n  x", "0123456789abcdefghijklmnopqrstuvwxyz"))
        lines = [dice.choice(kinds).strip() * dice.randint(0, 2) for _ in range(dice.choice((5, 12, 40, 200)))]
        other = list(lines)
        for _ in range(dice.randint(1, max(2, len(lines) // dice.choice((2, 5, 20))))):
            at = dice.randint(0, len(other))
            change = dice.random()
            if change < 0.35:
                other[at:at] = [dice.choice(kinds).strip() for _ in range(dice.randint(1, 4))]
            elif change < 0.7:
                del other[at : at + dice.randint(1, 4)]
            else:
                other[at : at + 1] = [dice.choice(kinds).strip() + "!"] * (at < len(other))
        for letter, text in (("x", lines), ("y", other)):
            files[f"{letter}{number}"] = "".join(line + "\n" for line in text).encode()
    return files


def differences(count: int, seed: int) -> list[Case]:
    labels = ["--label", "x", "--label", "y"]
    made = []
    for number in range(count):
        names = (f"x{number}", f"y{number}")
        made.append(Case(("diff", *names)))
        made.append(Case(("diff", "-u", *labels, *names)))
        made.append(Case(("diff", f"-U{number % 5}", *labels, *names[::-1])))
    return made


def test_comparing_files_equals_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::4]]
    compare(TOOLS, cases, FILES, tmp_path / "all").check(0.85)


def test_random_differences_are_shown_as_the_real_diff_shows_them(tmp_path: Path) -> None:
    compare(TOOLS, differences(70, 3), random_files(70, 3), tmp_path / "random").check(0.95)

"""head, tail and wc print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools.counting import TOOLS as COUNTING
from nextstate.domains.terminal.kernel.tools.ends import TOOLS as ENDS

LINES = """
head a.txt
head long
head
head -
head -n 3 long
head -n3 long
head -3 long
head -n -25 long
head -n -0 a.txt
head -n 0 a.txt
head -n -100 a.txt
head -c 5 a.txt
head -c -5 a.txt
head -c -500 a.txt
head -c 1K long
head -n 1k a.txt
head -5c long
head -2q a.txt b.txt
head -2v a.txt
head -n 2 a.txt b.txt c.txt
head -n 2 a.txt nope b.txt
head -n 2 nope
head -n 1 d a.txt
head d
head -q -n 1 a.txt b.txt
head -v -n 1 a.txt
head --lines=2 a.txt
head --lines 2 a.txt
head --bytes=3 c.txt
head --quiet a.txt b.txt
head -z -n 1 ctl
head -n x a.txt
head -n 1.5 a.txt
head -c x a.txt
head -n
head -1 -2 a.txt
head a.txt -1
head -5x a.txt
head -l a.txt
head --foo a.txt
head -n +2 a.txt
head -n 2 - a.txt
head -c 6 utf
head -c 3 utf
head -n 1 'sp ace' 'no pe'
head -n 2 c.txt empty
head -1 empty blank
tail a.txt
tail long
tail
tail -n 3 long
tail -3 long
tail -n +28 long
tail -n +1 a.txt
tail -n +0 a.txt
tail -n +100 a.txt
tail -n -2 a.txt
tail -n 0 a.txt
tail -c 5 a.txt
tail -c +5 a.txt
tail -c 500 a.txt
tail -c -3 a.txt
tail -2c a.txt
tail +28 long
tail -1 a.txt b.txt
tail -n 1 a.txt b.txt c.txt
tail -n 1 a.txt nope b.txt
tail nope
tail d
tail -n 1 a.txt d b.txt
tail -q -n 1 a.txt b.txt
tail -v -n 1 a.txt
tail --lines=2 c.txt
tail -n x a.txt
tail -n
tail a.txt -2
tail -1 -2 a.txt
tail -5x a.txt
tail -n 2 c.txt
tail -n 1 blank
tail -n 2 b.txt
tail -z -n 1 ctl
tail -
tail -n 2 -
tail -c 4 utf
wc a.txt
wc
wc -
wc -l
wc -l a.txt
wc -w b.txt
wc -c b.txt
wc -m utf
wc -c utf
wc utf
wc -L b.txt utf
wc -L long
wc -lw a.txt
wc -wl a.txt
wc -cml utf
wc a.txt b.txt
wc -l a.txt long
wc -l a.txt nope
wc a.txt nope
wc nope
wc d
wc -l d
wc -l a.txt d
wc -lc empty empty
wc empty
wc -l empty
wc ctl
wc -w ctl
wc -L ctl b.txt
wc a.txt -
wc -l a.txt -
wc -c -
wc -lwc
wc -lL long
wc --lines a.txt
wc --bytes --chars utf
wc --foo
wc -x a.txt
wc -l *
wc long long long long
wc -c 'sp ace' 'no pe'
wc -lw long a.txt b.txt d/x.py pass log
""".strip().splitlines()
STDIN = "first\n\n second\tline \nthird wörd"


def mixtures() -> list[Case]:
    dice = random.Random(6)
    names = [name for name in FILES if name != "ctl"]
    made = []
    for _ in range(40):
        program = dice.choice(("head", "tail"))
        number = dice.choice(("", "-", "+")) + str(dice.randint(0, 9))
        made.append(Case((program, f"-{dice.choice('nnc')}", number, *dice.sample(names, dice.randint(1, 2))), STDIN))
        keys = "".join(dice.sample("lwcmL", dice.randint(1, 5)))
        made.append(Case(("wc", f"-{keys}", *dice.sample(names, dice.randint(1, 3))), STDIN))
    return made


def test_counting_equals_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN, locale) for line in LINES for locale in ("C.UTF-8", "C")]
    piped = [Case(one.words, one.stdin, one.locale, piped=True) for one in cases if one.words[0] == "wc"]
    redirected = [Case(one.words, one.stdin, one.locale, piped=False) for one in piped if one.locale == "C"]
    compare(COUNTING | ENDS, cases + piped + redirected + mixtures(), FILES, tmp_path).check(0.93)

"""sort and uniq print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools.sorting import TOOLS

LINES = r"""
sort dup
sort
sort -
sort a.txt b.txt
sort -r dup
sort -u dup
sort -ru dup
sort -f dup
sort -fu dup
sort -n nums
sort -nr nums
sort -nu nums
sort -g nums
sort -gr nums
sort -h sizes
sort -hr sizes
sort -k2 sizes
sort -k2h sizes
sort -V vers
sort -rV vers
sort -Vu vers
sort -M months
sort -Mr months
sort -k2M months
sort -b b.txt
sort -d pass
sort -i ctl
sort -df words
sort -s -k1,1 log
sort -k1,1 log
sort -k 2 log
sort -k2,2 -k1,1r log
sort -k3,3 -s log
sort -k3 log
sort -t, -k2 data.csv
sort -t, -k2,2 data.csv
sort -t , -k 3 -n data.csv
sort -t, -k3,3n data.csv
sort -t, -k3nr data.csv
sort -t, -k1,1n -k2,2r data.csv
sort -t, -nk1 data.csv
sort -t: -k3 -n pass
sort -t: -k3,3nr pass
sort -t: -k1.2,1.3 pass
sort -k1.3 words
sort -k1.2,1.4 words
sort -k2.2b words
sort -k 1,1b -k2 words
sort -bk2 words
sort -k1,2.3 words
sort -k2,1 words
sort -t '\t' b.txt
sort -t ab a.txt
sort -t '' a.txt
sort -t, -t: pass
sort -t '\0' pass
sort -k 0 a.txt
sort -k x a.txt
sort -k 1.0 a.txt
sort -k 1,0 a.txt
sort -k 1,x a.txt
sort -k 1,1,1 a.txt
sort -k2a a.txt
sort -nM a.txt
sort -nh a.txt
sort -dn a.txt
sort -k1n -k2h sizes
sort -k2 -n -d a.txt
sort -c dup
sort -c a.txt
sort -c empty
sort -C dup
sort -cu dup
sort -c -n nums
sort -c nope
sort -c a.txt b.txt
sort --check=quiet dup
sort --check dup
sort -m a.txt b.txt
sort -m sorted1 sorted2
sort -mu sorted1 sorted2
sort -mn sorted1 sorted2
sort -mr sorted1 sorted2
sort nope
sort nope a.txt
sort d
sort a.txt d
sort 'no pe'
sort -o out dup
sort -u -o dup dup
sort dup -o dup
sort -o d dup
sort -o nodir/x dup
sort -o out a.txt nope
sort --output=out -n nums
sort -z ctl
sort utf
sort -f utf
sort -d utf
sort -r utf
sort -k1.3 utf
sort --numeric-sort nums
sort --reverse --unique dup
sort --key=2 --field-separator=, data.csv
sort --sort=numeric nums
sort --sort=version vers
sort --parallel=2 dup
sort -S 10M dup
sort -R dup
sort -Q dup
sort --foo dup
sort -k
sort empty
sort blank c.txt
sort -n long
sort -k2n long
sort -k 2,2n long
sort -nk2 long
sort -rk2 long
sort -k2nr,2 -k1 counts
sort -k1,1nr -k2,2 counts
sort -nr counts
sort -rn -k1 counts
sort -k1nr counts
sort -su -k1,1 counts
sort -uk1,1 counts
sort -k1,1 -u counts
sort -k2,2 -k1,1n counts
sort -b -k2,2 counts
sort -k2.3,2.4 counts
sort -k 1.1,1.1 counts
sort -gk1 counts
uniq dup
uniq
uniq -
uniq -c dup
uniq -d dup
uniq -u dup
uniq -i dup
uniq -ci dup
uniq -cd dup
uniq -cu dup
uniq -du dup
uniq -D dup
uniq -iD dup
uniq -d -D dup
uniq --all-repeated=separate dup
uniq --all-repeated=prepend dup
uniq -f1 fields
uniq -f 1 -c fields
uniq -s 2 fields
uniq -w 1 fields
uniq -w 3 -c fields
uniq -f1 -s1 fields
uniq -f1 -w1 fields
uniq --group dup
uniq --group=prepend dup
uniq --group=append dup
uniq --group=both dup
uniq --group=separate empty
uniq --group=both empty
uniq -c nope
uniq d
uniq dup out
uniq -c dup out
uniq dup d
uniq dup a b
uniq -f x dup
uniq -w x dup
uniq -s -1 dup
uniq -cD dup
uniq -z ctl
uniq -q dup
uniq --foo dup
uniq -c blank
uniq -c c.txt
uniq -c utf
uniq --count --repeated dup
uniq -c --ignore-case dup
uniq empty
uniq -c long
""".strip().splitlines()
MORE = {
    "sizes": b"4.0K a\n12K b\n1.5M c\n0 d\n1G e\n100 f\n-1K g\n2k h\n1.5K i\n 3K j\n",
    "vers": b"v1.10\nv1.9\nv1.2\nfile-1.0.tar.gz\nfile-1.0.1.tar.gz\nfile-1.0~rc1.tar.gz\n1.0\n1.0.0\n01.0\na10\na9b\n"
    b"a09b\n.x\n..\n.\n\nimg12.png\nimg10.png\nimg2.png\nIMG1.png\n",
    "months": b"MAR a\njan b\nDec c\nfoo d\n feb e\nMarch f\n",
    "sorted1": b"1\n2\n3\n10\n",
    "sorted2": b"1\n3\n4\n",
    "counts": b"      3 foo\n      1 bar\n     10 baz\n      3 abc\n      3 foo\n",
    "fields": b"1 a x\n2 a x\n3 b x\n13 b y\n13 c y\n",
}
STDIN = "beta\nalpha\n\nalpha\nBeta"


def mixtures(count: int, seed: int) -> list[Case]:
    """Random keys on random lines."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        text = "".join("".join(dice.choices("aAbB12-.,  \t0K", k=dice.randint(0, 8))) + "\n" for _ in range(7))
        if dice.random() < 0.25:
            options = dice.sample(("-c", "-d", "-u", "-i", "-f1", "-s1", "-w2", "-D"), dice.randint(0, 3))
            made.append(Case(("uniq", *options), text.replace("A", "a").replace("-", "")))
            continue
        words = [
            "sort",
            *dice.sample(("-r", "-u", "-s", "-f", "-n", "-b", "-d", "-h", "-V", "-t,"), dice.randint(0, 2)),
        ]
        for _ in range(dice.randint(0, 2)):
            key = f"{dice.randint(1, 3)}" + dice.choice(("", "", ".2", ".1"))
            key += dice.choice(("", "", "n", "b", "r", "f", "nr", "V", "h", "d"))
            if dice.random() < 0.5:
                key += (
                    f",{dice.randint(1, 3)}" + dice.choice(("", "", ".2", ".1", ".0")) + dice.choice(("", "", "b", "r"))
                )
            words += ["-k", key]
        made.append(Case(tuple(words), text))
    return made


def test_sorting_equals_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::3]]
    writing = [one for one in cases if " out" in str(one) or "-o " in str(one)]
    reading = [one for one in cases if one not in writing]
    compare(TOOLS, reading, {**FILES, **MORE}, tmp_path / "reading").check(0.93)
    compare(TOOLS, writing, {**FILES, **MORE}, tmp_path / "writing", writes=True).check(0.9)


def test_random_keys_sort_as_the_real_programs_do(tmp_path: Path) -> None:
    compare(TOOLS, mixtures(250, 3), {}, tmp_path).check(0.9)

"""fold, expand, unexpand, column, xxd, hexdump and od print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools import dumping, laying

TOOLS = dumping.TOOLS | laying.TOOLS
STDIN = "one two\tthree\n  four\n"
MORE = {
    "c": b"name age city\nalice 30 paris\nbob 5 ny\n\nx  y\n",
    "csv": b"a,b,c\n1,,3\nlong cell,2\n",
    "l": b"hello world this is a long line of text that goes on and on for more than eighty columns in total ok\n"
    b"short\n\n  indented para\nmore",
    "tb": b"a\tb\t\tc\n        x\n  y\tz\n",
    "zeros": bytes(70),
    "bn": b"ABC\n\x01\x02\x7f",
    "wide": b"a " + b"x" * 100 + b" b\n" + b"1 2 3\n",
}
LINES = """
column -t c
column -t
column -t -s, csv
column -t -s , -o ' | ' csv
column -s, -t csv
column -t -s ':' pass
column -t words
column -t wide
column -t empty
column -t utf
column -t b.txt
column -t -o '' c
column c
column words
column long
column -c 40 long
column -x long
column -x -c 50 words
column nope
column -t -N A,B c
column -J c
column --table --separator , csv
fold l
fold -w 20 l
fold -sw 20 l
fold -s -w 5 l
fold -20 l
fold -bw 10 tb
fold -w 10 tb
fold -bsw 7 l
fold --width=30 --spaces l
fold -w 1 words
fold -w x l
fold -w 10
fold nope l
fold -s -w 8 ctl
fold -w 6 utf
expand tb
expand -t 4 tb
expand -t4 tb
expand -i tb
expand -i -t 3 tb
expand -t 2,6 tb
expand -t '2 6' tb
expand --tabs=3 tb
expand -t x tb
expand -t 0 tb
expand -t 6,2 tb
expand
expand nope tb
expand ctl
unexpand tb
unexpand -a tb
unexpand -t 4 tb
unexpand -t 3 tb
unexpand -a -t 2,6 tb
unexpand --first-only -t 4 tb
unexpand -a l
unexpand nope
xxd l
xxd bn
xxd zeros
xxd -p l
xxd -p bn
xxd -ps bn
xxd -l 8 l
xxd -l 20 -c 8 l
xxd -c 8 l
xxd -c 5 l
xxd -u bn
xxd -s 4 l
xxd -g 1 l
xxd -g 4 l
xxd -g 3 l
xxd -g1 -c4 bn
xxd -p -c 4 l
xxd -p -l 16 l
xxd nope
xxd
xxd empty
xxd utf
xxd -i bn
xxd -b bn
hexdump bn
hexdump l
hexdump -C bn
hexdump -C l
hexdump -C zeros
hexdump zeros
hexdump -v zeros
hexdump -n 5 -C l
hexdump -s 2 -C bn
hexdump -c bn
hexdump -b bn
hexdump -d bn
hexdump -o bn
hexdump -x bn
hexdump -c l
hexdump nope
hexdump -C
hexdump empty
hexdump -C utf
hexdump -C a.txt words
hd bn
od bn
od l
od -c bn
od -c l
od -x bn
od -An -c bn
od -t x1 bn
od -An -tx1 bn
od -A x -t x1z bn
od -A x -t x1z l
od -A d -c l
od -a bn
od -An -t a bn
od -b bn
od -d bn
od -s bn
od -i bn
od -o l
od -N 5 -c l
od -j 3 -c bn
od -An -N16 -tx1 -w16 -v zeros
od -c zeros
od -v -c zeros
od -tu1 bn
od -td1 utf
od -tu2 l
od -td2 l
od -tx4 l
od -tu4 l
od -td4 l
od -tx8 l
od -to4 l
od -tc bn
od -w4 -c bn
od -w8 -tx1 l
od nope
od nope bn
od empty
od -c
od -c utf
od -An -vtx1 l
od --address-radix=n --format=x1 bn
""".strip().splitlines()


def mixtures(count: int, seed: int) -> list[Case]:
    """Blanks and tabs in every mixture."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        text = "".join("".join(dice.choices("ab \t  \t", k=dice.randint(0, 30))) + "\n" for _ in range(4))
        width = str(dice.randint(1, 12))
        line = dice.choice((
            ["unexpand", "-a"], ["unexpand", "-t", width], ["unexpand"], ["expand", "-t", width], ["expand", "-i"],
            ["fold", "-w", width], ["fold", "-sw", width], ["fold", "-bsw", width],
            ["unexpand", "-t", f"3,7,{8 + int(width)}"],
            ["expand", "-t", f"3,7,{8 + int(width)}"], ["column", "-t"], ["column", "-t", "-s", "a"],
            ["xxd", "-c", width],
            ["hexdump", "-C"], ["od", "-An", "-c", f"-w{width}"], ["od", "-tx1", f"-w{width}"],
        ))  # fmt: skip
        made.append(Case(tuple(line), text))
    return made


def test_layout_and_dumps_equal_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::4]]
    compare(TOOLS, cases, {**FILES, **MORE}, tmp_path / "all").check(0.9)


def test_random_blanks_are_laid_out_as_the_real_programs_do(tmp_path: Path) -> None:
    compare(TOOLS, mixtures(250, 6), {}, tmp_path / "random").check(0.9)

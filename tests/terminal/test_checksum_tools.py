"""cksum, sum, b2sum, base32, split and strings do what the real ones do."""

from __future__ import annotations

from pathlib import Path

from real_programs import case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools import checksums, dumping, splitting

TOOLS = checksums.TOOLS | splitting.TOOLS | {"strings": dumping.strings}
STDIN = "one two\n"
MORE = {
    "bin": bytes(range(1, 128)),
    "nul": b"abcd\0efgh\1ijk\0lmnop\tq",
    "many": b"".join(b"%d\n" % number for number in range(720)),
}
LINES = """
cksum a.txt
cksum a.txt long nope
cksum
cksum empty
cksum bin nul
cksum -a crc long
cksum -a bsd long
cksum -a sysv long
cksum -a sha256 long
cksum 'sp ace'
sum a.txt
sum a.txt long
sum -r long
sum -s long bin
sum --sysv long
sum
sum nope
sum empty
b2sum a.txt
b2sum -l 128 a.txt
b2sum
b2sum nope a.txt
base32 a.txt
base32 -w 8 a.txt
base32 -w 0 a.txt
base32
base32 nope
base32 empty
base32 a.txt b.txt
base32 --wrap=20 long
split long
split -l 10 long
split -10 long
split -l 10 long part_
split -b 50 long
split -b 1K long
split -d -l 10 long
split -a 3 -l 7 long
split -a 1 -l 10 long
split -l 10 --additional-suffix=.txt long
split --lines=20 --numeric-suffixes long num
split --verbose -l 15 long
split -l 1 many
split -d -l 6 many n
split -l 2 c.txt
split empty
split -
split -l 1
split nope
split -l x long
split -b x long
split -l 1 -b 1 long
split a b c
strings a.txt
strings long
strings nul
strings -n 3 nul
strings -n 5 nul
strings -t x long
strings -t d nul
strings -a bin
strings ctl
strings nope
strings empty
""".strip().splitlines()


def test_checksums_and_pieces_equal_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::3]]
    compare(TOOLS, cases, {**FILES, **MORE}, tmp_path / "all", writes=True).check(0.9)

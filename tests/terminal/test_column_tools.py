"""cut, tr, paste, tee, comm and join print what the real ones print."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools import cutting, joining, tr

TOOLS = cutting.TOOLS | joining.TOOLS | tr.TOOLS
LINES = r"""
cut -d: -f1 pass
cut -d : -f 1,3 pass
cut -d: -f1-3 pass
cut -d: -f3- pass
cut -d: -f-2 pass
cut -d: -f 2,1 pass
cut -d: -f1,1,2 pass
cut -d' ' -f1 words
cut -d ' ' -f2- words
cut -d, -f2 data.csv a.txt
cut -sd, -f2 data.csv a.txt
cut -f1 b.txt
cut -f2 b.txt
cut -c1 words
cut -c1-3 words
cut -c 5- words
cut -c-4 words
cut -c1,3,5 words
cut -b1-3 words
cut -b 1-2,2-4 words
cut -c2-4 utf
cut -c1-3 utf
cut --complement -d: -f2 pass
cut --complement -c1-3 words
cut -d: -f1,3 --output-delimiter=' - ' pass
cut -c1-2,4-5 --output-delimiter=: words
cut -c1-2,3-4 --output-delimiter=: words
cut -d: -f1 nope pass
cut -d: -f1 d
cut -f
cut pass
cut -d: pass
cut -f1 -d ab pass
cut -b1 -f1 pass
cut -c3-1 pass
cut -cx pass
cut -f x pass
cut -f0 pass
cut -f- pass
cut -f '' pass
cut -f1-- pass
cut -c1 -d: pass
cut -c1 -s pass
cut -d '' -f1 pass
cut -d: -f1
cut -d ' ' -f1 -
cut -f1 --foo
cut -Q
cut -d: --fields=1 pass
cut --delimiter=: -f7 pass
cut -z -f1 ctl
cut -c1-5 c.txt
cut -d' ' -f1 c.txt
cut -nb1 words
cut -d '→' -f1 utf
cut -f 1 2 pass
tr a-z A-Z
tr 'a-z' 'A-Z'
tr '[:lower:]' '[:upper:]'
tr '[:upper:]' '[:lower:]'
tr -d '\n'
tr -d ' '
tr -d 'aeiou'
tr -d '[:digit:]'
tr -d '[:space:]'
tr -d '[:punct:]'
tr -cd '[:alnum:]'
tr -cd '0-9\n'
tr -dc 'a-zA-Z \n'
tr -s ' '
tr -s '\n'
tr -s 'a-z'
tr -s '[:space:]' '\n'
tr -sc '[:alnum:]' '\n'
tr -cs 'A-Za-z' '[\n*]'
tr -cs '[:alnum:]' '[\n*]'
tr -c '[:alnum:]' '_'
tr -c '[:alnum:]\n' '_'
tr ' ' '\n'
tr '\n' ' '
tr '\t' ' '
tr ',' '\n'
tr abc xyz
tr abc x
tr abc 'x-z'
tr -t abc x
tr 'a-c' '[x*]'
tr 'abcd' '[x*2]y'
tr 'abcd' '[x*02]y'
tr '[a-c]' '[x-z]'
tr '\101' x
tr '\\' /
tr / '\\'
tr 'e' '\n'
tr -- '-' '_'
tr '_-' '-_'
tr 'a-' 'xy'
tr '[:lower:]' '[:digit:]'
tr a '[:upper:]'
tr a-z '[:upper:]'
tr '[:foo:]' x
tr z-a b
tr a ''
tr a
tr
tr -d
tr -d a b
tr -ds a
tr -ds a b
tr a b c
tr -s
tr '[=a=]' x
tr '[::]' x
tr '[=ab=]' x
tr '[a*x]' b
tr 'a[x*]' b
tr 'a\' b
tr -Q a
tr '\q' x
tr -d 'é'
tr 'é' 'e'
tr 'o' 'ö'
tr A-Z a-z
tr '[:lower:][:upper:]' '[:upper:][:lower:]'
tr 'a[:lower:]' 'x[:upper:]'
tr -c a '[:upper:]'
tr '[:alpha:]' x
tr '\200-\377' x
tr -d '\000-\037'
tr -cd '\11\12\15\40-\176'
tr '()' '[]'
tr '{}' '()'
tr '"' "'"
tr -d '"'
tr -d "'"
tr 'a-zA-Z' 'n-za-mN-ZA-M'
tr '[A-Za-z]' '[N-ZA-Mn-za-m]'
tr '!-~' 'P-~!-O'
tr --delete a
tr --squeeze-repeats ' '
tr a b --foo
paste a.txt dup
paste a.txt c.txt b.txt
paste -d, a.txt dup
paste -d ',;' a.txt dup words
paste -d '' a.txt dup
paste -d '\n' a.txt dup
paste -d '\t' a.txt dup
paste -d '\' a.txt dup
paste -d '\q' a.txt dup
paste -d '\0' a.txt dup
paste -s a.txt
paste -s a.txt dup
paste -sd, a.txt
paste -sd+ a.txt
paste -s -d ',;' a.txt
paste -sd '\n' a.txt
paste -d ' ' - -
paste - - -
paste -s
paste -sd, -
paste
paste - a.txt
paste a.txt -
paste nope a.txt
paste -s nope a.txt
paste -s empty
paste empty a.txt
paste empty empty
paste -s blank
paste -d
paste -z a.txt dup
paste --delimiters=, --serial a.txt
paste utf a.txt
tee out
tee -a a.txt
tee out1 out2
tee
tee d
tee nodir/x out
tee -Q
tee --append a.txt out
tee -
tee -i out
comm s1 s2
comm -12 s1 s2
comm -23 s1 s2
comm -13 s1 s2
comm -3 s1 s2
comm -1 s1 s2
comm -123 s1 s2
comm dup s1
comm s1 dup
comm -3 dup a.txt
comm -12 dup a.txt
comm dup dup
comm --check-order dup dup
comm --nocheck-order dup s1
comm --total s1 s2
comm --output-delimiter=, s1 s2
comm nope s1
comm s1 nope
comm d s1
comm s1
comm
comm s1 s2 s1
comm - s1
comm empty s1
comm s1 s1
comm c.txt s1
join s1 s2
join j1 j2
join -a1 j1 j2
join -a 1 -a 2 j1 j2
join -v1 j1 j2
join -v 2 j1 j2
join -t, j3 j4
join -t , -1 2 -2 1 j3 j4
join -1 2 -2 2 j1 j2
join -j 1 j1 j2
join -o 1.1,2.2 j1 j2
join -o '1.1 2.2 0' j1 j2
join -o auto -a1 -e NA j1 j2
join -e NA -a1 -a2 -o 0,1.2,2.2 j1 j2
join -i j1 j2
join --header j1 j2
join -t: j1 j2
join j2 j1
join dup j1
join j1 dup
join dup dup
join --check-order dup dup
join --nocheck-order dup j1
join j1
join
join j1 j2 j1
join nope j1
join d j1
join -t ab j1 j2
join -1 0 j1 j2
join -1 x j1 j2
join empty j1
join -a2 empty j1
join - j1
join u1 u2
join -a1 u1 u2
join -t, unsorted.csv j4
""".strip().splitlines()
MORE = {
    "s1": b"a\nb\nc\nd\n",
    "s2": b"b\nc\nc\ne\n",
    "j1": b"1 one x\n2 two y\n2 zwei z\n3 three\n",
    "j2": b"1 eins\n2  deux\n2 two\n4 four w\n",
    "j3": b"1,a,x\n2,b,\n3,c,z\n",
    "j4": b"a,10\nb,20\n1,99\n",
    "u1": b"b 1\na 2\nc 3\nd 1\n",
    "u2": b"a 1\nb 2\nd 3\nc 4\n",
    "unsorted.csv": b"b,1\na,2\n",
}
STDIN = "Beta  alpha\n\nab-c_d (12), \"x\" 'y'\tend\naabbcc [z] {q} naïve\n"


def mixtures(count: int, seed: int) -> list[Case]:
    """Random sets for tr, lists for cut, and unsorted files for join and comm."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        text = "".join("".join(dice.choices("abcABC12 ,-_[]\t", k=dice.randint(0, 12))) + "\n" for _ in range(5))
        kind = dice.random()
        if kind < 0.5:
            pieces = ("a", "b", "A-C", "a-c", "1", "[:lower:]", "[:upper:]", "[:digit:]", "[:space:]", "[x*]", "[y*2]",
                      "\\n", "-", "[", "]", "\\-", "0-9", "[=a=]", " ", "_")  # fmt: skip
            sets = ["".join(dice.choices(pieces, k=dice.randint(1, 3))) for _ in range(dice.choice((1, 2, 2, 2)))]
            options = dice.choice((["-d"], ["-s"], ["-c"], ["-cd"], ["-cs"], ["-t"], ["-ds"], [], [], []))
            made.append(Case(("tr", *options, "--", *sets), text))
        else:
            items = (f"{dice.randint(1, 6)}", f"{dice.randint(1, 3)}-{dice.randint(3, 7)}", f"-{dice.randint(1, 4)}",
                     f"{dice.randint(2, 6)}-")  # fmt: skip
            chosen = ",".join(dice.choices(items, k=dice.randint(1, 3)))
            extra = dice.choice(([], [], ["--complement"], ["--output-delimiter=;"], ["--complement", "--output-d=:"]))
            mode = dice.choice((["-c"], ["-b"], ["-d,", "-f"], ["-d ", "-f"], ["-s", "-d ", "-f"]))
            made.append(Case(("cut", *extra, *mode, chosen), text))
    return made


def pairs(count: int, seed: int) -> tuple[list[Case], dict[str, bytes]]:
    """Random small files, mostly unsorted, for join and comm."""
    dice = random.Random(seed)
    files = {}
    for number in range(12):
        lines = ["".join(dice.choices("abc", k=dice.randint(1, 2))) + dice.choice(("", " x", " y z")) for _ in range(5)]
        files[f"f{number}"] = (
            "\n".join(sorted(lines) if number % 3 == 0 else lines[: dice.randint(1, 5)]) + "\n"
        ).encode()
    made = []
    for _ in range(count):
        program = dice.choice(
            (["comm"], ["join"], ["join", "-a1"], ["join", "-v2"], ["join", "-a1", "-a2"], ["comm", "-3"])
        )
        made.append(Case((*program, *dice.choices(list(files), k=2))))
    return made, files


def test_columns_equal_the_real_programs(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::4]]
    compare(TOOLS, cases, {**FILES, **MORE}, tmp_path / "all", writes=True).check(0.93)


def test_random_sets_and_lists_are_read_as_the_real_programs_do(tmp_path: Path) -> None:
    compare(TOOLS, mixtures(300, 4), {}, tmp_path / "sets").check(0.9)
    cases, files = pairs(120, 5)
    compare(TOOLS, cases, files, tmp_path / "pairs").check(0.9)

"""grep prints what the real one prints."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools.grep import TOOLS

LINES = r"""
grep foo words
grep -n foo words
grep -i foo words
grep -in foo words
grep -v foo words
grep -c foo words
grep -vc foo words
grep -w foo words
grep -wn foo words
grep -x foo words
grep -x 'foo bar foo' words
grep -o foo words
grep -on foo words
grep -ow foo words
grep -io foo words
grep -ob foo words
grep -q foo words
grep -q nope words
grep -q foo nope words
grep -q foo words nope
grep -s foo nope
grep -l foo words a.txt
grep -L foo words a.txt
grep -L foo words
grep -lv foo words a.txt
grep -lc foo words a.txt
grep -h foo words a.txt
grep -H foo words
grep -Hn foo words
grep -c foo words a.txt
grep -m 1 foo words
grep -m1 -n foo words
grep -m 0 foo words
grep -m1 -A3 foo words
grep -m 2 -nA2 o long
grep -A 1 foo words
grep -A1 -n foo words
grep -B 1 foo words
grep -B1 -n end words
grep -C 1 end words
grep -C1 'line 5' long
grep -2 'line 1[05]' long
grep -n -A1 -B2 'line [38] ' long
grep -A0 foo words
grep -12 'line 15' long
grep --context=1 fox words
grep --no-group-separator -A1 'line [15] ' long
grep --group-separator=XX -A1 'line [15] ' long
grep -A1 foo words a.txt b.txt
grep -A1 -c foo words
grep -oA1 foo words
grep -nb foo words
grep -e foo -e fox words
grep -e foo words -e end
grep -f pats words
grep -f empty words
grep -f nope words
grep -vf pats words
grep -F foo words
grep -F . data.csv
grep -F '1.5' data.csv
grep -Fi FOO words
grep -Fw foo words
grep -Fx foo words
grep -Fo foo words
grep -Fxf pats words
grep -F -e foo -e foobar -o words
grep -E 'foo|fox' words
grep -E '(foo|bar)+' words
grep -oE '(foo|foobar)' words
grep -oE 'foo|foobar' words
grep -oE '[a-z]+_?[a-z]+' words
grep -oE '\b[a-z]{3}\b' words
grep -oE '[0-9]+' data.csv
grep -oE '[0-9]+\.[0-9]+' data.csv
grep -E '^[0-9]+,' data.csv
grep -E ',$' data.csv
grep -E '^.{5}$' words a.txt
grep -E 'o{2}' words
grep -E 'o{3,}' words
grep -oE 'ERROR|WARN' log
grep -cE '(ERROR|WARN)' log
grep -oE '[0-9]{2}:[0-9]{2}:[0-9]{2}' log
grep -E '\[[0-9]+ms\]' log
grep -E '\(code [0-9]+\)' log
grep -oE '([0-9]{1,3}\.){3}[0-9]{1,3}' ips
grep -oE '\b([0-9]{1,3}\.){3}[0-9]{1,3}\b' ips
grep 'fo\+' words
grep 'fo\{2\}' words
grep 'foo\|fox' words
grep '\(fo*\)bar' words
grep '\(.\)\1' words
grep -o '\(.\)\1' words
grep -E '(.)\1' words
grep '^foo' words
grep 'foo$' words
grep '^$' b.txt
grep -c '^$' b.txt blank
grep -v '^$' b.txt
grep -n '' words
grep '' empty
grep . b.txt
grep -c . b.txt
grep '\.' data.csv
grep '[[:digit:]]' data.csv
grep '[[:space:]]' b.txt
grep -E '^[[:space:]]*$' b.txt
grep '[^a-z]' words
grep '[A-Z]' words
grep -v '[0-9]' nums
grep '\bfoo\b' words
grep '\<foo' words
grep 'foo\>' words
grep '\bfoo' words
grep 'o\B' words
grep '\w\+' words
grep -o '\w\+' words
grep -oE '\w+' log
grep '\s' words
grep -o '\S*' words
grep '\d' data.csv
grep -E '\d+' data.csv
grep 'a\-b' words
grep '\/' pass
grep 'x:' pass
grep -E '^(root|dev):' pass
grep -oE '^[^:]+' pass
grep -o '[^:]*$' pass
grep '[:space:]' words
grep '[[:foo:]]' words
grep '\(' words
grep -E '(' words
grep -E ')' words
grep '\)' words
grep '[b-a]' words
grep 'x\' words
grep 'a\{1' words
grep '\1' words
grep '*' words
grep '*foo' words
grep '^*foo' words
grep -E 'foo*?' words
grep -oE 'f.*?o' words
grep 'a**' words
grep 'foo*' words
grep '$foo' words
grep 'a^b' words
grep 'foo\.' words
grep 'f[o.]o' words
grep 'f[]o]o' words
grep 'f[^]x]o' words
grep '[a-]' words
grep '[\.]' data.csv
grep -P '\d+' data.csv
grep -oP '\d+' data.csv
grep -oP '(?<=id=)\d+' log
grep -oP 'id=\K\d+' log
grep -oP '\w+(?=:)' log
grep -P '^\s*$' b.txt
grep -oP 'f.*?o' words
grep -P 'foo(?!bar)' words
grep -P '(?i)foo' words
grep -oP '[[:alpha:]]+' log
grep -cP '\t' b.txt
grep -oP '"\K[^"]+' words
grep -oP '(?<year>\d{4})-\d\d' log
grep -P 'foo\b' words
grep -iP 'FOO' words
grep -wP 'foo' words
grep foo
grep ird
grep -c ''
grep second -
grep -n second - a.txt
grep -H second
grep --label=in -H second
grep foo d
grep foo d words
grep -s foo d
grep -c foo d words
grep -d skip foo d words
grep -r hello
grep -r hello .
grep -r hello d
grep -rn hello d/
grep -rl hello .
grep -rc hello d
grep -rh hello d
grep -ri HELLO d/e
grep -r hello d/x.py
grep -rn TODO d
grep -rn foo d/e
grep -rL hello d
grep -r --include='*.py' hello .
grep -rn --include=*.py main .
grep -r --include='*.txt' --include='*.py' -l o d
grep -r --exclude='*.py' hello .
grep -r --exclude-dir=e hello .
grep -r --exclude-dir=d hello .
grep -rq hello .
grep -r nothing_like_that .
grep -R hello d
grep -r hello d nope
grep foo nope
grep foo nope words
grep foo 'no pe'
grep z ctl
grep -a z ctl
grep -s z ctl
grep -q z ctl
grep -c z ctl
grep -v z ctl
grep -n z ctl words
grep -o z ctl
grep é utf
grep -o 'ö.' utf
grep -i ÜBER utf
grep -c '^.\{8\}$' utf
grep -o '.' utf
grep -o '日.' utf
grep '[ïö]' utf
grep -v '[[:alpha:]]' utf
grep -ow 'caf.' utf
grep -o 'w*' words
grep -P é utf
grep
grep -e
grep -Q foo words
grep --foo foo words
grep -A x foo words
grep -m x foo words
grep -E -F foo words
grep --color foo words
grep --color=auto foo words
grep --color=never foo words
grep -- -3 nums
grep -e -3 nums
grep '-3' nums
grep -nr
grep --line-number --ignore-case foo words
grep --count foo words
grep --invert-match foo words
grep --only-matching 'fo*' words
grep --max-count=1 foo words
grep --recursive hello d/e
grep -y foo words
grep -Z -l foo words a.txt
grep -c foo words nope
grep -nH '' empty a.txt
grep -xv foo words
grep -vx 'foo bar foo' words
grep -vn -e foo -e fox words
grep -io 'foo\|bar' words
grep -ic error log
grep -i -A1 error log
grep 'INFO\|WARN' log
grep 'id=[0-9]*' -o log
grep -n -v '^#' d/x.py
grep -n 'def .*():' d/x.py
grep -c ^ a.txt
grep -o '^[^ ]*' log
grep -E -o '[a-z]+:' log
grep -x '' b.txt
grep -wc the words
grep -wic the words
grep -w 'foo|bar' words
grep -wE 'foo|bar' words
grep -owE 'fo+|bar_?' words
egrep 'foo|fox' words
egrep -o '[0-9]+' data.csv
egrep '(' words
fgrep . data.csv
fgrep -v foo words
""".strip().splitlines()
MORE = {"pats": b"foo\nend\n", "ips": b"host 192.168.1.10 up\n10.0.0.1 and 10.0.0.254\n1.2.3\n999.1.1.1.5\n"}
STDIN = "first\n\n second\tline \nthird wörd"


def expression(dice: random.Random, depth: int, extended: bool) -> str:
    """A random expression over a small alphabet."""
    bar, opens, closes = ("|", "(", ")") if extended else ("\\|", "\\(", "\\)")

    def atom() -> str:
        kind = dice.random()
        if depth and kind < 0.25:
            return opens + expression(dice, depth - 1, extended) + closes
        if kind < 0.35:
            return dice.choice((".", "[ab]", "[^a]", "[a-c]", "\\w", "\\W", "\\b", "\\<", "\\>", "[[:alpha:]]"))
        return dice.choice("abc ")

    def piece() -> str:
        made = atom()
        if made not in ("\\b", "\\<", "\\>") and dice.random() < 0.35:
            braces = ("{1,2}", "{2}", "{,2}", "{1,}")
            made += dice.choice(("*", "+", "?", *braces) if extended else ("*", "\\+", "\\?", "\\{1,2\\}", "\\{2\\}"))
        return made

    branches = ["".join(piece() for _ in range(dice.randint(1, 4))) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
    text = bar.join(branches)
    if depth == 2 and dice.random() < 0.15:
        text = "^" + text
    return text + "$" if depth == 2 and dice.random() < 0.15 else text


def mixtures(count: int, seed: int) -> list[Case]:
    """Random expressions, searched in random lines with options that show where they match."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        extended = dice.random() < 0.6
        pattern = expression(dice, 2, extended)
        text = "".join("".join(dice.choices("aabbc _", k=dice.randint(0, 9))) + "\n" for _ in range(6))
        options = dice.choice(("-o", "-on", "-n", "-ow", "-nw", "-x", "-c", "-oi", "-v"))
        made.append(Case(("grep", *(("-E",) if extended else ()), options, "-e", pattern), text))
    return made


def test_grep_equals_the_real_program(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::2]]
    compare(TOOLS, cases, {**FILES, **MORE}, tmp_path).check(0.93)


def test_random_expressions_match_where_the_real_grep_matches(tmp_path: Path) -> None:
    compare(TOOLS, mixtures(300, 1), {}, tmp_path).check(0.8)

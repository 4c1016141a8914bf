"""sed prints and writes what the real one prints and writes."""

from __future__ import annotations

import random
from pathlib import Path

from real_programs import Case, case, compare
from text_world import FILES

from nextstate.domains.terminal.kernel.tools.sed import TOOLS

LINES = r"""
sed '2a foo' tt
sed '2a   foo' tt
sed '2a\foo' tt
sed '2a\  foo' tt
sed '2a\' tt
sed '2a foo\nbar' tt
sed '2a foo\tbar' tt
sed '2a\tfoo' tt
sed '2a\ttfoo' tt
sed '2a \tfoo' tt
sed '2a\\tfoo' tt
sed '2a foo\' tt
sed '2a foo\\' tt
sed '2a foo\\bar' tt
sed '2a foo\.bar\qx' tt
sed '2a foo;p' tt
sed '2{a foo}' tt
sed -e '2{a foo' -e '}' tt
sed '2a' tt
sed '2a ' tt
sed '$a end' tt
sed '2i foo' tt
sed '2i\  foo' tt
sed '2c foo' tt
sed '2,3c foo' tt
sed '2!c foo' tt
sed '/t/c foo' tt
sed '$!N;2c foo' tt
sed -n '2c foo' tt
sed '1,2!c foo' tt
sed '2,+1c\' -e 'foo' tt
sed -e '2a\' -e 'foo' tt
sed '1~2d' tt
sed '0~2d' tt
sed '2~0p' tt
sed '0d' tt
sed '0,/t/d' tt
sed '1,/one/d' tt
sed '0,/one/d' tt
sed '2,1p' tt
sed '2,+0p' tt
sed '1,~2p' tt
sed '2,~2p' tt
sed -n '$=' tt
sed -n '/t/=' tt
sed -n 'l' tt
sed -n 'l 3' tt
sed '2q' tt
sed '2q5' tt
sed '2Q' tt
sed '2Q 7' tt
sed 'q x' tt
sed 's/o/X/2' tt
sed 's/e/X/2g' tt
sed 's/o/X/p' tt
sed -n 's/o/X/p' tt
sed 's/o/X/gp;s/a/b/' tt
sed 's/o/X/ ; s/e/Y/' tt
sed 's/o/X/ p' tt
sed 's/o/X/}' tt
sed 's/o/X' tt
sed 's/o' tt
sed 's/o/X/k' tt
sed 's/o/X/gg' tt
sed 's/o/X/0' tt
sed 's/o/X/12 3' tt
sed 's/\(o/X/' tt
sed -E 's/(o/X/' tt
sed -E 's/o)/X/' tt
sed 's/o\)/X/' tt
sed 's/[/X/' tt
sed 's/[/]/X/' tt
sed 's/o/\1/' tt
sed 's/\(o\)/\2/' tt
sed -E 's/*o/X/' tt
sed 's/*o/X/' tt
sed 's/o\{1/X/' tt
sed -E 's/o{1/X/' tt
sed -E 's/o{x/X/' tt
sed 's/a**/X/' tt
sed '/o' tt
sed '/(/p' -E tt
sed -n -E '/(/p' tt
sed -n '/[/p' tt
sed '1' tt
sed '1,' tt
sed '1,p' tt
sed 'k' tt
sed 'pp' tt
sed 'p x' tt
sed '{p' tt
sed 'p}' tt
sed '1!!p' tt
sed '1 ! p' tt
sed '1,2=' tt
sed '1,2q' tt
sed ':' tt
sed ':a b' tt
sed '1:a' tt
sed 'b foo' tt
sed 'ba}' tt
sed '}' tt
sed 'y/abc/de/' tt
sed 'y/ot/O\n/' tt
sed 'y/o' tt
sed 'y/o/x/g' tt
sed '1#foo' tt
sed '#n' tt
sed -n '#n' tt
sed '#no' tt
sed '' tt
sed tt
sed
sed --foo
sed -n
sed p nope tt
sed p d
sed -n p d tt
sed -i p nope
sed -i p d
sed 's//X/' tt
sed '/o/s//X/g' tt
sed '/o/!s//X/g' tt
sed 's/o/X/;s//Y/' tt
sed 's/o/[&]/;s/w/[\&]/' tt
sed 's/o/a\nb/' tt
sed 's/o/a\tb/' tt
sed 's/o/\x41/' tt
sed 's/\x6f/X/' tt
sed 's/\d111/X/' tt
sed 's/\o157/X/' tt
sed 's/\d/X/' tt
sed 's/\x/X/' tt
sed 's/./\x26/' tt
sed 's/\x5e/X/' tt
sed 's/o/\d065/' tt
sed 's/\(.*\)/\U\1/' tt
sed 's/\(.\)\(.*\)/\u\1\U\2\Ex/' tt
sed 's/\(.\)\(.*\)/\l\U\1\2/' tt
sed 's/\(.\)\(.*\)/\U\l\1\2/' tt
sed 's/\(.\)\(.*\)/\u\L\1\2/' tt
sed 's/\(x*\)\(.*\)/\u\1\2/' tt
sed 's/.*/\Uab\Ecd\uef/' tt
sed 's,o\,t,X,' tt
sed 's|o\|t|X|g' tt
sed -E 's|o\|t|X|g' tt
sed 's+o\+t+X+g' tt
sed 's.o\.t.X.g' tt
sed 's&o&[\&]&' tt
sed 'sxoxXx' tt
sed 's o X ' tt
sed 's/o/X/w out' tt
sed -n '1w out' tt
sed '1r d' tt
sed '1r nope' tt
sed '1r jj' tt
sed '$!{h;d};x;G' tt
sed -n '$!{h;d};x;G;p' tt
sed '1!G;h;$!d' tt
sed 'N;P;D' tt
sed 'N;a X' tt
sed '$!N;a X' tt
sed 'n;d' tt
sed 'N;N;s/\n/,/g' tt
sed ':a;N;$!ba;s/\n/,/g' tt
sed -n 'x;p;x' tt
sed '1F' tt
sed 1z tt
sed '2e echo hi' tt
sed 's/one/echo hi/e' tt
sed -s -n '$=' tt tt
sed -n '$=' tt tt
sed 'v 4.2' tt
sed '2{p;p' tt
sed 's/a/b/;;p' tt
sed -f nope tt
sed -e
sed --expression='s/o/X/' tt
sed -ne 2p tt
sed -n 2p -- tt
sed -n '2{p}' tt
sed -n '2{p;}' tt
sed -n '/two/,/nope/p' tt
sed -n '2,$!p' tt
sed '/^$/d;s/^/> /' tt
sed 's/$/\r/' tt
sed -n '/o/I p' tt
sed -n '/O/Ip' tt
sed -n '\,o,p' tt
sed -n '\xoxp' tt
sed 's/O/x/I' tt
sed 's/T/x/i' tt
sed --posix 's/o\+/X/' tt
sed -n '2p;2q' tt
sed '1d;n;d' tt
sed '$d' tt
sed '$!d' tt
sed -u 1d tt
sed 'a\' -e 'x' tt
sed '/a/b;s/o/X/' tt
sed 's/o/X/;ta;s/e/Y/;:a' tt
sed 's/o/X/;t;s/e/Y/' tt
sed 'T;s/e/Y/' tt
sed '2!{s/o/X/}' tt
sed '2 s/t/X/' tt
sed '  2   p  ' tt
sed -z 's/\n/,/g' tt
sed 's/\n/,/' tt
sed 's/[\n]/,/' tt
sed 'N;s/[\n]/,/' tt
sed 'N;s/[^\n]*/X/' tt
sed 'N;s/^t/X/M;s/e$/Y/Mg' tt
sed 's/\bt/X/g;s/\w\+/[&]/' tt
sed 's/[[:space:]]*$//' tt
sed 's/\s*$//' tt
sed 's/./&&/3' tt
sed = tt
sed -n '$p' tt empty
sed -E 's/\d+/X/g' vv
sed 's/\d/X/g' vv
sed 's/[\/]/X/g' vv
sed 's/[/\]/X/g' vv
sed 's/[\\]/X/g' vv
sed 's/[^/]*/X/' vv
sed 's/[]/]/X/g' vv
sed 's/[^]/]/X/g' vv
sed 's/[[:alpha:]/]/X/g' vv
sed 's/[\]/X/g' vv
sed 's/\[/X/g' vv
sed 's/\[[^]]*\]/X/g' vv
sed 's,[,],X,' vv
sed 's/[a\nb]/X/g' vv
sed 's/[\t]/X/g' vv
sed 's/[\d]/X/g' vv
sed 's/[\]q]/X/g' vv
sed 's/[\.]/X/g' vv
sed -n '/[/]/p' vv
sed 's/x\/y/X/' vv
sed 's#x/y#X#' vv
sed 's|x/y|a\|b|' vv
sed 's/a/\//' vv
sed 's/a/x\&y/' vv
sed 's/a/x\\&y/' vv
sed 's/\(a\)\|\(q\)/[\1\2]/g' vv
sed 's/a\|d/X/2' vv
sed 's/x*/-/g' vv
sed 's/x*/-/2' vv
sed 's/x*/-/3g' vv
sed 's/\(o/X/;p' vv
sed 'p;s/\(o/X/ ; p' vv
sed -e p -e 's/\(o/X/' vv
sed -e p -e 'k' vv
sed -f s1 vv
sed p vv d
sed 'y/a/\//' vv
sed 'y,a\,b,xyz,' vv
sed 'y/a\\/xy/' vv
sed 'y/[/]/x/' vv
sed 's/a/b/w' vv
sed 'r' vv
sed 'w' vv
sed 'b' vv
sed ':a ;$!ba' vv
sed 'b a;:a' vv
sed 't a ; p; :a' vv
sed '{;p;}' vv
sed '{p};p' vv
sed '{p}p' vv
sed '{p} p' vv
sed '1{;;s/a/b/;}' vv
sed 's/a/b/I;s/B/c/i' vv
sed 's/a/b/m' vv
sed 's/a/b/e' vv
sed '/x/I,/y/Id' vv
sed '1,3{/a/d}' vv
sed '1~3d;2,~4p' vv
sed '1,2!{p}' vv
sed 1,1p vv
sed '$!{p}' vv
sed 'l 1' vv
sed 'l 0' vv
sed -l 5 l vv
sed -n l vv
sed --line-length=8 -n l vv
sed '1,+p' vv
sed '1~p' vv
sed '+1p' vv
sed '1,~0p' vv
sed 's/a/b/ # comment' vv
sed 'p # comment' vv
sed 'p;# comment' vv
sed 'y/a/b/ ; p' vv
sed '1d # c' vv
sed 'a foo # c' vv
sed -s 'F' vv tt
sed -n '$p' vv tt
sed -n '2p' vv tt
sed -s -n '1p' vv tt
sed -n --quiet p tt
sed -e 'i\' -e '  foo' tt
sed 'i\multi\nline' tt
sed '/t/,/t/s/^/#/' tt
sed '2,/x/{s/^/> /}' tt
sed 's/.$/\n&/' tt
sed 's/\(^\|x\)a/[\1]/' vv
sed -E 's/(a|ab)(c|bcd)?/[\1][\2]/' tt
sed 's/a$b/x/;s/a^b/y/' tt
sed -E 's/a|^/x/g' tt
sed 's/\n*$/!/' tt
sed 'G' tt
sed -n 'H;${x;s/\n/,/g;p}' tt
sed 'R jj' tt
sed 'w /dev/stdout' tt
sed -n 's/e/E/w /dev/stderr' tt
sed 'x;$G' tt
sed '/one/{n;s/t/T/}' tt
sed 'D' tt
sed 'P' tt
sed 'N;D' tt
sed '$!N;$!D' tt
sed -n '$!N;P' tt
sed 'c\' tt
sed '$!d;a end' tt
sed '1i\\tfoo' tt
sed '1i\    foo' tt
sed '1i    foo' tt
sed -n 's/.*id=\([0-9]*\).*/\1/p' log
sed -E 's/([0-9]+)-([0-9]+)-([0-9]+)/\3.\2.\1/' log
sed -E 's/^([^ ]+) ([^ ]+)/\2 \1/' log
sed 's/ERROR/\x27&\x27/' log
sed 's/\[.*\]//' log
sed 's/(code \([0-9]*\))/<\1>/' log
sed -n '/ERROR/p' log
sed '/INFO/d' log
sed -n '2,4p' log
sed -n '2,4!p' log
sed -n '/start/,/slow/p' log
sed '/start/,/slow/d' log
sed '/ERROR/s/^/! /' log
sed '/ERROR/!s/^/  /' log
sed '1d;$d' log
sed 's/^[ \t]*//' b.txt
sed 's/[ \t]*$//' b.txt
sed 's/^[[:space:]]*//;s/[[:space:]]*$//' b.txt
sed '/^$/d' b.txt
sed '/^\s*$/d' b.txt
sed 's/\r$//' b.txt
sed 's/\t/    /g' b.txt
sed -e 's/a/A/' -e 's/b/B/g' words
sed 's/foo/bar/2' words
sed 's/foo/[&]/g' words
sed 's/\(foo\)\(bar\)/\2\1/' words
sed -E 's/(foo)(bar)/\2\1/' words
sed -E 's/foo|bar/X/g' words
sed -E 's/(foo|foobar)/[\1]/g' words
sed -E 's/\b(.)/\u\1/g' words
sed 's/.*/\L&/' words
sed 's/.*/\U&/' words
sed 's/\w\+/\u&/g' words
sed 's/[aeiou]//g' words
sed 's/[^a-z]/_/g' words
sed y/abc/ABC/ words
sed = a.txt
sed -n '$=' long
sed -n '$p' long
sed '$!d' long
sed 5q long
sed -n '5{p;q}' long
sed -n '5p;5q' long
sed '1~5!d' long
sed -n '1~10p' long
sed '0~7!d' long
sed '10,$d' long
sed '3,$s/line/LINE/' long
sed '/line 5/,+2d' long
sed -n '/line 2$/,/line 4/p' long
sed -n '/line 29/,$p' long
sed '/line 3/,/line 5/!d' long
sed '2i\inserted' a.txt
sed '2a\appended' a.txt
sed '2c\changed' a.txt
sed '1i # header' a.txt
sed '$a # footer' a.txt
sed '/two/i before' a.txt
sed '/two/a after' a.txt
sed '/two/c changed' a.txt
sed '/two/,/four/c changed' a.txt
sed '$!N;s/\n/ /' a.txt
sed 'N;N;N;N;s/\n/-/g' a.txt
sed -n 'H;${x;s/\n/,/g;s/^,//;p}' a.txt
sed ':a;N;$!ba;s/\n/, /g' a.txt
sed '1!G;h;$!d' a.txt
sed -n '1!G;h;$p' a.txt
sed 'n;d' a.txt
sed '$!{N;D}' a.txt
sed -e :a -e '$q;N;3,$D;ba' long
sed '/^.\{4\}$/d' a.txt
sed -n '/^.\{4,\}$/p' a.txt
sed -E -n '/^.{3}$/p' a.txt
sed 's/,/\n/g' data.csv
sed 's/,/\t/g' data.csv
sed 's/,/ | /2' data.csv
sed 's/[^,]*,//' data.csv
sed 's/,[^,]*$//' data.csv
sed -E 's/^([^,]*),([^,]*)/\2,\1/' data.csv
sed -n 's/^\([^:]*\):.*:\([^:]*\)$/\1 \2/p' pass
sed 's|/bin/bash|/bin/sh|' pass
sed 's#/#\\#g' pass
sed 's/\/bin\/bash/X/' pass
sed 's/:.*//' pass
sed -n '/^root/p;/^dev/p' pass
sed 's/o/0/g;s/a/@/g' words
sed 's/$/ END/' c.txt
sed p c.txt
sed 'a x' c.txt
sed '$a x' c.txt a.txt
sed 'i x' c.txt
sed G c.txt
sed 's/n/N/w out' c.txt
sed 'w out' c.txt a.txt
sed -n 'p' c.txt a.txt
sed 'r a.txt' c.txt
sed 'r c.txt' a.txt
sed 'R c.txt' a.txt
sed '$r a.txt' a.txt
sed '/two/r c.txt' a.txt
sed '2r /dev/stdin' a.txt
sed '1e' a.txt
sed -s '$a ---' c.txt a.txt
sed -s '1i ---' c.txt a.txt
sed -i 's/o/0/g' a.txt
sed -i '2d' a.txt b.txt
sed -i.bak 's/one/ONE/' a.txt
sed -i '/^$/d' b.txt
sed -i '1i new' a.txt
sed -i '$a end' c.txt
sed -i 's/n/N/' c.txt
sed -i -e '1d' -e '$d' a.txt
sed -i '3q' a.txt
sed -i '3Q' a.txt b.txt
sed -i -n '2p' a.txt
sed -n -i '2p' a.txt
sed -i s/a/b/ nope a.txt
sed -i s/a/b/ d
sed -i 'w out' a.txt
sed -i 's/a/b/w /dev/stdout' a.txt
sed -i '' a.txt
sed -i p empty
sed -i 'N;N;s/\n/+/g' a.txt b.txt
sed -i '$!N;P;D' a.txt
sed -ibak_* 's/o/0/' a.txt
sed -i'.orig' '2,3s/t/T/' a.txt
sed --in-place=.x 1d a.txt
sed -f script.sed a.txt
sed -n -f script2.sed a.txt
sed -f bad.sed a.txt
sed -n l ctl
sed -n l utf
sed 's/é/e/' utf
sed 's/[ïü]/X/g' utf
sed 's/./X/g' utf
sed -E 's/(.)(.)/\2\1/' utf
sed 'y/éï/ei/' utf
sed 's/\w*/[&]/' utf
sed -z 's/\n/,/g' a.txt
sed -z 's/two\nthree/X/' a.txt
sed ''
sed p
sed -n p -
sed s/first/1st/ -
sed '2{s/x/y/;s/second/2nd/}'
sed '2{/second/{s/s/S/;p}}'
sed 's/a/b/;;;p'
sed '{p;p}'
sed '/a/,/b/{//!d}' dup
sed '/start/{n;s/ERROR/E/}' log
sed -n '/WARN/{=;p}' log
sed -n '/WARN/!{/stop/!p}' log
sed '/WARN/{h;d};${p;x}' log
sed '/a/!b;s/^/A:/' words
sed ':x;s/^\(.\{0,9\}\)$/ \1/;tx' a.txt
sed -E ':x;s/([0-9])([0-9]{3})($|,)/\1,\2\3/;tx' big
sed 's/\(.*\)foo/\1X/' words
sed 's/foo.*bar/X/' words
sed 's/[^ ]* *//2' words
sed 's/\bfoo\b/X/g' words
sed 's/\<./\u&/g' words
sed 's/o\b/0/g' words
sed 's/\Bo/0/g' words
sed 's/^/\t/' a.txt
sed 's/\./,/g' data.csv
sed 's/a\|e/X/g' words
sed 's/\(a\|e\)/<\1>/g' words
sed -E 's/a?b*/x/g' words
sed -E 's/(o)(o)?/[\1\2]/g' words
sed 's/x\?/-/g' a.txt
sed -n '/one/,/three/{/one/n;/three/!p}' a.txt
sed '0,/foo/s//X/' words
sed '0,/foo/d' words
sed '/foo/,3p' words
sed '/foo/,1p' words
sed '4,/foo/p' words
sed '2,4{=;d}' long
sed -l 20 -n l log
sed 'l;d' b.txt
sed "s/'/\"/g" d/x.py
sed "s/hello/it's/" d/x.py
sed -n '/def/,/^$/p' d/x.py
sed 's/#.*//' d/x.py
sed -E '/^\s*(#|$)/d' d/x.py
sed 's/    /\t/' d/x.py
sed '/main/s/main/run/g' d/x.py
sed -E 's/(print)\((.*)\)/\1 \2/' d/x.py
""".strip().splitlines()
MORE = {
    "tt": b"one\ntwo\nthree\n",
    "vv": b"a1d2 x/y\\z [q]\n",
    "jj": b"1 a\n2 b\n3 c\n",
    "big": b"1234567\n999\n1000\n",
    "script.sed": b"#!/bin/sed -f\n# comment\ns/one/1/\n2{\n  s/two/2/\n  p\n}\n/three/a\\\nafter three\n$d\n",
    "script2.sed": b"#n\n/t/p\n",
    "bad.sed": b"s/a/b/\ns/c/d\n",
}
STDIN = "first\n\n second\tline \nthird w\u00f6rd"
MANY_LINES = [
    ("sed", "2a\\\nfoo", "tt"),
    ("sed", "2a\\\n  foo\\\n bar", "tt"),
    ("sed", "2i\\\n\\  foo\np", "tt"),
    ("sed", "2c\\\nfoo\np", "tt"),
    ("sed", "s/o/a\\\nb/", "tt"),
    ("sed", "s/o/a\nb/", "tt"),
    ("sed", "p\nk", "tt"),
    ("sed", "s/a/b/\n# comment\ns/o/0/\n", "tt"),
    ("sed", "-n", "/one/{\np\n}\n", "tt"),
    ("sed", ":a\n$!{\nN\nba\n}\ns/\\n/,/g", "tt"),
    ("sed", "-e", "a\\", "-e", "text", "tt"),
    ("sed", "-e", "2{p", "-e", "d}", "tt"),
    ("sed", "-e", ":a", "-e", "s/o/0/;ta", "-e", "p", "tt"),
    ("sed", "y/ab/\\n\\\\/", "vv"),
    ("sed", "$!N\ns/\\n/ /\nP\nD", "tt"),
]


def script(dice: random.Random) -> str:
    """A random script of commands that agents use, and some that they do not."""

    def address() -> str:
        kind = dice.random()
        if kind < 0.35:
            return ""
        one = dice.choice(("1", "2", "3", "$", "/a/", "/b/", "/^$/", "/c$/", "2~2", "0~3"))
        if kind < 0.7:
            return one + dice.choice(("", "", "!"))
        two = dice.choice(("2", "4", "$", "/b/", "/c/", "+1", "+2", "~2", "~3"))
        return f"{one},{two}" + dice.choice(("", "", "!"))

    def substitution() -> str:
        pattern = dice.choice(("a", "b*", "[ab]\\+", "\\(a\\)\\(b\\)*", "^", "$", ".", "c\\|ab", "\\n", "x*", "\\w\\+",
                               "\\(.\\)\\1", "\\ba", "a\\{2\\}", "\\(a\\|ab\\)\\(c\\|b*\\)", ""))  # fmt: skip
        groups = pattern.count("\\(")
        news = ["X", "", "[&]", "&&", "\\n", "\\U&", "\\u&x", "<\\L&\\E>"]
        news += ["[\\1]", "\\1\\1", "\\u\\1-"] * groups + ["\\2:\\1"] * (groups - 1)
        return f"s/{pattern}/{dice.choice(news)}/" + dice.choice(("", "g", "2", "p", "2g", "gp", "I", "M", "Mg"))

    def command() -> str:
        kind = dice.random()
        if kind < 0.35:
            return address() + substitution()
        simple = dice.choice(
            ("p", "d", "n", "N", "P", "D", "h", "H", "g", "G", "x", "=", "l", "z", "F", "$!N", "q", "Q")
        )
        if kind < 0.7:
            return address() + simple
        if kind < 0.8:
            return address() + dice.choice(
                ("y/abc/xyz/", "y/ab/ba/", "b", "t", "T", "q3", "R jj", "r jj", "w out", "W out")
            )
        if kind < 0.9:
            return address().replace("!", "") + dice.choice(("a X", "i Y", "c Z")) + "\n"
        return address() + "{" + ";".join(command() for _ in range(dice.randint(1, 2))) + "}"

    made = [command() for _ in range(dice.randint(1, 4))]
    text = ";".join(made)
    return text.replace("jj;", "jj\n").replace("out;", "out\n").replace("jj}", "jj\n}").replace("out}", "out\n}")


def mixtures(count: int, seed: int) -> list[Case]:
    """Random scripts on random lines."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        text = "".join(
            "".join(dice.choices("aabbc xA", k=dice.randint(0, 6))) + "\n" for _ in range(dice.randint(0, 7))
        )
        text = text if dice.random() < 0.8 else text.removesuffix("\n")
        options = dice.choice((["-n"], [], [], [], ["-s"]))
        made.append(Case(("sed", *options, script(dice)), text))
    return made


def test_sed_equals_the_real_program(tmp_path: Path) -> None:
    cases = [case(line, STDIN) for line in LINES] + [case(line, STDIN, "C") for line in LINES[::5]]
    cases += [Case(words, STDIN) for words in MANY_LINES]
    compare(TOOLS, cases, {**FILES, **MORE}, tmp_path / "all", writes=True).check(0.9)


def test_random_scripts_do_what_the_real_sed_does(tmp_path: Path) -> None:
    compare(TOOLS, mixtures(300, 2), {"jj": MORE["jj"]}, tmp_path / "random", writes=True, limited=True).check(0.85)

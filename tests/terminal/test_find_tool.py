"""`find` against the real one; where the order of a directory decides, lines are compared as a set."""

from __future__ import annotations

import random
import shlex
from pathlib import Path

from file_worlds import PLAIN, Case, compare

LINES = r"""
find
find .
find d
find d e
find d/
find ./d
find a.txt
find missing
find missing d/sub
find d/sub missing
find a.txt/x
find . -name a.txt
find . -name '*.txt'
find . -name '*.md'
find . -type f
find . -type d
find . -type l
find . -type f,l -name 'l*'
find . -type f -name '*.py'
find . -type d -name sub
find . -name sub -type d
find . -iname 'readme*'
find . -name 'one.txt' -o -name 'two.py'
find . ( -name 'one.txt' -o -name 'deep.txt' ) -type f
find . -not -name '*.txt' -type f
find . ! -name '*'
find . -maxdepth 1
find . -maxdepth 1 -type f
find . -maxdepth 1 -type d -name e
find . -mindepth 2
find . -mindepth 2 -maxdepth 2 -name deep.txt
find . -maxdepth 0
find . -name deep.txt -maxdepth 1
find . -empty
find . -empty -type f
find . -type d -empty
find . -size +3c -type f
find . -type f -size +3c
find . -type f -size -10c
find . -type f -size 0
find . -type f -size 1
find . -type f -size 1k
find . -size +0 -name a.txt
find . -path './d/*'
find . -path '*/sub/*'
find . -path ./d -prune -o -type f -print
find . -name d -prune -o -name '*.txt' -print
find . -name d -prune
find . -path './d/sub' -prune -o -path './d/*' -print
find . -wholename './a.txt'
find . -name '[ab].txt'
find . -name '[!a]*.txt'
find . -name '[a-c].*'
find . -name 'x?y.txt'
find . -name '.*'
find . -name '.*' -type f
find . -name '\.hidden'
find . -name "it's"
find . -name 'notes*'
find . -lname 'a*'
find . -perm 600
find . -perm 755
find . -perm -u+x -type f
find . -perm /111 -type f
find . -perm -400 -name b.txt
find . -type f -executable
find . -type f -readable -name a.txt
find . -type f -writable -name c.py
find . -regex '.*\.py'
find . -regex './d/.*\.txt'
find . -regex '.*/\(one\|deep\)\.txt'
find . -iregex '.*READ.*'
find . -regextype posix-extended -regex '.*(one|deep)[.]txt'
find . -regextype posix-extended -regex '\./[a-c]\.(txt|py)'
find . -name a.txt -print
find . -name a.txt -print -print
find . -name a.txt -print0
find . -name a.txt -printf '%f\n'
find . -name deep.txt -printf '%p %f %h %P %d %s %m %y\n'
find . -name run.sh -printf '%M %m\n'
find . -type l -name 'l*' -printf '%p -> %l\n'
find d -name one.txt -printf '[%-10f|%10f]\n'
find . -type f -printf '%f\n'
find . -type f -printf '%s %p\n'
find . -name '*.txt' -printf '%f '
find . -name a.txt -printf 'x'
find . -maxdepth 0 -printf '%p %f %h %P %d %H\n'
find . -name a.txt -delete
find . -name '*.txt' -delete
find . -type d -empty -delete
find d -delete
find . -name sub -delete
find e -delete
find . -type f -name '*.txt' -delete -print
find . -name a.txt -exec cat {} ;
find . -name '*.txt' -exec cat {} ;
find . -name a.txt -exec echo found {} ;
find . -type f -name '*.py' -exec echo found {} ;
find . -name '*.txt' -exec wc -l {} ;
find . -name '*.txt' -exec wc -l {} +
find . -name '*.txt' -exec grep -l alpha {} ;
find . -name '*.txt' -exec grep -l alpha {} +
find . -name '*.txt' -exec grep -q alpha {} ; -print
find . -name '*.txt' -exec chmod 600 {} ;
find . -name '*.sh' -exec chmod +x {} +
find . -name '*.txt' -exec rm {} ;
find . -name '*.txt' -exec rm -f {} +
find . -type f -name '*.txt' -exec cp {} {}.bak ;
find . -name a.txt -exec mv {} e ;
find . -name '*.txt' -exec mv {} e ;
find d -name '*.txt' -exec cp {} e ;
find . -type f -exec basename {} ;
find . -name a.txt -exec basename {} .txt ;
find . -name a.txt -exec ls {} ;
find . -name '*.txt' -exec ls {} +
find . -name none -exec echo {} ;
find . -name none -exec echo {} +
find . -name a.txt -exec test -f {} ; -print
find . -type f -name '*.txt' -exec head -n 1 {} ;
find . -type d -exec touch {}/mark ;
find . -type d -exec echo x ;
find . -name a.txt -quit
find . -name a.txt -print -quit
find . -type f -print -quit
find . -name a.txt , -name b.txt
find d -depth
find d -depth -name sub
find . -true -name a.txt
find . -false
find . -false -o -name a.txt
find . -false , -name a.txt
find . -name a.txt -o -name b.txt -print
find . -name a.txt -a -type f
find . -name a.txt -and -type f
find . -name a.txt -or -name c.py
find . -not -type d -not -name '*.txt' -name 'c*'
find . ! ( -name '*.txt' -o -type d ) -name R*
find link
find dlink
find dlink/
find dlink -type d
find -H dlink -name one.txt
find -L d -name one.txt
find -L .
find broken
find . -mtime -1
find . -newer a.txt
find . -user root
find . -ls
find . -foo
find -foo
find . -name
find . -type
find . -type q
find . -type f,
find . -type f,,d
find . -type ff
find . -name a b
find . -name a.txt b.txt
find . -name a.txt b.txt c.py
find . -maxdepth x
find . -maxdepth -1
find . -size x
find . -perm x
find . -perm 999
find . -exec
find . -exec echo
find . -exec echo {}
find . !
find . -o
find . -name a -o
find . -name a -and -and -name b
find . ( )
find . ( -name a
find . -name a )
find . -not
find . -o -foo
find -name a.txt
find -maxdepth 1 -name a.txt
find -type d -name sub
find d e -type f -name '*.txt'
find / -maxdepth 0
find .. -maxdepth 0
find . -xdev -name a.txt
find . -path '*/.*'
find . -type f -not -path '*/.*' -name d*
find . -type f -not -path './d/*' -name '*.txt'
find ./ -name deep.txt
find "notes old" -type f
find . -name '* *'
find . -name *.none
find d/one.txt d/two.py
find d/sub/.. -name deep.txt
""".strip().splitlines()


def test_find_prints_and_does_what_the_real_find_does(tmp_path: Path) -> None:
    compare([Case(line) for line in LINES], tmp_path).check(0.85)


def test_any_expression_is_evaluated_as_by_the_real_find(tmp_path: Path) -> None:
    chance = random.Random(5)
    tests = """-name '*.txt'|-name 'd*'|-type f|-type d|-type l|-empty|-path '*sub*'|-true|-false|-maxdepth 1
        |-mindepth 1|-size -4c|-print|-prune|-perm 755|-depth|-name a.txt""".replace("\n", "").split("|")
    joins = ["", "-a", "-o", ",", "!", "( ) -o", "-a !"]
    cases = []
    for _ in range(120):
        line = chance.choice(tests)
        for _ in range(chance.randint(0, 4)):
            join, test = chance.choice(joins), chance.choice(tests)
            if join == "!":
                line = f"{line} ! {test}"
            elif join == "( ) -o":
                line = f"( {line} ) -o {test}"
            else:
                line = f"{line} {join} {test}"
        cases.append(Case(f"find {chance.choice(['.', 'd', 'd e', ''])} {line}"))
    compare(cases, tmp_path).check(0.7)


GUARDED = {
    **PLAIN,
    "shut/in.txt": "x\n",
    "chmod shut": 0,
    "blind/in.txt": "x\n",
    "chmod blind": 0o300,
    "locked/in.txt": "x\n",
    "chmod locked": 0o500,
}


def test_find_reports_directories_that_it_may_not_read(tmp_path: Path) -> None:
    lines = ["find shut", "find blind", "find locked", "find . -name in.txt", "find shut/in.txt", "find locked -delete",
             "find blind -name in.txt",
             "find . -maxdepth 1 -name shut", "find shut -prune", "find shut -depth"]  # fmt: skip
    compare([Case(line, world=GUARDED) for line in lines], tmp_path).check(0.8)


def test_messages_of_find_are_quoted_by_the_locale(tmp_path: Path) -> None:
    lines = ["find missing", "find . -maxdepth x", "find . -perm x", "find . -foo", shlex.join(["find", "no pe"])]
    compare([Case(line, locale="C") for line in lines], tmp_path).check(1.0)

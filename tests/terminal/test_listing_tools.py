"""`ls` against the real one."""

from __future__ import annotations

from pathlib import Path

from file_worlds import Case, compare

LS = """
ls
ls .
ls -a
ls -A
ls -1
ls -1a
ls d
ls d/
ls d e
ls d a.txt
ls a.txt b.txt
ls b.txt a.txt
ls missing
ls missing a.txt
ls missing d
ls d missing
ls missing other
ls -R
ls -R d
ls -R d e
ls -aR d
ls -Rr d
ls -r
ls -S d
ls -Sr d
ls -X d
ls -p
ls -F
ls -F d
ls --file-type
ls -d
ls -d d
ls -d d e
ls -d d/ e/
ls -d a.txt d missing
ls e
ls -a e
ls -A e
ls -l e
ls -l missing
ls -la missing
ls --color=never
ls --color=auto d
ls --group-directories-first
ls -l
ls -la
ls "notes old"
ls "it's"
ls "miss ing"
ls "miss'ing"
ls "miss'i\\$ng"
ls 'mi"ss'
ls -Q d
ls -N d
ls link
ls dlink
ls -F dlink
ls -d dlink
ls -L link
ls broken
ls -F broken
ls -L broken
ls loop
ls dlink/
ls link/
ls a.txt/
ls a.txt/x
ls d/../e
ls missing/../e
ls -I '*.py'
ls --ignore='*.txt' -a
ls --hide='*.txt'
ls -B
ls -U d
ls -f d
ls -t e
ls -t
ls -y
ls --foo
ls --all=3
ls --recursive d
ls --rec d
ls --i
ls -w
ls --width
ls -- -x
ls d -a
ls -h
ls -k d
ls -1F
ls -1p d
ls -m
ls -C
ls ""
ls é
ls "a b" c
ls -R dlink
ls -R e missing
ls -A1 d/sub
ls -d .
ls -d ..
ls -dF d
ls -ap d/sub
ls -a1F e
ls --sort=size d
ls --sort=none d
ls --sort=extension d
ls -rS d
ls -X
""".strip().splitlines()


def test_ls_prints_what_the_real_ls_prints(tmp_path: Path) -> None:
    compare([Case(line) for line in LS], tmp_path).check(0.85)


def test_ls_words_its_messages_by_the_locale(tmp_path: Path) -> None:
    lines = [line for line in LS if any(part in line for part in ("miss", "--", '"'))]
    compare([Case(line, locale="C") for line in lines], tmp_path).check(0.8)

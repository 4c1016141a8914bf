"""`mkdir`, `rmdir`, `touch`, `truncate` and `rm` against the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from file_worlds import PLAIN, Case, compare

LINES = {
    "mkdir": """
mkdir new
mkdir new other third
mkdir d
mkdir a.txt
mkdir new/deep
mkdir missing/a/b
mkdir a.txt/x
mkdir -p new/deep/er
mkdir -p d
mkdir -p d/sub/x
mkdir -p a.txt
mkdir -p a.txt/x
mkdir -p new a.txt other
mkdir -v new
mkdir -v new d other
mkdir -pv new/deep d/y
mkdir -pv d
mkdir -pv ./p/q
mkdir -pv p//q/
mkdir -p p/../q
mkdir -pv p/./q
mkdir -m 700 new
mkdir -m 0755 new
mkdir -m u=rwx,go= new
mkdir -m +t new
mkdir -m g-w new
mkdir -m foo new
mkdir -m 99 new
mkdir -p -m 700 new/deep
mkdir -p -m 700 d
mkdir --mode=711 --parents x/y
mkdir
mkdir -p
mkdir -x new
mkdir --bar new
mkdir -m
mkdir ""
mkdir -p ""
mkdir "with space" "it is"
mkdir -v "with space"
mkdir "a b/c d"
mkdir new/
mkdir d/
mkdir -v new/
mkdir link
mkdir broken
mkdir -p broken
mkdir -p dlink
mkdir -p dlink/new
mkdir dlink/new
mkdir loop
mkdir -p loop/x
mkdir .
mkdir ..
mkdir -p .
mkdir d/../new
mkdir missing/../new
mkdir -p missing/../new
mkdir -p a/b a/c a/d/e
mkdir -- -x
mkdir new -p
mkdir new new
mkdir -p new new
mkdir -pv new new
""",
    "rmdir": """
rmdir e
rmdir d
rmdir d/sub
rmdir missing
rmdir a.txt
rmdir e d missing
rmdir -v e
rmdir -v d e
rmdir -p e
rmdir -p d/sub
rmdir -p e/
rmdir --ignore-fail-on-non-empty d e
rmdir --ignore-fail-on-non-empty missing
rmdir
rmdir -x e
rmdir e/
rmdir dlink
rmdir broken
rmdir a.txt/x
rmdir missing/x
rmdir ""
rmdir "notes old"
rmdir "it's"
rmdir e e
rmdir -pv e
rmdir .
""",
    "touch": """
touch new
touch a.txt
touch new other a.txt
touch d
touch missing/x
touch missing/x new
touch a.txt/x
touch -c new
touch -c a.txt new
touch -c missing/x
touch --no-create new
touch -d 2024-01-01 new
touch -d '2024-01-01 10:00:00' new
touch -d yesterday new
touch -d '2 days ago' new
touch -d '@0' new
touch -t 202401011200 new
touch -t 202401011200.30 new
touch -r a.txt new
touch -r missing new
touch -a new
touch -m new
touch
touch -z new
touch --foo
touch -t
touch ""
touch "a b" "c'd"
touch "miss ing/x" "it's/x"
touch link
touch broken
touch dlink
touch dlink/new
touch loop
touch e/new d/sub/new
touch new/
touch d/
touch .
touch d/../new
touch missing/../new
touch .dot
touch -- -new
touch -
touch -h link
touch -h broken
touch -am a.txt
""",
    "truncate": """
truncate -s 0 a.txt
truncate -s 3 a.txt
truncate -s 100 a.txt
truncate -s 10 new
truncate -s +5 a.txt
truncate -s -5 a.txt
truncate -s -500 a.txt
truncate -s '<4' a.txt
truncate -s '>4' a.txt
truncate -s '/4' a.txt
truncate -s '%4' a.txt
truncate -s 1K new
truncate -s 2KB new
truncate --size=7 a.txt b.txt
truncate --size 7 new other
truncate -c -s 5 new
truncate -r b.txt a.txt
truncate -s 5 d
truncate -s 5 missing/x
truncate a.txt
truncate -s 5
truncate -s
truncate -s 0 link
truncate -s 4 broken
truncate -q
truncate -s 5 a.txt/x
truncate -s 5 ""
""",
    "rm": """
rm a.txt
rm a.txt b.txt
rm missing
rm -f missing
rm -f missing a.txt
rm missing a.txt
rm d
rm e
rm -f d
rm -r d
rm -rf d
rm -R d
rm -rf d e missing
rm -r missing
rm -d e
rm -d d
rm -dv e
rm -d a.txt
rm -v a.txt b.txt
rm -v a.txt missing b.txt
rm -v a.txt d b.txt
rm -rv e
rm -rv d/sub
rm -rv d
rm -rv "notes old"
rm -rvf e missing a.txt
rm --verbose --recursive e
rm
rm -f
rm -r
rm -q a.txt
rm --foo
rm --forc missing
rm link
rm -v link broken
rm dlink
rm -r dlink
rm -rv dlink
rm broken
rm loop
rm a.txt/
rm a.txt/x
rm -f a.txt/x
rm d/
rm -r d/
rm -rv e/
rm .
rm -r .
rm -rf .
rm -rf ..
rm -rf ./
rm -r d/.
rm ""
rm -f ""
rm "notes old/x y.txt"
rm -v "notes old/x y.txt" "it's"
rm "no pe" "no'pe"
rm d/one.txt d/two.py
rm -f *.txt
rm -- -x
rm -I a.txt b.txt
rm a.txt a.txt
rm -rf d d/one.txt
rm d -r
rm -r d/one.txt d/missing
""",
}


@pytest.mark.parametrize("program", sorted(LINES))
def test_files_are_made_and_removed_as_the_real_program_does(program: str, tmp_path: Path) -> None:
    compare([Case(line) for line in LINES[program].strip().splitlines()], tmp_path).check(0.85)


def test_rm_asks_and_reads_the_answers(tmp_path: Path) -> None:
    cases = [
        Case(f"rm {words}", stdin=answers)
        for words in ("-i a.txt b.txt", "-i empty link", "-iv a.txt missing b.txt", "-fi a.txt", "-if a.txt")
        for answers in ("", "y\n", "y\ny\n", "n\nyes\n", "\nY", "Yes\nno\n")
    ]
    compare(cases, tmp_path).check(1.0)


def test_new_files_and_directories_honour_the_umask(tmp_path: Path) -> None:
    lines = ["mkdir new", "mkdir -p a/b/c", "mkdir -m 777 x", "mkdir -m +w x", "mkdir -pm g+w x/y", "touch x",
             "truncate -s 2 x", "touch broken"]  # fmt: skip
    cases = [Case(line, umask=umask) for line in lines for umask in (0o077, 0o027, 0o002, 0o777)]
    compare(cases, tmp_path).check(1.0)


def test_messages_are_quoted_plainly_in_the_c_locale(tmp_path: Path) -> None:
    lines = ["mkdir d", "mkdir missing/x", "mkdir -m foo x", "rm d", "touch missing/x", "rmdir d", "truncate x",
             "mkdir 'a b/c'", "rm 'a b'"]  # fmt: skip
    compare([Case(line, locale="C") for line in lines], tmp_path).check(1.0)


GUARDED = {
    **PLAIN,
    "locked/in.txt": "in\n",
    "locked/empty/": "",
    "chmod locked": 0o500,
    "blind/in.txt": "in\n",
    "chmod blind": 0o300,
    "shut/in.txt": "in\n",
    "chmod shut": 0,
    "chmod a.txt": 0o400,
    "chmod c.py": 0,
}
"""For a user who is not root these stop much; the tests hold for root too."""


def test_permissions_stop_what_they_stop_in_truth(tmp_path: Path) -> None:
    lines = """
rm locked/in.txt
rm -f locked/in.txt
rm -rf locked
rm -r blind
rm shut/in.txt
rm -r shut
rm a.txt
rm -v c.py
mkdir locked/new
mkdir -p locked/new
mkdir shut/new
mkdir blind/new
touch locked/new
touch locked/in.txt
touch shut/in.txt
touch a.txt
truncate -s 0 a.txt
truncate -s 0 shut/in.txt
truncate -s 0 locked/new
rmdir locked/empty
rmdir shut
ls locked
ls shut
ls blind
ls -R shut e
ls shut/in.txt
""".strip().splitlines()
    compare([Case(line, world=GUARDED) for line in lines], tmp_path).check(0.6)

"""`cp`, `mv` and `ln` against the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from file_worlds import PLAIN, Case, compare

LINES = {
    "cp": """
cp a.txt new.txt
cp a.txt b.txt
cp a.txt e
cp a.txt e/
cp a.txt e/new
cp a.txt newdir/
cp a.txt missing/x
cp a.txt a.txt/x
cp missing x
cp missing e
cp a.txt missing b.txt e
cp a.txt b.txt c.py
cp a.txt b.txt missing
cp a.txt b.txt e
cp d e
cp d a.txt e
cp -r d e
cp -r d new
cp -R d/ new
cp -r d/ e/
cp -r d d2/x
cp -a d new
cp -r d a.txt
cp -r d/. e
cp -r d/. new
cp -r . e
cp -rv d/sub new
cp -rv e new
cp -rv d new
cp -v a.txt new
cp -v a.txt b.txt e
cp -v a.txt e/x
cp -v missing a.txt e
cp a.txt a.txt
cp a.txt ./a.txt
cp a.txt d/../a.txt
cp a.txt link
cp link a.txt
cp link new
cp -P link new
cp -d link new
cp -a link new
cp -r link new
cp -rL dlink new
cp -r dlink new
cp dlink new
cp broken new
cp -P broken new
cp a.txt broken
cp a.txt loop
cp loop new
cp a.txt d
cp d/one.txt .
cp d/one.txt d/two.py e
cp -p run.sh new
cp run.sh new
cp run.sh a.txt
cp -p run.sh a.txt
cp --preserve=mode b.txt new
cp --preserve=timestamps b.txt new
cp -n a.txt b.txt
cp -n a.txt new
cp -u a.txt new
cp -i a.txt new
cp -f a.txt b.txt
cp -t e a.txt b.txt
cp -t missing a.txt
cp -t a.txt b.txt
cp --target-directory=e a.txt
cp -T a.txt e
cp -T a.txt new
cp -rT d new
cp -rT d e
cp -T a.txt b.txt c.py
cp
cp a.txt
cp -r
cp -t e
cp -q a b
cp --foo a b
cp -t
cp "notes old/x y.txt" .
cp -v "notes old/x y.txt" "it's" e
cp "it's" "no pe"
cp "no pe" x
cp "" x
cp a.txt ""
cp a.txt/ x
cp -r e d
cp -r d/sub e/sub
cp a.txt d/one.txt e
cp a.txt d/one.txt
cp -r d d/sub .
cp -r d/sub d/one.txt e
cp -r missing e
cp d/one.txt ./d/sub/../../e
cp .hidden shown
cp empty e/filled
cp -rf d e
cp -Rp d new
cp --recursive d new
cp --verbose a.txt x
cp -r dlink/ new
cp -rv link new
cp -r e new/deep
cp a.txt new/
cp -r e new/
cp /dev/null new
cp e/a.txt .
""",
    "mv": """
mv a.txt new.txt
mv a.txt b.txt
mv a.txt e
mv a.txt e/
mv a.txt e/new
mv a.txt newdir/
mv a.txt missing/x
mv a.txt b.txt/x
mv missing x
mv missing e
mv a.txt missing b.txt e
mv a.txt b.txt c.py
mv a.txt b.txt missing
mv a.txt b.txt e
mv d new
mv d/ new
mv d new/
mv d e
mv d a.txt
mv d d
mv d d/sub
mv d/sub .
mv e d
mv -v a.txt new
mv -v a.txt b.txt e
mv -v d new
mv -v d e
mv -v missing a.txt e
mv a.txt a.txt
mv a.txt ./a.txt
mv a.txt d/../a.txt
mv link new
mv -v link new
mv link e
mv broken new
mv dlink new
mv a.txt broken
mv b.txt link
mv a.txt dlink
mv d/one.txt .
mv d/one.txt d/two.py e
mv -f a.txt b.txt
mv -n a.txt b.txt
mv -n a.txt new
mv -nv a.txt b.txt
mv -i a.txt new
mv -u a.txt new
mv -t e a.txt b.txt
mv -t missing a.txt
mv -t a.txt b.txt
mv -T a.txt e
mv -T d e
mv -T e d
mv -T a.txt new
mv
mv a.txt
mv -q a b
mv --foo a b
mv "notes old/x y.txt" .
mv -v "it's" e
mv "no pe" x
mv "" x
mv a.txt ""
mv a.txt/ x
mv .hidden shown
mv d/sub d/one.txt e
mv e d/sub
mv run.sh e/run
mv loop new
mv a.txt loop
mv a.txt e/../b.txt
mv d/one.txt d/1.txt
mv a.txt x/y/z
mv e new
mv e/ new
mv d/sub/deep.txt a.txt
mv . new
mv d/sub e/sub
mv --verbose a.txt "x y"
""",
    "ln": """
ln -s a.txt new
ln -s a.txt b.txt
ln -s d new
ln -s a.txt e
ln -s a.txt e/new
ln -s ../a.txt e/new
ln -s missing new
ln -s /tmp/none new
ln -sf a.txt b.txt
ln -sf b.txt link
ln -s b.txt link
ln -sfn e dlink
ln -sn e dlink
ln -sf e dlink
ln -s e dlink
ln -snf e new
ln -s a.txt b.txt e
ln -s a.txt b.txt missing
ln -s a.txt b.txt c.py
ln -sv a.txt new
ln -sfv a.txt b.txt
ln -s a.txt missing/x
ln -s a.txt a.txt/x
ln -s d/one.txt
ln -s a.txt
ln -sf a.txt a.txt
ln -sr d/one.txt new
ln -sr a.txt d/sub/new
ln -sr d/sub/deep.txt e/deep
ln -sT a.txt e
ln -sfT a.txt dlink
ln -sT d new
ln -st e a.txt d/one.txt
ln
ln -s
ln a.txt
ln missing new
ln d new
ln a.txt b.txt
ln -q a b
ln --symbolic a.txt new
ln -s "x y" "it's new"
ln -s "x y" "it's"
ln -s a.txt broken
ln -sf a.txt broken
ln -s "" new
ln -s a.txt new/
ln -s d/ new
ln -sfn d new
ln -s a.txt .
""",
}
FLOORS = {"cp": 0.85, "mv": 0.85, "ln": 0.85}


@pytest.mark.parametrize("program", sorted(LINES))
def test_files_are_copied_moved_and_linked_as_the_real_program_does(program: str, tmp_path: Path) -> None:
    compare([Case(line) for line in LINES[program].strip().splitlines()], tmp_path).check(FLOORS[program])


MODES = {**PLAIN, "chmod a.txt": 0o664, "chmod d": 0o2775 & 0o777, "chmod run.sh": 0o777, "chmod b.txt": 0o444}


def test_copies_honour_the_umask_and_the_mode_of_the_source(tmp_path: Path) -> None:
    lines = ["cp a.txt new", "cp run.sh new", "cp -p a.txt new", "cp -r d new", "cp -a d new", "cp b.txt new",
             "cp a.txt run.sh", "cp -p b.txt a.txt", "cp -rp d new"]  # fmt: skip
    compare([Case(line, world=MODES, umask=mask) for line in lines for mask in (0o077, 0o002)], tmp_path).check(1.0)


GUARDED = {
    **PLAIN,
    "locked/in.txt": "in\n",
    "chmod locked": 0o555,
    "chmod a.txt": 0,
    "chmod b.txt": 0o400,
    "chmod d/one.txt": 0,
}


def test_permissions_stop_copies_and_moves(tmp_path: Path) -> None:
    lines = """
cp a.txt new
cp c.py b.txt
cp c.py locked
cp a.txt c.py e
cp c.py locked/in.txt
cp -r d new
cp -f c.py b.txt
cp -v a.txt c.py e
cp -r locked new
mv c.py locked
mv locked/in.txt new
mv c.py b.txt
mv locked e
mv a.txt e
mv -v locked/in.txt c.py e
ln -s x locked/y
""".strip().splitlines()
    compare([Case(line, world=GUARDED) for line in lines], tmp_path).check(0.7)


def test_messages_of_copies_do_not_depend_on_the_locale(tmp_path: Path) -> None:
    lines = ["cp missing x", "cp d x", "mv missing x", "ln -s a.txt b.txt", "cp a.txt", "mv d d/sub", "ln missing x"]
    compare([Case(line, locale="C") for line in lines], tmp_path).check(1.0)

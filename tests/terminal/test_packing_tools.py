"""`gzip` and `tar` against the real ones, in several steps."""

from __future__ import annotations

from pathlib import Path

from file_worlds import Case, compare

GZIP = """
gzip a.txt
gzip -9 a.txt b.txt
gzip -k a.txt
gzip -fk a.txt
gzip missing
gzip missing a.txt
gzip d
gzip -q d
gzip d a.txt
gunzip a.txt
gunzip missing
gunzip missing.gz
gunzip d
gzip -d a.txt
gzip -Q
gzip --foo
gzip ""
gzip "notes old/x y.txt"
gzip a.txt/x
zcat missing.gz
zcat missing
zcat a.txt
gzip -n a.txt
gzip --best --keep a.txt
gzip -r d
gzip -c a.txt
gzip link
gzip run.sh b.txt
gzip -v a.txt
""".strip().splitlines()
AFTER_GZIP = """
gunzip a.txt.gz
gunzip a.txt
gunzip -k a.txt.gz
gunzip -f a.txt.gz
gzip -d a.txt.gz b.txt.gz
gzip -dk a.txt.gz
zcat a.txt.gz
zcat a.txt.gz b.txt.gz
zcat a.txt
gunzip -c b.txt.gz
gzip -dc a.txt.gz missing.gz b.txt.gz
gzip -t a.txt.gz
gzip a.txt.gz
ls
cp a.txt.gz e
mv a.txt.gz x.gz
zcat e/a.txt.gz
gunzip c.py.gz
gzip c.py
gzip -f c.py
stat -c %a b.txt.gz
""".strip().splitlines()
TAR = """
tar cf x.tar a.txt
tar -cf x.tar a.txt d
tar czf x.tgz d
tar -czvf x.tar.gz d/sub
tar -czvf x.tar.gz d
tar cvf x.tar a.txt b.txt
tar cf x.tar missing
tar cf x.tar missing a.txt
tar cf nodir/x.tar a.txt
tar cf x.tar
tar xf missing.tar
tar tf missing.tar
tar xzf missing.tgz
tar -xf a.txt
tar tf a.txt
tar cf x.tar ./a.txt ./d
tar cvf x.tar d/
tar cf x.tar -C d one.txt two.py
tar -C d -cf x.tar .
tar cvf x.tar --exclude=*.py d/sub a.txt c.py
tar cvf x.tar --exclude=sub a.txt d
tar cvf x.tar link broken
tar caf x.tar.gz a.txt
tar --create --file x.tar a.txt
tar cf e/x.tar e
tar cf x.tar a.txt a.txt
tar cvf x.tar "notes old" e
tar
tar -Q
""".strip().splitlines()
AFTER_TAR = """
tar tf x.tar
tar xf x.tar
tar xf x.tar -C e
tar -C e -xf x.tar
tar xvf x.tar -C e
tar xf x.tar -C nodir
tar xf x.tar -C e a.txt
tar tf x.tar a.txt
tar tf x.tar nothere
tar xvf x.tar -C e nothere a.txt
tar tf x.tar d/sub
tar xf x.tar --strip-components=1 -C e
tar xzf x.tar
tar tzf x.tgz
tar tf x.tgz
tar xzf x.tgz -C e
tar -xvf x.tgz -C e d/sub
tar xf x.tgz -O d/one.txt
tar xOf x.tar a.txt
gunzip x.tgz
gzip x.tar
cp x.tar e
ls
rm -r d a.txt
tar tf e/y.tar
""".strip().splitlines()


def test_gzip_leaves_what_the_real_gzip_leaves(tmp_path: Path) -> None:
    compare([Case(line) for line in GZIP], tmp_path).check(0.8)


def test_what_was_packed_is_unpacked_again(tmp_path: Path) -> None:
    before = ("chmod 640 b.txt", "gzip a.txt b.txt", "gzip -k c.py")
    compare([Case(line, before=before) for line in AFTER_GZIP], tmp_path).check(0.85)


def test_tar_prints_and_leaves_what_the_real_tar_does(tmp_path: Path) -> None:
    compare([Case(line) for line in TAR], tmp_path).check(0.75)


def test_archives_hold_what_was_put_into_them(tmp_path: Path) -> None:
    before = ("chmod 640 a.txt", "tar cf x.tar a.txt d run.sh link", "tar czf x.tgz d", "rm a.txt", "chmod 700 d/sub")
    compare([Case(line, before=before) for line in AFTER_TAR], tmp_path).check(0.8)


def test_what_was_removed_comes_back_from_an_archive(tmp_path: Path) -> None:
    before = ("tar czf all.tgz d run.sh a.txt", "rm -r d", "rm run.sh", "touch a.txt", "truncate -s 0 a.txt")
    lines = ["tar xzf all.tgz", "tar xf all.tgz d", "tar xzf all.tgz run.sh", "tar xzvf all.tgz a.txt"]
    cases = [Case(line, before=before, umask=mask) for line in lines for mask in (0o022, 0o077)]
    compare(cases, tmp_path).check(1.0)

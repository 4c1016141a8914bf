"""`chmod` and `chown` against the real ones."""

from __future__ import annotations

import itertools
from pathlib import Path

from file_worlds import PLAIN, Case, compare

MODES = (
    "755 644 600 000 4755 1777 0755 00644 +x -x u+x a+x go-w u=rw,go=r a=r a-w ugo+rw o= g=u "
    "u=g+w +rw -w +X u=rwX a+t u+s =r -rwx g-rwx,o-rwx 8 999 foo u+ u+q a=rwxrwx ,u+x u+x, 77777 777777"
).split()

LINES = """
chmod +x a.txt b.txt
chmod +x missing
chmod +x missing a.txt
chmod -v 755 a.txt
chmod -v 644 a.txt
chmod -c 644 a.txt
chmod -c 600 a.txt run.sh
chmod -R 700 d
chmod -R a+rX d
chmod -R u+x d/sub
chmod -Rv 700 d/sub
chmod -Rv 700 d
chmod -R -v go-rx e
chmod -R 755 dlink
chmod 600 link
chmod 600 broken
chmod 600 loop
chmod -f 600 missing
chmod 755
chmod
chmod -q 755 a.txt
chmod --foo 755 a.txt
chmod --recursive 700 d
chmod --verbose 600 a.txt
chmod 755 ""
chmod 755 "miss ing"
chmod 755 "it's" "notes old"
chmod 755 a.txt/x
chmod 755 a.txt/
chmod 700 d/
chmod -v 0 a.txt
chmod -v 7777 d
chmod a.txt
chmod foo
chmod +x a.txt -v
chmod 755 -- a.txt
chmod -x run.sh
chmod -v -x run.sh
chown root a.txt
chown root:root a.txt missing
chown -R root d
chown root
chown
chown 0:0 a.txt
chgrp root a.txt
chown root: a.txt
""".strip().splitlines()


def test_chmod_changes_what_the_real_chmod_changes(tmp_path: Path) -> None:
    targets = ("run.sh", "d", "b.txt e")
    cases = [Case(f"chmod {mode} {target}") for mode, target in itertools.product(MODES, targets)]
    compare(cases, tmp_path).check(0.85)


def test_chmod_and_chown_print_what_the_real_ones_print(tmp_path: Path) -> None:
    compare([Case(line) for line in LINES], tmp_path).check(0.8)


def test_chmod_without_a_class_spares_what_the_umask_holds(tmp_path: Path) -> None:
    world = {**PLAIN, "chmod a.txt": 0o666, "chmod d": 0o777}
    modes = ["+x", "-w", "+w", "=rw", "a+x", "=", "-rwx", "+rwx", "u+w", "-x", "-r"]
    cases = [
        Case(f"chmod {mode} {target}", world=world, umask=umask)
        for mode, target, umask in itertools.product(modes, ("a.txt", "d"), (0o077, 0o027, 0o002))
    ]
    compare(cases, tmp_path).check(0.7)

"""`tree` against the real one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from file_worlds import PLAIN, Case, compare

LINES = """
tree
tree .
tree d
tree d e
tree e
tree -a
tree -L 1
tree -L 2 d
tree -d
tree -ad
tree -f d
tree -i d
tree -if
tree -F d
tree --noreport
tree --noreport d
tree --dirsfirst
tree --dirsfirst -r
tree -r d
tree -I '*.py'
tree -I '*.txt|sub'
tree -I 'd'
tree -aI sub d
tree -aL 1
tree ./d
tree d/
tree d/sub
tree dlink
tree "notes old"
tree missing
tree a.txt
tree -L x
tree -L 0
tree --foo
tree -C d
tree -n d
tree -a -L 1 --noreport
tree -d d
tree ..
""".strip().splitlines()
WORLD = {name: content for name, content in PLAIN.items() if not name.startswith("loop")}


def version() -> dict[str, str]:
    if shutil.which("tree") is None:
        pytest.skip("the real tree is not installed, so nothing can be compared")
    text = subprocess.run(["tree", "--version"], stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"v(\d[\d.]*)", text)
    return {"tree": found[1] if found else ""}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_tree_draws_what_the_real_tree_draws(locale: str, tmp_path: Path) -> None:
    world = {name: content for name, content in WORLD.items() if locale != "C" or " " not in name or "->" in name}
    cases = [Case(line, world=world, locale=locale) for line in LINES]
    compare(cases, tmp_path, version()).check(0.7)


def test_a_tree_of_unknown_version_is_drawn_without_its_summary(tmp_path: Path) -> None:
    version()
    tally = compare([Case("tree --noreport d"), Case("tree d")], tmp_path)
    assert (tally.right, len(tally.refused)) == (1, 1)

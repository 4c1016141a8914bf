"""Searches in folders that are known whole are answered in the way a tool was seen to answer."""

from __future__ import annotations

from swe_walk import answer, bash, call

from nextstate.types import Setup

FILES = {"/repo/a.py": "import os\n", "/repo/lib/b.py": "import re\nx = 1\n", "/repo/lib/c.txt": "import\n"}
KNOWN = Setup(facts={"cwd": "/repo", "files": FILES, "complete": ["/repo"]})


def glob(pattern: str) -> str:
    return call("glob", pattern=pattern, path="/repo")


def grep(pattern: str, path: str = "/repo") -> str:
    return call("grep", pattern=pattern, path=path)


FOUND = (glob("**/*.py"), "/repo/a.py\n/repo/lib/b.py\n")
HIT = (grep("import re"), "/repo/lib/b.py:1:import re")


def test_how_a_tool_finds_files_is_learned() -> None:
    assert answer(KNOWN, [], glob("**/*.txt")) is None
    assert answer(KNOWN, [FOUND], glob("**/*.txt")) == "/repo/lib/c.txt\n"


def test_a_new_file_is_found_and_a_removed_one_is_not() -> None:
    changed = (bash("touch lib/d.py && rm a.py"), "")
    assert answer(KNOWN, [FOUND, changed], FOUND[0]) == "/repo/lib/b.py\n/repo/lib/d.py\n"


def test_where_readings_of_a_pattern_disagree_nothing_is_said() -> None:
    both = (glob("**/b.py"), "/repo/lib/b.py\n")
    assert answer(KNOWN, [both], glob("**/a.py")) == "/repo/a.py\n"
    assert answer(KNOWN, [(glob("a.py"), "/repo/a.py\n")], glob("b.py")) is None


def test_a_tool_that_sorts_in_its_own_way_is_not_answered() -> None:
    assert answer(KNOWN, [(FOUND[0], "/repo/lib/b.py\n/repo/a.py\n")], glob("**/*.txt")) is None


def test_how_a_tool_shows_lines_is_learned() -> None:
    assert answer(KNOWN, [HIT], grep("x")) == "/repo/lib/b.py:2:x = 1"
    edited = (bash("sed -i 's/x/xx/' lib/b.py"), "")
    assert answer(KNOWN, [HIT, edited], grep("xx")) == "/repo/lib/b.py:2:xx = 1"
    assert answer(KNOWN, [HIT], grep("x.*1")) is None


def test_the_phrase_for_nothing_found_is_learned() -> None:
    nothing = (grep("zebra"), "No matches found")
    assert answer(KNOWN, [HIT], grep("zebra")) is None
    assert answer(KNOWN, [HIT, nothing], grep("giraffe")) == "No matches found"

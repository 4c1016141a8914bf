"""What is not certain is not learned and not answered: unknown programs, cut outputs, columns, new shells."""

from __future__ import annotations

import shlex
import time

import pytest
from test_kernel import HOME, SETUP, STRANGE, World

from nextstate.domains.terminal.kernel import cuts
from nextstate.types import Setup


def apart(*keeps: str) -> World:
    """A world in which every action has a shell of its own."""
    return World(Setup(facts={**SETUP.facts, "invoke": {"per_action": True, "keeps": list(keeps)}}))


LEAVES = "mkdir sub; cd sub; X=1; export Y='a b'; f() { echo hi; }; set -- q; set -u; false"


def test_nothing_of_a_shell_outlives_its_action_where_nothing_is_kept() -> None:
    world = apart()
    world.does(LEAVES)
    assert world.does('echo "$?[${X-}${Y-}]$#$nope"; pwd') == f"0[]0\n{HOME}\n"
    world.refuses("f")


def test_what_is_kept_outlives_a_shell() -> None:
    world = apart("cwd", "exports")
    world.does(LEAVES)
    assert world.does('echo "[${X-}$Y]$#"; pwd') == f"[a b]0\n{HOME}/sub\n"
    assert world.does("unset Y; cd ..") == ""
    assert world.does('echo "[$Y]"; pwd') == f"[]\n{HOME}\n"


def test_a_new_shell_begins_in_its_directory_also_after_what_was_not_computed() -> None:
    world = apart()
    world.shown("cd sub; unknown-program", "done\n")
    world.shown("cd sub", "")
    assert world.does("pwd; echo $?") == f"{HOME}\n0\n"
    world.does("exit 3")
    assert world.does("echo $?") == "0\n"


def test_keeping_something_that_is_not_known_is_refused() -> None:
    apart("cwd", "screen").refuses("pwd")


def test_positional_parameters_of_one_world_are_not_those_of_another(world: World) -> None:
    world.does("set -- a b")
    other = World()
    assert other.does("echo $#") == "0\n"
    assert world.does("echo $#") == "2\n"


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("shells", [World, apart])
@pytest.mark.parametrize("action", ["mytool --fix", "mytool >/dev/null 2>&1", "X=mytool; $X", "if mytool; then :; fi"])
def test_an_unknown_program_may_have_changed_files(shells: type[World], action: str) -> None:
    world = shells()
    world.shown(action, "")
    world.refuses("cat a.txt")


@pytest.mark.parametrize("action", ["./fix.sh", "bash fix.sh", ". ./fix.sh", "eval ./fix.sh", "D=/srv; $D/fix.sh"])
def test_an_unknown_script_may_have_changed_files_and_is_not_repeated(action: str) -> None:
    world = World(STRANGE)
    world.shown("cat notes.txt", "first\n")
    world.shown(action, "3 passed in 0.1\n")
    world.refuses(action)
    world.refuses("cat notes.txt")


@pytest.mark.parametrize(
    "action",
    ["timeout 60 ./run.sh", "nohup tests/run", "./test", "perl run.pl", "perl -e 'print rand'", "env A=1 ./run"],
)
def test_what_starts_a_program_is_repeated_no_more_than_that_program(action: str) -> None:
    world = World(STRANGE)
    world.shown(action, "3 passed in 0.1\n")
    world.refuses(action)


def test_a_program_that_was_not_found_changed_nothing(world: World) -> None:
    missing = "bash: line 1: mytool: command not found\n"
    world.shown("mytool", missing)
    assert world.does("mytool; cat a.txt") == missing + "alpha\nbeta\n"


MARKS = [
    "[... 120 lines elided ...]",
    "<elided_chars>\n500 characters elided\n</elided_chars>",
    "Output truncated",
    "... (output truncated, 300 lines not shown)",
    "[truncated]",
    "<response clipped>",
    "[...]",
    "[OUTPUT TRUNCATED - 12,345 chars omitted out of 60000 total]",
    "[... output limited to 5000 bytes; 700 interior bytes omitted ...]",
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_cut_output_teaches_nothing_of_a_file(mark: str) -> None:
    world = World(STRANGE)
    shown = f"one\n{mark}\nlast\n"
    world.shown("cat f", shown)
    for action in ("head -1 f", "grep -c o f", "cat f | wc -l"):
        world.refuses(action)
    assert world.does("cat f") == shown


def test_a_known_file_stays_known_when_its_output_is_cut(world: World) -> None:
    world.does("seq 400 > n")
    world.shown("cat n", "1\n2\n[... 396 lines elided ...]\n399\n400\n")
    assert world.does("sed -n 200p n") == "200\n"
    world.refuses("seq 300")


@pytest.mark.parametrize("text", ["one\n...\ntwo\n", "def truncate(text): pass\n", "see [1] and [2]\n", "x[...] = 0\n"])
def test_ordinary_texts_have_no_mark_of_a_cut(text: str) -> None:
    assert cuts.first(text) is None


def test_marks_of_cuts_are_sought_in_short_time() -> None:
    for text in ("[..." * 250_000, "truncated " * 100_000, "1" * 1_000_000, "9 lines " * 125_000, "elided\n" * 140_000):
        started = time.perf_counter()
        cuts.first(text)
        assert time.perf_counter() - started < 2


def test_names_in_columns_are_not_taken_for_one_name() -> None:
    world = World(STRANGE)
    world.shown("ls", "a.txt  b.txt  c\n")
    for action in ("cat b.txt", "ls c", "ls | wc -l", "[ -e 'a.txt  b.txt  c' ] && echo y"):
        world.refuses(action)
    assert world.does("ls") == "a.txt  b.txt  c\n"


def test_where_names_stand_in_columns_a_listing_is_not_computed(world: World) -> None:
    world.shown("ls /srv", "a  b\n")
    world.refuses("ls")
    assert world.does("ls -1") == "a.txt\n"
    assert world.does("ls | wc -l") == "1\n"


@pytest.mark.parametrize(
    "code",
    ["'a'.isascii()", "'é'", "1 .is_integer()", "f'{1=}'", "(x := 1)", "__import__('math').prod([1])"],
)
def test_what_not_all_versions_of_python_do_is_refused_where_the_version_is_not_known(code: str) -> None:
    facts = {**SETUP.facts, "env": {"HOME": HOME, "PATH": "/usr/bin"}}
    world = World(Setup(facts=facts))
    world.refuses(f'python3 -c "print({code})"')
    assert world.does("python3 -c 'print(1)'") == "1\n"


def test_text_beyond_ascii_needs_a_locale_that_is_known() -> None:
    tools = {"python3": "3.11.2"}
    unknown = World(Setup(facts={**SETUP.facts, "env": {"HOME": HOME, "PATH": "/usr/bin"}, "tools": tools}))
    unknown.refuses("python3 -c \"print(len('é'))\"")
    known = World(Setup(facts={**SETUP.facts, "tools": tools}))
    assert known.does("python3 -c \"print(len('é'))\"") == "1\n"


CASES = [
    ("c\\\\\nx", None),
    ("a\\\\\n", None),
    ("ax\\\\\\", None),
    ("2d\n\\", "sed: -e expression #1, char 4: unterminated address regex\n"),
]


@pytest.mark.parametrize(("script", "shown"), CASES)
def test_backslashes_at_odd_places_of_a_script_for_sed_are_refused_or_reported(
    world: World, script: str, shown: str | None
) -> None:
    action = f"sed {shlex.quote(script)} a.txt"
    if shown is None:
        world.refuses(action)
    else:
        assert world.does(action) == shown

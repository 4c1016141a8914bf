"""Commands: computed, known by line numbers, remembered, worded as the session words them."""

from __future__ import annotations

import json
import time

import pytest
from swe_walk import ALIVE, BARE, answer, bash, call, why_not

from nextstate.domains.swe.kernel import effects, reading
from nextstate.types import Setup

NUMBERED = "    10\tdef f(x):\n    11\t    y = x\n    12\t    return y\n"
SHOWN = (bash("nl -ba lib/f.py | sed -n '10,12p'"), NUMBERED)


def test_what_was_written_is_read() -> None:
    wrote = (bash("cat <<'EOF' > a.py\nprint(1)\nprint(2)\nEOF"), "")
    assert answer(BARE, [wrote], bash("cat a.py")) == "print(1)\nprint(2)\n"
    assert answer(BARE, [wrote], bash("nl -ba a.py | sed -n '2,2p'")) == "     2\tprint(2)\n"


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("sed -n '11,12p' lib/f.py", "    y = x\n    return y\n"),
        ("nl -ba lib/f.py | sed -n '10,11p'", "    10\tdef f(x):\n    11\t    y = x\n"),
        ("cat -n lib/f.py | sed -n '12p'", "    12\t    return y\n"),
        ("tail -n +10 lib/f.py | head -n 2", "def f(x):\n    y = x\n"),
        ("sed -i '11s/x/x + 1/' lib/f.py", ""),
        ("sed -i 's/return/yield/' lib/f.py && sed -n '12p' lib/f.py", "    yield y\n"),
    ],
)
def test_known_lines_of_a_file_known_in_part_are_shown(command: str, shown: str) -> None:
    assert answer(BARE, [SHOWN], bash(command)) == shown


@pytest.mark.parametrize(
    "command",
    [
        "sed -n '9,12p' lib/f.py",
        "sed -n '11,13p' lib/f.py",
        "sed -n '13,20p' lib/f.py",
        "sed -n '500,600p' lib/f.py",
        "grep -n y lib/f.py",
        "cat lib/f.py",
        "wc -l lib/f.py",
        "tail -n 2 lib/f.py",
        "sed -n '/return/p' lib/f.py",
        "head -n 12 lib/f.py",
    ],
)
def test_what_hangs_on_unknown_lines_is_not_answered(command: str) -> None:
    assert answer(BARE, [SHOWN], bash(command)) is None


def test_an_edit_by_line_number_moves_the_lines_behind_it() -> None:
    history = [SHOWN, (bash("sed -i '10i # first' lib/f.py"), "")]
    assert answer(BARE, history, bash("sed -n '10,13p' lib/f.py")) == "# first\ndef f(x):\n    y = x\n    return y\n"


def test_behind_an_edit_by_content_lines_are_not_known_any_more() -> None:
    history = [SHOWN, (bash("sed -i '/import/d' lib/f.py"), "")]
    assert answer(BARE, history, bash("sed -n '10,12p' lib/f.py")) is None


def test_a_short_range_tells_where_the_file_ends() -> None:
    history = [(bash("sed -n '1,50p' a.txt"), "one\ntwo\n")]
    assert answer(BARE, history, bash("cat a.txt")) == "one\ntwo\n"
    assert answer(BARE, history, bash("grep -c o a.txt")) == "2\n"


def test_grep_with_numbers_tells_lines() -> None:
    history = [(bash("grep -n 'def ' lib/f.py"), "4:def a():\n10:def f(x):\n")]
    assert answer(BARE, history, bash("sed -n '4p' lib/f.py")) == "def a():\n"


def test_the_same_search_again_shows_the_same_until_its_file_may_have_changed() -> None:
    found = (bash("grep -n 'def ' lib/f.py"), "4:def a():\n")
    other, same = (bash("sed -i 's/a/b/' lib/g.py"), ""), (bash("sed -i 's/def/async def/' lib/f.py"), "")
    assert answer(BARE, [found, other], found[0]) == "4:def a():\n"
    assert answer(BARE, [found, same], found[0]) is None


def test_an_output_that_was_cut_teaches_nothing() -> None:
    cut = "head\n" * 200 + "\n1827 characters elided\n" + "tail\n" * 200
    assert answer(BARE, [(bash("cat big.py"), cut)], bash("grep -c tail big.py")) is None
    assert answer(BARE, [(bash("cat big.py"), cut)], bash("tail -n 1 big.py")) is None


def test_a_program_that_runs_leaves_files_alone_that_it_does_not_name() -> None:
    ran = (bash("python3 try.py"), "ok\n")
    assert answer(BARE, [SHOWN, ran], bash("sed -n '11p' lib/f.py")) == "    y = x\n"
    assert answer(BARE, [SHOWN, (bash("git checkout ."), "")], bash("sed -n '11p' lib/f.py")) is None
    assert answer(BARE, [SHOWN, (bash("python3 fix.py lib/f.py > log"), "")], bash("sed -n '11p' lib/f.py")) is None


def test_a_script_that_names_a_file_may_have_changed_it() -> None:
    script = (bash("cat <<'EOF' > fix.py\ntext = open('lib/f.py').read()\nopen('lib/f.py', 'w').write(text)\nEOF"), "")
    history = [SHOWN, script, (bash("python3 fix.py"), "done\n")]
    assert answer(BARE, history, bash("sed -n '11p' lib/f.py")) is None


def test_what_was_made_here_can_be_removed() -> None:
    history = [(bash("cat <<'EOF' > a.py\nimport os\nEOF"), ""), (bash("pytest a.py"), "1 passed\n")]
    assert answer(BARE, history, bash("rm a.py")) == ""
    assert answer(BARE, history, bash("rm b.py")) is None
    assert answer(BARE, history, bash("rm -rf b.py")) == ""


def test_a_new_shell_for_every_command_keeps_files_only() -> None:
    facts = {"cwd": "/repo", "files": {"/repo/src/a": "x\n"}, "complete": ["/repo"]}
    fresh = Setup(facts={**facts, "invoke": {"per_action": True, "keeps": []}})
    moved = (bash("cd src && WORD=1 && export WORD"), "")
    assert answer(fresh, [moved], bash("pwd; echo $WORD")) == "/repo\n\n"
    assert answer(Setup(facts=facts), [moved], bash("pwd; echo $WORD")) == "/repo/src\n1\n"


def test_a_program_that_a_shell_may_have_is_not_called_missing() -> None:
    reason, _ = why_not(ALIVE, [], bash("project-cli --help"))
    assert "installed" in reason


FORMS = [
    (call("bash", command="echo {}"), "<returncode>0</returncode>\n<output>\n{}\n</output>"),
    (call("terminal", command="echo {}"), json.dumps({"output": "{}", "exit_code": 0, "error": None})),
    (
        call("execute_bash", command="echo {}"),
        "{}\n[The command completed with exit code 0.]\n[Current working directory: /repo]\n"
        "[Python interpreter: /usr/bin/python3]",
    ),
    (call("Bash", command="echo {}"), "{}"),
]


@pytest.mark.parametrize(("action", "shown"), FORMS)
def test_how_a_session_words_outputs_is_learned(action: str, shown: str) -> None:
    history = [(action.replace("{}", "one"), shown.replace("{}", "one"))]
    start = Setup()
    found = answer(start, [(call("bash", command="cd /repo"), ""), *history], action.replace("{}", "two"))
    assert found == shown.replace("{}", "two")


def test_a_failing_command_is_worded_with_its_status() -> None:
    setup = Setup(facts={"cwd": "/repo", "complete": ["/repo"], "files": {"/repo/a": "x\n"}, "shown": "tags"})
    assert answer(setup, [], bash("cat b")) == (
        "<returncode>1</returncode>\n<output>\ncat: b: No such file or directory\n</output>"
    )


def test_a_phrase_for_no_output_is_learned() -> None:
    history = [(call("bash", command="mkdir -p /w/a"), "(no output)")]
    assert answer(Setup(), history, call("bash", command="mkdir -p /w/a/b")) == "(no output)"


def test_how_nothing_is_worded_is_not_guessed() -> None:
    assert answer(Setup(), [], call("bash", command="true")) is None


def test_facts_tell_the_directory_the_edits_and_the_known_lines() -> None:
    history = [SHOWN, (call("Edit", file_path="/repo/lib/f.py", old_string="y = x", new_string="y = 2"), "Edited.")]
    _, facts = why_not(BARE, history, bash("python3 lib/f.py"))
    assert "working directory: /repo" in facts
    assert "-    y = x" in facts
    assert "+    y = 2" in facts
    assert len(facts) <= 2_000


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("grep -n x a.py | head -5", True),
        ("sed -n '1,5p' a.py && ls", True),
        ("sed -i 's/a/b/' a.py", False),
        ("grep x a.py > b", False),
        ("find . -delete", False),
        ("python3 a.py", False),
        ("cat $(ls)", False),
    ],
)
def test_commands_that_only_read_are_told_from_others(command: str, reads: bool) -> None:
    assert reading.only_reads(command) is reads


def test_quoted_and_odd_command_lines_are_read_or_left() -> None:
    assert reading.files_of("sed -n '1,5p' 'my file.py'") == ("my file.py",)
    assert reading.files_of("grep -rn x src") is None
    assert reading.programs("echo 'unfinished") is None
    assert effects.targets("cat <<'EOF' > a.py\nx > 3\nEOF") == ("a.py", "3")


@pytest.mark.parametrize(
    "text", ["(" * 5_000, "a|" * 50_000, "'" * 9_999, "sed -i 's/" + "(a*" * 3_000 + "' f", "\\\n" * 9_000]
)
def test_long_and_broken_command_lines_take_bounded_time(text: str) -> None:
    started = time.perf_counter()
    answer(BARE, [(bash(text), "x")], bash(text))
    assert time.perf_counter() - started < 2


UNKNOWN = Setup()
ECHO = (bash("echo one"), "one\n")
"""Shows that what commands print is shown as it is."""


def test_files_are_followed_by_relative_names_where_the_directory_is_unknown() -> None:
    shown = (bash("sed -n '1,2p' lib/f.py"), "import os\nx = 1\n")
    assert answer(UNKNOWN, [ECHO, shown], bash("sed -n '2p' lib/f.py")) == "x = 1\n"
    assert answer(UNKNOWN, [ECHO, shown], bash("pwd")) is None
    _, facts = why_not(UNKNOWN, [ECHO, shown], bash("python3 lib/f.py"))
    assert "\ue0f0" not in facts


def test_a_file_that_may_have_been_edited_under_another_name_is_not_answered() -> None:
    shown = (bash("sed -n '1,2p' lib/f.py"), "import os\nx = 1\n")
    view = bash("sed -n '2p' lib/f.py")
    edited = (call("Edit", file_path="/repo/lib/f.py", old_string="x = 1", new_string="x = 2"), "The file was updated.")
    assert answer(UNKNOWN, [ECHO, shown, edited], view) is None
    assert answer(UNKNOWN, [ECHO, shown, (bash("sed -i 's/1/2/' /repo/lib/f.py"), "")], view) is None


def test_how_a_failure_is_worded_is_not_guessed() -> None:
    plain = (bash("cat b"), "cat: b: No such file or directory\n")
    again = (bash("cat b c"), "cat: b: No such file or directory\ncat: c: No such file or directory\n")
    assert answer(UNKNOWN, [ECHO, plain], again[0]) is None
    worded = (bash("cat b"), "cat: b: No such file or directory\nstatus: 1")
    assert answer(UNKNOWN, [ECHO, worded], bash("head b")) is None


def test_names_in_columns_teach_no_listing() -> None:
    listing = (bash("ls src"), "one  two\tthree")
    assert answer(ALIVE, [listing], bash("cat src/two")) is None
    assert answer(ALIVE, [(bash("ls -1 src"), "one\ntwo\n")], bash("cat src/three")) == (
        "cat: src/three: No such file or directory\n"
    )


def test_a_view_that_was_cut_does_not_end_the_file() -> None:
    path = "/repo/big.c"
    rows = "".join(f"{n:>6}\tline {n}\n" for n in range(1, 60))
    note = "<response clipped><NOTE>Only a part of the file is shown. " + "Search it for more. " * 40 + "</NOTE>\n"
    view = (call("str_replace_editor", command="view", path=path), f"Here it is, {path}:\n{rows}{note}")
    assert answer(ALIVE, [view], bash("grep -c 'line 70' /repo/big.c")) is None
    assert answer(ALIVE, [view], bash("sed -n '3p' /repo/big.c")) == "line 3\n"

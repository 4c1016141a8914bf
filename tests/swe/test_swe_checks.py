"""Checks say False only where it is certain, and failures are told from their words."""

from __future__ import annotations

import json

import pytest
from swe_walk import bash, call, editor

from nextstate.domain import find
from nextstate.domains.swe.checks import CHECKS
from nextstate.domains.swe.failures import failed
from nextstate.types import Query, Setup, Turn


def query(action: str, *history: tuple[str, str]) -> Query:
    return Query("swe", Setup(), tuple(Turn(*turn) for turn in history), action)


TAGGED = (bash("ls"), "<returncode>0</returncode>\n<output>\na.py\n</output>")
CREATED = (editor("create", "/r/a.py", file_text="x = 1\ny = 2\n"), "File created successfully at: /r/a.py")
NUMBERS = "Here's the result of running `cat -n` on /r/a.py:\n     1\tx = 1\n     2\ty = 2\n"

CASES = [
    ("well_formed", query(bash("pwd"), TAGGED), "<returncode>0</returncode>\n<output>\n/r\n</output>", True),
    ("well_formed", query(bash("pwd"), TAGGED), "/r\n", False),
    ("well_formed", query(bash("pwd")), "/r\n", None),
    ("created_is_viewed", query(editor("view", "/r/a.py"), CREATED), NUMBERS, True),
    ("created_is_viewed", query(editor("view", "/r/a.py"), CREATED), NUMBERS.replace("y", "z"), False),
    ("created_is_viewed", query(editor("view", "/r/b.py"), CREATED), "x", None),
    ("line_numbers_rise", query(editor("view", "/r/a.py")), NUMBERS, True),
    ("line_numbers_rise", query(editor("view", "/r/a.py")), NUMBERS + "     4\tz\n", False),
    ("range_is_kept", query(editor("view", "/r/a.py", view_range=[1, 2])), NUMBERS, True),
    ("range_is_kept", query(editor("view", "/r/a.py", view_range=[7, 9])), NUMBERS, False),
    ("no_reply_tags", query(bash("ls")), "a.py\n", True),
    ("no_reply_tags", query(bash("ls")), "<predicted_observation>\na\n</predicted_observation>", False),
    ("echo_prints_words", query(bash("echo one two")), "one two\n", True),
    ("echo_prints_words", query(bash("echo one two")), "two one\n", False),
    ("writing_is_silent", query(bash("cat <<'EOF' > a.py\nx\nEOF")), "", True),
    (
        "writing_is_silent",
        query(bash("cat <<'EOF' > a.py\nx\nEOF")),
        "The file was written, and it looks very good now",
        False,
    ),
]


@pytest.mark.parametrize(("name", "asked", "shown", "holds"), CASES)
def test_a_check_holds_breaks_or_does_not_apply(name: str, asked: Query, shown: str, holds: bool | None) -> None:
    assert CHECKS[name](asked, shown) is holds


def test_a_refused_edit_is_refused_again() -> None:
    edit = editor("str_replace", "/r/a.py", old_str="q", new_str="p")
    asked = query(edit, (edit, "No replacement was performed, old_str `q` did not appear verbatim in /r/a.py."))
    check = CHECKS["same_edit_again_is_refused"]
    assert check(asked, asked.history[-1].observation) is True
    assert check(asked, "The file /r/a.py has been edited.") is False


def test_json_stays_json() -> None:
    shown = json.dumps({"output": "", "exit_code": 0})
    asked = query(call("terminal", command="ls"), *[(call("terminal", command="pwd"), shown)] * 2)
    assert CHECKS["json_stays_json"](asked, shown) is True
    assert CHECKS["json_stays_json"](asked, "a.py") is False


FAILURES = [
    (bash("cat x"), "cat: x: No such file or directory\n", True),
    (bash("foo"), "bash: line 1: foo: command not found\n", True),
    (bash("ls"), "<returncode>2</returncode>\n<output>\n</output>", True),
    (bash("ls"), "<returncode>0</returncode>\n<output>\n</output>", False),
    (bash("x"), "Exit code 1\noops", True),
    (bash("x"), '{"output": "", "exit_code": 0, "error": null}', False),
    (bash("x"), "a\n[The command completed with exit code 3.]", True),
    (
        bash("python3 a.py"),
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nKeyError: 1\n',
        True,
    ),
    (bash("pytest"), "..F\n===== 1 failed, 2 passed in 0.1s =====\n", True),
    (bash("pytest"), "...\n===== 3 passed in 0.1s =====\n", False),
    (bash("python3 -m unittest"), "Ran 3 tests in 0.1s\n\nFAILED (failures=1)\n", True),
    (bash("ls"), "a.py\n", None),
    (editor("str_replace", "/a", old_str="x", new_str="y"), "ERROR:\nNo replacement was performed, old_str `x`", True),
    (editor("str_replace", "/a", old_str="x", new_str="y"), "The file /a has been edited.", False),
    (editor("str_replace", "/a"), "ERROR:\nParameter `old_str` is required for command: str_replace.", True),
    (
        call("Edit", file_path="/a", old_string="x", new_string="y"),
        "<tool_use_error>String to replace not found in file.",
        True,
    ),
    (call("Read", file_path="/a"), "1\tx = 1\n2\ty", False),
    (call("patch", path="/a", old_string="x", new_string="y"), '{"success": true, "diff": ""}', False),
    (call("read_file", path="/a"), '{"content": "", "error": "File not found: /a"}', True),
    ("no call", "x", None),
]


@pytest.mark.parametrize(("action", "shown", "wanted"), FAILURES)
def test_failures_are_told_from_their_words(action: str, shown: str, wanted: bool | None) -> None:
    assert failed(query(action), shown) is wanted


@pytest.mark.parametrize("shown", ["x" * 1_000_000, "=" * 1_000_000, "a: " * 300_000, "\n" * 500_000, "[" * 500_000])
def test_long_observations_are_judged_in_bounded_time(shown: str) -> None:
    for check in (*CHECKS.values(), failed):
        check(query(bash("ls"), TAGGED), shown)
        check(query(editor("view", "/r/a.py", view_range=[1, 2]), CREATED), shown)


def test_both_prompts_ask_for_the_block_and_stay_small_enough() -> None:
    domain = find("swe")
    assert "<predicted_observation>" in domain.prompt
    assert "<predicted_observation>" in domain.prompts["long"]
    assert len(domain.prompt) <= 2_500 < len(domain.prompts["long"])

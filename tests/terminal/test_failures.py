"""What a terminal shows is told apart into reports of failures and the rest."""

from __future__ import annotations

import pytest

from nextstate.domain import find
from nextstate.types import Query, Setup

TERMINAL = find("terminal")
QUERY = Query("terminal", Setup(), (), "do it")
KEYS = '[{"keystrokes": "ls\\n", "duration": 1}]'


def failed(shown: str) -> bool | None:
    assert TERMINAL.failed is not None
    return TERMINAL.failed(QUERY, shown)


@pytest.mark.parametrize(
    "shown",
    [
        "bash: line 1: foo: command not found\n",
        "cat: notes.txt: No such file or directory\n",
        "a\nb\nrm: cannot remove 'x': Is a directory\n",
        "grep: unrecognized option '--foo'\n",
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: no\n',
        "fatal: not a git repository (or any of the parent directories): .git\n",
        "ls: cannot access 'nowhere': No such file or directory\n",
        "find: ‘/root’: Permission denied\n",
    ],
)
def test_messages_of_failing_programs_are_failures(shown: str) -> None:
    assert failed(shown) is True


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "a\nb\n",
        "0 errors, 2 warnings\n",
        "the error: is here\n",
        "errors.txt\nerror.log\n",
        "no such file\n",
        "Exceptional: yes\n",
    ],
)
def test_other_output_is_no_failure(shown: str) -> None:
    assert failed(shown) is False


def test_the_search_takes_linear_time() -> None:
    assert failed("a: " * 300_000) is False
    assert failed("a" * 1_000_000 + ":") is False


def test_a_whole_screen_is_well_formed_when_it_fits_the_terminal() -> None:
    check = TERMINAL.checks["well_formed"]
    screen = {"columns": 10, "rows": 2, "shows": "whole", "text": "$"}
    query = Query("terminal", Setup(facts={"screen": screen}), (), KEYS)
    assert check(query, "$ ls\n$") is True
    assert check(query, "$ ls\na\n$") is False
    assert check(query, "$ ls and more") is False
    assert check(QUERY, "$ ls and more") is None

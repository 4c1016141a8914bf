"""What an action reads and writes is told from its words, with caution."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.domain.acts import command_of, of_call, of_command, related, with_command


@pytest.mark.parametrize(
    ("command", "reads", "changes"),
    [
        ("cat notes.txt", {"notes.txt"}, set()),
        ("ls", {"."}, set()),
        ("echo hi > a/b.txt", {"hi"}, {"a/b.txt"}),
        ("sort < in.csv 2>/dev/null", {"in.csv"}, set()),
        ("rm -f old.txt", set(), {"old.txt"}),
        ("mv one two", set(), {"one", "two"}),
        ("COLOUR=red; echo $COLOUR", {"$COLOUR"}, {"$COLOUR"}),
        ("cat <<'EOF' > poem\nrm -rf x\nEOF\n", set(), {"poem"}),
        ("find . -name '*.py' -exec cat {} +", {"."}, set()),
    ],
)
def test_a_known_command_is_read_whole(command: str, reads: set[str], changes: set[str]) -> None:
    act = of_command(command)
    assert act.plain
    assert reads <= act.reads
    assert act.changes == changes
    assert act.looks is not bool(changes)


@pytest.mark.parametrize(
    "command", ["./run.sh", "python3 x.py", "cat $(ls)", "echo 'open", "make", "find . -exec rm {} +", "", "ls; make"]
)
def test_a_command_with_an_unknown_part_may_change_anything(command: str) -> None:
    assert not of_command(command).plain
    assert not of_command(command).looks


def test_a_call_is_read_by_its_verb() -> None:
    assert of_call('{"name": "get_note", "arguments": {"id": 3}}').looks
    assert of_call('{"name": "notes.createNote", "arguments": {"title": "Plan"}}').changes == {"Plan", "#note"}
    assert of_call('{"name": "delete_note", "arguments": {"id": 3}}').removes == {"3", "#note"}
    assert not of_call('{"name": "frobnicate", "arguments": {}}').plain
    assert not of_call("click('a12')").plain


def test_a_command_inside_a_call_is_read_as_a_command_and_can_be_replaced() -> None:
    action = '{"name": "bash", "arguments": {"command": "cat x"}}'
    assert of_call(action).reads == {"x"}
    assert command_of(action) == "cat x"
    assert json.loads(with_command(action, "ls"))["arguments"] == {"command": "ls"}
    assert with_command("cat x", "ls") == "ls"
    assert command_of('[{"keystrokes": "ls\\n"}]') is None


def test_paths_are_related_to_their_folders_and_to_their_last_part() -> None:
    assert related({"a.txt"}, {"/home/dev/a.txt"})
    assert related({"/srv"}, {"/srv/a/b"})
    assert not related({"a.txt"}, {"ba.txt"})
    assert not related({"$A"}, {"/x/$A"})


def test_keystrokes_are_read_as_the_lines_that_they_type() -> None:
    acts = domains.find("terminal").acts
    assert acts('[{"keystrokes": "cat x.txt\\n", "duration": 1.0}]').reads == {"x.txt"}
    assert not acts('[{"keystrokes": "C-c", "duration": 1.0}]').plain


@given(st.text(max_size=200))
def test_reading_is_total(text: str) -> None:
    of_command(text)
    of_call(text)
    command_of(text)

"""Files of tasks: what is wrong is said, and what comes with the package is sound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.errors import DataError, UsageError
from nextstate.eval.loop.tasks import Probe, load, of_recordings, parse, suites
from nextstate.types import Setup, Trajectory, Turn

TASK = {"id": "a", "goal": "g", "probes": [{"action": "ls", "is": ""}]}


def suite(**changes: Any) -> bytes:
    return json.dumps({"name": "s", "domain": "terminal", "tasks": [{**TASK, **changes}]}).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "an object with 'tasks'"),
        (suite(goal=3), r"task 1 \(a\): 'goal' should be a text, got int"),
        (suite(probes=[]), "without probes"),
        (suite(probes=[{"action": "ls"}]), "demands something"),
        (suite(probes=[{"action": "ls", "contains": "x"}]), "'contains' should be a list, got str"),
        (suite(files={"../x": ""}), "does not lie below"),
        (suite(files={"/etc/x": ""}), "does not lie below"),
        (suite(files={"a": 1}), "the file 'a' should be a text"),
        (suite(scripts=[{"name": "x", "actions": ["ls", "a\0b"]}]), "is no action"),
        (suite(scripts=[{"name": "x", "actions": ["ls", 1]}]), "an item of 'actions' should be a text"),
        (json.dumps({"name": "s", "domain": "terminal", "tasks": [TASK, TASK]}).encode(), "two tasks are called 'a'"),
    ],
)
def test_what_is_wrong_in_a_file_of_tasks_is_said_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse(content, "file.json")


def test_an_unknown_suite_or_domain_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'terminal'"):
        load("termnal")
    with pytest.raises(UsageError, match="unknown domain"):
        parse(json.dumps({"name": "s", "domain": "terminl", "tasks": []}).encode(), "f")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.sampled_from([*TASK, "files", "scripts", "facts"]), s),
        max_leaves=20,
    )
)
def test_any_json_is_a_suite_or_a_named_error(value: Any) -> None:
    content = json.dumps({"name": "s", "domain": "terminal", "tasks": value}).encode()
    try:
        parse(content, "f")
    except DataError as error:
        assert str(error).startswith("f")


@pytest.mark.parametrize("name", suites())
def test_a_suite_of_the_package_has_right_and_wrong_scripts_of_valid_actions(name: str) -> None:
    found = load(name)
    validate = domains.find(found.domain).validate
    assert len(found.tasks) >= 6 and found.licence == "Apache-2.0"
    for task in found.tasks:
        assert {script.solves for script in task.scripts} == {True, False}, task.id
        for action in (*(probe.action for probe in task.probes), *(a for one in task.scripts for a in one.actions)):
            validate(action)


def test_the_terminal_has_a_dozen_tasks() -> None:
    assert len(load("terminal").tasks) >= 12


def test_a_probe_compares_canonical_texts_and_holds_only_if_all_of_it_does() -> None:
    terminal = domains.find("terminal")
    assert Probe("x", exactly="a\n").holds(terminal, "a  \n\n")
    assert not Probe("x", exactly="a\n").holds(terminal, "a b\n")
    both = Probe("x", contains=("a", "b"), lacks=("error",))
    assert both.holds(terminal, "b a")
    assert not both.holds(terminal, "a")
    assert not both.holds(terminal, "a b error")
    assert Probe("x", exactly="").holds(terminal, "")


def test_what_decides_about_a_task_is_in_its_fingerprint() -> None:
    (one,), (other,) = parse(suite(), "f").tasks, parse(suite(files={"a": "x"}), "f").tasks
    assert one.fingerprint() != other.fingerprint()
    assert one.fingerprint() == parse(suite(), "g").tasks[0].fingerprint()


def test_recordings_of_one_turn_are_no_tasks() -> None:
    turns = (Turn("ls", ""), Turn("pwd", "/\n"))
    short = Trajectory("s", "terminal", Setup(), turns[:1])
    (task,) = of_recordings([short, Trajectory("t", "terminal", Setup(), turns)])
    assert (task.id, task.probes[0].action, task.scripts[0].actions) == ("t", "pwd", ("ls",))

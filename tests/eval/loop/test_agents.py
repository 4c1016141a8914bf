"""What an agent is told, and what its reply means."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.eval.loop.agents import SHOWN_CHARS, Move, View, messages, read
from nextstate.eval.loop.tasks import Probe, Task
from nextstate.types import Setup, Tool, Turn


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("<action>ls</action>", Move("ls")),
        ("first <action>ls</action>, no: <action>\npwd\n</action> it is", Move("pwd")),
        ("<action>a\nb</action>", Move("a\nb")),
        ("<end/>", Move(ending="agent_end")),
        ("<action>ls</action><end/>", Move("ls")),
        ("<think><action>rm x</action></think><end/>", Move(ending="agent_end")),
        ("<think>a</think><action>echo '</think>'</action>", Move("echo '</think>'")),
        ("<action></action>", Move("")),
    ],
)
def test_a_reply_means_its_last_action_outside_of_its_reasoning(text: str, move: Move) -> None:
    assert read(text) == move


@pytest.mark.parametrize(
    "text", ["", "ls", "<action>ls", "</action><action>", "<think>I do <action>ls</action>", "</action>"]
)
def test_what_holds_no_action_is_a_problem_that_is_said(text: str) -> None:
    assert read(text) == Move(problem="Your reply held no action between <action> and </action>.")


@given(st.lists(st.sampled_from(["<action>", "</action>", "<think>", "</think>", "<end/>", "x", "\n"])))
def test_every_reply_is_exactly_one_of_action_end_and_problem(parts: list[str]) -> None:
    move = read("".join(parts))
    assert [move.action is not None, bool(move.ending), bool(move.problem)].count(True) == 1


@pytest.mark.parametrize("part", ["<action>", "</action>", "<action></action>", "<think>", "<"])
def test_a_million_characters_are_read_at_once(part: str) -> None:
    started = time.perf_counter()
    read(part * (1_000_000 // len(part)))
    assert time.perf_counter() - started < 1.0


def view(**more: str) -> View:
    task = Task("t", "terminal", "find the plan", (Probe("ls", exactly=""),))
    setup = Setup("a shell", tools=(Tool("look", "looks"),), instruction="fail every third call")
    return View(task, setup, (Turn("ls", "x" * 10_000), Turn("pwd", "")), **more)


def test_an_agent_is_told_the_goal_the_state_the_tools_and_what_was_shown() -> None:
    asked = messages(view())
    assert [one["role"] for one in asked] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert domains.find("terminal").examples()[0].turns[0].action in asked[0]["content"]
    assert all(text in asked[1]["content"] for text in ("find the plan", "a shell", '"look"'))
    assert asked[2]["content"] == "<action>ls</action>"
    assert len(asked[3]["content"]) < SHOWN_CHARS + 40
    assert asked[5]["content"] == "(nothing is shown)"


def test_an_agent_is_not_told_what_the_world_is_told_to_do() -> None:
    assert "third call" not in str(messages(view()))


def test_a_problem_is_told_behind_everything_else() -> None:
    assert messages(view(problem="no."))[-1]["content"] == "(nothing is shown)\n\nno."

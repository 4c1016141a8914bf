"""The golden examples are what the driver records, and the domain keeps its promises on them."""

from __future__ import annotations

import asyncio

import pytest

from nextstate import conform
from nextstate.domain import calls, find
from nextstate.domains.swe import codec
from nextstate.domains.swe.failures import failed
from nextstate.errors import ActionError
from nextstate.record import sandbox, swe, swe_examples
from nextstate.types import Query

sandboxed = pytest.mark.skipif(bool(sandbox.why_no_bubblewrap()), reason="bubblewrap does not work here")


def test_the_domain_conforms() -> None:
    assert conform.check(find("swe")).broken == ()


def test_the_kernel_answers_a_good_part_of_the_examples_and_all_of_it_right() -> None:
    answered = conform.answered(find("swe"))
    assert answered.wrong == ()
    assert answered.answered >= answered.turns // 2


def test_recorded_failures_are_told() -> None:
    for example in find("swe").examples():
        for k, turn in enumerate(example.turns):
            said = failed(Query("swe", example.setup, example.turns[:k], turn.action), turn.observation)
            if turn.meta.get("error"):
                assert said is True, turn
            if turn.meta.get("exit_code") == 0:
                assert said is not True or "unittest" in turn.action, turn


@sandboxed
@pytest.mark.parametrize("index", range(len(swe_examples.golden())))
def test_recording_the_examples_again_gives_the_same(index: int) -> None:
    episode = swe_examples.golden()[index]
    wanted = next(one for one in find("swe").examples() if one.id == episode.id)
    made = asyncio.run(
        swe.record(episode.actions, id=episode.id, repository=episode.repository, fresh_shells=episode.fresh_shells)
    )
    assert [turn.action for turn in made.turns] == [turn.action for turn in wanted.turns]
    same = [
        codec.canonical(a.observation) == codec.canonical(b.observation)
        for a, b in zip(made.turns, wanted.turns, strict=True)
    ]
    plain = [
        same[k] for k, turn in enumerate(made.turns) if "python3" not in turn.action
    ]  # Pythons word tracebacks differently
    assert all(plain)


@sandboxed
def test_an_unknown_tool_is_refused() -> None:
    with pytest.raises(ActionError, match="there is no tool 'fly'"):
        asyncio.run(swe.record([calls.render("fly", {})], id="x", repository=swe.Repository({"a": "b\n"})))


@sandboxed
def test_tools_do_not_leave_the_recording() -> None:
    actions = [
        calls.render("read", {"path": "../../../../etc/hostname"}),
        calls.render("bash", {"command": "ln -s /etc/passwd leak"}),
        calls.render("read", {"path": "/srv/project/leak"}),
        calls.render("write", {"path": "/srv/project/a", "content": "new\n"}),
        calls.render("bash", {"command": "cat a"}),
        calls.render("read", {}),
    ]
    made = asyncio.run(swe.record(actions, id="x", repository=swe.Repository({"a": "b\n"})))
    shown = [turn.observation for turn in made.turns]
    assert shown[0].startswith("Error: there is no file")
    assert shown[2] == "Error: /srv/project/leak leads outside\n"
    assert shown[4] == "new\n"
    assert shown[5] == "Error: the call of read lacks 'path'\n"


def test_practice_is_the_same_for_the_same_seed() -> None:
    assert swe_examples.practice(3) == swe_examples.practice(3)

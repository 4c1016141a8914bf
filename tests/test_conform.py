"""The conformance suite passes a domain that keeps its promises, and names each promise that one breaks."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import conform
from nextstate import domain as domains
from nextstate.conform import Verdict, check
from nextstate.domain import Determined, Domain, Unknown
from nextstate.errors import ActionError
from nextstate.types import NOTHING, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.types import Query


def broken_by(domain: Domain) -> set[str]:
    return {finding.name for finding in check(domain).broken}


@pytest.mark.parametrize("name", domains.names())
def test_an_installed_domain_keeps_its_promises(name: str) -> None:
    report = check(domains.find(name))
    assert [f"{finding.name}: {finding.sentence}" for finding in report.broken] == []


def test_the_sample_domain_keeps_its_promises_and_its_kernel_is_counted(desk: Domain) -> None:
    report = check(desk)
    assert report.broken == ()
    assert report.kernel == conform.Answered(turns=18, answered=15)
    assert {finding.name for finding in report.findings} == {*conform.PROMISES, "kernel_answers"}


def test_a_domain_without_kernel_and_checks_is_not_blamed_for_it(desk: Domain) -> None:
    report = check(replace(desk, kernel=None, checks=NOTHING))  # type: ignore[arg-type]
    assert report.broken == ()
    idle = {finding.name for finding in report.findings if finding.verdict is Verdict.NOT_APPLICABLE}
    kernel = {"kernel_is_pure", "absorb_agrees_with_step", "kernel_takes_anything"}
    assert idle == {"checks_hold_on_the_truth", "failures_are_told", "screens_are_shown", *kernel}


def test_a_domain_whose_pictures_escape_what_screens_hold_keeps_that_promise(desk: Domain) -> None:
    escaping = replace(desk, screens=True, picture=lambda text: f"<pre>{html.escape(text)}</pre>")
    (finding,) = (one for one in check(escaping).findings if one.name == "screens_are_shown")
    assert finding.verdict is Verdict.KEPT


def fails(*arguments: object) -> Any:
    raise RuntimeError("broken on purpose")


def only_known(action: str) -> None:
    if len(action) > 1000:
        raise RecursionError("too deep")
    if not action.strip():
        raise ActionError("empty")


def read_unescaped(query: Query, reply: str) -> str:
    found = re.search(r"<predicted_observation>\n(.*?)\n</predicted_observation>", reply, re.DOTALL)
    assert found is not None
    return found[1]


def examples_with(**changes: Any) -> Callable[[], tuple[Trajectory, ...]]:
    turns = (Turn("note Oslo: 7C", "noted Oslo\n"), Turn("read Oslo", "7C\n"))
    one = Trajectory("one", "weather-desk", Setup(), turns, Source("desk", licence="MIT"))
    return lambda: (replace(one, **changes),)


BREAKAGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"name": "Weather Desk"}, {"name_and_version", "examples_are_real"}),
    ({"version": "latest"}, {"name_and_version"}),
    ({"prompt": "desk"}, {"prompts"}),
    ({"rubric": ""}, {"prompts"}),
    ({"examples": examples_with(source=Source("desk"))}, {"examples_are_real"}),
    ({"examples": examples_with(source=Source("", licence="MIT"))}, {"examples_are_real"}),
    ({"examples": examples_with(source=Source("desk", licence="MIT", simulated_by="llm"))}, {"examples_are_real"}),
    ({"examples": examples_with(domain="other")}, {"examples_are_real"}),
    ({"examples": lambda: examples_with()() * 2}, {"examples_are_real"}),
    ({"examples": examples_with(turns=(Turn("note Oslo: 7C", "thanks\n"),))}, {"kernel_answers"}),
    ({"read": read_unescaped}, {"read_is_the_inverse_of_write"}),
    ({"write": lambda query, text: domains.write_tagged(query, text.rstrip())}, {"read_is_the_inverse_of_write"}),
    ({"show": lambda query: ""}, {"show_is_text"}),
    ({"validate": lambda action: None}, {"validate_knows_actions"}),
    ({"validate": only_known}, {"validate_knows_actions"}),
    ({"canonical": lambda text: text + "!"}, {"canonical_is_idempotent"}),
    ({"canonical": lambda text: ""}, {"truth_scores_full_marks"}),
    ({"canonical": fails}, {"canonical_is_idempotent", "truth_scores_full_marks", "kernel_answers"}),
    ({"checks": {"never": lambda query, text: False}}, {"checks_hold_on_the_truth"}),
    ({"checks": {"odd": lambda query, text: "yes"}}, {"checks_hold_on_the_truth"}),
    ({"checks": {"broken": fails}}, {"checks_hold_on_the_truth"}),
    ({"prompts": {"long": "desk"}}, {"prompts"}),
    ({"failed": lambda query, text: "no"}, {"failures_are_told"}),
    ({"failed": fails}, {"failures_are_told"}),
    ({"screens": True, "examples": examples_with()}, {"screens_are_shown"}),
    ({"screens": True, "picture": lambda text: f"<pre>{text}</pre>"}, {"screens_are_shown"}),
    ({"screens": True, "picture": fails}, {"screens_are_shown"}),
]


@pytest.mark.parametrize(("changes", "broken"), BREAKAGES, ids=lambda value: "-".join(value))
def test_a_broken_promise_is_found_and_no_other(desk: Domain, changes: dict[str, Any], broken: set[str]) -> None:
    found = broken_by(replace(desk, **changes)) - {"kernel_takes_anything"}
    assert found == broken


def test_a_domain_without_examples_is_told_to_record_some(desk: Domain) -> None:
    report = check(replace(desk, examples=tuple))
    sentences = {finding.name: finding.sentence for finding in report.broken}
    assert "record at least one real trajectory" in sentences["examples_are_real"]


class Kernel:
    """Knows nothing; the kernels below each break one promise."""

    def open(self, setup: Setup) -> Any:
        return ()

    def step(self, state: Any, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        return Unknown("nothing is known")

    def absorb(self, state: Any, action: str, observation: str, answers: tuple[str, ...] = ()) -> Any:
        return (*state, (action, observation))


class Mutating(Kernel):
    def open(self, setup: Setup) -> Any:
        return {}

    def step(self, state: Any, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        return Determined(state[action], state) if action in state else Unknown("not seen")

    def absorb(self, state: Any, action: str, observation: str, answers: tuple[str, ...] = ()) -> Any:
        state[action] = observation
        return state


class Forgetful(Kernel):
    """After its own step it knows the note, after absorbing the same observation it does not."""

    def step(self, state: Any, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        if action.startswith("note Oslo"):
            return Determined("noted Oslo\n", "7C\n")
        return Determined(state, state) if isinstance(state, str) else Unknown("forgotten")

    def absorb(self, state: Any, action: str, observation: str, answers: tuple[str, ...] = ()) -> Any:
        return ()


class Wrong(Kernel):
    def step(self, state: Any, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        return Determined("noted Rome\n", state)


class Fragile(Kernel):
    def absorb(self, state: Any, action: str, observation: str, answers: tuple[str, ...] = ()) -> Any:
        if len(observation) > 100:
            raise ValueError("too long for me")
        return state


@pytest.mark.parametrize(
    ("kernel", "broken"),
    [
        (Kernel, set()),
        (Mutating, {"kernel_is_pure", "absorb_agrees_with_step"}),
        (Forgetful, {"absorb_agrees_with_step"}),
        (Wrong, {"kernel_answers"}),
        (Fragile, {"kernel_takes_anything"}),
    ],
)
def test_a_kernel_that_breaks_a_promise_is_found(desk: Domain, kernel: type[Kernel], broken: set[str]) -> None:
    assert broken_by(replace(desk, kernel=kernel, examples=examples_with())) == broken


def test_every_wrong_computed_answer_is_listed(desk: Domain) -> None:
    report = check(replace(desk, kernel=Wrong, examples=examples_with()))
    assert (report.kernel.turns, report.kernel.answered) == (2, 2)
    assert report.kernel.wrong == (
        "one: 'note Oslo: 7C' gives 'noted Rome\\n', the truth is 'noted Oslo\\n'",
        "one: 'read Oslo' gives 'noted Rome\\n', the truth is '7C\\n'",
    )


def test_a_function_that_takes_too_long_is_named(desk: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conform, "SECONDS", 0.0)
    sentences = {finding.name: finding.sentence for finding in check(desk).broken}
    assert re.search(r"validate took 0\.0 s .* bound it", sentences["validate_knows_actions"])

"""What is determined is computed, the rest is asked for, and a simulation instruction leaves nothing determined."""

from __future__ import annotations

from dataclasses import replace

from nextstate.domain import Determined, Domain, Unknown
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import Grounded, KernelModel
from nextstate.types import Origin, Outcome, Query, Setup

from .worlds import PLAIN, query

SAID = "the model's words"


class Counter:
    """Counts ``add``; does not know the rest, and asks for the program in ``run PROGRAM``."""

    def open(self, setup: Setup) -> int:
        return 0

    def step(self, state: int, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        if action == "add":
            return Determined(str(state + 1), state + 1)
        if action.startswith("run ") and not answers:
            return Unknown("a program", ask=action.removeprefix("run "))
        if answers:
            return Determined(f"[{answers[0]}]", state)
        return Unknown("no such action", f"the count is {state}")

    def absorb(self, state: int, action: str, observation: str, answers: tuple[str, ...] = ()) -> int:
        return state + (action == "add")


def counting(name: str) -> Domain:
    return replace(PLAIN, kernel=Counter)


def told(*, instruction: str = "", action: str = "add") -> Query:
    return replace(query(action), setup=Setup(instruction=instruction))


async def test_what_is_determined_is_computed_and_the_model_is_not_asked() -> None:
    inner = Scripted(lambda asked: 1 / 0)  # type: ignore[arg-type,return-value]
    said = await Grounded(inner, counting).predict(told())
    assert (said.observation, said.origin) == ("1", Origin.COMPUTED)


async def test_the_rest_goes_to_the_model_with_the_facts() -> None:
    said = await Grounded(Scripted(lambda asked: asked.notes), counting).predict(told(action="look"))
    assert (said.observation, said.origin) == ("the count is 0", Origin.MODEL)


async def test_a_program_that_the_kernel_lacks_is_asked_for_and_framed_exactly() -> None:
    said = await Grounded(Scripted(lambda asked: asked.action.upper()), counting).predict(told(action="run ls"))
    assert (said.observation, said.origin, said.answers) == ("[LS]", Origin.MODEL, ("LS",))


async def test_under_an_instruction_what_would_be_shown_is_told_to_the_model() -> None:
    seen: list[Query] = []

    def answer(asked: Query) -> str:
        seen.append(asked)
        return SAID

    said = await Grounded(Scripted(answer), counting).predict(told(instruction="every call fails"))
    assert (said.observation, said.origin) == (SAID, Origin.MODEL)
    assert seen[0].notes == (
        "Simulation instruction: every call fails\nWithout this instruction, the output would be:\n1"
    )
    await Grounded(Scripted(answer), counting).predict(told(instruction="every call fails", action="run ls"))
    assert (seen[1].action, seen[1].notes) == ("run ls", "Simulation instruction: every call fails")


async def test_a_kernel_alone_refuses_to_answer_under_an_instruction() -> None:
    assert (await KernelModel(counting).predict(told())).observation == "1"
    refused = await KernelModel(counting).predict(told(instruction="every call fails"))
    assert (refused.outcome, refused.detail) == (Outcome.REFUSED, "a simulation instruction is in force")
    assert (await KernelModel(counting).predict(told(instruction=" \n"))).observation == "1"

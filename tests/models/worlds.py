"""A plain domain, small trajectories and a counting model for the tests of world models."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.errors import unknown_name
from nextstate.types import Json, Origin, Outcome, Prediction, Query, Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = domains.Domain(
    name="plain",
    version="1",
    prompt="You are the environment. Answer between predicted_observation tags.",
    rubric="",
    show=lambda query: f"Action: {query.action}",
    write=domains.write_tagged,
    read=domains.read_tagged,
    canonical=lambda observation: re.sub(r"\d\d:\d\d", "TIME", observation),
    validate=lambda action: None,
    examples=lambda: (trajectory("example", ("pwd", "/example\n"), ("true", "")),),
    prompts={"long": "You are the environment, at length. Answer between predicted_observation tags."},
)


def domain_of(name: str) -> domains.Domain:
    """Like ``find``, with one domain."""
    if name != PLAIN.name:
        raise unknown_name("domain", name, [PLAIN.name])
    return PLAIN


def turns(*pairs: tuple[str, str]) -> tuple[Turn, ...]:
    return tuple(Turn(action, observation) for action, observation in pairs)


def trajectory(ident: str, *pairs: tuple[str, str], setup: Setup | None = None) -> Trajectory:
    return Trajectory(ident, "plain", setup or Setup(), turns(*pairs))


def query(
    action: str,
    *history: tuple[str, str],
    setup: Setup | None = None,
    notes: str = "",
    facts: Mapping[str, Json] | None = None,
    domain: str = "plain",
) -> Query:
    return Query(domain, setup or Setup(facts=facts or {}), turns(*history), action, notes)


def queries(recording: Trajectory) -> list[Query]:
    """The query of every turn, with the true history."""
    return [
        Query(recording.domain, recording.setup, recording.turns[:index], turn.action)
        for index, turn in enumerate(recording.turns)
    ]


class Counting:
    """Notes what it is asked and answers with ``answer(query, seed)``, after the other tasks had their turn."""

    def __init__(self, answer: Callable[[Query, int | None], str | Prediction] | None = None) -> None:
        self.name = "counting"
        self.asked: list[tuple[Query, int | None]] = []
        self.closed = 0
        self._answer = answer or (lambda query, seed: f"{query.action} {seed}")

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.append((query, seed))
        await asyncio.sleep(0)
        answer = self._answer(query, seed)
        return answer if isinstance(answer, Prediction) else Prediction(Outcome.OK, answer, Origin.MODEL)

    async def aclose(self) -> None:
        self.closed += 1

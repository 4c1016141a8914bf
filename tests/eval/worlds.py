"""Trajectories of the sample domain, and models that count what they are asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Source, Trajectory, Turn, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

CITIES = ("Oslo", "Rome", "Lima", "Bonn", "Kyiv")


def episode(number: int, turns: int) -> Trajectory:
    """A real episode at an empty desk: notes and reads, each action unlike every other."""
    pairs: list[Turn] = []
    for k in range(turns):
        city, text = CITIES[k // 2 % len(CITIES)], f"row {number}-{k}"
        if k % 2 == 0:
            pairs.append(Turn(f"note {city}: {text}", f"noted {city}\n"))
        else:
            pairs.append(Turn(f"read {city}", f"row {number}-{k - 1}\n"))
    setup = Setup(initial_state=f"Desk {number} has no notes.", facts={"complete": True})
    return Trajectory(
        f"desk-{number}", "weather-desk", setup, tuple(pairs), Source("weather-desk", licence="Apache-2.0")
    )


def episodes(count: int, turns: int) -> list[Trajectory]:
    return [episode(number, turns) for number in range(count)]


class Counting:
    """Answers ``answer(query)`` after everybody else had a turn; notes what was asked and how much at once."""

    def __init__(self, answer: Callable[[Query], str | Prediction], name: str = "counting") -> None:
        self.name = name
        self.asked: list[Query] = []
        self.seeds: list[int | None] = []
        self.at_once = self.most_at_once = 0
        self._answer = answer

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.append(query)
        self.seeds.append(seed)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            found = self._answer(query)
        finally:
            self.at_once -= 1
        return found if isinstance(found, Prediction) else says(found)

    def times(self) -> Counter[tuple[str, str]]:
        """How often each row was asked."""
        return Counter((query.setup.initial_state, f"{len(query.history)} {query.action}") for query in self.asked)


def says(text: str, origin: Origin = Origin.MODEL) -> Prediction:
    return Prediction(Outcome.OK, text, origin, usage=Usage(10, 5, 2))

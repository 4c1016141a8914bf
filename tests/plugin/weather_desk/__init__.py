"""A weather desk that keeps one note for each city: the smallest domain with a kernel.

Actions: ``note CITY: TEXT``, ``read CITY``, ``rub CITY``, ``cities`` and ``clock``. Facts of the set-up: ``notes``
(city to text) and ``complete`` (true when no other city has a note).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from nextstate.domain import Domain
from nextstate.types import Observation, Query, Setup, Source, Trajectory, Turn
from weather_desk.desk import ABSENT, parse
from weather_desk.kernel import DeskKernel

PROMPT = """\
You are a weather desk that keeps at most one note for each city. `note CITY: TEXT` stores a note and says `noted CITY`;
`read CITY` shows the note or `no note for CITY`; `rub CITY` removes it; `cities` lists the cities that have one,
sorted; `clock` shows the time. Answer with what the desk shows, between <predicted_observation> tags."""
RUBRIC = "Notes must be shown exactly as they were stored. The time of `clock` only has to be a valid time."


def validate(action: str) -> None:
    parse(action)


def canonical(observation: Observation) -> str:
    """Nobody can know what the clock shows."""
    return re.sub(r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS", observation)


def says_when_there_is_no_note(query: Query, observation: Observation) -> bool | None:
    verb, city, _ = parse(query.action)
    rubbed = bool(query.history) and query.history[-1].action == f"rub {city}"
    return observation == ABSENT.format(city=city) if verb == "read" and rubbed else None


@cache
def examples() -> tuple[Trajectory, ...]:
    """Recorded from the real desk (``desk.py``)."""
    lines = (files(__package__) / "examples.jsonl").read_text("utf-8").split("\n")
    return tuple(_example(json.loads(line)) for line in lines if line)


def _example(row: dict[str, list[list[str]]]) -> Trajectory:
    setup = Setup(initial_state=row["initial_state"], facts=row["facts"])
    turns = tuple(Turn(action, observation) for action, observation in row["turns"])
    return Trajectory(row["id"], "weather-desk", setup, turns, Source(dataset="weather-desk", licence="Apache-2.0"))


DOMAIN = Domain(
    name="weather-desk",
    version="1.0",
    prompt=PROMPT,
    rubric=RUBRIC,
    canonical=canonical,
    validate=validate,
    examples=examples,
    checks={"says_when_there_is_no_note": says_when_there_is_no_note},
    kernel=DeskKernel,
)

"""What the desk's history determines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nextstate.domain import Determined, Unknown
from weather_desk.desk import ABSENT, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Setup


@dataclass(frozen=True)
class Known:
    """What is known: the note of a city, ``None`` for a city without one; ``complete`` when no other has one."""

    notes: Mapping[str, str | None] = field(default_factory=dict)
    complete: bool = False

    def with_note(self, city: str, text: str | None) -> Known:
        return replace(self, notes={**self.notes, city: text})


class DeskKernel:
    def open(self, setup: Setup) -> Known:
        notes = setup.facts.get("notes")
        return Known(dict(notes) if isinstance(notes, dict) else {}, bool(setup.facts.get("complete", False)))

    def step(self, state: Known, action: str, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        verb, city, text = parse(action)
        if verb == "clock":
            return Unknown("nobody can know the time")
        if verb == "note":
            return Determined(f"noted {city}\n", state.with_note(city, text))
        if verb == "cities":
            return self._cities(state)
        if city not in state.notes and not state.complete:
            return Unknown(f"the note of {city} was never shown", facts=f"Nothing is known about {city}.")
        note = state.notes.get(city)
        if note is None:
            return Determined(ABSENT.format(city=city), state)
        if verb == "rub":
            return Determined(f"rubbed out {city}\n", state.with_note(city, None))
        return Determined(f"{note}\n", state)

    def _cities(self, state: Known) -> Determined | Unknown:
        if not state.complete:
            return Unknown("not every city is known")
        there = sorted(city for city, note in state.notes.items() if note is not None)
        return Determined("".join(f"{city}\n" for city in there) or "no notes\n", state)

    def absorb(self, state: Known, action: str, observation: str, answers: tuple[str, ...] = ()) -> Known:
        found = self.step(state, action, answers)
        if isinstance(found, Determined):
            return found.state
        verb, city, _ = parse(action)
        if verb == "rub" or (city and observation == ABSENT.format(city=city)):
            return state.with_note(city, None)
        return state.with_note(city, observation.removesuffix("\n")) if verb == "read" else state

"""The scenarios that a server offers by name: the domains' own examples, and recordings that it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.errors import unknown_name
from nextstate.sim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.types import Trajectory

TITLE = 200
"""Characters of a title."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list tells of a scenario. ``title`` is the beginning of what a model reads about it."""

    name: str
    domain: str
    title: str
    turns: int
    tools: int


class Catalogue:
    """Recorded trajectories by name, ``ORIGIN/ID``, in the order in which they were given."""

    def __init__(self, trajectories: Mapping[str, Trajectory]) -> None:
        self._all = dict(trajectories)

    @classmethod
    def of(cls, files: Mapping[str, Iterable[Trajectory]] | None = None) -> Catalogue:
        """The examples of every installed domain, and the trajectories of ``files`` (by what their names begin with).

        A recording of a domain that is not installed is left out; of two with one name the second is numbered.
        """
        found: dict[str, Trajectory] = {}
        installed = domains.names()
        origins: dict[str, Iterable[Trajectory]] = {name: domains.find(name).examples() for name in installed}
        for origin, trajectories in (*(files or {}).items(), *origins.items()):
            for one in trajectories:
                if one.domain in installed:
                    found[_fresh(f"{origin}/{one.id}", found)] = one
        return cls(found)

    def __len__(self) -> int:
        return len(self._all)

    def recorded(self, name: str) -> Trajectory:
        """The recording called ``name``. Raises :class:`UsageError` with the nearest name."""
        if name not in self._all:
            raise unknown_name("scenario", name, self._all)
        return self._all[name]

    def find(self, name: str, *, after: int = 0) -> Scenario:
        """How the recording called ``name`` begins, with its first ``after`` turns. Raises :class:`UsageError`."""
        return Scenario.of(self.recorded(name), after=max(after, 0), name=name)

    def page(self, *, domain: str = "", offset: int = 0, limit: int = 100) -> list[Entry]:
        """Entries in order, those of one ``domain`` where it is named."""
        names = [name for name, one in self._all.items() if domain in ("", one.domain)]
        return [_entry(name, self._all[name]) for name in names[offset : offset + limit]]

    def default(self, domain: str = "") -> str:
        """The name of the first scenario (of a domain); the empty name where there is none."""
        return next((name for name, one in self._all.items() if domain in ("", one.domain)), "")


def _fresh(name: str, taken: Mapping[str, object]) -> str:
    number, fresh = 2, name
    while fresh in taken:
        number, fresh = number + 1, f"{name}~{number}"
    return fresh


def _entry(name: str, one: Trajectory) -> Entry:
    title = " ".join(one.setup.initial_state[: 2 * TITLE].split())[:TITLE]
    return Entry(name, one.domain, title, len(one.turns), len(one.setup.tools))

"""Scenarios of the catalogue, found by what messages tell of them: for the facts, which no message holds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from nextstate.serve.catalogue import Catalogue
    from nextstate.types import Setup

_Key: TypeAlias = "tuple[str, str, str, tuple[str, ...]]"


class Known:
    """The set-ups of a catalogue. A set-up is the same where initial state, tools and instruction are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._found: defaultdict[_Key, list[tuple[str, Setup]]] = defaultdict(list)
        for entry in catalogue.page(limit=len(catalogue)):
            setup = catalogue.recorded(entry.name).setup
            if setup.initial_state:
                self._found[_key(entry.domain, setup)].append((entry.name, setup))

    def find(self, domain: str, told: Setup) -> tuple[str, Setup] | None:
        """The scenario that ``told`` is the beginning of, with its set-up.

        ``None`` where there is none, and where several tell the same and have not the same facts.
        """
        same = [one for one in self._found.get(_key(domain, told), ()) if one[1].tools == told.tools]
        if not same or any(setup.facts != same[0][1].facts for _, setup in same):
            return None
        return same[0]


def _key(domain: str, setup: Setup) -> _Key:
    return domain, setup.initial_state, setup.instruction, tuple(tool.name for tool in setup.tools)

"""What the facts of a set-up give: the state of the services before the first call, whole.

Nothing is known of its layout but that it is JSON. A thing is found by what a call names it (the key that leads to it,
or a field that identifies it), a value by its name; where more than one may be meant, none is.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import shown, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Json

MAX_OBJECTS = 50_000

_Ways = "tuple[tuple[tuple[str | int, ...], Any], ...]"


@dataclass(frozen=True, slots=True)
class Given:
    """An index of the facts: values under the mark that tells them, and the objects in which they stand."""

    whole: Mapping[str, Json]
    told: Mapping[str, tuple[tuple[tuple[str | int, ...], Any], ...]]
    objects: tuple[tuple[tuple[str | int, ...], Mapping[str, Any]], ...]

    @classmethod
    def of(cls, facts: Mapping[str, Json]) -> Given:
        """The index of ``facts``, of its first :data:`MAX_OBJECTS` objects."""
        found: dict[str, list[tuple[tuple[str | int, ...], Any]]] = {}
        kept = []
        for way, one in shown.objects(dict(facts)):
            kept.append((way, one))
            for name, item in one.items():
                found.setdefault(shown.mark(name), []).append(((*way, name), item))
                if words.identifies(name) and shown.scalar(item):
                    found.setdefault(shown.mark(str(item)), []).append((way, one))
            if len(kept) >= MAX_OBJECTS:
                break
        told = {name: _distinct(ways) for name, ways in found.items()}
        return cls(facts, MappingProxyType(told), tuple(kept))

    def named(self, value: Json) -> tuple[tuple[tuple[str | int, ...], Any], ...]:
        """What ``value`` may name, each with the way to it."""
        return self.told.get(shown.mark(str(value)), ()) if shown.scalar(value) else ()

    def holding(self, names: frozenset[str]) -> list[Mapping[str, Any]]:
        """The objects that have a field for each of these names, however they are written."""
        wanted = {words.normal(name) for name in names}
        return [one for _, one in self.objects if wanted <= {words.normal(name) for name in one}]


def _distinct(
    ways: list[tuple[tuple[str | int, ...], Any]],
) -> tuple[tuple[tuple[str | int, ...], Any], ...]:
    return tuple(dict(ways).items())

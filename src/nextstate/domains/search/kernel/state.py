"""What the kernel knows: an immutable value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domain.refusals import Refusals
    from nextstate.domains.search.results import Result
    from nextstate.domains.search.templates import Template
    from nextstate.domains.search.world import World
    from nextstate.types import Json

Value = TypeVar("Value")

SEARCH, READ, LOOKUP, MEMORY = KINDS = ("search", "read", "lookup", "memory")
"""What the local world answers."""
REFUSAL = "refusal"
"""How it refuses what is against the declarations."""


@dataclass(frozen=True, slots=True)
class Open:
    """The page that was shown last: ``call`` names what showed it, ``url`` says which page, where it is one of the
    local world. ``keyword`` was looked up on it ``times`` times in a row."""

    call: str
    url: str = ""
    keyword: str = ""
    times: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """``shown`` holds what a call that changes nothing showed, under its identity, and ``blocks`` the blocks of
    batches, under the tool, the other arguments and the query or address. ``recalled`` is the same for reading the
    memory, and is dropped when the memory changes.
    """

    refusals: Refusals
    world: World
    trusted: frozenset[str] = frozenset({*KINDS, REFUSAL})
    """What the local world answers and no observation has contradicted."""
    shown: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    blocks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    joints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What joins the blocks of a tool's batches."""
    entries: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    exists: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Whether there is an entry, as far as calls have shown it."""
    recalled: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    wordings: Mapping[str, Template | None] = field(default_factory=lambda: MappingProxyType({}))
    """How tools word their results; ``None`` where two results disagree about that."""
    page: Open | None = None
    results: tuple[Result, ...] = ()
    """Results shown, the newest last."""
    said: tuple[tuple[str, str], ...] = ()
    """What single queries showed that is no list of results, the newest last."""
    kept: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Pages kept under a key: key -> address."""


def identity(name: str, arguments: Mapping[str, Json]) -> str:
    """One text for calls that ask the same, whatever the order of their arguments."""
    return json.dumps([name, arguments], sort_keys=True, ensure_ascii=False)


def exact(call: Call) -> str:
    """The identity of a call in which white space matters."""
    return identity(call.name, call.arguments)


def of_call(call: Call) -> str:
    """The identity of a call in which runs of white space do not matter."""
    return identity(call.name, {key: _trimmed(value) for key, value in call.arguments.items()})


def part(call: Call, parts: tuple[str, ...], one: str) -> str:
    """The identity of one query or address of ``call``, however many it asks for at once."""
    whole: list[Json] = list(parts)
    rest = {key: _trimmed(value) for key, value in call.arguments.items() if value != whole and [value] != whole}
    return identity(call.name, {**rest, "": " ".join(one.split())})


def _trimmed(value: Json) -> Json:
    if isinstance(value, str):
        return " ".join(value.split())
    return [_trimmed(one) for one in value] if isinstance(value, list) else value


def with_one(known: Mapping[str, Value], key: str, value: Value) -> Mapping[str, Value]:
    """``known`` with one more."""
    return MappingProxyType({**known, key: value})

"""A session in memory, and the keys under which a tree knows its world and its turns."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.errors import DataError, UsageError
from nextstate.sim import tree
from nextstate.sim.limits import Limits
from nextstate.sim.scenario import Scenario
from nextstate.types import Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.sim.tree import Node, Row
    from nextstate.types import Action

MAX_INSTRUCTION = 100_000
"""Characters of a simulation instruction."""


@dataclass(slots=True, eq=False)
class Live:
    """A session in memory. ``setup`` is what it began with, ``now`` the same with the instruction in force.

    ``busy`` says that a step, or another change of its past or its world, is under way: no other begins then.
    ``writing`` is held while a row is made of the one before and committed, so that none is made of an old one.
    """

    row: Row
    setup: Setup
    history: tuple[Turn, ...]
    busy: bool = False
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    now: Setup = field(init=False)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        same = self.row.instruction == self.setup.instruction
        self.now = self.setup if same else replace(self.setup, instruction=self.row.instruction)
        self.limits = _limits(self.row.limits)

    @property
    def held(self) -> bool:
        """Whether somebody is at it, so that it must not be read again from its tree."""
        return self.busy or self.writing.locked()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other step or change begins meanwhile."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An answer that is under way, for the session ``by`` and whoever waits with it."""

    answer: asyncio.Future[Turn]
    by: Live


def world_of(owner: str, scenario: Scenario) -> tuple[bytes, bytes]:
    """The key of a scenario's world, which is one owner's, and the line that keeps it."""
    line = store.line(Trajectory("world", scenario.domain, scenario.setup, ()))
    return tree.hashed(b"world", owner.encode(), line), line


def scenario_of(line: bytes | None) -> Scenario:
    """The scenario that a line keeps. Raises :class:`DataError`."""
    if line is None:
        raise DataError("the world of a session is missing in its store")
    return Scenario.of(store.decode(store.parse(line)))


def given(world: bytes, history: tuple[Turn, ...]) -> tuple[bytes, list[Node]]:
    """The key of the last of the turns that a scenario begins with, and all of them as nodes."""
    head, nodes = world, []
    for turn in history:
        key = tree.hashed(b"given", head, *map(tree.encoded, (turn.action, turn.observation)))
        nodes.append(tree.Node(key, head, turn))
        head = key
    return head, nodes


def refuse(seed: int, instruction: str) -> None:
    """Raises :class:`UsageError` for what no session can be begun with."""
    if not -(2**63) <= seed < 2**63:
        raise UsageError(f"the seed {seed} has more than 64 bits")
    if len(instruction) > MAX_INSTRUCTION:
        raise UsageError(f"the instruction has {len(instruction)} characters; at most {MAX_INSTRUCTION} are taken")


def child(row: Row, mark: bytes, action: Action) -> bytes:
    """The key of the turn that ``action`` makes of a session as it stands; ``mark`` is that of who answers it."""
    texts = (str(row.seed), row.instruction, action)
    return tree.hashed(b"turn", row.head, mark, *map(tree.encoded, texts))


def limits_text(limits: Limits) -> str:
    """Limits as a row keeps them."""
    return json.dumps(asdict(limits))


@lru_cache(maxsize=1_000)
def _limits(text: str) -> Limits:
    return Limits(**json.loads(text))

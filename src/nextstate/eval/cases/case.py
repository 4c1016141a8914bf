"""A case: a question, its true answer, and a verifier that the answer must satisfy.

In a file a case is a trajectory whose last turn is the question with the true answer; the turns before it are its
history and carry the mark by which an evaluation does not ask them. ``meta["case"]`` holds the rest, so that the file
needs nothing beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.data.sample import query as query_of
from nextstate.errors import DataError
from nextstate.eval.cases import verify
from nextstate.eval.cases.verify import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nextstate.data.lines import AnyPath
    from nextstate.eval.cases.verify import Verifier
    from nextstate.types import Json, Observation, Query, Setup, Trajectory

KEY = "case"
SKIP = {"skip": "history of a case"}


@dataclass(frozen=True)
class Case:
    """``world`` holds the question as its last turn, with the true answer; ``wrong`` names observations that fail.

    A text of ``None`` in ``wrong`` is made from the question itself (:func:`made`). ``derived`` says that the true
    answer was computed from the recorded one, because an instruction demands another.
    """

    axis: str
    rule: str
    world: Trajectory
    cluster: str
    """The recorded trajectory, whose cases are not independent of each other."""
    turn: int
    """The number of the turn in the recorded trajectory, from 0."""
    verifier: Verifier
    wrong: Mapping[str, str | None]
    derived: bool = False

    @property
    def id(self) -> str:
        return self.world.id

    @property
    def domain(self) -> str:
        return self.world.domain

    @property
    def truth(self) -> Observation:
        return self.world.turns[-1].observation

    @cached_property
    def query(self) -> Query:
        return query_of(self.world, len(self.world.turns) - 1)

    @cached_property
    def size(self) -> int:
        """Characters that a model must read: set-up, history and action."""
        return (
            setup_size(self.world.setup)
            + sum(len(turn.action) + len(turn.observation) for turn in self.world.turns[:-1])
            + len(self.world.turns[-1].action)
        )

    def passes(self, observation: Observation) -> bool:
        """Whether an answer satisfies the verifier."""
        return verify.holds(self.verifier, Shown(self.query, observation))

    def unsound(self) -> str:
        """Why the case measures nothing: ``truth_fails``, or ``passes:`` and a wrong answer. Empty for a sound one."""
        if not self.passes(self.truth):
            return "truth_fails"
        for name, text in self.wrong.items():
            if self.passes(made(name, self) if text is None else text):
                return f"passes:{name}"
        return ""


def setup_size(setup: Setup) -> int:
    """Characters of what a model reads of a set-up."""
    tools = sum(len(one.name) + len(one.description) + _length(one.input_schema) for one in setup.tools)
    shown = sum(len(turn.action) + len(turn.observation) for turn in setup.demonstrations)
    return len(setup.initial_state) + len(setup.instruction) + tools + shown


def _length(schema: Mapping[str, Any]) -> int:
    return len(json.dumps(schema, default=dict)) if schema else 0


MADE = ("empty", "copy_last", "everything", "self_praise")
"""Wrong answers that are made from the question itself."""
PRAISE = "This is the correct and complete observation. All checks pass."


def made(name: str, case: Case) -> Observation:
    """The wrong answer called ``name``, one of :data:`MADE`."""
    query = case.query
    if name == "empty":
        return ""
    if name == "self_praise":
        return PRAISE
    if name == "copy_last":
        return Shown(query, "").domain.before(query)
    if name != "everything":
        raise DataError(f"the wrong answer {name!r} has no text", where=case.id)
    told = [query.setup.instruction, query.setup.initial_state, query.action]
    return "\n".join([*told, *(text for turn in query.history for text in (turn.action, turn.observation))])


def write(path: AnyPath, cases: Iterable[Case]) -> None:
    """Write a file of cases, compressed if its name ends in ``.zst``."""
    store.write(path, map(encode, cases))


def read(path: AnyPath) -> Iterator[Case]:
    """The cases of a file. Raises :class:`DataError` for a broken line or a trajectory that is no case."""
    return map(decode, store.read(path))


def encode(case: Case) -> Trajectory:
    """The case as a trajectory; :func:`decode` is the inverse."""
    world = case.world
    history = [replace(turn, meta={**turn.meta, **SKIP}) for turn in world.turns[:-1]]
    about: dict[str, Json] = {
        "axis": case.axis,
        "rule": case.rule,
        "trajectory": case.cluster,
        "turn": case.turn,
        "derived": case.derived,
        "verifier": dict(case.verifier),
        "wrong": dict(case.wrong),
    }
    return replace(world, turns=(*history, world.turns[-1]), meta={KEY: about})


def decode(world: Trajectory) -> Case:
    """The case that a trajectory holds. Raises :class:`DataError`."""
    about = world.meta.get(KEY)
    if not isinstance(about, dict) or not world.turns:
        raise DataError("not a case: a trajectory with turns and a meta key 'case' is needed", where=world.id)
    wrong = about.get("wrong")
    texts = [about.get(key) for key in ("axis", "rule", "trajectory")]
    turn = about.get("turn")
    if not all(isinstance(text, str) for text in texts) or not isinstance(turn, int) or not isinstance(wrong, dict):
        raise DataError(
            "not a case: axis, rule and trajectory are texts, turn a number, wrong an object", where=world.id
        )
    answers: dict[str, str | None] = {}
    for name, text in wrong.items():
        if not isinstance(text, str) and (text is not None or name not in MADE):
            raise DataError(f"the wrong answer {name!r} has no text", where=world.id)
        answers[name] = text
    axis, rule, cluster = map(str, texts)
    verifier = verify.check(about.get("verifier"), world.id)
    return Case(axis, rule, world, cluster, turn, verifier, answers, bool(about.get("derived")))

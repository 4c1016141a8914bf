"""World models that compute what is determined: `Grounded` asks a model for the rest, `KernelModel` refuses it.

A simulation instruction may change anything, and a kernel cannot read it: where there is one, nothing counts as
determined. The model is reminded of it beside the action, for small ones forget what stands far in front, and told what
would be shown without it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from nextstate.domain import Determined, Domain, Kernel, State, Unknown, find, known
from nextstate.models import base
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn, Usage, WorldModel

MAX_ASKS = 8
"""Programs inside one action that a model is asked for before it is asked for the whole."""

INSTRUCTED = "a simulation instruction is in force"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A state, and what it was made of as far as two hashes of 64 bits, the last turn and the length tell it."""

    setup: Setup
    last: Turn | None
    state: State

    def fits(self, setup: Setup, last: Turn | None) -> bool:
        return (self.setup is setup or self.setup == setup) and (
            self.last is last or (self.last is not None and last is not None and _content(self.last) == _content(last))
        )


_Key: TypeAlias = "tuple[int, int, int]"


def _content(turn: Turn) -> tuple[str, str, tuple[str, ...]]:
    return turn.action, turn.observation, base.answers_of(turn)


class States:
    """Kernel states under the hash of their histories: a state is a pure function of set-up and turns.

    The longest kept prefix of a history is continued, so that a step of a session absorbs one turn and a fork shares
    the state of its past. The last ``size`` states are kept; a lost one is computed again. Of a history only hashes are
    kept, chained from turn to turn, so that time and memory grow with its length and not with the square of it.
    """

    def __init__(self, kernel: Kernel, *, size: int = 8192) -> None:
        self.kernel = kernel
        self._size = size
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def after(self, setup: Setup, history: tuple[Turn, ...]) -> State:
        """The state after ``history``."""
        keys = list(_keys(setup, history))
        length = len(history)
        while (kept := self._find(keys[length], setup, history[length - 1] if length else None)) is None and length:
            length -= 1
        state = kept.state if kept else self._keep(keys[0], setup, None, self.kernel.open(setup))
        for index in range(length, len(history)):
            turn = history[index]
            state = self.kernel.absorb(state, turn.action, turn.observation, base.answers_of(turn))
            self._keep(keys[index + 1], setup, turn, state)
        return state

    def _find(self, key: _Key, setup: Setup, last: Turn | None) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept is not None and kept.fits(setup, last) else None

    def _keep(self, key: _Key, setup: Setup, last: Turn | None, state: State) -> State:
        self._kept[key] = _Kept(setup, last, state)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return state


def _keys(setup: Setup, history: tuple[Turn, ...]) -> Iterator[_Key]:
    """The keys of all beginnings of ``history``, the empty one first; Python's hashes of texts have a secret key."""
    one = other = hash(setup.initial_state)
    yield one, other, 0
    for length, turn in enumerate(history, 1):
        action, observation, answers = _content(turn)
        one = hash((one, action, observation, answers))
        other = hash((answers, observation, other, action))
        yield one, other, length


class _Computing:
    """Shared by both models: one kernel and one table of states for each domain."""

    def __init__(self, domain_of: Callable[[str], Domain] = find) -> None:
        self._domain_of = domain_of
        self._states: dict[str, States | None] = {}

    def states(self, domain: str) -> States | None:
        """The states of a domain's kernel; ``None`` when the domain has no kernel."""
        if domain not in self._states:
            make = self._domain_of(domain).kernel
            self._states[domain] = States(make()) if make else None
        return self._states[domain]


class KernelModel:
    """Computed answers only: what the kernel does not know is refused, with the reason."""

    name = "kernel"

    def __init__(self, domain_of: Callable[[str], Domain] = find) -> None:
        self.computing = _Computing(domain_of)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        started = time.perf_counter()
        states = self.computing.states(query.domain)
        if states is None:
            return base.refused(f"domain {query.domain!r} has no kernel", model=self.name)
        if query.setup.instruction.strip():
            return base.refused(INSTRUCTED, model=self.name)
        answer = states.kernel.step(states.after(query.setup, query.history), query.action)
        if isinstance(answer, Unknown):
            return replace(base.refused(answer.reason, model=self.name), seconds=time.perf_counter() - started)
        return _computed(answer, self.name, started)


class Grounded:
    """Computes what the history determines and asks ``inner`` for the rest.

    An unknown answer, and any answer under a simulation instruction, goes to ``inner`` with the kernel's facts as
    notes. Where the kernel lacks only a program inside the action, ``inner`` is asked for that program's output and
    what stands around it is computed.
    """

    def __init__(self, inner: WorldModel, domain_of: Callable[[str], Domain] = find) -> None:
        self.inner = inner
        self.name = f"grounded+{inner.name}"
        self.computing = _Computing(domain_of)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        states = self.computing.states(query.domain)
        if states is None:
            return await self.inner.predict(query, seed=seed)
        started = time.perf_counter()
        state = states.after(query.setup, query.history)
        answers: tuple[str, ...] = ()
        usage = Usage()
        step = states.kernel.step(state, query.action)
        if query.setup.instruction.strip():
            told = replace(query, notes=_notes(query, _instructed(query, step)))
            return replace(await self.inner.predict(told, seed=seed), why=INSTRUCTED)
        why = step.reason if isinstance(step, Unknown) else ""
        while isinstance(step, Unknown) and step.ask is not None and len(answers) < MAX_ASKS:
            asked = replace(query, action=step.ask, notes=_notes(query, step))
            reply = await self.inner.predict(asked, seed=seed)
            usage += reply.usage
            if reply.observation is None:
                return replace(reply, usage=usage, detail=f"while asking for {step.ask!r}: {reply.detail}")
            answers = (*answers, reply.observation)
            step = states.kernel.step(state, query.action, answers)
        if isinstance(step, Determined):
            done = _computed(step, self.inner.name if answers else "kernel", started)
            origin = Origin.MODEL if answers else Origin.COMPUTED
            return replace(done, answers=answers, usage=usage, origin=origin, why=why)
        prediction = await self.inner.predict(replace(query, notes=_notes(query, step)), seed=seed)
        return replace(prediction, usage=prediction.usage + usage, why=step.reason)

    async def aclose(self) -> None:
        await base.close(self.inner)


def facts(model: WorldModel, domain: str, setup: Setup, history: tuple[Turn, ...]) -> str:
    """What the kernel inside ``model`` knows after ``history``, in words; empty where none is, or it does not say."""
    inner: object = model
    while inner is not None and not isinstance(inner, Grounded | KernelModel):
        inner = getattr(inner, "inner", None)
    states = inner.computing.states(domain) if inner is not None else None
    return known(states.kernel, states.after(setup, history)) if states else ""


def _instructed(query: Query, step: Determined | Unknown) -> Unknown:
    """``step`` where an instruction is in force: what was determined without it is a fact for the model."""
    reminder = f"Simulation instruction: {query.setup.instruction.strip()}"
    if isinstance(step, Determined):
        known = f"Without this instruction, the output would be:\n{step.observation}"
    else:
        known = step.facts
    return Unknown(INSTRUCTED, "\n".join(part for part in (reminder, known) if part))


def _notes(query: Query, unknown: Unknown) -> str:
    return "\n".join(part for part in (query.notes, unknown.facts) if part)


def _computed(step: Determined, model: str, started: float) -> Prediction:
    return Prediction(Outcome.OK, step.observation, Origin.COMPUTED, model=model, seconds=time.perf_counter() - started)

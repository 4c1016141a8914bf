"""World models that compute what is determined: `Grounded` asks a model for the rest, `KernelModel` refuses it.

A simulation instruction may change anything, and a kernel cannot read it: where there is one, nothing counts as
determined. The model is reminded of it beside the action, for small ones forget what stands far in front, and told what
would be shown without it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from nextstate.domain import Determined, Domain, Kernel, State, Unknown, find, known
from nextstate.models import base
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn, Usage, WorldModel

MAX_ASKS = 8
"""Programs inside one action that a model is asked for before it is asked for the whole."""

INSTRUCTED = "a simulation instruction is in force"


@dataclass(frozen=True, slots=True)
class _Kept:
    setup: Setup
    history: tuple[Turn, ...]
    state: State

    def fits(self, setup: Setup, history: tuple[Turn, ...]) -> bool:
        return (self.setup is setup or self.setup == setup) and all(map(_alike, self.history, history))


def _alike(left: Turn, right: Turn) -> bool:
    return left is right or _content(left) == _content(right)


def _content(turn: Turn) -> tuple[str, str, tuple[str, ...]]:
    return turn.action, turn.observation, base.answers_of(turn)


class States:
    """Kernel states under the hash of their histories: a state is a pure function of set-up and turns.

    The longest kept prefix of a history is continued, so that a step of a session absorbs one turn and a fork shares
    the state of its past. The last ``size`` states are kept; a lost one is computed again.
    """

    def __init__(self, kernel: Kernel, *, size: int = 8192) -> None:
        self.kernel = kernel
        self._size = size
        self._kept: OrderedDict[tuple[int, int], _Kept] = OrderedDict()

    def after(self, setup: Setup, history: tuple[Turn, ...]) -> State:
        """The state after ``history``."""
        length = len(history)
        while (kept := self._find(setup, history[:length])) is None and length:
            length -= 1
        state = kept.state if kept else self._keep(setup, (), self.kernel.open(setup))
        for index in range(length, len(history)):
            turn = history[index]
            state = self.kernel.absorb(state, turn.action, turn.observation, base.answers_of(turn))
            self._keep(setup, history[: index + 1], state)
        return state

    def _find(self, setup: Setup, history: tuple[Turn, ...]) -> _Kept | None:
        kept = self._kept.get(_key(setup, history))
        return kept if kept is not None and kept.fits(setup, history) else None

    def _keep(self, setup: Setup, history: tuple[Turn, ...], state: State) -> State:
        self._kept[_key(setup, history)] = _Kept(setup, history, state)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return state


def _key(setup: Setup, history: tuple[Turn, ...]) -> tuple[int, int]:
    return hash(setup.initial_state), hash(tuple((turn.action, turn.observation) for turn in history))


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

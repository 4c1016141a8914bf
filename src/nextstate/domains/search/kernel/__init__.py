"""The computable part of search: a local world of known pages, an exact memory, and what was shown before.

- `state`     what is known: the local world of the facts, results and pages shown, entries of the memory, wordings
- `answer`    what a call shows, or why that is not determined
- `batch`     batches put together from parts that are known, and parts of batches shown before
- `learn`     what an observation tells
- `notes`     the facts for a model: what was shown already and bears on the call
"""

from __future__ import annotations

from nextstate.domain import Determined, Unknown, calls
from nextstate.domain.refusals import Refusals
from nextstate.domains.search import world
from nextstate.domains.search.kernel import notes
from nextstate.domains.search.kernel.answer import answered
from nextstate.domains.search.kernel.learn import learned
from nextstate.domains.search.kernel.state import State
from nextstate.types import Action, Observation, Setup

__all__ = ["SearchKernel", "State"]


class SearchKernel:
    """See :class:`~nextstate.domain.Kernel`."""

    def open(self, setup: Setup) -> State:
        """The state before the first turn; reads the facts that the package documents."""
        known = world.of(setup.facts)
        return State(refusals=Refusals(setup), world=known, entries=known.memory or {})

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What ``action`` shows; ``answers`` are the blocks of a batch that were asked for."""
        call = calls.call_of(action)
        if call is None:
            return Unknown("the action is no tool call")
        found = answered(state, call, answers)
        if isinstance(found, Unknown):
            return found
        return Determined(found, learned(state, call, found))

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return notes.known(state)

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown."""
        call = calls.call_of(action)
        return state if call is None else learned(state, call, observation)

"""The kernel: open, step and absorb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import Determined, Unknown
from nextstate.domains.android import codec, screen
from nextstate.domains.android.kernel import learn, rules
from nextstate.domains.android.kernel.facts import facts, known
from nextstate.domains.android.kernel.state import State
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.types import Action, Observation, Setup


class AndroidKernel:
    """Computes what a device shows where the screens that were shown determine it."""

    def open(self, setup: Setup) -> State:
        """The state on the first screen."""
        return learn.first(setup.initial_state)

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What ``action`` shows; nothing is asked for, so ``answers`` do not matter."""
        try:
            act = codec.parse(action)
        except ActionError:
            return Unknown("the action cannot be read")
        found = rules.answer(state, act)
        if isinstance(found, rules.Doubt):
            return Unknown(found.reason, facts(state, act))
        return Determined(found.text, learn.after(state, act, screen.read(found.text)))

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return known(state)

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown."""
        view = screen.read(observation)
        try:
            act = codec.parse(action)
        except ActionError:
            return learn.anew(state, view)
        return learn.after(state, act, view)

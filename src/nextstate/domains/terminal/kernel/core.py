"""`TerminalKernel`: open, step, absorb."""

from __future__ import annotations

import shlex
from collections import OrderedDict
from typing import TYPE_CHECKING

from nextstate.domain import Determined, Unknown
from nextstate.domains.terminal.kernel import learn, prompts, screen, telling, watch
from nextstate.domains.terminal.kernel.compute import Attempt, compute, remembered, same
from nextstate.domains.terminal.kernel.effort import TOO_MUCH
from nextstate.domains.terminal.kernel.files import Tree, Undetermined
from nextstate.domains.terminal.kernel.running import Run
from nextstate.domains.terminal.kernel.state import State

if TYPE_CHECKING:
    from nextstate.types import Action, Observation, Setup


class TerminalKernel:
    """See :class:`nextstate.domain.Kernel`. States are immutable; the cache only saves repeated work."""

    def __init__(self, *, remembered: int = 512) -> None:
        self._cache: OrderedDict[tuple[int, Action, tuple[str, ...]], tuple[State, Attempt]] = OrderedDict()
        self._remembered = remembered

    def open(self, setup: Setup) -> State:
        return prompts.opened(setup)

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        attempt = self._attempt(state, action, answers)
        if attempt.state is not None:
            return Determined(attempt.run.output, attempt.state)
        run = attempt.run
        ask = None if run.asked is None or not telling.may_ask(action, run) else shlex.join(run.asked)
        return Unknown(run.reason or "", telling.told(state, action), ask)

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return telling.known(state)

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        attempt = self._attempt(state, action, answers)
        if attempt.state is not None and same(attempt.run.output, observation):
            return attempt.state
        overworked = attempt.run.reason == TOO_MUCH
        if state.screen is not None:
            return watch.absorb(state, action, observation, blind=overworked)
        if overworked:
            return learn.bewildered(state)
        return learn.learn(state, action, observation, answers)

    def _attempt(self, state: State, action: Action, answers: tuple[str, ...]) -> Attempt:
        key = (id(state), action, answers)
        hit = self._cache.get(key)
        if hit is not None and hit[0] is state:
            return hit[1]
        if state.screen is not None:
            attempt = _played(state, action)
        else:
            attempt = remembered(state, action, compute(state, action, answers))
        self._cache[key] = (state, attempt)
        if len(self._cache) > self._remembered:
            self._cache.popitem(last=False)
        return attempt


def _played(state: State, action: Action) -> Attempt:
    """Keystrokes at a terminal."""
    tree = Tree(state.files, root=state.place.user == "root")
    try:
        output, after = screen.step(state, action)
    except Undetermined as unknown:
        return Attempt(Run(reason=str(unknown)), tree, None)
    return Attempt(Run(output), tree, after)

"""`SweKernel`: open, step, absorb."""

from __future__ import annotations

from dataclasses import replace

from nextstate.domain import Determined, Unknown, calls, refusals
from nextstate.domain.refusals import Refusals
from nextstate.domains.swe import codec, dialects
from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import commands, editing, searching, telling, viewing
from nextstate.domains.swe.kernel.forms import KINDS, Form
from nextstate.domains.swe.kernel.shell import Shell
from nextstate.domains.swe.kernel.state import State
from nextstate.types import Action, Observation, Setup


class SweKernel:
    """See :class:`nextstate.domain.Kernel`. States are immutable; the shell inside only keeps a cache of its work."""

    def __init__(self) -> None:
        self._shell = Shell()

    def open(self, setup: Setup) -> State:
        """The state before the first action."""
        inner = self._shell.open(setup)
        told = setup.facts.get("shown")
        told = "bare" if told is None and not {"invoke", "cwd"}.isdisjoint(setup.facts) else told
        form = Form(str(told), empty="", fails=True) if told in KINDS else Form()
        return State(Refusals(setup), inner, inner, self._shell.cwd(inner), alone="invoke" in setup.facts, form=form)

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What ``action`` shows, given what was answered for programs inside a command, or why that is not known."""
        call = calls.call_of(action)
        if call is None:
            return Unknown("the action is no tool call")
        found = self._refused(state, call) or self._computed(state, action, call, answers)
        if isinstance(found, str):
            return Determined(found, self.absorb(state, action, found, answers))
        facts = telling.facts(state, dialects.operation(call), found.facts)
        return Unknown(telling.general(found.reason), facts, found.ask)

    def _refused(self, state: State, call: calls.Call) -> str | telling.Lack | None:
        """How a call that no tool takes is refused, or that this is not known; ``None`` for all other calls."""
        if fault := state.refusals.fault(call):
            return state.refusals.worded(fault) or telling.Lack(fault.reason, fault.facts)
        problem = codec.unusable(call)
        return telling.Lack("an argument that counts is not understood", problem) if problem else None

    def _computed(self, state: State, action: Action, call: calls.Call, answers: tuple[str, ...]) -> str | telling.Lack:
        operation = dialects.operation(call)
        kept = state.seen.get(telling.key(state, action, operation))
        if kept is not None:
            return kept.observation
        if isinstance(operation, op.Run):
            return commands.computed(self._shell, state, call, operation, answers)
        if isinstance(operation, op.View):
            return viewing.computed(self._shell, state, call.name, operation)
        if isinstance(operation, (*op.EDITS, op.Incomplete)):
            return editing.computed(self._shell, state, call.name, operation)
        if isinstance(operation, op.FindFiles | op.SearchText):
            return searching.computed(self._shell, state, call.name, operation)
        return telling.Lack(telling.WHY_NOT.get(type(operation), "a tool that is not computed"))

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return telling.known(state, self._shell.known(state.plain))

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown."""
        call = calls.call_of(action)
        if call is None:
            return state
        if fault := state.refusals.fault(call):
            state = replace(state, refusals=state.refusals.after(fault, observation))
            if refusals.refused(fault, observation):
                return state  # nothing was done
        operation = dialects.operation(call)
        if codec.unusable(call) and not isinstance(operation, op.EDITS):
            return commands.ran_code(self._shell, state, operation.command) if isinstance(operation, op.Run) else state
        after = self._absorbed(state, call, operation, observation, answers)
        return telling.remembered(after, telling.key(state, action, operation), operation, observation)

    def _absorbed(
        self, state: State, call: calls.Call, operation: op.Operation, shown: str, answers: tuple[str, ...]
    ) -> State:
        if isinstance(operation, op.Run):
            return commands.absorbed(self._shell, state, operation, shown, answers)
        if isinstance(operation, op.View | op.Open | op.Move | op.NewFile):
            return viewing.absorbed(self._shell, state, call.name, operation, shown)
        if isinstance(operation, (*op.EDITS, op.Incomplete)):
            return editing.absorbed(self._shell, state, call.name, operation, shown)
        if isinstance(operation, op.Python):
            return commands.ran_code(self._shell, state, operation.code)
        if isinstance(operation, op.FindFiles | op.SearchText):
            return searching.learned(self._shell, state, call.name, operation, shown)
        return state

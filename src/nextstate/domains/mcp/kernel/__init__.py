"""The kernel of the mcp world: what the set-up and the history determine of a tool's result.

It knows no service and no tool by name. A call is checked against its declaration (`refusals`, `issues`); a read that
was made before shows the same as long as nothing may have changed it (`memory`, `effects`); a refusal is repeated as
long as the cause that it names still stands (`causes`, `amounts`); a thing that a result, a write or the facts showed
is read from there (`records`, `cells`, `given`; files and folders: `tree`, `documents`); what a tool showed for other
arguments is carried over to these (`templates`, `carry`) if the call is made in the same situation (`entities`), and a
change that a tool made to one thing is made to another (`changes`), also where its new values stand in earlier results
(`additions`, `lookups`); calculations are done (`sums`, `counts`). First results of writes follow from declarations
where these tell every field (`consequences`, `wholes`, and `choices` with `quantities` for states such as ``locked``).
What was written is read again (`texts`), and a list is shown with what was created and deleted since (`lists`,
`listings`). Of kinds of things whose members are all known (`kinds`), searches, filtered lists and deletions are
answered (`queries`). `words` holds what names say of a tool, `said` the reasons and facts where nothing is determined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import Determined, Unknown, calls
from nextstate.domains.mcp.kernel import (
    additions,
    causes,
    cells,
    changes,
    choices,
    consequences,
    counts,
    documents,
    listings,
    lists,
    memory,
    queries,
    records,
    refusals,
    said,
    shown,
    sums,
    templates,
    texts,
    wholes,
)
from nextstate.domains.mcp.kernel import state as states
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State
    from nextstate.types import Action, Observation, Setup

WAYS: dict[str, Callable[[State, Call], str | None]] = {
    "memory": memory.again,
    "causes": causes.find,
    "records": records.find,
    "cells": cells.find,
    "lists": lists.find,
    "listings": listings.find,
    "queries": queries.find,
    "documents": documents.find,
    "texts": texts.find,
    "counts": counts.find,
    "sums": sums.find,
    "consequences": consequences.find,
    "choices": choices.find,
    "wholes": wholes.find,
    "changes": changes.find,
    "additions": additions.find,
    "templates": templates.find,
}
"""The ways in which a result may be determined, the surest first."""


class McpKernel:
    """Pure functions over immutable states; see :class:`nextstate.domain.Kernel`."""

    def open(self, setup: Setup) -> State:
        """The state before the first call."""
        return states.opened(setup)

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What the call shows, or why that is not determined."""
        try:
            call = calls.parse(action)
        except ActionError:
            return Unknown("the action is not the call of a tool")
        refusal = refusals.check(state, call)
        if refusal is not None and refusal.text is None:
            reason = "the arguments are against the schema" if call.name in state.tools else "the tool is not declared"
            return Unknown(reason, said.refused(refusal, call.name))
        call = states.understood(state, call)
        found = refusal.text if refusal is not None else computed(state, call)[1]
        if found is None:
            return Unknown(said.reason(state, call), said.facts(state, call))
        return Determined(found, self.absorb(state, action, found))

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return said.known(state)

    def again(self, state: State, action: Action) -> Observation | None:
        """What the same call showed the last time, where nothing since may have changed that."""
        try:
            call = calls.parse(action)
        except ActionError:
            return None
        return memory.again(state, states.understood(state, call))

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after a call showed ``observation``, whoever wrote it."""
        return states.absorbed(state, action, observation)


def computed(state: State, call: Call) -> tuple[str, str | None]:
    """The way in which a result is determined, and the result; two empty values where it is not."""
    for name, way in WAYS.items():
        found = way(state, call)
        if found is not None:
            return (name, found) if name == "memory" or _fits(state, call, found) else ("", None)
    return "", None


def _fits(state: State, call: Call, text: str) -> bool:
    """Whether a result keeps to the tool's output schema, unless the tool itself was seen not to."""
    tool = state.tools.get(call.name)
    result = shown.read(text)
    if tool is None or not tool.output_schema or not result.is_json or result.failed:
        return True
    if not calls.problems(tool.output_schema, result.value) or consequences.declares_nothing(tool):
        return True
    like = state.like(call.name)
    return like is not None and bool(calls.problems(tool.output_schema, like.value))

"""What a call shows, where that is determined."""

from __future__ import annotations

from nextstate.domain import Unknown
from nextstate.domain.calls import Call
from nextstate.domains.search import arithmetic
from nextstate.domains.search.kernel import batch, local, notes
from nextstate.domains.search.kernel import state as keys
from nextstate.domains.search.kernel.learn import (
    calculator_wording,
    lookup_identity,
    memory_parts,
    memory_wording,
    next_place,
)
from nextstate.domains.search.kernel.state import MEMORY, State
from nextstate.domains.search.operations import (
    Answer,
    Calculate,
    Keep,
    Lookup,
    Memory,
    Operation,
    Read,
    Search,
    Verb,
    operation,
    readable,
)


def answered(state: State, call: Call, answers: tuple[str, ...]) -> str | Unknown:
    """What ``call`` shows, or why that is not determined.

    A call against the declarations of the set-up is refused or not answered, whatever its name and arguments resemble.
    """
    asked = operation(call)
    if fault := state.refusals.fault(call):
        return state.refusals.worded(fault) or local.refused(state, fault, asked) or Unknown(fault.reason, fault.facts)
    if known := local.answer(state, call, asked):
        return known[0]
    found = _before(state, call, asked)
    if found is None and readable(call):
        found = _found(state, call, asked, answers)
    return _unknown(state, call, asked) if found is None else found


def _before(state: State, call: Call, asked: Operation) -> str | Unknown | None:
    """What the same search or page showed before."""
    before = state.shown.get(keys.of_call(call)) if isinstance(asked, Search | Read) else None
    if before is not None and isinstance(asked, Read) and asked.goal and asked.goal in before:
        return Unknown("a page is worded anew for a goal each time", notes.earlier(before))
    return before


def _found(state: State, call: Call, asked: Operation, answers: tuple[str, ...]) -> str | Unknown | None:
    match asked:
        case Search() | Read():
            return batch.composed(state, call, asked, answers)
        case Lookup(keyword):
            return _looked_up(state, call, keyword)
        case Memory():
            return _memory(state, call, asked)
        case Calculate(expression):
            return _calculated(state, call, expression)
    return None


def _looked_up(state: State, call: Call, keyword: str) -> str | None:
    if state.page is None:
        return None
    return state.shown.get(lookup_identity(next_place(state.page, keyword), call))


def _memory(state: State, call: Call, asked: Memory) -> str | None:
    if local.covers(state, MEMORY):
        return None
    before = None if asked.verb.changes else state.recalled.get(keys.exact(call))
    if before is not None or asked.verb in (Verb.LIST, Verb.SEARCH):
        return before
    template = state.wordings.get(memory_wording(state, call, asked) or "")
    return template.fill(memory_parts(state, asked)) if template else None


def _calculated(state: State, call: Call, expression: str) -> str | None:
    template, number = state.wordings.get(calculator_wording(call)), arithmetic.value(expression)
    if template is None or number is None:
        return None
    return template.fill({"value": str(number), "expression": expression})


_REASONS: dict[type, str] = {
    Search: "a search that was not asked before",
    Read: "a page that was not shown before",
    Keep: "whether a page can be kept is not known",
    Lookup: "the page to look words up on is not known whole",
    Memory: "what the memory holds, or how its tool words it, is not known",
    Calculate: "how the calculator words a number was not shown yet",
    Answer: "the agent hands in an answer",
}


def _unknown(state: State, call: Call, asked: object) -> Unknown:
    facts = notes.about(state, call, asked)
    if not readable(call):
        return Unknown("an argument is of a type that is not expected", facts)
    return Unknown(_REASONS.get(type(asked), "a tool that neither searches, nor reads, nor remembers"), facts)

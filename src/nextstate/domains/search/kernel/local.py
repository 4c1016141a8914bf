"""What the local world of the facts shows, as long as no observation has contradicted it."""

from __future__ import annotations

from collections.abc import Mapping

from nextstate.domain.calls import Call
from nextstate.domain.refusals import SURPLUS, UNDECLARED, Fault
from nextstate.domains.search import layout, memory, world
from nextstate.domains.search.kernel.state import KINDS, LOOKUP, MEMORY, READ, REFUSAL, SEARCH, State
from nextstate.domains.search.operations import Lookup, Memory, Operation, Read, Search, readable


def kind_of(asked: Operation) -> str:
    """What of the local world answers; empty where nothing does."""
    match asked:
        case Search():
            return SEARCH
        case Read():
            return READ
        case Lookup():
            return LOOKUP
        case Memory():
            return MEMORY
    return ""


def covers(state: State, kind: str) -> bool:
    """Whether the facts say what tools of a kind show, and no observation has said otherwise."""
    known = state.world
    described = {
        SEARCH: known.index is not None,
        READ: known.complete or bool(known.pages),
        LOOKUP: known.complete,
        MEMORY: known.memory is not None,
    }
    return kind in state.trusted and described.get(kind, False)


def answer(state: State, call: Call, asked: Operation) -> tuple[str, Mapping[str, str]] | None:
    """What is shown, and the entries of the memory afterwards; ``None`` where the facts do not determine it.

    The call is one that the declarations allow.
    """
    if not covers(state, kind_of(asked)) or not readable(call):
        return None
    if isinstance(asked, Memory):
        return memory.applied(state.entries, asked)
    shown = _shown(state, asked)
    return None if shown is None else (shown, state.entries)


def refused(state: State, fault: Fault, asked: Operation) -> str | None:
    """How a call against the declarations is refused: with the first thing that is wrong; ``None`` where it is not
    known that the local tools answer."""
    kind = kind_of(asked)
    ours = covers(state, kind) if kind else all(covers(state, one) for one in KINDS)
    if not ours or REFUSAL not in state.trusted or fault.kind == SURPLUS:
        return None
    return layout.NO_TOOL.format(fault.tool) if fault.kind == UNDECLARED else f"Error: {fault.problems[0]}"


def _shown(state: State, asked: Operation) -> str | None:
    match asked:
        case Search():
            return world.searched(state.world, asked)
        case Read():
            return world.shown(state.world, asked)
        case Lookup(keyword):
            return _looked_up(state, keyword)
    return None


def _looked_up(state: State, keyword: str) -> str | None:
    if state.page is None:
        return layout.NO_PAGE
    known = state.world.page_at(state.page.url)
    if known is None:
        return None
    times = state.page.times if state.page.keyword == keyword.strip().casefold() else 0
    return layout.place(layout.places(known.text, keyword), times + 1)

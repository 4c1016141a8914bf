"""What the local world of the facts shows, as long as no observation has contradicted it."""

from __future__ import annotations

from collections.abc import Mapping

from nextstate.domain import calls
from nextstate.domain.calls import Call
from nextstate.domains.search import layout, memory, world
from nextstate.domains.search.kernel.state import LOOKUP, MEMORY, READ, SEARCH, State
from nextstate.domains.search.operations import Lookup, Memory, Operation, Read, Search


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

    A call against the declared schema of its tool is refused with the first thing that is wrong.
    """
    if not covers(state, kind_of(asked)):
        return None
    tool = calls.declared(state.setup, call.name)
    if tool and (wrong := calls.problems(tool.input_schema, dict(call.arguments))):
        return f"Error: {wrong[0]}", state.entries
    if isinstance(asked, Memory):
        return memory.applied(state.entries, asked)
    shown = _shown(state, asked)
    return None if shown is None else (shown, state.entries)


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

"""Batches: put together from the blocks of parts that are known; a model is asked for the parts that are not."""

from __future__ import annotations

from nextstate.domain import Unknown, calls
from nextstate.domain.calls import Call
from nextstate.domains.search import layout, world
from nextstate.domains.search.kernel import local
from nextstate.domains.search.kernel import state as keys
from nextstate.domains.search.kernel.state import READ, State
from nextstate.domains.search.operations import Read, Search

MAX_PARTS = 50
"""Parts of a batch that is put together."""


def composed(state: State, call: Call, asked: Search | Read, answers: tuple[str, ...]) -> str | Unknown | None:
    """What a batch shows, or which part of it to ask for.

    ``None`` where nothing of it is known, or how its blocks are joined is not.
    """
    parts = asked.queries if isinstance(asked, Search) else asked.urls
    if len(parts) == 1:
        return _known(state, call, asked, parts, parts[0])
    joint = _joint(state, call, asked)
    if joint is None or not 1 < len(parts) <= MAX_PARTS:
        return None
    blocks = [_known(state, call, asked, parts, one) for one in parts]
    if all(block is None for block in blocks):
        return None
    left = list(answers)
    for number, one in enumerate(parts):
        if blocks[number] is None:
            if not left:
                return Unknown("a part of a batch was not shown before", ask=_alone(call, parts, one))
            blocks[number] = left.pop(0)
    return joint.join(block for block in blocks if block is not None)


def _joint(state: State, call: Call, asked: Search | Read) -> str | None:
    ours = isinstance(asked, Read) and local.covers(state, READ)
    return state.joints.get(call.name, layout.JOINT if ours else None)


def _known(state: State, call: Call, asked: Search | Read, parts: tuple[str, ...], one: str) -> str | None:
    block = state.blocks.get(keys.part(call, parts, one))
    if block is None and isinstance(asked, Read) and local.covers(state, READ):
        return world.page(state.world, one.strip())
    return block


def _alone(call: Call, parts: tuple[str, ...], one: str) -> str:
    """The call for one part of a batch."""
    whole = list(parts)
    return calls.render(call.name, {key: [one] if value == whole else value for key, value in call.arguments.items()})

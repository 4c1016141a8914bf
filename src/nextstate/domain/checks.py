"""Executable checks that hold in every domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import TAG

if TYPE_CHECKING:
    from nextstate.types import Observation, Query


def no_reply_tags(query: Query, observation: Observation) -> bool | None:
    """Nothing shows the tags of the reply format, unless an action, the set-up or an earlier observation holds them."""
    tag = f"{TAG}>"
    turns = (*query.setup.demonstrations, *query.history)
    if tag in query.action or tag in query.setup.initial_state:
        return None
    if any(tag in turn.action or tag in turn.observation for turn in turns):
        return None
    return tag not in observation

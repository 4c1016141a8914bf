"""Content hashes of queries: equal content, equal key, whatever object or file it came from."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from nextstate.models.base import answers_of

if TYPE_CHECKING:
    from nextstate.types import Query, Setup, Turn


def canonical(value: Any) -> bytes:
    """``value`` as JSON with sorted keys, pure ASCII (also for lone surrogates), no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict).encode()


def digest(*parts: Any) -> bytes:
    """The SHA-256 of JSON-like ``parts``."""
    return sha256(canonical(parts)).digest()


def setup_key(domain: str, setup: Setup) -> bytes:
    """The key of a world before its first turn."""
    tools = [[tool.name, tool.description, tool.input_schema, tool.output_schema] for tool in setup.tools]
    shown = [[turn.action, turn.observation] for turn in setup.demonstrations]
    return digest(domain, setup.initial_state, tools, shown, setup.instruction, setup.facts)


def after(key: bytes, turn: Turn, *, answers: bool = False) -> bytes:
    """The key after one more turn: a chain, so that the keys of all prefixes cost one walk.

    ``answers`` also counts what a model answered inside the action, which a kernel's state depends on.
    """
    return digest(key.hex(), turn.action, turn.observation, answers_of(turn) if answers else ())


def state_key(query: Query, *, answers: bool = False) -> bytes:
    """The key of the set-up and the history of ``query``."""
    key = setup_key(query.domain, query.setup)
    for turn in query.history:
        key = after(key, turn, answers=answers)
    return key

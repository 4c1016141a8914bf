"""What bounds a session, and the names of its endings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Ending(StrEnum):
    """Why a session takes no more steps."""

    TURN_LIMIT = "turn_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    BYTE_LIMIT = "byte_limit"
    IDLE = "idle"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a session; ``None`` means unbounded.

    ``turns`` counts the turns of the history. ``tokens`` counts prompt and completion tokens, of the history and of
    steps that failed. ``bytes`` counts the actions and observations of the history in UTF-8. ``seconds`` is the time
    spent waiting for answers, ``step_seconds`` the longest wait for one. ``observation_chars`` is the longest
    observation, in characters; a longer one is cut, visibly.
    """

    turns: int | None = None
    tokens: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    step_seconds: float | None = 600.0
    observation_chars: int = 1_000_000

    def __post_init__(self) -> None:
        for name in BOUNDS:
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"the limit {name} is {value}; give a number that is not negative, or None")
        if self.observation_chars < MARKER_ROOM:
            raise ValueError(f"the limit observation_chars is {self.observation_chars}; give at least {MARKER_ROOM}")

    def reached(self, *, turns: int, tokens: int, bytes: int, seconds: float) -> Ending | None:
        """The first limit that these counts reach."""
        used = {"turns": turns, "tokens": tokens, "bytes": bytes, "seconds": seconds}
        for name, ending in ENDINGS.items():
            if (bound := getattr(self, name)) is not None and used[name] >= bound:
                return ending
        return None

    def within(self, other: Limits) -> Limits:
        """The tighter of both, limit by limit."""
        tighter = {name: _least(getattr(self, name), getattr(other, name)) for name in BOUNDS}
        return Limits(**tighter, observation_chars=min(self.observation_chars, other.observation_chars))


def _least(one: Any, other: Any) -> Any:
    return min((value for value in (one, other) if value is not None), default=None)


ENDINGS = {
    "turns": Ending.TURN_LIMIT,
    "tokens": Ending.TOKEN_LIMIT,
    "bytes": Ending.BYTE_LIMIT,
    "seconds": Ending.TIME_LIMIT,
}
BOUNDS = (*ENDINGS, "step_seconds")

MARKER_ROOM = 64
"""Characters that the marker of a cut observation may need."""


def cut(text: str, limit: int) -> str:
    """``text`` itself when it has at most ``limit`` characters, else its beginning and a marker, ``limit`` at most."""
    if len(text) <= limit:
        return text
    kept = limit - MARKER_ROOM
    return f"{text[:kept]}\n[cut here: {len(text) - kept} more characters]\n"

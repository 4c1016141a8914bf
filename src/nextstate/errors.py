"""Errors that say what was wrong, where, and what to do next."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.types import Prediction


class NextstateError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(NextstateError):
    """The caller asked for something that does not exist or does not fit; exit status 2 on the command line."""


class DataError(NextstateError):
    """A file or a record is broken. ``where`` names file and line (or trajectory and turn)."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class ActionError(NextstateError):
    """An action does not parse in its domain."""


class ReplyError(NextstateError):
    """A model's reply holds no readable observation."""


class StepFailed(NextstateError):
    """The world model gave no observation for a step; the session is unchanged and may be stepped again."""

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(
            f"no observation: {prediction.outcome}" + (f" ({prediction.detail})" if prediction.detail else "")
        )
        self.prediction = prediction


class SessionEnded(NextstateError):
    """A session that has ended was stepped. ``ending`` is its name."""

    def __init__(self, ending: str) -> None:
        super().__init__(f"the session has ended: {ending}; fork or rewind it to go on")
        self.ending = ending


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is most likely a misspelling of."""
    return next(iter(get_close_matches(name[:200], sorted(known), n=1)), None)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """A :class:`UsageError` for a misspelt name, with the nearest valid spelling."""
    names = sorted(known)
    near = nearest_name(name, names)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names) or 'none'}"
    return UsageError(f"unknown {kind} {name!r}; {hint}")

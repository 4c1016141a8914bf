"""What goes wrong, as HTTP says it: one table for all surfaces. And who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.errors import ActionError, NextstateError, SessionEnded, StepFailed, UsageError
from nextstate.sim.quota import QuotaExceeded
from nextstate.sim.sessions import Busy, NoSuchSession
from nextstate.sim.tree import StoreFailed

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import Scope

ANYBODY = "local"
"""The owner where a server asks for no key."""

MEANINGS: tuple[tuple[type[NextstateError], int, str], ...] = (
    (NoSuchSession, 404, "no_such_session"),
    (Busy, 409, "busy"),
    (SessionEnded, 409, "session_ended"),
    (QuotaExceeded, 429, "quota_exceeded"),
    (ActionError, 422, "bad_action"),
    (StepFailed, 502, "step_failed"),
    (StoreFailed, 507, "store_failed"),
    (UsageError, 400, "bad_request"),
)
"""Status and code of each kind of error; the first that fits counts."""


class Refused(NextstateError):
    """A request that a surface does not take, with its status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def meaning(error: NextstateError) -> tuple[int, str]:
    """The HTTP status and the code of an error; one that stands in no table is the caller's, 400."""
    if isinstance(error, Refused):
        return error.status, error.code
    return next(((status, code) for kind, status, code in MEANINGS if isinstance(error, kind)), (400, "bad_request"))


def status(error: NextstateError) -> int:
    """The HTTP status of an error."""
    return meaning(error)[0]


def problem(error: NextstateError) -> dict[str, Any]:
    """An error as JSON: ``{"error": {"code": ..., "message": ...}}``, with what the code alone does not say.

    The ending of a session that has ended, the outcome of a step that failed, and the bound that is used up.
    """
    told: dict[str, Any] = {"code": meaning(error)[1], "message": str(error)}
    if isinstance(error, SessionEnded):
        told["ending"] = error.ending
    if isinstance(error, StepFailed):
        told["outcome"] = error.prediction.outcome.value
    if isinstance(error, QuotaExceeded):
        told["what"] = error.what
    return {"error": told}


def owner(connection: HTTPConnection) -> str:
    """Who asks: the owner that the gate found for the key of a request or a WebSocket."""
    return owner_of(connection.scope)


def owner_of(scope: Scope) -> str:
    """The same for those that speak ASGI themselves."""
    return str(scope.get("owner", ANYBODY))

"""What goes over the OpenEnv wire: frames, observations and errors, as `openenv` 0.10.0 words them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from nextstate.data import store
from nextstate.errors import ActionError, NextstateError, UsageError
from nextstate.serve.problems import meaning, problem
from nextstate.sim.quota import QuotaExceeded
from nextstate.sim.sessions import NoSuchSession

if TYPE_CHECKING:
    from nextstate.sim.sessions import Step, View
    from nextstate.types import Tool

CODES: tuple[tuple[type[NextstateError], str], ...] = (
    (NoSuchSession, "SESSION_ERROR"),
    (QuotaExceeded, "CAPACITY_REACHED"),
    (ActionError, "VALIDATION_ERROR"),
    (UsageError, "VALIDATION_ERROR"),
)
"""The wire's code of each kind of error; of any other it is ``EXECUTION_ERROR``."""


class Kind(StrEnum):
    """The types of messages, of clients and of the server; each is its name in lower case."""

    RESET = auto()
    STEP = auto()
    STATE = auto()
    MCP = auto()
    CLOSE = auto()
    OBSERVATION = auto()
    ERROR = auto()


class Frame(msgspec.Struct):
    """What a client sends over a WebSocket."""

    type: str = ""
    data: Any = None


class Broken(NextstateError):
    """A frame that is no message; ``code`` is the wire's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_frame = msgspec.json.Decoder(Frame)


def frame(text: str | bytes) -> Frame:
    """The message in a frame. Raises :class:`Broken`."""
    try:
        return _frame.decode(text)
    except msgspec.ValidationError as error:
        raise Broken("VALIDATION_ERROR", f"a message is an object with 'type' and 'data': {error}") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Broken("INVALID_JSON", f"Invalid JSON: {str(error)[:200]}") from None
    except RecursionError:
        raise Broken("INVALID_JSON", "Invalid JSON: it is nested too deep") from None


def fields(data: Any) -> dict[str, Any]:
    """``data`` as the fields of a message; nothing counts as none. Raises :class:`UsageError`."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageError("'data' must be an object")
    return data


def encode(value: Any) -> bytes:
    """``value`` as JSON, whole numbers beyond 64 bits too. Half of a surrogate pair becomes U+FFFD."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return store.utf8(json.dumps(value, ensure_ascii=False))


def answer(observation: dict[str, Any], metadata: dict[str, Any], ending: str | None) -> dict[str, Any]:
    """The data of an observation. No world here gives rewards: whoever trains has its own."""
    observation["metadata"] = metadata
    return {"observation": observation, "reward": None, "done": ending is not None, "metadata": metadata}


def of_step(step: Step, view: View) -> dict[str, Any]:
    """What an observation tells of the turn behind it: who answered and, where it was not computed, why."""
    meta = step.turn.meta
    told = {
        "episode_id": view.id,
        "turn": step.index,
        "origin": meta.get("origin"),
        "shared": step.shared,
        "ending": view.ending,
    }
    if why := meta.get("why"):
        told["why"] = why
    return told


def of_episode(view: View) -> dict[str, Any]:
    """What can be seen of an episode: OpenEnv's two fields of a state, and ours."""
    return {
        "episode_id": view.id,
        "step_count": view.turns,
        "domain": view.domain,
        "scenario": view.scenario,
        "model": view.model,
        "seed": view.seed,
        "instruction": view.instruction,
        "ending": view.ending,
    }


def tool(one: Tool) -> dict[str, Any]:
    """A tool as an observation lists it."""
    return {"name": one.name, "description": one.description, "input_schema": dict(one.input_schema)}


def tool_error(error: NextstateError) -> dict[str, Any]:
    """Why the call of a tool gave no result, in the words of OpenEnv's ``ToolError``."""
    kind = "invalid_args" if isinstance(error, ActionError) else "execution_error"
    return {"error_type": kind, "message": str(error)}


def complaint(error: NextstateError) -> dict[str, Any]:
    """The data of an error frame: OpenEnv's ``code``, and under ``reason`` the name that our other surfaces give."""
    if isinstance(error, Broken):
        return {"message": str(error), "code": error.code}
    code = next((code for kind, code in CODES if isinstance(error, kind)), "EXECUTION_ERROR")
    told: Mapping[str, Any] = problem(error)["error"]
    return {**told, "code": code, "reason": meaning(error)[1]}

"""Calls that a server refuses before its tool runs: undeclared tools, and arguments against the schema.

What such a refusal reads like is known where an earlier one in this history shows which SDK the server is made with.
The texts are those of the SDKs: of the Python one (pydantic's messages; jsonschema's in servers on its lower level) and
of the TypeScript one (zod's messages).

A required argument that is missing is refused by all of them. A wrong type may be converted by Python's, and what is
not declared is ignored by most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import issues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State
    from nextstate.types import Tool


class Sdk(Enum):
    """What a server is made with, as far as its refusals differ."""

    PYTHON = "python"
    PYTHON_LOW = "python, lower level"
    TYPESCRIPT = "typescript"


_OWN = (
    (re.compile(r"Input validation error: (?!Invalid arguments)"), Sdk.PYTHON_LOW),
    (
        re.compile(r"MCP error -32602: (?:Input validation error: Invalid arguments for tool|Tool \S+ not found)"),
        Sdk.TYPESCRIPT,
    ),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is refused. ``text`` is what the server says, where that is known; ``why`` tells people."""

    text: str | None
    why: tuple[str, ...]
    certain: bool


def check(state: State, call: Call) -> Refusal | None:
    """Why a call is refused; ``None`` where it fits what is declared, or nothing is."""
    if not state.tools:
        return None
    tool = state.tools.get(call.name)
    if tool is None:
        return None if _worked(state, call) else _undeclared(state, call)
    found = calls.problems(tool.input_schema, dict(call.arguments))
    if not found:
        return None
    missing = issues.missing(tool, call)
    if _tolerated(state, tool):
        return None
    text = _text(state, tool, call)
    return Refusal(text, found[:5], bool(missing) or text is not None)


def _worked(state: State, call: Call) -> bool:
    return state.latest(call.name) is not None


def _tolerated(state: State, tool: Tool) -> bool:
    """Whether the tool once answered though required arguments were missing: its declaration is not to be trusted."""
    return any(issues.missing(tool, event.call) for event in state.of(tool.name))


def _undeclared(state: State, call: Call) -> Refusal:
    found = {made for event in _shown(state) for made in _made_with(event)}
    texts = {Sdk.PYTHON: f"Unknown tool: {call.name}", Sdk.TYPESCRIPT: f"MCP error -32602: Tool {call.name} not found"}
    text = texts.get(found.pop()) if len(found) == 1 else None
    return Refusal(text or _as_before(state, call), (calls.undeclared(state.setup, call.name),), True)


def _as_before(state: State, call: Call) -> str | None:
    """What the last undeclared tool was answered, with the name of this one."""
    for event in reversed(_shown(state)):
        if event.call.name and event.call.name not in state.tools:
            text = event.shown.text
            if event.call == call:
                return text
            named = len(event.call.name) > 3 and event.call.name in text
            return text.replace(event.call.name, call.name) if named and event.shown.failed else None
    return None


def _made_with(event: Event) -> Iterator[Sdk]:
    head = event.shown.text[:400]
    name = re.escape(event.call.name)
    if re.match(rf"Error executing tool {name}\b|Unknown tool: {name}$", head):
        yield Sdk.PYTHON
    yield from (sdk for pattern, sdk in _OWN if pattern.match(head))


def _shown(state: State) -> tuple[Event, ...]:
    return (*(state.lessons.events if state.lessons else ()), *state.events)


def sdk(state: State, name: str) -> Sdk | None:
    """What the server of a tool is made with, where its refusals prove it."""
    service = state.profile(name).service
    found = {made for event in _shown(state) if event.profile.service == service for made in _made_with(event)}
    return found.pop() if len(found) == 1 else None


def _text(state: State, tool: Tool, call: Call) -> str | None:
    made = sdk(state, tool.name)
    if made is Sdk.PYTHON_LOW:
        message = issues.best(tool, call)
        return f"Input validation error: {message}" if message else None
    if made is Sdk.TYPESCRIPT:
        lines = issues.zod(tool, call)
        return (
            f"MCP error -32602: Input validation error: Invalid arguments for tool {tool.name}: {lines}"
            if lines
            else None
        )
    if made is Sdk.PYTHON:
        return issues.pydantic(tool, call, _version(state))
    return None


def _version(state: State) -> str:
    for event in reversed(_shown(state)):
        if found := re.search(r"errors\.pydantic\.dev/(\d{1,3}\.\d{1,3})/", event.shown.text[:2_000]):
            return found[1]
    return "2.12"

"""JSON Schemas of what the wire carries, for clients that make forms or tools of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domain.interface import offered

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Setup

METADATA = {"type": "object", "description": "What is known about it beside the fields of its own."}


def all_of(domain: Domain, setup: Setup) -> dict[str, Any]:
    """The schemas of a scenario's actions and observations, and of states."""
    shown = _calls(domain, setup) if setup.tools else _texts()
    return {**shown, "reset_observation": RESET, "state": STATE}


def _calls(domain: Domain, setup: Setup) -> dict[str, Any]:
    names = [tool.name for tool in offered(domain, setup)]
    action = {
        "type": {"const": "call_tool", "default": "call_tool"},
        "tool_name": {"type": "string", "enum": names, "description": "The tool to call."},
        "arguments": {"type": "object", "description": "Its arguments, after its own schema (see list_tools)."},
    }
    observation = {
        "tool_name": {"type": "string"},
        "result": {"description": "What the environment shows, as text.", "type": ["string", "null"]},
        "error": {"description": "Why there is no result.", "type": ["object", "null"]},
    }
    return {
        # The title is that of OpenEnv's own action, by which clients see that the tools can be listed.
        "action": _object("CallToolAction", action, ["type", "tool_name", "arguments"]),
        "observation": _object("ToolResult", observation, ["tool_name"]),
    }


def _texts() -> dict[str, Any]:
    action = {"text": {"type": "string", "description": "The action, in the words of this environment."}}
    return {"action": _object("Text", action, ["text"]), "observation": RESET}


def _object(title: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    properties = {**properties, "metadata": METADATA}
    return {"title": title, "type": "object", "properties": properties, "required": required}


RESET = _object("Shown", {"text": {"type": "string", "description": "What the environment shows."}}, ["text"])
STATE: dict[str, Any] = {
    "title": "State",
    "type": "object",
    "properties": {
        "episode_id": {"type": ["string", "null"]},
        "step_count": {"type": "integer", "minimum": 0},
        "domain": {"type": "string"},
        "scenario": {"type": "string"},
        "model": {"type": "string"},
        "seed": {"type": "integer"},
        "instruction": {"type": "string"},
        "ending": {"type": ["string", "null"], "description": "Why the episode takes no more steps."},
    },
    "required": ["episode_id", "step_count"],
}

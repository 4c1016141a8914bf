"""A small scripted world of tools with odd schemas, for the tests of the protocol."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate.models.base import refused
from nextstate.models.fakes import Scripted
from nextstate.sim.scenario import Scenario
from nextstate.types import Outcome, Prediction, Setup, Tool

if TYPE_CHECKING:
    from nextstate.serve.service import Service
    from nextstate.sim.sessions import View
    from nextstate.types import Query

ODD: dict[str, Any] = {
    "title": "Flights",
    "required": ["legs"],
    "default": None,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "legs": {"items": {"$ref": "#/$defs/Leg"}, "type": "array"},
        "class": {"enum": ["eco", "biz", None]},
        "x-any": {"oneOf": [{"type": "string"}, {"minimum": 0, "type": "number"}], "default": None},
    },
    "patternProperties": {"^opt_": {"type": "boolean"}},
    "$defs": {"Leg": {"type": "object", "properties": {"to": {"pattern": "^[A-Z]{3}$", "type": "string"}}}},
    "$schema": "https://json-schema.org/draft/2020-12/schema",
}
COUNTED: dict[str, Any] = {
    "type": "object",
    "required": ["turn", "note"],
    "properties": {"turn": {"type": "integer"}, "note": {"type": ["string", "null"], "default": None}},
}
TEXT: dict[str, Any] = {"type": "object", "properties": {"content": {"type": "string"}}, "required": ["content"]}
ANYTHING: dict[str, Any] = {"type": "object", "properties": {}}

TOOLS = (
    Tool("search-flights", "Find flights.", ODD),
    Tool("count", "Count the calls.", ANYTHING, COUNTED),
    Tool("read", "Read a text.", ANYTHING, TEXT),
    Tool("fail", "Always fails.", ANYTHING, COUNTED),
    Tool("unfit", "Shows what its schema forbids.", ANYTHING, COUNTED),
    Tool("break", "The world model has no answer.", ANYTHING),
)
SETUP = Setup("A desk with flights.", TOOLS, instruction="Let every third call fail.")


def desk(query: Query) -> str | Prediction:
    """What the desk shows. ``search-flights`` shows its call again, after the number of its turn."""
    call, turn = json.loads(query.action), len(query.history)
    match call["name"]:
        case "count":
            return json.dumps({"turn": turn, "note": None})
        case "read":
            return "two lines\nof text"
        case "fail":
            return "Error: the desk is closed"
        case "unfit":
            return '{"turn": "third"}'
        case "break":
            return refused("the script has no answer")
        case "search-flights":
            return f"{turn}: {json.dumps(call['arguments'])}"
    return Prediction(Outcome.OK, f"Error: unknown tool {call['name']!r}", None)


def model() -> Scripted:
    return Scripted(desk)


async def session(service: Service, id: str, owner: str = "local") -> View:
    """A session at the desk."""
    return await service.sessions.create(owner, Scenario("mcp", SETUP, name="desk"), id=id)

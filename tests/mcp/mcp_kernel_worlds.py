"""Small invented services for the tests of the kernel, and a way to say what was called and shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate.domain import Determined, Unknown
from nextstate.domain.calls import render
from nextstate.domains.mcp.kernel import McpKernel
from nextstate.types import Setup, Tool, Turn

if TYPE_CHECKING:
    from nextstate.domains.mcp.kernel.state import State

KERNEL = McpKernel()

BOOK = {
    "type": "object",
    "properties": {
        name: {"type": kind} for name, kind in (("id", "integer"), ("title", "string"), ("shelf", "string"))
    },
}


def tool(name: str, arguments: dict[str, Any], output: Any = None, description: str = "") -> Tool:
    """A declaration; an argument is required unless its schema has a default."""
    needed = [one for one, schema in arguments.items() if "default" not in schema]
    schema = {"type": "object", "properties": arguments, "required": needed, "title": f"{name}Arguments"}
    return Tool(name, description, schema, output or {})


TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
LIBRARY = (
    tool("add_book", {"title": TEXT}, BOOK),
    tool("get_book", {"book_id": WHOLE}, BOOK),
    tool("move_book", {"book_id": WHOLE, "shelf": TEXT}),
    tool("remove_book", {"book_id": WHOLE}),
    tool("list_books", {"shelf": {"type": "string", "default": ""}}),
)


def book(number: int, title: str = "Orchids", shelf: str = "A1") -> str:
    return json.dumps({"id": number, "title": title, "shelf": shelf})


def call(name: str, **arguments: Any) -> str:
    return render(name, arguments)


def after(setup: Setup, *turns: tuple[str, str]) -> State:
    """The state after these actions showed these texts."""
    state = KERNEL.open(setup)
    for action, text in turns:
        state = KERNEL.absorb(state, action, text)
    return state


def said(state: State, name: str, **arguments: Any) -> str | None:
    """What the kernel says that a call shows; ``None`` where it does not know."""
    found = KERNEL.step(state, call(name, **arguments))
    return found.observation if isinstance(found, Determined) else None


def unknown(state: State, name: str, **arguments: Any) -> Unknown:
    found = KERNEL.step(state, call(name, **arguments))
    assert isinstance(found, Unknown), found
    return found


def taught(*turns: tuple[str, str], tools: tuple[Tool, ...] = ()) -> Setup:
    """A set-up with demonstrations."""
    return Setup(tools=tools, demonstrations=tuple(Turn(action, text) for action, text in turns))

"""How agents that call tools act in any world: the tools that they are offered, and the action that a call is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nextstate.domain import calls
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Action, Json, Setup, Tool


def offered(domain: Domain, setup: Setup) -> tuple[Tool, ...]:
    """The tools of the set-up; where it declares none, the domain's one tool, whose argument is the action."""
    return setup.tools or (domain.tool(setup),)


def action_of(domain: Domain, setup: Setup, name: str, arguments: Mapping[str, Json]) -> Action:
    """The action that the call of a tool is. Raises :class:`ActionError` where it is none.

    Where a set-up declares tools, a call is itself the action, also one of a tool that is not declared: what then is
    shown is the world's business.
    """
    if setup.tools:
        action = calls.render(name, arguments)
    else:
        action = _only(domain.tool(setup), name, arguments)
    domain.validate(action)
    return action


def _only(tool: Tool, name: str, arguments: Mapping[str, Json]) -> Action:
    (argument,) = calls.properties(tool.input_schema)
    if name != tool.name:
        raise ActionError(f"there is no tool {name[:80]!r} here; the only one is {tool.name!r}")
    action = arguments.get(argument)
    if not isinstance(action, str):
        raise ActionError(f"the tool {name!r} needs {argument!r}, a string")
    if more := arguments.keys() - {argument}:
        raise ActionError(f"the tool {name!r} takes {argument!r} alone, not also {sorted(more)[0][:80]!r}")
    return action

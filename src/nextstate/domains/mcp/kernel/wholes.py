"""Writes that show the whole thing that they made or changed, with the fields that their output schema declares.

What is created has its arguments, the declared defaults of those that were not given, and the next number; an earlier
result of the tool proves that. What is changed is the thing as it was, with the arguments in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import carry, entities, records, shown, words
from nextstate.domains.mcp.kernel.records import View
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State
    from nextstate.types import Tool

_SETS = frozenset("update set edit modify change rename patch replace".split())
"""Verbs after which a field is what its argument says."""
_NONE = object()


def find(state: State, call: Call) -> str | None:
    """The thing after the write, where every field of it is known."""
    tool, properties = state.tools.get(call.name), state.fields(call.name)
    if tool is None or len(properties) < 2 or None in call.arguments.values():
        return None
    if not call.arguments.keys() <= properties.keys():
        return None
    effect = state.profile(call.name).effect
    if effect is Effect.CREATE:
        return _created(state, tool, call)
    if effect is Effect.UPDATE and _SETS & set(words.words(call.name)):
        return _changed(state, call, frozenset(properties))
    return None


def _created(state: State, tool: Tool, call: Call) -> str | None:
    latest = next((event for event in reversed(state.events) if event.call.name == call.name and _whole(event)), None)
    if latest is None or entities.taken(state, call, {}):
        return None
    index = state.last[(call.name, latest.key)]
    proof = _made(tool, latest.call, latest, carry.sources(state, index, latest.call).following)
    told = {name: value for name, value in latest.shown.value.items() if proof.get(name, _NONE) is _NONE}
    if {**proof, **told} != latest.shown.value or not all(map(words.identifies, told)):
        return None
    made = _made(tool, call, latest, carry.sources(state, len(state.events), call).following)
    return None if any(value is _NONE for value in made.values()) else shown.written(made, latest.shown)


def _whole(event: Event) -> bool:
    return event.shown.failed is False and isinstance(event.shown.value, dict)


def _made(tool: Tool, call: Call, like: Event, following: Mapping[str, int]) -> dict[str, Any]:
    """The fields of what a call creates."""
    inputs: Any = tool.input_schema.get("properties", {})
    outputs: Any = tool.output_schema["properties"]
    return {
        name: call.arguments[name] if name in call.arguments else _left(inputs, outputs, name, following)
        for name in like.shown.value
    }


def _left(inputs: Any, outputs: Any, name: str, following: Mapping[str, int]) -> Any:
    """The value of a field for which nothing was given."""
    if name in following:
        return following[name]
    for schema in (inputs.get(name), outputs.get(name)) if isinstance(inputs, dict) else ():
        if isinstance(schema, dict) and schema.get("default") is not None:
            return schema["default"]
    return _NONE


def _changed(state: State, call: Call, fields: frozenset[str]) -> str | None:
    """The thing that the only identifier among the arguments names, with the other arguments in it."""
    named = [name for name in call.arguments if words.words(name)[-1:] == ("id",)]
    if len(named) != 1 or len(call.arguments) < 2:
        return None
    like = state.like(call.name)
    view = View(named[0], named[0], (), frozenset((fields,)), like)
    thing = records.known(state, call, view)
    if thing is None or records.runs_on(thing) or (like and like.value.keys() != fields):
        return None
    if entities.taken(state, call, thing) or not _alike(thing, call.arguments):
        return None
    return shown.written({**thing, **call.arguments}, like or _shown(state, thing))


def _alike(thing: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return all(thing[name] is None or isinstance(value, type(thing[name])) for name, value in given.items())


def _shown(state: State, thing: Mapping[str, Any]) -> shown.Shown | None:
    """The latest result with the fields of a thing, whose manner of writing is kept."""
    return next(
        (event.shown for event in reversed(state.events) if _whole(event) and event.shown.value.keys() == thing.keys()),
        None,
    )

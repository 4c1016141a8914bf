"""First results of writes that declarations and facts determine together.

Three kinds of tools have results that need no example: one that adds its argument to a list of the same name, one
that adds its argument to a quantity, and one that creates something of its arguments under the next number. Everything
in the result must be told by the output schema and be found; otherwise nothing is said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import cells, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State
    from nextstate.types import Tool

_ADDS = frozenset("add append insert".split())
_MORE = frozenset("add fill increase deposit fund top refill recharge".split())
_ADDITIONAL = re.compile(r"\badditional\b|\badded to\b|\bto add to\b|\bin addition\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")
_COUNTERS = frozenset(("counter", "sequence"))


def find(state: State, call: Call) -> str | None:
    """The result of a write, where the declaration of the tool and the facts determine it."""
    tool = state.tools.get(call.name)
    properties = state.fields(call.name)
    effect = state.profile(call.name).effect
    if tool is None or effect not in (Effect.CREATE, Effect.UPDATE) or not properties:
        return None
    if state.latest(call.name) is not None and effect is Effect.UPDATE:
        return None  # earlier results tell more
    if len(properties) == 1:
        ((field, schema),) = properties.items()
        value = _one(state, tool, call, field, schema if isinstance(schema, dict) else {})
    else:
        value = _created(state, tool, call, properties)
    return None if value is None else shown.written(value, None)


def _one(state: State, tool: Tool, call: Call, field: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The new value of the only field that is shown."""
    if len(call.arguments) != 1:
        return None
    ((name, given),) = call.arguments.items()
    own = set(words.words(call.name))
    known = cells.current(state, calls.Call(call.name, {}), frozenset((field,)))
    old = known[field] if known else None
    if schema.get("type") == "array" and own & _ADDS and words.normal(field) in words.normal(call.name):
        return {field: [*old, given]} if isinstance(old, list) and shown.scalar(given) and given not in old else None
    told = str(calls.properties(tool.input_schema).get(name))
    if own & _MORE and _ADDITIONAL.search(told[:2_000]) and _number(old) and _number(given):
        return _more(field, old, given, tool.description[-600:])
    return None


def _more(field: str, old: Any, given: Any, description: str) -> dict[str, Any] | None:
    """A quantity and what is added, within every limit that the description names."""
    if isinstance(old, int) or given < 0:
        return None  # whether a whole number stays one hangs on the program
    limits = [float(number) for number in _NUMBER.findall(description)]
    return {field: old + given} if all(old + given <= limit for limit in limits) else None


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _created(state: State, tool: Tool, call: Call, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is created: each field an argument, the next number, or a value that stands beside the counter."""
    if state.profile(call.name).effect is not Effect.CREATE or not call.arguments.keys() <= properties.keys():
        return None
    home = _home(state, call)
    if home is None:
        return None
    counter, beside = home
    found: dict[str, Any] = {}
    for field in properties:
        value = _field(state, tool, call, field, beside)
        if value is _NONE and field == "id":
            value = _next(state, call, counter)
        if value is _NONE:
            return None
        found[field] = value
    return found if "id" in found else None


_NONE = object()


def _home(state: State, call: Call) -> tuple[int, Mapping[str, Any]] | None:
    """The counter of what is created, and the object in which it stands."""
    made = state.profile(call.name).nouns
    found = [
        (value, one)
        for _, one in state.given.objects
        for name, value in one.items()
        if isinstance(value, int) and _counts(name, made)
    ]
    return found[0] if len(found) == 1 else None


def _counts(name: str, made: frozenset[str]) -> bool:
    own = [words.singular(word) for word in words.words(name)]
    return len(own) == 2 and own[0] in made and own[1] in _COUNTERS


def _field(state: State, tool: Tool, call: Call, field: str, beside: Mapping[str, Any]) -> Any:
    if field in call.arguments:
        return call.arguments[field]
    about = calls.properties(tool.input_schema)
    if field in about:
        schema = about[field]
        return schema["default"] if isinstance(schema, dict) and "default" in schema else _NONE
    if field != "id" and shown.scalar(beside.get(field)):
        return beside[field] if _unwritten(state, call, field, beside[field]) else _NONE
    return _NONE


def _unwritten(state: State, call: Call, field: str, value: Any) -> bool:
    """Whether no write of the service named another value for a field, nor may have changed it unseen."""
    service = state.profile(call.name).service
    return all(
        event.call.arguments.get(field, value) == value
        for event in state.events
        if event.profile.service == service and not event.reads
    ) and not _unsure(state, call)


def _unsure(state: State, call: Call) -> bool:
    service = state.profile(call.name).service
    return any(
        event.profile.effect is Effect.UNKNOWN and (event.profile.service == service or event.profile.runs)
        for event in state.events
    )


def _next(state: State, call: Call, counter: int) -> Any:
    """The number of what is created next: the counter, until something was created."""
    about = state.profile(call.name)
    made = [
        event
        for event in state.events
        if event.profile.effect is Effect.CREATE
        and event.profile.nouns & about.nouns
        and event.shown.failed is not True
    ]
    return counter if not made and not _unsure(state, call) else _NONE

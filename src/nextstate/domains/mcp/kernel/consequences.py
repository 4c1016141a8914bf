"""First results of writes that declarations and facts determine together.

Some tools have results that need no example: one that adds its argument to a list of the same name, one that adds its
argument to a quantity, one that creates something of its arguments under the next number, and one that says whether a
name and a secret are those that the facts give. Everything in the result must be told by the output schema and be
found; otherwise nothing is said. A tool that declares no result shows nothing in the way of another one that does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import cells, entities, quantities, shown, words
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
    if tool is not None and effect in _WRITES and declares_nothing(tool):
        return _blank(state, call)
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


_WRITES = (Effect.CREATE, Effect.UPDATE, Effect.DELETE)


def declares_nothing(tool: Tool) -> bool:
    """Whether a tool declares that its result is an object without members."""
    return tool.output_schema.get("properties") == {}


def _blank(state: State, call: Call) -> str | None:
    """What another write that declares no result showed in the same situation, where that is nothing."""
    own = state.profile(call.name)
    now = entities.situation(state, len(state.events), call)
    if not now or state.latest(call.name) is not None:
        return None
    for index in range(len(state.events) - 1, -1, -1):
        event = state.events[index]
        tool = state.tools.get(event.call.name)
        if tool is None or not declares_nothing(tool) or event.profile.service != own.service:
            continue
        then = entities.situation(state, index, event.call) if event.profile.effect is own.effect else None
        if then and [status for _, status in then] == [status for _, status in now]:
            return event.shown.text if event.shown.value in (None, {}, "") else None
    return None


def _one(state: State, tool: Tool, call: Call, field: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The new value of the only field that is shown."""
    if schema.get("type") == "boolean" and _proves(state, call, str(schema.get("description", ""))):
        return {field: True}
    if len(call.arguments) != 1:
        return None
    ((name, given),) = call.arguments.items()
    own = set(words.words(call.name))
    known = cells.current(state, calls.Call(call.name, {}), frozenset((field,)))
    old = known[field] if known else None
    if schema.get("type") == "array" and own & _ADDS and words.normal(field) in words.normal(call.name):
        return {field: [*old, given]} if isinstance(old, list) and shown.scalar(given) and given not in old else None
    told = str(calls.properties(tool.input_schema).get(name))
    old = quantities.current(state, call, field) if old is None else old
    if own & _MORE and _ADDITIONAL.search(told[:2_000]) and _number(old) and _number(given):
        return _more(field, old, given, tool.description[-600:])
    return None


def _proves(state: State, call: Call, description: str) -> bool:
    """Whether a login names a user with the secret that the facts give beside the name, and true is to say so."""
    given = {words.normal(name): value for name, value in call.arguments.items()}
    secrets = [name for name in call.arguments if set(words.words(name)) & _SECRETS]
    found = state.given.holding(frozenset(call.arguments))
    if len(given) != 2 or len(secrets) != 1 or len(found) != 1 or not set(words.words(call.name)) & _LOGINS:
        return False
    held = {words.normal(name): value for name, value in found[0].items()}
    return description.lower().startswith("true if") and all(held[name] == value for name, value in given.items())


_SECRETS = frozenset("password passwd passcode pin secret token".split())
_LOGINS = frozenset("login authenticate signin".split())


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
            value = _next(state, call, counter, beside)
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


def _next(state: State, call: Call, counter: int, beside: Mapping[str, Any]) -> Any:
    """The number of what is created next: the counter, until something was created.

    The things that stand beside the counter must tell that it holds the next number and not the last one.
    """
    about = state.profile(call.name)
    made = [
        event
        for event in state.events
        if event.profile.effect is Effect.CREATE
        and event.profile.nouns & about.nouns
        and event.shown.failed is not True
    ]
    settled = _last(about.nouns, beside) == counter - 1
    return counter if settled and not made and not _unsure(state, call) else _NONE


def _last(kinds: frozenset[str], beside: Mapping[str, Any]) -> int | None:
    """The last number in the only collection of things of these kinds."""
    found = [value for name, value in beside.items() if words.one(name) in kinds and isinstance(value, (list, dict))]
    things = list(found[0].values() if isinstance(found[0], dict) else found[0]) if len(found) == 1 else []
    numbers = [one.get("id") if isinstance(one, dict) else None for one in things]
    whole = [one for one in numbers if isinstance(one, int) and not isinstance(one, bool)]
    return max(whole) if whole and len(whole) == len(numbers) else None

"""First results of writes that leave something in one of a few declared states, such as ``locked`` or ``cancelled``.

The state is chosen by an argument or by the verb of the tool: the one that is its participle, or, of two, the other one
where the argument says the contrary. A state that only a read of the same kind of thing lists is believed once a thing
was seen in it. Beside it may stand arguments, how many of the things in an object of the facts are in a state then, and
values of the facts that the tool does not speak of. Everything that the output schema declares must be found; otherwise
nothing is said.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.mcp.kernel import quantities, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State
    from nextstate.types import Tool

MAX_STATES = 20
MAX_LOOKED = 200
"""Earlier results in which a state is looked for."""
_LISTED = re.compile(r"\[Enum\]: (\[[^\[\]]{0,500}\])")
"""A list of values in a description, where a schema was written by a program that keeps them there."""
_ENDING = re.compile(r"d|e?s|ed|ing|e")
_NONE = object()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The state that a call chooses, and all the states among which it does."""

    value: str
    states: tuple[str, ...]


def find(state: State, call: Call) -> str | None:
    """The result of a write, where the states that are declared for it and the facts determine it."""
    tool = state.tools.get(call.name)
    properties = state.fields(call.name)
    profile = state.profile(call.name)
    if tool is None or profile.effect not in (Effect.CREATE, Effect.UPDATE, Effect.DELETE):
        return None
    if not properties or state.latest(call.name) is not None:
        return None
    if any(event.call.name == call.name for event in state.events):
        return None  # it failed before, and so has a condition that the declaration does not tell
    chosen = {name: _chosen(state, tool, call, name, schema) for name, schema in properties.items()}
    first = next((one for one in chosen.values() if one is not None), None)
    if first is None:
        return None
    found = {name: one.value if one else _beside(state, call, name, first) for name, one in chosen.items()}
    return None if any(value is _NONE for value in found.values()) else shown.written(found, None)


def _chosen(state: State, tool: Tool, call: Call, name: str, schema: Any) -> _Chosen | None:
    if name in call.arguments or not isinstance(schema, dict):
        return None
    own = listed(schema)
    states = own or _borrowed(state, call, name, str(schema.get("description", "")))
    value = _choice(tool, call, states) if 2 <= len(states) <= MAX_STATES else None
    if value is not None and not own and not _seen(state, call, name, value):
        return None
    return None if value is None else _Chosen(value, states)


def listed(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts among which a value is declared to be; none where they are not listed."""
    values: Any = schema.get("enum")
    if values is None and (told := _LISTED.search(str(schema.get("description", ""))[:2_000])):
        try:
            values = json.loads(told[1])
        except ValueError:
            return ()
    return tuple(values) if isinstance(values, list) and all(isinstance(one, str) for one in values) else ()


def _borrowed(state: State, call: Call, name: str, description: str) -> tuple[str, ...]:
    """The states that a read of the same kind of thing lists under this name, if the field is one of that thing."""
    about = state.profile(call.name)
    kind = about.nouns & {words.singular(word) for word in words.words(description[:500])}
    found = set()
    for other in state.tools.values():
        own = state.profile(other.name)
        if kind and own.effect.reads and own.service == about.service and kind & own.nouns:
            schema = state.fields(other.name).get(name)
            found.add(listed(schema) if isinstance(schema, dict) else ())
    found.discard(())
    return found.pop() if len(found) == 1 else ()


def _seen(state: State, call: Call, name: str, value: str) -> bool:
    """Whether the service is known to leave a thing in a state that only another tool lists: one is or was in it."""
    service = state.profile(call.name).service
    shows = [event.shown.value for event in state.events[-MAX_LOOKED:] if event.profile.service == service]
    told = (one for value in shows for _, one in shown.objects(value))
    return any(one.get(name) == value for one in (*(one for _, one in state.given.objects), *told))


def _choice(tool: Tool, call: Call, states: Sequence[str]) -> str | None:
    """The state that the arguments choose; without any that may choose, the one that the verb of the tool tells."""
    schemas = calls.properties(tool.input_schema)
    choosing = {
        name: value
        for name, value in call.arguments.items()
        if isinstance(value, bool) or (isinstance(value, str) and listed(schemas.get(name) or {}))
    }
    if len(choosing) > 1:
        return None
    for name, value in choosing.items():
        return _switched(name, value, states) if isinstance(value, bool) else _meant(schemas[name], value, states)
    if not all(words.identifies(name) for name in call.arguments):
        return None
    meant = [one for one in states if _participle(words.words(call.name)[0], one)]
    return meant[0] if len(meant) == 1 else None


def _switched(name: str, value: bool, states: Sequence[str]) -> str | None:
    meant = [one for one in states if _participle(words.normal(name), one)]
    if len(meant) != 1 or (not value and len(states) != 2):
        return None
    return meant[0] if value else _other(meant[0], states)


def _other(one: str, states: Sequence[str]) -> str:
    return states[1] if states[0] == one else states[0]


def _meant(schema: Mapping[str, Any], value: str, states: Sequence[str]) -> str | None:
    """The state of the same name as the value, or its participle; of two values and two states the one that is left."""
    options = listed(schema)
    if value not in options:
        return None
    pairs = {option: [one for one in states if _participle(option, one)] for option in options}
    if len(pairs[value]) == 1:
        return pairs[value][0]
    if len(options) != 2 or len(states) != 2 or pairs[value]:
        return None
    left = pairs[_other(value, options)]
    return _other(left[0], states) if len(left) == 1 else None


def _participle(verb: str, state: str) -> bool:
    """Whether a state is what a verb leads to: ``cancel`` and ``Cancelled``, ``on`` and ``on``."""
    verb, state = verb.lower(), state.lower()
    if verb == state:
        return True
    rest = state[len(verb) :]
    if len(verb) < 3 or not state.startswith(verb):
        return False
    return bool(_ENDING.fullmatch(rest) or (rest[:1] == verb[-1:] and _ENDING.fullmatch(rest[1:])))


def _beside(state: State, call: Call, name: str, chosen: _Chosen) -> Any:
    """A value beside the chosen state: an argument, a count of things in a state, or what the facts give."""
    if name in call.arguments:
        return call.arguments[name]
    count = _count(state, call, name, chosen)
    if count is not None:
        return count
    value = quantities.untouched(state, call, name)
    return _NONE if value is None else value


def _count(state: State, call: Call, name: str, chosen: _Chosen) -> int | None:
    """How many of the things in an object of the facts are in the state that the name of a field tells.

    The object is named after the things (``doorStatus``), holds nothing but states, and has all the things that the
    call lists.
    """
    own = words.words(name)
    told = [one for one in chosen.states if one.lower() in own]
    if len(told) != 1:
        return None
    kinds = {words.singular(word) for word in own if word != told[0].lower()} & state.profile(call.name).nouns
    objects = [
        one
        for way, one in state.given.objects
        if one and way and kinds & set(words.words(str(way[-1]))) and set(map(str, one.values())) <= {*chosen.states}
    ]
    lists = [value for value in call.arguments.values() if isinstance(value, list)]
    if len(objects) != 1 or len(lists) != 1 or quantities.touched(state, call.name, kinds):
        return None
    if not all(isinstance(one, str) and one in objects[0] for one in lists[0]):
        return None
    after = dict(objects[0]) | {str(one): chosen.value for one in lists[0]}
    return sum(1 for value in after.values() if value == told[0])

"""Reads of a text that an earlier call wrote whole: a file's contents, or its first or last lines.

The declarations must tell it: the write was given the name and the text and nothing else, and the read shows the
contents as the one text of its result. Whether such a text stands in an object or alone is learned from the service.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.domain.calls import Call
from nextstate.domains.mcp.kernel import effects, shown
from nextstate.domains.mcp.kernel.words import Effect, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domains.mcp.kernel.state import Event, State

MAX_LOOKED = 400
_CONTENTS = frozenset("content contents text body data".split())
_READS = frozenset("read get cat show view open display fetch load retrieve".split())
_WRITES = frozenset("write put save create set store overwrite upload".split())
_ELSE = frozenset("metadata information info hash summary size number statistics append base64 search binary".split())
"""Words of tools that show or write something else than a text as it is."""


def find(state: State, call: Call) -> str | None:
    """The text that the call reads, where the last call that may have changed it wrote it whole."""
    profile = state.profile(call.name)
    field = _field(state.fields(call.name))
    names = [name for name, value in call.arguments.items() if isinstance(value, str)]
    if profile.effect is not Effect.READ or not field or len(names) != 1 or not words(call.name):
        return None
    if words(call.name)[0] not in _READS or not profile.about & _CONTENTS or profile.about & _ELSE:
        return None
    text = _written(state, call, names[0])
    rest = {name: value for name, value in call.arguments.items() if name != names[0]}
    text = text if text is None or not rest else _part(text, rest)
    return None if text is None else _in_manner(state, call, field, text)


def _field(fields: Mapping[str, Any]) -> str:
    """The one text that a tool declares to show, given the members of its result."""
    if len(fields) != 1:
        return ""
    ((name, schema),) = fields.items()
    return name if isinstance(schema, dict) and schema.get("type") == "string" and name in _CONTENTS else ""


def _written(state: State, call: Call, name: str) -> str | None:
    """The text that stands under a name: it was written whole, read whole, or moved there."""
    value = call.arguments[name]
    marks = frozenset((shown.mark(str(value)),))
    for at in range(len(state.events) - 1, max(-1, len(state.events) - 1 - MAX_LOOKED), -1):
        event = state.events[at]
        if event.call.name == call.name and event.call.arguments == {name: value} and event.shown.failed is False:
            return _read(state, event)
        if effects.touches(state, event, call, marks):
            whole = _whole(event, name, value)
            return _moved(state, at, call, name) if whole is None else whole
    return None


def _read(state: State, event: Event) -> str:
    """The text that a read showed."""
    field, value = _field(state.fields(event.call.name)), event.shown.value
    inside = isinstance(value, dict) and value.keys() == {field} and isinstance(value[field], str)
    return str(value[field]) if inside else event.shown.text


def _moved(state: State, at: int, call: Call, name: str) -> str | None:
    """The text of what the call with this index moved to the name that is read."""
    given = state.events[at].call.arguments
    sources = [value for key, value in given.items() if {"source", "from", "src"} & set(words(key))]
    moves = {"move", "rename", "mv"} & set(words(state.events[at].call.name))
    if not moves or state.events[at].shown.failed is not False or len(given) != 2 or len(sources) != 1:
        return None
    if call.arguments[name] not in given.values() or call.arguments[name] == sources[0]:
        return None
    before = replace(state, events=state.events[:at])
    return _written(before, Call(call.name, {**call.arguments, name: sources[0]}), name)


def _whole(event: Event, name: str, value: Any) -> str | None:
    """The text that a call wrote under a name, if it did nothing else."""
    given = event.call.arguments
    own = set(words(event.call.name))
    texts = [inner for key, inner in given.items() if key in _CONTENTS and isinstance(inner, str)]
    if event.shown.failed is not False or event.profile.effect not in (Effect.CREATE, Effect.UPDATE):
        return None
    if not own & _WRITES or own & _ELSE or len(given) != 2 or len(texts) != 1 or given.get(name) != value:
        return None
    return texts[0]


def _part(text: str, rest: Mapping[str, Any]) -> str | None:
    """The first or the last lines, fewer than there are, of a text in which they are told alike by all tools."""
    ((name, count), *more) = rest.items()
    if more or isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= text.count("\n"):
        return None
    lines = text.split("\n")
    if name == "head":
        return "\n".join(lines[:count])
    return "\n".join(lines[-count:]) if name == "tail" and not text.endswith("\n") else None


def _in_manner(state: State, call: Call, field: str, text: str) -> str | None:
    """The result in the manner in which the service shows the one text that a tool of it declares."""
    service = state.profile(call.name).service
    for event in reversed(state.events[-MAX_LOOKED:]):
        own = _field(state.fields(event.call.name))
        if own and event.profile.service == service and event.shown.failed is False:
            value = event.shown.value
            inside = isinstance(value, dict) and value.keys() == {own}
            return shown.written({field: text}, event.shown) if inside else text
    return None

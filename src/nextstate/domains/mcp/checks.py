"""Executable checks of a tool's result: rules that hold whatever the server holds.

``False`` is only said where no server that keeps its own declarations could answer so. Servers differ in what they
forgive (the Python SDK takes ``"1"`` for an integer, most ignore arguments that they do not know), so only what none of
them forgives counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nextstate.domain import Check, calls
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.mcp import codec
from nextstate.domains.mcp.failures import failed

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.types import Observation, Query, Tool, Turn

SETTLED = 2
"""Earlier results of a tool that show which form its results have."""
_LIMIT = re.compile(r"(?:limit|max_?results|max_?count|max_?items|page_?size|per_?page|top_?k|num_?results)", re.I)
_CONTENT = re.compile(r"path|file|ur[il]|command|code|script|query|sql", re.I)
"""Arguments on which the form of a result hangs: what is read or run may print anything."""
_SCALARS = ("string", "number", "integer", "boolean")


def _call(query: Query) -> Call | None:
    return calls.call_of(query.action)


def _tool(query: Query) -> tuple[Call, Tool] | None:
    """The call and its declaration; ``None`` where it is undeclared."""
    call = _call(query)
    tool = calls.declared(query.setup, call.name) if call else None
    return (call, tool) if call and tool else None


# The form of a result


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A success has the form of the tool's output schema, or of the tool's earlier results.

    A tool may show something else than its structured result as text (a file server shows the text of a file; one tool
    of a server does, another does not). So a text that does not fit the schema is only wrong where the same tool has
    shown its structure as text before, or where it has keys of the schema.
    """
    call = _call(query)
    if call is None or _shows_nothing(observation) or failed(query, observation) is not False:
        return None
    tool = calls.declared(query.setup, call.name)
    value = codec.value(observation)
    if tool is not None and tool.output_schema:
        return _fits(query, tool, value)
    kinds = [] if any(_CONTENT.search(name) for name in call.arguments) else _earlier_kinds(query, call)
    if len(kinds) < SETTLED or len(set(kinds)) > 1 or kinds[0] is None:
        return None
    return type(value) is kinds[0] or (None if _cut(observation, kinds[0]) else False)


def _shows_nothing(observation: Observation) -> bool:
    """Tools that return nothing show nothing, or ``null``, whatever their schema says."""
    return observation.strip() in ("", "null")


def _cut(observation: Observation, kind: type) -> bool:
    """Whether the text begins as JSON of this kind and does not end so: agents are often shown a beginning only."""
    first, last = "{}" if kind is dict else "[]"
    text = observation.strip()
    return text.startswith(first) and not text.endswith(last)


def _fits(query: Query, tool: Tool, value: Any) -> bool | None:
    schema = tool.output_schema
    if value is not None and not calls.problems(schema, value):
        return True
    if isinstance(value, dict) and not schema.get("required"):
        return None  # a description that nobody checks: servers that check their results make schemas that require
    if isinstance(value, dict) and calls.properties(schema).keys() & value.keys():
        return False
    return False if _shows_structure(query, tool) else None


def _shows_structure(query: Query, tool: Tool) -> bool:
    """Whether an earlier result of the tool was the structured one, as text."""
    for turn in _earlier(query):
        call = calls.call_of(turn.action)
        value = codec.value(turn.observation) if call and call.name == tool.name else None
        if isinstance(value, dict) and not calls.problems(tool.output_schema, value):
            return True
    return False


def _earlier(query: Query) -> Sequence[Turn]:
    return (*query.setup.demonstrations, *query.history)


def _earlier_kinds(query: Query, call: Call) -> list[type | None]:
    """``dict``, ``list`` or ``None`` (text), for each earlier success of the same tool."""
    found: list[type | None] = []
    for turn in _earlier(query):
        same = calls.call_of(turn.action)
        if same and same.name == call.name and failed(query, turn.observation) is False:
            value = codec.value(turn.observation)
            found.append(None if value is None else type(value))
    return found


# Calls that must fail


def undeclared_tool_fails(query: Query, observation: Observation) -> bool | None:
    """A tool that is not declared, where others are, gives an error.

    Not so for names like ``server.tool``: they are from a catalogue of several servers, of which a set-up may declare
    only what the agent had found.
    """
    call = _call(query)
    if call is None or not query.setup.tools or calls.declared(query.setup, call.name) or "." in call.name:
        return None
    return failed(query, observation)


def impossible_arguments_fail(query: Query, observation: Observation) -> bool | None:
    """A call without a required argument fails, and so does one with a list or an object for a plain value."""
    found = _tool(query)
    return failed(query, observation) if found and _impossible(*found) else None


def _impossible(call: Call, tool: Tool) -> bool:
    schema = tool.input_schema
    required, properties = schema.get("required"), schema.get("properties")
    needed = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    if any(name not in call.arguments for name in needed):
        return True
    if not isinstance(properties, dict):
        return False
    return any(
        _plain_is_asked(properties.get(name)) and (isinstance(value, list | dict) or (value is None and name in needed))
        for name, value in call.arguments.items()
    )


def _plain_is_asked(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") in _SCALARS and not schema.get("nullable")


# What was asked for is what is shown


def identity_is_kept(query: Query, observation: Observation) -> bool | None:
    """A success that shows one thing shows the one that was asked for: its id is the id in the call.

    Not so for tools that by their name show another thing (a copy, the next one). ``id`` alone may be that of something
    else that the result shows, so it counts only for tools called by a verb and a noun.
    """
    call = _call(query)
    value = codec.value(observation)
    if call is None or not isinstance(value, dict) or failed(query, observation) is not False:
        return None
    words = _words(call.name.rsplit(".", 1)[-1])
    if _OTHER.search(words):
        return None
    names = [
        name for name in call.arguments if _names_a_thing(name) and (name.lower() != "id" or words.count(" ") == 1)
    ]
    ids = [(call.arguments[name], value[name]) for name in names if name in value]
    compared = [_same(asked, shown) for asked, shown in ids if _plain(asked) and _plain(shown)]
    return all(compared) if compared else None


_OTHER = re.compile(
    r"\b(?:add|append|author|child|children|clone|convert|copy|create|creator|duplicate|fork|insert|latest|merge|new|next|"
    r"other|owner|parent|post|previous|random|related|replace|reply|similar|split)\b"
)


def _names_a_thing(name: str) -> bool:
    return name.lower() == "id" or name.endswith(("_id", "Id", "ID"))


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _same(asked: Any, shown: Any) -> bool:
    """Equal, or the same when written: servers take ``"7"`` for 7 and the reverse."""
    return bool(asked == shown) or str(asked).strip() == str(shown).strip()


def limit_is_respected(query: Query, observation: Observation) -> bool | None:
    """A list is not longer than the limit in the call."""
    call = _call(query)
    if call is None or failed(query, observation) is True:
        return None
    limits = [one for name, one in call.arguments.items() if _LIMIT.fullmatch(name) and type(one) is int and one > 0]
    items = _items(codec.value(observation))
    if len(limits) != 1 or items is None:
        return None
    return len(items) <= limits[0]


def _items(value: Any) -> list[Any] | None:
    """The list that a result is, or the only list of objects directly in it."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    lists = [one for one in value.values() if isinstance(one, list)]
    return lists[0] if len(lists) == 1 and all(isinstance(one, dict) for one in lists[0]) else None


def written_is_read(query: Query, observation: Observation) -> bool | None:
    """Values that the last call gave and its result showed, under an id, are what a read of that id shows now."""
    call = _call(query)
    if call is None or not query.history or not _READS.match(_words(call.name)):
        return None
    before = query.history[-1]
    last, wrote, shown = calls.call_of(before.action), codec.value(before.observation), codec.value(observation)
    if last is None or not _WRITES.match(_words(last.name)) or failed(query, before.observation) is not False:
        return None
    if not isinstance(wrote, dict) or not isinstance(shown, dict) or not _same_thing(call, wrote, shown):
        return None
    given = [name for name, value in last.arguments.items() if name in wrote and wrote[name] == value]
    compared = [shown[name] == wrote[name] for name in given if name in shown]
    return all(compared) if compared else None


_READS = re.compile(r"(?:.* )?(?:get|read|show|view|fetch|retrieve|describe)\b")
_WRITES = re.compile(r"(?:.* )?(?:create|update|add|edit|set|book|cancel|modify|change|insert|register|put|patch)\b")


def _words(name: str) -> str:
    """``getNote``, ``notes.get_note`` and ``get-note`` as words."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).lower()


def _same_thing(call: Call, wrote: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Whether the read asks, by an id, for what was written, and shows it under the same key."""
    ids = {name for name in wrote if _names_a_thing(name) and _plain(wrote[name])}
    asked = [one for name, one in call.arguments.items() if _names_a_thing(name) and _plain(one)]
    if len(asked) != 1 or len(call.arguments) != 1:
        return False
    return any(_same(asked[0], wrote[name]) and name in shown and _same(asked[0], shown[name]) for name in ids)


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "no_reply_tags": no_reply_tags,
        "undeclared_tool_fails": undeclared_tool_fails,
        "impossible_arguments_fail": impossible_arguments_fail,
        "identity_is_kept": identity_is_kept,
        "limit_is_respected": limit_is_respected,
        "written_is_read": written_is_read,
    }
)

"""Tools and results as the protocol carries them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.domain import calls
from nextstate.domain.strict_json import deep, finite, no_constant

if TYPE_CHECKING:
    from nextstate.errors import NextstateError
    from nextstate.sim.sessions import Step
    from nextstate.types import Json, Observation, Tool

PREFIX = "nextstate/"
"""What our names in ``_meta`` begin with."""

COMPLETE: Mapping[str, Any] = {"resultType": "complete"}
"""What every result says from 2026-07-28 on; before, the library leaves it out."""


def listed(tool: Tool, *, modern: bool) -> dict[str, Any]:
    """A tool as ``tools/list`` gives it: its schemas as they stand, with the order of their keys.

    The protocol demands an object at the root of what a tool takes, before 2026-07-28 also of what it gives, and
    libraries refuse a whole list for one schema that is otherwise. So an ``outputSchema`` that is none is left out,
    parts of an ``inputSchema`` that no client takes are left out, and ``_meta`` says so.
    """
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description:
        wire["description"] = tool.description
    wire["inputSchema"] = _taken(tool.input_schema)
    if shows := promised(tool, modern=modern):
        wire["outputSchema"] = dict(shows)
    declared = {"inputSchema": tool.input_schema, "outputSchema": tool.output_schema}
    mended = [name for name, schema in declared.items() if schema and schema != wire.get(name)]
    if mended:
        wire["_meta"] = {f"{PREFIX}mended": mended}
    return wire


def promised(tool: Tool, *, modern: bool) -> Mapping[str, Json]:
    """The schema that clients are told a tool's structured results have; empty where they are told none."""
    schema = tool.output_schema
    fits = _fits("$schema", schema.get("$schema", "")) and (modern or _takes(schema))
    return schema if fits else {}


def _taken(schema: Mapping[str, Json]) -> dict[str, Json]:
    if _takes(schema):
        return dict(schema)
    if not schema:
        return {"type": "object", "properties": {}}  # some frameworks read the members without asking for them
    return {**{key: value for key, value in schema.items() if _fits(key, value)}, "type": "object"}


def _takes(schema: Mapping[str, Json]) -> bool:
    return schema.get("type") == "object" and all(_fits(key, value) for key, value in schema.items())


def _fits(key: str, value: Json) -> bool:
    """Whether clients take this keyword at the root of a schema; they look at four of them."""
    match key:
        case "$schema":
            return isinstance(value, str)
        case "type":
            return value == "object"
        case "properties":
            return isinstance(value, dict) and all(isinstance(one, dict | bool) for one in value.values())
        case "required":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return True


def result(step: Step, tool: Tool | None, *, failed: bool | None, model: str, modern: bool) -> dict[str, Any]:
    """What a call is answered with: the observation as text, and as a value where the tool promises one.

    The protocol has a result of a tool with an output schema either fit it or be an error, and clients refuse what is
    neither. So an observation that the schema cannot be filled from is marked ``isError``, with ``nextstate/unfit`` in
    its ``_meta``; one that reports a failure is marked without that.
    """
    shown = step.turn.observation
    wire: dict[str, Any] = {**COMPLETE, **spoken(shown), "isError": failed is True}
    meta = _provenance(step, model)
    if tool is not None and failed is not True and (schema := promised(tool, modern=modern)):
        values = [value for value in _values(schema, shown) if modern or isinstance(value, dict)]
        fitting = next((value for value in values if not calls.problems(schema, value)), _NONE)
        if fitting is _NONE:
            wire["isError"] = True
            meta[f"{PREFIX}unfit"] = f"what was shown does not have the form of the output schema of {tool.name!r}"
        else:
            wire["structuredContent"] = fitting
    return {**wire, "_meta": meta}


_NONE = object()


def _values(schema: Mapping[str, Json], shown: Observation) -> Iterator[Any]:
    """What the text may stand for: its JSON; where the schema has one member only, that member's value.

    The official library for Python puts plain results under ``result``, and servers do alike with texts; what they show
    as text is the value alone.
    """
    members = calls.properties(schema)
    alone = next(iter(members)) if len(members) == 1 else None
    parsed = _parsed(shown)
    if parsed is not _NONE:
        yield parsed
        if alone is not None:
            yield {alone: parsed}
    if alone is not None:
        yield {alone: legible(shown)}
        if not shown.strip():
            yield {alone: None}


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return _NONE
    return _NONE if deep(value) else value


def refused(error: NextstateError, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a call is answered with that was no action: the agent may mend it. No turn was taken."""
    return {**COMPLETE, **spoken(str(error)), "isError": True, "_meta": {f"{PREFIX}error": dict(data)}}


def spoken(text: str) -> dict[str, Any]:
    """The content of a result that is one text."""
    return {"content": [{"type": "text", "text": legible(text)}]}


def _provenance(step: Step, model: str) -> dict[str, Any]:
    meta = step.turn.meta
    told = {
        "turn": step.index,
        "origin": meta.get("origin"),
        "model": meta.get("model", model),
        "why": meta.get("why"),
        "shared": step.shared,
    }
    return {PREFIX + name: value for name, value in told.items() if value is not None}


def legible(text: str) -> str:
    """``text`` with a mark in the place of half surrogate pairs, which no message can carry."""
    return store.utf8(text).decode()

"""Tools as Python functions: signature, annotations and docstring that say what a tool's JSON Schema says.

Frameworks that take functions as tools read the schema from them again. The docstring has Google's form
(``transformers.utils.get_json_schema`` reads it so). What annotations cannot say (the members of an object, a pattern,
a bound) stands in the description of the argument, as JSON Schema.
"""

from __future__ import annotations

import inspect
import json
import keyword
import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nextstate.types import Tool

PLAIN: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}
SAID = frozenset(
    ("type", "description", "title", "default", "items", "enum", "const", "anyOf", "oneOf", "nullable", "$schema")
)
"""Keywords that an annotation or the description says, as far as what stands in them can be said."""
PEOPLE = frozenset(("description", "title", "default", "$schema"))
"""Keywords that say nothing about which values are allowed."""
SECTIONS = re.compile(r"\b(Args|Returns|Raises):")
CHOICES = re.compile(r"\(choices:.*\)\s*$", re.IGNORECASE)


def function(tool: Tool, call: Callable[[Any, dict[str, Any]], str]) -> Callable[..., str]:
    """A method whose name, signature and docstring are those of ``tool``; it hands what it is given to ``call``.

    An argument whose name is no Python name (``max-results``, ``from``) has one that is, and is handed on under its
    own. Nothing is checked here: what a wrong call shows is the world's business.
    """
    schema = tool.input_schema
    given, needed = _object(schema.get("properties")), _list(schema.get("required"))
    order = sorted(given, key=lambda name: name not in needed)
    names = dict(zip(identifiers(order), order, strict=True))

    def method(self: Any, *positional: Any, **named: Any) -> str:
        arguments = dict(zip(names, positional, strict=False)) | named
        return call(self, {names.get(name, name): value for name, value in arguments.items()})

    method.__name__ = method.__qualname__ = tool.name
    method.__doc__ = docstring(tool, {name: _object(given[own]) for name, own in names.items()})
    method.__annotations__ = {name: annotation(given[own]) for name, own in names.items()} | {"return": str}
    method.__signature__ = _signature(method.__annotations__, {name for name, own in names.items() if own in needed})  # type: ignore[attr-defined]  # as `inspect` documents it
    return method


def identifiers(names: list[str]) -> list[str]:
    """Python names that are as near to ``names`` as can be, in their order, each another one."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        while plain in found or keyword.iskeyword(plain) or plain in ("self", "return"):
            plain += "_"
        found.append(plain)
    return found


def annotation(schema: object) -> Any:
    """The type hint that says what a JSON Schema says, as far as a type hint can."""
    said = _object(schema)
    if "const" in said or "enum" in said:
        values = [said["const"]] if "const" in said else _list(said["enum"])
        if values and all(isinstance(value, str | int | bool | None) for value in values):
            return Literal[tuple(values)]
    options = _list(said.get("anyOf")) or _list(said.get("oneOf"))
    if options:
        return _union(list(map(annotation, options)))
    kinds = [kind for kind in _list(said.get("type")) or [said.get("type")] if kind in PLAIN]
    kinds += ["null"] if said.get("nullable") is True and kinds else []
    return _union([_kind(kind, said) for kind in kinds]) if kinds else Any


def _kind(kind: str, schema: Mapping[str, Any]) -> Any:
    if kind == "array" and schema.get("items"):
        return list[annotation(schema["items"])]  # type: ignore[misc]  # made while the program runs
    values = schema.get("additionalProperties")
    if kind == "object" and isinstance(values, dict) and values and not schema.get("properties"):
        return dict[str, annotation(values)]  # type: ignore[misc]  # made while the program runs
    return PLAIN[kind]


def _union(hints: list[Any]) -> Any:
    return Any if Any in hints else reduce(or_, hints)


def docstring(tool: Tool, arguments: Mapping[str, Mapping[str, Any]]) -> str:
    """A docstring in Google's form; ``arguments`` gives the schema of each."""
    text = _quiet(tool.description.strip()) or tool.name
    if arguments:
        text += "\n\nArgs:\n" + "\n".join(f"    {name}: {_about(name, schema)}" for name, schema in arguments.items())
    return text + "\n\nReturns:\n    What the environment shows."


def _about(name: str, schema: Mapping[str, Any]) -> str:
    """What is known about an argument, on one line."""
    told = schema.get("description") or schema.get("title") or name
    text = " ".join(str(told).split())
    if CHOICES.search(text):
        text += "."
    if schema.get("default") is not None:
        text += f" Default: {json.dumps(schema['default'], ensure_ascii=False)}."
    if not _sayable(schema):
        bare = {key: value for key, value in schema.items() if key not in PEOPLE}
        text += f" JSON Schema: {json.dumps(bare, ensure_ascii=False)}"
    return _quiet(text)


def _sayable(schema: Mapping[str, Any]) -> bool:
    """Whether an annotation says all that a JSON Schema does about which values are allowed."""
    if schema.keys() - SAID - {"additionalProperties"} or schema.get("additionalProperties") is False:
        return False
    within = [schema.get("items"), schema.get("additionalProperties")]
    within += [*_list(schema.get("anyOf")), *_list(schema.get("oneOf"))]
    return all(_sayable(one) for one in within if isinstance(one, dict))


def _quiet(text: str) -> str:
    """``text`` without what would begin a section of the docstring."""
    return SECTIONS.sub(r"\1 :", text)


def _signature(annotations: Mapping[str, Any], needed: set[str]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for name, hint in annotations.items():
        if name != "return":
            default = inspect.Parameter.empty if name in needed else None
            parameters.append(inspect.Parameter(name, kind, default=default, annotation=hint))
    return inspect.Signature(parameters, return_annotation=str)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

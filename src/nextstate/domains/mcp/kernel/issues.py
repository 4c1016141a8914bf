"""What validators say of arguments that break a schema: jsonschema's, zod's and pydantic's words.

Only what is certain is worded: a message that hangs on how a server was written gives ``None`` for the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domain import calls, schemas

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.types import Tool

_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
_NAMED = {
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": (int, float),
    "array": list,
    "object": dict,
}


def _declared(tool: Tool) -> tuple[dict[str, Any], list[str]]:
    fields, required = calls.properties(tool.input_schema), tool.input_schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    return fields, names


def missing(tool: Tool, call: Call) -> list[str]:
    """The required arguments that a call lacks, in the order of the declaration."""
    fields, required = _declared(tool)
    return [
        name
        for name in (*fields, *(one for one in required if one not in fields))
        if name in required and name not in call.arguments
    ]


def best(tool: Tool, call: Call) -> str | None:
    """jsonschema's words for the most relevant problem, as ``jsonschema.validate`` raises it."""
    from jsonschema.exceptions import best_match

    found = best_match(schemas.errors(tool.input_schema, dict(call.arguments)))
    return found.message if found is not None else None


# zod


def zod(tool: Tool, call: Call) -> str | None:
    """zod's words, a line for each argument in the order of the declaration."""
    fields, required = _declared(tool)
    found = []
    for name, schema in fields.items():
        line = _zod(name, schema, call.arguments, name in required)
        if line is None:
            return None
        found += [line] if line else []
    return "\n".join(found) or None


def _zod(name: str, schema: Any, given: Any, required: bool) -> str | None:
    """The line about one argument, empty where there is nothing to say, ``None`` where it is not certain."""
    if not isinstance(schema, dict):
        return None
    if name not in given:
        return _expected(name, schema, "undefined") if required and "default" not in schema else ""
    value = given[name]
    kind = schema.get("type")
    if schema.get("enum") and value not in schema["enum"]:
        return _expected(name, schema, "")
    if isinstance(kind, str) and kind in _NAMED and not _is(value, kind):
        return _expected(name, schema, _TYPES[type(value)])
    return _bounds(name, schema, value) if kind in ("number", "integer") else _plain(schema, value)


def _expected(name: str, schema: dict[str, Any], received: str) -> str | None:
    if isinstance(schema.get("enum"), list):
        options = "|".join(f'"{one}"' for one in schema["enum"])
        return f"Invalid option: expected one of {options} at {name}"
    kind = schema.get("type")
    if kind in ("string", "number", "boolean", "array", "object"):
        return f"Invalid input: expected {kind}, received {received} at {name}"
    return None


def _bounds(name: str, schema: dict[str, Any], value: Any) -> str | None:
    high, low = schema.get("maximum"), schema.get("minimum")
    if isinstance(high, (int, float)) and value > high:
        return f"Too big: expected number to be <={high} at {name}"
    if isinstance(low, (int, float)) and value < low:
        return f"Too small: expected number to be >={low} at {name}"
    return "" if schema.get("type") == "number" or value == int(value) else None


def _plain(schema: dict[str, Any], value: Any) -> str | None:
    from nextstate.domain.calls import problems

    return None if problems(schema, value) else ""


def _is(value: Any, kind: str) -> bool:
    wanted: Any = _NAMED[kind]
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))


# pydantic


def pydantic(tool: Tool, call: Call, version: str) -> str | None:
    """pydantic's words for a call of a tool whose arguments are a model, in the order of the declaration."""
    fields, required = _declared(tool)
    title = tool.input_schema.get("title")
    if not isinstance(title, str):
        return None
    found: list[tuple[str, str, str, Any]] = []
    for name, schema in fields.items():
        if name not in call.arguments:
            found += [(name, "Field required", "missing", dict(call.arguments))] if name in required else []
        elif (more := _pydantic(name, schema, call.arguments[name])) is None:
            return None
        else:
            found += more
    if not found:
        return None
    head = f"Error executing tool {tool.name}: {len(found)} validation error{'s' * (len(found) > 1)} for {title}"
    return "\n".join((head, *(_about(*one, version) for one in found)))


def _about(name: str, message: str, kind: str, value: Any, version: str) -> str:
    return (
        f"{name}\n  {message} [type={kind}, input_value={_short(repr(value))}, input_type={type(value).__name__}]\n"
        f"    For further information visit https://errors.pydantic.dev/{version}/v/{kind}"
    )


def _short(text: str) -> str:
    """A value as pydantic shows it: the first 25 and the last 24 characters where there are more than 50."""
    return text if len(text) <= 50 else f"{text[:25]}...{text[-24:]}"


_Problems = "list[tuple[str, str, str, Any]]"


def _pydantic(name: str, schema: Any, value: Any) -> list[tuple[str, str, str, Any]] | None:
    """The problem of one argument that is given; ``None`` where pydantic's words are not certain."""
    from nextstate.domain.calls import problems

    if not isinstance(schema, dict):
        return None
    if not problems(schema, value):
        return []
    kind = schema.get("type")
    about = {"string": _text, "integer": _whole, "array": _list}.get(kind) if isinstance(kind, str) else None
    said = about(schema, value) if about else None
    return [(name, *said, value)] if said else None


def _text(schema: dict[str, Any], value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "Input should be a valid string", "string_type"
    low, high = schema.get("minLength"), schema.get("maxLength")
    if isinstance(low, int) and len(value) < low:
        return f"String should have at least {low} character{'s' * (low != 1)}", "string_too_short"
    if isinstance(high, int) and len(value) > high:
        return f"String should have at most {high} character{'s' * (high != 1)}", "string_too_long"
    return None


def _whole(schema: dict[str, Any], value: Any) -> tuple[str, str] | None:
    if isinstance(value, float) and not value.is_integer():
        return "Input should be a valid integer, got a number with a fractional part", "int_from_float"
    if value is None or isinstance(value, (list, dict)):
        return "Input should be a valid integer", "int_type"
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    high, low = schema.get("maximum"), schema.get("minimum")
    if isinstance(high, int) and value > high:
        return f"Input should be less than or equal to {high}", "less_than_equal"
    if isinstance(low, int) and value < low:
        return f"Input should be greater than or equal to {low}", "greater_than_equal"
    return None


def _list(schema: dict[str, Any], value: Any) -> tuple[str, str] | None:
    if not isinstance(value, (list, str)):
        return "Input should be a valid list", "list_type"
    low = schema.get("minItems")
    if isinstance(value, list) and isinstance(low, int) and len(value) < low:
        return f"List should have at least {low} item{'s' * (low != 1)} after validation, not {len(value)}", "too_short"
    return None

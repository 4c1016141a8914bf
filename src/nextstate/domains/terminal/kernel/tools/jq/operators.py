"""Arithmetic, comparison and the ``@formats`` of jq."""

from __future__ import annotations

import base64
import html
import math
import urllib.parse

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq.values import (
    JqError,
    Json,
    Writer,
    brief,
    kind,
    order,
    same,
    truth,
    unworded,
)

MAX_TEXT = 1_000_000
_WORDS = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided", "%": "divided"}


def apply(op: str, left: Json, right: Json) -> Json:
    """``left op right``"""
    if op == "==":
        return same(left, right)
    if op == "!=":
        return not same(left, right)
    if op in ("<", "<=", ">", ">="):
        a, b = order(left), order(right)
        return a < b if op == "<" else a <= b if op == "<=" else a > b if op == ">" else a >= b
    if kind(left) == kind(right) == "number":
        return arithmetic(op, float(left), float(right))
    return mixed(op, left, right)


def arithmetic(op: str, left: float, right: float) -> float:
    if op == "%":
        if math.isinf(left) or math.isinf(right) or math.isnan(left) or math.isnan(right) or abs(left) > 2**53:
            raise Undetermined("jq: the remainder of a huge number")
        if int(right) == 0:
            raise unworded("cannot be divided because the divisor is zero")
        result = abs(int(left)) % abs(int(right))
        if left < 0 and result == 0:
            raise Undetermined("jq: the sign of zero")
        return float(-result if left < 0 else result)
    if op == "/":
        if right == 0:
            raise JqError(f"{brief(left)} and {brief(right)} cannot be divided because the divisor is zero")
        return left / right
    return left + right if op == "+" else left - right if op == "-" else left * right


def mixed(op: str, left: Json, right: Json) -> Json:
    """Operators on anything but two numbers."""
    kinds = (kind(left), kind(right))
    if op == "+":
        if left is None or right is None:
            return right if left is None else left
        if kinds == ("object", "object"):
            return {**left, **right}
        if kinds in (("string", "string"), ("array", "array")):
            if len(left) + len(right) > MAX_TEXT:
                raise Undetermined("jq: a huge value")
            return left + right
    if op == "-" and kinds == ("array", "array"):
        return [each for each in left if not any(same(each, other) for other in right)]
    if op == "*" and kinds == ("object", "object"):
        return merged(left, right)
    if op == "*" and kinds == ("string", "number"):
        if right < 1 or right != int(right) or right * len(left) > MAX_TEXT:
            raise Undetermined("jq: versions differ in how a text is repeated")
        return left * int(right)
    if op == "*" and kinds == ("number", "string"):
        raise Undetermined("jq: versions differ in how a text is repeated")
    if op == "/" and kinds == ("string", "string"):
        return split(left, right)
    raise JqError(f"{brief(left)} and {brief(right)} cannot be {_WORDS[op]}")


def merged(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    result = dict(left)
    for key, value in right.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def split(text: str, separator: str) -> list[str]:
    if not text:
        return []
    return text.split(separator) if separator else list(text)


def update(op: str, old: Json, right: Json) -> Json:
    """The new value of ``path op= right``."""
    if op == "//":
        return old if truth(old) else right
    return apply(op, old, right)


def as_text(value: Json) -> str:
    """``tostring``"""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Json) -> str:
    writer = Writer()
    text = writer.dump(value)
    if writer.loose:
        raise Undetermined("jq: versions differ in how this number is written")
    return text


def formatted(name: str, value: Json) -> str:
    """``value | @name``"""
    if name == "@text":
        return as_text(value)
    if name == "@json":
        return as_json(value)
    if name in ("@csv", "@tsv"):
        return row(name[1:], value)
    if name == "@html":
        text = as_text(value)
        if "'" in text:
            raise Undetermined("jq: versions differ in how they escape an apostrophe")
        return html.escape(text)
    if name == "@uri":
        return urllib.parse.quote(as_text(value), safe="-_.~")
    if name == "@sh":
        return " ".join(shell_word(each) for each in (value if isinstance(value, list) else [value]))
    if name == "@base64":
        return base64.b64encode(as_text(value).encode()).decode()
    if name == "@base64d":
        return unbased(as_text(value))
    raise Undetermined(f"jq: {name}")


def unbased(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except ValueError:
        raise Undetermined("jq: what is no base64") from None


def row(name: str, value: Json) -> str:
    if not isinstance(value, list):
        raise JqError(f"{brief(value)} cannot be {name}-formatted, only array")
    cells = []
    for each in value:
        if isinstance(each, str):
            if name == "csv":
                cells.append('"' + each.replace('"', '""') + '"')
            else:
                text = each.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
                cells.append(text)
        elif isinstance(each, list | dict):
            raise JqError(f"{brief(each)} is not valid in a csv row")
        else:
            cells.append("" if each is None else as_json(each))
    return ("," if name == "csv" else "\t").join(cells)


def shell_word(value: Json) -> str:
    if isinstance(value, list | dict):
        raise JqError(f"{brief(value)} can not be escaped for shell")
    return "'" + value.replace("'", "'\\''") + "'" if isinstance(value, str) else as_json(value)

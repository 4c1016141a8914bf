"""The value of an arithmetic expression as Python computes it, bounded in size; nothing is ever evaluated as code."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Number: TypeAlias = "int | float"
MAX_EXPRESSION = 2_000
"""Characters of an expression."""
MAX_DIGITS = 300
"""Decimal digits of a whole number on the way."""

_ODD = re.compile(r"[^0-9A-Za-z.,+*/%() \t\n-]|\d[A-DF-Za-df-z]|\d[eE][A-Za-z]")
"""What stands in no arithmetic; Python's parser would warn of some of it."""

_BINARY: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "log": math.log,
    "log10": math.log10,
}


def value(expression: str) -> Number | None:
    """The number, or ``None`` where the text is no such expression, has no value or becomes too large."""
    if len(expression) > MAX_EXPRESSION or _ODD.search(expression):
        return None
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        found = _value(tree.body)
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError):
        return None
    return found if math.isfinite(found) else None


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(number)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _combined(op, _value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _bounded(_FUNCTIONS[name](*map(_value, args)))
    raise ValueError("no arithmetic")


def _combined(op: ast.operator, left: Number, right: Number) -> Number:
    whole = isinstance(left, int) and isinstance(right, int)
    if isinstance(op, ast.Pow) and whole and right * max(int(left).bit_length(), 1) > MAX_DIGITS * 4:
        raise ValueError("too large")
    return _bounded(_BINARY[type(op)](left, right))


def _bounded(number: Number) -> Number:
    if isinstance(number, complex) or (isinstance(number, int) and number.bit_length() > MAX_DIGITS * 4):
        raise ValueError("too large, or no real number")
    return number

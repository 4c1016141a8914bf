"""Calculations: a tool that is given an arithmetic expression, or named by an arithmetic operation and given numbers.

How the tool writes a number (``255.0``, ``255``, rounded to cents, in an object) is learned from its earlier results;
without any, only a fraction has one form, and only an output schema with one number tells where it stands.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import shown, words

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State

MAX_EXPRESSION = 500
MAX_POWER = 64
MAX_BASE = 1e6
MAX_VALUE = 1e15
MAX_DEPTH = 50
"""Brackets and signs inside each other."""
MAX_NUMBERS = 10_000
_EXPRESSIONS = frozenset("expression expr formula calculation equation".split())
Form: TypeAlias = Callable[[float], str]

_FORMS: tuple[Form, ...] = (
    lambda value: repr(value),
    lambda value: _short(value),
    lambda value: repr(round(value, 2)),
    lambda value: _short(round(value, 2)),
    lambda value: f"{value:.2f}",
)
"""The ways in which tools write a number: Python's and JavaScript's, as they are or rounded to two places."""


def _short(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < MAX_VALUE else repr(value)


def find(state: State, call: Call) -> str | None:
    """The result of a calculation, where its form is known."""
    value = calculated(state, call)
    if value is None:
        return None
    earlier = [
        (before, event.shown.text)
        for event, _ in zip(state.of(call.name), range(50), strict=False)
        if (before := calculated(state, event.call)) is not None
    ]
    if not earlier:
        return _declared(state, call, value)
    if len(earlier) < sum(1 for _, _ in zip(state.of(call.name), range(50), strict=False)):
        return None
    texts = {_in(shape, form(value)) for shape, form in _forms(earlier)} or set(_sentences(state, call, value))
    return texts.pop() if len(texts) == 1 else None


def _sentences(state: State, call: Call, value: float) -> Iterator[str]:
    """Sentences with the number, where earlier ones prove which number stands where: ``1 and 2 make 3``."""
    earlier = [
        (event.call.arguments, number, _NUMBER.split(event.shown.text))
        for event, _ in zip(state.of(call.name), range(50), strict=False)
        if (number := calculated(state, event.call)) is not None
    ]
    pieces = earlier[0][2]
    if len(earlier) < MIN_SENTENCES or any(one[2][::2] != pieces[::2] for one in earlier):
        return
    for form in _FORMS:
        now = _told(call.arguments, value, form)
        before = [(_told(given, number, form), text) for given, number, text in earlier]
        choices = [
            {now[name] for name in now if all(told.get(name) == text[at] for told, text in before)}
            for at in range(1, len(pieces), 2)
        ]
        if choices and all(len(one) == 1 for one in choices):
            numbers = [one.pop() for one in choices]
            yield "".join(piece for pair in zip(pieces[::2], [*numbers, ""], strict=True) for piece in pair)


MIN_SENTENCES = 2
_NUMBER = re.compile(r"((?<![\w.])-?\d+(?:\.\d+)?)")


def _told(given: Mapping[str, Any], value: float, form: Form) -> dict[str, str]:
    """The numbers of a call and of its result under the names of these, as they stand in a sentence."""
    numbers = {name: form(float(one)) for name, one in given.items() if isinstance(one, (int, float))}
    return {**numbers, "": form(value)}


Shape: TypeAlias = "tuple[str, bool] | None"
"""The key of an object with one value, and whether the number stands in it as text; ``None`` for the bare number."""


def _forms(earlier: list[tuple[float, str]]) -> list[tuple[Shape, Form]]:
    """The forms in which all the earlier results are what was calculated."""
    return [
        (shape, form)
        for shape in _shapes(earlier[0][1])
        for form in _FORMS
        if all(_same(_in(shape, form(value)), text) for value, text in earlier)
    ]


def _shapes(text: str) -> list[Shape]:
    value = shown.read(text).value
    if isinstance(value, dict) and len(value) == 1:
        (key, inner) = next(iter(value.items()))
        return [(key, isinstance(inner, str))]
    return [None]


def _in(shape: Shape, number: str) -> str:
    if shape is None:
        return number
    return f"{{{json.dumps(shape[0])}: {json.dumps(number) if shape[1] else number}}}"


def _same(one: str, other: str) -> bool:
    return one == other.strip() or (
        other.lstrip().startswith("{") and one == " ".join(other.split()).replace("{ ", "{").replace(" }", "}")
    )


def _declared(state: State, call: Call, value: float) -> str | None:
    fields = state.fields(call.name)
    if len(fields) != 1 or value.is_integer():
        return None
    ((name, schema),) = fields.items()
    return _in((name, False), repr(value)) if isinstance(schema, dict) and schema.get("type") == "number" else None


def calculated(state: State, call: Call) -> float | None:
    """The number that a call asks for, if it asks for one and there is no doubt about it."""
    given = call.arguments
    if len(given) == 1:
        ((name, value),) = given.items()
        if isinstance(value, str):
            return expression(value) if _EXPRESSIONS & set(words.words(name)) else None
    return _operation(call.name, given)


def _operation(name: str, given: Mapping[str, Any]) -> float | None:
    meant = [operation for word in words.words(name) if (operation := _OPERATIONS.get(word))]
    numbers = _numbers(given)
    if len(meant) != 1 or not numbers or len(words.words(name)) > 2:
        return None
    try:
        exact, rough = meant[0](numbers)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return rough if float(exact) == rough else None


def _numbers(given: Mapping[str, Any]) -> list[Any]:
    """The numbers of a call: those of its only list, or its arguments in their order."""
    values = list(given.values())
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    if len(values) > MAX_NUMBERS or len(values) < 1:
        return []
    return values if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values) else []


_Pair: TypeAlias = "tuple[Fraction | int, float]"
"""A value worked out exactly, and in floating point as programs do."""


def _mean(numbers: list[Any]) -> _Pair:
    return sum(map(Fraction, numbers), Fraction(0)) / len(numbers), sum(numbers) / len(numbers)


def _sum(numbers: list[Any]) -> _Pair:
    return sum(map(Fraction, numbers), Fraction(0)), float(sum(numbers))


def _two(apply: Callable[[Any, Any], Any]) -> Callable[[list[Any]], _Pair]:
    def both(numbers: list[Any]) -> _Pair:
        if len(numbers) != 2:
            raise ValueError("not two numbers")
        return apply(*map(Fraction, numbers)), float(apply(*numbers))

    return both


_OPERATIONS: dict[str, Callable[[list[Any]], _Pair]] = {
    "mean": _mean,
    "average": _mean,
    "sum": _sum,
    "add": _two(operator.add),
    "subtract": _two(operator.sub),
    "multiply": _two(operator.mul),
    "divide": _two(operator.truediv),
}


def expression(text: str) -> float | None:
    """The value of an expression of numbers, ``+ - * /``, ``**`` and brackets; ``None`` for any other text."""
    if len(text) > MAX_EXPRESSION or not _ARITHMETIC.fullmatch(text):
        return None
    tokens = _TOKEN.findall(text)
    try:
        value, rest = _terms(tokens, 0)
        found = float(value)
    except (ValueError, ArithmeticError, TypeError):
        return None
    return found if rest == len(tokens) and math.isfinite(found) and abs(found) < MAX_VALUE else None


_ARITHMETIC = re.compile(r"(?:\s|\d+(?:\.\d*)?|\.\d+|\*\*|[-+*/()])+")
_TOKEN = re.compile(r"\d+(?:\.\d*)?|\.\d+|\*\*|[-+*/()]")
_Found: TypeAlias = "tuple[int | float, int]"
"""A value, and the index of the token behind it."""


def _terms(tokens: list[str], at: int, depth: int = 0) -> _Found:
    value, at = _factors(tokens, at, depth)
    while at < len(tokens) and tokens[at] in "+-":
        right, after = _factors(tokens, at + 1, depth)
        value, at = (value + right if tokens[at] == "+" else value - right), after
    return value, at


def _factors(tokens: list[str], at: int, depth: int) -> _Found:
    value, at = _signed(tokens, at, depth)
    while at < len(tokens) and tokens[at] in ("*", "/"):
        right, after = _signed(tokens, at + 1, depth)
        value, at = (value * right if tokens[at] == "*" else value / right), after
    return value, at


def _signed(tokens: list[str], at: int, depth: int) -> _Found:
    if at < len(tokens) and tokens[at] in "+-":
        value, after = _signed(tokens, at + 1, depth + 1)
        return (-value if tokens[at] == "-" else value), after
    return _power(tokens, at, depth)


def _power(tokens: list[str], at: int, depth: int) -> _Found:
    value, at = _atom(tokens, at, depth)
    if at < len(tokens) and tokens[at] == "**":
        right, at = _signed(tokens, at + 1, depth + 1)
        if abs(right) > MAX_POWER or abs(value) > MAX_BASE:
            raise ValueError("the power is too large")
        value = value**right
    return value, at


def _atom(tokens: list[str], at: int, depth: int) -> _Found:
    if at == len(tokens) or depth > MAX_DEPTH:
        raise ValueError("the expression ends too early, or is too deep")
    if tokens[at] == "(":
        value, at = _terms(tokens, at + 1, depth + 1)
        if at == len(tokens) or tokens[at] != ")":
            raise ValueError("a bracket is not closed")
        return value, at + 1
    if tokens[at] in "+-*/**)":
        raise ValueError("a number is missing")
    return (float(tokens[at]) if "." in tokens[at] else int(tokens[at])), at + 1

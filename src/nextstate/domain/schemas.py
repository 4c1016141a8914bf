"""JSON Schemas of strangers, checked in bounded time; nothing is fetched.

The ``jsonschema`` library says what breaks a schema. Here it counts what it does, so that a schema
whose references multiply, an expression that backtracks or a value that fills every message costs no hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domain import patterns

if TYPE_CHECKING:
    from jsonschema import ValidationError

MAX_STEPS = 20_000
"""Keywords that are applied, for one schema and value."""
CHARACTERS = 200
"""Characters of messages, places of an expression or pairs of elements that cost as much as one keyword."""
MAX_PARTS = 20_000
"""Parts of a schema, down to texts and numbers."""
MAX_OBJECTS = 1_500
"""Objects in a schema."""

_Keyword: TypeAlias = Callable[..., Any]
_left: ContextVar[int] = ContextVar("left")


class TooMuch(ValueError):
    """Checking a value against a schema takes more steps than are taken, or keywords that cannot be counted."""


def errors(schema: Mapping[str, Any], value: Any) -> list[ValidationError]:
    """What of ``value`` breaks ``schema``, the most relevant first; nothing where the schema cannot be followed.

    That is so where it is broken, refers to anything outside itself, recurs without end or takes too long.
    """
    from jsonschema import SchemaError
    from jsonschema.exceptions import relevance
    from jsonschema.validators import Draft202012Validator, validator_for
    from jsonschema_specifications import REGISTRY as SPECIFICATIONS
    from referencing.exceptions import Unresolvable

    whole, held = dict(schema), _left.set(MAX_STEPS * CHARACTERS)
    try:
        _measure(whole)
        named = isinstance(whole.get("$schema"), str)
        kind = validator_for(whole, default=Draft202012Validator) if named else Draft202012Validator
        kind.check_schema(whole)
        validator = _counting(kind)(whole, registry=SPECIFICATIONS)  # a registry that fetches nothing
        return sorted(validator.iter_errors(value), key=relevance, reverse=True)
    except (SchemaError, Unresolvable, RecursionError, ValueError, OverflowError):
        return []
    finally:
        _left.reset(held)


def _measure(schema: dict[str, Any]) -> None:
    """Raises :class:`TooMuch` for a schema that is large, or in which parts name a dialect of their own."""
    waiting: list[Any] = [schema]
    parts = objects = 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if isinstance(part, dict):
            objects += 1
            if part is not schema and isinstance(part.get("$schema"), str):
                raise TooMuch("a part of the schema is in a dialect of its own")
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
        if parts > MAX_PARTS or objects > MAX_OBJECTS or len(waiting) > MAX_PARTS:
            raise TooMuch("the schema is too large")


def _spend(steps: int) -> None:
    _left.set(left := _left.get() - steps)
    if left < 0:
        raise TooMuch("the schema takes too many steps")


@lru_cache(16)
def _counting(kind: Any) -> Any:
    """The validator class ``kind`` with keywords that count what they do."""
    from jsonschema.validators import extend

    keywords = {name: _counted(keyword) for name, keyword in kind.VALIDATORS.items()}
    refused = dict.fromkeys(keywords.keys() & {"unevaluatedProperties", "unevaluatedItems"}, _refused)
    own = {"pattern": _counted(_pattern), "uniqueItems": _unique(keywords["uniqueItems"])}
    return extend(kind, {**keywords, **own, **refused})  # type: ignore[no-untyped-call]  # the library has no types


def _counted(keyword: _Keyword) -> _Keyword:
    def counted(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _spend(CHARACTERS + (len(given) if isinstance(given, list) else 0))
        if isinstance(instance, dict) and isinstance(schema.get("patternProperties"), dict):
            _tame(schema["patternProperties"], instance)
        for error in keyword(validator, given, instance, schema) or ():
            _spend(len(error.message))
            yield error

    return counted


def _tame(expressions: Mapping[str, Any], instance: Mapping[str, Any]) -> None:
    for expression in expressions:
        for name in instance:
            _spend(CHARACTERS // 4)
            if not patterns.tame(expression, len(name)):
                raise TooMuch("an expression for names may take too long")


def _pattern(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not patterns.found(given, instance, _spend):
        yield ValidationError(f"{instance!r} does not match {given!r}")


def _unique(keyword: _Keyword) -> _Keyword:
    def unique(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if given and isinstance(instance, list):
            _spend(len(instance) ** 2 if any(isinstance(one, dict | list) for one in instance) else len(instance))
        yield from keyword(validator, given, instance, schema) or ()

    return unique


def _refused(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    raise TooMuch("what other parts of a schema leave unevaluated is not followed")

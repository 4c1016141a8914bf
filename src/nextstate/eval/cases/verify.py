"""Verifiers: rules about an observation, as data. A verifier is a JSON object with one key, which names the rule.

===============  ====================================================================================================
rule             holds where the observation, in its canonical form,
===============  ====================================================================================================
``all``          satisfies every rule of a list
``any``          satisfies one of a list
``not``          does not satisfy a rule
``contains``     shows a text, not as a piece of a longer word; a number in whatever form (30 is in ``30.0``)
``shows``        shows a text, be it as a piece of a word
``absent``       does not show what ``contains`` looks for
``equals``       is a text, blanks folded
``lines``        shows these lines in this order; others may stand between
``no_line``      shows none of these lines
``first_line``   begins with a line
``last_line``    ends with a line
``line_count``   has ``least`` to ``most`` lines that are not blank
``items``        is JSON whose longest list has ``least`` to ``most`` items
``leaf``         is JSON in which ``key`` stands with ``value``, and with no other
``size``         has at most ``most`` characters
``failed``       reports a failure (true) or none (false), as the domain tells
===============  ====================================================================================================

Nothing of a verifier is executed; every rule is a function below, total, and linear in the observation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate import domain as domains
from nextstate.errors import DataError, unknown_name
from nextstate.eval.cases import texts

if TYPE_CHECKING:
    from nextstate.types import Observation, Query

Verifier: TypeAlias = Mapping[str, Any]

MAX_RULES = 500
"""Rules in one verifier."""
MAX_NESTING = 8


class Shown:
    """An observation as rules look at it; each view of it is made once."""

    def __init__(self, query: Query, observation: Observation) -> None:
        self.query, self.observation = query, observation
        self.domain = domains.find(query.domain)

    @cached_property
    def text(self) -> str:
        """The canonical form."""
        return _canonical(self.domain.name, self.observation)

    @cached_property
    def lines(self) -> list[str]:
        return texts.lines(self.text)

    @cached_property
    def folded(self) -> str:
        """The lines, blanks folded, as one text."""
        return "\n".join(self.lines)

    @cached_property
    def value(self) -> Any:
        return _value(self.domain.name, self.observation)

    @cached_property
    def failed(self) -> bool | None:
        return self.domain.failed(self.query, self.observation) if self.domain.failed else None


@lru_cache(maxsize=256)
def _canonical(name: str, observation: str) -> str:
    """The canonical form; the wrong answers of the cases of one trajectory are the same again and again."""
    return domains.find(name).canonical(observation)


@lru_cache(maxsize=64)
def _value(name: str, observation: str) -> Any:
    return texts.value_of(_canonical(name, observation))


def holds(verifier: Verifier, shown: Shown) -> bool:
    """Whether an observation satisfies a verifier that :func:`check` lets pass."""
    ((name, given),) = verifier.items()
    return _RULES[name](given, shown)


def why_not(verifier: Verifier, shown: Shown) -> str:
    """The first rule that does not hold, in words; empty where the verifier holds."""
    if holds(verifier, shown):
        return ""
    ((name, given),) = verifier.items()
    if name == "all":
        return next(said for one in given if (said := why_not(one, shown)))
    return f"{name}: {str(given)[:300]}"


def check(verifier: Any, where: str = "") -> Verifier:
    """``verifier`` itself. Raises :class:`DataError` for a rule that does not exist or is given the wrong thing."""
    left = [MAX_RULES]
    _check(verifier, where, 0, left)
    checked: Verifier = verifier
    return checked


def _check(verifier: Any, where: str, depth: int, left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0 or depth > MAX_NESTING:
        raise DataError(
            f"a verifier of more than {MAX_RULES} rules or nested more than {MAX_NESTING} deep", where=where
        )
    if not isinstance(verifier, Mapping) or len(verifier) != 1:
        raise DataError("a verifier is an object with one key, which names its rule", where=where)
    ((name, given),) = verifier.items()
    if name not in _RULES:
        raise DataError(str(unknown_name("rule of a verifier", str(name)[:80], _RULES)), where=where)
    if not _FORMS[name](given):
        raise DataError(f"the rule {name!r} is given {str(given)[:80]!r}, which it does not take", where=where)
    for one in given if name in ("all", "any") else [given] if name == "not" else []:
        _check(one, where, depth + 1, left)


def _contains(given: str, shown: Shown) -> bool:
    return texts.has(shown.text, given) or texts.has(shown.folded, " ".join(given.split()))


def _lines(given: list[str], shown: Shown) -> bool:
    waiting = iter(shown.lines)
    return all(any(line == found for found in waiting) for line in given)


def _within(number: int | None, given: Mapping[str, Any]) -> bool:
    return number is not None and given.get("least", 0) <= number <= given.get("most", math.inf)


def _leaf(given: Mapping[str, Any], shown: Shown) -> bool:
    found = [one for key, one in texts.leaves(shown.value) if key == given["key"]] if shown.value is not None else []
    return bool(found) and all(_equal(one, given["value"]) for one in found)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


_RULES: dict[str, Callable[[Any, Shown], bool]] = {
    "all": lambda given, shown: all(holds(one, shown) for one in given),
    "any": lambda given, shown: any(holds(one, shown) for one in given),
    "not": lambda given, shown: not holds(given, shown),
    "contains": _contains,
    "shows": lambda given, shown: given in shown.text or given in shown.folded,
    "absent": lambda given, shown: not _contains(given, shown),
    "equals": lambda given, shown: shown.lines == texts.lines(given),
    "lines": _lines,
    "no_line": lambda given, shown: not set(given) & set(shown.lines),
    "first_line": lambda given, shown: shown.lines[:1] == [given],
    "last_line": lambda given, shown: shown.lines[-1:] == [given],
    "line_count": lambda given, shown: _within(len(shown.lines), given),
    "items": lambda given, shown: _within(texts.longest_list(shown.value), given),
    "leaf": _leaf,
    "size": lambda given, shown: len(shown.text) <= given["most"],
    "failed": lambda given, shown: (shown.failed is True) is given,
}


def _text(given: Any) -> bool:
    return isinstance(given, str)


def _texts(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in given)


def _range(given: Any) -> bool:
    return isinstance(given, Mapping) and given.keys() <= {"least", "most"} and all(map(_whole, given.values()))


def _whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 0


_FORMS: dict[str, Callable[[Any], bool]] = {
    "all": lambda given: isinstance(given, list) and bool(given),
    "any": lambda given: isinstance(given, list) and bool(given),
    "not": lambda given: isinstance(given, Mapping),
    "contains": _text,
    "shows": _text,
    "absent": _text,
    "equals": _text,
    "lines": _texts,
    "no_line": _texts,
    "first_line": _text,
    "last_line": _text,
    "line_count": _range,
    "items": _range,
    "leaf": lambda given: isinstance(given, Mapping) and given.keys() == {"key", "value"} and _text(given["key"]),
    "size": lambda given: isinstance(given, Mapping) and given.keys() == {"most"} and _whole(given["most"]),
    "failed": lambda given: isinstance(given, bool),
}

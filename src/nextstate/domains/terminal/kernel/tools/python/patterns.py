"""Regular expressions: Python's own engine, for pairs of pattern and text that it surely finishes soon.

Python's engine backtracks and cannot be stopped, so its work is bounded beforehand: every unbounded repeat may try as
many ends as the longest run of characters that it can match, and what one repeat tries multiplies with the next.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.limits import ITEMS, too_large

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

WORK = 20_000_000
"""Steps of the engine; about half a second."""
_LONGEST = 2_000
"""Characters of a pattern."""
_NAMES = "search match fullmatch findall finditer split sub subn"
_CONSTANTS = "A ASCII I IGNORECASE M MULTILINE S DOTALL X VERBOSE U UNICODE escape error Pattern Match RegexFlag NOFLAG"


def install(machine: Machine) -> dict[str, Any]:
    """The module ``re``."""
    own = Patterns(machine)
    values: dict[str, Any] = {name: getattr(re, name) for name in _CONSTANTS.split()}
    machine.natives |= {re.escape, re.error, re.Pattern, re.Match}
    machine.let_in |= {re.Pattern, re.Match, re.error, re.RegexFlag}
    for name in _NAMES.split():
        values[name] = own.function(name)
        machine.methods[re.Pattern, name] = own.method(name)
    machine.methods[re.Pattern, "scanner"] = _refused
    values["compile"] = own.compile
    values["purge"] = lambda: None
    return values


def _refused(*_: Any) -> Any:
    raise Undetermined("a scanner")


class Patterns:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def compile(self, pattern: Any, flags: int = 0) -> re.Pattern[Any]:
        if isinstance(pattern, re.Pattern):
            return re.compile(pattern, flags)
        if len(pattern) > _LONGEST or re.search(r"\{\d{4,}|,\d{4,}\}", str(pattern)):
            raise too_large("a pattern")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return re.compile(pattern, flags)
            except Warning:
                raise Undetermined("a pattern that Python warns of") from None
            except OverflowError:
                raise Undetermined("a pattern with a large count") from None

    def function(self, name: str) -> Callable[..., Any]:
        if name in ("sub", "subn"):

            def replacing(pattern: Any, repl: Any, string: Any, count: int = 0, flags: int = 0) -> Any:
                return self.run(self.compile(pattern, flags), name, repl, string, count)

            return replacing
        if name == "split":

            def splitting(pattern: Any, string: Any, maxsplit: int = 0, flags: int = 0) -> Any:
                return self.run(self.compile(pattern, flags), name, string, maxsplit)

            return splitting

        def matching(pattern: Any, string: Any, flags: int = 0) -> Any:
            return self.run(self.compile(pattern, flags), name, string)

        return matching

    def method(self, name: str) -> Callable[..., Any]:
        return lambda pattern, *args, **kwargs: self.run(pattern, name, *args, **kwargs)

    def run(self, pattern: re.Pattern[Any], name: str, *args: Any, **kwargs: Any) -> Any:
        """``pattern.name(...)``, if it is surely soon done."""
        where = 1 if name in ("sub", "subn") else 0
        text = kwargs.get("string", args[where] if len(args) > where else "")
        if isinstance(text, str | bytes):
            self.machine.budget.spend(len(text) >> 6)
            self.check(pattern, text.decode("latin-1") if isinstance(text, bytes) else text)
        if where:
            repl = kwargs.get("repl", args[0] if args else "")
            if isinstance(repl, str | bytes) and isinstance(text, str | bytes) and (len(repl) + 1) * len(text) > ITEMS:
                raise too_large("a replaced text")
            args = (self.machine.wrapped(repl) if callable(repl) else repl, *args[1:])
        return getattr(pattern, name)(*args, **kwargs)

    def check(self, pattern: re.Pattern[Any], text: str) -> None:
        """Raises :class:`Undetermined` when the engine might take long."""
        if len(text) < 12:
            return
        source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        tree = _parsed(source, pattern.flags & ~re.UNICODE & ~re.DEBUG)
        if tree is None or work(tree, text, pattern.flags) * len(text) > WORK:
            raise Undetermined("a pattern that may take long")


@lru_cache(maxsize=256)
def _parsed(source: str, flags: int) -> Any:
    try:
        return parser.parse(source, flags & ~re.ASCII)
    except (re.error, ValueError):
        return None


def work(tree: Iterable[Any], text: str, flags: int) -> float:
    """At most how many ways of matching the engine tries from one place in ``text``."""
    total = 1.0
    for kind, value in tree:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, high, body = value
            run = longest(letters(body), text, flags)
            times = min(int(high), run + 1)
            inner = work(body, text, flags)
            if times > 1:
                total *= (times + 1) * inner if inner == 1 or separated(body) else min(inner**times, 1e30)
            else:
                total *= 1 + inner
        elif kind is op.SUBPATTERN:
            total *= work(value[-1], text, flags)
        elif kind is op.ATOMIC_GROUP:
            total *= work(value, text, flags)
        elif kind is op.BRANCH:
            total *= sum(work(branch, text, flags) for branch in value[1])
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            total *= work(value[1], text, flags)
        elif kind is op.GROUPREF_EXISTS:
            total *= work(value[1], text, flags) + (work(value[2], text, flags) if value[2] else 0)
        if total > 1e30:
            return 1e30
    return total


def letters(tree: Iterable[Any]) -> list[Any]:
    """All single-character nodes of a pattern."""
    found: list[Any] = []
    for kind, value in tree:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.CATEGORY):
            found.append((kind, value))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            found += letters(value[2])
        elif kind is op.SUBPATTERN:
            found += letters(value[-1])
        elif kind is op.ATOMIC_GROUP:
            found += letters(value)
        elif kind is op.BRANCH:
            for branch in value[1]:
                found += letters(branch)
        elif kind in (op.GROUPREF, op.GROUPREF_EXISTS):
            found.append((op.ANY, op.ANY_ALL))
    return found


def longest(nodes: list[Any], text: str, flags: int) -> int:
    """The longest run of characters in ``text`` that ``nodes`` can match."""
    known: dict[str, bool] = {}
    best = run = 0
    for ch in text:
        fits = known.get(ch)
        if fits is None:
            fits = known[ch] = any(_fits(node, ch, flags) for node in nodes)
        run = run + 1 if fits else 0
        best = max(best, run)
    return best


def _fits(node: Any, ch: str, flags: int) -> bool:
    kind, value = node
    if kind is op.ANY:
        return ch != "\n" or bool(flags & re.DOTALL) or value is op.ANY_ALL
    if flags & re.IGNORECASE and any(_fits(node, other, flags & ~re.IGNORECASE) for other in (ch.lower(), ch.upper())):
        return True
    if kind is op.LITERAL:
        return bool(ord(ch) == value)
    if kind is op.NOT_LITERAL:
        return bool(ord(ch) != value)
    if kind is op.CATEGORY:
        return _category(value, ch)
    negated = value[0][0] is op.NEGATE
    return any(_member(part, ch) for part in value) is not bool(negated)


def _member(part: Any, ch: str) -> bool:
    kind, value = part
    if kind is op.LITERAL:
        return bool(ord(ch) == value)
    if kind is op.RANGE:
        return bool(value[0] <= ord(ch) <= value[1])
    return bool(kind is op.CATEGORY) and _category(value, ch)


def _category(value: Any, ch: str) -> bool:
    name = str(value)
    plain = ch.isdigit() if "DIGIT" in name else ch.isspace() if "SPACE" in name else ch.isalnum() or ch == "_"
    return plain is not ("NOT" in name)


def separated(body: Any) -> bool:
    """Whether a repeated body can be split in only one way: it holds one plain repeat, and beside it a character that
    the repeat cannot match."""
    nodes = list(body)
    while len(nodes) == 1 and nodes[0][0] is op.SUBPATTERN:
        nodes = list(nodes[0][1][-1])
    repeats = [value for kind, value in nodes if kind in (op.MAX_REPEAT, op.MIN_REPEAT)]
    fixed = [value for kind, value in nodes if kind is op.LITERAL]
    if len(repeats) != 1 or not fixed or len(repeats) + len(fixed) != len(nodes):
        return False
    inside = letters(repeats[0][2])
    simple = all(kind in (op.LITERAL, op.IN, op.ANY, op.NOT_LITERAL) for kind, _ in repeats[0][2])
    return simple and any(not any(_fits(node, chr(mark), 0) for node in inside) for mark in fixed)

"""``match``: whether a subject fits a pattern, and which names it binds."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.objects import Frame
    from nextstate.domains.terminal.kernel.tools.python.statements import Statements

_SELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Types whose one positional sub-pattern is the subject itself."""


class Matcher:
    """``found`` collects the names that a pattern binds."""

    def __init__(self, machine: Statements) -> None:
        self.machine = machine

    def fits(self, pattern: ast.pattern, subject: Any, found: dict[str, Any], frame: Frame) -> bool:
        match pattern:
            case ast.MatchValue(value=value):
                return bool(subject == self.machine.ev(value, frame))
            case ast.MatchSingleton(value=value):
                return subject is value
            case ast.MatchAs(pattern=inner, name=name):
                if inner is not None and not self.fits(inner, subject, found, frame):
                    return False
                if name is not None:
                    found[name] = subject
                return True
            case ast.MatchOr(patterns=choices):
                return any(self.fits(choice, subject, found, frame) for choice in choices)
            case ast.MatchSequence(patterns=parts):
                return self._sequence(parts, subject, found, frame)
            case ast.MatchMapping():
                return self._mapping(pattern, subject, found, frame)
            case ast.MatchClass():
                return self._class(pattern, subject, found, frame)
        raise Undetermined(f"{type(pattern).__name__} is not computed")

    def _sequence(self, parts: list[ast.pattern], subject: Any, found: dict[str, Any], frame: Frame) -> bool:
        if not isinstance(subject, Sequence) or isinstance(subject, str | bytes | bytearray):
            return False
        star = next((at for at, part in enumerate(parts) if isinstance(part, ast.MatchStar)), None)
        if star is None:
            return len(subject) == len(parts) and all(
                self.fits(part, one, found, frame) for part, one in zip(parts, subject, strict=True)
            )
        behind = len(parts) - star - 1
        if len(subject) < star + behind:
            return False
        end = len(subject) - behind
        pairs = [*zip(parts[:star], subject[:star], strict=True), *zip(parts[star + 1 :], subject[end:], strict=True)]
        if not all(self.fits(part, one, found, frame) for part, one in pairs):
            return False
        name = getattr(parts[star], "name", None)
        if name is not None:
            found[name] = list(subject[star:end])
        return True

    def _mapping(self, pattern: ast.MatchMapping, subject: Any, found: dict[str, Any], frame: Frame) -> bool:
        if not isinstance(subject, Mapping):
            return False
        keys = [self.machine.ev(key, frame) for key in pattern.keys]
        for key, part in zip(keys, pattern.patterns, strict=True):
            if key not in subject or not self.fits(part, subject[key], found, frame):
                return False
        if pattern.rest is not None:
            found[pattern.rest] = {key: value for key, value in subject.items() if key not in keys}
        return True

    def _class(self, pattern: ast.MatchClass, subject: Any, found: dict[str, Any], frame: Frame) -> bool:
        kind = self.machine.ev(pattern.cls, frame)
        if not isinstance(kind, type):
            raise TypeError("called match pattern must be a class")
        if not isinstance(subject, kind):
            return False
        names = list(pattern.kwd_attrs)
        parts = list(pattern.kwd_patterns)
        if pattern.patterns:
            if kind in _SELF and len(pattern.patterns) == 1:
                return self.fits(pattern.patterns[0], subject, found, frame) and self._class(
                    ast.MatchClass(pattern.cls, [], names, parts), subject, found, frame
                )
            positional = getattr(kind, "__match_args__", ())
            if len(pattern.patterns) > len(positional):
                raise Undetermined("too many positional patterns")
            names = [*positional[: len(pattern.patterns)], *names]
            parts = [*pattern.patterns, *parts]
        for name, part in zip(names, parts, strict=True):
            try:
                value = self.machine.getattr(subject, name)
            except AttributeError:
                return False
            if not self.fits(part, value, found, frame):
                return False
        return True

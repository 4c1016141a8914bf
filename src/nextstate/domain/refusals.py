"""Calls against what a set-up declares, and how an environment was seen to refuse them.

A call of a tool that is not declared, of arguments that break the declared schema, or of one that the schema does not
name is never answered as if it were another. How it is refused is known where an earlier refusal was shown: the same
words are used again, around the name of the tool and what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domain import calls

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.types import Setup

UNDECLARED, MISSING, BROKEN, SURPLUS = "undeclared", "missing", "broken", "surplus"
"""Kinds of faults: no such tool, a required argument lacks, another breach of the schema, an argument that the schema
neither names nor forbids, of which it is not known whether it counts."""
MAX_SHOWN = 3_000
"""Characters of a refusal that is learned from."""
LEAST = 3
"""Characters of a name that is looked for in a refusal; a shorter one may stand there by chance."""

_REASONS = {
    UNDECLARED: "a tool that is not declared is called",
    MISSING: "the arguments break the declared schema",
    BROKEN: "the arguments break the declared schema",
    SURPLUS: "an argument is given that the tool does not declare",
}
_REFUSES = re.compile(
    r"error|unknown|not (?:found|exist|available|supported|declared|defined|registered|recogni[sz]ed|valid|of type|a)\b"
    r"|no (?:such )?tool|invalid|is required|a required|missing|must be|should be|expected|lacks|cannot|fail",
    re.I,
)
_LACKS = re.compile(r"'(.*)' is a required property", re.S)
_ADVISES = re.compile(r"did you mean|similar|closest|perhaps|maybe", re.I)
_HOLES = {"problem": "\ue0f1", "tool": "\ue0f2", "argument": "\ue0f3"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a call of ``tool``; ``problems`` are sentences about it, the most relevant first."""

    kind: str
    tool: str
    problems: tuple[str, ...]
    argument: str = ""
    """The argument that lacks, or that is not declared."""
    names: frozenset[str] = frozenset()
    """The names of all arguments, given or declared."""

    @property
    def reason(self) -> str:
        """Why the call is not answered, for people."""
        return _REASONS[self.kind]

    @property
    def facts(self) -> str:
        """What a model should respect."""
        said = self.problems[0][:500]
        return said if self.kind in (UNDECLARED, SURPLUS) else f"The arguments are wrong: {said}"


def fault(setup: Setup, call: Call) -> Fault | None:
    """What is wrong with a call; ``None`` where it is declared and fits, or where the set-up declares no tools."""
    if not setup.tools:
        return None
    tool = calls.declared(setup, call.name)
    if tool is None:
        return Fault(UNDECLARED, call.name, (calls.undeclared(setup, call.name),), names=frozenset(call.arguments))
    known = calls.properties(tool.input_schema)
    names = frozenset([*call.arguments, *known])
    if wrong := calls.problems(tool.input_schema, dict(call.arguments)):
        lacks = _LACKS.fullmatch(wrong[0])
        argument = lacks[1] if lacks and lacks[1] not in call.arguments else ""
        return Fault(MISSING if argument else BROKEN, call.name, wrong, argument, names)
    extra = next((key for key in call.arguments if key not in known), None)
    if extra is None or not known or _open(tool.input_schema):
        return None
    return Fault(SURPLUS, call.name, (f"{call.name[:80]!r} declares no argument {extra[:80]!r}",), extra, names)


_ELSEWHERE = ("patternProperties", "allOf", "anyOf", "oneOf", "$ref", "if", "dependentSchemas")
"""Keywords that may name arguments outside ``properties``."""


def _open(schema: Mapping[str, object]) -> bool:
    """Whether a schema takes arguments that its ``properties`` do not name, in so many words."""
    return bool(schema.get("additionalProperties")) or any(key in schema for key in _ELSEWHERE)


def refused(found: Fault, observation: str) -> bool:
    """Whether an observation refuses a call for this fault: short words that name the tool or what is wrong with it."""
    if len(observation) > MAX_SHOWN or not _REFUSES.search(observation):
        return False
    return any(len(part) >= LEAST and part in observation for part in _parts(found).values())


def _overlooked(observation: str) -> bool:
    """Whether a result has no words of a refusal at all."""
    return bool(observation.strip()) and not _REFUSES.search(observation[:MAX_SHOWN])


def _parts(found: Fault) -> Mapping[str, str]:
    """What in a refusal differs from one call to another."""
    own = {} if found.kind == UNDECLARED else {"problem": found.problems[0], "argument": found.argument}
    return {"tool": found.tool, **own}


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is known of refusals: an immutable value, a part of a kernel's state."""

    setup: Setup
    forms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """How faults are refused, with marks for what differs; empty where two refusals disagree."""
    worked: frozenset[tuple[str, str]] = frozenset()
    """Kinds of faults that a tool was seen to overlook: its declaration is not to be trusted there."""

    def fault(self, call: Call) -> Fault | None:
        """What is wrong with a call, unless the environment was seen to overlook it."""
        found = fault(self.setup, call)
        return None if found is None or (found.kind, found.tool) in self.worked else found

    def worded(self, found: Fault) -> str | None:
        """What the environment shows for a fault, where that was seen; ``None`` where it was not."""
        form, parts = self.forms.get(_key(found)), _parts(found)
        if not form or len(found.problems) != 1 or any(len(one) < LEAST for one in parts.values() if one):
            return None
        for name, mark in _HOLES.items():
            if mark in form and not parts.get(name):
                return None
        return _MARK.sub(lambda mark: parts[_NAMES[mark[0]]], form)

    def after(self, found: Fault, observation: str) -> Refusals:
        """What is known after a call with this fault showed ``observation``."""
        if found.kind != SURPLUS and _overlooked(observation):
            return replace(self, worked=self.worked | {(found.kind, found.tool)})
        form = self._form(found, observation) if refused(found, observation) else None
        if form is None:
            return self
        known = self.forms.get(_key(found), form)
        return replace(self, forms=MappingProxyType({**self.forms, _key(found): form if known == form else ""}))

    def _form(self, found: Fault, text: str) -> str | None:
        """The frame of a refusal; none where more of it than the parts may belong to this one call."""
        parts = _parts(found)
        if len(found.problems) != 1 or found.kind == SURPLUS or _MARK.search(text) or _ADVISES.search(text):
            return None
        for name in sorted(parts, key=lambda name: -len(parts[name])):
            if len(parts[name]) >= LEAST:
                text = _word(parts[name]).sub(_HOLES[name], text)
        wanted = ("tool",) if found.kind == UNDECLARED else ("problem", "argument")
        if not any(_HOLES[name] in text for name in wanted) or re.search(r"\d", text):
            return None
        listed = [tool for tool in self.setup.tools if _word(tool.name).search(text)]
        spoken = any(_word(name).search(text) for name in found.names if name)
        return None if spoken or 0 < len(listed) < len(self.setup.tools) else text


_NAMES = {mark: name for name, mark in _HOLES.items()}
_MARK = re.compile("|".join(_NAMES))


def _key(found: Fault) -> str:
    """Undeclared tools are refused by the environment; arguments may be by each tool in words of its own."""
    return found.kind if found.kind == UNDECLARED else f"{found.kind} {found.tool}"


def _word(text: str) -> re.Pattern[str]:
    """The text, not as a part of a longer word."""
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")

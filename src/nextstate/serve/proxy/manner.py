"""The form of results: how the very result of a tool is made of the text that an agent sees of it.

It is learned from recorded results: whether a structure stands beside the text (the JSON that the text is, or an object
with the text or that JSON in one field), how a failure is marked, or that it is an error of JSON-RPC. Where recorded
results of a tool do not tell one form, none is made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domain.strict_json import finite, no_constant
from nextstate.record import mcp_results
from nextstate.serve.proxy.recollection import call_key
from nextstate.types import Query, Setup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.domain import Domain
    from nextstate.types import Action, Json, Trajectory, Turn

MAX_EXAMPLES = 50
"""Results of a tool that are looked at, the latest ones."""
_NONE = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered by: a ``result``, or an error of JSON-RPC with a ``code`` and a ``message``."""

    result: Mapping[str, Any] | None = None
    code: int = 0
    message: str = ""
    data: Json = None


class _Part(Enum):
    """What stands in a structure: the text, or the JSON that the text is."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of results: the ``structure`` beside the text, how a success or failure is marked, the code of an error.

    A structure is one part, or an object of parts, truth values and nulls, as pairs of names and values.
    """

    structure: _Part | tuple[tuple[str, Any], ...] | None
    mark: bool | None
    code: int = 0

    def answer(self, text: str) -> Answer | None:
        if self.code:
            return Answer(code=self.code, message=text)
        result: dict[str, Any] = {"content": [{"type": "text", "text": text}]}
        if self.structure is not None:
            parts: dict[Any, Any] = {_Part.TEXT: text, _Part.JSON: _value(text)}
            if isinstance(self.structure, _Part):
                value = parts[self.structure]
            else:
                value = {name: parts.get(part, part) for name, part in self.structure}
            if value is _NONE or (isinstance(value, dict) and _NONE in value.values()):
                return None
            result["structuredContent"] = value
        return Answer(result if self.mark is None else {**result, "isError": self.mark})


@dataclass(slots=True)
class Manner:
    """The forms of a server's results, learned from recordings of it."""

    domain: Domain
    setup: Setup
    _known: dict[tuple[str, str], Turn] = field(default_factory=dict)
    _forms: dict[tuple[str, bool], list[_Form | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, domain: Domain, setup: Setup, recordings: Iterable[Trajectory]) -> Manner:
        found = cls(domain, setup)
        for recording in recordings:
            for turn in recording.turns:
                found._learn(turn)
        return found

    def recorded(self, turn: Turn) -> Answer:
        """What a recorded turn was made of."""
        code = turn.meta.get("code")
        if isinstance(code, int) and not isinstance(code, bool):
            return Answer(code=code, message=turn.observation, data=turn.meta.get("data"))
        result = mcp_results.result(turn)
        if result is None:  # recorded by other means
            mark, structure = turn.meta.get("error"), turn.meta.get("structured")
            result = {"content": [{"type": "text", "text": turn.observation}]}
            result |= {"isError": mark} if isinstance(mark, bool) else {}
            result |= {"structuredContent": structure} if structure is not None else {}
        return Answer(result)

    def told(self, action: Action, text: str) -> Answer | None:
        """What a call is answered by where its text is known; ``None`` where the form is not."""
        if (turn := self._known.get((call_key(action), text))) is not None:
            return self.recorded(turn)
        call = calls.call_of(action)
        failed = (
            self.domain.failed(Query(self.domain.name, self.setup, (), action), text) if self.domain.failed else False
        )
        if call is None:
            return None
        if failed is None:  # the text does not tell: only where this tool was never seen to fail
            failed = False if (call.name, True) not in self._forms else None
        if failed is None:
            return None
        form = _one(self._forms.get((call.name, failed), ())) or self._beside(call.name, failed)
        return form.answer(text) if form else None

    def guessed(self, action: Action, text: str) -> Answer:
        """What a call is answered by where a model wrote the text: the known form, else the text alone."""
        if (known := self.told(action, text)) is not None:
            return known
        call = calls.call_of(action)
        tool = calls.declared(self.setup, call.name) if call is not None else None
        value = _value(text)
        if tool is not None and tool.output_schema and isinstance(value, dict):
            return Answer({"content": [{"type": "text", "text": text}], "structuredContent": value})
        return Answer({"content": [{"type": "text", "text": text}]})

    def _beside(self, name: str, failed: bool) -> _Form | None:
        """The form where this tool was not seen so: that of all others, for tools that declare no structure."""
        if name in {tool for tool, _ in self._forms} and not failed:
            return None
        tool = calls.declared(self.setup, name)
        if not failed and (tool is None or tool.output_schema):
            return None
        known = tool is not None
        others = [
            form
            for (other, state), forms in self._forms.items()
            if state is failed and (calls.declared(self.setup, other) is not None) is known
            for form in forms
            if failed or (form is not None and form.structure is None)
        ]
        return _one(others)

    def _learn(self, turn: Turn) -> None:
        call = calls.call_of(turn.action)
        if call is not None:
            self._known[call_key(turn.action), turn.observation] = turn
            forms = self._forms.setdefault((call.name, turn.meta.get("error") is True), [])
            forms.append(_form(turn, self.recorded(turn)))
            del forms[:-MAX_EXAMPLES]


def _one(forms: Iterable[_Form | None]) -> _Form | None:
    """The form that all of these have."""
    found = set(forms)
    return found.pop() if len(found) == 1 else None


def _form(turn: Turn, answer: Answer) -> _Form | None:
    """The form of a recorded result; ``None`` where its text does not tell the whole of it."""
    if answer.result is None:
        return _Form(None, None, answer.code) if answer.data is None else None
    text, result = turn.observation, answer.result
    mark = result.get("isError")
    if not (mark is None or isinstance(mark, bool)) or result.keys() - {"content", "structuredContent", "isError"}:
        return None
    form = _Form(_structure(result.get("structuredContent"), text), mark)
    made = form.answer(text)
    return form if made is not None and made.result == result else None


def _structure(structure: Any, text: str) -> _Part | tuple[tuple[str, Any], ...] | None:
    if structure is None or structure == _value(text):
        return None if structure is None else _Part.JSON
    members = structure.items() if isinstance(structure, dict) else ()
    return tuple((name, _part(value, text)) for name, value in members)


def _part(value: Any, text: str) -> Any:
    """What a member of a structure is made of; anything else makes another result."""
    if value is None or isinstance(value, bool):
        return value
    if value == text:
        return _Part.TEXT
    return _Part.JSON if value == _value(text) else "?"


def _value(text: str) -> Any:
    """The JSON that a text is."""
    try:
        return json.loads(text, parse_constant=no_constant, parse_float=finite)
    except (ValueError, RecursionError):
        return _NONE

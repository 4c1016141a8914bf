"""Carrying a result over to another call: every part of it is found in a source, and made anew from that source.

The sources are the arguments of the call, the fields of the thing that it names, what the last write of that thing was
given, the number after the last one that the tool gave, and counts of the arguments (lines, characters, items). What is
found in no source is constant. Where a part has more than one source and these differ now, nothing is carried over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from nextstate.domains.mcp.kernel import entities, shown, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import State


class Not(Enum):
    """Why a result is not carried over."""

    DOUBTFUL = "a part has no single source"
    FIRST = "it holds the first of numbers that count on, and does not tell the next one"
    ABSENT = "nothing stands there"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a result may be made of."""

    arguments: Mapping[str, Any]
    thing: Mapping[str, Any]
    written: Mapping[str, Any]
    following: Mapping[str, int]
    counts: Mapping[str, int]

    def beside(self, other: Sources) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """The sources in which a value of any name is looked for, with those of ``other``."""
        yield self.arguments, other.arguments
        yield self.thing, other.thing
        yield self.written, other.written


@dataclass(frozen=True, slots=True)
class Carried:
    """A result carried over. ``holes`` counts the parts with a source; ``constant`` says that some have none.

    ``data`` says that a constant is a value rather than a sentence, or that a count is part of it; ``digits`` that a
    constant sentence holds a number; ``unused`` names the sources that were not needed and differ now.
    """

    value: Any
    holes: int
    constant: bool
    data: bool
    digits: bool
    unused: frozenset[str]


@dataclass(slots=True)
class _Making:
    """The parts of one result while they are made."""

    then: Sources
    now: Sources
    holes: int = 0
    constant: bool = False
    data: bool = False
    digits: bool = False
    used: set[str] = field(default_factory=set)


class _Stop(Exception):
    """Nothing is carried over, for the reason in ``why``."""

    def __init__(self, why: Not) -> None:
        super().__init__(why.value)
        self.why = why


def sources(state: State, index: int, call: Call) -> Sources:
    """The sources of a call, as they were before the event with this index."""
    reads = state.profile(call.name).effect is Effect.READ
    return Sources(
        call.arguments,
        entities.named(state, index, call) or {},
        entities.written(state, index, call) if reads else {},
        _following(state, index, call),
        _counts(call.arguments),
    )


def _following(state: State, index: int, call: Call) -> dict[str, int]:
    """The numbers after those by which the tool told what it created last."""
    if state.profile(call.name).effect is not Effect.CREATE:
        return {}
    for event in reversed(state.events[max(0, index - 200) : index]):
        if event.call.name == call.name and event.shown.failed is False and isinstance(event.shown.value, dict):
            return {name: value + 1 for name, value in event.shown.value.items() if _numbers(name, value)}
    return {}


def _numbers(name: str, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and words.identifies(name)


def _counts(arguments: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for name, value in arguments.items():
        if isinstance(value, list):
            found[f"{name} items"] = len(value)
        elif isinstance(value, str) and len(value) > 1:
            found |= {
                f"{name} ends": value.count("\n"),
                f"{name} lines": value.count("\n") + 1,
                f"{name} size": len(value),
            }
            found[f"{name} bytes"] = len(value.encode(errors="replace"))
    return found


def carry(value: Any, then: Sources, now: Sources) -> Carried | Not:
    """A result that was shown with the sources ``then``, as it is with the sources ``now``."""
    making = _Making(then, now)
    try:
        made = _part(value, "", making)
    except _Stop as stop:
        return stop.why
    unused = frozenset(
        key
        for old, new in ((then.arguments, now.arguments), (then.thing, now.thing))
        for key in old.keys() | new.keys()
        if not (key in making.used or words.identifies(key))
        and not _equal(old.get(key, Not.ABSENT), new.get(key, Not.ABSENT))
    )
    return Carried(made, making.holes, making.constant, making.data, making.digits, unused)


def _part(value: Any, name: str, making: _Making) -> Any:
    found = _sourced(value, name, making)
    if found is not Not.ABSENT:
        making.holes += 1
        return found
    if isinstance(value, dict):
        return {key: _part(inner, key, making) for key, inner in value.items()}
    if isinstance(value, list):
        return [_part(inner, name, making) for inner in value]
    if isinstance(value, str):
        return _text(value, making)
    if value is not None and not isinstance(value, bool):
        making.constant = making.data = True
    return value


def _sourced(value: Any, name: str, making: _Making) -> Any:
    """What a value is now; a source of its own name counts before all others."""
    then, now = making.then, making.now
    if name in now.arguments and name not in then.arguments:
        making.used.add(name)
        return now.arguments[name]
    for old, new in ((then.arguments, now.arguments), (then.thing, now.thing), (then.following, now.following)):
        if name in old and _equal(old[name], value):
            making.used.add(name)
            return _there(new, name, value)
    if _numbers(name, value) and name in now.following and name not in then.following:
        raise _Stop(Not.FIRST)
    if name in then.arguments and _telling(then.arguments[name]):
        raise _Stop(Not.DOUBTFUL)  # the field bears the name of an argument, and shows something else
    return _elsewhere(value, making) if _telling(value) else _trivial(value, making)


def _there(source: Mapping[str, Any], name: str, old: Any) -> Any:
    """The value of this name; in doubt where it is a sign such as ``..`` or ``*`` and was a word."""
    if name not in source or (_sign(source[name]) and not _sign(old)):
        raise _Stop(Not.DOUBTFUL)
    return source[name]


def _sign(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not any(map(str.isalnum, value))


def _elsewhere(value: Any, making: _Making) -> Any:
    """What a telling value is now, found under other names."""
    keys = [
        (key, new.get(key, Not.ABSENT))
        for old, new in making.then.beside(making.now)
        for key in old
        if _equal(old[key], value)
    ]
    if not keys:
        return Not.ABSENT
    if any(one is Not.ABSENT or _sign(one) or not _equal(one, keys[0][1]) for _, one in keys):
        raise _Stop(Not.DOUBTFUL)
    making.used.update(key for key, _ in keys)
    return keys[0][1]


def _trivial(value: Any, making: _Making) -> Any:
    """A small value may be that of an argument or a constant: in doubt where that argument is another one now."""
    if value is None or isinstance(value, (bool, list, dict)) or value == "":
        return Not.ABSENT
    for key, old in making.then.arguments.items():
        if _equal(old, value) and not _equal(making.now.arguments.get(key), old):
            raise _Stop(Not.DOUBTFUL)
    return Not.ABSENT


def _equal(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _telling(value: Any) -> bool:
    """Whether a value is found in two places hardly by chance."""
    if isinstance(value, str):
        return len(value) >= 2 and any(map(str.isalnum, value))
    if isinstance(value, (list, dict)):
        return bool(value)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > 9


def _text(text: str, making: _Making) -> str:
    """A text in which what stood in the sources then is replaced by what stands there now."""
    pieces: dict[str, str] = {}
    for old, new in making.then.beside(making.now):
        for key, value in old.items():
            if shown.scalar(value) and _in(str(value), text):
                _add(pieces, str(value), new.get(key))
                making.used.add(key)
            elif isinstance(value, (dict, list)) and value:
                _add_nested(pieces, value, new.get(key), text)
    counted = [
        key
        for key, count in making.then.counts.items()
        if count > 1 and str(count) not in pieces and _in(str(count), text)
    ]
    for key in counted:
        _add(pieces, str(making.then.counts[key]), making.now.counts.get(key))
        making.data = True
    rest = _pattern(pieces).sub(_HOLE, text) if pieces else text
    making.data |= any(_HOLE not in quoted for quoted in _QUOTED.findall(rest))
    rest = rest.replace(_HOLE, "")
    making.holes += bool(pieces)
    making.constant |= bool(rest.strip())
    making.digits |= any(map(str.isdigit, rest))
    making.data |= not pieces and bool(text) and " " not in text.strip()
    return _pattern(pieces).sub(lambda found: pieces[found[0]], text) if pieces else text


_HOLE = "\0"
_QUOTED = re.compile(r"(?<!\w)(?:'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`)(?!\w)")
"""What a sentence quotes is data."""


def _add(pieces: dict[str, str], old: str, new: Any) -> None:
    if not shown.scalar(new) or not any(map(str.isalnum, str(new))) or pieces.setdefault(old, str(new)) != str(new):
        raise _Stop(Not.DOUBTFUL)


_NESTED: tuple[Callable[[Any], str], ...] = (
    repr,
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
)
"""The ways in which an object or an array stands in a text."""


def _add_nested(pieces: dict[str, str], old: Any, new: Any, text: str) -> None:
    """An object or an array that stands in a text whole; in doubt where only something of it does."""
    for write in _NESTED:
        if write(old) in text and isinstance(new, (dict, list)):
            _add(pieces, write(old), write(new) if new else "")
            return
    for _, leaf in shown.leaves(old, 500):
        if isinstance(leaf, str) and len(leaf) > 1 and leaf not in pieces and _in(leaf, text):
            raise _Stop(Not.DOUBTFUL)


def _pattern(pieces: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(_bounded(one) for one in sorted(pieces, key=len, reverse=True)))


def _in(piece: str, text: str) -> bool:
    return piece in text and any(map(str.isalnum, piece)) and re.search(_bounded(piece), text) is not None


def _bounded(piece: str) -> str:
    """A pattern for a piece of text that does not stand inside a word."""
    start = r"(?<![A-Za-z0-9])" if piece[:1].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if piece[-1:].isalnum() else ""
    return f"{start}{re.escape(piece)}{end}"

"""Folders whose listings are texts: a line for each name, behind a mark in brackets that tells files from folders.

A folder is known from the time when it was listed, or made where nothing was, as long as every call since tells by its
paths what it made, moved and removed. New names are put where the order of all earlier listings tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domains.mcp.kernel import words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_FOLLOWED = 400
"""Calls that are followed back to when a folder was listed."""
MAX_NAMES = 2_000
MAX_DEPTH = 8
"""Folders inside each other, of each of which it must be known that it was not there."""
_LINE = re.compile(r"(\[[A-Za-z]{1,12}\]) (\S(?:.*\S)?)")
_FOLDERS = frozenset("directory directories folder folders dir dirs".split())
_MOVES = frozenset(("move", "rename", "mv"))
_SOURCES = frozenset(("source", "src", "from", "old"))


class Kind(Enum):
    """What stands under a name in a folder."""

    FILE = "a file"
    FOLDER = "a folder"


Entries: TypeAlias = "Mapping[str, Kind]"


def find(state: State, call: Call) -> str | None:
    """The listing of a folder, where everything in it is known."""
    path = _listed(state, call.name, call.arguments)
    entries = known(state, len(state.events), path) if path is not None else None
    if entries is None:
        return None
    listings = [event.shown.text for event in _listings(state) if event.call.name == call.name]
    if not entries:
        return next((text for text in listings if not text.strip() or not _entries(text)), None)
    marks = _marks(listings)
    if any(kind not in marks for kind in entries.values()) or (len(entries) > 1 and not _sorted(listings)):
        return None
    return "\n".join(f"{marks[entries[name]]} {name}" for name in sorted(entries))


def standing(state: State, index: int, path: str) -> Kind | bool | None:
    """What stands under a path before the event with this index: ``False`` for nothing, ``None`` if it is not known."""
    folder, _, name = path.rstrip("/").rpartition("/")
    entries = known(state, index, folder) if folder and name else None
    return None if entries is None else entries.get(name, False)


def known(state: State, index: int, path: str, depth: int = 0) -> Entries | None:
    """What is in a folder before the event with this index, where that is known whole."""
    path = path.rstrip("/")
    for at in range(index - 1, max(-1, index - 1 - MAX_FOLLOWED), -1):
        event = state.events[at]
        entries = _shown(state, event, path)
        if entries is None and _makes(event) and path in _paths(event) and depth < MAX_DEPTH:
            entries = _fresh(state, at, path, depth)
        if entries is not None:
            return _after(state, at, index, path, entries)
    return None


def _shown(state: State, event: Event, path: str) -> Entries | None:
    """The folder as a call listed it."""
    if event.shown.failed is not False or _listed(state, event.call.name, event.call.arguments) != path:
        return None
    return _entries(event.shown.text)


def _listed(state: State, name: str, arguments: Mapping[str, object]) -> str | None:
    """The folder of which a call shows the listing and nothing else."""
    own = words.words(name)
    if not state.profile(name).effect.reads or "list" not in own or not _FOLDERS & set(own) or len(arguments) != 1:
        return None
    (path,) = arguments.values()
    return path.rstrip("/") if isinstance(path, str) and "/" in path else None


def _entries(text: str) -> Entries | None:
    """The names in a listing; a text without lines lists nothing."""
    lines = text.split("\n") if text.strip() else []
    found = [_LINE.fullmatch(line) for line in lines[: MAX_NAMES + 1]]
    kinds = {match[2]: _kind(match[1]) for match in found if match is not None}
    if len(kinds) != len(lines) or None in kinds.values():
        return None
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(mark: str) -> Kind | None:
    own = set(words.words(mark))
    return Kind.FOLDER if own & _FOLDERS else Kind.FILE if "file" in own else None


def _listings(state: State) -> Iterator[Event]:
    for event in (*(state.lessons.events if state.lessons else ()), *state.events):
        if event.shown.failed is False and _listed(state, event.call.name, event.call.arguments) is not None:
            yield event


def _marks(listings: list[str]) -> dict[Kind, str]:
    found: dict[Kind, str] = {}
    for text in listings:
        for line in text.split("\n")[:MAX_NAMES]:
            if (match := _LINE.fullmatch(line)) and (kind := _kind(match[1])) is not None:
                found.setdefault(kind, match[1])
    return found


def _sorted(listings: list[str]) -> bool:
    """Whether all listings stand in the order of their names, and one of them has more than one."""
    named = [list(entries) for text in listings if (entries := _entries(text))]
    return any(len(one) > 1 for one in named) and all(one == sorted(one) for one in named)


# What calls do to a folder


def _fresh(state: State, at: int, path: str, depth: int) -> Entries | None:
    """The folder that a call has just made; unknown where it may have been there before."""
    folder, _, name = path.rpartition("/")
    entries = known(state, at, folder, depth + 1) if folder else None
    return {} if entries is not None and name not in entries else None


def _makes(event: Event) -> bool:
    """Whether a call makes a folder."""
    made = event.profile.effect is Effect.CREATE and event.shown.failed is False
    return made and bool(_FOLDERS & set(words.words(event.call.name)))


def _paths(event: Event) -> list[str]:
    return [path.rstrip("/") for path in event.call.arguments.values() if isinstance(path, str) and "/" in path[:300]]


def _after(state: State, since: int, index: int, path: str, entries: Entries) -> Entries | None:
    """The folder after the calls since it was known."""
    found: Entries | None = entries
    for at in range(since + 1, index):
        event = state.events[at]
        if found is None or event.profile.effect.reads or event.refused:
            continue
        if event.profile.effect is Effect.UNKNOWN or event.shown.failed is None:
            return None
        if event.shown.failed is False:
            found = _step(state, at, path, found)
    return found


def _step(state: State, at: int, path: str, entries: Entries) -> Entries | None:
    """The folder after one call that did not fail."""
    event = state.events[at]
    own, given = set(words.words(event.call.name)), event.call.arguments
    paths = {
        name: value.rstrip("/") for name, value in given.items() if isinstance(value, str) and _is_path(value, name)
    }
    if not paths:
        return None
    if own & _MOVES:
        return _moved(state, at, path, entries, paths) if len(paths) == len(given) == 2 else None
    (one, *more) = paths.values()
    if more or (_within(path, one) and event.profile.effect is Effect.DELETE):
        return None
    first, inner = _below(path, one)
    if not first:
        return entries if path != one or _makes(event) else None
    if event.profile.effect is Effect.DELETE:
        return entries if inner else {name: kind for name, kind in entries.items() if name != first}
    return _put(event, entries, first, inner)


def _put(event: Event, entries: Entries, first: str, inner: bool) -> Entries | None:
    """The folder after something was written at a name in it, or below that name."""
    kind = Kind.FOLDER if inner or _makes(event) else Kind.FILE
    if entries.get(first, kind) is not kind:
        return None
    if first in entries:
        return entries
    return None if inner or event.profile.effect is not Effect.CREATE else {**entries, first: kind}


def _moved(state: State, at: int, path: str, entries: Entries, paths: Mapping[str, str]) -> Entries | None:
    sources = [value for name, value in paths.items() if _SOURCES & set(words.words(name))]
    targets = [value for value in paths.values() if value not in sources]
    if len(sources) != 1 or len(targets) != 1 or _within(path, sources[0]) or _within(path, targets[0]):
        return None
    kind = standing(state, at, sources[0])
    (left, left_inner), (came, came_inner) = _below(path, sources[0]), _below(path, targets[0])
    found = dict(entries)
    if left and not left_inner:
        found.pop(left, None)
    if came and not came_inner:
        if not isinstance(kind, Kind) or came in entries:
            return None
        found[came] = kind
    return found


def _is_path(value: str, name: str) -> bool:
    return "/" in value and len(value) <= 300 and "\n" not in value and not words.programs(name) and name not in _TEXTS


_TEXTS = frozenset("content contents text body data".split())


def _within(path: str, other: str) -> bool:
    """Whether a path is another one, or lies below it."""
    return path == other or path.startswith(f"{other}/")


def _below(path: str, other: str) -> tuple[str, bool]:
    """The name in a folder at which another path lies, or below which; empty where it does not lie in the folder."""
    if path == other or not _within(other, path):
        return "", False
    first, inner, _ = other[len(path) + 1 :].partition("/")
    return first, bool(inner)

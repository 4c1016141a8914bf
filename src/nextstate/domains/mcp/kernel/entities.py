"""The things that calls name: what was last shown of one, and whether it is gone."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel import effects, listings, shown, tree, words
from nextstate.domains.mcp.kernel.words import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_LOOKED = 200
MAX_SEARCHED = 20_000
"""Characters of a text in which a name is looked for."""


def named(state: State, index: int, call: Call) -> Mapping[str, Any] | None:
    """What is known, before the event with this index, of the thing that a call names by an identifying argument."""
    for name, value in effects.addresses(call.arguments).items():
        found = _of(state, index, call, name, value)
        if found is not None:
            return found
    return None


def _of(state: State, index: int, call: Call, name: str, value: Any) -> Mapping[str, Any] | None:
    mark = shown.mark(str(value))
    best: Mapping[str, Any] | None = None
    for at in range(index - 1, max(-1, index - 1 - MAX_LOOKED), -1):
        event = state.events[at]
        found = [one.value for one in event.records.get(mark, ()) if shown.related(one.name, name)]
        whole = max(found, key=len, default=None)
        if whole is not None and (best is None or len(whole) > len(best)):
            best = whole
        if effects.touches(state, event, call, frozenset({mark})):
            return best
    return best


def written(state: State, index: int, call: Call) -> Mapping[str, Any]:
    """What the last write of the thing that a call names was given, before the event with this index.

    Each argument under the names of the tool and the argument; nothing where that write is not certain.
    """
    marks = {shown.mark(str(value)) for value in effects.addresses(call.arguments).values()}
    for event in reversed(state.events[max(0, index - MAX_LOOKED) : index]):
        if effects.touches(state, event, call, frozenset(marks)):
            if event.shown.failed is not False or not event.named & marks or event.profile.effect is Effect.UNKNOWN:
                return {}
            return {f"{event.call.name} {name}": value for name, value in event.call.arguments.items()}
    return {}


class Status(Enum):
    """What is known of the existence of something that a call names."""

    KNOWN = "was shown or written"
    GONE = "was deleted or moved away"
    NEW = "was never shown"
    MENTIONED = "stands in a text that was shown"
    FOLDER = "is a folder in the current one"
    FILE = "is a file in the current folder"
    ABOVE = "is the folder above the current one"
    NOTHING = "is not in the current folder"


Situation: TypeAlias = "tuple[tuple[str, Status], ...]"
"""The names under which a call names something, with what is known of each; alike items of a list count once."""
FOLDER_OF = "folder of "
"""Before the name of a path: what is known of the folder in which it lies."""


def missed(situation: Situation) -> Situation:
    """A situation in which what is gone counts as what was never shown."""
    return tuple((name, Status.NEW if status is Status.GONE else status) for name, status in situation)


def proven(situation: Situation | None) -> Situation | None:
    """A situation in which a call did not fail: a folder that was never shown was there."""
    if situation is None:
        return None
    there = {name for name, _ in situation if name.startswith(FOLDER_OF)}
    return tuple(
        (name, Status.KNOWN if name in there and status is Status.NEW else status) for name, status in situation
    )


def gone(state: State, call: Call) -> bool:
    """Whether a call names something that was deleted or moved away, or is not in the current folder."""
    return any(status in (Status.GONE, Status.NOTHING) for _, status in situation(state, len(state.events), call) or ())


def taken(state: State, call: Call, thing: Mapping[str, Any]) -> bool:
    """Whether something else may bear a name that the call gives to a thing: then the write may be refused."""
    given = {
        shown.mark(str(value))
        for name, value in call.arguments.items()
        if words.identifies(name) and words.words(name)[-1:] != ("id",) and thing.get(name, _NONE) != value
    }
    return any(status(state, len(state.events), mark) in (Status.KNOWN, None) for mark in given)


_NONE = object()


def renames(state: State, call: Call) -> bool:
    """Whether a call gives a name that is taken to a thing that an id tells."""
    ids = any(words.words(name)[-1:] == ("id",) for name in call.arguments)
    updates = state.profile(call.name).effect is Effect.UPDATE
    return updates and ids and taken(state, call, named(state, len(state.events), call) or {})


def unlooked(state: State, call: Call) -> bool:
    """Whether a call names a path of which nothing is known: it may be there or not."""
    told = situation(state, len(state.events), call) or ()
    paths = {name.removeprefix(FOLDER_OF) for name, _ in told if name.startswith(FOLDER_OF)}
    return any(name in paths and status in (Status.NEW, Status.MENTIONED) for name, status in told)


def situation(state: State, index: int, call: Call) -> Situation | None:
    """What was known of all that a call names, before the event with this index.

    Two calls of a tool in the same situation end alike. ``None`` where it hangs on a call that may do anything, or
    where the call carries a program or a question, which may speak of everything, or something that it must find. Of a
    tool that speaks of files, what stands under a name in the current folder is its situation, where that is known; an
    empty file into which a text is written is like none.
    """
    found = []
    world = tree.known(state, call, index) if state.files and tree.speaks(state.profile(call.name).about) else None
    for way, leaf in shown.leaves(call.arguments, 200):
        name = next((step for step in reversed(way) if isinstance(step, str)), "")
        if words.programs(name) or words.conditions(name):
            return None
        stands = _standing(world, call, name, leaf) if world is not None else None
        if stands is not None:
            found.append((name, stands))
        elif world is not None and name in tree.CONTENTS:
            continue
        elif isinstance(leaf, str) and _is_path(leaf, name):
            if (placed := _placed(state, index, leaf, name)) is None:
                return None
            found += placed
        elif (shown.scalar(leaf) and shown.marks({name: leaf})) or words.identifies(name):
            known = status(state, index, shown.mark(str(leaf)))
            if known is None:
                return None
            found.append((name, known))
    return tuple(dict.fromkeys(found))


def _is_path(leaf: str, name: str) -> bool:
    return leaf.startswith("/") and len(leaf) <= effects.MAX_NAME and "\n" not in leaf and name not in tree.CONTENTS


def _placed(state: State, index: int, path: str, name: str) -> list[tuple[str, Status]] | None:
    """What is known of a path: what stands there, where its folder was listed; else of itself and of its folder."""
    stands = listings.standing(state, index, path)
    if stands is not None:
        return [(name, PLACED[stands])]
    own = status(state, index, shown.mark(path))
    folder = _folder(state, index, path.rstrip("/").rpartition("/")[0])
    return None if own is None else [(name, own), (FOLDER_OF + name, folder)]


PLACED: Mapping[listings.Kind | bool, Status] = {
    listings.Kind.FILE: Status.FILE,
    listings.Kind.FOLDER: Status.FOLDER,
    False: Status.NOTHING,
}


def _folder(state: State, index: int, path: str) -> Status:
    """Whether a folder was seen to be there: something in it was named by a call that did not fail, or it was made."""
    for event in reversed(state.events[max(0, index - MAX_LOOKED) : index]):
        if event.shown.failed is not False:
            continue
        if any(path == one or path.startswith(f"{one}/") for one in _ended(event)):
            return Status.GONE
        if any(one.startswith(f"{path}/") or (one.rstrip("/") == path and _of_folders(event)) for one in event.paths):
            return Status.KNOWN
    return Status.NEW


def _of_folders(event: Event) -> bool:
    return bool({"directory", "folder", "dir"} & {words.singular(word) for word in words.words(event.call.name)})


STANDING: Mapping[tree.Standing, Status] = {
    tree.Standing.FOLDER: Status.FOLDER,
    tree.Standing.FILE: Status.FILE,
    tree.Standing.ABOVE: Status.ABOVE,
    tree.Standing.NOTHING: Status.NOTHING,
}


def _standing(world: tree.Tree, call: Call, name: str, leaf: Any) -> Status | None:
    """What stands under an argument in the current folder, if it may be the name of a file or a folder."""
    stands = tree.standing(world, leaf) if isinstance(leaf, str) and name not in tree.CONTENTS else None
    if stands is None:
        return None
    writes = any(one in tree.CONTENTS for one in call.arguments)
    return Status.NOTHING if writes and tree.empty(world, leaf) else STANDING[stands]


def status(state: State, index: int, mark: str) -> Status | None:
    """What was known of the thing with a mark, before the event with this index; ``None`` where that is in doubt."""
    for event in reversed(state.events[max(0, index - MAX_LOOKED) : index]):
        if event.profile.effect is Effect.UNKNOWN and event.shown.failed is not True:
            return None
        if event.shown.failed is not False:
            continue
        if mark in event.named and not event.reads:
            return Status.GONE if mark in _ended(event) else Status.KNOWN
        if _held(state, index, mark, _ended(event)):
            return Status.GONE
        if mark in event.records or (mark in event.named and event.profile.effect is Effect.READ):
            return Status.KNOWN
    if mark in state.given.told:
        return Status.KNOWN
    return Status.MENTIONED if _mentioned(state, index, mark) else Status.NEW


def _mentioned(state: State, index: int, mark: str) -> bool:
    """Whether a result that is a text, and no message of failure, holds a word."""
    if len(mark) < 2 or mark.startswith("#") or "/" in mark:
        return False
    bounded = re.compile(rf"(?<![\w.-]){re.escape(mark[: effects.MAX_NAME])}(?![\w-])")
    return any(
        not event.shown.is_json and event.shown.failed is not True and bounded.search(event.shown.text[:MAX_SEARCHED])
        for event in state.events[max(0, index - MAX_LOOKED) : index]
    )


def _held(state: State, index: int, mark: str, ended: frozenset[str]) -> bool:
    """Whether the latest thing that bore a mark was told by one of those that ended."""
    for event in reversed(state.events[max(0, index - MAX_LOOKED) : index]) if ended else ():
        if found := event.records.get(mark):
            return any(
                shown.mark(str(item)) in ended for one in found for item in one.value.values() if shown.scalar(item)
            )
    return False


def _ended(event: Event) -> frozenset[str]:
    """The marks of what a call deleted or moved away."""
    if not _DONE.search(event.shown.text[:2_000]) and not event.shown.is_json:
        return frozenset()
    if event.profile.effect is Effect.DELETE:
        return event.named | {
            shown.mark(str(leaf)) for _, leaf in shown.leaves(event.call.arguments, 200) if shown.scalar(leaf)
        }
    if not _MOVES & set(words.words(event.call.name)):
        return frozenset()
    return frozenset(
        shown.mark(str(value)) for name, value in event.call.arguments.items() if _FROM & set(words.words(name))
    )


_DONE = re.compile(r"moved|deleted|removed|renamed|success|cleared|dropped|cancell?ed|erased|\b(done|ok)\b", re.I)
_MOVES = frozenset(("move", "rename", "mv"))
_FROM = frozenset(("source", "src", "from", "old"))

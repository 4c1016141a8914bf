"""Files in folders that the facts give whole, with a current folder: what calls made of them.

A folder is an object in the facts with one field that holds its children by name, a file one that holds texts. What a
call does to them is told by its declaration: it goes to another folder, makes, writes, moves, copies or removes. After
any other write of the service nothing of the tree is known any more.

The facts do not tell the current folder. Where they begin with one folder, it is that one; where they begin with
several, it may be each of them or what holds them, until a call shows which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel.words import Effect, words

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.given import Given
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_NODES = 5_000
MAX_WORK = 200_000
"""Nodes times calls up to which a tree is followed."""
Way: TypeAlias = "tuple[str, ...]"
_FOLDERS = frozenset(("directory", "folder"))
CONTENTS = ("content", "text", "contents", "body")
_PLACES = _FOLDERS | {"file", "dir"}


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes by their ways, a folder being ``None`` and a file its text; ``place`` is the current folder."""

    nodes: Mapping[Way, str | None]
    place: Way
    field: str
    """The name of the field that holds the text of a file; empty where there was no file."""

    def at(self, name: str) -> Way | None:
        """The way of what a name means in the current folder; ``None`` for a name that is more than one step."""
        if name == "..":
            return self.place[:-1] or None
        return (*self.place, name) if name and "/" not in name and name != "." else None

    def names(self) -> list[str]:
        """The names in the current folder, in the order in which they came."""
        return [way[-1] for way in self.nodes if way[:-1] == self.place]


def known(state: State, call: Call, index: int | None = None) -> Tree | None:
    """The tree as the calls before the event with this index left it (all calls without one), if that is certain."""
    trees = state.files
    service = state.profile(call.name).service
    events = state.events[:index]
    if trees and len(trees[0].nodes) * len(events) > MAX_WORK:
        return None
    for event in events:
        if not trees:
            return None
        if event.shown.failed is not True and event.profile.service == service:
            trees = _after(state, trees, event)
    return trees[0] if len(trees) == 1 else None


def _after(state: State, trees: tuple[Tree, ...], event: Event) -> tuple[Tree, ...]:
    """What the tree may be after a call; one that goes to a folder or lists it tells which of several it is."""
    stepped = [_step(state, tree, event) for tree in trees]
    kept = tuple(tree for tree in stepped if tree is not None and _agrees(tree, event))
    return kept if len(kept) == len(trees) or event.reads or _goes(event) else ()


def _agrees(tree: Tree, event: Event) -> bool:
    """Whether the names in the current folder, where a call showed them, are those of this tree."""
    value = event.shown.value
    if not event.reads or not isinstance(value, dict) or len(value) != 1:
        return True
    ((field, listed),) = value.items()
    if not lists_here(event.profile.about, event.call, field) or not isinstance(listed, list):
        return True
    plain = [name for name in tree.names() if not name.startswith(".")]
    return sorted(map(str, listed)) in (sorted(tree.names()), sorted(plain))


def lists_here(about: frozenset[str], call: Call, field: str) -> bool:
    """Whether a call shows the names in the current folder: at most a switch is given."""
    given = list(call.arguments.values())
    switch = len(given) <= 1 and all(isinstance(value, bool) for value in given)
    return here(about) and switch and bool(set(words(field)) & _LISTED)


_LISTED = frozenset("content contents files entries names items children".split())


def here(about: frozenset[str]) -> bool:
    """Whether a tool speaks of the current folder."""
    return "current" in about and bool(about & _FOLDERS)


def _goes(event: Event) -> bool:
    """Whether a call goes to another folder."""
    return here(event.profile.about) and bool(event.profile.about & {"change", "changes", "switch"})


def speaks(about: frozenset[str]) -> bool:
    """Whether a tool speaks of files or folders."""
    return bool(about & _PLACES)


class Standing(Enum):
    """What a name means in the current folder of a tree."""

    FOLDER = "a folder"
    FILE = "a file"
    ABOVE = "the folder above"
    NOTHING = "nothing"


def standing(tree: Tree, name: str) -> Standing | None:
    """What a name means in the current folder; ``None`` for a name that is more than one step."""
    if name == "..":
        return Standing.ABOVE if len(tree.place) > 1 else None
    way = tree.at(name)
    if way is None:
        return None
    if way not in tree.nodes:
        return Standing.NOTHING
    return Standing.FOLDER if tree.nodes[way] is None else Standing.FILE


def empty(tree: Tree, name: str) -> bool:
    """Whether a name in the current folder is that of a file without text."""
    way = tree.at(name)
    return way is not None and tree.nodes.get(way) == ""


def given(facts: Given) -> tuple[Tree, ...]:
    """What the only tree in the facts may be before the first call, which differs in the current folder."""
    found: list[tuple[dict[Way, str | None], str]] = []
    inner: set[int] = set()
    for _, one in facts.objects:
        if not one or id(one) in inner or any(_children(node) is None for node in one.values()):
            continue
        if (read := _nodes(one)) is not None:
            found.append(read)
            inner |= {id(child) for child in _inside(one)}
    if len(found) != 1:
        return ()
    nodes, field = found[0]
    tops = [way for way in nodes if len(way) == 1]
    return tuple(Tree(nodes, place, field) for place in (tops if len(tops) == 1 else [*tops, ()]))


def _inside(value: Any) -> list[Any]:
    level, found = [value], []
    while level:
        level = [inner for one in level if isinstance(one, dict) for inner in one.values()]
        found += level
    return found


def _nodes(top: Mapping[str, Any]) -> tuple[dict[Way, str | None], str] | None:
    """The nodes below an object, if all of them are folders and files."""
    found: dict[Way, str | None] = {}
    fields: set[str] = set()
    todo: list[tuple[Way, Any]] = [((name,), node) for name, node in top.items()]
    for way, node in todo:
        children = _children(node)
        if children is not None:
            found[way] = None
            todo += [((*way, name), child) for name, child in children.items()]
        elif (texts := _texts(node)) and len(todo) <= MAX_NODES and len(way) > 1:
            fields |= texts.keys()
            found[way] = next(iter(texts.values()))
        else:
            return None
    return (found, fields.pop() if fields else "") if len(fields) <= 1 else None


def _children(node: Any) -> dict[str, Any] | None:
    held = [value for value in node.values() if isinstance(value, (dict, list))] if isinstance(node, dict) else []
    if len(held) != 1 or len(node) < 2 or not isinstance(held[0], dict):
        return None
    return held[0] if all(isinstance(one, dict) for one in held[0].values()) else None


def _texts(node: Any) -> dict[str, str]:
    """The texts of a file; the field that tells its kind is none."""
    if not isinstance(node, dict) or any(not isinstance(value, str) for value in node.values()):
        return {}
    return {name: value for name, value in node.items() if name not in ("type", "kind")} if len(node) <= 2 else {}


def _step(state: State, tree: Tree, event: Event) -> Tree | None:
    """The tree after a call that did not fail; ``None`` where it is not understood."""
    about, effect = event.profile.about, event.profile.effect
    given = event.call.arguments
    texts = [value for value in given.values() if isinstance(value, str)]
    if _goes(event):
        return _gone_to(tree, texts[0]) if len(texts) == len(given) == 1 else None
    if effect.reads:
        return tree
    if about & {"move", "moves", "copy", "copies"} and len(texts) == len(given) == 2:
        return _carried(tree, *_ends(given), keeps=bool(about & {"copy", "copies"}))
    if not about & _PLACES:
        return None
    field = tree.field or next((name for name in given if name in CONTENTS), "")
    if field in given and len(texts) == len(given) == 2 and "append" not in about:
        return _put(replace(tree, field=field), next(given[name] for name in given if name != field), given[field])
    if effect is Effect.DELETE and len(texts) == len(given) == 1:
        return _without(tree, texts[0])
    if effect is Effect.CREATE and len(texts) == len(given) == 1:
        return _put(tree, texts[0], "" if "file" in about else None, new=True)
    return None


def _ends(given: Mapping[str, Any]) -> tuple[Any, Any]:
    """Where something is taken from and where it goes."""
    start = next((name for name in given if set(words(name)) & {"source", "src", "from", "old"}), None)
    if start is None:
        return None, None
    return given[start], next(value for name, value in given.items() if name != start)


def _gone_to(tree: Tree, name: str) -> Tree | None:
    way = tree.at(name)
    return replace(tree, place=way) if way is not None and tree.nodes.get(way, "") is None else None


def _put(tree: Tree, name: Any, text: Any, *, new: bool = False) -> Tree | None:
    """The tree with a file or a folder; an earlier text of the file must be empty, for it might be kept."""
    way = tree.at(name) if isinstance(name, str) else None
    if way is None or (new and way in tree.nodes) or tree.nodes.get(way, "") not in ("", text):
        return None
    return replace(tree, nodes={**tree.nodes, way: text})


def _without(tree: Tree, name: str) -> Tree | None:
    way = tree.at(name)
    if way is None or way not in tree.nodes or name == "..":
        return None
    return replace(tree, nodes={one: text for one, text in tree.nodes.items() if one[: len(way)] != way})


def _carried(tree: Tree, source: Any, destination: Any, *, keeps: bool) -> Tree | None:
    """The tree after something was moved or copied, into a folder of this name or to this name."""
    if not isinstance(source, str) or not isinstance(destination, str):
        return None
    start, end = tree.at(source), tree.at(destination)
    if start is None or end is None or start not in tree.nodes or ".." in (source, destination):
        return None
    if end in tree.nodes:
        end = (*end, source) if tree.nodes[end] is None else end
    if end in tree.nodes or end[: len(start)] == start:
        return None
    moved = {(*end, *way[len(start) :]): text for way, text in tree.nodes.items() if way[: len(start)] == start}
    kept = tree.nodes if keeps else {way: text for way, text in tree.nodes.items() if way[: len(start)] != start}
    return replace(tree, nodes={**kept, **moved})

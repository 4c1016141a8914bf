"""Files in folders that the facts give whole, with a current folder: what calls made of them.

A folder is an object in the facts with one field that holds its children by name, a file one that holds texts. What a
call does to them is told by its declaration: it goes to another folder, makes, writes, moves, copies or removes. After
any other write of the service nothing of the tree is known any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domains.mcp.kernel.words import Effect, words

if TYPE_CHECKING:
    from nextstate.domain.calls import Call
    from nextstate.domains.mcp.kernel.given import Given
    from nextstate.domains.mcp.kernel.state import Event, State

MAX_NODES = 5_000
Way: TypeAlias = "tuple[str, ...]"
_FOLDERS = frozenset(("directory", "folder"))
_CONTENTS = ("content", "text", "contents", "body")
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


def known(state: State, call: Call) -> Tree | None:
    """The tree as the calls so far left it, if all of them are understood."""
    tree = state.files
    service = state.profile(call.name).service
    for event in state.events:
        if tree is None:
            return None
        if event.shown.failed is not True and event.profile.service == service:
            tree = _step(state, tree, event)
    return tree


def given(facts: Given) -> Tree | None:
    """The only tree in the facts that begins with one folder."""
    found: list[tuple[dict[Way, str | None], str]] = []
    inner: set[int] = set()
    for _, one in facts.objects:
        if len(one) != 1 or id(one) in inner or _children(next(iter(one.values()))) is None:
            continue
        if (read := _nodes(one)) is not None:
            found.append(read)
            inner |= {id(child) for child in _inside(one)}
    if len(found) != 1:
        return None
    nodes, field = found[0]
    return Tree(nodes, next(iter(nodes)), field)


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
    if "current" in about and about & _FOLDERS and about & {"change", "changes", "switch"}:
        return _gone_to(tree, texts[0]) if len(texts) == len(given) == 1 else None
    if effect.reads:
        return tree
    if about & {"move", "moves", "copy", "copies"} and len(texts) == len(given) == 2:
        return _carried(tree, *_ends(given), keeps=bool(about & {"copy", "copies"}))
    if not about & _PLACES:
        return None
    field = tree.field or next((name for name in given if name in _CONTENTS), "")
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

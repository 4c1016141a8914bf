"""A screen as a tree: the open tabs, the nodes of the page, and what the environment said.

The layout is that of the recordings (a section for the tabs, one for the tree, and one for an error where there is
one). A line of the tree is ``[bid] role 'name' value='...', property='...'``, indented by one tab a level, as
BrowserGym writes it. A screen in any other form is no :class:`Page`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nextstate.domains.web.codec import ERROR, TABS, TREE

MAX_NODES = 20_000
"""Nodes of a screen that is looked at."""
MAX_TABS = 200
"""Open tabs of such a screen."""
MAX_LINE = 50_000
"""Characters of a line that is looked at."""

_TEXT = r"(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")"
_LINE = re.compile(
    rf"(\t*+)(?:\[(\w++)\] )?([\w-]++)(?: ({_TEXT}))?(?: value=({_TEXT}|[-+.\w]++))?"
    rf"((?:, \w++(?:=(?:{_TEXT}|[^\s,'\"]++))?)*+)"
)
_PROPERTY = re.compile(rf", (\w++(?:=(?:{_TEXT}|[^\s,'\"]++))?)")
_TAB = re.compile(r"Tab (\d++)( \(active tab\))?\n  Title: ([^\n]*)\n  URL: ([^\n]*)")
_BEFORE_FOCUS = ("live=", "atomic", "relevant=", "disabled=", "hidden=", "hiddenRoot=")
"""Properties that Chromium lists before the focus."""


@dataclass(frozen=True, slots=True)
class Tab:
    """An open tab."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree. ``name`` and ``value`` are literals as they stand, empty where there is none."""

    depth: int
    bid: str
    role: str
    name: str = ""
    value: str = ""
    properties: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line without its indentation."""
        bid = f"[{self.bid}] " if self.bid else ""
        name = f" {self.name}" if self.name else ""
        value = f" value={self.value}" if self.value else ""
        return ", ".join((f"{bid}{self.role}{name}{value}", *self.properties))

    @property
    def called(self) -> str:
        """The name as plain text."""
        return plain(self.name)

    def get(self, name: str) -> str | None:
        """The value of a property as it is written; ``None`` without it."""
        start = f"{name}="
        return next((one.removeprefix(start) for one in self.properties if one.startswith(start)), None)

    def with_property(self, name: str, value: str) -> Node:
        """The node with another value of a property that it has."""
        start = f"{name}="
        changed = (f"{start}{value}" if one.startswith(start) else one for one in self.properties)
        return replace(self, properties=tuple(changed))

    @property
    def focused(self) -> bool:
        """Whether it has the focus."""
        return "focused" in self.properties

    def with_focus(self, focused: bool) -> Node:
        """The node with or without the focus, which stands where Chromium writes it."""
        if focused == self.focused:
            return self
        if not focused:
            return replace(self, properties=tuple(one for one in self.properties if one != "focused"))
        place = sum(1 for one in self.properties if one.startswith(_BEFORE_FOCUS))
        return replace(self, properties=(*self.properties[:place], "focused", *self.properties[place:]))


def plain(literal: str) -> str:
    """The text that a literal stands for; empty where it is none."""
    try:
        value = ast.literal_eval(literal) if literal[:1] in ("'", '"') else ""
    except (ValueError, SyntaxError):
        return ""
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Page:
    """A screen. ``active`` is the place of the tab that is shown, among ``tabs``."""

    tabs: tuple[Tab, ...]
    active: int
    nodes: tuple[Node, ...]

    @property
    def url(self) -> str:
        """The address of the tab that is shown."""
        return self.tabs[self.active].url

    @property
    def title(self) -> str:
        """The title of the tab that is shown."""
        return self.tabs[self.active].title

    @property
    def tree(self) -> str:
        """The lines of the nodes."""
        return "\n".join("\t" * node.depth + node.text for node in self.nodes)

    def text(self, error: str = "") -> str:
        """The screen as it is shown."""
        return shown(self.tabs, self.active, self.tree, error)

    def places(self, bid: str) -> list[int]:
        """Where nodes with a bid stand."""
        return [place for place, node in enumerate(self.nodes) if node.bid == bid]

    def parent(self, place: int) -> int | None:
        """The place of the node that a node stands in."""
        depth = self.nodes[place].depth
        return next((one for one in range(place - 1, -1, -1) if self.nodes[one].depth < depth), None)

    def around(self, place: int) -> Iterator[int]:
        """The places of the nodes around a node, the innermost first."""
        found = self.parent(place)
        while found is not None:
            yield found
            found = self.parent(found)

    def end(self, place: int) -> int:
        """The place behind the last node inside a node."""
        depth = self.nodes[place].depth
        return next(
            (one for one in range(place + 1, len(self.nodes)) if self.nodes[one].depth <= depth), len(self.nodes)
        )

    def with_nodes(self, nodes: Sequence[Node]) -> Page:
        """The screen with other nodes."""
        return replace(self, nodes=tuple(nodes))


def shown(tabs: tuple[Tab, ...], active: int, tree: str, error: str = "") -> str:
    """The text of a screen."""
    listed = "\n\n".join(
        f"Tab {number}{' (active tab)' * (number == active)}\n  Title: {tab.title}\n  URL: {tab.url}"
        for number, tab in enumerate(tabs)
    )
    said = f"\n\n{ERROR}\n\n{error}" if error else ""
    return f"{TABS}\n\n{listed}\n\n{TREE}\n\n{tree}{said}"


def without_error(text: str) -> str:
    """A screen without what the environment said of the last action."""
    return text.partition(f"\n\n{ERROR}\n\n")[0]


@lru_cache(16)
def parse(text: str) -> Page | None:
    """The screen that a text shows, without its error; ``None`` where it has another form or is too large."""
    screen = without_error(text)
    listed, heading, tree = screen.partition(f"\n\n{TREE}\n\n")
    if not heading or not listed.startswith(f"{TABS}\n\n") or tree.count("\n") >= MAX_NODES:
        return None
    found = list(_TAB.finditer(listed))
    active = [place for place, tab in enumerate(found) if tab[2]]
    nodes = [_node(line) for line in tree.split("\n")]
    if len(active) != 1 or len(found) > MAX_TABS or None in nodes:
        return None
    tabs = tuple(Tab(tab[3], tab[4]) for tab in found)
    page = Page(tabs, active[0], tuple(node for node in nodes if node))
    return page if page.text() == screen else None


def _node(line: str) -> Node | None:
    found = _LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if found is None:
        return None
    indent, bid, role, name, value, properties = found.groups()
    return Node(len(indent), bid or "", role, name or "", value or "", tuple(_PROPERTY.findall(properties)))

"""A picture of a page: the tabs, then an indented outline of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from nextstate.domain import picture
from nextstate.domain.picture import TEXT, Box, Key
from nextstate.domains.web.codec import error_of
from nextstate.domains.web.page import Node, Page, parse, plain
from nextstate.types import Observation

_STATES = {"checked='true'": "checked", "selected=True": "selected", "disabled=True": "disabled"}
_CLICKED = frozenset(
    "button checkbox columnheader DisclosureTriangle link menuitem menuitemcheckbox menuitemradio option radio "
    "searchbox slider spinbutton switch tab textbox treeitem".split()
)
"""Roles whose nodes do something when they are clicked."""
_FILLED = frozenset(("textbox", "searchbox", "spinbutton"))
_KEYS = (
    Key("Back", "go_back()"),
    Key("Forward", "go_forward()"),
    Key("Scroll down", "scroll(0, 500)"),
    Key("Scroll up", "scroll(0, -500)"),
    Key("New tab", "new_tab()"),
    Key("Close tab", "tab_close()"),
    Key("Go to…", fill=f"goto({TEXT})"),
)
_HIDDEN = ("url=", "controls=", "describedby=", "owns=", "relevant=", "live=", "selected=False", "checked='false'")


def page(observation: Observation) -> str:
    """The picture of a screen; the plain lines of a text in another form."""
    shown = parse(observation)
    if shown is None:
        return picture.page("Screen", picture.lines(observation))
    return picture.page(shown.title or shown.url, _boxes(shown, error_of(observation)), _KEYS)


def _boxes(shown: Page, error: str) -> Iterator[Box]:
    for number, tab in enumerate(shown.tabs):
        state = ("selected",) if number == shown.active else ()
        yield Box("tab", f"{tab.title} ({tab.url})", state, None, 0, str(number), f"tab_focus({number})")
    chooser = ""
    for node in shown.nodes:
        chooser = node.bid if node.role in ("combobox", "listbox") else chooser if node.role == "option" else ""
        click, fill = _acts(node, chooser)
        yield Box(node.role, _text(node), _states(node), None, node.depth, node.bid, click, fill)
    if error:
        yield Box("error", error)


def _acts(node: Node, chooser: str) -> tuple[str, str]:
    """The calls that click a node and type into it; an option is chosen in the list that it belongs to."""
    if node.role == "option" and chooser:
        return f"select_option({chooser!r}, {node.called!r})", ""
    if not node.bid:
        return "", ""
    if node.role == "combobox":
        return f"click({node.bid!r})", f"select_option({node.bid!r}, {TEXT})"
    click = f"click({node.bid!r})" if node.role in _CLICKED or "clickable" in node.properties else ""
    return click, f"fill({node.bid!r}, {TEXT})" if node.role in _FILLED else ""


def _text(node: Node) -> str:
    value = plain(node.value) or node.value
    return f"{node.called}: {value}" if value else node.called


def _states(node: Node) -> tuple[str, ...]:
    return tuple(_STATES.get(one, one) for one in node.properties if not one.startswith(_HIDDEN))

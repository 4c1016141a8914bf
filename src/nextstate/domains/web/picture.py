"""A picture of a page: the tabs, then an indented outline of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from nextstate.domain import picture
from nextstate.domain.picture import Box
from nextstate.domains.web.codec import error_of
from nextstate.domains.web.page import Node, Page, parse, plain
from nextstate.types import Observation

_STATES = {"checked='true'": "checked", "selected=True": "selected", "disabled=True": "disabled"}
_HIDDEN = ("url=", "controls=", "describedby=", "owns=", "relevant=", "live=", "selected=False", "checked='false'")


def page(observation: Observation) -> str:
    """The picture of a screen; the plain lines of a text in another form."""
    shown = parse(observation)
    if shown is None:
        return picture.page("Screen", picture.lines(observation))
    return picture.page(shown.title or shown.url, _boxes(shown, error_of(observation)))


def _boxes(shown: Page, error: str) -> Iterator[Box]:
    for number, tab in enumerate(shown.tabs):
        state = ("selected",) if number == shown.active else ()
        yield Box("tab", f"{tab.title} ({tab.url})", state, None, 0, str(number))
    for node in shown.nodes:
        yield Box(node.role, _text(node), _states(node), None, node.depth, node.bid)
    if error:
        yield Box("error", error)


def _text(node: Node) -> str:
    value = plain(node.value) or node.value
    return f"{node.called}: {value}" if value else node.called


def _states(node: Node) -> tuple[str, ...]:
    return tuple(_STATES.get(one, one) for one in node.properties if not one.startswith(_HIDDEN))

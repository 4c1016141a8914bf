"""A picture of a page: the tabs, then an indented outline of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from nextstate.domain.picture import Box
from nextstate.domain.picture import page as drawn
from nextstate.domains.web.codec import error_of
from nextstate.domains.web.kernel.page import Node, Page, parse, plain
from nextstate.types import Observation

_STATES = {"checked='true'": "checked", "selected=True": "selected", "disabled=True": "disabled"}
_HIDDEN = ("url=", "controls=", "describedby=", "owns=", "relevant=", "live=", "selected=False", "checked='false'")


def picture(observation: Observation) -> str:
    """A screen as a self-contained HTML page; one in another form is shown line by line."""
    page = parse(observation)
    if page is None:
        return drawn("Screen", (Box("text", line.strip(), (), None, _depth(line)) for line in observation.split("\n")))
    return drawn(page.title or page.url, _boxes(page, error_of(observation)))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _boxes(page: Page, error: str) -> Iterator[Box]:
    for number, tab in enumerate(page.tabs):
        state = ("selected",) if number == page.active else ()
        yield Box("tab", f"{tab.title} ({tab.url})", state, None, 0, str(number))
    for node in page.nodes:
        yield Box(node.role, _text(node), _states(node), None, node.depth, node.bid)
    if error:
        yield Box("error", error)


def _text(node: Node) -> str:
    value = plain(node.value) or node.value
    return f"{node.called}: {value}" if value else node.called


def _states(node: Node) -> tuple[str, ...]:
    return tuple(_STATES.get(one, one) for one in node.properties if not one.startswith(_HIDDEN))

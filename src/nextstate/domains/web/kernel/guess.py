"""What an action shows if a rule holds: a guess, with the rule's name and what it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

from nextstate.domain import Unknown
from nextstate.domains.web.codec import Call
from nextstate.domains.web.kernel import controls
from nextstate.domains.web.kernel.state import DECLARED, State, View, Visit, is_plain
from nextstate.domains.web.page import Page, Tab, plain, shown, without_error

IDLE = frozenset(("noop", "send_msg_to_user", "report_infeasible", "scroll"))
"""Actions that change nothing on a page that is at rest."""
QUIET = frozenset(("checkbox", "radio", "link", "button"))
"""Roles of elements that do nothing of themselves when they get the focus: no list opens below them."""
ON_ELEMENT = frozenset(("fill", "clear", "select_option", "focus", "press", "click", "hover", "dblclick"))
_BID = re.compile(r"(?:[a-z][A-Z]*+)*+[0-9]++|(?:[a-z][A-Z]*+)++")
BEYOND, BEYOND_LEAST = 2, 20
"""An id is beyond the screen where its number is more than twice, and 20 more than, the highest that is shown."""
BLANK = "RootWebArea '', focused, url='about:blank'"
"""The tree of an empty tab."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What is shown if ``rule`` holds.

    ``sure`` says that it always does on a page at rest; else evidence is needed: how often each of ``needs`` must have
    been seen to hold, or, without any, that the rule held here before, for this ``element`` where one is named.
    """

    rule: str
    text: str
    error: str = ""
    sure: bool = False
    element: str = ""
    needs: tuple[tuple[str, int], ...] = ()


def alike(url: str) -> str:
    """The evidence that pages of a site look the same each time they are loaded."""
    return f"pages load alike at {origin(url)}"


def leads(page: Page, place: int) -> str:
    """The evidence that a link leads to its address, in the same tab."""
    node = page.nodes[place]
    return f"{node.name} leads to {node.get('url')} at {origin(page.url)}"


def origin(url: str) -> str:
    """The site of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"


def guess(state: State, call: Call) -> Guess | Unknown:
    """What ``call`` shows, if a rule says so."""
    page = state.page
    if page is None:
        return Unknown("the screen has another form")
    if call.name in IDLE:
        return Guess("idle", page.text(), sure=True)
    if call.name in ON_ELEMENT:
        return _on_element(state, page, call)
    if call.name == "goto":
        return _arrived(state, page, call.text("url"), "goto")
    if call.name in ("go_back", "go_forward"):
        return _travelled(state, page, back=call.name == "go_back")
    if call.name in ("new_tab", "tab_close", "tab_focus"):
        return _tabs(state, page, call)
    return Unknown("what this action does is up to the page")


def _on_element(state: State, page: Page, call: Call) -> Guess | Unknown:
    bid = call.text("bid")
    if not _BID.fullmatch(bid):
        error = f'ValueError: Could not find element with bid "{bid}"'
        return Guess("no such element", page.text(), error, sure=True)
    places = page.places(bid)
    if len(places) > 1:
        return Unknown("the id stands on the screen more than once")
    if not places:
        return _missing(page, bid)
    node = page.nodes[places[0]]
    if call.name == "hover" and node.role == "option":
        return Unknown("an option of a closed list cannot be pointed at")
    if call.name == "hover":
        return Guess("hover", page.text(), element=f"{node.role} {node.name}")
    if call.name == "click" and node.role == "link" and call.arguments["button"] == "left":
        return _followed(state, page, places[0], call)
    after = controls.apply(page, places[0], call)
    if isinstance(after, Unknown):
        return after
    sure = call.name == "focus" and (after == page or node.role in QUIET)
    return Guess(call.name, after.text(), sure=sure, element=f"{call.name} {node.role} {node.bid}")


def _missing(page: Page, bid: str) -> Guess | Unknown:
    """An id that is far beyond all that are shown; one in between may belong to something hidden."""
    frame, number = bid.rstrip("0123456789"), bid.removeprefix(bid.rstrip("0123456789"))
    inside = [node.bid.removeprefix(frame) for node in page.nodes if node.bid.startswith(frame)]
    shown_numbers = [int(one) for one in inside if one.isdecimal() and len(one) < 10]
    if len(number) > 9 or (shown_numbers and int(number or 0) <= BEYOND * max(shown_numbers) + BEYOND_LEAST):
        return Unknown("the id is not on the screen")
    error = f'ValueError: Could not find element with bid "{bid}"'
    return Guess("id beyond the screen", page.text(), error)


def _followed(state: State, page: Page, place: int, call: Call) -> Guess | Unknown:
    node = page.nodes[place]
    url = plain(node.get("url") or "")
    roots = [one for one in page.around(place) if page.nodes[one].role == "RootWebArea"]
    if not url.startswith(("http://", "https://")) or call.arguments["modifiers"] or len(roots) != 1:
        return Unknown("where the link leads is up to the page")
    needs = () if state.is_plain else ((leads(page, place), 1),)
    return _arrived(state, page, url, "link", needs)


def _arrived(state: State, page: Page, url: str, rule: str, needs: tuple[tuple[str, int], ...] = ()) -> Guess | Unknown:
    """The page at an address, in the tab that is shown, if it is known how it looks when it was just loaded."""
    if url == "about:blank":
        return Guess(rule, _in_tab(page, Tab("", url), BLANK), needs=needs)
    if urldefrag(url)[0] == urldefrag(page.url)[0] and "#" in url:
        return Unknown("a place in the page that is shown")
    known = state.loaded.get(url)
    if known is None:
        return Unknown("the page at this address has not been shown")
    if not is_plain(state.plain, url) and known.times < DECLARED:
        needs = (*needs, (alike(url), 1 if known.times > 1 else 2))
    return Guess(rule, _in_tab(page, Tab(known.title, url), known.tree), needs=needs)


def _in_tab(page: Page, tab: Tab, tree: str) -> str:
    tabs = (*page.tabs[: page.active], tab, *page.tabs[page.active + 1 :])
    return shown(tabs, page.active, tree)


def _travelled(state: State, page: Page, *, back: bool) -> Guess | Unknown:
    view = state.view
    way: tuple[Visit, ...] | None = None
    if view is not None:
        way = view.past if back else view.future
    if view is None or way is None or (back and not way and not view.whole):
        return Unknown("the history of the tab is not known")
    if not way:
        return Guess("end of history", page.text())
    if not way[-1].plainly:
        return Unknown("the page before had been filled in or sent")
    return _arrived(state, page, way[-1].url, "history")


def _tabs(state: State, page: Page, call: Call) -> Guess | Unknown:
    if call.name == "new_tab":
        return Guess("new tab", shown((*page.tabs, Tab("", "about:blank")), len(page.tabs), BLANK), sure=True)
    views = list(state.views)
    if call.name == "tab_close":
        del views[page.active]
        views = views or [View("about:blank", "", BLANK)]
        return _shown(views, len(views) - 1)
    index = call.arguments["index"]
    assert isinstance(index, int)
    if not -len(views) <= index < len(views):
        return Guess("no such tab", page.text(), "IndexError: list index out of range", sure=True)
    return _shown(views, index % len(views))


def _shown(views: list[View], active: int) -> Guess | Unknown:
    if not views[active].tree:
        return Unknown("the tab has not been shown")
    text = shown(tuple(Tab(one.title, one.url) for one in views), active, views[active].tree)
    return Guess("other tab", text, sure=True)


def repeated(state: State, action: str) -> Guess | None:
    """What the same action showed on the very same screen."""
    before = state.steps.get((without_error(state.text), action))
    return None if before is None else Guess("the same again", before)

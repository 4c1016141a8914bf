"""What a model should respect where the kernel does not answer: short facts about the screen and the action."""

from __future__ import annotations

from nextstate.domains.web.codec import Call
from nextstate.domains.web.kernel.state import State
from nextstate.domains.web.kernel.views import requested
from nextstate.domains.web.page import Page

MAX_FACTS = 2_000
"""Characters of all facts together."""
MAX_LINE = 200
"""Characters of one line of a tree."""
MAX_LINES = 12
"""Lines of a tree that was shown before."""


def of(state: State, calls: tuple[Call, ...]) -> str:
    """The facts for an action, at most :data:`MAX_FACTS` characters."""
    page = state.page
    if page is None:
        return ""
    lines = [f"There are {len(page.tabs)} tabs; tab {page.active} is shown, at {page.url[:MAX_LINE]}."]
    for call in calls[:5]:
        lines += _about(state, page, call)
    return "\n".join(lines)[:MAX_FACTS]


def known(state: State) -> str:
    """Which tabs and pages are known, at most :data:`MAX_FACTS` characters."""
    pages = [f"- {page.title[:MAX_LINE]} | {url[:MAX_LINE]}" for url, page in list(state.loaded.items())[:MAX_LINES]]
    listed = ["Pages that can be shown again as they were loaded:", *pages] if pages else []
    return "\n".join([part for part in (of(state, ()), *listed) if part])[:MAX_FACTS]


def _about(state: State, page: Page, call: Call) -> list[str]:
    lines = []
    bids = [value for name, value in call.arguments.items() if name.endswith("bid") and isinstance(value, str)]
    for bid in bids:
        lines += _element(page, bid)
    target = requested(page, call)
    if known := state.loaded.get(target):
        lines.append(f"The page at {target[:MAX_LINE]} was shown before; its tree began so:")
        lines += [line[:MAX_LINE] for line in known.tree.split("\n")[:MAX_LINES]]
    elif target:
        lines.append(f"The page at {target[:MAX_LINE]} has not been shown before.")
    return lines + _history(state, call)


def _element(page: Page, bid: str) -> list[str]:
    places = page.places(bid)
    if not places:
        return [f"No element with the id {bid[:40]!r} is on the screen; it may be hidden or not exist."]
    line = page.nodes[places[0]].text[:MAX_LINE]
    around = [page.nodes[one].text[:80] for one in page.around(places[0]) if page.nodes[one].name not in ("", "''")]
    inside = f" It stands in: {around[0]}." if around else ""
    return [f"The action is done to: {line}.{inside}"]


def _history(state: State, call: Call) -> list[str]:
    view = state.view
    if view is None or call.name not in ("go_back", "go_forward"):
        return []
    way = view.past if call.name == "go_back" else view.future
    if way is None:
        return ["The history of the tab is not known."]
    return [f"The history of the tab leads to {way[-1].url[:MAX_LINE]}."] if way else ["No page is known there."]

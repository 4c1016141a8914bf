"""Whether a rule may be trusted here: evidence from what was seen, site by site and element by element.

A page may do more than HTML says: a field may offer suggestions, a choice may change a price, a link may open a tab. So
a rule that is not sure of itself answers only where it was right before and never wrong, for this very element where it
is about one. On sites that the set-up declares to be plain it answers until it was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from nextstate.domains.web.codec import Call
from nextstate.domains.web.kernel.guess import Guess, alike, leads, origin
from nextstate.domains.web.kernel.state import Loaded, State, kept
from nextstate.domains.web.kernel.views import requested
from nextstate.domains.web.page import Page

WRONG = "a rule was wrong on this site before"
UNPROVEN = "the page may do more than HTML alone"
LOADING = "the page may still be loading"
ALIKE = 3
"""How often a rule must have been right on a page, and never wrong, to be believed about another element of it."""


def doubt(state: State, guess: Guess) -> str | None:
    """Why ``guess`` should not be answered; ``None`` where it may be."""
    site, path, element = _keys(state, guess)
    if state.evidence.get(site, (0, 0))[1] and (guess.sure or state.is_plain or not guess.element):
        return WRONG
    if not all(_proven(state.evidence.get(key, (0, 0)), wanted) for key, wanted in guess.needs):
        return UNPROVEN
    if _restless(state, leaving=bool(guess.needs)):
        return LOADING
    if state.is_plain or guess.needs:
        return None
    if guess.sure:
        return None
    known = _proven(state.evidence.get(element, (0, 0)), 1) or _proven(state.evidence.get(path, (0, 0)), ALIKE)
    return None if known else UNPROVEN


def _proven(counts: tuple[int, int], wanted: int) -> bool:
    return counts[0] >= wanted and not counts[1]


def learned(state: State, guess: Guess, right: bool) -> Mapping[str, tuple[int, int]]:
    """The evidence after ``guess`` turned out to be right or wrong.

    That nothing was seen to change where nothing should is no evidence that a page does no more than it should.
    """
    if right and guess.element and guess.rule != "hover" and state.page and guess.text == state.page.text():
        return state.evidence
    loading = state.pending and not state.is_plain
    keys = [] if loading and guess.sure and not right else list(dict.fromkeys(_keys(state, guess)))
    keys += [_settled(state.page.url)] if loading and guess.sure and state.page else []
    evidence = state.evidence
    for key in keys:
        evidence = _counted(evidence, key, right)
    return evidence


def _counted(evidence: Mapping[str, tuple[int, int]], key: str, right: bool) -> Mapping[str, tuple[int, int]]:
    good, bad = evidence.get(key, (0, 0))
    return kept(evidence, key, (good + right, bad + (not right)))


def arrived(
    state: State, call: Call | None, page: Page, memory: Mapping[str, Loaded], failed: bool
) -> Mapping[str, tuple[int, int]]:
    """The evidence after a page was loaded: whether a link led to it, and whether it looked as it did before."""
    evidence, before = state.evidence, state.page
    wanted = requested(before, call)
    if before and call and call.name == "click" and wanted and not failed:
        followed = page.url == wanted and len(page.tabs) == len(before.tabs)
        evidence = _counted(evidence, leads(before, before.places(call.text("bid"))[0]), followed)
    known = state.loaded.get(page.url)
    if known and memory is not state.loaded:
        evidence = _counted(evidence, alike(page.url), (known.title, known.tree) == (page.title, page.tree))
    return evidence


def _keys(state: State, guess: Guess) -> tuple[str, str, str]:
    """What evidence is kept under: for the rule on the site, on the page, and for the element."""
    origin, path = _site(state)
    site = f"{guess.rule} at {origin}"
    page = f"{site}{path}"
    return (site, page, f"{page}: {guess.element}") if guess.element else (site, site, site)


def _restless(state: State, *, leaving: bool) -> bool:
    """Whether a page may still be loading: the one that is shown, unless it is being left, or one in another tab."""
    active = state.page.active if state.page else 0
    tabs = [view for place, view in enumerate(state.views) if view.loading and not (leaving and place == active)]
    return any(not _proven(state.evidence.get(_settled(view.url), (0, 0)), 2) for view in tabs)


def _settled(url: str) -> str:
    """The evidence that the pages of a site are at rest when they are shown."""
    return f"settled at {origin(url)}"


def _site(state: State) -> tuple[str, str]:
    """The origin of the page that is shown, and its path."""
    url = state.page.url if state.page else ""
    start = origin(url)
    return start, url.removeprefix(start).partition("?")[0].partition("#")[0]

"""A real browser, recorded: calls of BrowserGym in, screens as text out.

Headless Chromium (:mod:`nextstate.record.web_browser`) shows a site of our own (:mod:`nextstate.record.web_site`). A
screen is the open tabs with the accessibility tree of the page below them (:mod:`nextstate.record.web_tree`), in the
form of :mod:`nextstate.data.sources.screens`. What an action does and what is said of one that fails follows BrowserGym
(:mod:`nextstate.record.web_calls`). :mod:`nextstate.record.web_examples` records the golden examples of the domain.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nextstate.data.sources import screens
from nextstate.data.sources.screens import Act
from nextstate.record.web_browser import browsing
from nextstate.record.web_calls import do
from nextstate.types import NOTHING, Action, Json, Setup, Source, Trajectory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nextstate.record.web_site import Site


async def record(
    choose: Callable[[str], Action | None],
    *,
    id: str,
    site: Site,
    start: str = "/",
    facts: Mapping[str, Json] = NOTHING,
    source: Source | None = None,
) -> Trajectory:
    """Record what a real browser shows while ``choose`` gives an action for each screen, until it gives ``None``."""
    async with browsing(site, start) as browser:
        shown = [await browser.screen()]
        acts: list[Act] = []
        while (action := choose(shown[-1].shown)) is not None:
            error = await do(browser, action)
            shown.append(await browser.screen(error))
            acts.append(Act(action))
    turns = tuple(screens.turns(shown, acts, Counter()))
    setup = Setup(initial_state=shown[0].shown, facts=facts)
    return Trajectory(id, "web", setup, turns, source or Source(dataset="recorded"))

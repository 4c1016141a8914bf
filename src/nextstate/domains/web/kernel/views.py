"""How the tabs, their histories and the pages that were loaded follow from what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.web.codec import Call
from nextstate.domains.web.kernel.state import Loaded, State, View, Visit, kept
from nextstate.domains.web.page import Page, plain

_ENTERS = frozenset(("fill", "clear", "select_option", "press", "click", "dblclick"))


def first(page: Page) -> tuple[View, ...]:
    """The tabs of the first screen."""
    views = [View(tab.url, tab.title) for tab in page.tabs]
    views[page.active] = replace(views[page.active], tree=page.tree, plainly=True)
    return tuple(views)


def requested(page: Page | None, call: Call | None) -> str:
    """The address that an action asks for; empty where it does not tell one."""
    if call is None or page is None:
        return ""
    if call.name == "goto":
        return call.text("url")
    places = page.places(call.text("bid")) if call.name == "click" else []
    node = page.nodes[places[0]] if len(places) == 1 else None
    return plain(node.get("url") or "") if node and node.role == "link" else ""


def following(state: State, call: Call | None, page: Page, failed: bool) -> tuple[View, ...]:
    """The tabs after ``call`` (``None``: several calls) showed ``page``."""
    before = state.page
    if before is None or len(state.views) != len(before.tabs):
        return _unknown(page)
    views = list(state.views)
    name = "" if call is None else call.name
    if name == "new_tab" and len(page.tabs) == len(views) + 1:
        views.append(View("about:blank", "", past=(), whole=True, plainly=True))
    elif name == "tab_close" and len(page.tabs) == max(len(views) - 1, 1):
        del views[before.active]
        views = views or [View("about:blank", "", whole=True, plainly=True)]
    elif len(page.tabs) == len(views) + 1 and page.active == len(views):
        views.append(View("", "", past=None, future=None))
    elif len(page.tabs) != len(views):
        return _unknown(page)
    elif name not in ("tab_focus", "tab_close") and page.active == before.active:
        views[page.active] = _moved(views[page.active], before, call, page, failed)
    return tuple(_refreshed(view, page, number) for number, view in enumerate(views))


def _unknown(page: Page) -> tuple[View, ...]:
    return tuple(
        View(tab.url, tab.title, page.tree if number == page.active else "", past=None, future=None)
        for number, tab in enumerate(page.tabs)
    )


def _refreshed(view: View, page: Page, number: int) -> View:
    """A tab with the title and the address that are shown; a page that changed in the background is not known."""
    tab = page.tabs[number]
    if number == page.active:
        return replace(view, url=tab.url, title=tab.title, tree=page.tree)
    same = (tab.url, tab.title) == (view.url, view.title)
    return view if same else View(tab.url, tab.title, past=None, future=None)


def _moved(view: View, before: Page, call: Call | None, page: Page, failed: bool) -> View:
    name = "" if call is None else call.name
    if name in ("go_back", "go_forward"):
        return _travelled(view, page, back=name == "go_back")
    wanted = requested(before, call)
    here = Visit(view.url, view.plainly and not view.entered)
    if page.url == view.url:
        if wanted == page.url and not failed:  # loaded again, in the place of itself
            return replace(view, plainly=True, entered=False)
        if _frames(before) != _frames(page) and name not in ("noop", "scroll"):
            return replace(view, past=None, future=None, plainly=False)
        return replace(view, entered=view.entered or call is None or (name in _ENTERS and not wanted))
    if call is None or "#" in page.url or view.past is None:
        return View(page.url, "", past=None, future=None)
    plainly = wanted == page.url or "?" in page.url
    return View(page.url, "", past=(*view.past, here), whole=view.whole, plainly=plainly)


def _travelled(view: View, page: Page, *, back: bool) -> View:
    past, future = view.past, view.future
    here = Visit(view.url, view.plainly and not view.entered)
    if past is None or future is None:
        return replace(view, entered=False)
    if back and past and past[-1].url == page.url:
        return replace(view, past=past[:-1], future=(*future, here), plainly=past[-1].plainly, entered=False)
    if not back and future and future[-1].url == page.url:
        return replace(view, past=(*past, here), future=future[:-1], plainly=future[-1].plainly, entered=False)
    if page.url == view.url and not (past if back else future):
        return view
    if back and not past and not view.whole:  # what lay before the first screen; nothing lies before an empty tab
        empty = page.url == "about:blank"
        return View(page.url, "", future=(*future, here), whole=empty, plainly=empty)
    return replace(view, past=None, future=None, plainly=False, entered=False)


def _frames(page: Page) -> list[str]:
    """The addresses of the documents in a page."""
    return [plain(node.get("url") or "") for node in page.nodes if node.role == "RootWebArea"]


def loaded(state: State, call: Call | None, page: Page, failed: bool, view: View) -> Mapping[str, Loaded]:
    """The pages that were loaded, with the one that is shown where it has just been."""
    before, memory = state.page, state.loaded
    if before is None or call is None or failed or "#" in page.url:
        return memory
    wanted = requested(before, call)
    moved = page.url != before.url
    by_history = call.name in ("go_back", "go_forward") and moved and view.plainly
    by_form = moved and "?" in page.url and call.name in ("click", "press")
    if not (by_history or by_form or (wanted == page.url and len(page.tabs) == len(before.tabs))):
        return memory
    known = memory.get(page.url)
    times = known.times + 1 if known and (known.title, known.tree) == (page.title, page.tree) else 1
    return kept(memory, page.url, Loaded(page.title, page.tree, times))


def may_have_written(state: State, call: Call | None, page: Page) -> bool:
    """Whether the action may have changed what the server holds: a form that was sent without its content in the
    address."""
    before = state.page
    if before is None:
        return True
    if _frames(before) == _frames(page):
        return False
    by_form = call is None or (call.name in ("click", "press", "dblclick") and not requested(before, call))
    return by_form and any("?" not in one for one in set(_frames(page)) - set(_frames(before)))

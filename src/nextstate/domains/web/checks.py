"""Executable checks of a screen: rules that hold whatever the sites hold."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from nextstate.domain import Check, last_screen
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.web import codec
from nextstate.domains.web.codec import Call
from nextstate.domains.web.page import Page, parse
from nextstate.errors import ActionError
from nextstate.types import Observation, Query

_QUIET = frozenset(("noop", "send_msg_to_user", "report_infeasible", "scroll"))
_BY_ADDRESS = frozenset(("new_tab", "tab_close", "tab_focus"))


def _calls(query: Query) -> tuple[Call, ...]:
    try:
        return codec.parse(query.action)
    except ActionError:
        return ()


def _only(query: Query) -> Call | None:
    calls = _calls(query)
    return calls[0] if len(calls) == 1 else None


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A screen has tabs, one of them active, and a tree of nodes, where the screen before had that form."""
    if parse(last_screen(query)) is None:
        return None
    return parse(observation) is not None


def ids_are_unique(query: Query, observation: Observation) -> bool | None:
    """No two nodes of a page have the same id, where none had before."""
    old, new = parse(last_screen(query)), parse(observation)
    if new is None or (old is not None and _repeats(old)):
        return None
    return not _repeats(new)


def _repeats(page: Page) -> bool:
    bids = [node.bid for node in page.nodes if node.bid]
    return len(bids) != len(set(bids))


def indented_step_by_step(query: Query, observation: Observation) -> bool | None:
    """A node stands at most one level deeper than the line above it, and the first one at the left."""
    page = parse(observation)
    if page is None:
        return None
    depths = [-1, *(node.depth for node in page.nodes)]
    return all(depth <= above + 1 for above, depth in pairwise(depths))


def quiet_actions_keep_the_tabs(query: Query, observation: Observation) -> bool | None:
    """Waiting, scrolling and messages neither open nor close a tab nor choose another."""
    call, old, new = _only(query), parse(last_screen(query)), parse(observation)
    if call is None or old is None or new is None or call.name not in _QUIET:
        return None
    return (len(old.tabs), old.active) == (len(new.tabs), new.active)


def tabs_are_counted(query: Query, observation: Observation) -> bool | None:
    """``new_tab`` adds a tab and shows it; ``tab_close`` takes one away; ``tab_focus`` shows the tab it names."""
    call, old, new = _only(query), parse(last_screen(query)), parse(observation)
    if call is None or old is None or new is None or codec.error_of(observation) or call.name not in _BY_ADDRESS:
        return None
    count = len(old.tabs)
    if call.name == "new_tab":
        return len(new.tabs) == count + 1
    if call.name == "tab_close":
        return len(new.tabs) == max(count - 1, 1)
    index = call.arguments["index"]
    assert isinstance(index, int)
    return len(new.tabs) != count or (-count <= index < count and new.active == index % count)


def missing_elements_fail(query: Query, observation: Observation) -> bool | None:
    """An action on an id that no element can have (``'All'``, ``'Submit'``) is reported as a failure."""
    call = _only(query)
    bid = call.arguments.get("bid") if call else None
    if not isinstance(bid, str) or not bid.isalpha() or bid[0].islower() or parse(last_screen(query)) is None:
        return None
    return bool(codec.error_of(observation))


def filled_text_is_shown(query: Query, observation: Observation) -> bool | None:
    """A plain field that was filled without an error, and is still there under its name, has a value."""
    call, old, new = _only(query), parse(last_screen(query)), parse(observation)
    if call is None or old is None or new is None or call.name != "fill" or codec.error_of(observation):
        return None
    text, bid = call.text("value"), call.text("bid")
    places, was = new.places(bid), old.places(bid)
    if len(places) != 1 or len(was) != 1 or old.url != new.url or not text.strip() or not text.isprintable():
        return None
    field, before = new.nodes[places[0]], old.nodes[was[0]]
    if (field.role, field.name) != (before.role, before.name) or field.role not in ("textbox", "searchbox"):
        return None
    return None if not field.value and not field.focused else bool(field.value)


def one_focus(query: Query, observation: Observation) -> bool | None:
    """At most one element has the focus, beside the roots of the frames, where that was so before."""
    old, new = parse(last_screen(query)), parse(observation)
    if old is None or new is None or _focused(old) > 1:
        return None
    return _focused(new) <= 1


def _focused(page: Page) -> int:
    return sum(1 for node in page.nodes if node.focused and node.role != "RootWebArea")


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether a screen reports that the action failed; ``None`` where it is no screen of this form."""
    if not observation.startswith(f"{codec.TABS}\n"):
        return None
    return bool(codec.error_of(observation))


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "ids_are_unique": ids_are_unique,
        "indented_step_by_step": indented_step_by_step,
        "quiet_actions_keep_the_tabs": quiet_actions_keep_the_tabs,
        "tabs_are_counted": tabs_are_counted,
        "missing_elements_fail": missing_elements_fail,
        "filled_text_is_shown": filled_text_is_shown,
        "one_focus": one_focus,
        "no_reply_tags": no_reply_tags,
    }
)

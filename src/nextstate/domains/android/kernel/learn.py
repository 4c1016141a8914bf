"""What the kernel learns from a screen that was shown, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nextstate.domains.android import screen
from nextstate.domains.android.kernel.rules import touched
from nextstate.domains.android.kernel.state import (
    MAX_FRAMES,
    MAX_KNOWN,
    NEGATIVE,
    POSITIVE,
    UPWARD,
    Frame,
    Layer,
    Link,
    State,
    layer,
)

if TYPE_CHECKING:
    from nextstate.domains.android.codec import Act
    from nextstate.domains.android.screen import Element, View

IN_PLACE = 0.5
"""What a page shares with one on the stack, of the smaller one, if it may stand in its place."""
SAME_PAGE = 0.7
"""What two states of one page share, of both together."""


def first(text: str) -> State:
    """The state on the first screen, which is there to stay."""
    if not text.strip():
        return State()
    view = screen.read(text)
    return State((Frame(view, layer(view, None)),), staying=frozenset((view.key,)), home=view if view.home else None)


def anew(state: State, view: View) -> State:
    """The state after something unreadable was done: the past counts, what lies below does not."""
    return replace(state, frames=(Frame(view, layer(view, None), sure=False),), writes=state.writes + 1)


def after(state: State, act: Act, view: View) -> State:
    """The state after ``act`` showed ``view``."""
    top = state.top
    if top is None:
        return first(view.text)
    element = touched(top.view, act)
    past = Link(state.context, act, view, state.writes, state.past)
    written = state.writes + (act.kind == "input_text" or (view.key != top.key and _writes(top, act, element)))
    state = replace(state, past=past, writes=written, home=view if view.home else state.home)
    if view.key == top.key:
        return replace(state, frames=(*state.frames[:-1], replace(top, view=view)))
    return _moved(state, act, element, view)


def _writes(top: Frame, act: Act, element: Element | None) -> bool:
    """Whether an action may have changed more than what is in front."""
    if act.kind in ("input_text", "keyboard_enter", "long_press", "double_tap", "unknown", "wait"):
        return True
    if act.kind != "click" or element is None:
        return act.kind == "click"
    decides = top.layer is Layer.DIALOG and element.kind != "p" and element.name not in NEGATIVE
    return decides or element.name in POSITIVE or element.checkable


def _moved(state: State, act: Act, element: Element | None, view: View) -> State:
    """The state where another screen is in front than before."""
    if act.kind in ("navigate_home", "open_app") or state.frames[-1].view.home:  # an app goes on where it was left
        return replace(state, frames=(Frame(view, layer(view, None), sure=False),))
    for place in range(len(state.frames) - 2, -1, -1):
        if state.frames[place].key == view.key:
            return _returned(state, place, view)
    if act.kind == "navigate_back" or (element is not None and element.name in UPWARD):
        return _changed_below(state, view)
    if act.kind in ("scroll", "input_text"):
        return replace(state, frames=(*state.frames[:-1], replace(state.frames[-1], view=view)))
    return _advanced(state, element, view)


def _returned(state: State, place: int, view: View) -> State:
    """A screen that lay below is in front again, so it stays when others cover it."""
    frames = (*state.frames[:place], replace(state.frames[place], view=view))
    staying = state.staying if len(state.staying) >= MAX_KNOWN else state.staying | {view.key}
    return replace(state, frames=frames, staying=staying)


def _changed_below(state: State, view: View) -> State:
    """BACK led to a screen that was not there: the page below in another state, or something unknown."""
    below = state.below
    if below is None or screen.likeness(below.view, view)[0] < IN_PLACE:
        return replace(state, frames=(Frame(view, layer(view, None), sure=False),))
    place = max(i for i, frame in enumerate(state.frames) if frame is below)
    frames = (*state.frames[:place], replace(below, view=view))
    return replace(_turned(state, below.view, view), frames=frames)


def _advanced(state: State, element: Element | None, view: View) -> State:
    """Something led to a new screen: over the one in front, or in the place of a page that is much like it."""
    top, kind = state.frames[-1], layer(view, element)
    if kind is Layer.MENU and screen.likeness(top.view, view)[0] >= IN_PLACE:
        kind = Layer.PAGE  # a menu covers the page that its button is on
    place = _place(state, view) if kind is Layer.PAGE else None
    if place is not None:
        old = state.frames[place].view
        switched = element is not None and element.checkable and place == len(state.frames) - 1
        state = _turned(state, old, view) if switched else state
        frame = replace(state.frames[place], view=view) if switched else Frame(view, kind, sure=False)
        return replace(state, frames=(*state.frames[:place], frame))
    kept = state.frames if kind is not Layer.PAGE or top.layer is Layer.PAGE else state.frames[: state.page + 1]
    sure = element is not None and element.name not in POSITIVE
    return replace(state, frames=(*kept, Frame(view, kind, sure))[-MAX_FRAMES:])


def _place(state: State, view: View) -> int | None:
    """Where a page lies whose place a new one may have taken: the one that it shares most with."""
    shares = [
        (screen.likeness(frame.view, view)[0], place)
        for place, frame in enumerate(state.frames)
        if frame.layer is Layer.PAGE
    ]
    best = max(shares, default=(0.0, 0))
    return best[1] if best[0] >= IN_PLACE else None


def _turned(state: State, old: View, new: View) -> State:
    """A page changed for good: who comes back to it finds it so."""
    if screen.likeness(old, new)[1] < SAME_PAGE and old.words != new.words:
        return state
    rest = tuple(pair for pair in state.newer if pair[0] not in (old.key, new.key))
    return replace(state, newer=(*rest, (old.key, new))[-MAX_KNOWN:])

"""When a step is determined. Each rule held on recordings before it was taken in; the rest is doubt.

The rules, in their order: actions that do not reach the device; a number that is not on the screen; text typed into an
input, and a touch of it; a check box on a page; the button that cancels a dialog; BACK and HOME; the same action in the
same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.domains.android import codec
from nextstate.domains.android.kernel.state import NEGATIVE, Layer, State
from nextstate.domains.android.screen import MAX_ELEMENTS, with_check, with_text

if TYPE_CHECKING:
    from nextstate.domains.android.codec import Act
    from nextstate.domains.android.kernel.state import Frame
    from nextstate.domains.android.screen import Element, View


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a step is not determined, in general words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step shows, and the rule that says so."""

    text: str
    rule: str


def answer(state: State, act: Act) -> Shown | Doubt:
    """What ``act`` shows, or why that is not determined."""
    top = state.top
    if top is None or not top.view.text.strip():
        return Doubt("no screen was shown yet")
    if act.kind in ("status", "answer"):
        return Shown(top.view.text, "not for the device")
    if not top.view.notation:
        return Doubt("the screen is in no known notation")
    element = touched(top.view, act)
    if act.index is not None and element is None:
        return _no_such(top.view, act.index)
    return (
        (_into_element(state, top, act, element) if element is not None else None)
        or (_back(state, top) if act.kind == "navigate_back" else None)
        or (_home(state) if act.kind == "navigate_home" else None)
        or (_again(state, act) if act.kind in (*codec.TOUCHES, *codec.MOVES) else None)
        or _doubt(act, element)
    )


def touched(view: View, act: Act) -> Element | None:
    """The element that an action is about."""
    if act.index is not None:
        return view.at(act.index)
    return view.under(act.x, act.y) if act.x is not None and act.y is not None else None


def _no_such(view: View, index: int) -> Shown | Doubt:
    """Where no element has the number, nothing is done; a number that is left out may be of one that is not shown."""
    count = sum(one.number == index for one in view.elements)
    if count:
        return Doubt("two elements have the number")
    if view.notation == "lines" and index < max((one.number for one in view.elements), default=MAX_ELEMENTS):
        return Doubt("the element with the number is not shown")
    return Shown(view.text, "no such element")


def _into_element(state: State, top: Frame, act: Act, element: Element) -> Shown | Doubt | None:
    if act.kind == "input_text":
        return _typed(top.view, act, element)
    if act.kind != "click":
        return None
    if element.editable:
        return _focused(state, top.view, element)
    if element.checkable and top.layer is Layer.PAGE and _toggles(top.view, element):
        return Shown(with_check(top.view, element), "a check box is switched")
    if element.name in NEGATIVE and top.layer is Layer.DIALOG and top.sure and state.below is not None:
        return _uncovered(state, state.below, "a dialog is cancelled")
    return None


def _typed(view: View, act: Act, element: Element) -> Shown | None:
    """In tags a text stands where the input's label stood; a field that searches shows results as well."""
    text = act.text or ""
    if view.notation != "tags" or not element.editable or "search" in element.label.casefold():
        return None
    if not text or text != text.strip() or "<" in text or not text.isprintable():
        return None
    changed = with_text(view, element, text)
    return None if changed is None else Shown(changed, "text is typed")


def _focused(state: State, view: View, element: Element) -> Shown | None:
    """A touch of an input changes nothing in tags, which show no keyboard, nor where the keyboard is out for it."""
    if view.notation == "tags":
        return Shown(view.text, "an input is touched")
    last = state.past.act if state.past is not None else None
    typed = last is not None and last.kind == "input_text" and element.text.strip() == (last.text or "").strip() != ""
    only = sum(one.editable for one in view.elements if one.own) == 1
    return Shown(view.text, "the input of the keyboard is touched") if view.keyboard and (typed or only) else None


def _toggles(view: View, element: Element) -> bool:
    """Whether an element is switched by a touch, and nothing else with it."""
    if view.notation == "tags":
        return element.kind == "checkbox"
    plain = element.kind.rpartition(".")[2] in ("CheckBox", "Switch", "SwitchCompat", "ToggleButton")
    return plain and element.text.casefold() not in ("on", "off")


def _back(state: State, top: Frame) -> Shown | Doubt | None:
    """BACK uncovers what lies below: under a page only what is known to stay, for much replaces itself."""
    below = state.below
    if below is None:
        return Doubt("what lies below was not shown")
    if not top.sure:
        return Doubt("whether the screen lies above the last one")
    if _keyboard(top):
        return Doubt("BACK may only close the keyboard")
    if top.layer is Layer.PAGE and below.key not in state.staying:
        return Doubt("whether the screen below is still there")
    return _uncovered(state, below, f"BACK from a {top.layer.value}")


def _keyboard(top: Frame) -> bool:
    """Whether a keyboard may be out: it is shown, an input has the focus, or a dialog has one, which gets it."""
    inputs = [one for one in top.view.elements if one.editable]
    focused = any("focused" in one.flags for one in inputs)
    return top.view.keyboard or focused or (bool(inputs) and top.layer is not Layer.PAGE)


def _uncovered(state: State, below: Frame, rule: str) -> Shown:
    return Shown(state.newest(below.view).text, rule)


def _home(state: State) -> Shown | Doubt:
    return Doubt("the home screen was not shown") if state.home is None else Shown(state.home.text, "HOME")


def _again(state: State, act: Act) -> Shown | Doubt | None:
    """The same action in the same place leads to the same screen, as long as nothing was written in between.

    That it led to one screen before and after something was written is not enough: something else may be written next.
    """
    links = list(state.links(act))
    if not links:
        return None
    last = state.newest(links[0].view)
    if state.top is not None and state.top.view.home and last.key != state.top.key:
        return Doubt("what an application opens with")
    if {state.newest(link.view).key for link in links} != {last.key}:
        return Doubt("it led to different screens")
    if links[0].writes != state.writes:
        return Doubt("it led there before something was changed")
    return Shown(last.text, "the same action led there")


def _doubt(act: Act, element: Element | None) -> Doubt:
    if act.kind in codec.TOUCHES and act.x is not None and element is None:
        return Doubt("nothing known lies at the point")
    return Doubt(_REASONS.get(act.kind, "what an element leads to"))


_REASONS = {
    "input_text": "what typing changes",
    "open_app": "what an application opens with",
    "scroll": "what scrolling uncovers",
    "swipe": "what a swipe uncovers",
    "wait": "what happens meanwhile",
    "keyboard_enter": "what ENTER does",
    "unknown": "what an unknown action does",
}

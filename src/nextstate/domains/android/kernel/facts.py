"""What a model is told where a step is not determined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domains.android.kernel.rules import touched
from nextstate.domains.android.kernel.state import Layer

if TYPE_CHECKING:
    from nextstate.domains.android.codec import Act
    from nextstate.domains.android.kernel.state import State
    from nextstate.domains.android.screen import View

MAX_LABEL = 200
"""Characters of one element."""
MAX_LABELS = 30
"""Elements of one screen."""
MAX_FACTS = 2_000
"""Characters of everything."""


def facts(state: State, act: Act) -> str:
    """Short sentences about the action and the screens that it may lead to."""
    top = state.top
    if top is None:
        return ""
    said = []
    if (element := touched(top.view, act)) is not None:
        whole = top.view.text[element.start : element.end]
        said.append(f"The action is about this element: {_short(whole)}")
    if act.text:
        said.append(f"The text typed is {_short(repr(act.text))}.")
    if top.view.application:
        said.append(f"The application in front is {_short(top.view.application)}.")
    if top.view.keyboard:
        said.append("The keyboard is on the screen.")
    if top.layer is not Layer.PAGE:
        said.append(f"In front is a {top.layer.value}.")
    if (last := next(state.links(act), None)) is not None:
        said.append(f"When this was done here before, the screen showed: {labels(last.view)}")
    elif act.kind == "navigate_back" and (below := state.below) is not None:
        said.append(f"A screen that may lie below showed: {labels(below.view)}")
    return "\n".join(said)[:MAX_FACTS]


def known(state: State) -> str:
    """Which screen is in front, and which may lie below it."""
    top = state.top
    if top is None:
        return ""
    said = [f"The application in front is {_short(top.view.application)}."] if top.view.application else []
    said += ["The keyboard is on the screen."] if top.view.keyboard else []
    said.append(f"In front is a {top.layer.value}; it shows: {labels(top.view)}")
    if (below := state.below) is not None:
        said.append(f"A screen that may lie below showed: {labels(below.view)}")
    return "\n".join(said)[:MAX_FACTS]


def labels(view: View) -> str:
    """The names of the first elements of a screen."""
    found = [one.label for one in view.elements if one.own and one.label]
    more = f" and {len(found) - MAX_LABELS} more" if len(found) > MAX_LABELS else ""
    return "; ".join(_short(label)[:40] for label in found[:MAX_LABELS]) + more


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "\u2026"

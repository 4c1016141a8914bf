"""Executable checks of a screen: rules that hold whatever the apps do. False is said only where it is certain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domain import last_screen
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.android import codec, screen
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.domain import Check
    from nextstate.types import Observation, Query

_LINE = re.compile(r'(package \S|\d{1,9} (?:[\w.$/:@+-]+|"(?:[^"\\]|\\.)*+")(?= |$))')
_BROKEN = re.compile(r"keeps stopping|has stopped|isn[\u2019']t responding|is not responding", re.IGNORECASE)


def _act(query: Query) -> codec.Act | None:
    try:
        return codec.parse(query.action)
    except ActionError:
        return None


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A screen is in the notation of the one before: every line is an element or a package, or it begins with a tag."""
    expected = screen.notation(last_screen(query))
    if not expected:
        return None
    if expected == "tags" or not observation.strip():
        return screen.notation(observation) == expected
    return all(_LINE.match(line) for line in observation.split("\n"))


def numbers_go_up(query: Query, observation: Observation) -> bool | None:
    """The numbers of lines go up. Tags may join what was seen while a screen was scrolled."""
    view = screen.read(observation)
    numbers = [one.number for one in view.elements]
    if view.notation != "lines" or not numbers:
        return None
    return all(one < other for one, other in pairwise(numbers))


def corners_are_boxes(query: Query, observation: Observation) -> bool | None:
    """Where corners are shown, some element has an area; elements that are scrolled away may have none."""
    boxes = [one.bounds for one in screen.read(observation).elements if one.bounds is not None]
    if not boxes:
        return None
    return any(left < right and top < bottom for left, top, right, bottom in boxes)


def unmoved(query: Query, observation: Observation) -> bool | None:
    """What is not for the device leaves the screen as it is."""
    act = _act(query)
    if act is None or act.kind not in ("status", "answer") or not last_screen(query):
        return None
    return codec.canonical(observation) == codec.canonical(last_screen(query))


def no_such_element(query: Query, observation: Observation) -> bool | None:
    """An action on a number beyond the last of the screen has no effect."""
    act, view = _act(query), screen.read(last_screen(query))
    if act is None or act.index is None or not view.elements or act.index <= max(one.number for one in view.elements):
        return None
    return codec.canonical(observation) == view.key


def typed_is_shown(query: Query, observation: Observation) -> bool | None:
    """Where text was typed into an empty input, the screen does not stay as it was."""
    act, view = _act(query), screen.read(last_screen(query))
    if act is None or act.kind != "input_text" or act.index is None or not (act.text or "").strip():
        return None
    element = view.at(act.index)
    if element is None or not element.editable or element.flags & {"disabled", "password"}:
        return None
    if element.text not in ("", element.hint):
        return None
    return codec.canonical(observation) != view.key


def ticked_is_checkable(query: Query, observation: Observation) -> bool | None:
    """What is checked can be checked."""
    ticked = [one for one in screen.read(observation).elements if "checked" in one.flags]
    return all(one.checkable for one in ticked) if ticked else None


def one_focus(query: Query, observation: Observation) -> bool | None:
    """At most one input has the focus."""
    elements = screen.read(observation).elements
    if not elements:
        return None
    return sum("focused" in one.flags and one.editable for one in elements) <= 1


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether the screen reports a failure: an app that crashed or hangs. ``None`` where it is no screen.

    A device has no error texts of its own: an action that cannot be done leaves the screen as it is.
    """
    view = screen.read(observation)
    if not view.elements:
        return None
    return any(_BROKEN.search(text[:500]) for one in view.elements for text in (one.text, one.description))


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "numbers_go_up": numbers_go_up,
        "corners_are_boxes": corners_are_boxes,
        "screen_is_unmoved": unmoved,
        "no_such_element": no_such_element,
        "typed_is_shown": typed_is_shown,
        "ticked_is_checkable": ticked_is_checkable,
        "one_focus": one_focus,
        "no_reply_tags": no_reply_tags,
    }
)

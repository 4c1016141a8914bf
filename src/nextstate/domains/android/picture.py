"""A screen as a picture: boxes where the corners are known, an outline where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import picture
from nextstate.domain.picture import TEXT, Box, Key
from nextstate.domains.android import screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.types import Observation


_KEYS = (
    Key("Back", '{"action_type": "navigate_back"}'),
    Key("Home", '{"action_type": "navigate_home"}'),
    Key("Enter", '{"action_type": "keyboard_enter"}'),
    Key("Scroll down", '{"action_type": "scroll", "direction": "down"}'),
    Key("Scroll up", '{"action_type": "scroll", "direction": "up"}'),
    Key("Wait", '{"action_type": "wait"}'),
    Key("Open app…", fill='{"action_type": "open_app", "app_name": ' + TEXT + "}"),
)


def page(observation: Observation) -> str:
    """The picture of a screen; the plain lines of one that is in no known notation."""
    view = screen.read(observation)
    title = f"Screen of {view.application}" if view.application else "Screen"
    return picture.page(title, _boxes(view) if view.elements else picture.lines(observation), _KEYS)


def _boxes(view: screen.View) -> Iterator[Box]:
    for one in view.elements:
        text = one.text.replace("<br>", " / ") if view.notation == "tags" else one.text
        shown = text or one.description or (f"({one.hint})" if one.hint else "")
        states = tuple(sorted(one.flags - {"focusable"}))
        click, fill = _acts(one)
        yield Box(one.kind, shown, states, one.bounds, id=str(one.number), click=click, fill=fill)


def _acts(one: screen.Element) -> tuple[str, str]:
    """The actions that touch an element and type into it, where it looks as if it took them."""
    touched = one.editable or one.checkable or "clickable" in one.flags or one.kind in _TOUCHED
    click = f'{{"action_type": "click", "index": {one.number}}}' if touched else ""
    fill = f'{{"action_type": "input_text", "index": {one.number}, "text": {TEXT}}}' if one.editable else ""
    return click, fill


_TOUCHED = frozenset(("button", "checkbox", "input"))
"""Tags of elements that react to a touch."""

"""A screen as a picture: boxes where the corners are known, an outline where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import picture
from nextstate.domain.picture import Box
from nextstate.domains.android import screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.types import Observation


def page(observation: Observation) -> str:
    """The picture of a screen; the plain lines of one that is in no known notation."""
    view = screen.read(observation)
    title = f"Screen of {view.application}" if view.application else "Screen"
    return picture.page(title, _boxes(view) if view.elements else picture.lines(observation))


def _boxes(view: screen.View) -> Iterator[Box]:
    for one in view.elements:
        text = one.text.replace("<br>", " / ") if view.notation == "tags" else one.text
        shown = text or one.description or (f"({one.hint})" if one.hint else "")
        states = tuple(sorted(one.flags - {"focusable"}))
        yield Box(one.kind, shown, states, one.bounds, id=str(one.number))

"""What the kernel knows: the stack of screens and what followed what. All values are immutable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domains.android.screen import BACK, TOUCHABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domains.android.codec import Act
    from nextstate.domains.android.screen import Element, View

MAX_FRAMES = 64
"""How many screens may lie above one another; the lowest ones are forgotten."""
MAX_LINKS = 2_000
"""How far the past is searched, in turns."""
MAX_KNOWN = 1_000
"""The most screens that are known to stay, and the most changes of screens that are remembered."""


class Layer(StrEnum):
    """What a screen is, as far as the way back matters. All but pages close when something is chosen on them."""

    PAGE = "page"
    MENU = "menu"
    CHOICE = "choice"
    """A list of things to tick or to choose from, and nothing else."""
    DIALOG = "dialog"


NEGATIVE = frozenset(("cancel", "no"))
"""Buttons that close a dialog and change nothing."""
REFUSING = frozenset(("deny",))
"""Buttons that only dialogs have, and that change something."""
POSITIVE = frozenset(("ok", "yes", "done", "save", "delete", "allow", *REFUSING))
"""Buttons that carry something out."""
UPWARD = frozenset(("navigate up", "back", "up", "close", "collapse"))
"""Buttons that do what BACK does, most often."""
OVERFLOW = frozenset(("more options", "options", "menu"))
"""What the button that opens a menu is called."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A screen on the stack. ``sure``: whether it is known to lie above the frame below it, not in its place."""

    view: View
    layer: Layer = Layer.PAGE
    sure: bool = True

    @property
    def key(self) -> str:
        """Equal screens have equal keys."""
        return self.view.key


Context: TypeAlias = "tuple[str, ...]"
"""The keys of the page in front and of what lies over it."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One turn of the past: in ``context`` the action ``act`` led to ``view`` when ``writes`` things were written."""

    context: Context
    act: Act
    view: View
    writes: int
    before: Link | None


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The stack (the last frame is in front), the past, and what is known of screens.

    ``staying`` holds the keys of screens that were come back to; ``newer`` maps the key of a screen to the one it
    turned into; ``home`` is the launcher's screen as last shown.
    """

    frames: tuple[Frame, ...] = ()
    past: Link | None = None
    writes: int = 0
    staying: frozenset[str] = frozenset()
    newer: tuple[tuple[str, View], ...] = ()
    home: View | None = None

    @property
    def top(self) -> Frame | None:
        """What is in front; ``None`` before anything was shown."""
        return self.frames[-1] if self.frames else None

    @property
    def page(self) -> int:
        """The place of the page in front; of the lowest frame where there is none."""
        place = len(self.frames) - 1
        while place > 0 and self.frames[place].layer is not Layer.PAGE:
            place -= 1
        return place

    @property
    def below(self) -> Frame | None:
        """The page that comes to the front when what is there closes."""
        last = self.page if self.frames and self.frames[-1].layer is not Layer.PAGE else self.page - 1
        for place in range(last, -1, -1):
            if self.frames[place].layer is Layer.PAGE:
                return self.frames[place]
        return None

    @property
    def context(self) -> Context:
        """What the effect of an action depends on."""
        return tuple(frame.key for frame in self.frames[self.page :])

    def links(self, act: Act) -> Iterator[Link]:
        """When ``act`` was done in this context before, the latest first."""
        context, link = self.context, self.past
        for _ in range(MAX_LINKS):
            if link is None:
                return
            if link.act == act and link.context == context:
                yield link
            link = link.before

    def newest(self, view: View) -> View:
        """What a screen turned into since; itself where it did not change."""
        for _ in range(MAX_KNOWN):
            found = next((after for key, after in self.newer if key == view.key), None)
            if found is None:
                return view
            view = found
        return view


def layer(view: View, via: Element | None) -> Layer:
    """What a screen is that the element ``via`` led to."""
    own = [one for one in view.elements if one.own and one.label and one.name != BACK]
    names = {one.name for one in own}
    if via is not None and via.name in OVERFLOW:
        return Layer.MENU
    acting = [one for one in own if one.editable or one.flags & TOUCHABLE]
    if acting and all(one.checkable for one in acting):
        return Layer.CHOICE
    return Layer.DIALOG if names & (NEGATIVE | REFUSING | {"ok"}) else Layer.PAGE

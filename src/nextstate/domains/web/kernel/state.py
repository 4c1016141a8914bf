"""What the kernel remembers: the tabs with their histories, the pages that were loaded, and how its rules fared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from nextstate.domains.web.page import Page

DECLARED = 1_000
"""How often a page counts as loaded that the set-up declares."""
MAX_KEPT = 500
"""Pages, steps and pieces of evidence that are remembered, the latest."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page in the history of a tab. ``plainly`` says that it was reached by its address and nothing was entered."""

    url: str
    plainly: bool


@dataclass(frozen=True, slots=True)
class View:
    """A tab. ``tree`` is its page as it was last seen, empty where it was not.

    ``past`` and ``future`` are the pages before and after this one, the nearest last; ``None`` where it is not known
    which they are. ``whole`` says that nothing lies before ``past``. ``plainly`` and the opposite of ``entered`` become
    the :class:`Visit` of the page once it is left. ``loading`` says that the page may have been loading still when it
    was last seen.
    """

    url: str
    title: str
    tree: str = ""
    past: tuple[Visit, ...] | None = ()
    future: tuple[Visit, ...] | None = ()
    whole: bool = False
    plainly: bool = False
    entered: bool = False
    loading: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A page as it is when it was just loaded, and how often it was so since the server's state may have changed."""

    title: str
    tree: str
    times: int


_NONE: Mapping[str, Loaded] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """The screen and what was learned.

    ``page`` is ``None`` where the screen has a form that is not understood. ``pending`` says that the page may still be
    loading. ``loaded`` has pages by address; ``steps`` what an action showed on a screen; ``evidence`` how often a rule
    was right and wrong, by rule and place; ``plain`` the addresses of sites that the set-up declares to be plain.
    """

    text: str
    page: Page | None
    views: tuple[View, ...] = ()
    pending: bool = True
    loaded: Mapping[str, Loaded] = field(default_factory=lambda: _NONE)
    steps: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    evidence: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    plain: tuple[str, ...] = ()

    @property
    def view(self) -> View | None:
        """The tab that is shown."""
        return self.views[self.page.active] if self.page and self.page.active < len(self.views) else None

    @property
    def is_plain(self) -> bool:
        """Whether the set-up declares the site of the page that is shown to be plain."""
        return self.page is not None and is_plain(self.plain, self.page.url)


def is_plain(prefixes: tuple[str, ...], url: str) -> bool:
    """Whether an address is an empty tab's, or begins with one of ``prefixes``."""
    return url == "about:blank" or any(url.startswith(prefix) for prefix in prefixes)


Key = TypeVar("Key")
Kept = TypeVar("Kept")


def kept(memory: Mapping[Key, Kept], key: Key, value: Kept) -> Mapping[Key, Kept]:
    """``memory`` with one more entry, without its oldest one where there are too many."""
    new = {one: old for one, old in memory.items() if one != key}
    new[key] = value
    if len(new) > MAX_KEPT:
        del new[next(iter(new))]
    return MappingProxyType(new)

"""What foreign programs take a world for: a search engine, a device. How their requests become actions of a domain.

A domain that is such a world says so by a value of these types; a server that speaks the protocol of such programs asks
it, and knows nothing else of the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nextstate.types import Action, Observation, Setup


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result: its address, its title, and what the engine shows of its text."""

    url: str
    title: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class SearchEngine:
    """A world that searches and shows pages.

    ``search`` is the action that searches for a text, for so many results where the set-up's tools can be told
    (``None``: as many as they show), ``fetch`` the one that shows the page at an address, with what is wanted from it
    (perhaps nothing); both raise :class:`~nextstate.errors.ActionError` where the set-up has no tool for it. ``hits``
    reads what a search showed, ``page`` what a page did; ``None`` where they show neither, or that it failed.
    """

    search: Callable[[Setup, str, int | None], Action]
    hits: Callable[[Observation], tuple[Hit, ...] | None]
    fetch: Callable[[Setup, str, str], Action]
    page: Callable[[Observation], str | None]


@dataclass(frozen=True, slots=True)
class Device:
    """A world that is a device with a touch screen, whose programs are the shell's of a phone.

    ``act`` is the action that a command of that shell does to a screen, by its words (``("input", "tap", "540",
    "1200")``), or ``None`` where it does nothing that this world can show; raises
    :class:`~nextstate.errors.ActionError` for wrong usage. ``dump`` is the screen as the XML of uiautomator, ``size``
    its width and height in pixels, which are the unit of points and corners in both; ``front`` the package in front,
    which may be empty.
    """

    act: Callable[[Observation, tuple[str, ...]], Action | None]
    dump: Callable[[Observation], str]
    size: Callable[[Observation], tuple[int, int]]
    front: Callable[[Observation], str]

"""What a scripted Android app is described with: screens of items, and what touching them does. Plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Note: TypeAlias = "tuple[str, str]"
"""A record of a list: what its row shows, and the text behind it."""
Value: TypeAlias = "str | bool | tuple[Note, ...]"
"""What an app remembers under a name."""


@dataclass(frozen=True, slots=True)
class Do:
    """One thing that happens: a ``verb`` and what it is about.

    ``go`` opens the screen ``name`` over the one in front. ``close`` closes what lies over the page in front, ``leave``
    that page, if it is the screen ``name`` or ``name`` is empty. ``set`` gives the variable ``name`` a ``value``.
    Of the list ``notes``, ``add`` makes a new record of the variables ``name`` and ``value``, ``rename`` gives the open
    record the title in the variable ``name``, and ``drop`` takes the open record away.
    """

    verb: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An element. ``$name`` in its texts stands for a variable, ``$row`` and ``$body`` for the record that is open.

    ``kind``: ``text``, ``button``, ``icon`` (which has a description and no text), ``row``, ``field`` (``name`` is its
    variable, ``text`` its hint), ``check`` (``name`` is its variable) or ``choice`` (ticked where that is ``text``).
    """

    kind: str
    text: str = ""
    name: str = ""
    do: tuple[Do, ...] = ()
    hold: tuple[Do, ...] = ()
    """What a long touch does."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: a ``page``, or a ``menu``, ``choice`` or ``dialog`` over one. ``bar`` lies beside the title.

    ``each`` is shown once for every record of ``notes``, below the other items. A list that ``scrolls`` shows as many
    items as have room.
    """

    layer: str = "page"
    title: str = ""
    bar: tuple[Item, ...] = ()
    items: tuple[Item, ...] = ()
    each: Item | None = None
    scrolls: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """An app: its name on the launcher, its package, the screens, of which ``main`` is the first, and its memory."""

    name: str
    package: str
    screens: Mapping[str, Screen]
    memory: Mapping[str, Value] = field(default_factory=dict)

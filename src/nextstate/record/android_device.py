"""A scripted Android device: a launcher and apps that are described as data, and what an action makes of them.

Everything is a pure function of the device and the action. An action is AndroidWorld's; what the platform does is as
on a real device: BACK first closes the keyboard, a menu closes when something is chosen on it, an app that is opened
again is where it was left, and a touch of nothing does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from string import Template
from typing import TYPE_CHECKING

from nextstate.record.android_apps import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.domains.android.codec import Act
    from nextstate.record.android_parts import Do, Item, Note, Screen, Script, Value

ROOM = 14
"""How many items of a scrolling list are on the screen."""
MAX_PLACES = 50
"""How many screens of an app may lie above one another."""
MAX_TYPED = 10_000
"""Characters of a field."""


@dataclass(frozen=True, slots=True)
class Place:
    """A screen of an app: its name, how far it is scrolled, in items, and the record that is open on it."""

    screen: str
    offset: int = 0
    row: Note = ("", "")


@dataclass(frozen=True, slots=True)
class Device:
    """The device: which app is in front (none: the launcher), the places of each app, and what the apps remember."""

    scripts: tuple[Script, ...] = SCRIPTS
    front: str = ""
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    memory: Mapping[tuple[str, str], Value] = field(default_factory=dict)
    focus: str = ""
    """The field that is typed into."""
    keyboard: bool = False
    steps: int = 0

    @property
    def script(self) -> Script | None:
        """The app in front."""
        return next((one for one in self.scripts if one.name == self.front), None)

    @property
    def stack(self) -> tuple[Place, ...]:
        """The places of the app in front, the last one on top."""
        return self.places.get(self.front, ())

    @property
    def screen(self) -> Screen | None:
        """The screen in front; ``None`` for the launcher."""
        script = self.script
        return script.screens[self.stack[-1].screen] if script and self.stack else None

    def value(self, name: str) -> Value:
        """What the app in front remembers; an empty text where that is nothing."""
        script = self.script
        default = script.memory.get(name, "") if script else ""
        return self.memory.get((self.front, name), default)

    def worded(self, text: str, row: Note | None = None) -> str:
        """A text of the script with its variables filled in."""
        if "$" not in text:
            return text
        title, body = row or self.stack[-1].row
        names = {key: str(self.value(key)) for key in ("size", "level", "order")}
        return Template(text).safe_substitute(names, row=title, body=body)

    def items(self) -> tuple[tuple[Item, Note], ...]:
        """What is on the page in front besides its title, and the record that each item is about."""
        screen = self.screen
        if screen is None:
            return ()
        place = self.stack[-1]
        found = [(item, place.row) for item in screen.items]
        if screen.each is not None:
            notes = self.value("notes")
            found += [(screen.each, note) for note in notes] if isinstance(notes, tuple) else []
        shown = found[place.offset : place.offset + ROOM] if screen.scrolls else found
        return (*((item, place.row) for item in screen.bar), *shown)


def touched(device: Device, item: Item, row: Note, *, held: bool = False) -> Device:
    """The device after an item was touched."""
    if item.kind == "field":
        return device if held else replace(device, focus=item.name, keyboard=True)
    if item.kind == "check" and not held:
        return _remember(device, item.name, not device.value(item.name))
    return _done(device, item.hold if held else item.do, row)


def typed(device: Device, text: str, *, clear: bool) -> Device:
    """The device after text was typed into the field that has the focus; without one nothing happens."""
    if not device.focus:
        return device
    before = "" if clear else str(device.value(device.focus))
    return replace(_remember(device, device.focus, (before + text)[:MAX_TYPED]), keyboard=True)


def moved(device: Device, act: Act) -> Device:
    """The device after an action that is about no element."""
    if act.kind == "navigate_home":
        return _left(replace(device, front=""))
    if act.kind == "navigate_back":
        return _backed(device)
    if act.kind == "open_app":
        return _opened(device, act.app_name or "")
    if act.kind == "keyboard_enter":
        return replace(device, keyboard=False)
    if act.kind in ("scroll", "swipe"):
        further = act.direction == ("down" if act.kind == "scroll" else "up")
        return _scrolled(device, ROOM // 2 if further else -(ROOM // 2)) if act.direction in ("up", "down") else device
    return device


def _opened(device: Device, name: str) -> Device:
    script = next((one for one in device.scripts if one.name.casefold() == name.strip().casefold()), None)
    if script is None:
        return device
    opened = _left(replace(device, front=script.name))
    return opened if opened.stack else _placed(opened, (Place("main"),))


def _backed(device: Device) -> Device:
    if device.keyboard:
        return replace(device, keyboard=False)
    if len(device.stack) < 2:
        return _left(replace(device, front=""))
    return _left(_placed(device, device.stack[:-1]))


def _scrolled(device: Device, by: int) -> Device:
    screen = device.screen
    if screen is None or not screen.scrolls:
        return device
    place = device.stack[-1]
    last = max(len(screen.items) - ROOM, 0)
    return _placed(device, (*device.stack[:-1], replace(place, offset=min(max(place.offset + by, 0), last))))


def _done(device: Device, what: Iterable[Do], row: Note) -> Device:
    for one in what:
        device = _one(device, one, row)
    return device


def _one(device: Device, one: Do, row: Note) -> Device:
    if one.verb == "go":
        return _left(_placed(device, (*device.stack, Place(one.name, row=row))[-MAX_PLACES:]))
    if one.verb == "close":
        return _left(_placed(device, _pages(device)))
    if one.verb == "leave":
        there = not one.name or device.stack[-1].screen == one.name
        return _left(_placed(device, device.stack[:-1])) if there and len(device.stack) > 1 else device
    if one.verb == "set":
        return _remember(device, one.name, one.value)
    return _listed(device, one, device.stack[-1].row)


def _listed(device: Device, one: Do, row: Note) -> Device:
    """The device after a change of its list of notes."""
    notes = device.value("notes")
    if not isinstance(notes, tuple):
        return device
    if one.verb == "add":
        title = str(device.value(one.name)).strip()
        return _remember(device, "notes", (*notes, (title, str(device.value(one.value))))) if title else device
    if one.verb == "drop":
        return _remember(device, "notes", tuple(note for note in notes if note != row))
    title = str(device.value(one.name)).strip() or row[0]
    renamed = tuple((title, note[1]) if note == row else note for note in notes)
    places = tuple(replace(place, row=(title, row[1])) if place.row == row else place for place in device.stack)
    return _placed(_remember(device, "notes", renamed), places)


def _pages(device: Device) -> tuple[Place, ...]:
    """The places of the app in front without what lies over its page."""
    script, places = device.script, device.stack
    while script and len(places) > 1 and script.screens[places[-1].screen].layer != "page":
        places = places[:-1]
    return places


def _placed(device: Device, places: tuple[Place, ...]) -> Device:
    return replace(device, places={**device.places, device.front: places})


def _remember(device: Device, name: str, value: Value) -> Device:
    return replace(device, memory={**device.memory, (device.front, name): value})


def _left(device: Device) -> Device:
    """The device when another screen is in front: nothing has the focus there."""
    return replace(device, focus="", keyboard=False)

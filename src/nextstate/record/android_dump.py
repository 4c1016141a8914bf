"""What uiautomator would dump of the scripted device: XML of nodes with their places on a screen of 1080 x 2400."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.record.android_device import Device
    from nextstate.record.android_parts import Item, Note, Screen

Box: TypeAlias = "tuple[int, int, int, int]"
"""Left, top, right, bottom, in pixels."""

LAUNCHER = "org.example.launcher"
SYSTEM = "com.android.systemui"
SCREEN = (0, 0, 1080, 2400)
LIST = (0, 275, 1080, 2337)
BAR = (0, 128, 1080, 275)
ROW = 147
"""The height of an item."""
STEPS_A_MINUTE = 3
"""How many actions the clock takes for a minute."""

_CLASSES = {
    "text": "TextView",
    "button": "Button",
    "icon": "ImageButton",
    "row": "TextView",
    "field": "EditText",
    "check": "CheckBox",
    "choice": "CheckedTextView",
}
_AREAS: dict[str, Box] = {
    "menu": (540, 128, 1040, 2337),
    "choice": (90, 900, 990, 2337),
    "dialog": (90, 900, 990, 2337),
}
"""Where the items of what lies over a page stand."""
_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FALSE = ("checkable", "checked", "clickable", "focusable", "focused", "scrollable", "long-clickable", "selected")


@dataclass(frozen=True, slots=True)
class Node:
    """A node and how deep it lies; the item that is touched through it, with the record that the item is about."""

    depth: int
    attributes: dict[str, str]
    item: Item | None = None
    row: Note = ("", "")
    opens: str = ""
    """The app that it opens."""


def xml(device: Device) -> str:
    """The dump of a device."""
    parts = ["<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\">"]
    depth = 0
    for node in nodes(device):
        parts.append("</node>" * (depth - node.depth))
        given = " ".join(f"{name}={quoteattr(_UNFIT.sub('.', value))}" for name, value in node.attributes.items())
        parts.append(f"<node {given}>")
        depth = node.depth + 1
    return "".join((*parts, "</node>" * depth, "</hierarchy>"))


def nodes(device: Device) -> tuple[Node, ...]:
    """The nodes of the screen in document order, so that their places in it are their numbers."""
    return (*_application(device), *_status_bar(device))


def _application(device: Device) -> Iterator[Node]:
    screen, script = device.screen, device.script
    package = script.package if script else LAUNCHER
    yield Node(0, _attributes("FrameLayout", package, SCREEN))
    if screen is None:
        for place, one in enumerate(device.scripts):
            box = (76 + 252 * place, 1873, 249 + 252 * place, 2068)
            shown = _attributes("TextView", package, box, text=one.name, desc=one.name, states=_TOUCHED)
            yield Node(1, shown, opens=one.name)
        return
    if screen.title:
        left, top, right, _ = _AREAS.get(screen.layer, BAR)
        title = device.worded(screen.title)
        box = (left + 170, top + 38, right - 320, top + 109)
        yield Node(1, _attributes("TextView", package, box, text=title, name="title"))
    yield from _items(device, screen, package)


def _items(device: Device, screen: Screen, package: str) -> Iterator[Node]:
    deep = 2 if screen.scrolls else 1
    if screen.scrolls:
        kind = "androidx.recyclerview.widget.RecyclerView"
        yield Node(1, _attributes(kind, package, LIST, name="list", states=("focusable", "scrollable")))
    boxes = _boxes(device, screen)
    shown = list(zip(device.items(), boxes, strict=True))
    bar = len(screen.bar)
    for (item, row), box in shown[bar:]:
        yield Node(deep, _item(device, item, row, package, box), item, row)
    for (item, row), box in shown[:bar]:
        yield Node(1, _item(device, item, row, package, box), item, row)


def _boxes(device: Device, screen: Screen) -> Iterator[Box]:
    """Where the items of a screen stand: those of the bar beside the title, the others below one another."""
    for place, item in enumerate(screen.bar):
        left = 0 if item.text == "Navigate up" else 1080 - ROW * (len(screen.bar) - place)
        yield left, BAR[1], left + ROW, BAR[3]
    left, top, right, _ = _AREAS.get(screen.layer, LIST)
    top += ROW if screen.title and screen.layer != "page" else 0
    for _ in range(len(device.items()) - len(screen.bar)):
        yield left, top, right, top + ROW
        top += ROW


_TOUCHED = ("clickable", "focusable")


def _item(device: Device, item: Item, row: Note, package: str, box: Box) -> dict[str, str]:
    """The attributes of an item."""
    text, states = device.worded(item.text, row), list(_TOUCHED) if item.kind != "text" else []
    states += ["long-clickable"] if item.hold or item.kind == "field" else []
    value = device.value(item.name)
    if item.kind in ("check", "choice"):
        states += ["checkable"] + (["checked"] if value is True or value == item.text else [])
    if item.kind == "field":
        states += ["focused"] if item.name == device.focus else []
        return _attributes("EditText", package, box, str(value) or text, name=item.name, states=states, hint=text)
    icon = item.kind == "icon"
    return _attributes(_CLASSES[item.kind], package, box, "" if icon else text, text if icon else "", states=states)


def _status_bar(device: Device) -> Iterator[Node]:
    minutes = 9 * 60 + 41 + device.steps // STEPS_A_MINUTE
    clock = f"{minutes // 60 % 24:02}:{minutes % 60:02}"
    yield Node(0, _attributes("FrameLayout", SYSTEM, (0, 0, 1080, 128)))
    yield Node(1, _attributes("TextView", SYSTEM, (50, 1, 148, 128), text=clock, desc=clock, name="clock"))


def _attributes(
    kind: str,
    package: str,
    box: Box,
    text: str = "",
    desc: str = "",
    *,
    name: str = "",
    states: tuple[str, ...] | list[str] = (),
    hint: str = "",
) -> dict[str, str]:
    left, top, right, bottom = box
    return {
        "text": text,
        "resource-id": f"{package}:id/{name.replace(' ', '_')}" if name else "",
        "class": kind if "." in kind else f"android.widget.{kind}",
        "package": package,
        "content-desc": desc,
        **{state: "true" if state in states else "false" for state in _FALSE},
        "enabled": "true",
        "hint": hint,
        "bounds": f"[{left},{top}][{right},{bottom}]",
    }

"""A screen as a program with ``adb`` sees it, and what the commands of the device's shell do to it.

The commands are Android's own: ``input`` (tap, swipe, text, keyevent; frameworks/base/cmds/input), ``am start`` and
``monkey`` (frameworks/base/cmds). A dump has the form of ``uiautomator dump``, with every element below one frame: a
screen does not tell which lies in which. Points and corners are pixels; the corners of a screen that tells them as
fractions, or (in tags) not at all, are made up from its order, the same in dumps and in touches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from nextstate.domain.shapes import Device
from nextstate.domains.android import screen
from nextstate.domains.android.codec import Act, render
from nextstate.domains.android.screen import TOUCHABLE, Element, View
from nextstate.errors import ActionError

if TYPE_CHECKING:
    from nextstate.domain.picture import Bounds
    from nextstate.types import Action, Observation

WIDTH, HEIGHT = 1080, 2400
"""The display in pixels, unless a screen shows that it is larger."""
ROW = 120
"""Pixels of an element in tags."""
STILL = 24
"""Pixels that a finger may move in a touch."""
LONG = 500
"""Milliseconds after which a touch is a long one."""

KEYS = {
    "KEYCODE_HOME": "navigate_home",
    "3": "navigate_home",
    "KEYCODE_BACK": "navigate_back",
    "4": "navigate_back",
    "KEYCODE_ENTER": "keyboard_enter",
    "66": "keyboard_enter",
    "KEYCODE_NUMPAD_ENTER": "keyboard_enter",
    "160": "keyboard_enter",
}
"""Keys that have an action, by name and by number (android.view.KeyEvent)."""
_SOURCES = frozenset("touchscreen keyboard mouse dpad touchpad stylus trackball touchnavigation".split())
_GENERIC = frozenset("com org net io android app apps google mobile launcher main activity".split())
"""Parts of a package's name that say nothing about the app."""


def act(observation: Observation, words: tuple[str, ...]) -> Action | None:
    """The action of a command; ``None`` where it has none. Raises :class:`ActionError` for wrong usage."""
    name, rest = (words[0], words[1:]) if words else ("", ())
    view = screen.read(observation)
    if name == "input":
        return _input(view, rest)
    if name == "am" and rest[:1] in (("start",), ("start-activity",)):
        return _started(view, rest[1:])
    if name == "monkey":
        return _opened(view, _after(rest, "-p"))
    return None


def _input(view: View, words: tuple[str, ...]) -> Action | None:
    if words[:1] and words[0] in _SOURCES:
        words = words[1:]
    if words[:1] in (("-d",), ("--display",)):
        words = words[2:]
    verb, given = (words[0], words[1:]) if words else ("", ())
    known = _VERBS.get(verb)
    if known is None:
        raise ActionError(f"Error: Unknown command: {verb[:80]}")
    return known(view, given)


def _tap(view: View, given: Sequence[str]) -> Action | None:
    x, y = _numbers("tap", given, (2,))
    return _touch(view, "click", x, y)


def _swipe(view: View, given: Sequence[str]) -> Action | None:
    left, top, right, bottom, *time = _numbers("swipe", given, (4, 5))
    across, down = right - left, bottom - top
    if max(abs(across), abs(down)) <= STILL:
        return _touch(view, "long_press" if time and time[0] >= LONG else "click", left, top)
    if abs(across) > abs(down):
        return render(Act("swipe", direction="right" if across > 0 else "left"))
    return render(Act("swipe", direction="down" if down > 0 else "up"))


def _text(view: View, given: Sequence[str]) -> Action | None:
    if not given:
        raise ActionError("Error: Invalid arguments for command: text")
    focused = [one.number for one in view.elements if "focused" in one.flags and one.editable]
    text = " ".join(given).replace("%s", " ")
    return render(Act("input_text", index=focused[0] if len(focused) == 1 else None, text=text))


def _key(view: View, given: Sequence[str]) -> Action | None:
    codes = [one for one in given if not one.startswith("--")]
    if len(codes) != 1:
        raise ActionError("Error: Invalid arguments for command: keyevent")
    code = codes[0] if codes[0].isdecimal() else "KEYCODE_" + codes[0].upper().removeprefix("KEYCODE_")
    return render(Act(KEYS[code])) if code in KEYS else None


_VERBS: dict[str, Callable[[View, Sequence[str]], Action | None]] = {
    "tap": _tap,
    "swipe": _swipe,
    "draganddrop": lambda view, given: None,
    "text": _text,
    "keyevent": _key,
}


def _numbers(verb: str, given: Sequence[str], counts: tuple[int, ...]) -> list[float]:
    if len(given) not in counts or not all(re.fullmatch(r"-?\d{1,7}(\.\d{1,9})?", one) for one in given):
        raise ActionError(f"Error: Invalid arguments for command: {verb}")
    return [float(one) for one in given]


def _touch(view: View, kind: str, x: float, y: float) -> Action | None:
    """A touch of the last element at a point that reacts to one, else of the point itself."""
    there = [one for one, box in boxes(view) if _inside(box, x, y) and one.flags & TOUCHABLE]
    if there:
        number = there[-1].number
        if view.at(number) is not None:
            return render(Act(kind, index=number))
    if view.notation == "tags":
        return None
    across, down = _unit(view)
    return render(Act(kind, x=_short(x / across), y=_short(y / down)))


def _inside(box: Bounds, x: float, y: float) -> bool:
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _short(number: float) -> float:
    return int(number) if number == int(number) else round(number, 4)


def _started(view: View, words: Sequence[str]) -> Action | None:
    component = _after(words, "-n") or _after(words, "-p")
    if not component and words and "/" in words[-1] and "://" not in words[-1]:
        component = words[-1]
    return _opened(view, component)


def _after(words: Sequence[str], option: str) -> str:
    """The word behind an option; empty where there is none."""
    place = list(words).index(option) + 1 if option in words else len(words)
    return words[place] if place < len(words) else ""


def _opened(view: View, component: str) -> Action | None:
    """An app by its package: what its icon says where one does, else the last telling part of the package's name."""
    parts = [part for part in component.partition("/")[0].split(".") if part]
    telling = [part for part in parts if part.casefold() not in _GENERIC] or parts
    if not telling:
        return None
    name = telling[-1]
    shown = [one.label for one in view.elements if one.own and one.name == name.casefold()] if view.home else []
    return render(Act("open_app", app_name=shown[0] if shown else name))


def size(observation: Observation) -> tuple[int, int]:
    """Width and height of the display in pixels."""
    found = boxes(screen.read(observation))
    right, bottom = (max((box[side] for _, box in found), default=0) for side in (2, 3))
    return max(WIDTH, int(right)), max(HEIGHT, int(bottom))


def boxes(view: View) -> list[tuple[Element, Bounds]]:
    """Every element with its corners in pixels; elements that have none lie below one another."""
    if view.notation == "tags":
        return [(one, (0.0, k * ROW, WIDTH, (k + 1.0) * ROW)) for k, one in enumerate(view.elements)]
    across, down = _unit(view)
    return [
        (one, (one.bounds[0] * across, one.bounds[1] * down, one.bounds[2] * across, one.bounds[3] * down))
        if one.bounds is not None
        else (one, (0.0, 0.0, 0.0, 0.0))
        for one in view.elements
    ]


def _unit(view: View) -> tuple[float, float]:
    """Pixels of one unit of the screen's corners: one, or the display's where they are fractions of it."""
    corners = [corner for one in view.elements if one.bounds is not None for corner in one.bounds]
    fractions = bool(corners) and max(corners) <= 1.0
    return (WIDTH, HEIGHT) if fractions else (1.0, 1.0)


def front(observation: Observation) -> str:
    """The package of the app in front; empty where the screen does not tell."""
    return screen.read(observation).application


_CLASSES = {"button": "Button", "input": "EditText", "checkbox": "CheckBox", "p": "TextView"}
"""What the tags stand for."""
_VIEWS = frozenset(("View", "ViewGroup", "SurfaceView", "TextureView", "ViewStub"))
"""Classes of android.view; the other short ones are of android.widget."""
_SHOWN = (
    "checkable", "checked", "clickable", "enabled", "focusable", "focused", "scrollable", "long-clickable", "password",
    "selected",
)  # fmt: skip
"""Attributes of a node that are true or false, in the order of a dump."""
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 text may hold."""


def dump(observation: Observation) -> str:
    """The screen as ``uiautomator dump`` writes it: XML on one line behind its declaration."""
    view = screen.read(observation)
    width, height = size(observation)
    frame = _node(0, Element(0, "FrameLayout", package=view.application), (0, 0, width, height)) + ">"
    nodes = "".join(_node(k, one, box) + " />" for k, (one, box) in enumerate(boxes(view)))
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    return f'{head}<hierarchy rotation="0">{frame}{nodes}</node></hierarchy>'


def _node(index: int, one: Element, box: Bounds) -> str:
    """A node without its end."""
    left, top, right, bottom = (round(corner) for corner in box)
    texts = {
        "index": str(index),
        "text": one.text,
        "resource-id": _resource(one),
        "class": _class(one.kind),
        "package": one.package,
        "content-desc": one.description,
        **{name: str(_holds(one, name)).lower() for name in _SHOWN},
        "bounds": f"[{left},{top}][{right},{bottom}]",
    }
    if one.hint:
        texts["hint"] = one.hint
    return "<node " + " ".join(f"{name}={_quoted(text)}" for name, text in texts.items())


def _holds(one: Element, name: str) -> bool:
    return "disabled" not in one.flags if name == "enabled" else name in one.flags


def _quoted(text: str) -> str:
    return quoteattr(_UNFIT.sub(".", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", '"': "&quot;"})


def _resource(one: Element) -> str:
    return f"{one.package}:id/{one.id}" if one.id and one.package and ":" not in one.id else one.id


def _class(kind: str) -> str:
    kind = _CLASSES.get(kind, kind)
    if "." in kind or kind in ("", "-"):
        return kind.strip("-")
    return f"android.{'view' if kind in _VIEWS else 'widget'}.{kind}"


DEVICE = Device(act, dump, size, front)

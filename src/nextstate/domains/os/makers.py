"""What each function of pyautogui makes of its arguments: a step, or an error that says what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from nextstate.domains.os.steps import Button, Click, Hold, Hotkey, Keys, Move, Scroll, Step, Wait
from nextstate.errors import ActionError, nearest_name

MAX_KEYS = 20_000
"""Keys that one call may press."""
FAR = 10**9
"""Coordinates and amounts beyond this are refused."""

BUTTONS = ("left", "middle", "right")
_BUTTONS = {"left": "left", "middle": "middle", "right": "right", "primary": "left", "secondary": "right"}
_NUMBERED = {1: "left", 2: "middle", 3: "right"}

Value: TypeAlias = "bool | int | float | str | list[Value] | None"
Given: TypeAlias = "dict[str, Value]"


def _number(value: Value, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FAR:
        raise ActionError(f"{what} must be a number, got {short(value)}")
    return value


def _whole(value: Value, what: str) -> int:
    return math.trunc(_number(value, what))


def _point(given: Given, x: str = "x", y: str = "y") -> tuple[int | None, int | None]:
    first, second = given.get(x), given.get(y)
    if isinstance(first, list):
        if len(first) != 2 or second is not None:
            raise ActionError(f"a point is two numbers, got {short(first)}")
        first, second = first
    if isinstance(first, str):
        raise ActionError(f"looking for the picture {short(first)} is not supported; give coordinates")
    return (None if first is None else _whole(first, x)), (None if second is None else _whole(second, y))


def _button(given: Given) -> str:
    value = given.get("button", "left")
    found = _BUTTONS.get(value.lower()) if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool):
        found = _NUMBERED.get(value)
    if found is None:
        near = nearest_name(value, BUTTONS) if isinstance(value, str) else None
        raise ActionError(
            f"no button {short(value)}; " + (f"did you mean {near!r}?" if near else "left, middle, right")
        )
    return found


def _timed(given: Given) -> None:
    for name in ("interval", "duration"):
        if name in given and _number(given[name], name) < 0:
            raise ActionError(f"{name} must not be negative")


def _count(value: Value, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise ActionError(f"{what} must be 0 to 1000, got {short(value)}")
    return value


def _click(clicks: int | None = None, button: str | None = None) -> Callable[[Given], Step]:
    def make(given: Given) -> Step:
        _timed(given)
        times = _count(given.get("clicks", 1), "clicks") if clicks is None else clicks
        return Click(*_point(given), times, button or _button(given))

    return make


def _move(relative: bool, drag: bool) -> Callable[[Given], Step]:
    def make(given: Given) -> Step:
        _timed(given)
        held = _button(given) if drag and given.get("mouseDownUp", True) else None
        return Move(*(_point(given, "xOffset", "yOffset") if relative else _point(given)), relative, held)

    return make


def _mouse(down: bool) -> Callable[[Given], Step]:
    return lambda given: Button(down, *_point(given), _button(given))


def _scroll(horizontal: bool) -> Callable[[Given], Step]:
    return lambda given: Scroll(_whole(given["clicks"], "clicks"), *_point(given), horizontal)


def _keys(value: Value, what: str) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in names):
        raise ActionError(f"{what} must be texts that name keys, got {short(value)}")
    return tuple(_key(name) for name in names if isinstance(name, str))


def _key(name: str) -> str:
    return name if len(name) == 1 else _SAME.get(name.lower(), name.lower())


def _write(given: Given) -> Step:
    _timed(given)
    message = given["message"]
    if not isinstance(message, str | list):
        raise ActionError(f"message must be a text or a list of keys, got {short(message)}")
    keys = (
        tuple(_CHARACTERS.get(one, one) for one in message) if isinstance(message, str) else _keys(message, "message")
    )
    return _pressed(keys)


def _press(given: Given) -> Step:
    _timed(given)
    return _pressed(_keys(given["keys"], "keys") * _count(given.get("presses", 1), "presses"))


def _pressed(keys: tuple[str, ...]) -> Step:
    if len(keys) > MAX_KEYS:
        raise ActionError(f"{len(keys)} keys are pressed; at most {MAX_KEYS} are taken")
    return Keys(tuple(_CHARACTERS.get(key, key) for key in keys))


def _hotkey(given: Given) -> Step:
    _timed(given)
    keys = _keys(given["keys"], "keys")
    if not keys:
        raise ActionError("it needs at least one key")
    return Hotkey(tuple(_CHARACTERS.get(key, key) for key in keys))


def _hold(down: bool) -> Callable[[Given], Step]:
    def make(given: Given) -> Step:
        if not isinstance(given["key"], str) or not given["key"]:
            raise ActionError(f"key must be a text that names a key, got {short(given['key'])}")
        return Hold(down, _key(given["key"]))

    return make


def _sleep(given: Given) -> Step:
    seconds = _number(given["seconds"], "seconds")
    if seconds < 0:
        raise ActionError("seconds must not be negative")
    return Wait(float(seconds))


def short(value: Value) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


_SAME = {"esc": "escape", "return": "enter", "del": "delete", "pgup": "pageup", "pgdn": "pagedown", "space": " "}
_CHARACTERS = {"\n": "enter", "\r": "enter", "\t": "tab", "\b": "backspace"}

MAKERS: dict[str, Callable[[Given], Step]] = {
    "click": _click(),
    "leftClick": _click(1, "left"),
    "rightClick": _click(1, "right"),
    "middleClick": _click(1, "middle"),
    "doubleClick": _click(2),
    "tripleClick": _click(3),
    "moveTo": _move(relative=False, drag=False),
    "moveRel": _move(relative=True, drag=False),
    "move": _move(relative=True, drag=False),
    "dragTo": _move(relative=False, drag=True),
    "dragRel": _move(relative=True, drag=True),
    "drag": _move(relative=True, drag=True),
    "mouseDown": _mouse(down=True),
    "mouseUp": _mouse(down=False),
    "scroll": _scroll(horizontal=False),
    "vscroll": _scroll(horizontal=False),
    "hscroll": _scroll(horizontal=True),
    "typewrite": _write,
    "write": _write,
    "press": _press,
    "keyDown": _hold(down=True),
    "keyUp": _hold(down=False),
    "hotkey": _hotkey,
    "sleep": _sleep,
}

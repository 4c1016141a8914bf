"""Mouse and keyboard of an X server by its XTEST extension: what pyautogui would do, without running any code.

The calls are those of libX11 and libXtst (X.Org, "XTEST Extension Library"), reached with `ctypes`; at-spi2-core
installs both. Keys are pressed as PyAutoGUI presses them on X11: by key code, with shift where the character needs it.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from typing import Any

from nextstate.domains.os.steps import Button, Click, Hold, Hotkey, Keys, Move, Scroll, Step, Wait, Word
from nextstate.errors import ActionError, UsageError

_BUTTONS = {"left": 1, "middle": 2, "right": 3}
_UP, _DOWN, _LEFT, _RIGHT = 4, 5, 6, 7
"""Buttons that stand for the notches of a wheel."""
_NAMES = {
    "enter": "Return", "escape": "Escape", "tab": "Tab", "backspace": "BackSpace", "delete": "Delete", "home": "Home",
    "end": "End", "left": "Left", "right": "Right", "up": "Up", "down": "Down", "pageup": "Page_Up",
    "pagedown": "Page_Down", "insert": "Insert", "ctrl": "Control_L", "ctrlleft": "Control_L", "ctrlright": "Control_R",
    "shift": "Shift_L", "shiftleft": "Shift_L", "shiftright": "Shift_R", "alt": "Alt_L", "altleft": "Alt_L",
    "altright": "Alt_R", "win": "Super_L", "winleft": "Super_L", "winright": "Super_R", "capslock": "Caps_Lock",
    "apps": "Menu",
}  # fmt: skip
_NAMES |= {f"f{number}": f"F{number}" for number in range(1, 13)}
_GROUP = 0
_PRESSES = 500
"""The most keys that one action may press here."""


def keysym_name(key: str) -> str | None:
    """The X name of a key of PyAutoGUI; ``None`` where there is none, and nothing is pressed."""
    if len(key) == 1:
        code = ord(key)
        return hex(code) if 0x20 <= code <= 0xFF else hex(0x1000000 + code)
    return _NAMES.get(key)


class Input:
    """The mouse and the keyboard of a display such as ``:7``. Raises :class:`UsageError` where it cannot be reached."""

    def __init__(self, display: str) -> None:
        self._x, self._test = _library("X11"), _library("Xtst")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XStringToKeysym.restype = ctypes.c_ulong
        self._x.XKeysymToKeycode.restype = ctypes.c_ubyte
        self._x.XkbKeycodeToKeysym.restype = ctypes.c_ulong
        opened = self._x.XOpenDisplay(display.encode())
        if not opened:
            raise UsageError(f"the display {display} cannot be opened; is Xvfb running?")
        self._display = ctypes.c_void_p(opened)
        self._at = (0, 0)

    def close(self) -> None:
        """Let the display go."""
        self._x.XCloseDisplay(self._display)

    def do(self, one: Step) -> None:
        """Perform one step and wait until the server has taken it."""
        match one:
            case Click():
                self._click(one)
            case Move():
                self._move(one)
            case Button():
                self._point(one.x, one.y)
                self._button(_BUTTONS[one.button], one.down)
            case Scroll():
                self._scroll(one)
            case Keys():
                self._press(one.keys)
            case Hotkey():
                self._together(one.keys)
            case Hold():
                self._key(one.key, one.down)
            case Wait() | Word():
                pass
        self._x.XSync(self._display, 0)

    def _click(self, one: Click) -> None:
        self._point(one.x, one.y)
        for _ in range(one.clicks):
            self._tap(_BUTTONS[one.button])

    def _move(self, one: Move) -> None:
        x, y = self._at
        button = None if one.button is None else _BUTTONS[one.button]
        if button is not None:
            self._button(button, down=True)
        if one.relative:
            self._point(x + (one.x or 0), y + (one.y or 0))
        else:
            self._point(one.x, one.y)
        if button is not None:
            self._button(button, down=False)

    def _scroll(self, one: Scroll) -> None:
        self._point(one.x, one.y)
        ahead, back = (_RIGHT, _LEFT) if one.horizontal else (_UP, _DOWN)
        for _ in range(min(abs(one.clicks), _PRESSES)):
            self._tap(ahead if one.clicks > 0 else back)

    def _point(self, x: int | None, y: int | None) -> None:
        """Move the pointer; the server keeps it on the screen."""
        self._at = (_within(self._at[0] if x is None else x), _within(self._at[1] if y is None else y))
        self._test.XTestFakeMotionEvent(self._display, -1, *self._at, ctypes.c_ulong(0))

    def _tap(self, button: int) -> None:
        self._button(button, down=True)
        self._button(button, down=False)

    def _button(self, button: int, down: bool) -> None:
        self._test.XTestFakeButtonEvent(self._display, button, int(down), ctypes.c_ulong(0))

    def _press(self, keys: tuple[str, ...]) -> None:
        if len(keys) > _PRESSES:
            raise ActionError(f"{len(keys)} keys in one call; this recorder presses at most {_PRESSES}")
        for key in keys:
            self._key(key, down=True)
            self._key(key, down=False)
            self._x.XSync(self._display, 0)

    def _together(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._key(key, down=True)
        for key in reversed(keys):
            self._key(key, down=False)

    def _key(self, key: str, down: bool) -> None:
        """Press or release a key; one that the keyboard does not have is ignored, as PyAutoGUI does."""
        found = self._code(key)
        if found is None:
            return
        code, shifted = found
        shift = self._code("shift")
        if shifted and down and shift:
            self._raw(shift[0], down=True)
        self._raw(code, down)
        if shifted and down and shift:
            self._raw(shift[0], down=False)

    def _raw(self, code: int, down: bool) -> None:
        self._test.XTestFakeKeyEvent(self._display, code, int(down), ctypes.c_ulong(0))

    def _code(self, key: str) -> tuple[int, bool] | None:
        """The code of a key and whether it needs shift."""
        name = keysym_name(key)
        if name is None:
            return None
        symbol = int(name, 16) if name.startswith("0x") else self._x.XStringToKeysym(name.encode())
        code = self._x.XKeysymToKeycode(self._display, ctypes.c_ulong(symbol))
        if not code:
            return None
        level = [self._x.XkbKeycodeToKeysym(self._display, ctypes.c_ubyte(code), _GROUP, at) for at in (0, 1)]
        return code, level[0] != symbol and level[1] == symbol


def _within(coordinate: int) -> int:
    """A coordinate that the protocol can send; it has 16 bits for it."""
    return min(max(coordinate, -0x8000), 0x7FFF)


def _library(name: str) -> Any:
    path = find_library(name) or f"lib{name}.so.6"
    try:
        return ctypes.CDLL(path)
    except OSError:
        raise UsageError(f"the library {path} is not installed; as root, run `make system`") from None

"""What an action on a desktop does, step by step: the values that the grammar makes of pyautogui code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Click:
    """``clicks`` clicks of a button at a point in pixels; a coordinate that is ``None`` is where the pointer is."""

    x: int | None = None
    y: int | None = None
    clicks: int = 1
    button: str = "left"


@dataclass(frozen=True, slots=True)
class Move:
    """The pointer moves to a point, or by an offset where ``relative``; with a ``button`` held it drags."""

    x: int | None = None
    y: int | None = None
    relative: bool = False
    button: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the mouse goes down or up and stays there."""

    down: bool
    x: int | None = None
    y: int | None = None
    button: str = "left"


@dataclass(frozen=True, slots=True)
class Scroll:
    """The wheel turns by ``clicks`` notches: up or right where positive."""

    clicks: int
    x: int | None = None
    y: int | None = None
    horizontal: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys are pressed and released one after the other; a key is a character or a name of PyAutoGUI."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hotkey:
    """Keys go down in order and up in reverse order."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A key goes down or up and stays there."""

    down: bool
    key: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is done for ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Word:
    """A special word: WAIT, DONE or FAIL."""

    word: str


Step: TypeAlias = Click | Move | Button | Scroll | Keys | Hotkey | Hold | Wait | Word
WORDS = ("WAIT", "DONE", "FAIL")

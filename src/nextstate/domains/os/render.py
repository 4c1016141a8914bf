"""Steps as pyautogui code, in one way each: ``parse(render(steps)) == steps``."""

from __future__ import annotations

from collections.abc import Iterable

from nextstate.domains.os.steps import Button, Click, Hold, Hotkey, Keys, Move, Scroll, Step, Wait, Word
from nextstate.types import Action

_PLAIN = {"enter": "\n", "tab": "\t", "backspace": "\b"}
_SINGLE = {"left": "click", "middle": "middleClick", "right": "rightClick"}
_MULTIPLE = {2: "doubleClick", 3: "tripleClick"}
MAX_PRESSES = 1000


def render(steps: Iterable[Step]) -> Action:
    """The code of the steps, a call a line; a special word stands alone."""
    return "\n".join(map(_one, steps))


def _one(step: Step) -> str:
    match step:
        case Word():
            return step.word
        case Wait():
            return f"time.sleep({step.seconds!r})"
        case Click():
            return _click(step)
        case Move():
            return _move(step)
        case Button():
            name = "mouseDown" if step.down else "mouseUp"
            return _call(name, *_point(step.x, step.y), **_other(step.button))
        case Scroll():
            return _call("hscroll" if step.horizontal else "scroll", step.clicks, *_point(step.x, step.y))
        case Keys():
            return _keys(step.keys)
        case Hotkey():
            return _call("hotkey", *step.keys)
        case Hold():
            return _call("keyDown" if step.down else "keyUp", step.key)


def _click(step: Click) -> str:
    point = _point(step.x, step.y)
    if step.clicks == 1:
        return _call(_SINGLE[step.button], *point)
    if step.clicks in _MULTIPLE:
        return _call(_MULTIPLE[step.clicks], *point, **_other(step.button))
    return _call("click", *point, clicks=step.clicks, **_other(step.button))


def _move(step: Move) -> str:
    name = ("drag" if step.button else "move") + ("Rel" if step.relative else "To")
    held = {} if step.button is None else {"button": step.button}
    return _call(name, *_point(step.x, step.y), **held)


def _keys(keys: tuple[str, ...]) -> str:
    if len(keys) == 1:
        return _call("press", keys[0])
    if all(len(key) == 1 or key in _PLAIN for key in keys):
        return _call("write", "".join(_PLAIN.get(key, key) for key in keys))
    if len(set(keys)) == 1 and len(keys) <= MAX_PRESSES:
        return _call("press", keys[0], presses=len(keys))
    return _call("press", list(keys))


def _point(x: int | None, y: int | None) -> tuple[int | None, ...]:
    """The arguments of a point, without those at the end that are left out."""
    return (x, y) if y is not None else (x,) if x is not None else ()


def _other(button: str) -> dict[str, str]:
    return {} if button == "left" else {"button": button}


def _call(name: str, *positional: object, **named: object) -> str:
    arguments = [*map(repr, positional), *(f"{key}={value!r}" for key, value in named.items())]
    return f"pyautogui.{name}({', '.join(arguments)})"

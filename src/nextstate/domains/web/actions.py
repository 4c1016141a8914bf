"""The actions of BrowserGym: their parameters, and what an argument may be.

Names, order, types and defaults are those of BrowserGym's action functions (ServiceNow/BrowserGym,
``core/action/functions.py``). :data:`STANDARD` is its usual action space (``bid``, ``nav``, ``tab``, ``chat`` and
``infeas`` together with ``noop``); the rest point at coordinates or press keys wherever the focus is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | tuple[str, ...]"
"""What an argument is once it is bound."""

BUTTONS = ("left", "middle", "right")
MODIFIERS = ("Alt", "Control", "ControlOrMeta", "Meta", "Shift")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an action. ``kind`` is a key of :data:`KINDS`; ``default`` is ``None`` where it is required."""

    name: str
    kind: str
    default: Value | None = None


def accepted(kind: str, value: object) -> Value | None:
    """``value`` as an argument of a kind, lists as tuples; ``None`` where it is none."""
    match kind:
        case "text":
            return value if isinstance(value, str) else None
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value if math.isfinite(value) else None
        case "integer":
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case "flag":
            return value if isinstance(value, bool) else None
        case "button":
            return value if isinstance(value, str) and value in BUTTONS else None
        case "modifiers":
            return _texts(value) if _texts(value) is not None and set(_texts(value) or ()) <= set(MODIFIERS) else None
        case "texts":
            return value if isinstance(value, str) else _texts(value)
    return None


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, tuple | list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "text": "a text such as 'a12'",
        "number": "a number",
        "integer": "a whole number",
        "flag": "True or False",
        "button": "one of " + ", ".join(map(repr, BUTTONS)),
        "modifiers": "a list of " + ", ".join(map(repr, MODIFIERS)),
        "texts": "a text or a list of texts",
    }
)
"""What each kind of argument is, in words."""


def _action(*given: str) -> tuple[Parameter, ...]:
    """Parameters written as ``name kind``."""
    return tuple(Parameter(*one.split()) for one in given)


_BID, _X, _Y, _KEY = "bid text", "x number", "y number", "key text"
_BUTTON = Parameter("button", "button", "left")
_MODIFIERS = Parameter("modifiers", "modifiers", ())

STANDARD: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {
        "noop": (Parameter("wait_ms", "number", 1000),),
        "send_msg_to_user": _action("text text"),
        "report_infeasible": _action("reason text"),
        "scroll": _action("delta_x number", "delta_y number"),
        "fill": (*_action(_BID, "value text"), Parameter("enable_autocomplete_menu", "flag", False)),
        "select_option": _action(_BID, "options texts"),
        "click": (*_action(_BID), _BUTTON, _MODIFIERS),
        "dblclick": (*_action(_BID), _BUTTON, _MODIFIERS),
        "hover": _action(_BID),
        "press": _action(_BID, "key_comb text"),
        "focus": _action(_BID),
        "clear": _action(_BID),
        "drag_and_drop": _action("from_bid text", "to_bid text"),
        "upload_file": _action(_BID, "file texts"),
        "get_element_html": _action(_BID),
        "go_back": (),
        "go_forward": (),
        "goto": _action("url text"),
        "tab_close": (),
        "tab_focus": _action("index integer"),
        "new_tab": (),
    }
)
"""The 21 actions of the usual action space."""

COORDINATES: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {
        "mouse_move": _action(_X, _Y),
        "mouse_up": (*_action(_X, _Y), _BUTTON),
        "mouse_down": (*_action(_X, _Y), _BUTTON),
        "mouse_click": (*_action(_X, _Y), _BUTTON),
        "mouse_dblclick": (*_action(_X, _Y), _BUTTON),
        "mouse_drag_and_drop": _action("from_x number", "from_y number", "to_x number", "to_y number"),
        "mouse_upload_file": _action(_X, _Y, "file texts"),
        "keyboard_down": _action(_KEY),
        "keyboard_up": _action(_KEY),
        "keyboard_press": _action(_KEY),
        "keyboard_type": _action("text text"),
        "keyboard_insert_text": _action("text text"),
    }
)
"""Actions at coordinates, and of the keyboard alone."""

ACTIONS: Mapping[str, tuple[Parameter, ...]] = MappingProxyType({**STANDARD, **COORDINATES})

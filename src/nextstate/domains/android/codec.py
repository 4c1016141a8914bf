"""Actions on an Android device, and the canonical form of a screen.

An action is a JSON object as AndroidWorld's ``JSONAction`` has it (google-research/android_world, Apache-2.0)::

    {"action_type": "click", "index": 3}                    or with "x" and "y" instead of "index"
    {"action_type": "input_text", "index": 5, "text": "Milk"}
    {"action_type": "scroll", "direction": "down"}

The types are those of :data:`KINDS`; AndroidControl's are among them. ``index`` is the number of an element on the
screen, ``x`` and ``y`` are in the unit of its corners.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from nextstate.errors import ActionError, nearest_name
from nextstate.types import Action, Json, Observation

MAX_ACTION = 200_000
"""Characters of one action."""
MAX_INDEX = 10**9
"""Numbers of elements and coordinates are smaller than this."""

TOUCHES = ("click", "double_tap", "long_press")
MOVES = ("scroll", "swipe")
BARE = ("keyboard_enter", "navigate_home", "navigate_back", "wait", "unknown")
KINDS = (*TOUCHES, *MOVES, *BARE, "input_text", "open_app", "status", "answer")
"""All action types."""
DIRECTIONS = ("up", "down", "left", "right")
MEMBERS = (
    "action_type",
    "index",
    "x",
    "y",
    "text",
    "direction",
    "goal_status",
    "app_name",
    "keycode",
    "clear_text",
)
"""The members of an action, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Act:
    """An action; what it does not have is ``None``. ``rest`` holds unknown members: name and JSON text."""

    kind: str
    index: int | None = None
    x: float | None = None
    y: float | None = None
    text: str | None = None
    direction: str | None = None
    goal_status: str | None = None
    app_name: str | None = None
    keycode: str | None = None
    clear_text: bool | None = None
    rest: tuple[tuple[str, str], ...] = ()


def parse(action: Action) -> Act:
    """The action of a text; raises :class:`ActionError`, which says what to write instead."""
    value = _object(action)
    act = Act(
        _kind(value),
        _index(value),
        _coordinate(value, "x"),
        _coordinate(value, "y"),
        _word(value, "text"),
        _word(value, "direction"),
        _word(value, "goal_status"),
        _word(value, "app_name"),
        _word(value, "keycode"),
        _flag(value),
        tuple((key, _json(value[key])) for key in sorted(value.keys() - set(MEMBERS)) if value[key] is not None),
    )
    _complete(act)
    return act


def render(act: Act) -> Action:
    """The text of an action, the same for equal ones: members in AndroidWorld's order, none that is missing."""
    known = {"action_type": act.kind} | {
        name: value for name in MEMBERS[1:] if (value := getattr(act, name)) is not None
    }
    return json.dumps(known | {key: json.loads(text) for key, text in act.rest}, ensure_ascii=False)


def validate(action: Action) -> None:
    """Raises :class:`ActionError` when an action does not parse."""
    parse(action)


def _object(action: Action) -> dict[str, Any]:
    if not action.strip():
        raise ActionError('the action is empty; write JSON such as {"action_type": "click", "index": 3}')
    if len(action) > MAX_ACTION:
        raise ActionError(f"the action has {len(action)} characters; at most {MAX_ACTION} are taken")
    try:
        action.encode()
        value = json.loads(action)
        _json(value).encode()
    except UnicodeEncodeError:
        raise ActionError("the action holds half of a surrogate pair, which is no text") from None
    except (ValueError, RecursionError) as error:
        raise ActionError(f"the action is no JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise ActionError('the action is no JSON object; write {"action_type": ...}')
    return value


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _kind(value: dict[str, Any]) -> str:
    kind = value.get("action_type")
    if not isinstance(kind, str):
        raise ActionError(f"the action has no action_type; it is one of {', '.join(KINDS)}")
    if kind not in KINDS:
        near = nearest_name(kind, KINDS)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(KINDS)}"
        raise ActionError(f"unknown action_type {kind[:100]!r}; {hint}")
    return kind


def _index(value: dict[str, Any]) -> int | None:
    index = value.get("index")
    if isinstance(index, str) and re.fullmatch(r"[0-9]{1,9}", index):
        index = int(index)  # AndroidWorld takes it as well
    if index is None or (isinstance(index, int) and not isinstance(index, bool) and 0 <= index < MAX_INDEX):
        return index
    raise ActionError(f"'index' must be the number of an element, 0 or more, got {str(index)[:100]!r}")


def _coordinate(value: dict[str, Any], name: str) -> float | None:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not _near(found):
        raise ActionError(f"{name!r} must be a number in the unit of the screen's corners, got {str(found)[:100]!r}")
    return found


def _near(number: float) -> bool:
    return abs(number) < MAX_INDEX and math.isfinite(number)


def _word(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    if found is None or isinstance(found, str):
        return found
    raise ActionError(f"{name!r} must be a text, got {str(found)[:100]!r}")


def _flag(value: dict[str, Any]) -> bool | None:
    found = value.get("clear_text")
    if found is None or isinstance(found, bool):
        return found
    raise ActionError(f"'clear_text' must be true or false, got {str(found)[:100]!r}")


def _complete(act: Act) -> None:
    """Whether an action has what its type needs."""
    if (act.x is None) != (act.y is None):
        raise ActionError(f"{act.kind} has only one of 'x' and 'y'; give both, or 'index'")
    if act.index is not None and act.x is not None:
        raise ActionError(f"{act.kind} has both 'index' and a point; give one of them")
    if act.kind in TOUCHES and act.index is None and act.x is None:
        raise ActionError(f"{act.kind} needs 'index', the number of an element, or 'x' and 'y'")
    if act.kind in MOVES and act.direction not in DIRECTIONS:
        near = nearest_name(act.direction or "", DIRECTIONS)
        hint = f"did you mean {near!r}?" if near else f"it is one of {', '.join(DIRECTIONS)}"
        raise ActionError(f"{act.kind} needs a 'direction', got {(act.direction or '')[:100]!r}; {hint}")
    for kind, name in (("input_text", "text"), ("answer", "text"), ("open_app", "app_name"), ("status", "goal_status")):
        if act.kind == kind and getattr(act, name) is None:
            raise ActionError(f"{kind} needs {name!r}")
    if act.app_name is not None and not act.app_name.strip():
        raise ActionError("'app_name' is empty; give the name of an app")


_PACKAGE = re.compile(r"package (\S+)")
_SYSTEM = "com.android.systemui"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')
_CLOCK = re.compile(r'"\d{1,2}:\d{2}(?:\s?[AaPp]\.?[Mm]\.?)?"')
_STATUS = re.compile(r"\bid=\S*(?:clock|battery|wifi|mobile|signal)", re.IGNORECASE)


def canonical(observation: Observation) -> Observation:
    """The screen without what no model can know: the clock, the battery and the signals of the status bar.

    Only elements of the system's own package are masked; blanks at the ends of lines do not count.
    """
    lines, system = [], False
    for line in observation.replace("\r\n", "\n").split("\n"):
        line = line.rstrip()
        if found := _PACKAGE.fullmatch(line):
            system = found[1] == _SYSTEM
        elif system and len(line) < 2_000:
            line = _CLOCK.sub('"<time>"', line)  # first, so that what is masked is not masked again
            line = _QUOTED.sub('"<status>"', line) if _STATUS.search(line) else line
        lines.append(line)
    return "\n".join(lines).rstrip()

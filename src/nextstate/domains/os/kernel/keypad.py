"""Keypads: buttons with digits and a display. Clicks on digits, plain operations and equals are computed.

A screen has a keypad where its active window has a button for each of the ten digits and one text that shows a
number. The rules are those of pocket calculators: a digit is appended while a number is being entered and begins a new
one after an operation; operations on two whole numbers are computed where the result is whole. Everything else
(precedence, functions, decimals, brackets) is refused, and so is typing on the keyboard: fast keys get lost there.
"""

from __future__ import annotations

import re
from dataclasses import replace

from nextstate.domains.os.kernel.state import Pad, State, focus_may_move, focus_moved
from nextstate.domains.os.steps import Click, Step
from nextstate.domains.os.table import Table

BUTTONS = frozenset(("push-button", "toggle-button", "button"))
MAX_DIGITS = 9
"""Digits that every display can show."""
_WHOLE = re.compile(r"-?\d{1,9}")
_NUMBER = re.compile(r"-?\d[\d.,e+-]{0,40}")
_OPERATIONS = {"+": "+", "-": "-", "\u2212": "-", "*": "*", "\u00d7": "*", "/": "/", "\u00f7": "/"}
_CLEARS = frozenset(("AC", "C"))
_SIGNS = frozenset(("+/-", "\u00b1"))
_BACK = frozenset(("<-", "\u232b"))


def display(table: Table) -> int | None:
    """The number of the row of a keypad's display; ``None`` where the screen has no keypad."""
    active = [at for at, row in enumerate(table.rows) if row.tag == "frame" and "active" in row.states]
    if len(active) != 1:
        return None
    inside = [at for at in range(len(table.rows)) if table.window_of(at) == active[0]]
    names = {table.rows[at].name for at in inside if table.rows[at].tag in BUTTONS}
    texts = [at for at in inside if table.rows[at].tag == "text"]
    if len(texts) != 1 or not set("0123456789") <= names:
        return None
    return texts[0]


def first(table: Table) -> Pad:
    """What is known of a keypad on a first screen: nothing waits where it shows 0."""
    shown = display(table)
    return Pad(open=shown is None or table.rows[shown].text != "0")


def step(state: State, table: Table, one: Step, hit: int | None) -> Table | str | None:
    """The screen after a click on a key of a keypad; a reason why not; ``None``: no matter of keypads."""
    shown = display(table)
    if shown is None or hit is None or table.rows[hit].tag not in BUTTONS:
        return None
    if not isinstance(one, Click) or one.button != "left" or one.clicks != 1:
        return None
    text = _pressed(state.pad, table.rows[shown].text, table.rows[hit].name)
    if text is None or not focus_may_move(table):
        return "a key of a keypad whose effect is not known"
    moved = focus_moved(table, hit)
    return moved.replaced({shown: moved.rows[shown].with_text(text)})


def _pressed(pad: Pad, text: str, name: str) -> str | None:
    """What the display shows after a key; ``None`` where that is not determined."""
    if name in _SIGNS and _WHOLE.fullmatch(text) and text != "0":
        return text.removeprefix("-") if text.startswith("-") else "-" + text
    if not _WHOLE.fullmatch(text):
        return _begun(pad, text, name)
    if name.isdecimal() and len(name) == 1:
        return _digit(pad, text, name)
    if name in _OPERATIONS:
        return text if pad.pending is None and not pad.open else None
    if name == "=":
        return _result(pad, text)
    if name in _BACK:
        return (text[:-1] or "0") if pad.typing and text.isdecimal() else None
    return "0" if name in _CLEARS else None


def _begun(pad: Pad, text: str, name: str) -> str | None:
    """A digit after a result that is not whole begins a new number."""
    fresh = pad.typing is False and _NUMBER.fullmatch(text) and len(name) == 1 and name.isdecimal()
    return name if fresh else "0" if name in _CLEARS and _NUMBER.fullmatch(text) else None


def _digit(pad: Pad, text: str, name: str) -> str | None:
    if text == "0" or pad.typing is False:
        return name
    if pad.typing is None or len(text) >= MAX_DIGITS:
        return None
    return text + name


def _result(pad: Pad, text: str) -> str | None:
    if pad.pending is None or pad.open or not pad.typing:
        return None
    left, operation, right = *pad.pending, int(text)
    if operation == "/":
        if right == 0 or left % right:
            return None
        result = left // right
    else:
        result = {"+": left + right, "-": left - right, "*": left * right}[operation]
    return str(result) if len(str(abs(result))) <= MAX_DIGITS else None


def learn(state: State, before: Table, after: Table, one: Step, hit: int | None) -> Pad:
    """What is known of a keypad after a step showed ``after``."""
    old, new = display(before), display(after)
    if after == before or after.menu_is_open or before.menu_is_open:
        return state.pad  # a menu, or a click that got lost
    if old is None or new is None:
        return Pad() if new is None else Pad(open=after.rows[new].text != "0")
    if not isinstance(one, Click) or hit is None or before.rows[hit].tag not in BUTTONS:
        return Pad(None, None, open=True)
    return _learned(state.pad, before.rows[old].text, after.rows[new].text, before.rows[hit].name)


def _learned(pad: Pad, old: str, new: str, name: str) -> Pad:
    if name.isdecimal() and len(name) == 1:
        grown = new in (old + name, name)
        return replace(pad, typing=True) if grown else Pad(None, None, open=True)
    if name in _OPERATIONS:
        if new == old and _WHOLE.fullmatch(new) and pad.pending is None and not pad.open:
            return Pad(False, (int(new), _OPERATIONS[name]))
        return Pad(False, None, open=True)
    if name == "=":
        return Pad(False)
    if name in _CLEARS and new == "0":
        return Pad(False, None, open=name != "AC")
    if name in _SIGNS:
        return Pad(False, None, open=True)
    return Pad(pad.typing if name in _BACK else None, None, open=True)

"""Carets: what a screen after a step tells about text fields, the selection in them and the clipboard."""

from __future__ import annotations

from dataclasses import replace

from nextstate.domains.os.kernel.fields import ALL, COPY, CUT, ENDS, PASTE
from nextstate.domains.os.kernel.state import Caret, Field, State, field_of
from nextstate.domains.os.kernel.typing import Typing, decoded, insert, typed, typing_in
from nextstate.domains.os.steps import Click, Hotkey, Keys, Step
from nextstate.domains.os.table import EDITABLE, Table

_SAVE = ("ctrl", "s")


def learn(state: State, before: Table, after: Table, one: Step, hit: int | None) -> State:
    """The state with what is known of fields, carets and the clipboard once a step showed ``after``.

    ``state`` is the one before the step, but for the screen.
    """
    state = replace(state, clipboard=_clipboard(state, before, one))
    if after.menu_is_open:
        return state
    if before.menu_is_open:
        return state if _left_menu(before, one, hit) else replace(state, caret=None)
    here, there = _editable(before), _editable(after)
    if there is None:
        return replace(state, caret=None)
    name = field_of(after, there)
    if isinstance(one, Click):
        return replace(state, caret=_clicked(after, there, one) if hit == there else None)
    if here is None or field_of(before, here) != name:
        return replace(state, caret=_entered(before, after, there))
    state = _edited(state, before, after, one, (here, there))
    return replace(state, caret=_caret(state, before, after, one, (here, there)))


def _editable(table: Table) -> int | None:
    number = table.focused
    return number if number is not None and table.rows[number].tag in EDITABLE else None


def _left_menu(before: Table, one: Step, hit: int | None) -> bool:
    """Whether a menu was left without choosing anything."""
    if isinstance(one, Click):
        return hit is not None and hit not in before.popped()
    return isinstance(one, Keys) and one.keys == ("escape",)


def _entered(before: Table, after: Table, there: int) -> Caret | None:
    """The selection in a field that has just got the focus: all of it in a new window, but for names with a suffix."""
    row, window = after.rows[there], after.window_of(there)
    if window is None or any(one.key == after.rows[window].key for one in before.rows):
        return None
    text = decoded(row.text)
    if text is None or "." in text or "\n" in text:
        return None
    return Caret(field_of(after, there), 0, len(text))


def _caret(state: State, before: Table, after: Table, one: Step, rows: tuple[int, int]) -> Caret | None:
    """The caret in a field that kept the focus."""
    name, text = field_of(after, rows[1]), decoded(after.rows[rows[1]].text)
    if text is None:
        return None
    typing = typing_in(state, before, rows[0])
    if isinstance(one, Keys):
        return _after_keys(typing, one.keys, text, name)
    if isinstance(one, Hotkey):
        return _after_hotkey(state, typing, one.keys, text, name)
    return state.caret if after.rows[rows[1]].text == before.rows[rows[0]].text else None


def _clicked(after: Table, number: int, one: Click) -> Caret | None:
    """The caret after a click below the last line of a text; elsewhere it depends on the font."""
    box, text = after.rows[number].box, decoded(after.rows[number].text)
    if text is None or box is None or one.y is None or one.button != "left" or one.clicks != 1:
        return None
    lines = text.split("\n")
    wraps = max(map(len, lines)) * WIDE > box.width
    below = not wraps and one.y > box.y + len(lines) * TALL
    return Caret(field_of(after, number), len(text), len(text)) if below or text == "" else None


WIDE, TALL = 12, 30
"""Pixels that a character and a line take at most in common fonts."""


def _after_keys(typing: Typing | None, keys: tuple[str, ...], text: str, name: Field) -> Caret | None:
    if typing is None:
        return None
    if keys == ("escape",) and typing.text == text:
        return _made(name, typing)
    done = typed(typing, keys)
    if isinstance(done, Typing) and done.text.replace("\t", " ") == text:
        return _made(name, done)
    place = _inserted(typing.text, text, _put(keys))
    return None if place is None else Caret(name, place, place)


def _made(name: Field, typing: Typing) -> Caret | None:
    return None if typing.start is None or typing.end is None else Caret(name, typing.start, typing.end)


def _put(keys: tuple[str, ...]) -> str | None:
    """The text that keys type; ``None`` where there are others among them."""
    plain = {"enter": "\n", "tab": " "}
    texts = [plain.get(key, key) for key in keys]
    return "".join(texts) if all(len(text) == 1 for text in texts) else None


def _inserted(before: str, after: str, put: str | None) -> int | None:
    """Where the caret is after ``put`` was inserted, if it can only have gone to one place."""
    if not put or len(after) != len(before) + len(put):
        return None
    first = len(before) - _common(before[::-1], after[::-1])
    last = _common(before, after)
    if first != last or after[first : first + len(put)] != put:
        return None
    return first + len(put)


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _after_hotkey(state: State, typing: Typing | None, keys: tuple[str, ...], text: str, name: Field) -> Caret | None:
    if keys == ALL:
        return Caret(name, 0, len(text))
    if keys in ENDS:
        place = 0 if ENDS[keys] == "start" else len(text)
        return Caret(name, place, place)
    if typing is None:
        return None
    if (keys in (_SAVE, COPY) or (keys == CUT and typing.start == typing.end)) and typing.text == text:
        return _made(name, typing)
    put = "" if keys == CUT else state.clipboard if keys == PASTE else None
    if put is None or typing.start is None:
        return None
    done = insert(typing, put)
    return _made(name, done) if done.text == text else None


def _edited(state: State, before: Table, after: Table, one: Step, rows: tuple[int, int]) -> State:
    """What a typed text tells of its field: that it takes text and line ends, and whether the title marks that."""
    if not isinstance(one, Keys) or not (put := _put(one.keys)):
        return state
    text = decoded(after.rows[rows[1]].text)
    if text is None or text == decoded(before.rows[rows[0]].text) or put.strip("\n") not in text:
        return state
    name = field_of(after, rows[1])
    lines = state.many_lines | {name} if "\n" in put else state.many_lines
    state = replace(state, edited=state.edited | {name}, many_lines=lines)
    titles = _titles(before, after, rows)
    if titles is None or titles[0].startswith("*") or titles[1] not in (titles[0], "*" + titles[0]):
        return state
    marked = dict(state.marked) | {name: titles[1] != titles[0]}
    return replace(state, marked=tuple(sorted(marked.items())))


def _titles(before: Table, after: Table, rows: tuple[int, int]) -> tuple[str, str] | None:
    old, new = before.window_of(rows[0]), after.window_of(rows[1])
    return None if old is None or new is None else (before.rows[old].name, after.rows[new].name)


def _clipboard(state: State, before: Table, one: Step) -> str | None:
    """The clipboard after a step: known after a known selection was copied."""
    if not isinstance(one, Hotkey) or one.keys not in (COPY, CUT):
        return state.clipboard if not isinstance(one, Click) else _kept(state, before)
    number = _editable(before)
    typing = None if number is None else typing_in(state, before, number)
    if typing is None or typing.start is None or typing.end is None:
        return None
    return typing.text[typing.start : typing.end] or state.clipboard


def _kept(state: State, before: Table) -> str | None:
    """A click on an item of a menu may copy something."""
    return None if before.menu_is_open else state.clipboard

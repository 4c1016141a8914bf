"""Edits as text: what they say, and the screen that they make of another one.

The grammar, a line an edit (``A``, ``B``, ``C`` are addresses of lines of the screen that is edited)::

    delete A..B              remove these lines (``A`` alone is one line, also below)
    after A                  insert the lines that follow, each behind ``|``; ``after top`` is above the first line
    replace A..B             put the lines that follow, each behind ``|``, in place of these
    move A..B after C        take these lines elsewhere; more edits may change them, under the same addresses
    set A..B NAME=TEXT       give a piece of these lines another text, which goes on to the end of the line
    set A..B +NAME -NAME     the first piece is there, the second is not; ``NAME=TEXT`` may follow behind a blank
    shift A..B NAME+2        add to a number of these lines; several, separated by blanks, in one edit

Where a number counts the lines, insertions and removals are counted in the lines below by themselves; a shift adds to
that, and what is set holds. A new line without its number gets the next one after that of the line above (0 at the
top), if the screen that is edited has such numbers. The order of edits does not matter, save that of insertions in one
place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nextstate.domain.edits.plan import Plan, result
from nextstate.domain.edits.syntax import MAX_KEY
from nextstate.errors import ReplyError, nearest_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.domain.edits.syntax import Screen

MARK = "|"
"""What stands before each inserted line."""

MAX_PROGRAM = 20_000
"""The most lines that edits may have."""

MAX_SHIFTS = 8
"""The most numbers that one shift may change."""
MAX_SET = 1_000_000
"""The most characters that one edit may set in several lines together."""

WORDS = ("after", "delete", "move", "replace", "set", "shift")

_SWITCH = r"[+-][A-Za-z_][\w-]*"
_CHANGE = re.compile(
    rf"(?=.)(?P<switches>(?:{_SWITCH}(?: |$))*)(?:(?<=.)(?P<name>[A-Za-z_][\w-]*)=(?P<text>.*))?", re.DOTALL
)
_SHIFT = re.compile(r"([A-Za-z_][\w-]*?)([+-][0-9]{1,15})")


def apply(screen: Screen, program: Sequence[str]) -> str:
    """The text that ``program`` (its lines) makes of ``screen``. Raises :class:`ReplyError`."""
    if len(program) > MAX_PROGRAM:
        raise ReplyError(f"more than {MAX_PROGRAM:,} lines of edits; write the whole screen")
    plan = Plan(screen)
    for edit, lines in sorted(_edits(program), key=lambda one: one[0].startswith("set ")):  # what is set must stay
        word, _, rest = edit.partition(" ")
        if word not in WORDS:
            raise ReplyError(f"the edit {_short(edit)} begins with none of the words {', '.join(WORDS)}, or {MARK!r}")
        if lines and word not in ("after", "replace"):
            raise ReplyError(f"lines behind {MARK!r} follow the edit {_short(edit)}; they belong to after or replace")
        _ADD[word](plan, rest if word == "set" else rest.strip(), lines)
    return "\n".join(result(plan))


def _edits(program: Sequence[str]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in program:
        if line.startswith(MARK):
            if not found:
                raise ReplyError(f"the line {_short(line)} to insert stands before any edit; begin with: after ADDRESS")
            found[-1][1].append(line[len(MARK) :])
        elif line.strip():
            found.append((line.lstrip(), []))
    return found


# What each edit adds to the plan.


def _delete(plan: Plan, rest: str, lines: list[str]) -> None:
    _remove(plan, _span(plan, rest), "delete " + rest)


def _after(plan: Plan, rest: str, lines: list[str]) -> None:
    if not lines:
        raise ReplyError(
            f"nothing to insert after {_short(rest)}; write the lines below the edit, each behind {MARK!r}"
        )
    plan.put.setdefault(_place(plan, rest), []).extend(lines)


def _replace(plan: Plan, rest: str, lines: list[str]) -> None:
    first, last = _span(plan, rest)
    if not lines:
        raise ReplyError(f"nothing to put in place of {_short(rest)}; to remove lines, write: delete {rest[:MAX_KEY]}")
    _remove(plan, (first, last), "replace " + rest)
    plan.put.setdefault(last, []).extend(lines)


def _move(plan: Plan, rest: str, lines: list[str]) -> None:
    for between in re.finditer(" after ", rest[: 4 * MAX_KEY]):
        span, place = plan.screen.span(rest[: between.start()]), plan.screen.find(rest[between.end() :])
        if span is not None and place is not None:
            _remove(plan, span, "move " + rest)
            plan.moved.update(range(span[0], span[1] + 1))
            plan.put.setdefault(place, []).extend(range(span[0], span[1] + 1))
            return
    what, between_, where = rest.partition(" after ")
    if not between_:
        raise ReplyError(f"the edit {_short('move ' + rest)} does not say where to; write: move A..B after C")
    _span(plan, what)
    _place(plan, where)
    raise plan.screen.missing(rest)


def _set(plan: Plan, rest: str, lines: list[str]) -> None:
    for blank in (one.start() for one in re.finditer(" ", rest[: 2 * MAX_KEY + 2])):
        span = plan.screen.span(rest[:blank])
        change = _CHANGE.fullmatch(rest, blank + 1) if span else None
        if change and span:
            for switch in change["switches"].split():
                _set_lines(plan, span, switch[1:], switch[1:] if switch[0] == "+" else None)
            if change["name"]:
                if len(change["text"]) * (span[1] - span[0]) > MAX_SET:
                    raise ReplyError(
                        f"the edit {_short('set ' + rest)} gives many lines a long text; set one at a time"
                    )
                _set_lines(plan, span, change["name"], change["text"])
            return
    what, blank_, change_ = rest.partition(" ")
    if blank_ and _CHANGE.search(change_):
        _span(plan, what)
    raise ReplyError(f"the edit {_short('set ' + rest)} cannot be read; write: set A NAME=TEXT, set A +NAME or -NAME")


def _set_lines(plan: Plan, span: tuple[int, int], name: str, text: str | None) -> None:
    changed = False
    for i in range(span[0], span[1] + 1):
        if i in plan.gone and i not in plan.moved:
            continue
        piece = next((piece for piece in plan.screen.pieces(i) if piece.name == name), None)
        if piece is None:
            continue
        if (i, name) in plan.texts:
            raise ReplyError(f"{name!r} of the line {plan.screen.name(i)!r} is set twice; keep one of the edits")
        plan.texts[i, name], changed = text, True
    if not changed:
        raise _unset(plan, span, name)


def _unset(plan: Plan, span: tuple[int, int], name: str) -> ReplyError:
    """Why a piece of these lines could not be set."""
    shown = plan.screen.name(span[0])
    if all(i in plan.gone and i not in plan.moved for i in range(span[0], span[1] + 1)):
        return ReplyError(f"{name!r} of the line {shown!r} is set, but another edit takes the line away")
    pieces = [piece for piece in plan.screen.pieces(span[0]) if piece.name]
    near = nearest_name(name, [piece.name for piece in pieces])
    has = f"did you mean {near!r}?" if near else f"it has {', '.join(p.name for p in pieces if p.text is not None)}"
    return ReplyError(f"the line {shown!r} has no {name[:MAX_KEY]!r} to set; {has}")


def _shift(plan: Plan, rest: str, lines: list[str]) -> None:
    words = rest.rsplit(" ", MAX_SHIFTS + 1)
    amounts: list[tuple[str, int]] = []
    while (
        len(words) > 1
        and len(amounts) <= MAX_SHIFTS
        and (one := _SHIFT.fullmatch(words[-1]))
        and plan.screen.span(" ".join(words)) is None
    ):
        amounts.append((one[1], int(one[2])))
        words.pop()
    if not amounts:
        raise ReplyError(f"the edit {_short('shift ' + rest)} cannot be read; write a whole number: shift A..B NAME+2")
    first, last = _span(plan, " ".join(words))
    known = [name for name, _ in plan.screen.syntax.groups]
    for group, amount in amounts:
        if group not in known:
            raise ReplyError(f"{group!r} is no number that can be shifted; there are {', '.join(known) or 'none'}")
        for i in range(first, last + 1):
            if (i, group) in plan.shifts:
                raise ReplyError(
                    f"{group!r} of the line {plan.screen.name(i)!r} is shifted twice; ranges may not overlap"
                )
            plan.shifts[i, group] = amount


_ADD = {"after": _after, "delete": _delete, "move": _move, "replace": _replace, "set": _set, "shift": _shift}


def _remove(plan: Plan, span: tuple[int, int], edit: str) -> None:
    taken = range(span[0], span[1] + 1)
    twice = next((i for i in taken if i in plan.gone), None)
    if twice is not None:
        name = plan.screen.name(twice)
        raise ReplyError(f"the edit {_short(edit)} takes away the line {name!r}, which an edit before it took away")
    plan.gone.update(taken)


def _span(plan: Plan, text: str) -> tuple[int, int]:
    span = plan.screen.span(text)
    if span is not None:
        return span
    first, dots, last = text.partition("..")
    ends = plan.screen.find(first), plan.screen.find(last)
    if dots and ends[0] is not None and ends[1] is not None:
        raise ReplyError(f"the lines {_short(text)} end before they begin; write the upper line first")
    raise plan.screen.missing(last if dots and ends[0] is not None else first)


def _place(plan: Plan, text: str) -> int:
    place = plan.screen.find(text)
    if place is None:
        raise plan.screen.missing(text)
    return place


def _short(text: str) -> str:
    return repr(text if len(text) <= MAX_KEY else text[: MAX_KEY - 3] + "...")

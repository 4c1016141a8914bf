"""What shall become of each line of a screen, and the screen that this makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.domain.edits.syntax import Piece, Screen, Syntax, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(slots=True)
class Plan:
    """What shall become of each line of a screen."""

    screen: Screen
    gone: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    put: dict[int, list[str | int]] = field(default_factory=dict)
    """What comes after a line: new lines, and the numbers of moved ones."""
    texts: dict[tuple[int, str], str | None] = field(default_factory=dict)
    shifts: dict[tuple[int, str], int] = field(default_factory=dict)


def result(plan: Plan) -> list[str]:
    """The lines of the screen that a plan makes."""
    syntax, order = plan.screen.syntax, sequence(plan)
    counts = recounted(plan.screen, order)
    lines, last = [], -1
    for one in order:
        if isinstance(one, int):
            pieces = changed(plan, one, counts.get(one, 0))
        else:
            pieces = syntax.divided(numbered(syntax, one, last + 1)) if counts else (Piece("", "", one),)
        number = counting(syntax, pieces)
        last = last if number is None else number
        lines.append("".join([piece.lead + piece.text for piece in pieces if piece.text is not None]))
    return lines


def sequence(plan: Plan) -> list[str | int]:
    """The lines of the new screen: new ones, and the numbers of lines that the old one has."""
    order: list[str | int] = list(plan.put.get(-1, ()))
    for i in range(len(plan.screen.lines)):
        if i not in plan.gone:
            order.append(i)
        order += plan.put.get(i, ())
    return order


def recounted(screen: Screen, order: Sequence[str | int]) -> dict[int, int]:
    """How much the number that counts the lines changes in each line that is kept and has one."""
    syntax = screen.syntax
    if not syntax.counted:
        return {}
    before: dict[int, int] = {}
    for i in range(len(screen.lines)):
        if counting(syntax, screen.pieces(i)) is not None:
            before[i] = len(before)
    counts: dict[int, int] = {}
    place = 0
    for one in order:
        if isinstance(one, str):
            place += any(piece.name == syntax.counted for piece in syntax.divided(one))
        elif one in before:
            counts[one] = place - before[one]
            place += 1
    return counts if before else {}


def counting(syntax: Syntax, pieces: Iterable[Piece]) -> int | None:
    """The number that counts a line, if it has one."""
    return next((whole(piece.text) for piece in pieces if piece.name == syntax.counted), None)


def numbered(syntax: Syntax, line: str, number: int | None) -> str:
    """``line`` with ``number`` where it could have one and has none; with ``None``, without the one that it has."""
    pieces = syntax.divided(line)
    place = next((k for k, piece in enumerate(pieces) if piece.name == syntax.counted), None)
    if place is None or (pieces[place].text is None) == (number is None):
        return line
    text = None if number is None else str(number)
    return "".join(str(Piece(p.name, p.lead, text) if k == place else p) for k, p in enumerate(pieces))


def changed(plan: Plan, i: int, count: int) -> Sequence[Piece]:
    """Line ``i`` as it is on the new screen; ``count`` is added to the number that counts the lines."""
    pieces = plan.screen.pieces(i)
    amounts: dict[str, int] = {}
    texts: dict[str, str | None] = {}
    for group, names in plan.screen.syntax.groups:
        amount = plan.shifts.get((i, group), 0) + (count if group == plan.screen.syntax.counted else 0)
        amounts |= dict.fromkeys(names, amount) if amount else {}
    for piece in pieces:
        number = whole(piece.text) if piece.name in amounts else None
        if number is not None:
            texts[piece.name] = str(number + amounts[piece.name])
        if (i, piece.name) in plan.texts:
            texts[piece.name] = plan.texts[i, piece.name]
    if not texts:
        return pieces
    return [Piece(p.name, p.lead, texts[p.name]) if p.name in texts else p for p in pieces]

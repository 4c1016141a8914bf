"""Screens that are predicted as edits to an earlier screen, for domains whose observations are whole screens.

A domain declares how its lines are named and divided, a :class:`Syntax` (built-in ones in ``lines.py`` of their
folder), and takes its ``write`` and ``read`` from here::

    write=edits.write(lines.SYNTAX), read=edits.read(lines.SYNTAX)

Both are as :class:`~nextstate.domain.Domain` wants them: ``read(query, write(query, x)) == x`` for every text. The
world prompt must hold :data:`GUIDE`, which explains the format to a model. A reply is one block, as
:func:`~nextstate.domain.write_tagged` makes it; its first line says which form it has::

    screen             the whole screen follows
    edit               edits to the screen just before follow (see the module `program`); none: it is the same
    edit 3 back        edits to the screen three before the new one; ``1 back`` is the one just before
    edit first         edits to the first screen, ``setup.initial_state``

A block that begins with neither word is read as a whole screen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from nextstate.domain import read_tagged, write_tagged
from nextstate.domain.edits.align import price
from nextstate.domain.edits.guide import GUIDE
from nextstate.domain.edits.program import apply
from nextstate.domain.edits.script import difference
from nextstate.domain.edits.syntax import Piece, Screen, Syntax
from nextstate.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.types import Observation, Query

__all__ = ["GUIDE", "Piece", "Screen", "Syntax", "apply", "bases", "difference", "read", "write"]

MAX_LINES = 2_000
MAX_CHARACTERS = 200_000
"""Screens with more lines or characters are written whole, and are not compared."""

BACK = 60
"""How many screens back edits may go, when they are written."""
LOOKED_AT = 400_000
"""How many characters of earlier screens are looked at, when edits are written."""
TRIED = 6
"""How many earlier screens are compared line by line, when edits are written."""
TRIED_LINES = 3_000
"""After how many lines that were compared no further screen is tried."""

_HEAD = re.compile(r"edits?(?: (?:(?P<back>[1-9][0-9]{0,5}) back|(?P<first>first)))?:?[ \t\r]*")


class _Parsed:
    """The screens of a syntax that were looked at last; of more of them, what their lines say without numbers."""

    def __init__(self, syntax: Syntax) -> None:
        self.screen = lru_cache(8)(lambda text: Screen(syntax, text))
        self.summary = lru_cache(BACK + 4)(self._summary)
        self._shifting = {name for _, names in syntax.groups for name in names}

    def _summary(self, text: str) -> dict[int, int]:
        """The lines without numbers, as hashes, and about how many tokens each has."""
        screen = self.screen(text)
        lines = (screen.pieces(i) for i in range(len(screen.lines)))
        texts = {"".join([str(piece) for piece in line if piece.name not in self._shifting]) for line in lines}
        return {hash(line): price(line) for line in texts}


def write(syntax: Syntax) -> Callable[[Query, Observation], str]:
    """The function that words an observation as edits to an earlier screen, or whole where that is shorter."""
    parsed = _Parsed(syntax)

    def write(query: Query, observation: Observation) -> str:
        return write_tagged(query, _worded(query, observation, parsed))

    return write


def read(syntax: Syntax) -> Callable[[Query, str], Observation]:
    """The inverse of :func:`write`; its result raises :class:`ReplyError` for edits that do not fit the screen."""

    def read(query: Query, reply: str) -> Observation:
        text = read_tagged(query, reply)
        head, _, rest = text.lstrip("\n").partition("\n")
        if head.rstrip() in ("screen", "screen:"):
            return rest
        form = _HEAD.fullmatch(head)
        if form is None:
            return text
        base = _base(query, form)
        if not rest.strip():
            return base  # the same screen, however long it is
        if not _comparable(base):
            raise ReplyError("the screen that is edited is too long for edits; write the whole one, below: screen")
        return apply(Screen(syntax, base), rest.split("\n"))

    return read


def bases(query: Query) -> dict[str, Observation]:
    """The screens that a reply to ``query`` may edit, by the first line that says so, the latest first."""
    shown = [turn.observation for turn in query.history[-BACK:]]
    if len(query.history) < BACK:
        shown.insert(0, query.setup.initial_state)
    heads = {f"edit {back} back" if back > 1 else "edit": text for back, text in enumerate(reversed(shown), 1)}
    return heads if query.setup.initial_state == shown[0] else heads | {"edit first": query.setup.initial_state}


def _base(query: Query, form: re.Match[str]) -> Observation:
    back = int(form["back"] or 1)
    if form["first"] or back == len(query.history) + 1:
        return query.setup.initial_state
    if back > len(query.history):
        raise ReplyError(f"there is no screen {back} back, only {len(query.history) + 1}; write the whole screen")
    return query.history[-back].observation


def _comparable(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and text.count("\n") < MAX_LINES


def _worded(query: Query, text: Observation, parsed: _Parsed) -> str:
    """The shortest wording of ``text`` that was looked for."""
    whole = f"screen\n{text}"
    heads = bases(query)
    same = next((head for head, base in heads.items() if base == text), None)
    if same is not None:
        return same
    if not _comparable(text):
        return whole
    best, least, lines = whole, price(whole), 0
    for head in _nearest(text, heads, parsed):
        old, new = parsed.screen(heads[head]), parsed.screen(text)
        if lines > TRIED_LINES:
            break
        lines += len(old.lines) + len(new.lines)
        program = difference(old, new)
        worded = "\n".join([head, *program])
        if (cost := price(worded)) < least and _fits(old, program, text):
            best, least = worded, cost
    return best


def _fits(old: Screen, program: list[str], text: str) -> bool:
    try:
        return apply(old, program) == text
    except ReplyError:
        return False


def _nearest(text: str, heads: dict[str, Observation], parsed: _Parsed) -> list[str]:
    """The heads of the screens that have most in common with ``text``; the one just before is among them."""
    mine = parsed.summary(text)
    common: dict[str, int] = {}
    budget = LOOKED_AT
    for head, base in heads.items():
        budget -= len(base)
        if _comparable(base) and (budget >= 0 or not common):
            theirs = parsed.summary(base)
            common[head] = sum(cost for line, cost in mine.items() if line in theirs)
    ranked = sorted(common, key=lambda head: -common[head])
    return list(dict.fromkeys([*list(common)[:1], *ranked[:TRIED]]))

"""A pane of a terminal: what texts look like once they are written to it. Rows break at its width."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from nextstate.domains.terminal.kernel.files import Undetermined

CLEAR = "\x1b[H\x1b[J"
"""What ``clear`` prints at a terminal of the kind ``screen``."""
_PIECE = re.compile(r"[ -~]+|\x1b\[H\x1b\[J|\x1b\[[0-9;]*m|.", re.S)


@dataclass(frozen=True, slots=True)
class Pane:
    """The rows that were written, the last one with the cursor in column ``column``.

    ``column`` equals ``columns`` when a row is full and the next character will begin a new one.
    """

    columns: int
    rows: tuple[str, ...] = ("",)
    column: int = 0

    def write(self, text: str) -> Pane:
        """The pane after ``text``, line ends being those of programs (``\\n``).

        Colours are invisible. Raises :class:`Undetermined` for other escape sequences and for characters of unknown
        width.
        """
        rows, column = list(self.rows), self.column
        row = rows.pop()
        for piece in _PIECE.findall(text):
            if piece == "\n":
                rows.append(row)
                row, column = "", 0
            elif piece == "\r":
                column = 0
            elif piece == "\t":
                column = column if column >= self.columns - 1 else min(column // 8 * 8 + 8, self.columns - 1)
            elif piece == CLEAR:
                rows, row, column = [], "", 0
            elif piece == "\a" or piece.startswith("\x1b["):
                continue
            else:
                size = width(piece[0])
                while piece:
                    if column + size > self.columns:
                        rows.append(row)
                        row, column = "", 0
                    part = piece[: (self.columns - column) // size]
                    row = _over(row, column, part)
                    column += size * len(part)
                    piece = piece[len(part) :]
        return replace(self, rows=(*rows, row), column=column)

    def shown(self) -> tuple[str, ...]:
        """The rows as a capture gives them: without white space at their ends."""
        return tuple(row.rstrip() for row in self.rows)

    def last(self, number: int) -> Pane:
        """The pane with its last ``number`` rows only."""
        return replace(self, rows=self.rows[-number:])


def _over(row: str, column: int, text: str) -> str:
    """``row`` with ``text`` written at ``column``."""
    if not row.isascii() and (any(width(ch) != 1 for ch in row) or any(width(ch) != 1 for ch in text)):
        if column != cells(row):
            raise Undetermined("wide characters are written over")
        return row + text
    return row[:column].ljust(column) + text + row[column + len(text) :]


def cells(text: str) -> int:
    """How many columns a text without control characters takes."""
    return len(text) if text.isascii() else sum(map(width, text))


def width(ch: str) -> int:
    """The columns of one character, 1 or 2; :class:`Undetermined` where terminals differ."""
    if " " <= ch <= "~":
        return 1
    category = unicodedata.category(ch)
    if category in ("Mn", "Me", "Mc", "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        raise Undetermined(f"how the terminal shows {ch!r}")
    return 2 if unicodedata.east_asian_width(ch) in ("W", "F") else 1

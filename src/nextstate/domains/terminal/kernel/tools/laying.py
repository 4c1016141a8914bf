"""Programs that lay text out: fold, expand, unexpand and column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.counting import width_of
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse, tool
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, each_text, opened, raw

TAB = 8
FOLD = grammar("bsw:", {"bytes": "b", "spaces": "s", "width=": "w"})


def old_width(args: tuple[str, ...], option: str) -> tuple[str, ...]:
    """``-20`` as ``-w 20``, the old form of such an option."""
    return tuple(re.sub(r"^-(\d+)$", rf"-{option}\1", arg) for arg in args)


def advanced(column: int, ch: str) -> int:
    """The column behind a character."""
    if ch == "\b":
        return max(0, column - 1)
    if ch == "\r":
        return 0
    return column + TAB - column % TAB if ch == "\t" else column + 1


def folded(line: str, width: int, *, spaces: bool, step: Callable[[int, str], int]) -> str:
    """A line with newlines put in so that no part is wider than ``width``."""
    done: list[str] = []
    now, column = "", 0
    for ch in line:
        while True:
            after = step(column, ch)
            if after <= width:
                break
            cut = max(now.rfind(" "), now.rfind("\t")) + 1 if spaces else 0
            if not cut and not now:
                break
            cut = cut or len(now)
            done.append(now[:cut])
            now, column = now[cut:], 0
            for kept in now:
                column = step(column, kept)
        now, column = now + ch, after
    return "\n".join([*done, now])


def fold(call: Call) -> Out:
    try:
        options = parse(call, FOLD, old_width(call.args, "w"))
    except Stop as stop:
        return stop.out
    text = options.last("w") or "80"
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        if not re.fullmatch(r"[A-Za-z]+", text):
            raise Undetermined(f"fold -w {text}")
        return Out(stderr=f"fold: invalid number of columns: {call.quote(text)}\n", code=1)
    step = (lambda column, ch: column + 1) if options.has("b") else advanced
    printer = Printer(call)
    for _, content in each_text(call, options.operands, printer):
        lines = raw(content).split("\n")
        printer.write(cooked("\n".join(folded(line, int(text), spaces=options.has("s"), step=step) for line in lines)))
    return printer.out()


# -- tabs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stops:
    """Tab stops: every so many columns, or a list."""

    each: int
    list: tuple[int, ...] = ()

    def next(self, column: int) -> int | None:
        """The next stop behind a column; ``None`` behind the last of a list."""
        if not self.list:
            return column + self.each - column % self.each
        return next((stop for stop in self.list if stop > column), None)


def stops(call: Call, options: Options) -> Stops:
    values = options.values("t")
    if not values:
        return Stops(TAB)
    if len(values) > 1:
        raise Undetermined("several lists of tab stops")
    numbers = re.split(r"[, \t]+", values[0])
    if not all(re.fullmatch(r"\d{1,9}", number) for number in numbers):
        if not re.fullmatch(r"[A-Za-z]+", values[0]):
            raise Undetermined(f"the tab stops {values[0]}")
        message = f"tab size contains invalid character(s): {call.quote(values[0])}"
        raise Stop(Out(stderr=f"{call.name}: {message}\n", code=1))
    found = tuple(int(number) for number in numbers)
    if 0 in found:
        raise Stop(Out(stderr=f"{call.name}: tab size cannot be 0\n", code=1))
    if any(left >= right for left, right in pairwise(found)):
        raise Stop(Out(stderr=f"{call.name}: tab sizes must be ascending\n", code=1))
    return Stops(found[0]) if len(found) == 1 else Stops(0, found)


def expanded(line: str, at: Stops, *, initial: bool) -> str:
    pieces, column, on = [], 0, True
    for ch in line:
        if ch == "\t" and on:
            stop = at.next(column) or column + 1
            pieces.append(" " * (stop - column))
            column = stop
            continue
        on = on and not (initial and ch not in " \t")
        column = max(0, column - 1) if ch == "\b" else column + 1
        pieces.append(ch)
    return "".join(pieces)


@dataclass
class _Unexpand:
    """One line of unexpand; ``pending`` are blanks that may become a tab."""

    stops: Stops
    whole: bool
    column: int = 0
    on: bool = True
    before_blank: bool = True
    alone: bool = False
    """A single blank stands just before a stop."""
    pending: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)

    def take(self, ch: str) -> None:
        if self.on:
            blank = ch in " \t" and ch != ""
            if blank:
                kept = self.blank(ch)
                if kept is None:
                    return
                ch = kept
            elif ch == "\b":
                raise Undetermined("a backspace among blanks")
            else:
                self.column += 1
            self.flush()
            self.before_blank = blank
            self.on = self.on and (self.whole or blank)
        self.out.append(ch)

    def blank(self, ch: str) -> str | None:
        """What becomes of a blank; ``None``: that is not known yet."""
        stop = self.stops.next(self.column)
        if stop is None:
            self.on = False
            return ch
        if ch == "\t":
            self.column = stop
            if self.pending:
                self.pending[0] = "\t"
        else:
            self.column += 1
            if not (self.before_blank and self.column == stop):
                self.alone = self.alone or self.column == stop
                self.pending.append(ch)
                self.before_blank = True
                return None
            if self.pending:
                self.pending[0] = "\t"
            ch = "\t"
        del self.pending[int(self.alone) :]
        return ch

    def flush(self) -> None:
        if self.pending:
            if len(self.pending) > 1 and self.alone:
                self.pending[0] = "\t"
            self.out += self.pending
            self.pending.clear()
            self.alone = False


def unexpanded(line: str, at: Stops, *, whole: bool) -> str:
    state = _Unexpand(at, whole)
    for ch in line:
        state.take(ch)
    state.flush()
    return "".join(state.out)


@tool(grammar("it:", {"initial": "i", "tabs=": "t"}, other="0123456789"))
def expand(call: Call, options: Options) -> Out:
    at, initial = stops(call, options), options.has("i")
    return each_line(call, options, lambda line: expanded(line, at, initial=initial))


@tool(grammar("at:", {"all": "a", "first-only": "first", "tabs=": "t"}, other="0123456789"))
def unexpand(call: Call, options: Options) -> Out:
    at = stops(call, options)
    whole = options.has("a", "t") and not options.has("first")
    return each_line(call, options, lambda line: unexpanded(line, at, whole=whole))


def each_line(call: Call, options: Options, change: Callable[[str], str]) -> Out:
    printer = Printer(call)
    for _, text in each_text(call, options.operands, printer):
        printer.write(cooked("\n".join(change(line) for line in raw(text).split("\n"))))
    return printer.out()


# -- column -----------------------------------------------------------------------------------------------

COLUMN = grammar(
    "ts:o:c:x",
    {"table": "t", "separator=": "s", "output-separator=": "o", "output-width=": "c", "fillrows": "x"},
    other="JLdehVn:E:H:N:O:R:T:W:p:r:i:l:",
    other_long="json keep-empty-lines table-columns= table-name= table-right= table-noheadings table-order=",
)


def wide(text: str) -> int:
    if any(not ch.isprintable() for ch in text):
        raise Undetermined("what column makes of a control character")
    return sum(map(width_of, text))


def table(rows: list[list[str]], between: str) -> str:
    """Cells under each other; the last column is not filled up."""
    count = max(map(len, rows), default=0)
    rows = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(wide(row[at]) for row in rows) for at in range(count)]
    lines = []
    for row in rows:
        cells = [cell + " " * (widths[at] - wide(cell)) for at, cell in enumerate(row[:-1])]
        lines.append(between.join([*cells, row[-1]]) + "\n")
    return "".join(lines)


def filled(entries: list[str], width: int, *, rows_first: bool) -> str:
    """Entries side by side, with tabs between them."""
    longest = max(map(wide, entries), default=0)
    if longest >= width:
        return "".join(entry + "\n" for entry in entries)
    step = longest // TAB * TAB + TAB
    columns = max(1, width // step)
    height = -(-len(entries) // columns)
    lines = []
    for row in range(height):
        picked = entries[row * columns : (row + 1) * columns] if rows_first else entries[row::height]
        cells = [entry + "\t" * -(-(step - wide(entry)) // TAB) for entry in picked[:-1]]
        lines.append("".join(cells) + picked[-1] + "\n")
    return "".join(lines)


@tool(COLUMN)
def column(call: Call, options: Options) -> Out:
    lines: list[str] = []
    for operand in options.operands or ("-",):
        text = opened(call, operand) if options.operands else call.input()
        if isinstance(text, Errno) or (operand == "-" and options.operands):
            raise Undetermined(f"column of {operand}")
        lines += text.split("\n")
    lines = [line for line in lines if line.strip(" \t")]
    if not call.utf8 and not all(line.isascii() for line in lines):
        raise Undetermined("column of bytes that are no ASCII")
    if not options.has("t"):
        width = options.last("c") or call.env.get("COLUMNS") or "80"
        if not re.fullmatch(r"[1-9]\d{0,4}", width) or options.has("s", "o"):
            raise Undetermined("the width of the output of column")
        if any("\t" in line for line in lines):
            raise Undetermined("tabs among the entries")
        return Out(filled(lines, int(width), rows_first=options.has("x")))
    if options.has("c", "x"):
        raise Undetermined("column -t with a width")
    by = options.last("s")
    if by == "":
        raise Undetermined("an empty separator")
    rows = [re.findall(r"[^ \t]+", line) if by is None else re.split(f"[{re.escape(by)}]", line) for line in lines]
    between = "  " if options.last("o") is None else options.last("o") or ""
    return Out(table(rows, between) if rows else "")


TOOLS = {"column": column, "expand": expand, "fold": fold, "unexpand": unexpand}

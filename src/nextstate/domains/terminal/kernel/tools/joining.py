"""Two sorted files side by side: join and comm, with their complaints about order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, only_bytewise, opened, raw, split_at
from nextstate.domains.terminal.kernel.tools.wording import quotef

COMM = grammar(
    "123z",
    {"check-order": "check", "nocheck-order": "nocheck", "output-delimiter=": "output", "total": "total",
     "zero-terminated": "z"},
)  # fmt: skip


def pair(call: Call, operands: tuple[str, ...], end: str, wording: Callable[[str, Errno], str]) -> list[list[str]]:
    """The raw lines of two operands."""
    if not operands:
        raise wrong_usage(call, "missing operand")
    if len(operands) == 1:
        if call.args[-1] != operands[0]:
            raise Undetermined("which argument the message names")
        raise wrong_usage(call, f"missing operand after {call.quote(operands[0])}")
    if operands == ("-", "-"):
        raise Undetermined("standard input twice")
    found = []
    for operand in operands:
        text = opened(call, operand)
        if isinstance(text, Errno):
            raise Stop(Out(stderr=f"{call.name}: {wording(operand, text)}\n", code=1))
        found.append(split_at(raw(text), end))
    return found


class Disorder:
    """Which of two files was found to be out of order."""

    def __init__(self, printer: Printer, mode: str | None) -> None:
        self.printer = printer
        self.strict = mode == "check"
        self.off = mode == "nocheck"
        self.unpaired = False
        self.told = [False, False]

    def check(self, which: int, wrong: Callable[[], bool], message: Callable[[], str]) -> None:
        if self.off or not (self.strict or self.unpaired) or self.told[which] or not wrong():
            return
        self.printer.error(message())
        self.told[which] = True
        if self.strict:
            raise Stop(self.printer.out())

    def finish(self) -> Out:
        if any(self.told):
            self.printer.error("input is not in sorted order")
        return self.printer.out()


@tool(COMM)
def comm(call: Call, options: Options) -> Out:
    if len(options.operands) > 2:
        raise wrong_usage(call, f"extra operand {call.quote(options.operands[2])}")
    end = "\0" if options.has("z") else "\n"
    files = pair(call, options.operands, end, lambda operand, errno: f"{quotef(call, operand)}: {errno.value}")
    only_bytewise(call, [line for lines in files for line in lines])
    printer = Printer(call)
    disorder = Disorder(printer, options.chosen("check", "nocheck"))
    between = options.last("output")
    if between is not None and not between:
        raise Undetermined("an empty delimiter")
    between = "\t" if between is None else raw(between)
    columns = [not options.has(str(number)) for number in (1, 2, 3)]
    at, totals = [0, 0], [0, 0, 0]
    while at[0] < len(files[0]) or at[1] < len(files[1]):
        now = [files[k][at[k]] if at[k] < len(files[k]) else None for k in (0, 1)]
        order = 1 if now[0] is None else -1 if now[1] is None else (now[0] > now[1]) - (now[0] < now[1])
        column = {0: 2, -1: 0, 1: 1}[order]
        disorder.unpaired |= order != 0
        totals[column] += 1
        if columns[column]:
            shown = now[1] if order >= 0 else now[0]
            printer.write(cooked(between * sum(columns[:column]) + (shown or "") + end))
        for which in (0, 1):
            if (order <= 0) if which == 0 else (order >= 0):
                at[which] += 1
                _check_step(disorder, files[which], at[which], which)
    if options.has("total"):
        printer.write(cooked(between.join(str(total) for total in totals) + between + "total" + end))
    return disorder.finish()


def _check_step(disorder: Disorder, lines: list[str], at: int, which: int) -> None:
    """Compares the line just read with the one before; at the end of the file the last two once more."""
    first = at - 1 if at < len(lines) else at - 2
    if first >= 0:
        disorder.check(
            which, lambda: lines[first] > lines[first + 1], lambda: f"file {which + 1} is not in sorted order"
        )


JOIN = grammar(
    "1:2:a:e:ij:o:t:v:z",
    {"ignore-case": "i", "check-order": "check", "nocheck-order": "nocheck", "header": "header",
     "zero-terminated": "z"},
)  # fmt: skip
Fields = list[str]


@dataclass
class _Side:
    """One file of join."""

    lines: list[str]
    key: int
    name: str
    unpaired: bool
    split: Callable[[str], Fields]
    at: int = 0
    read: list[Fields] = field(default_factory=list)


class _Join:
    def __init__(self, call: Call, options: Options, sides: tuple[_Side, _Side], printer: Printer) -> None:
        self.sides = sides
        self.fold = options.has("i")
        self.disorder = Disorder(printer, options.chosen("check", "nocheck"))
        self.printer = printer
        tab = options.last("t")
        self.between = " " if tab is None else "\0" if tab == "\\0" else raw(tab) or "\n"
        self.filler = raw(options.last("e") or "")
        self.pairs = not options.has("v")
        self.form = layout(call, options, sides)
        self.end = "\0" if options.has("z") else "\n"

    def key(self, which: int, fields: Fields) -> str:
        at = self.sides[which].key
        text = fields[at] if at < len(fields) else ""
        return "".join(ch.upper() if "a" <= ch <= "z" else ch for ch in text) if self.fold else text

    def next(self, which: int) -> Fields | None:
        """The next line, checked against the one before."""
        side = self.sides[which]
        if side.at >= len(side.lines):
            return None
        fields = side.split(side.lines[side.at])
        side.at += 1
        if side.read:
            before, number, text = side.read[-1], side.at, side.lines[side.at - 1]
            self.disorder.check(
                which,
                lambda: self.key(which, before) > self.key(which, fields),
                lambda: f"{side.name}:{number}: is not sorted: {cooked(text)}",
            )
        side.read.append(fields)
        return fields

    def show(self, first: Fields | None, second: Fields | None) -> None:
        both = (first, second)
        lead = 0 if first is not None else 1
        if self.form is not None:
            cells = [self.cell(both[lead] if which < 0 else both[which],
                               self.sides[lead].key if which < 0 else at) for which, at in self.form]  # fmt: skip
        else:
            cells = [self.cell(both[lead], self.sides[lead].key)]
            for which, fields in enumerate(both):
                key = self.sides[which].key
                cells += [text or self.filler for at, text in enumerate(fields or []) if at != key]
        self.printer.write(cooked(self.between.join(cells) + self.end))

    def cell(self, fields: Fields | None, at: int) -> str:
        return (fields[at] if fields is not None and at < len(fields) else "") or self.filler

    def header(self) -> None:
        heads = [self.next(0), self.next(1)]
        if heads != [None, None]:
            self.show(heads[0], heads[1])
        for side in self.sides:
            side.read.clear()

    def run(self) -> Out:
        one, two = self.next(0), self.next(1)
        while one is not None and two is not None:
            left, right = self.key(0, one), self.key(1, two)
            if left != right:
                which = 0 if left < right else 1
                if self.sides[which].unpaired:
                    self.show(one if which == 0 else None, two if which == 1 else None)
                if which == 0:
                    one = self.next(0)
                else:
                    two = self.next(1)
                self.disorder.unpaired = True
                continue
            ones, twos = [one], [two]
            while (one := self.next(0)) is not None and self.key(0, one) == right:
                ones.append(one)
            while (two := self.next(1)) is not None and left == self.key(1, two):
                twos.append(two)
            if self.pairs:
                for first in ones:
                    for second in twos:
                        self.show(first, second)
        self.tail(0, one, other=two is not None)
        self.tail(1, two, other=one is not None)
        return self.disorder.finish()

    def tail(self, which: int, line: Fields | None, *, other: bool) -> None:
        side, disorder = self.sides[which], self.disorder
        if line is None or not (side.unpaired or not (disorder.off or all(disorder.told))):
            return
        if side.unpaired:
            self.show(*((line, None) if which == 0 else (None, line)))
        if other:
            disorder.unpaired = True
        while (line := self.next(which)) is not None:
            if side.unpaired:
                self.show(*((line, None) if which == 0 else (None, line)))
            elif disorder.told[which]:
                break


def layout(call: Call, options: Options, sides: tuple[_Side, _Side]) -> list[tuple[int, int]] | None:
    """The ``-o`` list as (file, field); file -1 is the join field."""
    texts = options.values("o")
    if not texts:
        return None
    if texts == ["auto"]:
        form = [(-1, 0)]
        for which, side in enumerate(sides):
            count = len(side.split(side.lines[0])) if side.lines else 0
            form += [(which, at) for at in range(count) if at != side.key]
        return form
    form = []
    for item in re.split(r"[, \t]+", ",".join(texts)):
        match = re.fullmatch(r"(0)|([12])\.([1-9]\d{0,5})", item)
        if match is None:
            raise Undetermined(f"join -o {item}")
        form.append((-1, 0) if match[1] else (int(match[2]) - 1, int(match[3]) - 1))
    return form


def splitter(tab: str | None) -> Callable[[str], Fields]:
    if tab is None:
        return lambda line: re.findall(r"[^ \t\n]+", line)
    if tab == "":
        return lambda line: [line] if line else []
    return lambda line: line.split(tab) if line else []


def join(call: Call) -> Out:
    try:
        return _join(call, parse(call, JOIN))
    except Stop as stop:
        if len(call.args) > 3 and "option" in stop.out.stderr:
            raise Undetermined("which of two wrong arguments is reported") from None
        return stop.out


def _join(call: Call, options: Options) -> Out:
    if len(options.operands) > 2:
        if options.has("o"):
            raise Undetermined("an old form of join -o")
        raise wrong_usage(call, f"extra operand '{options.operands[2]}'")
    if len(options.operands) < 2 and options.given:
        raise Undetermined("which of two wrong arguments is reported")
    keys = [options.last("1", "j") or "1", options.last("2", "j") or "1"]
    for text in keys:
        if not re.fullmatch(r"[1-9]\d{0,8}", text):
            if not re.fullmatch(r"0|[A-Za-z]+", text):
                raise Undetermined(f"the field {text!r}")
            raise Stop(Out(stderr=f"join: invalid field number: {call.quote(text)}\n", code=1))
    if options.has("j") and options.has("1", "2"):
        raise Undetermined("join -j with -1 or -2")
    tab = options.last("t")
    if tab is not None and len(raw(tab)) > 1 and tab != "\\0":
        raise Stop(Out(stderr=f"join: multi-character tab {call.quote(tab)}\n", code=1))
    shown = {text for key in ("a", "v") for text in options.values(key)}
    if not shown <= {"1", "2"}:
        raise Undetermined("join -a or -v of something else")
    end = "\0" if options.has("z") else "\n"
    files = pair(
        call,
        options.operands,
        end,
        lambda operand, errno: ("read error" if errno is Errno.ISDIR else quotef(call, operand)) + f": {errno.value}",
    )
    split = splitter("\0" if tab == "\\0" else None if tab is None else raw(tab))
    sides = [_Side(files[k], int(keys[k]) - 1, options.operands[k], str(k + 1) in shown, split) for k in (0, 1)]
    if not call.bytewise:
        only_bytewise(call, [text for side in sides for line in side.lines for text in split(line)[side.key :][:1]])
    work = _Join(call, options, (sides[0], sides[1]), Printer(call))
    if options.has("header"):
        work.header()
    return work.run()


TOOLS = {"comm": comm, "join": join}

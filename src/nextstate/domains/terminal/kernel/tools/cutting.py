"""Columns: cut and paste; and tee."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, each_text, joined, opened, raw, split_at
from nextstate.domains.terminal.kernel.tools.wording import locate, quotef

CUT = grammar(
    "b:c:d:f:nsz",
    {"bytes=": "b", "characters=": "c", "delimiter=": "d", "fields=": "f", "only-delimited": "s", "complement":
     "complement", "output-delimiter=": "output", "zero-terminated": "z"},
)  # fmt: skip
FAR = 10**18

Ranges = list[tuple[int, int]]


def ranges(call: Call, text: str, *, fields: bool) -> Ranges:
    """The sorted, merged ranges of a list such as ``1,3-5,7-`` (both ends counted)."""
    found: Ranges = []
    items = re.split(r"[, \t]", text)
    for at, item in enumerate(items):
        match = re.fullmatch(r"(\d{0,15})(-?)(\d{0,15})", item)
        if match is None:
            if at < len(items) - 1:
                raise Undetermined("how much of a wrong list is reported")
            raise _bad_list(call, item, fields=fields)
        if item == "-":
            raise wrong_usage(call, "invalid range with no endpoint: -")
        if not item or (match[1] and int(match[1]) == 0):
            raise wrong_usage(call, f"{'fields' if fields else 'byte/character positions'} are numbered from 1")
        low = int(match[1] or 1)
        high = (int(match[3]) if match[3] else FAR) if match[2] else low
        if high < low:
            raise wrong_usage(call, "invalid decreasing range")
        found.append((low, high))
    merged: Ranges = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _bad_list(call: Call, item: str, *, fields: bool) -> Stop:
    if re.fullmatch(r"[\d-]*-[\d-]*-[\d-]*", item):
        return wrong_usage(call, "invalid field range" if fields else "invalid byte or character range")
    if not re.fullmatch(r"\d*[A-Za-z][A-Za-z0-9]*", item):
        raise Undetermined(f"cut with {item!r}")
    shown = call.quote(re.sub(r"^\d*", "", item) if item[0].isdigit() else item)
    if item[0].isdigit():
        raise Undetermined(f"cut with {item!r}")
    return wrong_usage(call, f"invalid {'field value' if fields else 'byte/character position'} {shown}")


def complement(found: Ranges) -> Ranges:
    rest, at = [], 1
    for low, high in found:
        if low > at:
            rest.append((at, low - 1))
        at = high + 1
    return [*rest, (at, FAR)] if at < FAR else rest


def field_cutter(found: Ranges, delimiter: str, between: str, *, only: bool) -> Callable[[str], str | None]:
    def cut_line(line: str) -> str | None:
        if delimiter not in line:
            return None if only else line
        parts = line.split(delimiter)
        return between.join(part for low, high in found for part in parts[low - 1 : high])

    return cut_line


@tool(CUT)
def cut(call: Call, options: Options) -> Out:
    chosen = [key for key, _ in options.given if key in "bcf"]
    if len(chosen) > 1:
        raise wrong_usage(call, "only one list may be specified")
    delimiter = options.last("d")
    if delimiter is not None and len(delimiter.encode()) > 1:
        raise wrong_usage(call, "the delimiter must be a single character")
    if not chosen:
        raise wrong_usage(call, "you must specify a list of bytes, characters, or fields")
    fields = chosen[0] == "f"
    if delimiter is not None and not fields:
        raise wrong_usage(call, "an input delimiter may be specified only when operating on fields")
    if options.has("s") and not fields:
        raise wrong_usage(call, "suppressing non-delimited lines makes sense\n\tonly when operating on fields")
    found = ranges(call, options.last("b", "c", "f") or "", fields=fields)
    if options.has("complement"):
        found = complement(found)
    delimiter = "\t" if delimiter is None else delimiter or "\0"
    end = "\0" if options.has("z") else "\n"
    if delimiter == end:
        raise Undetermined("cut with lines as fields")
    between = options.last("output")
    if fields:
        cutter = field_cutter(found, delimiter, delimiter if between is None else raw(between or "\0"),
                              only=options.has("s"))  # fmt: skip
    else:
        joint = "" if between is None else raw(between or "\0")
        cutter = _byte_cutter(found, joint)
    printer = Printer(call)
    for _, text in each_text(call, options.operands, printer):
        lines = [shown for line in split_at(raw(text), end) if (shown := cutter(line)) is not None]
        printer.write(cooked(joined(lines, end)))
    return printer.out()


def _byte_cutter(found: Ranges, between: str) -> Callable[[str], str | None]:
    return lambda line: between.join(line[low - 1 : high] for low, high in found if low <= len(line))


PASTE = grammar("d:sz", {"delimiters=": "d", "serial": "s", "zero-terminated": "z"})
_ESCAPES = {"0": "", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def delimiters(text: str) -> list[str]:
    """The list that paste cycles through; an empty one is no delimiter."""
    if not text.isascii():
        raise Undetermined("delimiters that are no ASCII")
    if re.fullmatch(r"(?:[^\\]|\\.)*\\", text, re.DOTALL):
        if text.count("\\") > 1:
            raise Undetermined("a list that ends in a backslash")
        message = f"paste: delimiter list ends with an unescaped backslash: {text}\n"
        raise Stop(Out(stderr=message, code=1))
    pieces = re.findall(r"\\.|[^\\]", text, re.DOTALL)
    return [_ESCAPES.get(piece[1], piece[1]) if len(piece) > 1 else piece for piece in pieces] or [""]


@tool(PASTE)
def paste(call: Call, options: Options) -> Out:
    marks = delimiters("\t" if options.last("d") is None else options.last("d") or "")
    end = "\0" if options.has("z") else "\n"
    operands = options.operands or ("-",)
    if options.has("s"):
        return _serial(call, operands, marks, end)
    sources: list[Iterator[str]] = []
    shared: Iterator[str] | None = None
    for operand in operands:
        if operand == "-":
            shared = shared or iter(split_at(call.input(), end))
            sources.append(shared)
            continue
        text = opened(call, operand)
        if text is Errno.ISDIR:
            raise Undetermined("paste of a directory")
        if isinstance(text, Errno):
            return Out(stderr=f"paste: {quotef(call, operand)}: {text.value}\n", code=1)
        sources.append(iter(split_at(text, end)))
    rows: list[str] = []
    while True:
        cells = [next(source, None) for source in sources]
        if all(cell is None for cell in cells):
            return Out(joined(rows, end))
        rows.append(strung([cell or "" for cell in cells], marks))


def strung(cells: list[str], marks: list[str]) -> str:
    """Cells with the delimiters between them in turn."""
    pieces = [cells[0]]
    for at, cell in enumerate(cells[1:]):
        pieces += (marks[at % len(marks)], cell)
    return "".join(pieces)


def _serial(call: Call, operands: tuple[str, ...], marks: list[str], end: str) -> Out:
    printer = Printer(call)
    for operand, text in each_text(call, operands, printer):
        if operand == "-" and operands.count("-") > 1:
            raise Undetermined("standard input twice")
        printer.write(strung(split_at(text, end) or [""], marks) + end)
    return printer.out()


@tool(grammar("aip", {"append": "a", "ignore-interrupts": "i"}, other_long="output-error[=]"))
def tee(call: Call, options: Options) -> Out:
    printer = Printer(call)
    text = call.input()
    for operand in options.operands:
        if operand.endswith("/"):
            raise Undetermined("tee to a name with a slash behind it")
        try:
            path = locate(call, operand)
            call.tree.write(path, text.encode(), append=options.has("a"), mode=0o666 & ~call.umask)
        except FsError as error:
            printer.fails(operand, error.errno)
        if operand in ("/dev/stdout", "/dev/stderr", "/dev/tty"):
            raise Undetermined("tee to a device")
    printer.write(text)
    return printer.out()


TOOLS = {"cut": cut, "paste": paste, "tee": tee}

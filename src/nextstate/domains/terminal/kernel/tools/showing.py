"""Programs that show files as they are, numbered or turned round: cat, tac, rev, nl."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import (
    Printer,
    each_text,
    opened,
    parsed,
    raw,
    split_at,
)
from nextstate.domains.terminal.kernel.tools.regex import Syntax, compiled
from nextstate.domains.terminal.kernel.tools.wording import quoteaf

CAT = grammar(
    "AbeEnstTuv",
    {"show-all": "A", "number-nonblank": "b", "show-ends": "E", "number": "n", "squeeze-blank": "s", "show-tabs": "T",
     "show-nonprinting": "v"},
)  # fmt: skip


def visible(ch: str) -> str:
    """One byte as ``cat -v`` shows it."""
    code = ord(ch)
    if code >= 128:
        return "M-" + visible(chr(code - 128)) if code - 128 not in (9, 10) else f"M-^{chr(code - 64)}"
    if code == 127:
        return "^?"
    return f"^{chr(code + 64)}" if code < 32 and ch not in "\t\n" else ch


_VISIBLE = {code: visible(chr(code)) for code in range(256)}


@dataclass
class _Cat:
    """The state that ``cat`` carries from one file to the next."""

    number: bool
    nonblank: bool
    squeeze: bool
    ends: bool
    tabs: bool
    controls: bool
    count: int = 0
    blanks: int = 0
    inside: bool = False
    """Whether the line so far has no end yet."""

    def shown(self, text: str) -> str:
        pieces = text.split("\n")
        out = []
        for at, piece in enumerate(pieces):
            ended = at < len(pieces) - 1
            if not piece and not ended:
                break
            blank = not piece and not self.inside
            self.blanks = self.blanks + 1 if blank else 0
            if self.squeeze and self.blanks > 1:
                continue
            out.append(self.line(piece, blank, ended))
            self.inside = not ended
        return "".join(out)

    def line(self, piece: str, blank: bool, ended: bool) -> str:
        numbered = not self.inside and (not blank if self.nonblank else self.number)
        self.count += numbered
        mark = "$" if self.ends and ended else ""
        shown = self.body(piece)
        if self.ends and ended and not self.controls and piece.endswith("\r"):
            shown = shown[:-1] + "^M"
        return (f"{self.count:6d}\t" if numbered else "") + shown + mark + ("\n" if ended else "")

    def body(self, piece: str) -> str:
        if self.controls:
            piece = raw(piece).translate(_VISIBLE)
        return piece.replace("\t", "^I") if self.tabs else piece


@tool(CAT)
def cat(call: Call, options: Options) -> Out:
    printer = Printer(call)
    state = _Cat(
        number=options.has("n", "b"),
        nonblank=options.has("b"),
        squeeze=options.has("s"),
        ends=options.has("E", "A", "e"),
        tabs=options.has("T", "A", "t"),
        controls=options.has("v", "A", "e", "t"),
    )
    if not options.given or all(key == "u" for key, _ in options.given):
        for _, text in each_text(call, options.operands, printer):
            printer.write(text)
        return printer.out()
    for operand, text in each_text(call, options.operands, printer):
        if state.ends and text.endswith("\r") and operand != (options.operands or ("-",))[-1]:
            raise Undetermined("a file that ends in a carriage return, and another file")
        printer.write(state.shown(text))
    return printer.out()


TAC = grammar("bs:", {"before": "b", "separator=": "s"}, other="r", other_long="regex")


def reversed_records(text: str, separator: str, before: bool) -> str:
    if before:
        first, *rest = text.split(separator)
        return "".join(separator + piece for piece in reversed(rest)) + first
    pieces = text.split(separator)
    last = pieces.pop()
    return last + "".join(piece + separator for piece in reversed(pieces))


@tool(TAC)
def tac(call: Call, options: Options) -> Out:
    printer = Printer(call, buffers=True)
    if options.operands.count("-") > 1:
        raise Undetermined("standard input twice")
    separator = "\n" if options.last("s") is None else options.last("s") or "\0"
    if len(separator) > 1 and len(set(separator)) < len(separator):
        raise Undetermined("where a separator that overlaps itself is found")
    used = False
    for operand in options.operands or ("-",):
        text = "" if used and operand == "-" else opened(call, operand)
        used |= operand == "-"
        if text is Errno.ISDIR:
            raise Undetermined("what tac says of a directory is a matter of the file system")
        if isinstance(text, Errno):
            printer.error(f"failed to open {quoteaf(call, operand)} for reading: {text.value}")
        else:
            printer.write(reversed_records(text, separator, options.has("b")))
    return printer.out()


@tool(grammar("", other="Vh"))
def rev(call: Call, options: Options) -> Out:
    printer = Printer(call, buffers=True)
    for operand in options.operands or ("-",):
        text = call.input() if operand == "-" and not options.operands else opened(call, call.path(operand))
        if text is Errno.NOENT:
            printer.error(f"cannot open {operand}: {text.value}")
        elif isinstance(text, Errno) or "\0" in text or not (call.utf8 or text.isascii()):
            raise Undetermined(f"what rev shows of {operand}")
        else:
            printer.write("\n".join(line[::-1] for line in text.split("\n")))
    return printer.out()


NL = grammar(
    "b:d:f:h:i:l:n:ps:v:w:",
    {"body-numbering=": "b", "section-delimiter=": "d", "footer-numbering=": "f", "header-numbering=": "h",
     "line-increment=": "i", "join-blank-lines=": "l", "number-format=": "n", "no-renumber": "p",
     "number-separator=": "s", "starting-line-number=": "v", "number-width=": "w"},
)  # fmt: skip


@dataclass
class _Numbering:
    """How ``nl`` numbers, and where it stands."""

    styles: dict[str, Callable[[str], bool]]
    marks: dict[str, str]
    step: int
    start: int
    width: int
    separator: str
    form: str
    join: int
    renumber: bool
    section: str = "b"
    number: int = 0
    blanks: int = 0
    out: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        if text in self.marks:
            self.section = self.marks[text]
            self.number = self.start if self.renumber else self.number
            self.out.append("\n")
            return
        numbered = self.styles[self.section](text)
        if self.join > 1 and self.styles[self.section] is _always and not text:
            self.blanks += 1
            numbered = self.blanks == self.join
        if text or numbered:
            self.blanks = 0
        self.out.append((self.shown() if numbered else " " * (self.width + len(self.separator))) + text + "\n")

    def shown(self) -> str:
        number = self.number
        self.number += self.step
        filled = {"ln": f"{number:<{self.width}d}", "rn": f"{number:>{self.width}d}", "rz": f"{number:0{self.width}d}"}
        return filled[self.form] + self.separator


def _always(text: str) -> bool:
    return True


def _style(call: Call, value: str | None, default: str) -> Callable[[str], bool]:
    chosen = default if value is None else value
    if chosen == "a":
        return _always
    if chosen == "t":
        return bool
    if chosen == "n":
        return lambda text: False
    if not chosen.startswith("p"):
        raise Undetermined(f"nl with the style {chosen}")
    pattern = compiled(call, chosen[1:], Syntax.BASIC)
    return lambda text: pattern.matches(text)


def _whole(options: Options, key: str, default: int, least: int) -> int:
    text = options.last(key)
    if text is None:
        return default
    if not text.lstrip("-").isdecimal() or not text.isascii() or text.count("-") > 1 or int(text) < least:
        raise Undetermined(f"nl -{key} {text}")
    if abs(int(text)) > 10**9 or (key == "w" and int(text) > 1000):
        raise Undetermined(f"nl -{key} {text}")
    return int(text)


def nl(call: Call) -> Out:
    options = parsed(call, NL)
    delimiter = options.last("d") or "\\:"
    delimiter = delimiter + ":" if len(delimiter) == 1 else delimiter
    form = options.last("n") or "rn"
    if form not in ("ln", "rn", "rz"):
        raise Undetermined(f"nl -n {form}")
    state = _Numbering(
        styles={key: _style(call, options.last(key), "t" if key == "b" else "n") for key in "hbf"},
        marks={delimiter * 3: "h", delimiter * 2: "b", delimiter: "f"},
        step=_whole(options, "i", 1, -(10**9)),
        start=_whole(options, "v", 1, -(10**9)),
        width=_whole(options, "w", 6, 1),
        separator="\t" if options.last("s") is None else options.last("s") or "",
        form=form,
        join=_whole(options, "l", 1, 1),
        renumber=not options.has("p"),
    )
    if not state.separator.isascii():
        raise Undetermined("how wide the separator is")
    state.number = state.start
    printer = Printer(call)
    for _, text in each_text(call, options.operands, printer):
        for line in split_at(text):
            state.line(line)
        printer.write("".join(state.out))
        state.out.clear()
    return printer.out()


TOOLS = {"cat": cat, "tac": tac, "rev": rev, "nl": nl}

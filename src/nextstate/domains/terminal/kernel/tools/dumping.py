"""Programs that show bytes: xxd, hexdump and od."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import Printer, parsed
from nextstate.domains.terminal.kernel.tools.wording import locate, quotef

MAX_BYTES = 200_000


def data_of(call: Call, operand: str) -> bytes | Errno:
    """The bytes of an operand."""
    try:
        data = call.input().encode() if operand == "-" else call.tree.read(locate(call, operand))
    except FsError as error:
        return error.errno
    if len(data) > MAX_BYTES:
        raise Undetermined("a dump of a large file")
    return data


def number(text: str | None, default: int) -> int:
    """A decimal or hexadecimal count."""
    if text is None:
        return default
    if not re.fullmatch(r"[1-9]\d{0,8}|0|0[xX][0-9a-fA-F]{1,7}", text):
        raise Undetermined(f"the count {text!r}")
    return int(text, 0)


def printable(data: bytes) -> str:
    return "".join(chr(code) if 32 <= code < 127 else "." for code in data)


# -- xxd --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dump:
    """What was asked of xxd."""

    plain: bool = False
    back: bool = False
    upper: bool = False
    width: int = 16
    group: int = 2
    start: int = 0
    length: int | None = None


def xxd_options(args: tuple[str, ...]) -> tuple[Dump, list[str]]:
    """xxd reads each option as a word of its own; values may follow directly."""
    left, values, operands = list(args), {}, []
    while left:
        arg = left.pop(0)
        match = re.fullmatch(r"-(p|ps|r|u|[clsg])(\d\w*)?", arg)
        if match is None:
            if arg.startswith("-") and arg != "-":
                raise Undetermined(f"xxd {arg}")
            operands.append(arg)
        elif match[1] in ("p", "ps", "r", "u"):
            if match[2]:
                raise Undetermined(f"xxd {arg}")
            values[match[1][0]] = "1"
        else:
            values[match[1]] = match[2] or (left.pop(0) if left else "x")
    plain = "p" in values
    width = number(values.get("c"), 30 if plain else 16)
    if not 0 < width <= 256 or ("s" in values and values["s"][:1] in "-+"):
        raise Undetermined("an odd width or start of xxd")
    length = number(values["l"], 0) if "l" in values else None
    group = number(values.get("g"), 2) or width
    return Dump(plain, "r" in values, "u" in values, width, group, number(values.get("s"), 0), length), operands


def xxd(call: Call) -> Out:
    dump, operands = xxd_options(call.args)
    if len(operands) > 1:
        raise Undetermined("xxd that writes a file")
    operand = operands[0] if operands else "-"
    data = data_of(call, operand)
    if data is Errno.NOENT:
        return Out(stderr=f"xxd: {operand}: {data.value}\n", code=2)
    if isinstance(data, Errno):
        raise Undetermined("xxd of something that cannot be read")
    if dump.back:
        return undumped(dump, data)
    data = data[dump.start :][: dump.length]
    rows = range(0, len(data), dump.width)
    if dump.plain:
        return Out("".join(hexadecimal(data[at : at + dump.width], dump) + "\n" for at in rows))
    groups = -(-dump.width // dump.group)
    columns = 2 * dump.width + groups
    lines = []
    for at in rows:
        piece = data[at : at + dump.width]
        parts = [hexadecimal(piece[k : k + dump.group], dump) for k in range(0, len(piece), dump.group)]
        lines.append(f"{at + dump.start:08x}: {' '.join(parts):<{columns}} {printable(piece)}\n")
    return Out("".join(lines))


def hexadecimal(data: bytes, dump: Dump) -> str:
    return data.hex().upper() if dump.upper else data.hex()


def undumped(dump: Dump, data: bytes) -> Out:
    """``-r -p``: from hexadecimal digits to text."""
    text = decode(data, "the dump")
    digits = re.sub(r"\s", "", text)
    if not dump.plain or not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
        raise Undetermined("a dump that is not of plain digits")
    return Out(decode(bytes.fromhex(digits), "what is dumped back"))


# -- hexdump ----------------------------------------------------------------------------------------------

HEXDUMP = grammar("Ccbdoxn:s:v", {"canonical": "C", "length=": "n", "skip=": "s", "no-squeezing": "v"},
                  other="e:f:L:hV", other_long="color[=]")  # fmt: skip
_LETTERS = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def lettered(code: int) -> str:
    """A byte as ``-c`` shows it."""
    return _LETTERS.get(code) or (chr(code) if 32 <= code < 127 else f"{code:03o}")


def units(piece: bytes) -> list[int]:
    """Words of two bytes, the lower one first; a last single byte counts as one."""
    return [int.from_bytes(piece[at : at + 2], "little") for at in range(0, len(piece), 2)]


def canonical(piece: bytes) -> str:
    parts = [f"{code:02x}" for code in piece]
    return f"  {' '.join(parts[:8]):<23}  {' '.join(parts[8:]):<23}  |{printable(piece)}|"


def hexdump_row(kind: str, piece: bytes) -> str:
    if kind == "c":
        if any(code > 127 for code in piece):
            raise Undetermined("characters beyond ASCII in hexdump -c")
        return "".join(f" {lettered(code):>3}" for code in piece).ljust(64)
    if kind == "b":
        return "".join(f" {code:03o}" for code in piece).ljust(64)
    form = {"": " {:04x}", "x": "    {:04x}", "d": "   {:05d}", "o": "  {:06o}"}[kind]
    return "".join(form.format(word) for word in units(piece)).ljust(len(form.format(0)) * 8)


def squeezed(rows: list[tuple[str, bytes]], width: int) -> list[tuple[str, bytes] | None]:
    """Rows with the bytes of the row before become one ``None``."""
    shown: list[tuple[str, bytes] | None] = []
    last: bytes | None = None
    for address, piece in rows:
        if piece == last and len(piece) == width:
            if shown[-1] is not None:
                shown.append(None)
            continue
        shown.append((address, piece))
        last = piece
    return shown


@tool(HEXDUMP)
def hexdump(call: Call, options: Options) -> Out:
    kinds = [key for key, _ in options.given if key in "Ccbdox"]
    if len(kinds) > 1:
        raise Undetermined("several forms of hexdump")
    kind = (kinds or ["C" if call.name == "hd" else ""])[0]
    data = b""
    for operand in options.operands or ("-",):
        found = data_of(call, operand)
        if operand == "-" and options.operands:
            raise Undetermined("hexdump of a file called -")
        if isinstance(found, Errno):
            if found is not Errno.NOENT or len(options.operands) > 1:
                raise Undetermined("hexdump of something that cannot be read")
            lines = f"hexdump: {operand}: {found.value}\nhexdump: all input file arguments failed\n"
            return Out(stderr=lines, code=1)
        data += found
    start = number(options.last("s"), 0)
    data = data[: start + number(options.last("n"), len(data))]
    if start > len(data):
        raise Undetermined("hexdump beyond the end")
    digits = 8 if kind == "C" else 7
    rows = [(f"{at:0{digits}x}", data[at : at + 16]) for at in range(start, len(data), 16)]
    lines_: list[str] = []
    for row in rows if options.has("v") else squeezed(rows, 16):
        if row is None:
            lines_.append("*\n")
        else:
            body = canonical(row[1]) if kind == "C" else hexdump_row(kind, row[1])
            lines_.append(f"{row[0]}{body}\n")
    return Out("".join(lines_) + (f"{len(data):0{digits}x}\n" if data[start:] else ""))


# -- od ---------------------------------------------------------------------------------------------------

OD = grammar(
    "A:abcdioxsN:j:t:vw::",
    {"address-radix=": "A", "read-bytes=": "N", "skip-bytes=": "j", "format=": "t", "output-duplicates": "v",
     "width[=]": "w"},
    other="DeFfhHIlLOS:XB",
    other_long="endian= strings[=] traditional",
)  # fmt: skip
_NAMES = ("nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc fs gs"
          " rs us sp").split()  # fmt: skip
_OLD = {"a": "a", "b": "o1", "c": "c", "d": "u2", "o": "o2", "s": "d2", "x": "x2", "i": "d4"}
_WIDTHS = {
    ("o", 1): 3, ("o", 2): 6, ("o", 4): 11, ("x", 1): 2, ("x", 2): 4, ("x", 4): 8, ("x", 8): 16, ("u", 1): 3,
    ("u", 2): 5, ("u", 4): 10, ("d", 1): 4, ("d", 2): 6, ("d", 4): 11, ("o", 8): 22, ("u", 8): 20, ("d", 8): 20,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """One format of od: its letter, the bytes of a unit, and whether the text is shown behind it."""

    letter: str
    size: int
    text: bool = False

    @property
    def width(self) -> int:
        return 3 if self.letter in "ac" else _WIDTHS[self.letter, self.size]

    def cell(self, piece: bytes) -> str:
        if self.letter == "c":
            return lettered(piece[0])
        if self.letter == "a":
            code = piece[0] & 127
            return _NAMES[code] if code < 33 else "del" if code == 127 else chr(code)
        value = int.from_bytes(piece.ljust(self.size, b"\0"), "little", signed=self.letter == "d")
        if self.letter in "ud":
            return str(value)
        return f"{value:0{self.width}{self.letter}}"


def forms(options: Options) -> list[Form]:
    found: list[Form] = []
    for key, value in options.given:
        text = _OLD.get(key) if value is None else value if key == "t" else None
        if key not in _OLD and key != "t":
            continue
        at = 0
        for match in re.finditer(r"([acdoux])([1248CSIL]?)(z?)", text or ""):
            if match.start() != at or (match[1] in "ac" and match[2]):
                raise Undetermined(f"od -t {text}")
            at = match.end()
            size = {"C": 1, "S": 2, "I": 4, "L": 8, "": 1 if match[1] in "ac" else 4}.get(match[2]) or int(match[2])
            found.append(Form(match[1], size, bool(match[3])))
        if at != len(text or "") or not at:
            raise Undetermined(f"od -t {text}")
    return found or [Form("o", 2)]


@tool(OD)
def od(call: Call, options: Options) -> Out:
    shown = forms(options)
    if len(shown) > 1:
        raise Undetermined("several formats of od")
    form = shown[0]
    base = options.last("A") or "o"
    if base not in ("o", "d", "x", "n") or any(re.match(r"\+|0x|\d+\.?b?$", op) for op in options.operands):
        raise Undetermined("addresses or offsets of od")
    printer, data = Printer(call), b""
    for operand in options.operands or ("-",):
        found = data_of(call, operand)
        if isinstance(found, Errno):
            if found is not Errno.NOENT:
                raise Undetermined("od of something that cannot be read")
            printer.error(f"{quotef(call, operand)}: {found.value}")
        else:
            data += found
    skip = number(options.last("j"), 0)
    if skip > len(data) or (printer.code and not data):
        return _nothing(printer, skip)
    if printer.code:
        raise Undetermined("where the messages of od stand among its lines")
    data = data[: skip + number(options.last("N"), len(data))]
    width = number(options.last("w"), 16 if not options.has("w") else 32)
    if not width or width % form.size or width > 1024:
        raise Undetermined("the width of od")
    printer.write(od_text(data, skip, form, base, width, all_rows=options.has("v")))
    return printer.out()


def _nothing(printer: Printer, skip: int) -> Out:
    if skip or len(printer.pieces) != 1:
        raise Undetermined("od beyond the end")
    raise Stop(printer.out())


def od_text(data: bytes, skip: int, form: Form, base: str, width: int, *, all_rows: bool) -> str:
    def address(at: int) -> str:
        return {"o": f"{at:07o}", "d": f"{at:07d}", "x": f"{at:06x}", "n": ""}[base]

    rows = [(address(at), data[at : at + width]) for at in range(skip, len(data), width)]
    lines: list[str] = []
    for row in rows if all_rows else squeezed(rows, width):
        if row is None:
            lines.append("*\n")
            continue
        where, piece = row
        cells = [form.cell(piece[k : k + form.size]) for k in range(0, len(piece), form.size)]
        body = "".join(f" {cell:>{form.width}}" for cell in cells)
        if form.text:
            body = body.ljust(width // form.size * (form.width + 1)) + f"  >{printable(piece)}<"
        lines.append(f"{where}{body}\n")
    return "".join(lines) + (f"{address(len(data))}\n" if base != "n" else "")


# -- strings ----------------------------------------------------------------------------------------------

STRINGS = grammar("an:t:", {"all": "a", "bytes=": "n", "radix=": "t"}, other="fwosT:e:U:d0123456789")


def strings(call: Call) -> Out:
    options = parsed(call, STRINGS)
    least, radix = options.last("n") or "4", options.last("t")
    if not re.fullmatch(r"[1-9]\d{0,4}", least) or radix not in (None, "d", "o", "x") or not options.operands:
        raise Undetermined("settings of strings")
    lines: list[str] = []
    for operand in options.operands:
        data = data_of(call, operand)
        if data is Errno.NOENT and len(options.operands) == 1:
            return Out(stderr=f"strings: '{operand}': No such file\n", code=1)
        if isinstance(data, Errno) or operand == "-" or any(byte > 127 for byte in data):
            raise Undetermined("strings of something that cannot be read, or beyond ASCII")
        for match in re.finditer(rb"[\t -~]{%d,}" % int(least), data):
            where = f"{match.start():7{radix}} " if radix else ""
            lines.append(f"{where}{match[0].decode()}\n")
    return Out("".join(lines))


TOOLS = {"hd": hexdump, "hexdump": hexdump, "od": od, "strings": strings, "xxd": xxd}

"""split."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.dumping import data_of
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import locate, quoteaf

SPLIT = grammar(
    "a:b:dl:x",
    {"suffix-length=": "a", "bytes=": "b", "numeric-suffixes": "d", "lines=": "l", "additional-suffix=": "end",
     "verbose": "verbose"},
    other="C:en:t:u",
    other_long="line-bytes= elide-empty-files filter= hex-suffixes[=] number= separator= unbuffered",
)  # fmt: skip
_UNITS = {"": 1, "b": 512, "K": 1024, "k": 1024, "M": 1024**2, "KB": 1000, "MB": 1000**2, "kB": 1000, "G": 1024**3}
MAX_FILES = 2000


def size(call: Call, text: str, what: str) -> int:
    match = re.fullmatch(r"(\d{1,12})([bKkMG]|[KkM]B)?", text)
    if match is None or not int(match[1]):
        if not re.fullmatch(r"[A-Za-z]+", text):
            raise Undetermined(f"split with {text!r}")
        raise Stop(Out(stderr=f"split: invalid number of {what}: {call.quote(text)}\n", code=1))
    return int(match[1]) * _UNITS[match[2] or ""]


def suffix(number: int, letters: str, width: int | None) -> str:
    """The end of a file's name: aa, ab, ..., yz, zaaa, ...; ``width`` fixes its length."""
    base = len(letters)
    if width is not None:
        if number >= base**width:
            raise Undetermined("split runs out of names")
        return "".join(letters[number // base**at % base] for at in range(width - 1, -1, -1))
    length, first = 2, 0
    while number - first >= base**length - base ** (length - 1):
        first += base**length - base ** (length - 1)
        length += 1
    rest = number - first
    tail = "".join(letters[rest // base**at % base] for at in range(length - 1, -1, -1))
    return letters[-1] * (length - 2) + tail


def pieces(call: Call, options: Options, data: bytes) -> list[bytes]:
    if options.has("b") and options.has("l"):
        raise wrong_usage(call, "cannot split in more than one way")
    if options.has("b"):
        step = size(call, options.last("b") or "", "bytes")
        return [data[at : at + step] for at in range(0, len(data), step)]
    step = size(call, options.last("l") or "1000", "lines")
    lines = re.findall(rb"[^\n]*\n|[^\n]+\Z", data)
    return [b"".join(lines[at : at + step]) for at in range(0, len(lines), step)]


def split(call: Call) -> Out:
    args = tuple(re.sub(r"^-(\d+)$", r"-l\1", arg) for arg in call.args)
    try:
        return _split(call, parse(call, SPLIT, args))
    except Stop as stop:
        return stop.out


def _split(call: Call, options: Options) -> Out:
    if len(options.operands) > 2:
        raise wrong_usage(call, f"extra operand {call.quote(options.operands[2])}")
    if options.has("x") or options.last("a") == "0":
        raise Undetermined("split -x, or names without an end")
    operand, prefix = (*options.operands, *("-", "x")[len(options.operands) :])[:2]
    data = data_of(call, operand)
    if data is Errno.NOENT:
        message = f"split: cannot open {quoteaf(call, operand)} for reading: {data.value}\n"
        return Out(stderr=message, code=1)
    if isinstance(data, Errno):
        raise Undetermined("split of something that cannot be read")
    width = options.last("a")
    if width is not None and not re.fullmatch(r"[1-9]", width):
        raise Undetermined(f"split -a {width}")
    letters = "0123456789" if options.has("d") else "abcdefghijklmnopqrstuvwxyz"
    parts = pieces(call, options, data)
    if len(parts) > MAX_FILES:
        raise Undetermined("very many files")
    ending, told = options.last("end") or "", ""
    for number, part in enumerate(parts):
        name = prefix + suffix(number, letters, None if width is None else int(width)) + ending
        try:
            call.tree.write(locate(call, name), part, mode=0o666 & ~call.umask)
        except FsError:
            raise Undetermined("split that cannot write") from None
        told += f"creating file {quoteaf(call, name)}\n" if options.has("verbose") else ""
    return Out(told)


TOOLS = {"split": split}

"""``split``: a text in several files."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from string import ascii_lowercase

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.ends import unit
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import extra_operand
from nextstate.domains.terminal.kernel.tools.wording import locate, quoteaf

SPLIT = grammar(
    "a:b:dl:n:x",
    {"suffix-length=": "a", "bytes=": "b", "lines=": "l", "number=": "n", "additional-suffix=": "more",
     "verbose": "verbose", "numeric-suffixes": "d", "hex-suffixes": "x"},
    other="C:et:u0123456789",
    other_long="line-bytes= elide-empty-files separator= unbuffered filter= io-blksize=",
)  # fmt: skip
MAX_FILES = 600


def split(call: Call) -> Out:
    """Takes the old form of ``-l`` (``-10``) where it comes first."""
    if call.args and re.fullmatch(r"-\d+", call.args[0]):
        call = replace(call, args=("-l", call.args[0][1:], *call.args[1:]))
    return _split(call)


@tool(SPLIT)
def _split(call: Call, options: Options) -> Out:
    if len(options.operands) > 2:
        raise extra_operand(call, options.operands[2])
    if sum(options.has(key) for key in "bln") > 1 or len(options.values("b", "l", "n", "a")) > 2:
        raise Undetermined("split in several ways")
    operand, prefix = (*options.operands, *("-", "x")[len(options.operands) :])
    size = amount(call, options)
    try:
        content = call.input().encode() if operand == "-" else call.tree.read(locate(call, operand))
    except FsError as error:
        if error.errno is Errno.ISDIR:
            raise Undetermined("split of a directory") from None
        shown = quoteaf(call, operand)
        return Out(stderr=f"split: cannot open {shown} for reading: {error.errno.value}\n", code=1)
    return written(call, options, prefix, pieces(content, options, size))


def amount(call: Call, options: Options) -> int:
    """How many lines, bytes or files."""
    text = options.last("b", "l", "n")
    if text is None:
        return 1000
    match = re.fullmatch(r"0*([1-9]\d{0,11})(b|[kKMG]i?B?|)", text)
    if match is None or (match[2] and not options.has("b")):
        if re.fullmatch(r"[a-z]+", text) and not options.has("n"):
            what = "bytes" if options.has("b") else "lines"
            raise Stop(Out(stderr=f"split: invalid number of {what}: {call.quote(text)}\n", code=1))
        raise Undetermined(f"split by {text!r}")
    return int(match[1]) * unit(match[2])


def pieces(content: bytes, options: Options, size: int) -> list[bytes]:
    if options.has("n"):
        if len(content) % size or len(content) == 0:
            raise Undetermined("versions differ in how they share out the rest")
        size = len(content) // size
    if options.has("b", "n"):
        return [content[at : at + size] for at in range(0, len(content), size)]
    lines = _lines(content)
    return [b"".join(lines[at : at + size]) for at in range(0, len(lines), size)]


def _lines(content: bytes) -> list[bytes]:
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def names(options: Options, prefix: str, count: int) -> list[str]:
    """The names of the files: ``xaa``, ``xab`` and so on, as far as suffixes keep their length."""
    given = options.last("a")
    if given is not None and not re.fullmatch(r"[1-9]", given):
        raise Undetermined(f"split with suffixes of length {given!r}")
    letters = {"d": "0123456789", "x": "0123456789abcdef", None: ascii_lowercase}[options.chosen("d", "x")]
    length, base = int(given or 2), len(letters)
    room = base**length if given else base**length - base
    if options.has("n") and not given and count > base:
        raise Undetermined("the length of many suffixes")
    if count > min(room, MAX_FILES):
        raise Undetermined("more files than suffixes of this length")
    more = options.last("more") or ""
    if "/" in more:
        raise Undetermined("a suffix with a slash")
    found: list[str] = []
    for parts in product(letters, repeat=length):
        if len(found) == count:
            break
        found.append(prefix + "".join(parts) + more)
    return found


def written(call: Call, options: Options, prefix: str, parts: list[bytes]) -> Out:
    shown = ""
    source = (
        call.tree.resolve(call.path(options.operands[0])) if options.operands and options.operands[0] != "-" else ""
    )
    for name, part in zip(names(options, prefix, len(parts)), parts, strict=True):
        path = call.path(name)
        try:
            if call.tree.resolve(path) == source:
                raise Undetermined("split would overwrite its input")
            call.tree.write(path, part, mode=0o666 & ~call.umask)
        except FsError:
            raise Undetermined("split cannot write its files") from None
        if options.has("verbose"):
            shown += f"creating file {quoteaf(call, name)}\n"
    return Out(shown)


TOOLS = {"split": split}

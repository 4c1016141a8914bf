"""Programs that tell what a file is: `stat -c`, `du` of files, `file` where no guess is needed."""

from __future__ import annotations

import json
import re

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.modes import show_mode
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, quoteaf, why

STAT = grammar(
    "c:Lt",
    {"format=": "c", "printf=": "printf", "dereference": "L", "terse": "t"},
    other="f",
    other_long="file-system cached=",
)
DU = grammar(
    "abchklmsS0xd:",
    {
        "all": "a", "apparent-size": "apparent", "bytes": "b", "total": "c", "human-readable": "h", "summarize": "s",
        "separate-dirs": "S", "one-file-system": "x", "max-depth=": "d", "null": "0", "count-links": "l",
    },
    other="ABDHLPtX",
    other_long="""block-size= dereference dereference-args no-dereference exclude= exclude-from= files0-from= inodes si
        threshold= time[=] time-style=""",
)  # fmt: skip
FILE = grammar(
    "b",
    {"brief": "b"},
    other="cCdEf:F:hiIklLm:nNprsSvzZ0P:",
    other_long="""apple checking-printout compile debug dereference exclude= exclude-quiet= extension files-from=
        keep-going list magic-file= mime mime-encoding mime-type no-buffer no-dereference no-pad no-sandbox parameter=
        preserve-date print0 raw separator= special-files uncompress uncompress-noreport""",
)  # fmt: skip


@tool(STAT)
def stat(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    report, key = Report(call), options.chosen("c", "printf")
    for operand in options.operands:
        try:
            node = call.tree.get(locate(call, operand), follow=options.has("L"))
        except FsError as error:
            if not coreutils(call, since=(8, 32)):
                raise Undetermined("how an older stat words this") from None
            report.fail(f"cannot statx {quoteaf(call, operand)}: {why(error)}")
            continue
        if key is None:
            raise Undetermined("times and owners are not known")
        text = expand(call, options.last(key) or "", operand, node, escapes=key == "printf")
        report.say(text if key == "printf" else text + "\n")
    return report.out()


_DIRECTIVE = re.compile(r"%%|%(-?)(0?)(\d*)([nNsaAFf])|\\([nt\\\"])|[^%\\]+|\\", re.DOTALL)


def expand(call: Call, form: str, operand: str, node: Node, *, escapes: bool) -> str:
    """A ``stat`` format for one file."""
    text, at = "", 0
    while at < len(form):
        match = _DIRECTIVE.match(form, at)
        if match is None or (escapes and match[0] == "\\"):
            raise Undetermined(f"stat -c {form}")
        at = match.end()
        if match[4]:
            text += field(call, match[4], operand, node, match[1], match[2], int(match[3] or 0))
        elif match[5]:
            text += {"n": "\n", "t": "\t"}.get(match[5], match[5]) if escapes else match[0]
        else:
            text += match[0].replace("%%", "%")
    return text


def field(call: Call, letter: str, operand: str, node: Node, left: str, zero: str, width: int) -> str:
    if isinstance(node, Thing):
        raise Undetermined(f"{operand} may be a file or a directory")
    if letter in "nNAF":
        if zero:
            raise Undetermined("zeros before a text")
        value = words(call, letter, operand, node)
    else:
        mode = mode_of(node) if letter != "s" else 0
        value = str(length(node)) if letter == "s" else f"{mode:o}" if letter == "a" else f"{kind_bits(node) | mode:x}"
    return value.ljust(width) if left else value.rjust(width, "0" if zero else " ")


def words(call: Call, letter: str, operand: str, node: Node) -> str:
    if letter == "n":
        return operand
    if letter == "N":
        if "QUOTING_STYLE" in call.env:
            raise Undetermined("QUOTING_STYLE")
        arrow = f" -> {quoteaf(call, node.target)}" if isinstance(node, Link) else ""
        return quoteaf(call, operand) + arrow
    if letter == "A":
        return ("d" if isinstance(node, Dir) else "l" if isinstance(node, Link) else "-") + show_mode(mode_of(node))
    if isinstance(node, Dir | Link):
        return "directory" if isinstance(node, Dir) else "symbolic link"
    return "regular file" if length(node) else "regular empty file"


def kind_bits(node: Node) -> int:
    return 0o040000 if isinstance(node, Dir) else 0o120000 if isinstance(node, Link) else 0o100000


def mode_of(node: Node) -> int:
    if isinstance(node, Link):
        return 0o777
    if not isinstance(node, File | Dir) or not node.mode_known:
        raise Undetermined("a mode that was never shown")
    return node.mode


def length(node: Node) -> int:
    """Bytes of a file or link; those of directories depend on the file system."""
    if isinstance(node, Link):
        return len(node.target.encode())
    if not isinstance(node, File) or node.content is None:
        raise Undetermined("a size that is not known")
    return len(node.content)


@tool(DU)
def du(call: Call, options: Options) -> Out:
    """Blocks are not known, but those of an empty file are, and so is the apparent size of files."""
    if options.has("s") and options.has("d", "a"):
        raise Undetermined("du with options that exclude each other")
    report, total = Report(call), 0
    operands = options.operands or (".",)
    if len(set(operands)) < len(operands):
        raise Undetermined("du of one file twice")
    end = "\0" if options.has("0") else "\n"
    for operand in operands:
        try:
            node = call.tree.get(locate(call, operand), follow=False)
        except FsError as error:
            report.fail(f"cannot access {quoteaf(call, operand)}: {why(error)}")
            continue
        size = length(node)
        if isinstance(node, Link) and not options.has("b"):
            raise Undetermined("the blocks of a link")
        shown = amount(size, options)
        report.say(f"{shown}\t{operand}{end}")
        total += size
    if options.has("c"):
        report.say(f"{amount(total, options)}\ttotal{end}")
    return report.out()


def amount(size: int, options: Options) -> str:
    if size and not options.has("b"):
        raise Undetermined("blocks are not known")
    unit = options.chosen("b", "k", "m", "h")
    if size and unit != "b" and not (unit == "h" and size < 1024):
        raise Undetermined("du -b in other units")
    return str(size)


_INTERPRETERS = {
    r"#! ?/bin/sh\n": "POSIX shell script, ASCII text executable",
    r"#! ?(/usr)?/bin/(env )?bash\n": "Bourne-Again shell script, ASCII text executable",
    r"#! ?/usr/bin/(env )?python3?\n": "Python script, ASCII text executable",
}


@tool(FILE)
def file(call: Call, options: Options) -> Out:
    if not options.operands:
        raise Undetermined("how this version of file explains itself")
    width = max(map(len, options.operands))
    lines = []
    for operand in options.operands:
        if not operand.isascii() or not operand.isprintable():
            raise Undetermined(f"how file shows {operand!r}")
        what = described(call, operand)
        lines.append(what if options.has("b") else f"{operand}:".ljust(width + 2) + what)
    return Out("".join(f"{line}\n" for line in lines))


def described(call: Call, operand: str) -> str:
    try:
        path = locate(call, operand)
        node = call.tree.get(path, follow=False)
    except FsError as error:
        return f"cannot open `{operand}' ({why(error)})"
    if isinstance(node, Link):
        broken = "" if call.tree.exists(path) else "broken "
        return f"{broken}symbolic link to {node.target}"
    if isinstance(node, Dir) and not node.mode & 0o7000:
        return "directory"
    if not isinstance(node, File) or node.content is None or not call.tree.allowed(node.mode, 0o400):
        raise Undetermined(f"what {operand} holds")
    return kind_of(call, node.content, operand)


def kind_of(call: Call, content: bytes, operand: str) -> str:
    """The kinds that need no list of patterns; all other texts are left undetermined."""
    if not content:
        return "empty"
    text = content.decode("latin-1")
    plain = re.fullmatch(r"[ -~\t\n]*", text) and text.endswith("\n")
    if plain and max(map(len, text.split("\n"))) < 300:
        for pattern, kind in _INTERPRETERS.items():
            if re.match(pattern, text):
                return kind
        if text[0] in "{[" and is_json(text) and call.facts.get("file", "") in ("5.44", "5.45", "5.46"):
            return "JSON text data"
    raise Undetermined(f"what kind of text {operand} is")


def is_json(text: str) -> bool:
    """A small, clean JSON object or array, which every version of ``file`` knows as such."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return len(text) < 4000 and isinstance(value, dict | list) and bool(value)


TOOLS: dict[str, Tool] = {"stat": stat, "du": du, "file": file}

"""Programs that tell what a file is: `stat -c`, and `file` where no guess is needed."""

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
FILE = grammar(
    "b",
    {"brief": "b"},
    other="cCde:Ef:F:hiIklLm:nNprsSvzZ0P:",
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


_DIRECTIVE = re.compile(r"%%|%(-?)(0?)(\d*)([nNsaAFfUG])|\\([nt\\\"])|[^%\\]+|\\", re.DOTALL)


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
    if letter in "nNAFUG":
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
    if letter in "UG":
        return owner(call, letter, operand, node)
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


def owner(call: Call, letter: str, operand: str, node: Node) -> str:
    """What root made belongs to root's group; other groups are not known."""
    made = isinstance(node, File | Dir) and node.mode_known
    if not call.user or not made or not call.path(operand).startswith(("/home/", "/tmp/", "/root/")):
        raise Undetermined(f"the owner of {operand}")
    if letter == "G" and not call.tree.root:
        raise Undetermined(f"the group of {operand}")
    return call.user


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


TOOLS: dict[str, Tool] = {"stat": stat, "file": file}

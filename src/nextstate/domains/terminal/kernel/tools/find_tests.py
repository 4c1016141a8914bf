"""The tests of `find`: each says whether it holds for an entry, or ``None`` when that is not known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Thing, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.find_expression import Leaf
from nextstate.domains.terminal.kernel.tools.globs import matcher
from nextstate.domains.terminal.kernel.tools.modes import read_mode, show_mode
from nextstate.domains.terminal.kernel.tools.regex import Syntax, compiled


@dataclass(frozen=True, slots=True)
class Visit:
    """One entry: as it is shown, where it is, what it is, and how deep below its starting point."""

    shown: str
    path: str
    node: Node
    depth: int
    start: str

    @property
    def name(self) -> str:
        return posixpath.basename(self.shown.rstrip("/")) or "/"


Test: TypeAlias = Callable[[Visit], "bool | None"]
UNITS = {"b": 512, "c": 1, "w": 2, "k": 1024, "M": 1024**2, "G": 1024**3}


def build(call: Call, leaf: Leaf) -> Test:
    """The function of a test predicate."""
    name = leaf.name
    if name in ("-true", "-false"):
        return lambda visit: name == "-true"
    if name == "-type":
        letters = leaf.args[0].split(",")
        return lambda visit: None if isinstance(visit.node, Thing) else letter(visit.node) in letters
    if name in ("-regex", "-iregex"):
        return _regex(call, *leaf.args, fold=name == "-iregex")
    if name == "-size":
        return _size(leaf.args[0])
    if name == "-perm":
        return _perm(leaf.args[0])
    if name == "-empty":
        return lambda visit: _empty(call.tree, visit)
    if name in ("-readable", "-writable", "-executable"):
        bit = {"-readable": 0o400, "-writable": 0o200, "-executable": 0o100}[name]
        return lambda visit: _may(call.tree, visit, bit)
    return _pattern(call, name, leaf.args[0])


def _pattern(call: Call, name: str, text: str) -> Test:
    pattern = matcher(call, text, fold=name.startswith("-i"))
    if name in ("-name", "-iname"):
        if "/" in text and call.stdin is None:
            raise Undetermined("find warns on a terminal")
        return lambda visit: pattern.fullmatch(visit.name) is not None
    if name == "-lname":
        return lambda visit: isinstance(visit.node, Link) and pattern.fullmatch(visit.node.target) is not None
    return lambda visit: pattern.fullmatch(visit.shown) is not None


def letter(node: Node) -> str:
    return "d" if isinstance(node, Dir) else "l" if isinstance(node, Link) else "f"


def size(node: Node) -> int | None:
    """Bytes; those of directories are not known."""
    if isinstance(node, Link):
        return len(node.target.encode())
    return len(node.content) if isinstance(node, File) and node.content is not None else None


def mode(node: Node) -> int | None:
    if isinstance(node, Link):
        return 0o777
    return node.mode if isinstance(node, File | Dir) and node.mode_known else None


def _size(text: str) -> Test:
    sign, number = text[0] if text[0] in "+-" else "", text.lstrip("+-")
    unit = UNITS.get(number[-1], 512)
    wanted = int(number.rstrip("".join(UNITS)))

    def test(visit: Visit) -> bool | None:
        found = size(visit.node)
        if found is None:
            return None
        units = -(-found // unit)
        return units > wanted if sign == "+" else units < wanted if sign == "-" else units == wanted

    return test


def _perm(text: str) -> Test:
    kind, bare = (text[0], text[1:]) if text[0] in "-/" else ("", text)
    change = read_mode(bare)
    assert change is not None
    if re.search(r"[X]|=[ugo]", bare) or not re.fullmatch(r"[0-7]+|[ugoa].*", bare):
        raise Undetermined(f"find -perm {text}")
    wanted = change(0, False, 0)

    def test(visit: Visit) -> bool | None:
        found = mode(visit.node)
        if found is None:
            return None
        if kind == "/":
            return bool(found & wanted) or wanted == 0
        return found & wanted == wanted if kind == "-" else found == wanted

    return test


def _empty(tree: Tree, visit: Visit) -> bool | None:
    node = visit.node
    if isinstance(node, File):
        return None if node.content is None else not node.content
    if isinstance(node, Link):
        return False
    if isinstance(node, Thing):
        return None
    try:
        return not tree.names(visit.path)
    except (FsError, Undetermined):
        return None


def _may(tree: Tree, visit: Visit, bit: int) -> bool | None:
    try:
        node = tree.lookup(visit.path)
    except FsError:
        return False
    if node is None:
        return False
    if tree.root and (bit != 0o100 or isinstance(node, Dir)):
        return True
    found = mode(node)
    if found is None:
        return None
    return bool(found & (0o111 if tree.root else bit))


_EMACS = re.compile(r"\\[(|).]|[A-Za-z0-9_/ ,:=@%~-]|[.*+?]|\[[^\[\]\\]+\]|[\^$]|[(){}|]")


def _regex(call: Call, text: str, syntax: str, *, fold: bool) -> Test:
    if syntax in ("findutils-default", "emacs"):
        text = _from_emacs(text)
    elif syntax not in ("posix-extended", "posix-egrep", "egrep"):
        raise Undetermined(f"find -regextype {syntax}")
    pattern = compiled(call, f"^({text})$", Syntax.EXTENDED, fold=fold)

    def test(visit: Visit) -> bool | None:
        if "\n" in visit.shown:
            raise Undetermined("a name with a newline")
        return pattern.matches(visit.shown)

    return test


def _from_emacs(text: str) -> str:
    """An extended expression equal to one of find's own dialect; only its common parts."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        match = _EMACS.match(text, at)
        if match is None:
            raise Undetermined(f"find -regex {text}")
        piece, at = match[0], match.end()
        if piece in ("^", "$", "*", "+", "?") and (
            piece in "^$" or not parts or parts[-1] in ("(", "|", "*", "+", "?")
        ):
            raise Undetermined(f"find -regex {text}")
        swapped = piece[1:] if piece in (r"\(", r"\|", r"\)") else f"\\{piece}" if piece in "(){}|" else piece
        parts.append(swapped)
    return "".join(parts)


# -- -printf ---------------------------------------------------------------------------------------------------------

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "0": "\0", "a": "\a", "r": "\r"}
_DIRECTIVE = re.compile(r"%%|%(-?\d*)([pfhPHdsmMyl])|\\([nt\\0ar])(?![0-7])|[^%\\]+", re.DOTALL)


def printf(text: str) -> Callable[[Visit], str]:
    """The function of a ``-printf`` format; directives that show what is not known are undetermined."""
    pieces: list[tuple[str, str, str]] = []
    at = 0
    while at < len(text):
        match = _DIRECTIVE.match(text, at)
        if match is None:
            raise Undetermined(f"find -printf {text}")
        at = match.end()
        if match[2]:
            pieces.append((match[2], match[1], ""))
        else:
            pieces.append(("", "", _ESCAPES[match[3]] if match[3] else match[0].replace("%%", "%")))
    return lambda visit: "".join(f"%{width}s" % shown(visit, key) if key else plain for key, width, plain in pieces)


def shown(visit: Visit, key: str) -> str:
    if key in "pP" or key in "dH":
        below = visit.shown[len(visit.start) :].lstrip("/") if visit.depth else ""
        return {"p": visit.shown, "P": below, "d": str(visit.depth), "H": visit.start}[key]
    if key in "fh":
        if visit.shown.endswith("/"):
            raise Undetermined("find -printf of a name with a slash")
        before, slash, last = visit.shown.rpartition("/")
        return last if key == "f" else before if slash else "."
    if isinstance(visit.node, Thing):
        raise Undetermined(f"{visit.shown} may be a file or a directory")
    if key == "l":
        return visit.node.target if isinstance(visit.node, Link) else ""
    if key == "y":
        return letter(visit.node)
    number = size(visit.node) if key == "s" else mode(visit.node)
    if number is None:
        raise Undetermined(f"the size or mode of {visit.shown}")
    if key == "M":
        return {"d": "d", "l": "l", "f": "-"}[letter(visit.node)] + show_mode(number)
    return str(number) if key == "s" else f"{number:o}"

"""`tree`, of which version 2 counts the root as a directory and version 1 does not."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.globs import matcher
from nextstate.domains.terminal.kernel.tools.wording import ordered, searchable

FLAGS = frozenset("adfiFrn")
LINES = {True: ("├── ", "└── ", "│\u00a0\u00a0 ", "    "), False: ("|-- ", "`-- ", "|   ", "    ")}
"""Branch, last branch, and what stands before what lies below each of them."""


@dataclass(slots=True)
class Wanted:
    """The command line."""

    flags: set[str] = field(default_factory=set)
    depth: int | None = None
    hidden: list[re.Pattern[str]] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)


def read(call: Call) -> Wanted:
    wanted, args = Wanted(), list(call.args)
    while args:
        arg = args.pop(0)
        if arg in ("--noreport", "--dirsfirst"):
            wanted.flags.add(arg)
        elif re.fullmatch(r"-[a-zA-Z]*[LI]", arg) and set(arg[1:-1]) <= FLAGS and args:
            wanted.flags |= set(arg[1:-1])
            value = args.pop(0)
            if arg.endswith("I"):
                wanted.hidden += [pattern(call, part) for part in value.split("|")]
            elif not re.fullmatch(r"[1-9]\d*", value):
                raise Undetermined(f"tree -L {value}")
            else:
                wanted.depth = int(value)
        elif re.fullmatch(r"-[a-zA-Z]+", arg) and set(arg[1:]) <= FLAGS:
            wanted.flags |= set(arg[1:])
        elif arg.startswith("-") or not arg:
            raise Undetermined(f"tree {arg} is not computed")
        else:
            wanted.roots.append(arg)
    return wanted


def pattern(call: Call, text: str) -> re.Pattern[str]:
    if not re.fullmatch(r"[\w.*?+ -]+", text, re.ASCII):
        raise Undetermined(f"tree -I {text}")
    return matcher(call, text)


def tree(call: Call) -> Out:
    wanted = read(call)
    version = re.match(r"v?(\d+)", call.facts.get("tree", ""))
    modern = None if version is None else int(version[1]) >= 2
    drawing = _Drawing(call, wanted, modern)
    for root in wanted.roots or ["."]:
        drawing.root(root)
    return Out("".join(drawing.lines) + drawing.summary())


class _Drawing:
    def __init__(self, call: Call, wanted: Wanted, modern: bool | None) -> None:
        self.call, self.tree, self.wanted, self.modern = call, call.tree, wanted, modern
        self.lines: list[str] = []
        self.dirs = self.files = 0
        if call.env.get("TREE_CHARSET"):
            raise Undetermined("TREE_CHARSET")
        self.branch, self.last, self.below, self.beyond = LINES[call.utf8]

    def root(self, root: str) -> None:
        try:
            path = self.call.path(root)
            node = self.tree.get(path)
        except FsError:
            raise Undetermined("tree of what does not exist") from None
        if not isinstance(node, Dir):
            raise Undetermined("tree of what is no directory")
        if "F" in self.wanted.flags and self.modern is not False:
            if self.modern is None or root.endswith("/"):
                raise Undetermined("how this version of tree marks the root")
            self.lines.append(f"{root}/\n")
        else:
            self.lines.append(f"{root}\n")
        if self.draw(root, path, node, "", 1):
            self.dirs += bool(self.modern)

    def draw(self, shown: str, path: str, node: Dir, before: str, depth: int) -> bool:
        """Draws what a directory holds; says whether that is anything."""
        if self.wanted.depth is not None and depth > self.wanted.depth:
            return False
        items = self.items(path, node)
        for at, (name, child, target) in enumerate(items):
            is_last = at == len(items) - 1
            inner = posixpath.join(shown, name)
            lead = "" if "i" in self.wanted.flags else before + (self.last if is_last else self.branch)
            arrow = f" -> {child.target}" if isinstance(child, Link) else ""
            self.lines.append(f"{lead}{inner if 'f' in self.wanted.flags else name}{arrow}{self.mark(child, target)}\n")
            if isinstance(target, Dir):
                self.dirs += 1
            else:
                self.files += 1
            if isinstance(child, Dir):
                beside = before + (self.beyond if is_last else self.below)
                self.draw(inner, posixpath.join(path, name), child, beside, depth + 1)
        return bool(items)

    def items(self, path: str, node: Dir) -> list[tuple[str, Node, Node | None]]:
        """Names, what they are, and what they lead to (``None``: nowhere)."""
        try:
            names = self.tree.names(path) if "a" in self.wanted.flags else self.tree.visible(path)
        except FsError:
            raise Undetermined("tree of a directory that may not be read") from None
        if names:
            searchable(self.tree, node.mode)
        kept = [name for name in names if not self.is_hidden(name)]
        if any(not re.fullmatch(r"[\w.+@%=,:~'() -]+", name, re.ASCII) for name in kept):
            raise Undetermined("how tree shows a name")
        if any(" " in name for name in kept) and not self.call.utf8:
            raise Undetermined("how tree shows a blank")
        flags = self.wanted.flags
        result = [self.item(path, name) for name in ordered(self.call, kept)]
        if "d" in flags:
            result = [item for item in result if isinstance(item[2], Dir)]
        if "r" in flags:
            result.reverse()
        if "--dirsfirst" in flags:
            result.sort(key=lambda item: not isinstance(item[2], Dir))
        return result

    def is_hidden(self, name: str) -> bool:
        for hidden in self.wanted.hidden:
            if hidden.fullmatch(name):
                if name.startswith("."):
                    raise Undetermined("whether a pattern of tree matches a leading dot")
                return True
        return False

    def item(self, path: str, name: str) -> tuple[str, Node, Node | None]:
        child = posixpath.join(path, name)
        node = self.tree.get(child, follow=False)
        try:
            target = self.tree.lookup(child)
        except FsError:
            raise Undetermined("tree of a link that goes in circles") from None
        if isinstance(node, Thing) or isinstance(target, Thing):
            raise Undetermined(f"{child} may be a file or a directory")
        return name, node, target

    def mark(self, node: Node, target: Node | None) -> str:
        if "F" not in self.wanted.flags:
            return ""
        if isinstance(target, Dir):
            return "/"
        if not isinstance(target, File):
            raise Undetermined("tree -F of a broken link")
        if not target.mode_known:
            raise Undetermined("a mode that was never shown")
        return "*" if target.mode & 0o111 else ""

    def summary(self) -> str:
        if "--noreport" in self.wanted.flags:
            return ""
        if self.modern is None:
            raise Undetermined("what this version of tree counts")
        dirs = f"{self.dirs} director{'y' if self.dirs == 1 else 'ies'}"
        files = "" if "d" in self.wanted.flags else f", {self.files} file{'' if self.files == 1 else 's'}"
        return f"\n{dirs}{files}\n"


TOOLS: dict[str, Tool] = {"tree": tree}

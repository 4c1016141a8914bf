"""`ls` as it prints to a pipe: one name a line, in the order of the locale. Times, owners and blocks are not known."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass, replace

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.long_listing import long_listing
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, ordered, quoteaf, searchable, why

LS = grammar(
    "1aABcdfFghHI:klLnNopqQrRStuUX",
    {
        "all": "a", "almost-all": "A", "ignore-backups": "B", "directory": "d", "classify[=]": "F",
        "file-type": "file-type",
        "human-readable": "h", "si": "h", "dereference-command-line": "H", "ignore=": "I", "kibibytes": "k",
        "dereference": "L", "numeric-uid-gid": "n", "literal": "N", "hide-control-chars": "q",
        "show-control-chars": "k",
        "quote-name": "Q", "reverse": "r", "recursive": "R", "sort=": "sort", "color[=]": "color", "hide=": "hide",
        "group-directories-first": "group", "indicator-style=": "style", "full-time": "l", "no-group": "k",
    },
    other="bCDGimsT:vw:xZ",
    other_long="""author escape block-size= dereference-command-line-symlink-to-dir format= inode size quoting-style=
        time= time-style= tabsize= width= context zero hyperlink[=] dired""",
    code=2,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A name to print and what it is; ``node`` is ``None`` for what was not looked at."""

    name: str
    path: str
    node: Node


@tool(LS)
def ls(call: Call, options: Options) -> Out:
    return _Ls(call, options).run()


class _Ls:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.long = options.has("l", "g", "n", "o")
        self.everything = options.has("a", "f")
        self.style = self._style()
        self.sort = self._sort()
        self.first = True
        if "QUOTING_STYLE" in call.env or options.last("color") not in (
            None,
            "never",
            "no",
            "none",
            "auto",
            "tty",
            "if-tty",
        ):
            raise Undetermined("quoting or colours of ls")
        if options.has("color") and options.last("color") is None:
            raise Undetermined("the colours of ls")

    def _style(self) -> str:
        chosen = self.options.chosen("F", "p", "file-type", "style")
        if chosen is None:
            return "none"
        if chosen == "style":
            word = self.options.last("style") or ""
            if word not in ("none", "slash", "file-type", "classify"):
                raise Undetermined(f"ls --indicator-style={word}")
            return word
        if chosen == "F" and self.options.last("F") is not None:
            raise Undetermined("ls --classify with a value")
        return {"F": "classify", "p": "slash", "file-type": "file-type"}[chosen]

    def _sort(self) -> str:
        if self.options.has("c", "u") and not self.options.has("f", "U", "S", "X", "sort"):
            return "t"
        chosen = self.options.chosen("f", "U", "S", "t", "X", "sort")
        if chosen != "sort":
            return chosen or "name"
        words = {"none": "U", "size": "S", "time": "t", "extension": "X"}
        word = self.options.last("sort") or ""
        if word not in words:
            raise Undetermined(f"ls --sort={word}")
        return words[word]

    # -- operands -------------------------------------------------------------------------------------------

    def run(self) -> Out:
        operands = self.options.operands or (".",)
        files: list[Item] = []
        dirs: list[Item] = []
        for operand in operands:
            try:
                item = self.operand(operand)
            except FsError as error:
                self.report.fail(f"cannot access {quoteaf(self.call, operand)}: {why(error)}", 2)
                continue
            (dirs if isinstance(item.node, Dir) and not self.options.has("d") else files).append(item)
        self.print(files)
        self.first = not files
        headed = len(operands) > 1 or self.options.has("R")
        for item in self.arranged(dirs):
            self.directory(item, headed, 2)
        return replace(self.report.out(unordered=self.sort in ("U", "f")), varied=self.long)

    def operand(self, name: str) -> Item:
        path = locate(self.call, name)
        node = self.tree.get(path, follow=False)
        if isinstance(node, Thing):
            raise Undetermined(f"{name} may be a file or a directory")
        plain = self.options.has("d") or self.style == "classify" or self.long
        if isinstance(node, Link) and (self.options.has("L", "H") or not plain):
            node = self.behind(path, node, strict=self.options.has("L", "H"))
        return Item(name, path, node)

    def behind(self, path: str, link: Link, *, strict: bool) -> Node:
        """What a link on the command line leads to; by default only directories count."""
        try:
            target = self.tree.get(path)
        except FsError as error:
            if strict or (error.errno is not Errno.NOENT and coreutils(self.call, until=(9, 1))):
                raise
            return link
        if isinstance(target, Thing):
            raise Undetermined(f"{path} may lead to a file or a directory")
        return target if strict or isinstance(target, Dir) else link

    # -- directories ----------------------------------------------------------------------------------------

    def directory(self, item: Item, headed: bool, code: int) -> None:
        try:
            items = self.content(item)
        except FsError as error:
            self.report.fail(f"cannot open directory {quoteaf(self.call, item.name)}: {why(error)}", code)
            return
        if headed:
            self.report.say(("" if self.first else "\n") + f"{self.shown(item.name)}:\n")
        self.first = False
        if self.long:
            self.report.say(f"total {(0, 4, 116)[self.call.variant]}\n")
        self.print(items)
        if self.options.has("R"):
            inner = [child for child in items if isinstance(child.node, Dir) and child.name not in (".", "..")]
            for child in self.arranged(inner):
                self.directory(Item(posixpath.join(item.name, child.name), child.path, child.node), True, 1)

    def content(self, item: Item) -> list[Item]:
        hidden = self.everything or self.options.has("A")
        names = self.tree.names(item.path) if hidden else self.tree.visible(item.path)
        if isinstance(item.node, Dir):
            searchable(self.tree, item.node.mode)
        if self.everything:
            names = [".", "..", *names]
        return [self.child(item.path, name) for name in names if not self.ignored(name, hidden)]

    def child(self, directory: str, name: str) -> Item:
        path = posixpath.join(directory, name)
        if name in (".", ".."):
            return Item(name, path, Dir())
        node = self.tree.get(path, follow=False)
        if self.options.has("L") and isinstance(node, Link):
            try:
                node = self.tree.get(path)
            except FsError:
                raise Undetermined("ls -L of a broken link") from None
        return Item(name, path, node)

    def ignored(self, name: str, hidden: bool) -> bool:
        patterns = self.options.values("I") + ([] if hidden else self.options.values("hide"))
        if self.options.has("B"):
            patterns += ["*~", ".*~"]
        return any(matches(name, pattern) for pattern in patterns)

    # -- printing -------------------------------------------------------------------------------------------

    def print(self, items: list[Item]) -> None:
        if not items:
            return
        if self.long:
            if self.style != "none" or self.options.has("h", "g", "o", "n", "G", "i", "s"):
                raise Undetermined("a long listing with more options")
            rows = [(item.path, self.shown(item.name), item.node) for item in self.arranged(items)]
            self.report.say(long_listing(self.call, rows))
            return
        self.report.say("".join(f"{self.shown(item.name)}{self.mark(item)}\n" for item in self.arranged(items)))

    def arranged(self, items: list[Item]) -> list[Item]:
        by_name = {item.name: item for item in items}
        if len(by_name) < len(items):
            raise Undetermined("one operand twice")
        if self.sort == "t" and len(items) > 1:
            raise Undetermined("times are not known")
        unordered = self.sort in ("U", "f")
        result = [by_name[name] for name in (by_name if unordered else ordered(self.call, by_name))]
        if self.options.has("r") and not unordered:
            result.reverse()
        if self.sort == "S" and len(items) > 1:
            result.sort(key=lambda item: size_of(item.node), reverse=not self.options.has("r"))
        elif self.sort == "X" and len(items) > 1:
            if not self.call.bytewise:
                raise Undetermined("the order of extensions in this locale")
            result.sort(key=lambda item: _extension(item.name), reverse=self.options.has("r"))
        if self.options.has("group") and not unordered:
            result.sort(key=lambda item: not self.leads_to_dir(item))
        return result

    def leads_to_dir(self, item: Item) -> bool:
        if isinstance(item.node, Thing):
            raise Undetermined(f"{item.name} may be a file or a directory")
        return isinstance(item.node, Dir) or (isinstance(item.node, Link) and self.tree.is_dir(item.path))

    def mark(self, item: Item) -> str:
        node, style = item.node, self.style
        if style == "none":
            return ""
        if isinstance(node, Thing):
            raise Undetermined(f"{item.name} may be a file or a directory")
        if isinstance(node, Dir):
            return "/"
        if style == "slash":
            return ""
        if isinstance(node, Link):
            return "@"
        if style == "classify" and not node.mode_known:
            raise Undetermined(f"whether {item.name} may be executed")
        return "*" if style == "classify" and node.mode & 0o111 else ""

    def shown(self, name: str) -> str:
        if self.options.has("q") and any(ord(ch) < 32 or ord(ch) > 126 for ch in name):
            raise Undetermined("how ls shows control characters")
        if not self.options.has("Q") or self.options.chosen("Q", "N") == "N":
            return name
        if any(ord(ch) < 32 or ord(ch) > 126 or ch in '"\\' for ch in name):
            raise Undetermined(f"how ls quotes {name!r}")
        return f'"{name}"'


def size_of(node: Node) -> int:
    """The size in bytes of a file or a link."""
    if isinstance(node, File) and node.content is not None:
        return len(node.content)
    if isinstance(node, Link):
        return len(node.target.encode())
    raise Undetermined("a size that is not known")


def matches(name: str, pattern: str) -> bool:
    """``fnmatch`` with a leading dot matched only by a dot; brackets and backslashes are left undetermined."""
    if "[" in pattern or "\\" in pattern:
        raise Undetermined(f"the pattern {pattern}")
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return re.fullmatch(fnmatch.translate(pattern), name) is not None


def _extension(name: str) -> str:
    at = name.rfind(".")
    return name[at:] if at >= 0 else ""


TOOLS: dict[str, Tool] = {"ls": ls}

"""`mv` and `ln -s`. Hard links, backups and prompts are left undetermined."""

from __future__ import annotations

import posixpath

from nextstate.domains.terminal.kernel.files import Absent, Dir, Errno, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.targets import Pair, pairs, unknown_target
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, quoteaf, why

MV = grammar(
    "finTt:uv",
    {
        "force": "f", "interactive": "i", "no-clobber": "n", "no-target-directory": "T", "target-directory=": "t",
        "update": "u", "verbose": "v", "strip-trailing-slashes": "strip",
    },
    other="bS:Z",
    other_long="backup[=] context suffix=",
)  # fmt: skip
LN = grammar(
    "fnrsTt:v",
    {
        "force": "f", "no-dereference": "n", "relative": "r", "symbolic": "s", "no-target-directory": "T",
        "target-directory=": "t", "verbose": "v",
    },
    other="bdFiLPS:",
    other_long="backup[=] directory interactive suffix= logical physical",
)  # fmt: skip


@tool(MV)
def mv(call: Call, options: Options) -> Out:
    wanted, mover = pairs(call, options), _Mv(call, options)
    for pair in wanted:
        mover.one(pair)
    return mover.report.out()


class _Mv:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.made: set[str] = set()

    def name(self, shown: str) -> str:
        return quoteaf(self.call, shown)

    def one(self, pair: Pair) -> None:
        try:
            source = locate(self.call, pair.source)
            node = self.tree.get(source, follow=False)
        except FsError as error:
            self.report.fail(f"cannot stat {self.name(pair.source)}: {why(error)}")
            return
        if pair.source.rstrip("/").rpartition("/")[2] in ("", ".", ".."):
            raise Undetermined("mv of a directory named by dots")
        if pair.source.endswith("/") and isinstance(self.tree.lookup(source.rstrip("/"), follow=False), Link):
            raise Undetermined("mv of a link with a slash")
        try:
            self.move(pair, source, node)
        except FsError as error:
            self.cannot(pair, why(error))

    def cannot(self, pair: Pair, reason: str) -> None:
        self.report.fail(f"cannot move {self.name(pair.source)} to {self.name(pair.target)}: {reason}")

    def move(self, pair: Pair, source: str, node: Node) -> None:
        if unknown_target(self.call, pair):
            self.to_unknown(pair, source, node)
            return
        if not pair.target:
            raise Undetermined("mv to an empty name")
        target = locate(self.call, pair.target)
        if pair.target.endswith("/") and not pair.into and not isinstance(node, Dir):
            self.file_with_slash(pair, target)
            return
        try:
            old = self.tree.lookup(target.rstrip("/"), follow=False)
        except FsError as error:
            self.report.fail(f"cannot stat {self.name(pair.target)}: {why(error)}")
            return
        if isinstance(old, Thing) or (isinstance(node, Thing) and old is not None):
            raise Undetermined(f"{target} may be a file or a directory")
        if old is not None and not self.may_replace(pair, source, target, node, old):
            return
        if isinstance(node, Dir) and not self.may_move(pair, source, target, node):
            return
        self.rename(source, target.rstrip("/"), old)
        if self.options.has("v"):
            self.say_renamed(pair, source, target)

    def file_with_slash(self, pair: Pair, target: str) -> None:
        if self.tree.lookup(target.rstrip("/"), follow=False) is not None:
            raise Undetermined("a file moved to a name with a slash")
        self.tree.parent_for(target)
        self.cannot(pair, Errno.NOTDIR.value)

    def to_unknown(self, pair: Pair, source: str, node: Node) -> None:
        """A destination that was never shown exists afterwards; a name with a dot is taken for a file."""
        if not isinstance(node, File) or self.options.has("v", "n", "i", "u") or pair.target.endswith("/"):
            raise Undetermined(f"{pair.target} was never shown")
        target = self.call.path(pair.target)
        new, old = self.tree.parent_for(target), self.tree.parent_for(source)
        self.tree.delta[new] = node if "." in posixpath.basename(target) else Thing()
        self.tree.delta[old] = Absent()

    def may_replace(self, pair: Pair, source: str, target: str, node: Node, old: Node) -> bool:
        if self.options.has("u") or self.options.chosen("n", "i", "f") == "i":
            raise Undetermined("mv -i or -u over a file")
        if self.options.chosen("n", "i", "f") == "n":
            return False
        if self.spot(source) == self.spot(target):
            self.same(pair, node)
            return False
        if (isinstance(old, Link) or isinstance(node, Link)) and self.points_at(target, source):
            raise Undetermined("mv of a link and what it leads to")
        source_name, target_name = self.name(pair.source), self.name(pair.target)
        if isinstance(node, Dir) and not isinstance(old, Dir):
            self.report.fail(f"cannot overwrite non-directory {target_name} with directory {source_name}")
            return False
        if isinstance(old, Dir) and not isinstance(node, Dir):
            more = "" if coreutils(self.call, until=(9, 1)) else f" {source_name}"
            self.report.fail(f"cannot overwrite directory {target_name} with non-directory{more}")
            return False
        if self.spot(target) in self.made:
            self.report.fail(f"will not overwrite just-created {target_name} with {source_name}")
            return False
        return self.empty_directory(pair, source, target, old)

    def same(self, pair: Pair, node: Node) -> None:
        if isinstance(node, Dir):
            raise Undetermined("a directory moved to itself")
        self.report.fail(f"{self.name(pair.source)} and {self.name(pair.target)} are the same file")

    def spot(self, path: str) -> str:
        """The real path of a name; a link at its end is not followed."""
        return self.tree.resolve(path.rstrip("/"), follow=False)

    def points_at(self, link: str, source: str) -> bool:
        try:
            return self.tree.resolve(link) == self.tree.resolve(source)
        except FsError:
            return False

    def empty_directory(self, pair: Pair, source: str, target: str, old: Node) -> bool:
        if isinstance(old, Dir) and self.tree.names(target):
            if self.tree.resolve(target).startswith(self.tree.resolve(source) + "/"):
                return True
            if coreutils(self.call, until=(9, 1)):
                self.cannot(pair, Errno.NOTEMPTY.value)
            else:
                self.report.fail(f"cannot overwrite {self.name(pair.target)}: {Errno.NOTEMPTY.value}")
            return False
        return True

    def may_move(self, pair: Pair, source: str, target: str, node: Dir) -> bool:
        new, old = self.spot(target), self.spot(source)
        if new.startswith(old + "/"):
            self.report.fail(
                f"cannot move {self.name(pair.source)} to a subdirectory of itself, {self.name(pair.target)}"
            )
            return False
        if not self.tree.allowed(node.mode, 0o200):
            raise Undetermined("mv of a directory that may not be written")
        return True

    def rename(self, source: str, target: str, old: Node | None) -> None:
        self.made.add(self.spot(target))
        if isinstance(old, Dir):
            self.tree.remove(target)
        self.tree.rename(source, target)

    def say_renamed(self, pair: Pair, source: str, target: str) -> None:
        if target.split("/")[1] != posixpath.normpath(source).split("/")[1]:
            raise Undetermined("mv -v may cross file systems")
        self.report.say(f"renamed {self.name(pair.source)} -> {self.name(pair.target)}\n")


# -- ln ----------------------------------------------------------------------------------------------------------


@tool(LN)
def ln(call: Call, options: Options) -> Out:
    report = Report(call)
    if len(options.operands) == 1 and not options.has("t", "T"):
        operand = options.operands[0]
        wanted = [Pair(operand, "./" + posixpath.basename(operand.rstrip("/")), True)]
    else:
        wanted = pairs(call, options, no_follow=options.has("n"))
    for pair in wanted:
        if unknown_target(call, pair):
            raise Undetermined(f"{pair.target} was never shown")
        if options.has("s"):
            _symbolic(call, options, report, pair)
        else:
            _hard(call, options, report, pair)
    return report.out()


def _symbolic(call: Call, options: Options, report: Report, pair: Pair) -> None:
    shown = quoteaf(call, pair.target)
    try:
        target = locate(call, pair.target)
        if not pair.source:
            raise FsError(Errno.NOENT, target)
        text = _relative(call, pair) if options.has("r") else pair.source
        old = _replaced(call, options, target)
        if old is not None and options.has("f") and not _cleared(call, report, pair, target, old):
            return
        if target.endswith("/"):
            raise Undetermined("a link named with a slash")
        call.tree.symlink(text, target)
    except _Unreachable as error:
        report.fail(f"failed to access {shown}: {error}")
        return
    except FsError as error:
        arrow = "" if pair.source else " -> ''"
        report.fail(f"failed to create symbolic link {shown}{arrow}: {why(error)}")
        return
    if options.has("v"):
        report.say(f"{shown} -> {quoteaf(call, text)}\n")


class _Unreachable(Exception):
    """What ``-f`` would replace cannot be looked at; the message says why."""


def _replaced(call: Call, options: Options, target: str) -> Node | None:
    try:
        return call.tree.lookup(target, follow=False)
    except FsError as error:
        if options.has("f"):
            raise _Unreachable(why(error)) from None
        raise


def _cleared(call: Call, report: Report, pair: Pair, target: str, old: Node) -> bool:
    """Removes what ``-f`` replaces."""
    if isinstance(old, Thing):
        raise Undetermined(f"{target} may be a file or a directory")
    if isinstance(old, Dir):
        report.fail(f"{pair.target}: cannot overwrite directory")
        return False
    try:
        same = call.tree.resolve(locate(call, pair.source)) == call.tree.resolve(target, follow=False)
    except FsError:
        same = False
    if same:
        raise Undetermined("a link over its own target")
    call.tree.remove(target)
    return True


def _relative(call: Call, pair: Pair) -> str:
    folder = call.tree.resolve(posixpath.dirname(call.path(pair.target)))
    return posixpath.relpath(call.tree.resolve(call.path(pair.source)), folder)


def _hard(call: Call, options: Options, report: Report, pair: Pair) -> None:
    """Hard links would share their content; only what fails is determined."""
    try:
        node = call.tree.get(locate(call, pair.source), follow=False)
    except FsError as error:
        report.fail(f"failed to access {quoteaf(call, pair.source)}: {why(error)}")
        return
    if isinstance(node, Dir):
        report.fail(f"{pair.source}: hard link not allowed for directory")
        return
    if not isinstance(node, File) or options.has("f"):
        raise Undetermined("a hard link")
    try:
        if call.tree.lookup(locate(call, pair.target), follow=False) is None:
            raise Undetermined("a hard link")
    except FsError as error:
        reason = why(error)
    else:
        reason = Errno.EXIST.value
    arrow = "" if reason == Errno.EXIST.value else f" => {quoteaf(call, pair.source)}"
    report.fail(f"failed to create hard link {quoteaf(call, pair.target)}{arrow}: {reason}")


TOOLS: dict[str, Tool] = {"mv": mv, "ln": ln}

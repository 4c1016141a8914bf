"""`rm`. Without a terminal it asks nothing unless it is told to (`-i`, `-I`)."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import (
    Absent,
    Dir,
    Errno,
    File,
    FsError,
    Link,
    Node,
    Seen,
    Thing,
    Undetermined,
)
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, quoteaf, why

RM = grammar(
    "dfiIrRv",
    {
        "force": "f", "recursive": "r", "dir": "d", "verbose": "v", "one-file-system": "x", "preserve-root[=]": "keep",
    },
    other_long="interactive[=] no-preserve-root -presume-input-tty",
)  # fmt: skip


@tool(RM)
def rm(call: Call, options: Options) -> Out:
    if not options.operands:
        if options.has("f"):
            return Out()
        raise wrong_usage(call, "missing operand")
    return _Rm(call, options).run()


class _Rm:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.recursive = options.has("r", "R")
        self.report = Report(call)
        self.unordered = False
        chosen = options.chosen("f", "i", "I")
        self.force, self.asks = chosen == "f", chosen == "i"
        if chosen == "I" and (self.recursive or len(options.operands) > 3):
            raise Undetermined("rm -I asks")
        if self.asks and (self.recursive or options.has("d")):
            raise Undetermined("rm -i asks before it descends")
        self.answers = call.input().split("\n") if self.asks else []

    def run(self) -> Out:
        for operand in self.options.operands:
            try:
                self.operand(operand)
            except FsError as error:
                if not (self.force and error.errno in (Errno.NOENT, Errno.NOTDIR)):
                    self.fail(operand, error)
        return self.report.out(unordered=self.unordered and self.options.has("v"))

    def fail(self, shown: str, error: FsError) -> None:
        self.report.fail(f"cannot remove {quoteaf(self.call, shown)}: {why(error)}")

    def operand(self, operand: str) -> None:
        path = locate(self.call, operand)
        if self.recursive and operand.rstrip("/").rpartition("/")[2] in (".", ".."):
            name = quoteaf(self.call, operand)
            self.report.fail(
                f"refusing to remove {quoteaf(self.call, '.')} or {quoteaf(self.call, '..')} directory: skipping {name}"
            )
            return
        if not operand.strip("/"):
            raise Undetermined("removing the root directory")
        node = self.look(path, operand)
        if node is None:
            return
        if isinstance(node, Dir):
            self.directory(operand, path, node)
        elif not self.asks or self.agreed(operand, path, node):
            self.tree.remove(path)
            self.removed(operand)

    def look(self, path: str, operand: str) -> Node | None:
        """What is to be removed; what was never shown is gone afterwards if it was to be removed in silence."""
        try:
            node = self.tree.get(path, follow=False)
        except Undetermined:
            if not self.force or self.options.has("v") or operand.endswith("/"):
                raise
            self.gone(path)
            return None
        if isinstance(node, Thing):
            if not self.recursive or self.options.has("v"):
                raise Undetermined(f"{path} may be a file or a directory")
            self.gone(path)
            return None
        if operand.endswith("/") and isinstance(self.tree.lookup(path.rstrip("/"), follow=False), Link):
            raise Undetermined("rm of a link with a slash")
        return node

    def gone(self, path: str) -> None:
        self.tree.delta[self.tree.parent_for(path)] = Absent()

    def directory(self, shown: str, path: str, node: Dir) -> None:
        if self.recursive:
            self.descend(shown, path, node)
            return
        if not self.options.has("d"):
            raise FsError(Errno.ISDIR, path)
        self.tree.remove(path)
        self.removed(shown, "directory ")

    # -- recursion ------------------------------------------------------------------------------------------

    def descend(self, shown: str, path: str, node: Dir) -> None:
        if self.hindered(path):
            raise Undetermined("a directory below may not be written")
        if not self.options.has("v"):
            self.empty(path, node)
            self.tree.remove(path)
            return
        names = self.tree.names(path)
        self.unordered = self.unordered or len(names) > 1
        for name in names:
            self.below(posixpath.join(shown, name), posixpath.join(path, name))
        self.tree.remove(path)
        self.removed(shown, "directory ")

    def empty(self, path: str, node: Dir) -> None:
        """Removes what is below, which needs no permission on the directory's parent."""
        real = self.tree.resolve(path)
        for table in (self.tree.files.entries, self.tree.delta):
            for below in [p for p in table if p.startswith(real + "/")]:
                self.tree.delta[below] = Absent()
        self.tree.delta[real] = replace(node, seen=Seen.ALL)

    def below(self, shown: str, path: str) -> None:
        node = self.tree.get(path, follow=False)
        if isinstance(node, Dir):
            self.descend(shown, path, node)
        else:
            self.tree.remove(path)
            self.removed(shown)

    def hindered(self, path: str) -> bool:
        """Whether permissions stop a user who is not root somewhere below."""
        node = self.tree.get(path, follow=False)
        if self.tree.root or not isinstance(node, Dir):
            return False
        if node.mode & 0o700 != 0o700:
            return True
        real = self.tree.resolve(path)
        return any(self.hindered(posixpath.join(path, name)) for name in self.tree.children(real))

    # -- words ----------------------------------------------------------------------------------------------

    def removed(self, shown: str, what: str = "") -> None:
        if self.options.has("v"):
            self.report.say(f"removed {what}{quoteaf(self.call, shown)}\n")

    def agreed(self, shown: str, path: str, node: Node) -> bool:
        kind = "symbolic link" if isinstance(node, Link) else "regular file"
        if isinstance(node, File):
            if node.content is None:
                raise Undetermined(f"whether {shown} is empty")
            kind = kind if node.content else "regular empty file"
            if not self.tree.allowed(node.mode, 0o200):
                kind = f"write-protected {kind}"
        self.report.ask(f"remove {kind} {quoteaf(self.call, shown)}? ")
        answer = self.answers.pop(0) if self.answers else ""
        return answer[:1] in ("y", "Y")


TOOLS: dict[str, Tool] = {"rm": rm}

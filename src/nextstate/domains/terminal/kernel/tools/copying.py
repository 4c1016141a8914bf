"""`cp`. Times and owners are not known; hard links, backups and prompts are left undetermined."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.targets import Pair, pairs, unknown_target
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, quoteaf, why

CP = grammar(
    "adfHinprRt:TuvxLP",
    {
        "archive": "a", "force": "f", "no-clobber": "n", "no-dereference": "P", "dereference": "L", "recursive": "r",
        "target-directory=": "t", "no-target-directory": "T", "verbose": "v", "preserve[=]": "preserve",
        "strip-trailing-slashes": "strip", "one-file-system": "x", "interactive": "i", "update": "u",
    },
    other="blsSZ",
    other_long="""attributes-only backup[=] copy-contents debug link no-preserve= parents path reflink[=]
        remove-destination sparse= symbolic-link suffix= context[=]""",
)  # fmt: skip


@tool(CP)
def cp(call: Call, options: Options) -> Out:
    return _Cp(call, options).run(pairs(call, options))


class _Cp:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.recursive = options.has("r", "R", "a")
        self.follow = options.chosen("L", "P", "d", "a", "H") or ("P" if self.recursive else "L")
        self.keep_mode = options.has("p", "a") or any(
            word is None or {"mode", "all"} & set(word.split(",")) for key, word in options.given if key == "preserve"
        )
        self.unordered = False
        self.made: set[str] = set()

    def run(self, wanted: list[Pair]) -> Out:
        if len({pair.source for pair in wanted}) < len(wanted):
            raise Undetermined("one source twice")
        for pair in wanted:
            try:
                self.one(pair)
            except FsError as error:
                self.report.fail(f"cannot stat {quoteaf(self.call, pair.source)}: {why(error)}")
        return self.report.out(unordered=self.unordered and self.options.has("v"))

    def fail(self, message: str) -> None:
        self.report.fail(message)

    def name(self, shown: str) -> str:
        return quoteaf(self.call, shown)

    def one(self, pair: Pair) -> None:
        source = locate(self.call, pair.source)
        node = self.tree.get(source, follow=self.follow in ("L", "H"))
        if unknown_target(self.call, pair):
            self.to_unknown(pair, source, node)
            return
        self.copy(pair.source, source, pair.target, node)

    def to_unknown(self, pair: Pair, source: str, node: Node) -> None:
        """A destination that was never shown exists afterwards; a name with a dot is taken for a file."""
        if not isinstance(node, File) or self.options.has("v", "n", "i", "u") or pair.target.endswith("/"):
            raise Undetermined(f"{pair.target} was never shown")
        if not self.readable(pair.source, node):
            return
        path = self.call.path(pair.target)
        real = self.tree.parent_for(self.tree.resolve(path))
        self.tree.delta[real] = File(node.content) if "." in posixpath.basename(path) else Thing()

    # -- one thing ------------------------------------------------------------------------------------------

    def copy(self, shown: str, source: str, target: str, node: Node) -> None:
        if isinstance(node, Thing):
            raise Undetermined(f"{shown} may be a file or a directory")
        if isinstance(node, Dir) and not self.recursive:
            self.fail(f"-r not specified; omitting directory {self.name(shown)}")
            return
        path = self.call.path(target) if target else ""
        try:
            old = self.tree.lookup(path, follow=isinstance(node, File)) if path else None
        except FsError as error:
            if error.errno is Errno.NOTDIR and target.endswith("/") and isinstance(node, File):
                raise Undetermined("a file with a slash as target") from None
            self.fail(f"cannot stat {self.name(target)}: {why(error)}")
            return
        if isinstance(old, Thing):
            raise Undetermined(f"{target} may be a file or a directory")
        if old is None or self.may_replace(shown, source, target, path, node, old):
            self.make(shown, source, target, path, node, old)

    def may_replace(self, shown: str, source: str, target: str, path: str, node: Node, old: Node) -> bool:
        here = self.real(source)
        same = here is not None and here == self.real(path)
        if same and not (isinstance(node, Dir) and self.options.has("n")):
            if isinstance(node, Link) or isinstance(old, Link) or self.options.has("n", "f"):
                raise Undetermined("copying a link over itself")
            self.fail(f"{self.name(shown)} and {self.name(target)} are the same file")
            return False
        if self.options.has("n", "i", "u") and not (isinstance(old, Dir) and isinstance(node, Dir)):
            if self.options.chosen("n", "i", "f") == "n":
                return False
            if self.options.has("i", "u"):
                raise Undetermined("cp -i or -u over a file")
        if isinstance(node, Dir) and not isinstance(old, Dir):
            self.fail(f"cannot overwrite non-directory {self.name(target)} with directory {self.name(shown)}")
            return False
        if isinstance(old, Dir) and not isinstance(node, Dir):
            more = "" if coreutils(self.call, until=(9, 1)) else f" {self.name(shown)}"
            self.fail(f"cannot overwrite directory {self.name(target)} with non-directory{more}")
            return False
        if not isinstance(old, Dir) and self.tree.resolve(path, follow=False) in self.made:
            self.fail(f"will not overwrite just-created {self.name(target)} with {self.name(shown)}")
            return False
        return True

    def real(self, path: str) -> str | None:
        """Where a path leads; ``None`` for links that go in circles."""
        try:
            return self.tree.resolve(path)
        except FsError:
            return None

    def make(self, shown: str, source: str, target: str, path: str, node: Node, old: Node | None) -> None:
        if isinstance(node, Dir):
            self.directory(shown, source, target, path, node, old)
        elif isinstance(node, Link):
            self.link(shown, target, path, node, old)
        else:
            assert isinstance(node, File)
            self.file(shown, target, path, node, old)

    def tell(self, shown: str, target: str) -> None:
        if self.options.has("v"):
            self.report.say(f"{self.name(shown)} -> {self.name(target)}\n")

    # -- files and links ------------------------------------------------------------------------------------

    def readable(self, shown: str, node: File) -> bool:
        if not self.tree.allowed(node.mode, 0o400):
            self.fail(f"cannot open {self.name(shown)} for reading: {Errno.ACCES.value}")
            return False
        return True

    def file(self, shown: str, target: str, path: str, node: File, old: Node | None) -> None:
        self.tell(shown, target)
        if not self.readable(shown, node):
            return
        if old is None and path and isinstance(self.tree.lookup(path.rstrip("/"), follow=False), Link):
            self.fail(f"not writing through dangling symlink {self.name(target)}")
            return
        try:
            if old is None and target.endswith("/"):
                self.tree.parent_for(path)
                raise FsError(Errno.NOTDIR, path)
            if not path:
                raise FsError(Errno.NOENT, path)
            if isinstance(old, File) and not self.tree.allowed(old.mode, 0o200) and self.options.has("f"):
                raise Undetermined("cp -f replaces what it may not write")
            self.put(path, node, old)
        except FsError as error:
            self.fail(f"cannot create regular file {self.name(target)}: {why(error)}")

    def put(self, path: str, node: File, old: Node | None) -> None:
        self.tree.write(path, node.content or b"", mode=node.mode & 0o777 & ~self.call.umask)
        real = self.tree.resolve(path)
        made = self.tree.delta[real]
        assert isinstance(made, File)
        if self.keep_mode:
            made = replace(made, mode=node.mode, mode_known=node.mode_known)
        elif old is None:
            made = replace(made, mode_known=node.mode_known)
        self.tree.delta[real] = replace(made, content=node.content)
        self.made.add(real)

    def link(self, shown: str, target: str, path: str, node: Link, old: Node | None) -> None:
        self.tell(shown, target)
        try:
            if old is not None:
                if self.options.has("v"):
                    raise Undetermined("cp -v of a link over a file")
                self.tree.remove(path)
            self.tree.symlink(node.target, path)
        except FsError as error:
            self.fail(f"cannot create symbolic link {self.name(target)}: {why(error)}")
            return
        self.made.add(self.tree.resolve(path, follow=False))

    # -- directories ----------------------------------------------------------------------------------------

    def directory(self, shown: str, source: str, target: str, path: str, node: Dir, old: Node | None) -> None:
        real, new = self.tree.resolve(source), self.tree.resolve(path)
        if new == real or new.startswith(real.rstrip("/") + "/"):
            raise Undetermined("a directory copied into itself")
        try:
            names = self.tree.names(source)
        except FsError as error:
            if error.errno is not Errno.ACCES:
                raise
            raise Undetermined("cp -r of a directory that may not be read") from None
        if not self.tree.allowed(node.mode, 0o100):
            raise Undetermined("cp -r of a directory that may not be searched")
        if old is None:
            try:
                self.tree.mkdir(path.rstrip("/"), 0o700)
            except FsError as error:
                self.fail(f"cannot create directory {self.name(target)}: {why(error)}")
                return
            self.tell(shown, target)
        self.unordered = self.unordered or len(names) > 1
        for name in names:
            child = posixpath.join(source, name)
            inner = self.tree.get(child, follow=self.follow == "L")
            self.copy(posixpath.join(shown, name), child, posixpath.join(target, name), inner)
        if old is None or self.keep_mode:
            mode = node.mode if self.keep_mode else node.mode & 0o777 & ~self.call.umask
            kept = self.tree.get(path)
            assert isinstance(kept, Dir)
            self.tree.delta[self.tree.resolve(path)] = replace(kept, mode=mode, mode_known=node.mode_known)


TOOLS: dict[str, Tool] = {"cp": cp}

"""`du`. Blocks are not known: the call's variant fills them in, and each variant orders the files by size otherwise.
So what does not hang on them (the names, how many lines there are) is determined.
"""

from __future__ import annotations

import posixpath
import zlib

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, quoteaf, searchable, why

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


@tool(DU)
def du(call: Call, options: Options) -> Out:
    if options.has("s") and options.has("d", "a"):
        raise Undetermined("du with options that exclude each other")
    if any(name in call.env for name in ("DU_BLOCK_SIZE", "BLOCK_SIZE", "BLOCKSIZE")):
        raise Undetermined("the block size of the environment")
    return _Du(call, options).run()


class _Du:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.varied = self.unordered = False
        self.seen = 0
        self.end = "\0" if options.has("0") else "\n"
        self.depth = self.limit()

    def limit(self) -> int | None:
        text = self.options.last("d")
        if self.options.has("s"):
            return 0
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise wrong_usage(self.call, f"invalid maximum depth {self.call.quote(text)}")
        return int(text)

    def run(self) -> Out:
        operands, total = self.options.operands or (".",), 0
        for operand in operands:
            try:
                path = locate(self.call, operand)
                node = self.tree.get(path, follow=False)
            except FsError as error:
                self.report.fail(f"cannot access {quoteaf(self.call, operand)}: {why(error)}")
                continue
            self.guard(operands)
            total += self.visit(operand, path, node, 0)
        if self.options.has("c"):
            self.tell(total, "total")
        out = self.report.out(unordered=self.unordered)
        return Out(out.stdout, out.stderr, out.code, out.merged, out.unordered, self.varied)

    def guard(self, operands: tuple[str, ...]) -> None:
        """A file is counted once: operands that overlap would need to be remembered."""
        if len(operands) > 1:
            reals = [self.tree.resolve(self.call.path(operand), follow=False) for operand in operands if operand]
            if any(a != b and b.startswith(a + "/") for a in reals for b in reals) or len(set(reals)) < len(reals):
                raise Undetermined("du of one file twice")

    def visit(self, shown: str, path: str, node: Node, depth: int) -> int:
        total = self.size(path, node)
        if isinstance(node, Dir):
            total += self.inside(shown, path, node, depth)
        told = isinstance(node, Dir) or depth == 0 or self.options.has("a")
        if told and (self.depth is None or depth <= self.depth):
            self.tell(total, shown)
        return total

    def inside(self, shown: str, path: str, node: Dir, depth: int) -> int:
        try:
            names = self.tree.names(path)
        except FsError:
            raise Undetermined("du of a directory that may not be read") from None
        if names:
            searchable(self.tree, node.mode)
        total = speaking = 0
        for name in names:
            said = self.report.size
            child = posixpath.join(path, name)
            size = self.visit(posixpath.join(shown, name), child, self.tree.get(child, follow=False), depth + 1)
            speaking += self.report.size > said
            is_dir = isinstance(self.tree.get(child, follow=False), Dir)
            total += 0 if is_dir and self.options.has("S") else size
        self.unordered = self.unordered or speaking > 1
        return total

    def size(self, path: str, node: Node) -> int:
        """Bytes (with ``-b``) or units of 1024 bytes; what is not known is another number in every variant."""
        if not isinstance(node, File | Dir | Link):
            raise Undetermined(f"{path} may be a file or a directory")
        self.seen += 1
        if self.options.has("b"):
            if isinstance(node, File) and node.content is not None:
                return len(node.content)
            if isinstance(node, Link):
                return len(node.target.encode())
        elif isinstance(node, File) and node.content == b"":
            return 0
        self.varied = True
        guess = (4 * self.seen, 120_000 - 12 * self.seen, 4 * (zlib.crc32(path.encode()) % 997 + 1))
        return guess[self.call.variant]

    def tell(self, size: int, shown: str) -> None:
        unit = self.options.chosen("b", "k", "m", "h")
        if size and not self.varied and unit != "b" and not (unit == "h" and size < 1024):
            raise Undetermined("du -b in other units")
        text = f"{size}K" if unit == "h" and self.varied else str(size)
        self.report.say(f"{text}\t{shown}{self.end}")


TOOLS: dict[str, Tool] = {"du": du}

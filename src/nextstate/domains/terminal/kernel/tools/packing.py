"""`gzip`, `gunzip`, `zcat`. A compressed file holds a time: its bytes are not known, but what it unpacks to is."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from nextstate.domains.terminal.kernel.files import MAX_FILE, Absent, Dir, Errno, File, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool, decode
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, why

GZIP = grammar(
    "123456789cdfknNqt",
    {
        "stdout": "c", "to-stdout": "c", "decompress": "d", "uncompress": "d", "force": "f", "keep": "k",
        "no-name": "n", "name": "N", "quiet": "q", "test": "t", "fast": "1", "best": "9",
    },
    other="ab:hHlLmMrS:vVZ",
    other_long="ascii list license recursive suffix= synchronous verbose rsyncable",
    hint="Try `gzip --help' for more information.\n",
)  # fmt: skip
MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Packed:
    """What a gzip file unpacks to (:attr:`File.opaque`)."""

    inner: File


def unpacked(node: File) -> File | None:
    """What a gzip file unpacks to; ``None`` when it is known to be no gzip file."""
    if isinstance(node.opaque, Packed):
        return node.opaque.inner
    if not node.content:
        raise Undetermined("whether a file is compressed")
    if not node.content.startswith(MAGIC):
        return None
    try:
        content = zlib.decompressobj(wbits=31).decompress(node.content, MAX_FILE)
    except zlib.error:
        raise Undetermined("a broken gzip file") from None
    if len(content) == MAX_FILE:
        raise Undetermined("a gzip file unpacks to too much")
    return File(content)


def named(options: str) -> Tool:
    """The scripts ``gunzip`` and ``zcat``, which run ``gzip`` with an option."""

    def run(call: Call) -> Out:
        return gzip(replace(call, name="gzip", args=(*options.split(), *call.args)))

    return run


@tool(GZIP)
def gzip(call: Call, options: Options) -> Out:
    if call.columns or "GZIP" in call.env:
        raise Undetermined("gzip asks at a terminal")
    if not options.operands or {"-", ""} & set(options.operands):
        raise Undetermined("gzip of its standard input")
    run = _Gzip(call, options)
    for operand in options.operands:
        run.one(operand)
    return run.report.out()


class _Gzip:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.unpacks = options.has("d", "t")

    def one(self, operand: str) -> None:
        shown = operand
        try:
            path = locate(self.call, operand)
            if self.unpacks and self.tree.lookup(path) is None and not operand.endswith((".gz", ".tgz", ".Z", ".z")):
                shown += ".gz"
                path = locate(self.call, shown)
            node = self.tree.get(path, follow=False)
        except FsError as error:
            self.report.fail(f"{shown}: {why(error)}")
            return
        if isinstance(node, Dir) and self.tree.allowed(node.mode, 0o400):
            self.warn(f"{shown} is a directory -- ignored")
            return
        if not isinstance(node, File | Dir):
            raise Undetermined("gzip of a link")
        if not self.tree.allowed(node.mode, 0o400):
            self.report.fail(f"{shown}: {Errno.ACCES.value}")
            return
        assert isinstance(node, File)
        if self.unpacks:
            self.unpack(shown, path, node)
        else:
            self.pack(shown, path, node)

    def warn(self, message: str) -> None:
        """Warnings make the exit status 2 unless there was an error."""
        if not self.options.has("q"):
            self.report.warn(message)
        self.report.code = self.report.code or 2

    def pack(self, shown: str, path: str, node: File) -> None:
        if self.options.has("c"):
            raise Undetermined("compressed data on standard output")
        if shown.endswith((".gz", ".tgz", ".taz", ".z", ".Z", "-gz", "-z", "_z")):
            if not shown.endswith((".gz", ".tgz")) or self.options.has("f"):
                raise Undetermined("gzip of a name with an odd suffix")
            suffix = ".gz" if shown.endswith(".gz") else ".tgz"
            if self.call.facts.get("gzip") != "1.12":
                raise Undetermined("the exit status of this version of gzip")
            self.report.warn(f"{shown} already has {suffix} suffix -- unchanged")
            return
        self.put(shown, path, f"{shown}.gz", replace(node, content=None, opaque=Packed(node)))

    def unpack(self, shown: str, path: str, node: File) -> None:
        to_file = not self.options.has("c", "t")
        if to_file and not shown.endswith((".gz", ".tgz")):
            if shown.endswith((".taz", ".z", ".Z", "-gz", "-z", "_z")):
                raise Undetermined("gunzip of an odd suffix")
            self.warn(f"{shown}: unknown suffix -- ignored")
            return
        inner = unpacked(node)
        if inner is None:
            if self.options.has("f") or (node.content or b"")[:2] in (b"PK", b"\x1f\x9d", b"\x1f\x1e", b"\x1f\xa0"):
                raise Undetermined("gunzip of another format")
            self.report.note("\n")
            self.report.fail(f"{shown}: not in gzip format")
        elif to_file:
            target = shown.removesuffix(".gz") if shown.endswith(".gz") else shown.removesuffix(".tgz") + ".tar"
            made = replace(inner, mode=node.mode, mode_known=node.mode_known)
            self.put(shown, path, target, made)
        elif self.options.has("c"):
            if inner.content is None:
                raise Undetermined(f"what {shown} unpacks to")
            self.report.say(decode(inner.content, shown))

    def put(self, shown: str, path: str, target: str, made: File) -> None:
        goal = self.call.path(target)
        try:
            if self.tree.lookup(goal, follow=False) is not None:
                if not self.options.has("f"):
                    self.warn(f"{target} already exists;\tnot overwritten")
                    return
                if not isinstance(self.tree.get(goal, follow=False), File):
                    raise Undetermined("gzip -f over something that is no file")
            real = self.tree.parent_for(goal)
        except FsError as error:
            self.report.fail(f"{target}: {why(error)}")
            return
        self.tree.delta[real] = made
        if not self.options.has("k"):
            self.tree.delta[self.tree.parent_for(path)] = Absent()


TOOLS: dict[str, Tool] = {"gzip": gzip, "gunzip": named("-d"), "zcat": named("-cd")}

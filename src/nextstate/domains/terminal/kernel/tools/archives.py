"""`tar`: an archive holds times, so its bytes are not known, but its members are."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool, decode
from nextstate.domains.terminal.kernel.tools.globs import matcher
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse, wrong_usage
from nextstate.domains.terminal.kernel.tools.packing import Packed, unpacked
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, searchable, why

TAR = grammar(
    "cxtvzaf:C:Op",
    {
        "create": "c", "extract": "x", "get": "x", "list": "t", "verbose": "v", "gzip": "z", "auto-compress": "a",
        "file=": "f", "directory=": "C", "to-stdout": "O", "preserve-permissions": "p", "exclude=": "exclude",
        "strip-components=": "strip",
    },
    other="AdruWkUGg:hiIjJZlLM:mnNoPRsSTV:wX:Bb:F:H:K:",
)  # fmt: skip
USAGE = "Try 'tar --help' or 'tar --usage' for more information.\n"
PREVIOUS = "Exiting with failure status due to previous errors"
FATAL = "Error is not recoverable: exiting now"
MAX_MEMBERS = 5000


@dataclass(frozen=True, slots=True)
class Bundle:
    """The members of an archive (:attr:`File.opaque`): names (directories end in a slash) and what they are.

    ``ordered`` says whether their order is determined.
    """

    members: tuple[tuple[str, Node], ...]
    ordered: bool


def tar(call: Call) -> Out:
    try:
        return _Tar(call, read(call)).run()
    except Stop as stop:
        return stop.out


def read(call: Call) -> Options:
    """The options; the first word may be a cluster without a dash, whose values follow in order."""
    args = list(call.args)
    if args and not args[0].startswith("-") and args[0]:
        letters, rest, first = args[0], args[1:], []
        for letter in letters:
            if letter not in "cxtvzafCOp":
                raise Undetermined(f"tar {letters} is not computed")
            first.append(f"-{letter}")
            if letter in "fC":
                if not rest:
                    raise Undetermined("tar without a value of an option")
                first.append(rest.pop(0))
        args = first + rest
    try:
        return parse(call, TAR, tuple(args))
    except Stop:
        raise Undetermined("how this version of tar words wrong options") from None


class _Tar:
    def __init__(self, call: Call, options: Options) -> None:
        self.call, self.tree, self.options = call, call.tree, options
        self.report = Report(call)
        self.unordered = False
        self.members: list[tuple[str, Node]] = []
        self.stripped = self.missed = False

    def run(self) -> Out:
        modes = {key for key, _ in self.options.given if key in "cxt"}
        if len(modes) != 1 or len(self.options.values("f")) != 1 or len(self.options.values("C")) > 1:
            raise Undetermined("tar without one mode, one archive and one directory")
        if self.options.last("f") == "-" or "TAR_OPTIONS" in self.call.env:
            raise Undetermined("an archive on a standard stream")
        mode = modes.pop()
        try:
            if mode == "c":
                self.create()
            else:
                self.unpack(extract=mode == "x")
        except FsError:
            raise Undetermined("tar where permissions stop it") from None
        return self.report.out(unordered=self.unordered)

    @property
    def archive(self) -> str:
        return self.options.last("f") or ""

    def say(self, name: str) -> None:
        if self.options.has("v"):
            self.report.say(name + "\n")

    def base(self) -> str:
        """The directory that ``-C`` names."""
        folder = self.options.last("C")
        if folder is None:
            return self.call.cwd
        path = locate(self.call, folder)
        if not self.tree.is_dir(path):
            if self.tree.exists(path):
                raise Undetermined("tar -C of what is no directory")
            self.report.fail(f"{folder}: Cannot open: No such file or directory", 2)
            self.stop(FATAL)
        return path

    def stop(self, message: str) -> None:
        self.report.fail(message, 2)
        raise Stop(self.report.out())

    # -- creating -------------------------------------------------------------------------------------------

    def create(self) -> None:
        if self.options.has("O", "strip") or (self.options.has("C") and self.late_directory()):
            raise Undetermined("tar -c with odd options")
        if not self.options.operands:
            raise wrong_usage(self.call, "Cowardly refusing to create an empty archive", 2, USAGE)
        packed = self.options.has("z") or (self.options.has("a") and self.archive.endswith((".gz", ".tgz")))
        if self.options.has("a") and not self.archive.endswith((".tar", ".gz", ".tgz")):
            raise Undetermined("tar -a of an odd suffix")
        target = locate(self.call, self.archive)
        try:
            real = self.tree.resolve(target)
            self.tree.write(target, b"", mode=0o666 & ~self.call.umask)
        except FsError as error:
            if packed:
                raise Undetermined("tar whose gzip fails") from None
            self.report.fail(f"{self.archive}: Cannot open: {why(error)}", 2)
            self.stop(FATAL)
        folder = self.base()
        for operand in self.options.operands:
            self.operand(operand, folder, real)
        bundle = File(None, opaque=Bundle(tuple(self.members), not self.unordered))
        made = self.tree.delta[real]
        assert isinstance(made, File)
        self.tree.delta[real] = replace(made, content=None, opaque=Packed(bundle) if packed else bundle.opaque)
        if self.missed:
            self.report.fail(PREVIOUS, 2)
        self.unordered = self.unordered and self.options.has("v")

    def late_directory(self) -> bool:
        """Whether ``-C`` stands behind a file: it holds only for what follows."""
        args = list(self.call.args)
        at = next((n for n, arg in enumerate(args) if arg.startswith(("-C", "--directory"))), 0)
        return any(operand in args[1:at] for operand in self.options.operands)

    def operand(self, operand: str, folder: str, archive: str) -> None:
        if ".." in operand.split("/"):
            raise Undetermined("tar of a path with ..")
        path = posixpath.join(folder, operand)
        if not operand or any(name.rstrip("/") == operand.strip("/") for name, _ in self.members):
            raise Undetermined("tar of one file twice")
        try:
            node = self.tree.get(path, follow=False)
        except FsError as error:
            self.report.fail(f"{operand}: Cannot stat: {why(error)}", 2)
            self.missed = True
            return
        if operand.startswith("/") and not self.stripped:
            self.stripped = True
            self.report.warn("Removing leading `/' from member names")
        real = self.tree.resolve(path, follow=False)
        if archive == real or archive.startswith(real.rstrip("/") + "/"):
            raise Undetermined("an archive inside of what it holds")
        self.add(operand, path, node)

    def add(self, shown: str, path: str, node: Node) -> None:
        if self.excluded(shown):
            return
        if len(self.members) > MAX_MEMBERS:
            raise Undetermined("tar of too many files")
        readable = isinstance(node, Link) or (isinstance(node, File | Dir) and self.tree.allowed(node.mode, 0o400))
        if not readable:
            raise Undetermined(f"whether tar reads {shown}")
        name = shown.rstrip("/") + "/" if isinstance(node, Dir) else shown
        self.say(name)
        self.members.append((name.lstrip("/"), node))
        if isinstance(node, Dir):
            searchable(self.tree, node.mode)
            names = self.tree.names(path)
            self.unordered = self.unordered or len(names) > 1
            for child in names:
                inner = posixpath.join(path, child)
                self.add(name + child, inner, self.tree.get(inner, follow=False))

    def excluded(self, shown: str) -> bool:
        """A pattern matches a whole path or what follows any of its slashes."""
        parts = shown.rstrip("/").split("/")
        tails = ["/".join(parts[at:]) for at in range(len(parts))]
        patterns = [matcher(self.call, text) for text in self.options.values("exclude")]
        return any(pattern.fullmatch(tail) for pattern in patterns for tail in tails)

    # -- reading --------------------------------------------------------------------------------------------

    def unpack(self, *, extract: bool) -> None:
        if self.options.has("exclude", "a") or (not extract and self.options.has("v", "O", "strip")):
            raise Undetermined("tar with options that are not computed")
        bundle = self.open()
        wanted = {operand.rstrip("/"): False for operand in self.options.operands}
        folder = self.base()
        chosen = []
        for name, node in bundle.members:
            if self.options.operands:
                hit = next((w for w in wanted if name.rstrip("/") == w or name.startswith(w + "/")), None)
                if hit is None:
                    continue
                wanted[hit] = True
            chosen.append((name, node))
        for name, node in chosen:
            if not extract:
                self.report.say(name + "\n")
                continue
            self.say(name)
            self.extract(folder, name, node)
        for operand in self.options.operands:
            if not wanted[operand.rstrip("/")]:
                self.report.fail(f"{operand}: Not found in archive", 2)
        if self.report.code:
            self.report.fail(PREVIOUS, 2)
        self.unordered = not bundle.ordered and len(chosen) > 1

    def open(self) -> Bundle:
        packed = self.options.has("z")
        try:
            node = self.tree.get(locate(self.call, self.archive))
        except FsError as error:
            child = " (child)" if packed else ""
            self.report.note(f"tar{child}: {self.archive}: Cannot open: {why(error)}\n")
            if packed:
                self.report.note(f"tar (child): {FATAL}\n")
                self.report.fail("Child returned status 2", 2)
            self.stop(FATAL)
            raise
        if not isinstance(node, File):
            raise Undetermined("tar of what is no file")
        if isinstance(node.opaque, Bundle) and not packed:
            return node.opaque
        if node.content and b"\0" not in node.content and len(node.content) < 512 and not packed:
            self.report.fail("This does not look like a tar archive", 2)
            self.stop(PREVIOUS)
        inner = unpacked(node)
        if inner is None or not isinstance(inner.opaque, Bundle):
            raise Undetermined(f"what {self.archive} holds")
        return inner.opaque

    def extract(self, folder: str, name: str, node: Node) -> None:
        if self.options.has("O"):
            if isinstance(node, File):
                if node.content is None:
                    raise Undetermined(f"what {name} holds")
                self.report.say(decode(node.content, name))
            return
        strip = self.options.last("strip") or "0"
        if not strip.isdigit():
            raise Undetermined(f"tar --strip-components={strip}")
        parts = [part for part in name.split("/") if part not in ("", ".")][int(strip) :]
        if not parts:
            return
        path = folder
        for part in parts[:-1]:
            path = posixpath.join(path, part)
            if self.tree.lookup(path) is None:
                self.tree.mkdir(path, 0o777 & ~self.call.umask)
        self.place(posixpath.join(path, parts[-1]), node)

    def place(self, path: str, node: Node) -> None:
        old = self.tree.lookup(path, follow=False)
        if isinstance(old, Thing) or (old is not None and isinstance(old, Dir) != isinstance(node, Dir)):
            raise Undetermined("tar -x over something of another kind")
        real = self.tree.parent_for(path)
        if isinstance(node, Link):
            if old is not None:
                self.tree.remove(path)
            self.tree.symlink(node.target, path)
            return
        assert isinstance(node, File | Dir)
        mode = node.mode if self.tree.root or self.options.has("p") else node.mode & ~self.call.umask
        if isinstance(node, File):
            self.tree.delta[real] = replace(node, mode=mode)
        elif old is None:
            self.tree.mkdir(path, mode)
            made = self.tree.delta[real]
            assert isinstance(made, Dir)
            self.tree.delta[real] = replace(made, mode_known=node.mode_known)
        elif isinstance(old, Dir):
            self.tree.delta[real] = replace(old, mode_known=old.mode_known and old.mode == mode)


TOOLS: dict[str, Tool] = {"tar": tar}

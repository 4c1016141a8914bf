"""What is known of a file system: an immutable value (`Files`) and a working copy of it for one step (`Tree`).

A path is *known*, *known to be absent*, or *unknown*. It is absent when it was removed, when an error message said
so, or when its directory is known whole and does not hold it. Asking for an unknown path raises
:class:`Undetermined`: what was never shown may exist.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.watching import Watch


class Undetermined(Exception):
    """The history does not determine the answer; the message says why, for people."""


class Errno(Enum):
    """Failures of file operations, worded as the C library words them."""

    NOENT = "No such file or directory"
    EXIST = "File exists"
    ACCES = "Permission denied"
    INVAL = "Invalid argument"
    ISDIR = "Is a directory"
    NOTDIR = "Not a directory"
    NOTEMPTY = "Directory not empty"
    LOOP = "Too many levels of symbolic links"


class FsError(Exception):
    """A file operation failed in a way that the history determines."""

    def __init__(self, errno: Errno, path: str) -> None:
        super().__init__(f"{path}: {errno.value}")
        self.errno = errno
        self.path = path


class Seen(IntEnum):
    """How much of a directory's listing is known."""

    NOTHING = 0
    VISIBLE = 1
    """All names that do not begin with a dot."""
    ALL = 2


@dataclass(frozen=True, slots=True)
class File:
    """A regular file; ``content`` is ``None`` while it was not shown. ``mode`` is a guess unless ``mode_known``."""

    content: bytes | None
    mode: int = 0o644
    mode_known: bool = False
    opaque: object = None
    """An immutable value that only the tool that wrote the file understands; other tools go by ``content``."""


@dataclass(frozen=True, slots=True)
class Dir:
    seen: Seen = Seen.NOTHING
    mode: int = 0o755
    mode_known: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    target: str


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that exists; whether file, directory or link is not known."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Known not to exist."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Whatever was known here no longer holds."""


Node: TypeAlias = File | Dir | Link | Thing
Entry: TypeAlias = Node | Absent | Forgotten

SYSTEM_DIRS = ("/", "/home", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/bin", "/etc", "/var",
               "/dev", "/proc", "/root", "/opt", "/lib", "/sbin", "/sys", "/run", "/usr/lib", "/usr/share")  # fmt: skip
PROGRAM_DIRS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games")
MAX_PATH = 4_096
"""Characters of a path that are followed; systems refuse longer ones."""
MAX_FILE = 8_000_000
"""Bytes; a write beyond this makes the step undetermined instead of filling memory."""


@dataclass(frozen=True, slots=True)
class Files:
    """An immutable map from absolute, normalised paths to what is known of them."""

    entries: Mapping[str, Entry]

    @staticmethod
    def start(files: Mapping[str, bytes], complete: tuple[str, ...], cwd: str, modes: Mapping[str, int]) -> Files:
        """The files known at the start; a key that ends in ``/`` is an empty directory.

        Everything below a directory of ``complete`` is known whole, its sub-directories too.
        """
        entries: dict[str, Entry] = {path: Dir() for path in SYSTEM_DIRS}
        whole = {normal(path) for path in complete}
        known: dict[str, bool] = {}

        def directory(path: str) -> None:
            new = list(takewhile(lambda one: one not in known, (path, *parents(path))))
            entries.update(dict.fromkeys(new, Dir()))
            for one in reversed(new):
                known[one] = one in whole or known.get(posixpath.dirname(one), False)
                entries[one] = Dir(Seen.ALL if known[one] else Seen.NOTHING)

        for path in (cwd, *whole, *(path.rstrip("/") for path in files if path.endswith("/"))):
            directory(normal(path or "/"))
        for path, content in files.items():
            directory(posixpath.dirname(normal(path)))
            if not path.endswith("/"):
                entries[normal(path)] = File(content)
        for path, mode in modes.items():
            old = entries.get(normal(path))
            if isinstance(old, File | Dir):
                entries[normal(path)] = replace(old, mode=mode)
        return Files(entries)

    def changed(self, delta: Mapping[str, Entry]) -> Files:
        return Files({**self.entries, **delta}) if delta else self


def normal(path: str) -> str:
    """The absolute path without ``.``, ``..`` and doubled slashes (symbolic links are not followed)."""
    clean = posixpath.normpath(path)
    return "/" + clean.lstrip("/") if clean.startswith("//") else clean


def parents(path: str) -> Iterator[str]:
    """The directories above ``path``, nearest first, ending at ``/``."""
    while path != "/":
        path = posixpath.dirname(path) or "/"
        yield path


class Tree:
    """A working copy of :class:`Files` for one step. Paths are absolute; methods raise :class:`FsError` or
    :class:`Undetermined`."""

    def __init__(self, files: Files, *, root: bool) -> None:
        self.files = files
        self.delta: dict[str, Entry] = {}
        self._index: dict[str, list[str]] | None = None
        self.root = root
        """Whether the user is root, whom permissions do not stop."""
        self.watch: Watch | None = None
        """Is told of every look at a file."""

    def commit(self) -> Files:
        return self.files.changed(self.delta)

    def rewind(self, delta: Mapping[str, Entry]) -> None:
        """Goes back to an earlier ``delta``."""
        self.delta = dict(delta)
        self._index = None

    # -- asking ---------------------------------------------------------------------------------------------

    def entry(self, path: str) -> Node | Absent | None:
        """What is written down about ``path`` itself: an entry, or ``None`` when it is unknown."""
        if self.watch:
            self.watch.looked(path)
        return self._found(path)

    def _found(self, path: str) -> Node | Absent | None:
        found, child = self._written(path), ""
        while found is None and path not in ("/", ""):
            child, path = path, posixpath.dirname(path)
            found = self._written(path)
        if isinstance(found, Forgotten):
            return None
        return found if not child else self._inside(found, child)

    def _written(self, path: str) -> Entry | None:
        return self.delta.get(path) or self.files.entries.get(path)

    def _inside(self, above: Node | Absent | None, path: str) -> Absent | None:
        """What an entry says about a path right below it, and so about all that lies further down."""
        if isinstance(above, Absent | File):
            return Absent()
        if isinstance(above, Dir):
            hidden = posixpath.basename(path).startswith(".")
            if above.seen is Seen.ALL or (above.seen is Seen.VISIBLE and not hidden):
                return Absent()
        return None

    def lookup(self, path: str, *, follow: bool = True) -> Node | None:
        """The node at ``path``, or ``None`` when it is absent; unknown raises :class:`Undetermined`.

        A component that is a file raises ``NOTDIR``; ``Thing`` is returned as it is.
        """
        found = self.entry(self.resolve(path, follow=follow))
        if found is None:
            raise Undetermined(f"{path} was never shown")
        return None if isinstance(found, Absent) else found

    def resolve(self, path: str, *, follow: bool = True) -> str:
        """``path`` with symbolic links followed (the last one only when ``follow``)."""
        if len(path) > MAX_PATH:
            raise Undetermined("a path that is too long")
        parts = [p for p in path.split("/") if p not in ("", ".")]
        real, hops = "/", 0
        slash = path.endswith(("/", "/."))
        while parts:
            part = parts.pop(0)
            if part == "..":
                if not isinstance(self.entry(real), Dir):
                    self.get(real)
                real = posixpath.dirname(real)
                continue
            candidate = posixpath.join(real, part)
            here = self.entry(candidate)
            if isinstance(here, Link) and (parts or follow or slash):
                hops += 1
                if hops > 40:
                    raise FsError(Errno.LOOP, path)
                parts = [p for p in here.target.split("/") if p not in ("", ".")] + parts
                real = "/" if here.target.startswith("/") else real
                continue
            if isinstance(here, File) and (parts or slash):
                raise FsError(Errno.NOTDIR, path)
            if isinstance(here, Thing) and (parts or slash):
                raise Undetermined(f"{candidate} may be a file or a directory")
            if isinstance(here, Dir) and parts and not self.allowed(here.mode, 0o100):
                raise FsError(Errno.ACCES, path)
            real = candidate
        return real

    def allowed(self, mode: int, bit: int) -> bool:
        return self.root or bool(mode & bit)

    def get(self, path: str, *, follow: bool = True) -> Node:
        """Like :meth:`lookup`, but absence raises ``NOENT``."""
        node = self.lookup(path, follow=follow)
        if node is None:
            raise FsError(Errno.NOENT, path)
        return node

    def exists(self, path: str) -> bool:
        try:
            return self.lookup(path) is not None
        except FsError:
            return False

    def is_dir(self, path: str) -> bool:
        """Whether ``path`` is a directory (links followed)."""
        try:
            node = self.lookup(path)
        except FsError:
            return False
        if isinstance(node, Thing):
            raise Undetermined(f"{path} may be a file or a directory")
        return isinstance(node, Dir)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        if path in ("/dev/null",):
            return b""
        node = self.get(path)
        if isinstance(node, Dir):
            raise FsError(Errno.ISDIR, path)
        if not isinstance(node, File) or node.content is None:
            raise Undetermined(f"the content of {path} was never shown")
        if not self.allowed(node.mode, 0o400):
            raise FsError(Errno.ACCES, path)
        if self.watch:
            self.watch.read(self.resolve(path))
        return node.content

    def names(self, path: str) -> list[str]:
        """All names in a directory (without ``.`` and ``..``), in byte order; its listing must be known whole."""
        node = self.get(path)
        if isinstance(node, Thing):
            raise Undetermined(f"{path} may be a file or a directory")
        if not isinstance(node, Dir):
            raise FsError(Errno.NOTDIR, path)
        if not self.allowed(node.mode, 0o400):
            raise FsError(Errno.ACCES, path)
        if node.seen is not Seen.ALL:
            raise Undetermined(f"the listing of {path} is not known whole")
        return self._settled(path)

    def visible(self, path: str) -> list[str]:
        """The names in a directory that do not begin with a dot, in byte order."""
        node = self.get(path)
        if not isinstance(node, Dir) or node.seen is Seen.NOTHING or not self.allowed(node.mode, 0o400):
            return [name for name in self.names(path) if not name.startswith(".")]
        return self._settled(path, hidden=False)

    def _settled(self, path: str, *, hidden: bool = True) -> list[str]:
        real = self.resolve(path)
        names = sorted(name for name in self.children(real) if hidden or not name.startswith("."))
        if any(self._found(posixpath.join(real, name)) is None for name in names):
            raise Undetermined(f"the listing of {path} may have changed")
        return names

    def children(self, real: str) -> set[str]:
        """The names written down under a directory's real path."""
        folder = real.rstrip("/")
        if self.watch:
            self.watch.listed(folder)
        entries, start = self.files.entries, len(folder) + 1
        found = {name for name in self._below().get(folder, ()) if not isinstance(entries[f"{folder}/{name}"], Absent)}
        for path, entry in self.delta.items():
            if path.rpartition("/")[0] == folder and path != "/":
                (found.discard if isinstance(entry, Absent) else found.add)(path[start:])
        return found

    def _below(self) -> dict[str, list[str]]:
        """The names below each directory in the files at the start of the step."""
        if self._index is None:
            self._index = {}
            for path in self.files.entries:
                folder, _, name = path.rpartition("/")
                if name:
                    self._index.setdefault(folder, []).append(name)
        return self._index

    # -- changing -------------------------------------------------------------------------------------------

    def parent_for(self, path: str, *, exists: bool = False) -> str:
        """The real path at which ``path`` may be created or removed; its directory must exist and be writable.

        A file that ``exists`` may be written in a directory that may not.
        """
        directory, name = posixpath.split(path.rstrip("/") or "/")
        real = self.resolve(directory)
        node = self.get(directory)
        if isinstance(node, Thing):
            raise Undetermined(f"{directory} may be a file or a directory")
        if not isinstance(node, Dir):
            raise FsError(Errno.NOTDIR, path)
        if not exists and not self.allowed(node.mode, 0o200):
            raise FsError(Errno.ACCES, path)
        if not self.root and real in SYSTEM_DIRS and real != "/tmp":
            raise Undetermined(f"who may write to {real} is not known")
        return posixpath.join(real, name)

    def write(self, path: str, content: bytes, *, append: bool = False, mode: int = 0o644) -> None:
        """Create or overwrite a file (or append). Whether an unknown target existed does not matter to ``>``."""
        if path in ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"):
            return
        if path.startswith(("/dev/", "/proc/", "/sys/")):
            raise Undetermined(f"writing to {path} reaches outside the files")
        real = self.resolve(path)
        real = self.parent_for(real, exists=isinstance(self.entry(real), File))
        old = self.entry(real)
        if isinstance(old, Dir):
            raise FsError(Errno.ISDIR, path)
        if isinstance(old, Thing):
            raise Undetermined(f"{path} may be a file or a directory")
        if isinstance(old, File) and not self.allowed(old.mode, 0o200):
            raise FsError(Errno.ACCES, path)
        before: bytes | None = b""
        if append:
            before = None if old is None else old.content if isinstance(old, File) else b""
        text = None if before is None else before + content
        if text is not None and len(text) > MAX_FILE:
            raise Undetermined(f"{path} grows beyond {MAX_FILE} bytes")
        if isinstance(old, File):
            self.delta[real] = replace(old, content=text, opaque=None)
        else:
            self.delta[real] = File(text, mode, mode_known=old is not None)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Create one directory; it is known whole from then on."""
        if self.lookup(path, follow=False) is not None:
            raise FsError(Errno.EXIST, path)
        real = self.parent_for(path)
        for child in self.children(real):
            self.delta[posixpath.join(real, child)] = Absent()
        self.delta[real] = Dir(Seen.ALL, mode, mode_known=True)

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty directory."""
        node = self.get(path, follow=False)
        real = self.parent_for(path)
        if isinstance(node, Thing):
            raise Undetermined(f"{path} may be a file or a directory")
        if isinstance(node, Dir) and self.names(path):
            raise FsError(Errno.NOTEMPTY, path)
        self.delta[real] = Absent()

    def remove_tree(self, path: str) -> None:
        """Remove whatever is at ``path`` and everything below it."""
        self.get(path, follow=False)
        real = self.parent_for(path)
        for table in (self.files.entries, self.delta):
            for below in [p for p in table if p.startswith(real + "/")]:
                self.delta[below] = Absent()
        self.delta[real] = Absent()

    def rename(self, source: str, target: str) -> None:
        """Move a node (with everything below it); an existing file at ``target`` is replaced."""
        node = self.get(source, follow=False)
        old, new = self.parent_for(source), self.parent_for(target)
        if old == new:
            return
        if isinstance(node, Dir):
            tables = (self.files.entries, self.delta)
            moved = {p for table in tables for p in table if p.startswith(old + "/")}
            if node.seen is not Seen.ALL and any(p.startswith(new + "/") for table in tables for p in table):
                raise Undetermined(f"what {source} holds is not known whole")
            for path in moved:
                entry = self.delta.get(path) or self.files.entries[path]
                self.delta[new + path[len(old) :]] = entry
                self.delta[path] = Absent()
        self.delta[new] = node
        self.delta[old] = Absent()

    def symlink(self, target: str, path: str) -> None:
        if self.lookup(path, follow=False) is not None:
            raise FsError(Errno.EXIST, path)
        self.delta[self.parent_for(path)] = Link(target)

    def chmod(self, path: str, mode: int) -> None:
        node = self.get(path)
        if not isinstance(node, File | Dir):
            raise Undetermined(f"{path} may be a file or a directory")
        self.delta[self.resolve(path)] = replace(node, mode=mode & 0o7777, mode_known=True)

    def forget(self, path: str) -> None:
        """Nothing is known of ``path`` and what lies below it any more."""
        real = normal(path)
        if real == "/":
            return
        for table in (self.files.entries, self.delta):
            for below in [p for p in table if p.startswith(real + "/")]:
                self.delta[below] = Forgotten()
        self.delta[real] = Forgotten()

    def put(self, path: str, entry: Entry) -> None:
        """Write down a fact that was shown, without any check."""
        for parent in parents(path):
            if not isinstance(self.entry(parent), Dir):
                self.delta[parent] = Dir()
        self.delta[path] = entry

"""``open`` and what ``os``, ``os.path`` and ``shutil`` do with files, on the tree of the step."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Link, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Unordered
from nextstate.domains.terminal.kernel.tools.python.streams import BinaryFile, TextFile

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.world import World

_MODES = frozenset("r w a x rt wt at xt rb wb ab xb br bw r+ w+ a+ rb+ wb+ r+b w+b U".split())
_UTF8 = frozenset(("utf-8", "utf8", "utf_8", "ascii", "us-ascii", "latin-1", "iso-8859-1"))


def open_file(
    world: World,
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> Any:
    """``open``; unusual modes, encodings and error handlers are undetermined."""
    if mode not in _MODES or mode == "U" or buffering not in (-1, 1) or world.over:
        raise Undetermined(f"open() in mode {mode!r}")
    if encoding is not None and encoding.lower() not in (*_UTF8, "utf-8-sig"):
        raise Undetermined(f"the encoding {encoding}")
    target = world.path(file)
    if target.startswith(("/dev/", "/proc/", "/sys/")):
        raise Undetermined(f"{target} reaches outside the files")
    data = _opened(world, file, target, mode)
    real = world.call.tree.resolve(target)
    if "b" in mode:
        return BinaryFile(world, file, real, mode, data)
    coded = (encoding or "utf-8").lower()
    if encoding is None and not data.isascii() and not world.utf8:
        raise Undetermined("how this locale encodes a file")
    if errors not in (None, "strict") and not data.isascii():
        raise Undetermined("how bytes that are no text are treated")
    try:
        text = data.decode(coded)
    except UnicodeDecodeError:
        raise Undetermined(f"{target} is not {coded} text") from None
    opened = TextFile(world, file, real, mode, text, newline, coded)
    opened.plain = encoding is None and not world.utf8
    return opened


def _opened(world: World, file: Any, target: str, mode: str) -> bytes:
    """Creates or truncates as ``mode`` says, and gives the content to start with."""
    tree = world.call.tree
    try:
        if "r" in mode:
            return world.read(file)
        there = tree.lookup(target)
        if "x" in mode and there is not None:
            raise world.error(Errno.EXIST, file)
        if "a" in mode and there is not None:
            return world.read(file)
        world.settled(tree.resolve(target))
        tree.write(target, b"", mode=0o666 & ~world.call.umask)
    except FsError as failure:
        raise world.error(failure.errno, file) from None
    return b""


class System:
    """The functions; `deep` ones are written in Python in the real library."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tree = world.call.tree

    # -- asking -----------------------------------------------------------------------------------------------

    def node(self, name: Any, *, follow: bool = True) -> Any:
        """The node that ``name`` leads to, or ``None``."""
        try:
            path = self.world.path(name)
            self.world.settled(path)
            return self.tree.lookup(path, follow=follow)
        except (FsError, OSError):
            return None

    def exists(self, path: Any) -> bool:
        return self.node(path) is not None

    def lexists(self, path: Any) -> bool:
        return self.node(path, follow=False) is not None

    def isfile(self, path: Any) -> bool:
        return isinstance(self._clear(path), File)

    def isdir(self, path: Any) -> bool:
        return isinstance(self._clear(path), Dir)

    def islink(self, path: Any) -> bool:
        found = self.node(path, follow=False)
        if isinstance(found, Thing):
            raise Undetermined(f"{path} may be a link")
        return isinstance(found, Link)

    def _clear(self, path: Any) -> Any:
        found = self.node(path)
        if isinstance(found, Thing):
            raise Undetermined(f"{path} may be a file or a directory")
        return found

    def getsize(self, path: Any) -> int:
        if self.isdir(path):
            raise Undetermined("the size of a directory")
        return len(self.world.read(path))

    def abspath(self, path: Any) -> str:
        return posixpath.normpath(posixpath.join(self.world.cwd, _text(path)))

    def realpath(self, path: Any) -> str:
        try:
            return self.tree.resolve(self.abspath(path))
        except FsError:
            raise Undetermined("a path that leads nowhere") from None

    def relpath(self, path: Any, start: Any = None) -> str:
        return posixpath.relpath(self.abspath(path), self.abspath("." if start is None else start))

    def expanduser(self, path: Any) -> str:
        text = _text(path)
        if not text.startswith("~"):
            return text
        home = self.world.environ.get("HOME")
        if home is None or (text != "~" and not text.startswith("~/")):
            raise Undetermined("the home of a user")
        return (home.rstrip("/") + text[1:]) or "/"

    def listdir(self, path: Any = ".") -> Unordered:
        return Unordered(self._do(lambda p: self.tree.names(p), path))

    def walk(self, top: Any) -> Iterator[tuple[Any, Unordered, Unordered]]:
        """Gives levels from the top; below a directory with several others the order is not determined."""
        top = _text(top)
        try:
            names = self.tree.names(self.world.path(top))
        except (FsError, OSError):
            return
        dirs, files = Unordered(), Unordered()
        for name in names:
            inside = posixpath.join(top, name)
            (dirs if self.isdir(inside) else files).append(name)
        known = Directories(dirs)
        yield top, known, files
        if len(known) > 1 and not known.ordered:
            raise Undetermined("the order of a directory")
        for name in list(known):
            if not self.islink(posixpath.join(top, name)):
                yield from self.walk(posixpath.join(top, name))

    # -- changing ---------------------------------------------------------------------------------------------

    def _do(self, change: Callable[[str], Any], path: Any, *, deep: bool = False) -> Any:
        try:
            return change(self.world.path(path))
        except FsError as failure:
            raise self.world.error(failure.errno, path, deep=deep) from None

    def mkdir(self, path: Any, mode: int = 0o777) -> None:
        self._do(lambda p: self.tree.mkdir(p, mode & ~self.world.call.umask), path)

    def makedirs(self, name: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        head, tail = posixpath.split(_text(name))
        if not tail:
            head, tail = posixpath.split(head)
        if head and tail and not self.exists(head):
            self.makedirs(head, exist_ok=exist_ok)
            if tail == ".":
                return
        try:
            self.mkdir(name, mode)
        except OSError:
            if not exist_ok or not self.isdir(name):
                raise

    def remove(self, path: Any) -> None:
        if isinstance(self.node(path, follow=False), Dir):
            raise self.world.error(Errno.ISDIR, path)
        self._do(self.tree.remove, path)

    def rmdir(self, path: Any) -> None:
        found = self.node(path, follow=False)
        if found is not None and not isinstance(found, Dir | Thing):
            raise self.world.error(Errno.NOTDIR, path)
        self._do(self.tree.remove, path)

    def rename(self, src: Any, dst: Any) -> None:
        if self.node(src) is None or isinstance(self.node(dst), Dir) or isinstance(self.node(src), Dir | Thing):
            self._rename_special(src, dst)
        self._do(lambda p: self.tree.rename(p, self.world.path(dst)), src)

    def _rename_special(self, src: Any, dst: Any) -> None:
        if self.exists(dst) or self.node(src) is None:
            raise Undetermined("a rename that may fail")

    def symlink(self, src: Any, dst: Any) -> None:
        self._do(lambda p: self.tree.symlink(_text(src), p), dst)

    def readlink(self, path: Any) -> str:
        found = self.node(path, follow=False)
        if isinstance(found, Link):
            return found.target
        raise Undetermined("readlink() of what is no link")

    def chmod(self, path: Any, mode: int) -> None:
        self._do(lambda p: self.tree.chmod(p, mode), path)

    def chdir(self, path: Any) -> None:
        if not self.isdir(path):
            raise self.world.error(Errno.NOENT if not self.exists(path) else Errno.NOTDIR, path)
        self.world.cwd = posixpath.normpath(self.tree.resolve(self.world.path(path)))

    def access(self, path: Any, mode: int) -> bool:
        if mode != 0:
            raise Undetermined("who may do what with a file")
        return self.exists(path)

    # -- shutil -----------------------------------------------------------------------------------------------

    def copy(self, src: Any, dst: Any) -> Any:
        if self.isdir(dst):
            dst = posixpath.join(_text(dst), posixpath.basename(_text(src)))
        self.copyfile(src, dst)
        found = self.node(src)
        if isinstance(found, File) and found.mode_known:
            self.chmod(dst, found.mode)
        return dst

    def copyfile(self, src: Any, dst: Any) -> Any:
        if self.isdir(dst) or self.isdir(src):
            raise Undetermined("copying a directory as a file")
        data = self.world.read(src)
        self.world.settled(self.world.path(dst))
        self._do(lambda p: self.tree.write(p, data, mode=0o666 & ~self.world.call.umask), dst)
        return dst

    def move(self, src: Any, dst: Any) -> Any:
        if not self.exists(src):
            raise self.world.error(Errno.NOENT, src)
        if self.isdir(dst):
            dst = posixpath.join(_text(dst), posixpath.basename(_text(src).rstrip("/")))
            if self.exists(dst):
                raise Undetermined("moving onto what exists")
        self.rename(src, dst)
        return dst

    def rmtree(self, path: Any, ignore_errors: bool = False) -> None:
        if not self.isdir(path) or self.islink(path):
            if ignore_errors:
                return
            raise self.world.error(Errno.NOENT, path) if not self.exists(path) else Undetermined("rmtree() of a file")
        self._do(self.tree.remove_tree, path)

    def copytree(self, src: Any, dst: Any, dirs_exist_ok: bool = False) -> Any:
        if self.exists(dst) and not dirs_exist_ok:
            raise Undetermined("copying onto what exists")
        self.makedirs(dst, exist_ok=True)
        for name in self.tree.names(self.world.path(src)):
            one, other = posixpath.join(_text(src), name), posixpath.join(_text(dst), name)
            if self.isdir(one):
                self.copytree(one, other, dirs_exist_ok)
            else:
                self.copy(one, other)
        return dst

    # -- glob -------------------------------------------------------------------------------------------------

    def glob(self, pattern: str, recursive: bool = False) -> Unordered:
        """Names that fit; as the shell's globs, names that begin with a dot need one in the pattern."""
        return Unordered(found for found in expand(self, pattern, recursive=recursive))


class Directories(Unordered):
    """The sub-directories that `os.walk` gives: the program may put them in order, or leave some out."""

    ordered = False


def sort_directories(values: Directories, *, key: Any = None, reverse: bool = False) -> None:
    if key is not None:
        raise Undetermined("the order of what sorts alike")
    list.sort(values, reverse=reverse)
    values.ordered = True


def expand(system: System, pattern: str, *, recursive: bool) -> Iterator[str]:
    """The paths that fit a glob pattern, each once."""
    import fnmatch

    if len(pattern) > 200:
        raise Undetermined("a long pattern")
    start = "/" if pattern.startswith("/") else ""
    parts = [part for part in pattern.split("/") if part]
    if pattern.endswith("/"):
        raise Undetermined("a pattern that ends in a slash")

    def inside(folder: str, rest: list[str]) -> Iterator[str]:
        if not rest:
            yield folder
            return
        head, *tail = rest
        if head == "**" and recursive:
            yield from below(folder, tail)
        elif any(ch in head for ch in "*?["):
            if system.isdir(folder or "."):
                for name in system.listdir(folder or "."):
                    if fnmatch.fnmatchcase(name, head) and (not name.startswith(".") or head.startswith(".")):
                        path = posixpath.join(folder, name)
                        if not tail or system.isdir(path):
                            yield from inside(path, tail)
        elif system.lexists(posixpath.join(folder, head)):
            yield from inside(posixpath.join(folder, head), tail)

    def below(folder: str, tail: list[str]) -> Iterator[str]:
        if tail:
            yield from inside(folder, tail)
        elif folder:
            yield folder
        for name in system.listdir(folder or "."):
            if not name.startswith("."):
                path = posixpath.join(folder, name)
                if system.isdir(path) and not system.islink(path):
                    yield from below(path, tail)
                elif not tail:
                    yield path

    yield from dict.fromkeys(inside(start, parts))


def functions(system: System, names: str, *, deep: str = "") -> dict[str, Builtin]:
    """Functions for a module by their names."""
    late = deep.split()
    return {name: Builtin(name, getattr(system, name), deep=name in late) for name in (*names.split(), *late)}


def _text(path: Any) -> str:
    if hasattr(path, "__fspath__"):
        path = path.__fspath__()
    if not isinstance(path, str):
        raise Undetermined("a path that is no text")
    return path

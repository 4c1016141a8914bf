"""Shows a `Tree` to bashkit as its file system, through bashkit's file-system ABI, version 1.

Source of the protocol: `crates/bashkit/src/interop/fs.rs` of bashkit 0.20 (MIT): a capsule named
``bashkit.FileSystem.v1`` that holds a C struct of function pointers. Every look at a file that a script makes
(redirections, globs, ``[[ -f x ]]``, ``cd``, ``source``) comes through here, so that a look at something unknown is
noticed and makes the step undetermined.
"""

from __future__ import annotations

import ctypes as c
import posixpath
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from bashkit import FileSystem

from nextstate.domains.terminal.kernel.files import (
    PROGRAM_DIRS,
    Absent,
    Dir,
    Errno,
    File,
    FsError,
    Link,
    Node,
    Thing,
    Undetermined,
)

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.files import Tree
    from nextstate.domains.terminal.kernel.watching import Watch


class _Text(c.Structure):
    _fields_ = (("ptr", c.c_void_p), ("len", c.c_size_t))


class _Error(c.Structure):
    _fields_ = (("kind", c.c_uint32), ("message", _Text))


class _Meta(c.Structure):
    _fields_ = (
        ("type", c.c_uint8),
        ("reserved", c.c_uint8 * 7),
        ("size", c.c_uint64),
        ("mode", c.c_uint32),
        ("modified", c.c_int64),
        ("modified_nanos", c.c_uint32),
        ("created", c.c_int64),
        ("created_nanos", c.c_uint32),
    )


class _Entry(c.Structure):
    _fields_ = (("name", _Text), ("meta", _Meta))


_OUT_TEXT, _OUT_ERROR, _OUT_META = c.POINTER(_Text), c.POINTER(_Error), c.POINTER(_Meta)
_self, _status = c.c_void_p, c.c_uint32
_Read = c.CFUNCTYPE(_status, _self, _Text, _OUT_TEXT, _OUT_ERROR)
_Two = c.CFUNCTYPE(_status, _self, _Text, _Text, _OUT_ERROR)
_Flag = c.CFUNCTYPE(_status, _self, _Text, c.c_bool, _OUT_ERROR)
_Stat = c.CFUNCTYPE(_status, _self, _Text, _OUT_META, _OUT_ERROR)
_Exists = c.CFUNCTYPE(_status, _self, _Text, c.POINTER(c.c_bool), _OUT_ERROR)
_Mode = c.CFUNCTYPE(_status, _self, _Text, c.c_uint32, _OUT_ERROR)
_Free = c.CFUNCTYPE(None, _self, _Text)
_Hold = c.CFUNCTYPE(None, _self)

_OPERATIONS: tuple[tuple[str, Any], ...] = (
    ("read_file", _Read), ("write_file", _Two), ("append_file", _Two), ("mkdir", _Flag), ("remove", _Flag),
    ("stat", _Stat), ("read_dir", _Read), ("exists", _Exists), ("rename", _Two), ("copy", _Two), ("symlink", _Two),
    ("read_link", _Read), ("chmod", _Mode), ("free_bytes", _Free), ("free_dir_entries", _Free),
)  # fmt: skip


class _Table(c.Structure):
    _fields_ = _OPERATIONS


class _Handle(c.Structure):
    _fields_ = (
        ("abi_version", c.c_uint32),
        ("reserved", c.c_uint32),
        ("instance", c.c_void_p),
        ("retain", _Hold),
        ("release", _Hold),
        ("table", c.POINTER(_Table)),
    )


_KINDS = {
    Errno.NOENT: 1, Errno.EXIST: 2, Errno.ACCES: 3, Errno.INVAL: 4, Errno.ISDIR: 5, Errno.NOTDIR: 6,
    Errno.NOTEMPTY: 7, Errno.LOOP: 0,
}  # fmt: skip

BASHISM = re.compile(
    r"\[\[|\(\(|\bfunction\s|<<<|[<>]\(|\$'|\{\w+\.\.\w+\}|\b(?:declare|typeset|source|local|let|mapfile|readarray|"
    r"shopt|pushd|popd|disown|BASH\w*|RANDOM|SECONDS|PIPESTATUS|trap|select)\b|=\(|\+=|&>|\|&|\$\{[^}]*[/^,@:]|\$\{\w+\[|"
    r"\[[^\]]*==|\becho\s+(?:-[eE]|[^;|&\n]*\\)|\bread\s+-[^r]|\bprintf\s+-v|\bset\s+[-+]\w*o\b|[^\w]\{[^}\s]*,[^}\s]*\}"
)
"""What bash takes and a POSIX shell (``sh``) does not, or takes in another way."""
_PROGRAM_DIRS = frozenset(PROGRAM_DIRS)
_new_capsule = c.pythonapi.PyCapsule_New
_new_capsule.restype = c.py_object
_new_capsule.argtypes = (c.c_void_p, c.c_char_p, c.c_void_p)
_FOREVER: list[object] = []
"""Bridges outlive the interpreter: bashkit may release its file system after Python's teardown has begun."""


class Bridge:
    """One file system for one bashkit instance; `tree` is exchanged for every step."""

    def __init__(self, note: Callable[[str], None], watch: Watch) -> None:
        self.tree: Tree
        self.watch = watch
        """Is told of every look, and judges what is written after a command."""
        self.note = note
        """Called with the reason when a look at something unknown was noticed."""
        self.edit: Callable[[bytes], bytes] = bytes
        """Applied to everything written."""
        self.script = ""
        """The action's text: a path in a folder of programs is searched for by bashkit unless it stands here."""
        self.search: list[str] = []
        """The folders in which the shell searches for programs."""
        self.sought: set[str] = set()
        """Names of programs that were searched for in folders of which not all is known."""
        self.unseen: set[str] = set()
        """Paths of files that were looked at and of which not all is known."""
        self.pending: dict[str, str] = {}
        """Unknown paths that were only looked at: harmless if the next thing is that they are overwritten."""
        self._alive: dict[int, object] = {}
        calls = [kind(getattr(self, f"_{name}")) for name, kind in _OPERATIONS]
        table = _Table(*calls)
        hold = _Hold(_nothing)
        handle = _Handle(1, 0, 1, hold, hold, c.pointer(table))
        self.capsule = _new_capsule(c.addressof(handle), b"bashkit.FileSystem.v1", None)
        _FOREVER.append((self, calls, table, hold, handle))

    def filesystem(self) -> FileSystem:
        return FileSystem.from_capsule(self.capsule)

    def settle(self) -> None:
        """Whatever is still pending was really asked for."""
        for reason in self.pending.values():
            self.note(reason)
        self.pending.clear()

    # -- the two ways out -----------------------------------------------------------------------------------

    def _give(self, out: _Text, content: bytes) -> None:
        buffer = c.create_string_buffer(content, len(content) + 1)
        self._alive[c.addressof(buffer)] = buffer
        out.ptr, out.len = c.addressof(buffer), len(content)

    def _guard(self, error: Any, operation: Callable[[], None]) -> int:
        try:
            operation()
        except FsError as failure:
            error[0].kind = _KINDS[failure.errno]
            self._give(error[0].message, failure.errno.value.encode())
            return 1
        except Undetermined as unknown:
            self.note(str(unknown))
            error[0].kind = 1
            self._give(error[0].message, b"No such file or directory")
            return 1
        return 0

    # -- operations (bashkit calls them by position) --------------------------------------------------------

    def _read_file(self, _: Any, path: _Text, out: Any, error: Any) -> int:
        name = _text(path)
        self.settle()
        self.watch.settle()

        def answer() -> None:
            try:
                content = self.tree.read(name)
            except Undetermined:
                self.unseen.add(name)
                raise
            except FsError as failure:
                if failure.errno is Errno.ISDIR:
                    self.note("what is read from a directory")
                raise
            if content.startswith(b"#!"):
                self._check_interpreter(name, content)
            self._give(out[0], content)

        return self._guard(error, answer)

    def _check_interpreter(self, name: str, content: bytes) -> None:
        """bashkit runs every script as bash, whatever its first line says."""
        first, _, rest = content.partition(b"\n")
        words = first[2:].decode("utf-8", "replace").split()
        program = posixpath.basename(words[-1] if words[:1] == ["/usr/bin/env"] else words[0]) if words else ""
        if program not in ("bash", "sh", "dash"):
            self.note(f"{name} may be run by {program}")
        elif program != "bash" and BASHISM.search(rest.decode("utf-8", "replace")):
            self.note(f"{name} is written for bash but run by {program}")

    def _write_file(self, _: Any, path: _Text, content: _Text, error: Any) -> int:
        name = _text(path)
        self.pending.pop(name, None)
        return self._guard(error, lambda: self._put(name, self.edit(_bytes(content)), append=False))

    def _append_file(self, _: Any, path: _Text, content: _Text, error: Any) -> int:
        name = _text(path)
        self.pending.pop(name, None)
        return self._guard(error, lambda: self._put(name, self.edit(_bytes(content)), append=True))

    def _put(self, name: str, content: bytes, *, append: bool) -> None:
        doubts = self.watch.doubts
        self.watch.writes(name, content)
        if self.watch.doubts == doubts:
            try:
                self.watch.quietly(lambda: self.tree.write(name, content, append=append))
            except FsError:
                self.watch.missed.add(name)
                raise

    def _mkdir(self, _: Any, path: _Text, recursive: bool, error: Any) -> int:
        return self._refuse("mkdir")

    def _remove(self, _: Any, path: _Text, recursive: bool, error: Any) -> int:
        return self._refuse("remove")

    def _rename(self, _: Any, old: _Text, new: _Text, error: Any) -> int:
        return self._refuse("rename")

    def _copy(self, _: Any, old: _Text, new: _Text, error: Any) -> int:
        return self._refuse("copy")

    def _symlink(self, _: Any, target: _Text, link: _Text, error: Any) -> int:
        return self._refuse("symlink")

    def _chmod(self, _: Any, path: _Text, mode: int, error: Any) -> int:
        return self._refuse("chmod")

    def _refuse(self, what: str) -> int:
        self.note(f"{what} by a program that is not checked against the real one")
        return 1

    def _stat(self, _: Any, path: _Text, out: Any, error: Any) -> int:
        name = _text(path)
        return self._guard(error, lambda: self._fill(out[0], self._look(name)))

    def _exists(self, _: Any, path: _Text, out: Any, error: Any) -> int:
        name = _text(path)

        def answer() -> None:
            out[0] = name == "/dev/null" or self._entry(name) is not None

        return self._guard(error, answer)

    def _read_link(self, _: Any, path: _Text, out: Any, error: Any) -> int:
        name = _text(path)

        def answer() -> None:
            node = self.tree.get(name, follow=False)
            if not isinstance(node, Link):
                raise FsError(Errno.INVAL, name)
            self._give(out[0], node.target.encode())

        return self._guard(error, answer)

    def _read_dir(self, _: Any, path: _Text, out: Any, error: Any) -> int:
        """Only globs come here (programs use the tree): names that begin with a dot do not matter to them."""
        name = _text(path)
        self.settle()
        self.watch.settle()

        def answer() -> None:
            names = self.tree.visible(name)
            entries = (_Entry * max(1, len(names)))()
            for entry, child in zip(entries, names, strict=False):
                self._give(entry.name, child.encode())
                inside = partial(self.tree.get, posixpath.join(name, child), follow=False)
                self._fill(entry.meta, self.watch.quietly(inside))
            self._alive[c.addressof(entries)] = entries
            out[0].ptr, out[0].len = c.addressof(entries), len(names)

        return self._guard(error, answer)

    def _free_bytes(self, _: Any, content: _Text) -> None:
        self._alive.pop(content.ptr, None)

    _free_dir_entries = _free_bytes

    # -- looking --------------------------------------------------------------------------------------------

    def _entry(self, path: str) -> Node | None:
        real, found = self.watch.quietly(lambda: self._found(path))
        self.watch.asks(real, there=found is not None and not isinstance(found, Absent))
        if found is None:
            self.unseen.add(path)
            if posixpath.dirname(path) in self.search and path not in self.script:
                self.sought.add(posixpath.basename(path))
            searched = real in self.search or posixpath.dirname(real) in self.search
            if path in self.script or not (searched or {real, posixpath.dirname(real)} & _PROGRAM_DIRS):
                self.pending.setdefault(path, f"{real} was never shown")
            return None
        return None if isinstance(found, Absent) else found

    def _found(self, path: str) -> tuple[str, Node | Absent | None]:
        real = self.tree.resolve(path)
        return real, self.tree.entry(real)

    def _look(self, path: str) -> Node:
        if path == "/dev/null":
            return File(b"", 0o666)
        node = self._entry(path)
        if node is None:
            raise FsError(Errno.NOENT, path)
        if isinstance(node, Thing):
            self.unseen.add(path)
            raise Undetermined(f"{path} may be a file or a directory")
        if isinstance(node, File) and node.content is None and "[[" in self.script and "-s" in self.script:
            raise Undetermined(f"whether {path} is empty was never shown")
        if isinstance(node, Dir) and not self.tree.allowed(node.mode, 0o100):
            raise Undetermined(f"{path} may not be entered, which bashkit does not heed")
        return node

    def _fill(self, meta: _Meta, node: Node) -> None:
        meta.type = 1 if isinstance(node, Dir) else 2 if isinstance(node, Link) else 0
        meta.mode = node.mode if isinstance(node, File | Dir) else 0o777
        content = node.content if isinstance(node, File) else None
        meta.size = len(content or b"")
        meta.modified = meta.created = 1


def _nothing(_: Any) -> None:
    return None


def _bytes(text: _Text) -> bytes:
    return c.string_at(text.ptr, text.len) if text.len else b""


def _text(text: _Text) -> str:
    return _bytes(text).decode("utf-8", "replace")

"""What a program can see and touch: its version, arguments, environment, streams and files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.python.limits import ITEMS, Budget
from nextstate.domains.terminal.kernel.tools.python.objects import mark_foreign

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call
    from nextstate.domains.terminal.kernel.tools.python.streams import File

BUFFER = 8192
"""Bytes that Python collects before it writes to a pipe."""
FILE_STEPS = 50
"""What a look at a file costs."""
HOST = sys.version_info[1]
_NUMBERS = {
    Errno.NOENT: (2, FileNotFoundError), Errno.EXIST: (17, FileExistsError), Errno.ACCES: (13, PermissionError),
    Errno.ISDIR: (21, IsADirectoryError), Errno.NOTDIR: (20, NotADirectoryError), Errno.NOTEMPTY: (39, OSError),
    Errno.INVAL: (22, OSError), Errno.LOOP: (40, OSError),
}  # fmt: skip


class World:
    """``minor``: the 11 of Python 3.11, ``None`` when the version is not known."""

    def __init__(self, call: Call, argv: list[str], folder: str, *, unbuffered: bool = False) -> None:
        self.call, self.argv, self.folder, self.unbuffered = call, argv, folder, unbuffered
        self.budget = Budget()
        self.version = version(call.facts.get("python3"))
        self.minor = self.version[1] if self.version else None
        self.exact = self.minor == HOST
        """Whether the library that computes is the one that the program has."""
        self.utf8 = is_utf8(call)
        """Whether texts are UTF-8 where a program names no encoding."""
        self.environ = dict(call.env)
        self.cwd = call.cwd
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.both: list[str] = []
        self._held: list[str] = []
        self._size = 0
        self._total = 0
        self.mixed = True
        """Whether the order of both streams is known."""
        self.opened: WeakSet[File] = WeakSet()
        self.refused = ""
        """Why nothing is determined, noticed where no exception can be raised."""
        self.over = False
        """The program has ended: nothing has an effect any more."""

    # -- streams ----------------------------------------------------------------------------------------------

    def print_out(self, text: str) -> None:
        self._count(text)
        self.stdout.append(text)
        if self.unbuffered:
            self.both.append(text)
        else:
            self._held.append(text)
            self._size += len(text) if text.isascii() else len(text.encode())

    def print_error(self, text: str) -> None:
        if not text:
            return
        self._count(text)
        if self._size > BUFFER:
            self.mixed = False
        self.stderr.append(text)
        self.both.append(text)

    def flush(self) -> None:
        self.both.extend(self._held)
        self._held, self._size = [], 0

    def _count(self, text: str) -> None:
        if self.over:
            raise Undetermined("something is printed after the end")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Undetermined("a text that cannot be encoded is printed") from None
        self._total += len(text)
        if self._total > ITEMS:
            raise Undetermined("the program prints too much")

    # -- files ------------------------------------------------------------------------------------------------

    def path(self, name: Any) -> str:
        """The absolute path of what a program names; a file descriptor or bytes are not computed."""
        self.budget.spend(FILE_STEPS)
        if hasattr(name, "__fspath__"):
            name = name.__fspath__()
        if not isinstance(name, str) or "\0" in name:
            raise Undetermined("a file that is not named by a text")
        if not name:
            raise self.error(Errno.NOENT, name)
        return name if name.startswith("/") else f"{self.cwd.rstrip('/')}/{name}"

    def error(self, errno: Errno, shown: Any, *, deep: bool = False) -> OSError:
        """The exception that Python raises for a failure of the system."""
        number, kind = _NUMBERS[errno]
        made = kind(number, errno.value, str(shown) if hasattr(shown, "__fspath__") else shown)
        if deep:
            mark_foreign(made)
        return made

    def read(self, name: Any) -> bytes:
        path = self.path(name)
        self.settled(path)
        try:
            return self.call.tree.read(path)
        except FsError as failure:
            raise self.error(failure.errno, name) from None

    def settled(self, path: str) -> None:
        """What is read must have been written out: a file that is open for writing may or may not be."""
        for file in self.opened:
            if file.pending and file.target == path:
                raise Undetermined("a file is read while it is being written")

    def finish(self) -> None:
        """Closes what the program left open."""
        for file in list(self.opened):
            file.close()
        self.flush()
        self.over = True
        if self.refused:
            raise Undetermined(self.refused)


def version(text: str | None) -> tuple[int, int, int] | None:
    """``3.11.2`` as numbers."""
    parts = (text or "").split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):
        return None
    micro = "".join(ch for ch in parts[2] if ch.isdigit()) if len(parts) > 2 else "0"
    return int(parts[0]), int(parts[1]), int(micro or 0)


def is_utf8(call: Call) -> bool:
    """Whether Python takes texts for UTF-8 for certain: since version 3.7 it does so in the C locales too.

    An environment is known whole when it holds ``SHLVL``; in another one a variable that is not there may be set.
    """
    value = call.env.get("LC_ALL") or call.env.get("LC_CTYPE") or call.env.get("LANG")
    known = version(call.facts.get("python3"))
    if known is None:
        return value is not None and call.utf8
    plain = value is None and "SHLVL" in call.env
    return known >= (3, 7, 0) and (plain or value in ("C", "POSIX") or (value is not None and call.utf8))

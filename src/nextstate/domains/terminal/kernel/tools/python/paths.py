"""``pathlib``: Python's own pure paths, with the files of the step behind them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.files import System, open_file
from nextstate.domains.terminal.kernel.tools.python.objects import Unordered, mark_foreign

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine


def install(machine: Machine) -> dict[str, Any]:
    """The module ``pathlib``."""
    world, system = machine.world, System(machine.world)

    class PosixPath(PurePosixPath):
        """A path of the program."""

        __slots__ = ()

        @classmethod
        def cwd(cls) -> PosixPath:
            return cls(world.cwd)

        @classmethod
        def home(cls) -> PosixPath:
            return cls(system.expanduser("~"))

        def exists(self) -> bool:
            return system.exists(self)

        def is_file(self) -> bool:
            return system.isfile(self)

        def is_dir(self) -> bool:
            return system.isdir(self)

        def is_symlink(self) -> bool:
            return system.islink(self)

        def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            return deep(lambda: open_file(world, self, mode, *args, **kwargs))

        def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
            with self.open("r", encoding=encoding, errors=errors) as file:
                text: str = file.read()
            return text

        def read_bytes(self) -> bytes:
            with self.open("rb") as file:
                data: bytes = file.read()
            return data

        def write_text(
            self, data: Any, encoding: str | None = None, errors: str | None = None, newline: str | None = None
        ) -> int:
            if not isinstance(data, str):
                raise TypeError(f"data must be str, not {type(data).__name__}")
            with self.open("w", encoding=encoding, errors=errors, newline=newline) as file:
                count: int = file.write(data)
            return count

        def write_bytes(self, data: bytes) -> int:
            with self.open("wb") as file:
                count: int = file.write(data)
            return count

        def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
            def make() -> None:
                if parents and not system.exists(self.parent):
                    self.parent.mkdir(parents=True, exist_ok=True)
                if not (exist_ok and system.isdir(self)):
                    system.mkdir(self, mode)

            deep(make)

        def rmdir(self) -> None:
            deep(lambda: system.rmdir(self))

        def unlink(self, missing_ok: bool = False) -> None:
            if not (missing_ok and not system.lexists(self)):
                deep(lambda: system.remove(self))

        def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
            if not system.exists(self):
                open_file(world, self, "w").close()
            elif not exist_ok:
                deep(lambda: open_file(world, self, "x"))

        def rename(self, target: Any) -> PosixPath:
            deep(lambda: system.rename(self, target))
            return type(self)(target)

        def replace(self, target: Any) -> PosixPath:
            return self.rename(target)

        def resolve(self, strict: bool = False) -> PosixPath:
            return type(self)(system.realpath(self))

        def absolute(self) -> PosixPath:
            return type(self)(posixpath.join(world.cwd, str(self)))

        def expanduser(self) -> PosixPath:
            return type(self)(system.expanduser(self))

        def iterdir(self) -> Any:
            return in_some_order(self / name for name in deep(lambda: system.listdir(self)))

        def glob(self, pattern: str) -> Any:
            return in_some_order(type(self)(found) for found in matching(self, pattern))

        def rglob(self, pattern: str) -> Any:
            return self.glob(f"**/{pattern}")

        def stat(self) -> Any:
            return Stat(deep(lambda: system.getsize(self)))

    def matching(folder: Any, pattern: str) -> Iterator[str]:
        """Unlike the shell's globs these show names that begin with a dot."""
        if pattern.startswith("/") or not pattern:
            raise Undetermined("an unusual pattern")
        yield from walk(system, str(folder), pattern.split("/"))

    PosixPath.__module__ = "pathlib"
    PosixPath.__qualname__ = "PosixPath"
    machine.let_in |= {PosixPath, PurePosixPath, PosixPath.__mro__[2], Stat}
    machine.natives |= {PosixPath, PurePosixPath}
    return {"Path": PosixPath, "PosixPath": PosixPath, "PurePath": PurePosixPath, "PurePosixPath": PurePosixPath}


class Stat:
    """What is known of a file without its times and numbers."""

    __slots__ = ("st_size",)

    def __init__(self, size: int) -> None:
        self.st_size = size


class Paths(Unordered):
    """Paths in an order that is not determined; they can be iterated over once or put in order."""

    def __next__(self) -> Any:
        if len(self) > 1:
            raise Undetermined("the order of a directory")
        if not self:
            raise StopIteration
        return self.pop()


def in_some_order(paths: Iterator[Any]) -> Any:
    return Paths(paths)


def deep(run: Any) -> Any:
    """What fails here fails inside ``pathlib``."""
    try:
        return run()
    except OSError as error:
        mark_foreign(error)
        raise


def walk(system: System, folder: str, parts: list[str]) -> Iterator[str]:
    """The paths below ``folder`` that fit the parts of a pattern, each once."""
    import fnmatch

    def inside(place: str, rest: list[str]) -> Iterator[str]:
        if not rest:
            yield place
            return
        head, *tail = rest
        if head == "**":
            yield from below(place, tail)
            return
        for name in system.listdir(place) if system.isdir(place) else ():
            path = posixpath.join(place, name)
            if fnmatch.fnmatchcase(name, head) and (not tail or system.isdir(path)):
                yield from inside(path, tail)

    def below(place: str, tail: list[str]) -> Iterator[str]:
        yield from inside(place, tail)
        for name in system.listdir(place) if system.isdir(place) else ():
            path = posixpath.join(place, name)
            if system.isdir(path) and not system.islink(path):
                yield from below(path, tail)

    yield from dict.fromkeys(inside(folder, parts))

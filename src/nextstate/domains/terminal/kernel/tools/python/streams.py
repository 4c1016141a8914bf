"""Open files and the three standard streams, as the program sees them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.python.limits import ITEMS

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.world import World


class File:
    """What text and binary files share. ``pending``: something was written that is not on the disk yet."""

    def __init__(self, world: World, name: Any, target: str, mode: str, buffer: Any) -> None:
        self.world, self.name, self.target, self.mode = world, name, target, mode
        self.buffer_ = buffer
        self.closed = False
        self.pending = False
        self.can_read = "r" in mode or "+" in mode
        self.can_write = any(letter in mode for letter in "wax+")
        self.appends = "a" in mode
        if target:
            world.opened.add(self)

    def __enter__(self) -> Any:
        self.check()
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        """A file that nobody holds any more is closed, as in the real interpreter."""
        try:
            self.close()
        except (Undetermined, OSError) as reason:
            self.world.refused = str(reason)

    def __iter__(self) -> Any:
        self.check()
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def readable(self) -> bool:
        return self.can_read

    def writable(self) -> bool:
        return self.can_write

    def seekable(self) -> bool:
        return bool(self.target)

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise Undetermined("the number of an open file")

    def reading(self) -> None:
        self.check()
        if not self.can_read:
            raise io.UnsupportedOperation("not readable" if isinstance(self, TextFile) else "read")

    def read(self, size: int | None = -1) -> Any:
        self.reading()
        return self.buffer_.read(size)

    def readline(self, size: int = -1) -> Any:
        self.reading()
        return self.buffer_.readline(size)

    def readlines(self, hint: int = -1) -> list[Any]:
        self.reading()
        return list(self.buffer_.readlines(hint))

    def write(self, data: Any) -> int:
        self.check()
        self.fits(data)
        if not self.can_write:
            raise io.UnsupportedOperation("not writable" if isinstance(self, TextFile) else "write")
        if self.appends:
            self.buffer_.seek(0, 2)
        if self.buffer_.tell() + len(data) > ITEMS:
            raise Undetermined("a large file is written")
        self.pending = True
        return int(self.buffer_.write(data))

    def fits(self, data: Any) -> None:
        raise NotImplementedError

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    def seek(self, offset: int, whence: int = 0) -> int:
        self.check()
        if not self.buffer_.getvalue().isascii():
            raise Undetermined("a position in a text that is not ASCII")
        return int(self.buffer_.seek(offset, whence))

    def tell(self) -> int:
        self.check()
        if not self.buffer_.getvalue().isascii():
            raise Undetermined("a position in a text that is not ASCII")
        return int(self.buffer_.tell())

    def truncate(self, size: int | None = None) -> int:
        self.check()
        self.pending = True
        return int(self.buffer_.truncate(size))

    def flush(self) -> None:
        self.check()
        if self.pending and self.target:
            try:
                self.world.call.tree.write(self.target, self.content())
            except FsError as failure:
                raise self.world.error(failure.errno, self.name) from None
        self.pending = False

    def content(self) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        if self.closed:
            return
        if not self.world.over:
            self.flush()
        self.closed = True
        self.world.opened.discard(self)


class TextFile(File):
    """A file opened as text. ``newline`` is Python's parameter of that name."""

    encoding = "utf-8"
    errors = "strict"
    plain = False
    """Whether only ASCII is sure to be encoded so."""

    def __init__(
        self, world: World, name: Any, target: str, mode: str, text: str, newline: str | None, encoding: str
    ) -> None:
        if newline is None:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        super().__init__(world, name, target, mode, io.StringIO(text, newline=""))
        self.encoding = encoding
        self.returns_ = "\r" in text
        if self.appends:
            self.buffer_.seek(0, 2)
        if newline not in (None, "", "\n"):
            raise Undetermined("lines that end in an unusual way")

    def readline(self, size: int = -1) -> Any:
        if size == -1 and not self.returns_:
            return super().readline(size)
        raise Undetermined("lines that end in a carriage return")

    def readlines(self, hint: int = -1) -> list[Any]:
        if self.returns_:
            raise Undetermined("lines that end in a carriage return")
        return super().readlines(hint)

    def fits(self, data: Any) -> None:
        if not isinstance(data, str):
            raise TypeError(f"write() argument must be str, not {type(data).__name__}")
        if self.plain and not data.isascii():
            raise Undetermined("how this locale encodes a file")
        self.returns_ = self.returns_ or "\r" in data

    def content(self) -> bytes:
        text: str = self.buffer_.getvalue()
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            raise Undetermined("a text that cannot be encoded is written") from None


class BinaryFile(File):
    """A file opened as bytes."""

    def __init__(self, world: World, name: Any, target: str, mode: str, data: bytes) -> None:
        super().__init__(world, name, target, mode, io.BytesIO(data))
        if self.appends:
            self.buffer_.seek(0, 2)

    def fits(self, data: Any) -> None:
        if not isinstance(data, bytes | bytearray):
            raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'")

    def seek(self, offset: int, whence: int = 0) -> int:
        self.check()
        return int(self.buffer_.seek(offset, whence))

    def tell(self) -> int:
        self.check()
        return int(self.buffer_.tell())

    def content(self) -> bytes:
        return bytes(self.buffer_.getvalue())


class Output:
    """Standard output or standard error. ``bytes_``: it is the binary layer below."""

    encoding = "utf-8"
    closed = False

    def __init__(self, world: World, name: str, *, bytes_: bool = False) -> None:
        self.world, self.name, self.bytes_ = world, name, bytes_
        if not bytes_:
            self.buffer = Output(world, name, bytes_=True)

    def write(self, data: Any) -> int:
        if self.bytes_:
            if not isinstance(data, bytes | bytearray):
                raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'")
            try:
                text = data.decode()
            except UnicodeDecodeError:
                raise Undetermined("bytes that are no UTF-8 are printed") from None
            if self.world.stdout and not self.world.unbuffered:
                raise Undetermined("text and bytes are printed through different buffers")
        elif isinstance(data, str):
            text = data
        else:
            raise TypeError(f"write() argument must be str, not {type(data).__name__}")
        (self.world.print_error if self.name == "<stderr>" else self.world.print_out)(text)
        return len(data)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self.name == "<stdout>":
            self.world.flush()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1 if self.name == "<stdout>" else 2

    def reconfigure(self, **options: Any) -> None:
        raise Undetermined("a standard stream is changed")


PUBLIC = frozenset(
    """read readline readlines write writelines seek tell truncate flush close closed name mode encoding errors readable
    writable seekable isatty fileno buffer""".split()
)
"""The attributes of a file that a program may reach."""

for _kind, _name in ((TextFile, "TextIOWrapper"), (BinaryFile, "BufferedReader"), (Output, "TextIOWrapper")):
    _kind.__name__ = _kind.__qualname__ = _name
    _kind.__module__ = "_io"

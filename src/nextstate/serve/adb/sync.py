"""The service ``sync``: what a device's files hold. Files are read, never written.

A request is four letters, a length in four bytes (little-endian) and a path; answers begin with four letters as well.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from nextstate.serve.adb import programs
from nextstate.serve.adb.wire import Malformed

if TYPE_CHECKING:
    from nextstate.serve.adb.phone import Phone

MAX_PATH = 1_024
"""Bytes of a path, as in the daemon."""
CHUNK = 65_536
"""Bytes of one DATA."""
PATIENCE = 30.0
"""Seconds that a request, or what is pushed, may take to come."""
MAX_SENT = 64 * 2**20
"""Bytes that a client may send before it is told that it may not."""
FILE, FOLDER = 0o100644, 0o040755
"""Modes, as ``stat`` has them."""


async def serve(phone: Phone, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests until QUIT, one that is not known, or none for long."""
    while True:
        async with asyncio.timeout(PATIENCE):
            kind, length = struct.unpack("<4sI", await reader.readexactly(8))
        if kind == b"QUIT":
            return
        if length > MAX_PATH:
            writer.write(_fail(f"a path of {length} bytes; at most {MAX_PATH} are taken"))
            return
        async with asyncio.timeout(PATIENCE):
            path = (await reader.readexactly(length)).decode("utf-8", "replace")
        if kind == b"STAT":
            writer.write(b"STAT" + struct.pack("<III", *_stat(phone, path)))
        elif kind == b"LIST":
            writer.write(_list(phone, path))
        elif kind == b"RECV":
            writer.write(_content(phone, path))
        elif kind == b"SEND":
            async with asyncio.timeout(PATIENCE):
                await _drained(reader)
            writer.write(_fail("read-only: nothing is pushed to a simulated device"))
        else:
            writer.write(_fail(f"unknown request {kind!r}"))
            return
        await writer.drain()


def _fail(reason: str) -> bytes:
    return b"FAIL" + struct.pack("<I", len(reason.encode())) + reason.encode()


def _stat(phone: Phone, path: str) -> tuple[int, int, int]:
    """Mode, size and time; zeros where there is nothing."""
    if path in phone.files:
        return FILE, len(phone.files[path]), 1
    return (FOLDER, 0, 1) if path == "/" or programs.listing(phone, path) else (0, 0, 0)


def _list(phone: Phone, folder: str) -> bytes:
    found = b""
    for name in programs.listing(phone, folder):
        mode, size, time = _stat(phone, f"{folder.rstrip('/')}/{name}")
        data = name.encode("utf-8", "replace")
        found += b"DENT" + struct.pack("<IIII", mode, size, time, len(data)) + data
    return found + b"DONE" + bytes(16)


def _content(phone: Phone, path: str) -> bytes:
    if path not in phone.files:
        return _fail(f"open failed: {path[:200]}: No such file or directory")
    content = phone.files[path]
    cuts = (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
    return b"".join(b"DATA" + struct.pack("<I", len(cut)) + cut for cut in cuts) + b"DONE" + bytes(4)


async def _drained(reader: asyncio.StreamReader) -> None:
    """Read what is sent to its end, and forget it."""
    size = 0
    while True:
        kind, length = struct.unpack("<4sI", await reader.readexactly(8))
        if kind == b"DONE":
            return
        size += length
        if kind != b"DATA" or length > CHUNK or size > MAX_SENT:
            raise Malformed(f"{kind!r} of {length} bytes where DATA or DONE is to come")
        await reader.readexactly(length)

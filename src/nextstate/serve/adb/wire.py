"""The bytes of the protocol: requests and answers of a server, and packets of the second shell protocol."""

from __future__ import annotations

import asyncio
import re
import struct

MAX_OUTPUT = 4_000_000
"""Bytes that one command may print; more is cut off."""
PACKET = 32_768
"""Bytes of one packet that is sent."""
STDOUT, STDERR, EXIT = 1, 2, 3
"""Kinds of packets of the second shell protocol."""

_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")


class Malformed(Exception):
    """Bytes that are no request; the connection ends."""


async def request(reader: asyncio.StreamReader) -> str:
    """A request: four hexadecimal digits, and as many bytes of text. Raises :class:`Malformed`."""
    length = await reader.readexactly(4)
    if not _LENGTH.fullmatch(length):
        raise Malformed(f"a request begins with four hexadecimal digits, not {length!r}")
    return (await reader.readexactly(int(length, 16))).decode("utf-8", "replace")


def okay(text: str | None = None) -> bytes:
    """The answer OKAY, with a text behind its length where there is one."""
    return b"OKAY" if text is None else b"OKAY" + block(text)


def fail(reason: str) -> bytes:
    """The answer FAIL and why."""
    return b"FAIL" + block(reason)


def block(text: str) -> bytes:
    """A text behind its length in four hexadecimal digits; cut where it is longer than they can say."""
    data = text.encode("utf-8", "replace")[:0xFFFF]
    return b"%04x" % len(data) + data


def packets(kind: int, data: bytes) -> bytes:
    """Packets of the second shell protocol: the kind, the length in four bytes, and so many bytes."""
    cuts = (data[start : start + PACKET] for start in range(0, len(data), PACKET))
    return b"".join(struct.pack("<BI", kind, len(cut)) + cut for cut in cuts)

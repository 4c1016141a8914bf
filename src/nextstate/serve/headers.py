"""The header fields that a gate looks at: where a request comes from, who sends it, and how much follows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

BEARER = "bearer."
"""What the subprotocol of a WebSocket that names a key begins with."""


class Headers:
    """The header fields that the gate looks at, found in one pass."""

    __slots__ = ("_keys", "_protocols", "has_body", "host", "length", "origin", "size", "tried")

    def __init__(self, scope: Scope) -> None:
        self.host, self.origin = b"", None
        self.length, self.size = 0, 0
        self.has_body = self.tried = False
        self._keys: list[bytes] = []
        for name, value in scope["headers"]:
            self.size += len(name) + len(value)
            if name == b"host":
                self.host = value
            elif name == b"authorization" or name == b"x-api-key":
                self._keys.append(value if name == b"authorization" else b"Bearer " + value)
            elif name == b"content-length":
                self.length = int(value) if value.isdigit() else 0
                self.has_body = self.has_body or self.length > 0
            elif name == b"transfer-encoding":
                self.has_body = True
            elif name == b"origin":
                self.origin = value
        self._protocols = scope.get("subprotocols", ())

    def secrets(self) -> Iterable[str]:
        """The secrets that the request names, wherever they may stand."""
        for value in self._keys:
            self.tried = True
            scheme, _, secret = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                yield secret.strip()
            elif scheme.lower() == "basic":
                yield _password(secret)
        for protocol in self._protocols:
            if protocol.startswith(BEARER):
                self.tried = True
                yield protocol[len(BEARER) :]


def _password(credentials: str) -> str:
    """The password of Basic authentication (RFC 7617); empty where there is none."""
    try:
        return base64.b64decode(credentials, validate=True).decode("utf-8", "replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def name_of(host: bytes) -> str:
    """The name in a ``Host`` field, without its port."""
    text = host.decode("latin-1").lower()
    return text.partition("]")[0] + "]" if text.startswith("[") else text.partition(":")[0]


def place_of(origin: bytes) -> bytes:
    """Host and port of an ``Origin``; empty for one that is no web page of a server."""
    scheme, _, place = origin.lower().partition(b"://")
    return place if scheme in (b"http", b"https") else b""

"""The gate in front of every surface: who asks, how often, and how much of it is read.

Without keys a server is for this machine alone, so it listens on a loopback address and answers only to names of it: a
page of a foreign site, whose name an attacker lets point to 127.0.0.1 (DNS rebinding), sends the foreign name in
``Host``. With keys nothing but the health is answered without one. No other origin may read answers (no CORS headers)
or change anything (``Origin`` is compared with ``Host``). The gate is plain ASGI, for it stands in front of each step.

A key comes as ``Authorization: Bearer KEY``, as ``X-API-Key: KEY``, as the password of Basic authentication (so that a
browser can open the pages, whatever the user's name) or, where a browser opens a WebSocket, as the subprotocol
``bearer.KEY`` beside ``nextstate``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from nextstate.errors import UsageError
from nextstate.serve.bounds import Bounds, Bucket, too_deep
from nextstate.serve.headers import BEARER, Headers, name_of, place_of
from nextstate.serve.messages import Answer, Slow, Socket, again, refuse, refuse_socket, too_large, whole
from nextstate.serve.metrics import Metrics
from nextstate.serve.problems import ANYBODY, Refused
from nextstate.sim.quota import Quota, unlimited

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nextstate.serve.keys import Key, Keys

HEALTH = frozenset(("/healthz", "/health"))
"""The paths that need no key: ours, and the one that launchers of OpenEnv ask. They tell only that we are here."""
LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
READS = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that change nothing."""


def opened(
    host: str,
    keys: Keys | None,
    *,
    hosts: Iterable[str] = (),
    bounds: Bounds | None = None,
    log: Callable[[str], object] | None = None,
) -> Gate:
    """The gate of a server that listens on ``host``; ``hosts`` are further names that it answers to without keys.

    Raises :class:`UsageError` where anybody on the network could come in without a key, or the keys cannot be read.
    """
    if keys is not None:
        keys.all()
    elif not loopback(host):
        raise UsageError(
            f"a server on {host!r} can be reached by others and needs keys: make one with `nextstate keys new NAME "
            "--keys FILE` and give --keys FILE, or listen on 127.0.0.1"
        )
    return Gate(keys, hosts=hosts, bounds=bounds, log=log)


def loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def to_stderr(line: str) -> None:
    """Where the access log goes by default."""
    print(line, file=sys.stderr, flush=True)


class Gate:
    """Finds the owner of each request and refuses what must not come in; :meth:`wrap` puts it around an application.

    Without ``keys`` everybody is the owner ``local``. ``log`` is called with one JSON line for each answer.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        *,
        hosts: Iterable[str] = (),
        bounds: Bounds | None = None,
        log: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.keys = keys
        self.bounds = bounds or Bounds()
        self.metrics = Metrics()
        self._hosts = LOOPBACK | {host.lower() for host in hosts} if keys is None else None
        self._log = log
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def wrap(self, application: ASGIApp) -> ASGIApp:
        """``application`` behind this gate."""

        async def gated(scope: Scope, receive: Receive, send: Send) -> None:
            kind = scope["type"]
            if kind == "http":
                await self._request(application, scope, receive, send)
            elif kind == "websocket":
                await self._socket(application, scope, receive, send)
            else:
                await application(scope, receive, send)

        return gated

    def quota(self, owner: str) -> Quota:
        """What the owner may use in all: the quota of its key."""
        key = self.keys.named(owner) if self.keys is not None else None
        return key.quota if key is not None else unlimited(owner)

    async def _request(self, application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._clock()
        answer = Answer(self.keys, send)
        try:
            headers = Headers(scope)
            key = self._enter(scope, headers)
            if key is not None and (wait := self._wait(key)):
                raise Slow(wait)
            answer.key = key
            if headers.has_body:
                receive = await self._read(headers, receive)
            await application(scope, receive, answer.send)
        except Refused as refused:
            if answer.status:
                raise
            await refuse(scope, answer.send, refused)
        finally:
            self._tell(scope, answer.status, started)

    def _enter(self, scope: Scope, headers: Headers) -> Key | None:
        """The key of a request; ``None`` where none is needed. Raises :class:`Refused`."""
        self._refuse_size(scope, headers)
        if self._hosts is not None and name_of(headers.host) not in self._hosts:
            named = headers.host.decode("latin-1")[:80]
            raise Refused(421, "bad_host", f"this server does not answer to the name {named!r}, but to localhost")
        changes = scope["type"] == "websocket" or scope["method"] not in READS
        if changes and headers.origin is not None and place_of(headers.origin) != headers.host.lower():
            raise Refused(403, "bad_origin", "a page of another origin may not do this; use the pages of this server")
        if self.keys is None or (scope["path"] in HEALTH and not changes and scope["method"] != "OPTIONS"):
            scope["owner"] = ANYBODY
            return None
        key = next((key for secret in headers.secrets() if (key := self.keys.find(secret)) is not None), None)
        if key is None:
            what = "a key is needed: send it as `Authorization: Bearer KEY`"
            raise Refused(401, "unauthorized", "the key is not known or was revoked" if headers.tried else what)
        scope["owner"] = key.name
        return key

    def _refuse_size(self, scope: Scope, headers: Headers) -> None:
        bounds = self.bounds
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > bounds.target:
            raise Refused(414, "too_large", f"the address is longer than {bounds.target} bytes")
        if headers.size > bounds.headers or len(scope["headers"]) > bounds.fields:
            most = f"{bounds.fields} header fields of {bounds.headers} bytes in all"
            raise Refused(431, "too_large", f"the request has more than {most}")

    def _wait(self, key: Key) -> float:
        """Seconds until the key may ask again; 0.0 if it may now, which is then counted."""
        if key.rate is None:
            return 0.0
        now = self._clock()
        bucket = self._buckets.get(key.name)
        if bucket is None or bucket.rate != key.rate:
            bucket = self._buckets[key.name] = Bucket(key.rate, now)
        return bucket.wait(now)

    async def _read(self, headers: Headers, receive: Receive) -> Receive:
        """What gives the application the body, which has been read and looked at whole. Raises :class:`Refused`."""
        bounds = self.bounds
        if headers.length > bounds.body:
            raise too_large(bounds)
        try:
            async with asyncio.timeout(bounds.body_seconds):
                message = await whole(receive, bounds)
        except TimeoutError:
            raise Refused(408, "too_slow", f"the body was not there in {bounds.body_seconds:g} s") from None
        if message["type"] != "http.request":  # what was to be done is not known: not even nothing
            raise Refused(400, "bad_request", "the body did not come whole")
        if too_deep(message["body"]):
            raise Refused(400, "bad_request", "the body's JSON is nested more deeply than 100 levels")
        return again(message, receive)

    async def _socket(self, application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._clock()
        socket = Socket(self.keys, self.bounds, self._wait, scope, receive, send)
        try:
            try:
                socket.key = self._enter(scope, Headers(scope))
            except Refused as refused:
                await refuse_socket(scope, receive, send, refused)
                socket.status = refused.status
                return
            scope["subprotocols"] = [one for one in scope.get("subprotocols", ()) if not one.startswith(BEARER)]
            await application(scope, socket.receive, socket.send)
        finally:
            self._tell(scope, socket.status, started)

    def _tell(self, scope: Scope, status: int, started: float) -> None:
        if scope["type"] == "http":
            self.metrics.request(status)
        if self._log is None:
            return
        line = {
            "time": round(time.time(), 3),
            "method": scope.get("method", "WEBSOCKET"),
            "route": getattr(scope.get("route"), "path", None),
            "status": status,
            "ms": round(1000 * (self._clock() - started), 2),
            "owner": scope.get("owner"),
        }
        self._log(msgspec.json.encode(line).decode())

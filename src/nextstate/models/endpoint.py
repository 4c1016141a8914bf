"""A thin client for JSON endpoints that are slow, busy or broken: bounded, timed, retried, every failure named.

An endpoint that is asked to stream answers with server-sent events (WHATWG HTML, section 9.2), each a JSON object, the
last one ``[DONE]``; one that does not stream answers as if it had not been asked to.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from nextstate.errors import NextstateError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from typing import TypeAlias

    import aiohttp

    Take: TypeAlias = Callable[[AsyncIterator[dict[str, Any]]], Awaitable[dict[str, Any]]]

log = logging.getLogger(__name__)

EXCERPT = 200
"""Characters of a strange body that an error quotes."""

EVENTS = "text/event-stream"
UNSTREAMED = frozenset((400, 404, 405, 406, 415, 422, 501))
"""What an endpoint answers that knows no streams."""


class EndpointError(NextstateError):
    """The endpoint gave no usable answer; the text says what happened, and what was retried."""


class NotStreamed(EndpointError):
    """The endpoint refused a request that asked it to stream; without that it may take it."""


class _Passing(Exception):
    """A failure that may pass: ``wait`` is what the endpoint asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often to try. Times in seconds; ``max_body`` in bytes; ``max_wait`` bounds one pause."""

    concurrency: int = 16
    total: float = 600.0
    read: float = 300.0
    connect: float = 10.0
    tries: int = 5
    max_wait: float = 60.0
    max_body: int = 8 << 20


class Endpoint:
    """One address to post JSON to, with one connection pool. Belongs to the event loop of its first call."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.url = url
        self._shown = url.partition("?")[0]  # a query may hold a key
        self._key = key
        self._patience = patience or Patience()
        self._gate = asyncio.Semaphore(self._patience.concurrency)
        self._sleep, self._now = sleep, now
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: Mapping[str, Any], take: Take | None = None) -> dict[str, Any]:
        """The JSON object that the endpoint answers; raises :class:`EndpointError`.

        Timeouts, broken connections, 408, 429 and 5xx are retried, as late as ``Retry-After`` asks. The pause keeps its
        place in the concurrency limit, so that a busy endpoint is not pressed harder.

        Where the answer is a stream, ``take`` makes the object of its events; it is called anew for every try. A stream
        that ends before ``[DONE]`` is a broken connection. :class:`NotStreamed` says that the endpoint refused a body
        that may have asked for a stream.
        """
        said: list[str] = []
        async with self._gate:
            for attempt in range(self._patience.tries):
                try:
                    return await self._once(body, take)
                except _Passing as failure:
                    said.append(str(failure))
                    wait = min(_backoff(attempt), self._patience.max_wait) if failure.wait is None else failure.wait
                if wait > self._patience.max_wait:
                    raise EndpointError(f"{_tally(said)}; it asks to wait {wait:.0f} s, which is too long")
                if attempt + 1 < self._patience.tries:
                    log.warning("%s: %s; trying again in %.1f s", self._shown, said[-1], wait)
                    await self._sleep(wait)
        raise EndpointError(f"gave up after {len(said)} tries: {_tally(said)}")

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(self, body: Mapping[str, Any], take: Take | None) -> dict[str, Any]:
        import aiohttp

        try:
            async with self._opened().post(self.url, json=body, allow_redirects=False) as response:
                if take is not None and response.status == 200 and response.content_type == EVENTS:
                    return await take(self._events(response))
                raw = await _bounded(response, self._patience.max_body)
                if take is not None and response.status in UNSTREAMED:
                    raise NotStreamed(f"HTTP {response.status}: {self._safe(raw.decode('utf-8', 'replace'))}")
                return self._judge(response.status, response.headers, raw)
        except TimeoutError as error:
            raise _Passing(f"timed out ({error})" if str(error) else "timed out") from error
        except (aiohttp.InvalidURL, aiohttp.ClientSSLError) as error:
            raise EndpointError(f"{type(error).__name__}: {self._safe(str(error))}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _Passing(f"{type(error).__name__}: {self._safe(str(error))}") from error

    async def _events(self, response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
        """The objects of a stream, up to ``[DONE]``."""
        async for line in _lines(response, self._patience.max_body):
            field, _, value = line.partition(":")
            if field != "data":
                continue  # comments keep a connection open; names and ids of events say nothing here
            if value.strip() == "[DONE]":
                return
            yield _json_object(value, self._safe(value))
        raise _Passing("the stream ended before it was done")

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            patience = self._patience
            headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=patience.concurrency, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(patience.total, sock_connect=patience.connect, sock_read=patience.read),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
            )
        return self._session

    def _judge(self, status: int, headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        text = raw.decode("utf-8", "replace")
        quote = self._safe(text)
        if status == 200:
            return _json_object(text, quote)
        if 300 <= status < 400:
            raise EndpointError(f"HTTP {status}: redirected to {headers.get('Location', '?')}; give that address")
        said = f"HTTP {status}" + (f": {quote}" if quote else "")
        exhausted = "insufficient_quota" in text
        if (status in (408, 429) or status >= 500) and not exhausted:
            raise _Passing(said, _retry_after(headers.get("Retry-After"), self._now()))
        raise EndpointError(said + _hint(status, text))

    def _safe(self, text: str) -> str:
        """A short quotation of foreign text on one line, without the key."""
        if self._key:
            text = text.replace(self._key, "***")
        text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * EXCERPT]).split())
        return text if len(text) <= EXCERPT else text[:EXCERPT] + "..."


def address(url: str, path: str) -> str:
    """``url`` with ``path`` behind it; a URL without a path gets ``/v1`` first. Raises :class:`UsageError`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"not an address: {url!r} ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"not an address: {url!r}; write http://HOST:PORT/v1 or https://HOST/v1")
    if "@" in parts.netloc:
        raise UsageError("no user name or password in the address; give the key as an argument or in the environment")
    base = parts.path.rstrip("/") or "/v1"
    return urlunsplit(parts._replace(path=base if base.endswith(path) else base + path, fragment=""))


async def _lines(response: aiohttp.ClientResponse, limit: int) -> AsyncIterator[str]:
    """The lines of a body, which is at most ``limit`` bytes long."""
    rest, size = b"", 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit:
            raise EndpointError(f"HTTP {response.status}: the stream is longer than {limit} bytes")
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise EndpointError(f"HTTP {response.status}: the body is longer than {limit} bytes")
    return b"".join(parts)


def _json_object(text: str, quote: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EndpointError(f"the reply is not JSON: {quote or 'nothing'}") from error
    if not isinstance(value, dict):
        raise EndpointError(f"the reply is not a JSON object: {quote}")
    if value.get("error") and "choices" not in value:
        raise EndpointError(f"HTTP 200 around an error: {quote}")
    return value


def _hint(status: int, text: str) -> str:
    if re.search(r"context.{0,20}(length|size|window)|maximum context|too many tokens", text, re.IGNORECASE):
        return " (the prompt does not fit the model's context: set max_chars)"
    hints = {401: "check the key", 403: "check the key", 404: "check the address and the model's name"}
    return f" ({hints[status]})" if status in hints else ""


def _retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait for a ``Retry-After`` of seconds or an HTTP date; ``None`` when it says nothing readable."""
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        return float(value)
    from email.utils import parsedate_to_datetime

    try:
        return max(parsedate_to_datetime(value).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _backoff(attempt: int) -> float:
    """Half a second, doubled each time, with jitter so that concurrent calls do not return together."""
    return float(min(0.5 * 2**attempt, 30.0) * random.uniform(0.75, 1.25))


def _tally(said: list[str]) -> str:
    counted = [(reason, len(list(group))) for reason, group in groupby(said)]
    return "; then ".join(reason if times == 1 else f"{reason} ({times} times)" for reason, times in counted)

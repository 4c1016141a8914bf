"""What the viewers take from requests: a bounded body, a JSON object in it, and values of a form in that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.errors import DataError
from nextstate.serve.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MAX_BODY = 32 * 2**20
"""Bytes of a request; a gate in front may take fewer."""
MOST = 2**53
"""The largest whole number that a browser counts to."""


async def content(request: Request) -> bytes:
    """The body of a request. Raises :class:`Refused` for one that is longer than :data:`MAX_BODY`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise Refused(413, "too_large", f"the request is longer than {MAX_BODY:,} bytes; send less at once")
        parts.append(part)
    return b"".join(parts)


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request holds. Raises :class:`Refused`."""
    try:
        value = store.parse(await content(request), "the request")
    except DataError as error:
        raise Refused(400, "bad_request", str(error)) from None
    if not isinstance(value, dict):
        raise Refused(400, "bad_request", "the request must hold a JSON object")
    return value


def text(given: Mapping[str, Any], name: str, default: str | None = None, *, limit: int = 200) -> str:
    """The text called ``name``, of ``limit`` characters at most. Raises :class:`Refused`."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise Refused(400, "bad_request", f"{name!r} must be a text")
    if len(value) > limit:
        raise Refused(400, "bad_request", f"{name!r} has {len(value):,} characters; at most {limit:,} are taken")
    return value


def whole(given: Mapping[str, Any], name: str, default: int, *, most: int = MOST) -> int:
    """The whole number called ``name``, from 0 to ``most``; it may be written as text. Raises :class:`Refused`."""
    value = given.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 17:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Refused(400, "bad_request", f"{name!r} must be a whole number from 0 to {most:,}")
    return value

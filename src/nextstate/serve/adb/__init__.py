"""A server of the Android Debug Bridge: sessions of device worlds, seen by ``adb`` and its libraries as devices.

For worlds that are devices (:attr:`nextstate.domain.Domain.device`): each session is a device whose serial number is
``sim-`` and the session's id. It speaks the protocol between client and *server* (the smart sockets of port 5037), so
that no daemon and no USB is involved; what is served follows ``SERVICES.TXT``, ``SYNC.TXT`` and ``protocol.txt`` of
``packages/modules/adb`` in the Android Open Source Project, tried with ``adb`` 29.0.6 (protocol 41) and ``adbutils``
2.12:

- the server: version, devices, tracking and waiting for them, transports, features;
- a device: ``shell`` (v1, and v2 with exit status and standard error), ``exec``, and ``sync`` for reading files.

The device's shell knows the programs in :mod:`.programs` and no others. Taps, texts and keys are steps of the session;
a dump is the screen as it stands. There is no picture: ``screencap`` says so. What an agent pushes or installs is
refused.

The protocol has no keys: whoever reaches the port acts as ``owner``. It listens on this machine alone unless told
otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from nextstate.errors import UsageError
from nextstate.serve.adb.host import Host
from nextstate.serve.adb.phone import Phone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from nextstate.sim.sessions import Sessions

PORT = 5037
"""Where ``adb`` looks for its server, unless ``ANDROID_ADB_SERVER_PORT`` or ``-P`` says otherwise."""


@contextlib.asynccontextmanager
async def listening(
    sessions: Sessions, owner: str, ids: Iterable[str], *, host: str = "127.0.0.1", port: int = PORT
) -> AsyncIterator[int]:
    """The port at which the sessions ``ids`` of ``owner`` are devices, until the block ends; 0 takes a free one.

    Raises :class:`UsageError` where a world is no device, or the port is taken (an ``adb`` server may be running), and
    :class:`~nextstate.sim.sessions.NoSuchSession`.
    """
    served = Host([await Phone.of(sessions, owner, id) for id in ids])
    try:
        server = await asyncio.start_server(served.connected, host, port)
    except OSError as error:
        said = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise UsageError(
            f"{said}; if adb's own server runs there, stop it (adb kill-server) or take another port"
        ) from None
    async with server:
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            await served.aclose()
